/* test-queue-rule.c - checks pausing, clearing and how long things are kept
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "queue-fixture.h"

#define N_MANY 3000

static ChihuoStats *
get_stats (ChihuoQueue *queue)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats *stats = chihuo_queue_get_stats (queue, &error);

  g_assert_no_error (error);

  return stats;
}

static void
test_paused (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChihuoStats) paused = NULL;
  g_autoptr (ChihuoStats) going_on = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  ok = chihuo_queue_set_paused (f->queue, TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  paused = get_stats (f->queue);
  g_assert_true (paused->paused);

  chihuo_queue_set_paused_async (f->queue, FALSE, NULL, keep_result_cb, &result);
  await (&result);
  ok = chihuo_queue_set_paused_finish (f->queue, result, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  going_on = get_stats (f->queue);
  g_assert_false (going_on->paused);
}

static void
assert_bad_retention (ChihuoQueue *queue, double finished_s, double dead_s)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_queue_set_retention (queue, finished_s, dead_s, 1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
}

static void
test_retention (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  ok = chihuo_queue_set_retention (f->queue, 3600, 0, 10, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  chihuo_queue_set_retention_async (f->queue, INFINITY, 1e-9, 0, NULL, keep_result_cb, &result);
  await (&result);
  ok = chihuo_queue_set_retention_finish (f->queue, result, &error);
  g_assert_no_error (error);
  g_assert_true (ok);

  assert_bad_retention (f->queue, -1, 0);
  assert_bad_retention (f->queue, 0, NAN);
}

/* One of each */
static ChihuoCall *
fill (Fixture *f)
{
  g_autoptr (ChihuoTask) later = chihuo_task_new ("later", NULL);
  ChihuoCall *claim;

  add_dead (f, "dead");
  add_id (f->queue, "runs");
  claim = claim_one (f->store);
  add_id (f->queue, "waits");
  chihuo_task_set_delay (later, 3600);
  g_assert_cmpint (chihuo_queue_add (f->queue, later, 0, NULL), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_true (chihuo_queue_mark_finished (f->queue, (const char *[]) { "f", NULL }, NULL));

  return claim;
}

static void
assert_left (ChihuoQueue *queue, guint64 waiting, guint64 running, guint64 dead, guint64 finished)
{
  g_autoptr (ChihuoStats) stats = get_stats (queue);

  g_assert_cmpuint (stats->waiting, ==, waiting);
  g_assert_cmpuint (stats->delayed, ==, waiting);
  g_assert_cmpuint (stats->running, ==, running);
  g_assert_cmpuint (stats->dead, ==, dead);
  g_assert_cmpuint (stats->finished, ==, finished);
}

static void
clear (ChihuoQueue *queue, ChihuoClearFlags what)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = chihuo_queue_clear (queue, what, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
test_clear_one_by_one (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoCall) claim = fill (f);

  assert_left (f->queue, 1, 1, 1, 1);
  clear (f->queue, CHIHUO_CLEAR_FLAGS_WAITING);
  assert_left (f->queue, 0, 1, 1, 1);
  clear (f->queue, CHIHUO_CLEAR_FLAGS_DEAD);
  assert_left (f->queue, 0, 1, 0, 1);
  clear (f->queue, CHIHUO_CLEAR_FLAGS_FINISHED);
  assert_left (f->queue, 0, 1, 0, 0);
  clear (f->queue, CHIHUO_CLEAR_FLAGS_RUNNING);
  settle (f->store, claim, CHIHUO_SETTLE_RETURNED, NULL);
  assert_left (f->queue, 0, 0, 0, 0);
}

static void
test_clear_all (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoCall) claim = fill (f);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  chihuo_queue_clear_async (f->queue, CHIHUO_CLEAR_FLAGS_ALL, NULL, keep_result_cb, &result);
  await (&result);
  ok = chihuo_queue_clear_finish (f->queue, result, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  settle (f->store, claim, CHIHUO_SETTLE_RETURNED, NULL);
  assert_left (f->queue, 0, 0, 0, 0);
}

/* More than one step can do */
static void
test_clear_many (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (int i = 0; i < N_MANY; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      g_ptr_array_add (tasks, chihuo_task_new (id, NULL));
    }
  g_assert_true (chihuo_queue_add_tasks (f->queue, (ChihuoTask **) tasks->pdata, tasks->len, 0,
                                         NULL, NULL));
  clear (f->queue, CHIHUO_CLEAR_FLAGS_WAITING);
  assert_left (f->queue, 0, 0, 0, 0);
}

static void
test_clear_bad (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_id (f->queue, "a");
  g_assert_false (chihuo_queue_clear (f->queue, 0, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (chihuo_queue_clear (f->queue, CHIHUO_CLEAR_FLAGS_WAITING | 1 << 9, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_WAITING, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_fixture_test ("/queue-rule/paused", test_paused);
  add_fixture_test ("/queue-rule/retention", test_retention);
  add_fixture_test ("/queue-rule/clear/one-by-one", test_clear_one_by_one);
  add_fixture_test ("/queue-rule/clear/all", test_clear_all);
  add_fixture_test ("/queue-rule/clear/many", test_clear_many);
  add_fixture_test ("/queue-rule/clear/bad", test_clear_bad);

  return run_and_close ();
}
