/* chihuo-registry.c - from a scheme to a backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "backends/chihuo-lodis-backend.h"
#include "backends/chihuo-memory-backend.h"
#include "backends/chihuo-redis-backend.h"
#include "backends/chihuo-sqlite-backend.h"
#include "chihuo-error.h"
#include "chihuo-registry.h"

/* Schemes are registered at a GIOExtensionPoint, so users add their own with
 * g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT, type, scheme, 0). Of two types of
 * one scheme the later one wins. The built-in ones stand here and nowhere else */

/* An extension point knows each type by one name only. These are further ways to the Redis backend,
 * which sees in its configuration which of them it is */
static const char *const redis_schemes[] = { "rediss", "redis+unix", "redis+sentinel", NULL };

static gpointer
register_built_in (gpointer data)
{
  GIOExtensionPoint *point = g_io_extension_point_lookup (CHIHUO_BACKEND_EXTENSION_POINT);

  if (point == NULL)
    {
      point = g_io_extension_point_register (CHIHUO_BACKEND_EXTENSION_POINT);
      g_io_extension_point_set_required_type (point, CHIHUO_TYPE_BACKEND);
    }

  g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT, CHIHUO_TYPE_LODIS_BACKEND,
                                  "lodis", 0);
  g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT, CHIHUO_TYPE_MEMORY_BACKEND,
                                  "memory", 0);
  g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT, CHIHUO_TYPE_SQLITE_BACKEND,
                                  "sqlite", 0);
  g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT, CHIHUO_TYPE_REDIS_BACKEND,
                                  "redis", 0);

  return point;
}

static GIOExtensionPoint *
get_point (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, register_built_in, NULL);
}

static char *
list_schemes (GIOExtensionPoint *point)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (GList *l = g_io_extension_point_get_extensions (point); l != NULL; l = l->next)
    g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "",
                            g_io_extension_get_name (l->data));
  for (guint i = 0; redis_schemes[i] != NULL; i++)
    g_string_append_printf (names, ", %s", redis_schemes[i]);

  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* Creates the backend for a scheme, not opened yet */
ChihuoBackend *
chihuo_registry_create (const char *scheme, GError **error)
{
  GIOExtensionPoint *point = get_point ();
  GIOExtension *extension = g_io_extension_point_get_extension_by_name (point, scheme);

  if (extension == NULL && g_strv_contains (redis_schemes, scheme))
    extension = g_io_extension_point_get_extension_by_name (point, "redis");
  if (extension == NULL)
    {
      g_autofree char *schemes = list_schemes (point);

      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
                   "there is no backend “%s”; expected one of: %s", scheme, schemes);
      return NULL;
    }

  return g_object_new (g_io_extension_get_type (extension), NULL);
}
