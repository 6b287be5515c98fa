/* chihuo-loop-defaults.c - what a class of loops says for its instances
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-loop-private.h"

/* What a class says for its instances: kept with the type, so that subclasses find it */
typedef struct
{
  char *name;          /* (nullable) */
  char *server_config; /* (nullable) */
  guint concurrency;   /* 0 = not said */
} ClassDefaults;

static G_DEFINE_QUARK (chihuo-loop-defaults, defaults)

static ClassDefaults *
ensure_defaults (GType type)
{
  ClassDefaults *found = g_type_get_qdata (type, defaults_quark ());

  if (found == NULL)
    {
      found = g_new0 (ClassDefaults, 1);
      g_type_set_qdata (type, defaults_quark (), found);
    }

  return found;
}

/* From the instance's type up to ours; the nearest one that says something wins */
void
chihuo_loop_take_class_defaults (ChihuoLoop *self, guint *concurrency)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  for (GType type = G_OBJECT_TYPE (self); type != G_TYPE_OBJECT; type = g_type_parent (type))
    {
      ClassDefaults *found = g_type_get_qdata (type, defaults_quark ());

      if (found == NULL)
        continue;
      if (priv->name == NULL)
        priv->name = g_strdup (found->name);
      if (priv->server_config == NULL)
        priv->server_config = g_strdup (found->server_config);
      if (*concurrency == 0)
        *concurrency = found->concurrency;
    }
}

/**
 * chihuo_loop_class_set_default_name:
 * @klass: a class
 * @name: the queue's name: `[A-Za-z0-9._-]{1,64}`
 *
 * Sets the name of the queue for instances that are constructed without one.
 * Call it in the class's init function.
 *
 * Since: 1.0
 */
void
chihuo_loop_class_set_default_name (ChihuoLoopClass *klass, const char *name)
{
  ClassDefaults *defaults;

  g_return_if_fail (CHIHUO_IS_LOOP_CLASS (klass));

  defaults = ensure_defaults (G_TYPE_FROM_CLASS (klass));
  g_free (defaults->name);
  defaults->name = g_strdup (name);
}

/**
 * chihuo_loop_class_set_default_concurrency:
 * @klass: a class
 * @concurrency: 1 or more
 *
 * Sets the concurrency of instances that are constructed without one. Call it
 * in the class's init function.
 *
 * Since: 1.0
 */
void
chihuo_loop_class_set_default_concurrency (ChihuoLoopClass *klass, guint concurrency)
{
  g_return_if_fail (CHIHUO_IS_LOOP_CLASS (klass));
  g_return_if_fail (concurrency >= 1);

  ensure_defaults (G_TYPE_FROM_CLASS (klass))->concurrency = concurrency;
}

/**
 * chihuo_loop_class_set_default_server_config:
 * @klass: a class
 * @server_config: (nullable): where the queue lives: a URI, a path or JSON
 *
 * Sets the server configuration of instances that are constructed without one.
 * Call it in the class's init function.
 *
 * Since: 1.0
 */
void
chihuo_loop_class_set_default_server_config (ChihuoLoopClass *klass, const char *server_config)
{
  ClassDefaults *defaults;

  g_return_if_fail (CHIHUO_IS_LOOP_CLASS (klass));

  defaults = ensure_defaults (G_TYPE_FROM_CLASS (klass));
  g_free (defaults->server_config);
  defaults->server_config = g_strdup (server_config);
}
