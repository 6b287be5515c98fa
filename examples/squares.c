/* squares.c - two loops, twenty tasks: the first version's example
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * squares [--forever] [SERVER_CONFIG]
 *
 * Each loop adds the ids 0 to 9 with their squares, prints what it is given, and marks each id as
 * finished: on a store that lasts, a second run has nothing to do.
 */

#include <chihuo/chihuo.h>
#include <locale.h>

/* One class for both loops; they differ by what they are called */
#define EXAMPLE_TYPE_SQUARES (example_squares_get_type ())
G_DECLARE_FINAL_TYPE (ExampleSquares, example_squares, EXAMPLE, SQUARES, ChihuoLoop)

struct _ExampleSquares
{
  ChihuoLoop  parent_instance;
  const char *title;
};

G_DEFINE_FINAL_TYPE (ExampleSquares, example_squares, CHIHUO_TYPE_LOOP)

/* Adds the first tasks. Ids that are finished are not added again */
static gboolean
example_squares_start (ChihuoLoop *loop, GError **error)
{
  for (int i = 0; i < 10; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);
      g_autofree char *json = g_strdup_printf ("%d", i * i);

      if (!chihuo_loop_add_task_json (loop, id, json, error))
        return FALSE;
    }

  return TRUE;
}

/* Runs one task, on a worker thread */
static gboolean
example_squares_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);

  g_print ("%s: %s\npower of %s is %s\n", EXAMPLE_SQUARES (loop)->title, id, id,
           chihuo_task_get_json (task));

  return chihuo_loop_task_finish (loop, id, error);
}

static void
example_squares_class_init (ExampleSquaresClass *klass)
{
  ChihuoLoopClass *loop_class = CHIHUO_LOOP_CLASS (klass);

  loop_class->start = example_squares_start;
  loop_class->make_task = example_squares_make_task;
  chihuo_loop_class_set_default_concurrency (loop_class, 10);
}

static void
example_squares_init (ExampleSquares *self)
{
}

static ChihuoLoop *
squares_new (const char *name, const char *title, const char *server_config, gboolean forever)
{
  ExampleSquares *self = g_object_new (EXAMPLE_TYPE_SQUARES, "name", name, "server-config",
                                       server_config, "run-forever", forever, NULL);

  self->title = title;

  return CHIHUO_LOOP (self);
}

int
main (int argc, char *argv[])
{
  gboolean forever = FALSE;
  const GOptionEntry entries[] = {
    { "forever", 0, 0, G_OPTION_ARG_NONE, &forever, "Wait for more until ^C", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[SERVER_CONFIG]");
  g_autoptr (GError) error = NULL;
  g_autofree char *server_config = NULL;
  g_autoptr (ChihuoLoop) a = NULL;
  g_autoptr (ChihuoLoop) b = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 64;
    }

  server_config = argc > 1 ? g_strdup (argv[1]) : chihuo_config_find_default (&error);
  if (error != NULL)
    {
      g_printerr ("%s\n", error->message);
      return 78;
    }

  a = squares_new ("my-tasksA", "my-task-A", server_config, forever);
  b = squares_new ("my-tasksB", "my-task-B", server_config, forever);

  return chihuo_run (a, b, NULL);
}
