/* test-queue-import.c - what the first version has stored is taken over: all of it, once, wherever it is interrupted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>

#include "chihuo-lodis-server.h"
#include "lodis-fake-server.h"
#include "lodis/lodis-fixture.h"
#include "queue-fixture.h"

#define N_TASKS 500
#define N_MARKS 300

/* A server, and in front of it one that loses what it is told to lose */
typedef struct
{
  LodisFixture *lodis;
  FakeServer    proxy;
  const char   *program; /* this one */
} World;

static World world;

static void
world_set_up (Fixture *f, gconstpointer data)
{
  world.lodis = lodis_fixture_new (LODIS_FIXTURE_OURS);
  fake_server_start (&world.proxy);
  fake_server_stand_before (&world.proxy, world.lodis->port);
}

static void
world_tear_down (Fixture *f, gconstpointer data)
{
  chihuo_store_wait_closed ();
  fake_server_assert_lost (&world.proxy);
  fake_server_stop (&world.proxy);
  g_clear_pointer (&world.lodis, lodis_fixture_free);
}

static ChihuoQueue *
new_queue (guint16 port, const char *more)
{
  g_autofree char *config = g_strdup_printf ("{\"backend\":\"lodis\",\"port\":%u%s}", port, more);

  return chihuo_queue_new ("eat", config);
}

/* --- as the first version does it --- */

static guint32
call (const char *command, GByteArray *arguments)
{
  g_autoptr (ChihuoLodisServer) server
    = chihuo_lodis_server_new ("127.0.0.1", world.lodis->port, 60 * G_USEC_PER_SEC);
  ChihuoLodisReader reader;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = chihuo_lodis_server_call (server, command, "eat", arguments,
                                                      CHIHUO_LODIS_CHANGES, &reader, &error);
  guint32 n = 0;

  g_assert_no_error (error);
  if (reader.left == sizeof n)
    chihuo_lodis_frame_take_u32 (&reader, &n, NULL);

  return n;
}

static void
leave (const char *command, const char *id, const char *value)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();

  chihuo_lodis_frame_add_string (arguments, id);
  chihuo_lodis_frame_add_string (arguments, value);
  call (command, arguments);
}

static void
leave_all (void)
{
  g_autoptr (GByteArray) tasks = g_byte_array_new ();
  g_autoptr (GByteArray) marks = g_byte_array_new ();

  for (guint i = 0; i < N_TASKS; i++)
    {
      g_autofree char *id = g_strdup_printf ("t%u", i);
      g_autofree char *json = g_strdup_printf ("{\"n\": %u}", i);

      chihuo_lodis_frame_add_string (tasks, id);
      chihuo_lodis_frame_add_string (tasks, json);
    }
  for (guint i = 0; i < N_MARKS; i++)
    {
      g_autofree char *id = g_strdup_printf ("f%u", i);

      chihuo_lodis_frame_add_string (marks, id);
      chihuo_lodis_frame_add_string (marks, "");
    }
  call ("arpushnx", tasks);
  call ("hmset", marks);
}

static void
assert_left (guint n_tasks, guint n_marks)
{
  g_assert_cmpuint (call ("alen", NULL), ==, n_tasks);
  g_assert_cmpuint (call ("hlen", NULL), ==, n_marks);
}

/* --- what our queue has --- */

static void
assert_stats (ChihuoQueue *queue, guint waiting, guint finished)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoStats) stats = chihuo_queue_get_stats (queue, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (stats->waiting, ==, waiting);
  g_assert_cmpuint (stats->finished, ==, finished);
  g_assert_cmpuint (stats->dead + stats->running + stats->delayed, ==, 0);
}

