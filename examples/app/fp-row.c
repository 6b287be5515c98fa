/* fp-row.c - a task as the list shows it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fp-row.h"

struct _FpRow
{
  GObject parent_instance;

  char   *id;
  char   *title;
  char   *error; /* (nullable): it is dead */
  double  fraction;
};

G_DEFINE_FINAL_TYPE (FpRow, fp_row, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_ID,
  PROP_TITLE,
  PROP_ERROR,
  PROP_DEAD,
  PROP_FRACTION,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

const char *
fp_row_get_id (FpRow *self)
{
  return self->id;
}

gboolean
fp_row_is_dead (FpRow *self)
{
  return self->error != NULL;
}

void
fp_row_set_fraction (FpRow *self, double fraction)
{
  if (self->fraction == fraction)
    return;

  self->fraction = fraction;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FRACTION]);
}

void
fp_row_set_error (FpRow *self, const char *error)
{
  if (g_strcmp0 (self->error, error) == 0)
    return;

  g_free (self->error);
  self->error = g_strdup (error);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ERROR]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DEAD]);
}

static void
fp_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  FpRow *self = FP_ROW (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_ERROR:
      g_value_set_string (value, self->error);
      break;
    case PROP_DEAD:
      g_value_set_boolean (value, self->error != NULL);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
fp_row_finalize (GObject *object)
{
  FpRow *self = FP_ROW (object);

  g_free (self->id);
  g_free (self->title);
  g_free (self->error);

  G_OBJECT_CLASS (fp_row_parent_class)->finalize (object);
}

static void
fp_row_class_init (FpRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = fp_row_get_property;
  object_class->finalize = fp_row_finalize;

  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  props[PROP_ERROR] = g_param_spec_string ("error", NULL, NULL, NULL, flags);
  props[PROP_DEAD] = g_param_spec_boolean ("dead", NULL, NULL, FALSE, flags);
  props[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fp_row_init (FpRow *self)
{
}

FpRow *
fp_row_new (const char *id)
{
  FpRow *self = g_object_new (FP_TYPE_ROW, NULL);
  g_autoptr (GFile) file = g_file_new_for_uri (id);
  g_autofree char *name = g_file_get_basename (file);

  self->id = g_strdup (id);
  self->title = g_filename_display_name (name);

  return self;
}
