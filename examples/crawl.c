/* crawl.c - a task that adds tasks: counts the files of a folder tree, however often it is interrupted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * crawl [--db FILE|URI] [FOLDER]
 *
 * One task is one folder. It adds a task for each folder below it, writes what it has counted into a
 * second queue, and marks itself as finished. All three steps may be repeated without harm, since an id is
 * only ever there once: so it does not matter where ^C or kill -9 hits, and with --db the next start goes on
 * where the last one was. No folder is counted twice, because the totals are not kept in memory: they are
 * the sum over the second queue, whose tasks nobody runs.
 */

#include <chihuo/chihuo.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define EXAMPLE_TYPE_CRAWL (example_crawl_get_type ())
G_DECLARE_FINAL_TYPE (ExampleCrawl, example_crawl, EXAMPLE, CRAWL, ChihuoLoop)

struct _ExampleCrawl
{
  ChihuoLoop   parent_instance;
  ChihuoQueue *totals; /* id: a folder; info: what it holds */
  char        *root;   /* an id */
};

G_DEFINE_FINAL_TYPE (ExampleCrawl, example_crawl, CHIHUO_TYPE_LOOP)

typedef struct
{
  gint64 folders;
  gint64 files;
  gint64 bytes;
  gint64 skipped; /* what could not be read, or has too long a name */
} Count;

/* An id is UTF-8, a file name is any bytes: what is no UTF-8, and the % itself, is written as %XX */
static char *
id_from_path (const char *path)
{
  GString *id = g_string_new (NULL);

  while (*path != '\0')
    {
      gunichar c = g_utf8_get_char_validated (path, -1);

      if (c == '%' || c == (gunichar) -1 || c == (gunichar) -2)
        g_string_append_printf (id, "%%%02X", (guchar) *path++);
      else
        {
          g_string_append_unichar (id, c);
          path = g_utf8_next_char (path);
        }
    }

  return g_string_free (id, FALSE);
}

static char *
path_from_id (const char *id)
{
  g_autoptr (GBytes) bytes = g_uri_unescape_bytes (id, -1, NULL, NULL);
  gsize length;
  const char *path = g_bytes_get_data (bytes, &length);

  return g_strndup (path, length);
}

/* Looks at one entry of a folder: folders below become tasks */
static void
look_at (const char *path, GPtrArray *below, Count *count)
{
  g_autofree char *id = NULL;
  GStatBuf info;

  if (g_lstat (path, &info) != 0)
    {
      count->skipped++;
      return;
    }
  if (!S_ISDIR (info.st_mode))
    {
      count->files++;
      count->bytes += info.st_size;
      return;
    }

  id = id_from_path (path);
  if (strlen (id) > 4096)
    count->skipped++;
  else
    g_ptr_array_add (below, chihuo_task_new (id, NULL));
}

/* Runs one task: a folder. It may block, since it is on a worker thread */
static gboolean
example_crawl_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);
  g_autofree char *folder = path_from_id (id);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) below = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (ChihuoTask) total = NULL;
  g_autofree char *json = NULL;
  Count count = { .skipped = dir == NULL };
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      /* on ^C the task goes back to its place in the queue, and begins anew the next time */
      if (g_cancellable_set_error_if_cancelled (chihuo_task_get_cancellable (task), error))
        return FALSE;
      look_at (path, below, &count);
    }

  if (!chihuo_loop_add_tasks (loop, (ChihuoTask **) below->pdata, below->len, CHIHUO_ADD_FLAGS_NONE,
                              NULL, error))
    return FALSE;

  json = g_strdup_printf ("[%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT "]",
                          count.files, count.bytes, count.skipped);
  total = chihuo_task_new_from_json (id, json, error);
  if (total == NULL
      || !chihuo_queue_add (EXAMPLE_CRAWL (loop)->totals, total, CHIHUO_ADD_FLAGS_REPLACE, error))
    return FALSE;

  return chihuo_loop_task_finish (loop, id, error);
}

static gboolean
example_crawl_start (ChihuoLoop *loop, GError **error)
{
  return chihuo_loop_add_task (loop, EXAMPLE_CRAWL (loop)->root, NULL, error) != 0;
}

static void
example_crawl_finalize (GObject *object)
{
  g_object_unref (EXAMPLE_CRAWL (object)->totals);
  g_free (EXAMPLE_CRAWL (object)->root);

  G_OBJECT_CLASS (example_crawl_parent_class)->finalize (object);
}

static void
example_crawl_class_init (ExampleCrawlClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = example_crawl_finalize;
  CHIHUO_LOOP_CLASS (klass)->start = example_crawl_start;
  CHIHUO_LOOP_CLASS (klass)->make_task = example_crawl_make_task;
}