/* All of them, in their order, with their infos, and each once */
static void
assert_all (ChihuoQueue *queue)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks
    = chihuo_queue_list (queue, CHIHUO_TASK_STATE_WAITING, NULL, N_TASKS + 1, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (tasks->len, ==, N_TASKS);
  for (guint i = 0; i < tasks->len; i++)
    {
      g_autofree char *id = g_strdup_printf ("t%u", i);
      g_autofree char *json = g_strdup_printf ("{\"n\":%u}", i);

      g_assert_cmpstr (chihuo_task_get_id (g_ptr_array_index (tasks, i)), ==, id);
      g_assert_cmpstr (chihuo_task_get_json (g_ptr_array_index (tasks, i)), ==, json);
    }
  assert_stats (queue, N_TASKS, N_MARKS);
  assert_state (queue, "f0", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_state (queue, "f299", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_left (0, 0);
}

static void
import (ChihuoQueue *queue)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = chihuo_queue_import (queue, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

/* --- tests --- */

static void
test_import (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.lodis->port, "");

  leave_all ();
  import (queue);
  assert_all (queue);
  import (queue);
  assert_all (queue);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

/* What was left later is taken over by another call; a finished task that waits does not run; what has been added
 * here stays as it is */
static void
test_again (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.lodis->port, "");

  import (queue);
  add_id (queue, "here");
  leave ("arpushnx", "late", "{\"a\" : [ 1 , \"\\u00e4\" ] }");
  leave ("arpushnx", "here", "2");
  leave ("arpushnx", "both", "3");
  leave ("hset", "both", "");
  import (queue);
  assert_stats (queue, 2, 1);
  assert_state (queue, "late", CHIHUO_TASK_STATE_WAITING, FALSE);
  assert_state (queue, "here", CHIHUO_TASK_STATE_WAITING, FALSE);
  assert_state (queue, "both", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_left (0, 0);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

/* It stays, and is in nobody's way */
static void
test_junk (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.lodis->port, "");
  g_autofree char *long_id = g_strnfill (5000, 'x');

  leave ("arpushnx", "junk", "{");
  leave ("arpushnx", long_id, "1");
  leave ("hset", long_id, "");
  leave_all ();
  import (queue);
  assert_stats (queue, N_TASKS, N_MARKS);
  assert_left (2, 1);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

static void
test_async (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.lodis->port, "");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  leave_all ();
  g_cancellable_cancel (cancellable);
  chihuo_queue_import_async (queue, cancellable, keep_result_cb, &cancelled);
  await (&cancelled);
  g_assert_false (chihuo_queue_import_finish (queue, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  assert_left (N_TASKS, N_MARKS);

  chihuo_queue_import_async (queue, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_true (chihuo_queue_import_finish (queue, result, &error));
  g_assert_no_error (error);
  assert_all (queue);
  g_clear_object (&result);
  g_clear_object (&cancelled);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

/* Steps that the server has not heard of, and some that it has carried out and whose answers are lost */
static void
test_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.proxy.port, "");
  g_autoptr (ChihuoQueue) direct = new_queue (world.lodis->port, "");
  g_autoptr (GError) error = NULL;

  leave_all ();
  fake_server_lose (&world.proxy, 2, 3);
  while (!chihuo_queue_import (queue, &error))
    {
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
      g_clear_error (&error);
    }
  fake_server_assert_lost (&world.proxy);
  assert_all (direct);
  g_assert_finalize_object (g_steal_pointer (&direct));
  g_assert_finalize_object (g_steal_pointer (&queue));
}

/* A process that is killed in a step leaves all that it has not done to the next one. There are 18 steps */
static void
test_killed (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.lodis->port, "");
  g_autofree char *port = g_strdup_printf ("%u", world.proxy.port);
  g_autoptr (GError) error = NULL;
  static const guint moments[] = { 1, 3, 5, 7 };

  leave_all ();
  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      g_autoptr (GSubprocess) process = NULL;

      fake_server_be_deaf_after (&world.proxy, moments[i]);
      process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, world.program, "--import", port, NULL);
      g_assert_no_error (error);
      fake_server_await_deaf (&world.proxy);
      g_subprocess_send_signal (process, SIGKILL);
      g_subprocess_wait (process, NULL, NULL);
      fake_server_set_deaf (&world.proxy, FALSE);
    }
  g_assert_cmpuint (call ("alen", NULL), <, N_TASKS);
  g_assert_cmpuint (call ("alen", NULL), >, 0);
  import (queue);
  assert_all (queue);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

/* There is nothing to do: the other program's tasks are ours as they are */
static void
test_plain (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.lodis->port, ",\"mode\":\"plain\"");

  leave_all ();
  import (queue);
  assert_stats (queue, N_TASKS, N_MARKS);
  assert_left (N_TASKS, N_MARKS);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

/* Where no other program stores tasks */
static void
assert_refused (const char *config)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new ("eat", config);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  add_id (queue, "a");
  g_assert_false (chihuo_queue_import (queue, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (error->message, "nothing to import"));
  g_clear_error (&error);

  chihuo_queue_import_async (queue, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_false (chihuo_queue_import_finish (queue, result, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED);
  g_clear_object (&result);
  assert_state (queue, "a", CHIHUO_TASK_STATE_WAITING, FALSE);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

static void
test_not_supported (void)
{
  g_autofree char *folder = g_dir_make_tmp ("chihuo-XXXXXX", NULL);
  g_autofree char *sqlite = g_strdup_printf ("sqlite:%s/tasks.db", folder);
  g_autoptr (GDir) dir = NULL;
  const char *name;

  assert_refused ("memory:import");
  assert_refused (sqlite);
  chihuo_store_wait_closed ();

  dir = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* A closed queue imports nothing */
static void
test_closed (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoQueue) queue = new_queue (world.lodis->port, "");
  g_autoptr (GError) error = NULL;

  leave_all ();
  g_assert_true (chihuo_queue_close (queue, &error));
  g_assert_false (chihuo_queue_import (queue, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED);
  assert_left (N_TASKS, N_MARKS);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

/* This program as one that is going to be killed */
static int
import_as_child (const char *port)
{
  g_autoptr (ChihuoQueue) queue = new_queue (atoi (port), "");

  return chihuo_queue_import (queue, NULL) ? 0 : 1;
}

static void
add (const char *path, void (* func) (Fixture *f, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, world_set_up, func, world_tear_down);
}

int
main (int argc, char *argv[])
{
  if (argc == 3 && strcmp (argv[1], "--import") == 0)
    return import_as_child (argv[2]);

  world.program = argv[0];
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/queue-import/not-supported", test_not_supported);
  if (g_getenv ("LODIS") != NULL)
    {
      add ("/queue-import/import", test_import);
      add ("/queue-import/again", test_again);
      add ("/queue-import/junk", test_junk);
      add ("/queue-import/async", test_async);
      add ("/queue-import/lost", test_lost);
      add ("/queue-import/killed", test_killed);
      add ("/queue-import/plain", test_plain);
      add ("/queue-import/closed", test_closed);
    }

  return run_and_close ();
}
