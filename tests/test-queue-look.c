/* test-queue-look.c - checks that a queue shows what is in it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>

#include "queue-fixture.h"

#define N_MANY 2500

static void
test_look (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChihuoTask) dead = NULL;
  g_autoptr (ChihuoTask) running = NULL;
  g_autoptr (ChihuoCall) claim = NULL;
  g_autoptr (GError) error = NULL;

  assert_state (f->queue, "nobody", CHIHUO_TASK_STATE_ABSENT, FALSE);

  add_dead (f, "dead");
  chihuo_queue_look_async (f->queue, "dead", NULL, keep_result_cb, &result);
  await (&result);
  dead = chihuo_queue_look_finish (f->queue, result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (chihuo_task_get_state (dead), ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpstr (chihuo_task_get_last_error (dead), ==, "no good");
  g_assert_null (chihuo_task_get_cursor (dead));
  g_assert_null (chihuo_task_get_worker (dead));
  g_assert_cmpint (chihuo_task_get_started (dead), ==, 0);

  add_id (f->queue, "runs");
  claim = claim_one (f->store);
  running = chihuo_queue_look (f->queue, "runs", &error);
  g_assert_no_error (error);
  g_assert_cmpint (chihuo_task_get_state (running), ==, CHIHUO_TASK_STATE_RUNNING);
  g_assert_cmpstr (chihuo_task_get_worker (running), ==, "tester");
  g_assert_cmpuint (chihuo_task_get_token (running), ==, claim->items[0].claim.claimed[0].token);
  g_assert_cmpuint (chihuo_task_get_max_tries (running), ==, 25);
  g_assert_cmpint (chihuo_task_get_started (running), >, 0);
  g_assert_cmpint (chihuo_task_get_due (running), ==, 0);
}

static void
test_look_bad (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_queue_look (f->queue, "", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_clear_error (&error);

  chihuo_queue_look_async (f->queue, "\xc3", NULL, keep_result_cb, &result);
  await (&result);
  g_assert_null (chihuo_queue_look_finish (f->queue, result, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
}

static void
add_many (ChihuoQueue *queue)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < N_MANY; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      g_ptr_array_add (tasks, chihuo_task_new (id, NULL));
    }
  chihuo_queue_add_tasks (queue, (ChihuoTask **) tasks->pdata, tasks->len, 0, NULL, &error);
  g_assert_no_error (error);
}

/* Reads pages until one is not full; each task is removed once it has given its cursor */
static guint
walk_waiting (ChihuoQueue *queue, guint limit, guint page_size, gboolean remove)
{
  g_autofree char *after = NULL;
  guint n = 0;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) page
          = chihuo_queue_list (queue, CHIHUO_TASK_STATE_WAITING, after, limit, &error);

      g_assert_no_error (error);
      for (guint i = 0; i < page->len; i++)
        g_assert_cmpint (atoi (chihuo_task_get_id (g_ptr_array_index (page, i))), ==, n++);
      if (page->len < page_size)
        return n;

      g_free (after);
      after = g_strdup (chihuo_task_get_cursor (g_ptr_array_index (page, page->len - 1)));
      if (remove)
        {
          const char *id = chihuo_task_get_id (g_ptr_array_index (page, page->len - 1));

          g_assert_true (chihuo_queue_remove (queue, (const char *[]) { id, NULL }, NULL));
        }
    }
}

static void
test_list_pages (Fixture *f, gconstpointer data)
{
  add_many (f->queue);
  g_assert_cmpuint (walk_waiting (f->queue, 0, 1024, FALSE), ==, N_MANY);
  g_assert_cmpuint (walk_waiting (f->queue, 700, 700, TRUE), ==, N_MANY);
}

static void
test_list_states (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) dead = NULL;
  g_autoptr (GPtrArray) waiting = NULL;
  g_autoptr (GError) error = NULL;

  add_dead (f, "d");
  chihuo_queue_list_async (f->queue, CHIHUO_TASK_STATE_DEAD, NULL, 10, NULL, keep_result_cb,
                           &result);
  await (&result);
  dead = chihuo_queue_list_finish (f->queue, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dead->len, ==, 1);
  g_assert_cmpstr (chihuo_task_get_id (g_ptr_array_index (dead, 0)), ==, "d");
  g_assert_nonnull (chihuo_task_get_cursor (g_ptr_array_index (dead, 0)));

  waiting = chihuo_queue_list (f->queue, CHIHUO_TASK_STATE_WAITING, NULL, 10, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (waiting->len, ==, 0);
}

