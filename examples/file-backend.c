/* file-backend.c - queues in one plain file: a backend of one's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All entries are kept in memory. A commit writes the whole file anew and renames it into place, so
 * a crash leaves the old file or the new one. That suits some thousand tasks of a single process.
 */

#include "file-backend.h"

#define FILE_TYPE "a(smsay)"

typedef struct
{
  char   *index; /* (owned) (nullable): its place in the order */
  GBytes *value; /* (owned) */
} Entry;

struct _ExampleFileBackend
{
  ChihuoSimpleBackend parent_instance;
  char     *path;    /* (owned) */
  GTree    *entries; /* (owned): "QUEUE/KEY" → (owned) Entry */
  GTree    *order;   /* (owned): "QUEUE/INDEX" → "KEY" */
  gboolean  changed; /* since the last commit */
  gboolean  durable; /* whether a commit waits for the disk */
};

G_DEFINE_FINAL_TYPE (ExampleFileBackend, example_file_backend, CHIHUO_TYPE_SIMPLE_BACKEND)

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_bytes_unref (entry->value);
  g_free (entry->index);
  g_free (entry);
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp (a, b);
}

/* A queue's name has no slash in it */
static char *
join (const char *queue, const char *rest)
{
  return g_strconcat (queue, "/", rest, NULL);
}

/* Takes an entry out of both trees, if it is there */
static void
take_out (ExampleFileBackend *self, const char *name)
{
  Entry *entry = g_tree_lookup (self->entries, name);

  if (entry == NULL)
    return;

  if (entry->index != NULL)
    g_tree_remove (self->order, entry->index);
  g_tree_remove (self->entries, name);
}

static void
put_in (ExampleFileBackend *self, const char *name, const char *index, GBytes *value)
{
  Entry *entry = g_new0 (Entry, 1);

  take_out (self, name);
  entry->index = g_strdup (index);
  entry->value = g_bytes_ref (value);
  g_tree_insert (self->entries, g_strdup (name), entry);
  if (index != NULL)
    g_tree_insert (self->order, g_strdup (index), g_strdup (strchr (name, '/') + 1));
}

/* --- the file --- */

/* Whoever asked has to be told that certainly nothing was done */
static gboolean
refuse (GError *local, GError **error)
{
  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, local->message);
  g_error_free (local);

  return FALSE;
}

static gboolean
read_file (ExampleFileBackend *self, GError **error)
{
  g_autoptr (GVariant) file = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GError *local = NULL;
  GVariantIter iter;
  GVariant *value;
  char *contents;
  char *name;
  char *index;
  gsize length;

  g_tree_remove_all (self->entries);
  g_tree_remove_all (self->order);
  self->changed = FALSE;

  if (!g_file_test (self->path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!g_file_get_contents (self->path, &contents, &length, &local))
    return refuse (local, error);

  bytes = g_bytes_new_take (contents, length);
  file = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (FILE_TYPE), bytes, FALSE));
  g_variant_iter_init (&iter, file);
  while (g_variant_iter_next (&iter, "(sms@ay)", &name, &index, &value))
    {
      g_autoptr (GBytes) data = g_variant_get_data_as_bytes (value);

      put_in (self, name, index, data);
      g_variant_unref (value);
      g_free (index);
      g_free (name);
    }

  return TRUE;
}

static gboolean
add_to_file_cb (gpointer name, gpointer value, gpointer builder)
{
  Entry *entry = value;

  g_variant_builder_add (builder, "(sms@ay)", name, entry->index,
                         g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, entry->value, TRUE));

  return FALSE;
}

static gboolean
write_file (ExampleFileBackend *self, GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE (FILE_TYPE));
  GFileSetContentsFlags how = G_FILE_SET_CONTENTS_CONSISTENT;
  g_autoptr (GVariant) file = NULL;
  GError *local = NULL;

  /* without it a power failure may take the last commits, but never half a file */
  if (self->durable)
    how |= G_FILE_SET_CONTENTS_DURABLE;

  g_tree_foreach (self->entries, add_to_file_cb, &builder);
  file = g_variant_ref_sink (g_variant_builder_end (&builder));

  if (!g_file_set_contents_full (self->path, g_variant_get_data (file), g_variant_get_size (file),
                                 how, 0600, &local))
    return refuse (local, error);

  self->changed = FALSE;
  return TRUE;
}

