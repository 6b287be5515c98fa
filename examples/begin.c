/* begin.c - tasks that are begun, and answered later, in a program with a main loop of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * begin FILE...
 *
 * Prints the sizes of files. No thread is needed: GIO does the waiting, and at most three files are
 * asked about at a time.
 */

#include <chihuo/chihuo.h>

#define EXAMPLE_TYPE_SIZES (example_sizes_get_type ())
G_DECLARE_FINAL_TYPE (ExampleSizes, example_sizes, EXAMPLE, SIZES, ChihuoLoop)

struct _ExampleSizes
{
  ChihuoLoop parent_instance;
};

G_DEFINE_FINAL_TYPE (ExampleSizes, example_sizes, CHIHUO_TYPE_LOOP)

static void
info_cb (GObject *file, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChihuoTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (file), result, &error);

  if (info == NULL)
    {
      chihuo_task_reject (task, error);
      return;
    }

  g_print ("%s: %" G_GOFFSET_FORMAT "\n", chihuo_task_get_id (task), g_file_info_get_size (info));
  chihuo_task_complete (task);
}

static gboolean
example_sizes_begin_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (chihuo_task_get_id (task));

  g_file_query_info_async (file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE,
                           G_PRIORITY_DEFAULT, chihuo_task_get_cancellable (task), info_cb,
                           g_object_ref (task));

  return TRUE;
}

static void
example_sizes_class_init (ExampleSizesClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->begin_task = example_sizes_begin_task;
}

static void
example_sizes_init (ExampleSizes *self)
{
}

static void
ended_cb (ChihuoLoop *loop, ChihuoTask *task, ChihuoOutcome outcome, const char *error)
{
  if (outcome == CHIHUO_OUTCOME_DEAD)
    g_print ("%s is dead: %s\n", chihuo_task_get_id (task), error);
}

static void
run_cb (GObject *loop, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!chihuo_loop_run_finish (CHIHUO_LOOP (loop), result, &error))
    g_printerr ("%s\n", error->message);
  g_main_loop_quit (data);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GMainLoop) main_loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (ChihuoLoop) loop = NULL;

  loop = g_object_new (EXAMPLE_TYPE_SIZES, "name", "sizes", "server-config", "memory:",
                       "concurrency", 3, "run-forever", FALSE, NULL);
  g_signal_connect (loop, "task-ended", G_CALLBACK (ended_cb), NULL);

  for (int i = 1; i < argc; i++)
    {
      g_autoptr (GError) error = NULL;

      if (!chihuo_loop_add_task (loop, argv[i], NULL, &error))
        g_printerr ("%s: %s\n", argv[i], error->message);
    }

  chihuo_loop_run_async (loop, NULL, run_cb, main_loop);
  g_main_loop_run (main_loop);

  return 0;
}