static void
example_crawl_init (ExampleCrawl *self)
{
}

/* Whether a folder is the root, or below it: the file may know other trees */
static gboolean
is_below (const char *id, const char *root)
{
  gsize length = strlen (root);

  return strncmp (id, root, length) == 0
         && (id[length] == '\0' || id[length] == '/' || root[length - 1] == '/');
}

/* Sums up the second queue, a page at a time */
static gboolean
sum_up (ExampleCrawl *self, Count *sum, GError **error)
{
  g_autofree char *after = NULL;

  for (;;)
    {
      g_autoptr (GPtrArray) page
          = chihuo_queue_list (self->totals, CHIHUO_TASK_STATE_WAITING, after, 1000, error);

      if (page == NULL)
        return FALSE;
      if (page->len == 0)
        return TRUE;

      for (guint i = 0; i < page->len; i++)
        {
          ChihuoTask *folder = g_ptr_array_index (page, i);
          g_autoptr (JsonNode) info = chihuo_task_dup_info (folder);
          JsonArray *numbers = json_node_get_array (info);

          g_free (g_steal_pointer (&after));
          after = g_strdup (chihuo_task_get_cursor (folder));
          if (!is_below (chihuo_task_get_id (folder), self->root))
            continue;
          sum->folders++;
          sum->files += json_array_get_int_element (numbers, 0);
          sum->bytes += json_array_get_int_element (numbers, 1);
          sum->skipped += json_array_get_int_element (numbers, 2);
        }
    }
}

/* At most ten times a second, on the main loop */
static void
show_progress (ChihuoLoop *loop, GParamSpec *pspec, gpointer data)
{
  g_autoptr (ChihuoStats) stats = chihuo_queue_get_stats (chihuo_loop_get_queue (loop), NULL);
  guint64 all;

  if (stats == NULL)
    return;

  all = MAX (stats->finished + stats->waiting + stats->running, 1);
  g_print ("\r[%-40.*s] %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " folders\033[K",
           (int) (40 * stats->finished / all), "########################################",
           stats->finished, all);
}

static ExampleCrawl *
crawl_new (const char *folder, const char *server_config)
{
  g_autofree char *path = g_canonicalize_filename (folder, NULL);
  /* folders kill nobody: however often the program was killed, none is given up */
  ExampleCrawl *self
      = g_object_new (EXAMPLE_TYPE_CRAWL, "name", "crawl", "server-config", server_config,
                      "concurrency", 4, "run-forever", FALSE, "max-crashes", G_MAXUINT, NULL);

  self->totals = chihuo_queue_new ("crawl-totals", server_config);
  self->root = id_from_path (path);

  return self;
}

int
main (int argc, char *argv[])
{
  g_autofree char *db = NULL;
  const GOptionEntry entries[] = {
    { "db", 0, 0, G_OPTION_ARG_FILENAME, &db, "Keep the queue there, and go on there: an SQLite file, or any URI",
      "FILE|URI" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[FOLDER]");
  g_autoptr (GError) error = NULL;
  g_autofree char *server_config = NULL;
  g_autoptr (ExampleCrawl) crawl = NULL;
  Count sum = { 0 };
  int status;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 64;
    }

  if (db == NULL || strstr (db, "://") != NULL)
    server_config = g_strdup (db != NULL ? db : "memory:");
  else
    server_config = g_strconcat ("sqlite:", db, NULL);
  crawl = crawl_new (argc > 1 ? argv[1] : ".", server_config);
  if (isatty (STDOUT_FILENO))
    g_signal_connect (crawl, "notify::n-done", G_CALLBACK (show_progress), NULL);

  status = chihuo_run (CHIHUO_LOOP (crawl), NULL);
  if (isatty (STDOUT_FILENO))
    g_print ("\r\033[K");
  if (status != 0)
    return status;

  if (!sum_up (crawl, &sum, &error))
    {
      g_printerr ("%s\n", error->message);
      return 69;
    }
  g_print ("%" G_GINT64_FORMAT " folders, %" G_GINT64_FORMAT " files, %" G_GINT64_FORMAT " bytes\n",
           sum.folders, sum.files, sum.bytes);
  if (sum.skipped > 0)
    g_print ("%" G_GINT64_FORMAT " could not be read\n", sum.skipped);
  if (chihuo_loop_get_stop (CHIHUO_LOOP (crawl)))
    g_print ("interrupted%s\n", db != NULL ? ": start it again to go on" : "");

  return 0;
}