/* --- vfuncs --- */

static gboolean
example_file_backend_open (ChihuoSimpleBackend *backend, ChihuoConfig *config, GError **error)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (backend);

  g_clear_pointer (&self->path, g_free);
  self->durable = TRUE;
  if (!chihuo_config_take_string (config, "path", &self->path, error)
      || !chihuo_config_take_boolean (config, "durable", &self->durable, error))
    return FALSE;
  if (self->path == NULL)
    {
      g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
                           "expected the path of a file, as in “file:tasks.store”");
      return FALSE;
    }

  return read_file (self, error);
}

static gboolean
example_file_backend_roll_back (ChihuoSimpleBackend *backend, GError **error)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (backend);

  return !self->changed || read_file (self, error);
}

static gboolean
example_file_backend_commit (ChihuoSimpleBackend *backend, GError **error)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (backend);

  if (!self->changed || write_file (self, error))
    return TRUE;

  example_file_backend_roll_back (backend, NULL);
  return FALSE;
}

static gboolean
example_file_backend_load (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                           GBytes **value, GError **error)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (backend);
  g_autofree char *name = join (queue, key);
  Entry *entry = g_tree_lookup (self->entries, name);

  *value = entry != NULL ? g_bytes_ref (entry->value) : NULL;

  return TRUE;
}

static gboolean
example_file_backend_save (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                           const char *index, GBytes *value, GError **error)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (backend);
  g_autofree char *name = join (queue, key);
  g_autofree char *place = index != NULL ? join (queue, index) : NULL;

  put_in (self, name, place, value);
  self->changed = TRUE;

  return TRUE;
}

static gboolean
example_file_backend_remove (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                             GError **error)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (backend);
  g_autofree char *name = join (queue, key);

  take_out (self, name);
  self->changed = TRUE;

  return TRUE;
}

/* The first entry between two places */
static gboolean
example_file_backend_next (ChihuoSimpleBackend *backend, const char *queue, const char *after,
                           const char *before, char **key, char **index, GError **error)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (backend);
  g_autofree char *first = join (queue, after);
  g_autofree char *last = join (queue, before);
  GTreeNode *node = g_tree_upper_bound (self->order, first);
  const char *place = node != NULL ? g_tree_node_key (node) : NULL;

  if (place == NULL || strcmp (place, last) >= 0)
    return TRUE;

  *key = g_strdup (g_tree_node_value (node));
  *index = g_strdup (strchr (place, '/') + 1);

  return TRUE;
}

static void
example_file_backend_finalize (GObject *object)
{
  ExampleFileBackend *self = EXAMPLE_FILE_BACKEND (object);

  g_tree_unref (self->entries);
  g_tree_unref (self->order);
  g_free (self->path);

  G_OBJECT_CLASS (example_file_backend_parent_class)->finalize (object);
}

static void
example_file_backend_class_init (ExampleFileBackendClass *klass)
{
  ChihuoSimpleBackendClass *simple_class = CHIHUO_SIMPLE_BACKEND_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = example_file_backend_finalize;
  simple_class->open = example_file_backend_open;
  simple_class->commit = example_file_backend_commit;
  simple_class->roll_back = example_file_backend_roll_back;
  simple_class->load = example_file_backend_load;
  simple_class->save = example_file_backend_save;
  simple_class->remove = example_file_backend_remove;
  simple_class->next = example_file_backend_next;
}

static void
example_file_backend_init (ExampleFileBackend *self)
{
  self->entries = g_tree_new_full (compare, NULL, g_free, entry_free);
  self->order = g_tree_new_full (compare, NULL, g_free, g_free);
}
