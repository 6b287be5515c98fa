/* test-queue-add.c - checks that tasks get into a queue, with the answers they deserve
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "queue-fixture.h"

#define N_MANY 10000

static ChihuoAddResult
add (ChihuoQueue *queue, ChihuoTask *task, ChihuoAddFlags flags)
{
  g_autoptr (GError) error = NULL;
  ChihuoAddResult result = chihuo_queue_add (queue, task, flags, &error);

  g_assert_no_error (error);
  g_assert_cmpint (chihuo_task_get_add_result (task), ==, result);

  return result;
}

static void
assert_n_waiting (ChihuoQueue *queue, guint64 n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoStats) stats = chihuo_queue_get_stats (queue, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (stats->waiting, ==, n);
}

static void
test_results (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (ChihuoCall) claim = NULL;
  g_autoptr (ChihuoCall) second = NULL;

  g_assert_cmpint (add (f->queue, task, 0), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_cmpint (add (f->queue, task, 0), ==, CHIHUO_ADD_RESULT_EXISTS);

  claim = claim_one (f->store);
  g_assert_cmpint (add (f->queue, task, CHIHUO_ADD_FLAGS_SKIP_RUNNING), ==,
                   CHIHUO_ADD_RESULT_RUNNING);
  settle (f->store, claim, CHIHUO_SETTLE_REJECTED, "no good");
  g_assert_cmpint (add (f->queue, task, 0), ==, CHIHUO_ADD_RESULT_DEAD);
  g_assert_cmpint (add (f->queue, task, CHIHUO_ADD_FLAGS_EVEN_DEAD), ==, CHIHUO_ADD_RESULT_ADDED);

  second = claim_one (f->store);
  g_assert_cmpint (add (f->queue, task, 0), ==, CHIHUO_ADD_RESULT_AGAIN);

  g_assert_true (chihuo_queue_mark_finished (f->queue, (const char *[]) { "b", NULL }, NULL));
  g_clear_object (&task);
  task = chihuo_task_new ("b", NULL);
  g_assert_cmpint (add (f->queue, task, 0), ==, CHIHUO_ADD_RESULT_FINISHED);
  g_assert_cmpint (add (f->queue, task, CHIHUO_ADD_FLAGS_EVEN_FINISHED), ==,
                   CHIHUO_ADD_RESULT_ADDED);
}

static void
test_async (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_queue_add_async (f->queue, task, 0, NULL, keep_result_cb, &first);
  chihuo_queue_add_async (f->queue, task, 0, NULL, keep_result_cb, &second);
  await (&first);
  await (&second);
  g_assert_cmpint (chihuo_queue_add_finish (f->queue, first, &error), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_no_error (error);
  g_assert_cmpint (chihuo_queue_add_finish (f->queue, second, &error), ==,
                   CHIHUO_ADD_RESULT_EXISTS);
  g_assert_no_error (error);
}

/* What a task says about itself arrives */
static void
test_settings (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new_from_json ("a", "{\"n\":[1,2]}", NULL);
  g_autoptr (ChihuoTask) seen = NULL;
  gint64 now = g_get_real_time ();

  chihuo_task_set_delay (task, 3600);
  chihuo_task_set_priority (task, -7);
  chihuo_task_set_timeout (task, 2.5);
  chihuo_task_set_max_tries (task, 3);
  g_assert_cmpint (add (f->queue, task, 0), ==, CHIHUO_ADD_RESULT_ADDED);

  seen = chihuo_queue_look (f->queue, "a", NULL);
  g_assert_nonnull (seen);
  g_assert_cmpint (chihuo_task_get_state (seen), ==, CHIHUO_TASK_STATE_DELAYED);
  g_assert_cmpint (chihuo_task_get_due (seen), >=, now + G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  g_assert_cmpint (chihuo_task_get_priority (seen), ==, -7);
  g_assert_cmpfloat (chihuo_task_get_timeout (seen), ==, 2.5);
  g_assert_cmpuint (chihuo_task_get_max_tries (seen), ==, 3);
  g_assert_cmpstr (chihuo_task_get_json (seen), ==, "{\"n\":[1,2]}");
}

/* A snapshot of an id that was not there can be added: it has the info that it shows */
static void
test_snapshot_of_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) snapshot = chihuo_queue_look (f->queue, "a", NULL);
  g_autoptr (ChihuoCall) claim = NULL;

  g_assert_nonnull (snapshot);
  g_assert_cmpint (add (f->queue, snapshot, 0), ==, CHIHUO_ADD_RESULT_ADDED);
  claim = claim_one (f->store);
  g_assert_cmpstr (chihuo_payload_get_json (claim->items[0].claim.claimed[0].payload), ==, "null");
}

