/* fp-hasher.c - the loop: fingerprints of files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A task is a file, its id the file's URI. What comes out of it goes into a second queue of the same store, as the
 * info of a task that nobody runs. Both may be done again without harm, so it does not matter when the program ends.
 */

#include "fp-hasher.h"

#define BLOCK (256 * 1024)
#define BATCH 256

struct _FpHasher
{
  ChihuoLoop   parent_instance;
  ChihuoQueue *fingerprints; /* id: a URI; info: {"sha256": …} */
};

G_DEFINE_FINAL_TYPE (FpHasher, fp_hasher, CHIHUO_TYPE_LOOP)

/* --- a task --- */

/* Reads all of it, and says how far it is */
static char *
hash_file (ChihuoTask *task, GError **error)
{
  GCancellable *cancellable = chihuo_task_get_cancellable (task);
  g_autoptr (GFile) file = g_file_new_for_uri (chihuo_task_get_id (task));
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, error);
  g_autoptr (GFileInfo) info = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar *block = g_malloc (BLOCK);
  goffset done = 0;
  gssize n;

  if (stream == NULL)
    return NULL;
  info = g_file_input_stream_query_info (stream, G_FILE_ATTRIBUTE_STANDARD_SIZE, cancellable, error);
  if (info == NULL)
    return NULL;

  while ((n = g_input_stream_read (G_INPUT_STREAM (stream), block, BLOCK, cancellable, error)) > 0)
    {
      g_checksum_update (checksum, block, n);
      done += n;
      chihuo_task_set_progress (task, MIN ((double) done / MAX (g_file_info_get_size (info), 1), 1), NULL);
    }

  return n == 0 ? g_strdup (g_checksum_get_string (checksum)) : NULL;
}

/* On a worker thread */
static gboolean
fp_hasher_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);
  g_autofree char *sum = hash_file (task, error);
  g_autofree char *json = NULL;
  g_autoptr (ChihuoTask) fingerprint = NULL;

  if (sum == NULL)
    return FALSE;

  json = g_strdup_printf ("{\"sha256\":\"%s\"}", sum);
  fingerprint = chihuo_task_new_from_json (id, json, error);

  return fingerprint != NULL
         && chihuo_queue_add (FP_HASHER (loop)->fingerprints, fingerprint, CHIHUO_ADD_FLAGS_REPLACE, error)
         && chihuo_loop_task_finish (loop, id, error);
}

/* --- a folder --- */

typedef struct
{
  FpHasher     *hasher;
  GCancellable *cancellable;
  GPtrArray    *found; /* (element-type ChihuoTask): not added yet */
} Scan;

static gboolean
add_found (Scan *scan, GError **error)
{
  gboolean ok = chihuo_loop_add_tasks (CHIHUO_LOOP (scan->hasher), (ChihuoTask **) scan->found->pdata,
                                       scan->found->len, CHIHUO_ADD_FLAGS_NONE, NULL, error);

  g_ptr_array_set_size (scan->found, 0);

  return ok;
}

static gboolean
scan_folder (Scan *scan, GFile *folder, GError **error)
{
  g_autoptr (GFileEnumerator) entries = g_file_enumerate_children (
      folder, "standard::name,standard::type", G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, scan->cancellable, error);
  GFileInfo *info;
  GFile *child;

  while (entries != NULL && g_file_enumerator_iterate (entries, &info, &child, scan->cancellable, error))
    {
      if (info == NULL)
        return TRUE;

      if (g_file_info_get_file_type (info) == G_FILE_TYPE_REGULAR)
        {
          g_autofree char *uri = g_file_get_uri (child);

          g_ptr_array_add (scan->found, chihuo_task_new (uri, NULL));
        }
      else if (g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY && !scan_folder (scan, child, error))
        return FALSE;

      if (scan->found->len >= BATCH && !add_found (scan, error))
        return FALSE;
    }

  return FALSE;
}

static void
scan_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_object_unref);
  Scan scan = { .hasher = source, .cancellable = cancellable, .found = found };
  GError *error = NULL;

  if (scan_folder (&scan, data, &error) && add_found (&scan, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Adds all files of a folder and of those below it. What is finished is not done again */
void
fp_hasher_add_folder_async (FpHasher *self, GFile *folder, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_task_data (task, g_object_ref (folder), g_object_unref);
  g_task_run_in_thread (task, scan_thread);
}

gboolean
fp_hasher_add_folder_finish (FpHasher *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
fp_hasher_finalize (GObject *object)
{
  g_object_unref (FP_HASHER (object)->fingerprints);

  G_OBJECT_CLASS (fp_hasher_parent_class)->finalize (object);
}

static void
fp_hasher_class_init (FpHasherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fp_hasher_finalize;
  CHIHUO_LOOP_CLASS (klass)->make_task = fp_hasher_make_task;
}

static void
fp_hasher_init (FpHasher *self)
{
}

static char *
make_config (const char *path)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) node = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "backend");
  json_builder_add_string_value (builder, "sqlite");
  json_builder_set_member_name (builder, "path");
  json_builder_add_string_value (builder, path);
  json_builder_end_object (builder);
  node = json_builder_get_root (builder);

  return json_to_string (node, FALSE);
}

/* A file that cannot be read is shown at once, with a button to try again, so one try is enough */
FpHasher *
fp_hasher_new (const char *path)
{
  g_autofree char *config = make_config (path);
  FpHasher *self = g_object_new (FP_TYPE_HASHER, "name", "files", "server-config", config, "concurrency",
                                 g_get_num_processors (), "max-tries", 1, NULL);

  self->fingerprints = chihuo_queue_new ("fingerprints", config);

  return self;
}
