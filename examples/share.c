/* share.c - processes that share one queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * share SERVER_CONFIG         eats what there is, and what comes, until ^C
 * share SERVER_CONFIG ID…     adds tasks
 *
 * Start the first as often as you like, on any machine that reaches the store: each task is eaten by
 * one of them. Kill one, and the others get what it had.
 */

#include <chihuo/chihuo.h>
#include <locale.h>

#define QUEUE "shared"

#define EXAMPLE_TYPE_SHARE (example_share_get_type ())
G_DECLARE_FINAL_TYPE (ExampleShare, example_share, EXAMPLE, SHARE, ChihuoLoop)

struct _ExampleShare
{
  ChihuoLoop parent_instance;
};

G_DEFINE_FINAL_TYPE (ExampleShare, example_share, CHIHUO_TYPE_LOOP)

/* Runs one task, on a worker thread: some 10 ms of work */
static gboolean
example_share_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  g_usleep (10000);
  g_print ("eaten: %s\n", chihuo_task_get_id (task));

  return TRUE;
}

static void
example_share_class_init (ExampleShareClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->make_task = example_share_make_task;
}

static void
example_share_init (ExampleShare *self)
{
}

static int
eat (const char *server_config)
{
  g_autoptr (ChihuoLoop) loop = g_object_new (EXAMPLE_TYPE_SHARE, "name", QUEUE, "server-config",
                                              server_config, NULL);

  return chihuo_run (loop, NULL);
}

static int
add (const char *server_config, char **ids)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new (QUEUE, server_config);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  gsize n_added = 0;

  for (guint i = 0; ids[i] != NULL; i++)
    g_ptr_array_add (tasks, chihuo_task_new (ids[i], NULL));
  if (!chihuo_queue_add_tasks (queue, (ChihuoTask **) tasks->pdata, tasks->len,
                               CHIHUO_ADD_FLAGS_NONE, &n_added, &error)
      || !chihuo_queue_close (queue, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  g_print ("added: %" G_GSIZE_FORMAT "\n", n_added);
  return 0;
}

int
main (int argc, char *argv[])
{
  setlocale (LC_ALL, "");
  if (argc < 2)
    {
      g_printerr ("share SERVER_CONFIG [ID…]\n");
      return 64;
    }

  return argc > 2 ? add (argv[1], argv + 2) : eat (argv[1]);
}