static void
assert_cannot_list (ChihuoQueue *queue, int state, const char *after, guint limit)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_queue_list (queue, state, after, limit, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
}

static void
test_list_bad (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  assert_cannot_list (f->queue, CHIHUO_TASK_STATE_ABSENT, NULL, 1);
  assert_cannot_list (f->queue, 99, NULL, 1);
  assert_cannot_list (f->queue, CHIHUO_TASK_STATE_WAITING, "no cursor", 1);
  assert_cannot_list (f->queue, CHIHUO_TASK_STATE_WAITING, NULL, 1025);

  g_assert_null (chihuo_queue_list_finished (f->queue, "", 1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (chihuo_queue_list_finished (f->queue, NULL, 1025, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
}

static void
test_list_finished (Fixture *f, gconstpointer data)
{
  const char *ids[] = { "c", "a", "b", NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_auto (GStrv) first = NULL;
  g_auto (GStrv) second = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_queue_mark_finished (f->queue, ids, &error);
  g_assert_no_error (error);

  first = chihuo_queue_list_finished (f->queue, NULL, 2, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (first), ==, 2);
  g_assert_cmpstr (first[0], ==, "a");
  g_assert_cmpstr (first[1], ==, "b");

  chihuo_queue_list_finished_async (f->queue, first[1], 2, NULL, keep_result_cb, &result);
  await (&result);
  second = chihuo_queue_list_finished_finish (f->queue, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (second), ==, 1);
  g_assert_cmpstr (second[0], ==, "c");
}

static void
test_stats (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) later = chihuo_task_new ("later", NULL);
  g_autoptr (ChihuoCall) claim = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChihuoStats) stats = NULL;
  g_autoptr (GError) error = NULL;

  add_dead (f, "dead");
  add_id (f->queue, "runs");
  claim = claim_one (f->store);
  add_id (f->queue, "waits");
  add_id (f->queue, "waits too");
  chihuo_task_set_delay (later, 3600);
  g_assert_cmpint (chihuo_queue_add (f->queue, later, 0, NULL), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_true (chihuo_queue_mark_finished (f->queue, (const char *[]) { "f", NULL }, NULL));

  chihuo_queue_get_stats_async (f->queue, NULL, keep_result_cb, &result);
  await (&result);
  stats = chihuo_queue_get_stats_finish (f->queue, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (stats->waiting, ==, 2);
  g_assert_cmpuint (stats->delayed, ==, 1);
  g_assert_cmpuint (stats->running, ==, 1);
  g_assert_cmpuint (stats->dead, ==, 1);
  g_assert_cmpuint (stats->finished, ==, 1);
  g_assert_false (stats->paused);
  g_assert_cmpint (stats->next_due, >, g_get_real_time ());
}

/* Results that nobody fetches are freed with the call */
static void
test_unfetched (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) look = NULL;
  g_autoptr (GAsyncResult) list = NULL;
  g_autoptr (GAsyncResult) finished = NULL;
  g_autoptr (GAsyncResult) stats = NULL;

  add_id (f->queue, "a");
  chihuo_queue_look_async (f->queue, "a", NULL, keep_result_cb, &look);
  chihuo_queue_list_async (f->queue, CHIHUO_TASK_STATE_WAITING, NULL, 0, NULL, keep_result_cb,
                           &list);
  chihuo_queue_list_finished_async (f->queue, NULL, 0, NULL, keep_result_cb, &finished);
  chihuo_queue_get_stats_async (f->queue, NULL, keep_result_cb, &stats);
  await (&look);
  await (&list);
  await (&finished);
  await (&stats);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_fixture_test ("/queue-look/look", test_look);
  add_fixture_test ("/queue-look/look/bad", test_look_bad);
  add_fixture_test ("/queue-look/list/pages", test_list_pages);
  add_fixture_test ("/queue-look/list/states", test_list_states);
  add_fixture_test ("/queue-look/list/bad", test_list_bad);
  add_fixture_test ("/queue-look/list-finished", test_list_finished);
  add_fixture_test ("/queue-look/stats", test_stats);
  add_fixture_test ("/queue-look/unfetched", test_unfetched);

  return run_and_close ();
}