static GPtrArray *
make_many (void)
{
  GPtrArray *tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (int i = 0; i < N_MANY; i++)
    {
      g_autofree char *id = g_strdup_printf ("%05d", i);

      g_ptr_array_add (tasks, chihuo_task_new (id, NULL));
    }

  return tasks;
}

static void
test_many (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) tasks = make_many ();
  ChihuoTask **array = (ChihuoTask **) tasks->pdata;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_added = 0;
  gboolean ok;

  add_id (f->queue, "00005");
  ok = chihuo_queue_add_tasks (f->queue, array, tasks->len, 0, &n_added, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpuint (n_added, ==, N_MANY - 1);
  for (guint i = 0; i < tasks->len; i++)
    g_assert_cmpint (chihuo_task_get_add_result (array[i]), ==,
                     i == 5 ? CHIHUO_ADD_RESULT_EXISTS : CHIHUO_ADD_RESULT_ADDED);
  assert_n_waiting (f->queue, N_MANY);

  chihuo_queue_add_tasks_async (f->queue, array, tasks->len, 0, NULL, keep_result_cb, &result);
  await (&result);
  ok = chihuo_queue_add_tasks_finish (f->queue, result, &n_added, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpuint (n_added, ==, 0);
  g_assert_cmpint (chihuo_task_get_add_result (array[N_MANY - 1]), ==, CHIHUO_ADD_RESULT_EXISTS);
}

static void
test_none (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_added = 7;

  g_assert_true (chihuo_queue_add_tasks (f->queue, NULL, 0, 0, &n_added, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_added, ==, 0);

  chihuo_queue_add_tasks_async (f->queue, NULL, 0, 0, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_true (chihuo_queue_add_tasks_finish (f->queue, result, NULL, &error));
  g_assert_no_error (error);
}

/* Adds a good task and a bad one: nothing is added, and the error says which it was */
static void
assert_refused (Fixture *f, ChihuoTask *bad, int code, const char *start)
{
  g_autoptr (ChihuoTask) good = chihuo_task_new ("good", NULL);
  ChihuoTask *tasks[] = { good, bad };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_added = 7;

  g_assert_false (chihuo_queue_add_tasks (f->queue, tasks, 2, 0, &n_added, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, start));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (n_added, ==, 0);
  g_clear_error (&error);

  chihuo_queue_add_tasks_async (f->queue, tasks, 2, 0, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_false (chihuo_queue_add_tasks_finish (f->queue, result, &n_added, &error));
  g_assert_error (error, CHIHUO_ERROR, code);

  assert_n_waiting (f->queue, 0);
}

static void
test_bad (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) empty = chihuo_task_new ("", NULL);
  g_autoptr (ChihuoTask) bytes = chihuo_task_new ("\xff\xfe", NULL);
  g_autofree char *text = g_strnfill (4097, 'x');
  g_autoptr (ChihuoTask) too_long = chihuo_task_new (text, NULL);
  g_autoptr (ChihuoTask) good = chihuo_task_new ("good", NULL);
  g_autoptr (GError) error = NULL;

  assert_refused (f, empty, CHIHUO_ERROR_INVALID, "queue “q”: task 1 (“”): ");
  assert_refused (f, bytes, CHIHUO_ERROR_INVALID, "queue “q”: task 1 (“��”): ");
  assert_refused (f, too_long, CHIHUO_ERROR_TOO_LARGE, "queue “q”: task 1 (“xxx");
  assert_refused (f, NULL, CHIHUO_ERROR_INVALID, "queue “q”: task 1: expected a task, not NULL");

  g_assert_cmpint (chihuo_queue_add (f->queue, good, 1 << 12, &error), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  assert_n_waiting (f->queue, 0);
}

/* An error leaves no older answer behind */
static void
test_result_after_error (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);

  g_assert_cmpint (add (f->queue, task, 0), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_true (chihuo_queue_close (f->queue, NULL));
  g_assert_cmpint (chihuo_queue_add (f->queue, task, 0, NULL), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_cmpint (chihuo_task_get_add_result (task), ==, CHIHUO_ADD_RESULT_ERROR);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_fixture_test ("/queue-add/results", test_results);
  add_fixture_test ("/queue-add/async", test_async);
  add_fixture_test ("/queue-add/settings", test_settings);
  add_fixture_test ("/queue-add/snapshot-of-nothing", test_snapshot_of_nothing);
  add_fixture_test ("/queue-add/many", test_many);
  add_fixture_test ("/queue-add/none", test_none);
  add_fixture_test ("/queue-add/bad", test_bad);
  add_fixture_test ("/queue-add/result-after-error", test_result_after_error);

  return run_and_close ();
}
