/* own-backend.c - makes a backend of one's own known, and eats from it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * own-backend [SERVER_CONFIG]
 *
 * Its scheme is “file”; without an argument the queue lives in own.store. Nothing else in this
 * program, and nothing in the library, knows of it.
 */

#include "file-backend.h"

#define EXAMPLE_TYPE_COUNTER (example_counter_get_type ())
G_DECLARE_FINAL_TYPE (ExampleCounter, example_counter, EXAMPLE, COUNTER, ChihuoLoop)

struct _ExampleCounter
{
  ChihuoLoop parent_instance;
};

G_DEFINE_FINAL_TYPE (ExampleCounter, example_counter, CHIHUO_TYPE_LOOP)

static gboolean
example_counter_start (ChihuoLoop *loop, GError **error)
{
  for (int i = 1; i <= 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      if (!chihuo_loop_add_task (loop, id, NULL, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
example_counter_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  g_print ("eaten: %s\n", chihuo_task_get_id (task));

  return TRUE;
}

static void
example_counter_class_init (ExampleCounterClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->start = example_counter_start;
  CHIHUO_LOOP_CLASS (klass)->make_task = example_counter_make_task;
}

static void
example_counter_init (ExampleCounter *self)
{
}

int
main (int argc, char *argv[])
{
  g_autoptr (ChihuoLoop) loop = NULL;

  g_io_extension_point_register (CHIHUO_BACKEND_EXTENSION_POINT);
  g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT, EXAMPLE_TYPE_FILE_BACKEND,
                                  "file", 0);

  loop = g_object_new (EXAMPLE_TYPE_COUNTER, "name", "counter", "server-config",
                       argc > 1 ? argv[1] : "file:own.store", "run-forever", FALSE,
                       "finish-on-success", TRUE, NULL);

  return chihuo_run (loop, NULL);
}
