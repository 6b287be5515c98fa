/* test-loop-tasks.c - the first version's names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "loop-fixture.h"

static void
test_add (void)
{
  TestLoop *self = loop_new (NULL);
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  g_autoptr (JsonNode) info = json_node_init_int (json_node_alloc (), 49);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoTask) a = NULL;
  g_autoptr (ChihuoTask) b = NULL;
  g_autoptr (ChihuoTask) c = NULL;

  g_assert_cmpint (chihuo_loop_add_task (loop, "a", info, &error), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_cmpint (chihuo_loop_add_task (loop, "a", NULL, &error), ==, CHIHUO_ADD_RESULT_EXISTS);
  g_assert_cmpint (chihuo_loop_add_task (loop, "b", NULL, &error), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_cmpint (chihuo_loop_add_task_json (loop, "c", "[1,2]", &error), ==,
                   CHIHUO_ADD_RESULT_ADDED);
  g_assert_no_error (error);

  a = look (self, "a");
  b = look (self, "b");
  c = look (self, "c");
  g_assert_cmpstr (chihuo_task_get_json (a), ==, "49");
  g_assert_cmpstr (chihuo_task_get_json (b), ==, "null");
  g_assert_cmpstr (chihuo_task_get_json (c), ==, "[1,2]");
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "a b c");
  loop_over (self);
}

static void
test_add_bad (void)
{
  TestLoop *self = loop_new (NULL);
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_loop_add_task (loop, "", NULL, &error), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_cmpint (chihuo_loop_add_task_json (loop, "a", "[1,", &error), ==,
                   CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "");
  loop_over (self);
}

static void
test_add_async (void)
{
  TestLoop *self = loop_new (NULL);
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GAsyncResult) bad = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_loop_add_task_async (loop, "a", NULL, NULL, keep_result_cb, &first);
  await (&first);
  /* the callback gets the loop, not its queue */
  g_assert_true (g_async_result_get_source_object (first) == G_OBJECT (loop));
  g_object_unref (loop);
  g_assert_cmpint (chihuo_loop_add_task_finish (loop, first, &error), ==, CHIHUO_ADD_RESULT_ADDED);

  chihuo_loop_add_task_json_async (loop, "a", "{}", NULL, keep_result_cb, &second);
  await (&second);
  g_assert_cmpint (chihuo_loop_add_task_json_finish (loop, second, &error), ==,
                   CHIHUO_ADD_RESULT_EXISTS);
  g_assert_no_error (error);

  chihuo_loop_add_task_json_async (loop, "b", "{", NULL, keep_result_cb, &bad);
  await (&bad);
  g_assert_cmpint (chihuo_loop_add_task_json_finish (loop, bad, &error), ==,
                   CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "a");

  g_clear_object (&first);
  g_clear_object (&second);
  g_clear_object (&bad);
  loop_over (self);
}

static void
test_add_async_cancelled (void)
{
  TestLoop *self = loop_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  chihuo_loop_add_task_async (CHIHUO_LOOP (self), "a", NULL, cancellable, keep_result_cb, &result);
  await (&result);
  g_assert_cmpint (chihuo_loop_add_task_finish (CHIHUO_LOOP (self), result, &error), ==,
                   CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "");
  g_clear_object (&result);
  loop_over (self);
}

static void
test_add_tasks (void)
{
  TestLoop *self = loop_new (NULL);
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  g_autoptr (ChihuoTask) a = chihuo_task_new ("a", NULL);
  g_autoptr (ChihuoTask) b = chihuo_task_new ("b", NULL);
  g_autoptr (ChihuoTask) c = chihuo_task_new ("c", NULL);
  ChihuoTask *first[] = { a, b };
  ChihuoTask *second[] = { b, c };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_added = 99;

  g_assert_true (chihuo_loop_add_tasks (loop, first, 2, 0, &n_added, &error));
  g_assert_cmpuint (n_added, ==, 2);
  chihuo_loop_add_tasks_async (loop, second, 2, CHIHUO_ADD_FLAGS_AT_HEAD, NULL, keep_result_cb,
                               &result);
  await (&result);
  g_assert_true (chihuo_loop_add_tasks_finish (loop, result, &n_added, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_added, ==, 1);
  g_assert_cmpint (chihuo_task_get_add_result (b), ==, CHIHUO_ADD_RESULT_EXISTS);
  g_assert_cmpint (chihuo_task_get_add_result (c), ==, CHIHUO_ADD_RESULT_ADDED);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "c a b");
  g_clear_object (&result);
  loop_over (self);
}

static void
assert_finished (ChihuoLoop *loop, const char *id, gboolean finished)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_loop_task_finished (loop, id, &error), ==, finished);
  g_assert_no_error (error);
  chihuo_loop_task_finished_async (loop, id, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_cmpint (chihuo_loop_task_finished_finish (loop, result, &error), ==, finished);
  g_assert_no_error (error);
}

static void
assert_exists (ChihuoLoop *loop, const char *id, gboolean exists)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_loop_task_exists (loop, id, &error), ==, exists);
  g_assert_no_error (error);
  chihuo_loop_task_exists_async (loop, id, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_cmpint (chihuo_loop_task_exists_finish (loop, result, &error), ==, exists);
  g_assert_no_error (error);
}

static void
test_finish (void)
{
  TestLoop *self = loop_new (NULL);
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  g_autoptr (GError) error = NULL;

  add_ids (self, "a");
  assert_finished (loop, "a", FALSE);
  g_assert_true (chihuo_loop_task_finish (loop, "a", &error));
  assert_finished (loop, "a", TRUE);
  assert_exists (loop, "a", FALSE);
  g_assert_cmpint (chihuo_loop_add_task (loop, "a", NULL, &error), ==, CHIHUO_ADD_RESULT_FINISHED);
  g_assert_true (chihuo_loop_task_unfinish (loop, "a", &error));
  assert_finished (loop, "a", FALSE);
  g_assert_no_error (error);
  add_ids (self, "a");
  loop_over (self);
}

static void
test_finish_async (void)
{
  TestLoop *self = loop_new (NULL);
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  g_autoptr (GAsyncResult) marked = NULL;
  g_autoptr (GAsyncResult) unmarked = NULL;
  g_autoptr (GAsyncResult) bad = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_loop_task_finish_async (loop, "a", NULL, keep_result_cb, &marked);
  await (&marked);
  g_assert_true (chihuo_loop_task_finish_finish (loop, marked, &error));
  assert_finished (loop, "a", TRUE);
  chihuo_loop_task_unfinish_async (loop, "a", NULL, keep_result_cb, &unmarked);
  await (&unmarked);
  g_assert_true (chihuo_loop_task_unfinish_finish (loop, unmarked, &error));
  g_assert_no_error (error);
  assert_finished (loop, "a", FALSE);

  chihuo_loop_task_finish_async (loop, "", NULL, keep_result_cb, &bad);
  await (&bad);
  g_assert_false (chihuo_loop_task_finish_finish (loop, bad, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_clear_object (&marked);
  g_clear_object (&unmarked);
  g_clear_object (&bad);
  loop_over (self);
}

/* waiting and delayed are; absent, finished and dead are not. Running: see in_the_run() */
static void
test_exists (void)
{
  TestLoop *self = loop_new (NULL);
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  g_autoptr (ChihuoTask) delayed = chihuo_task_new ("delayed", NULL);
  ChihuoTask *tasks[] = { delayed };
  g_autoptr (GError) error = NULL;

  assert_exists (loop, "a", FALSE);
  add_ids (self, "a");
  assert_exists (loop, "a", TRUE);
  chihuo_task_set_delay (delayed, 1000);
  g_assert_true (chihuo_loop_add_tasks (loop, tasks, 1, 0, NULL, &error));
  assert_exists (loop, "delayed", TRUE);
  loop_over (self);
}

static void
test_error_is_false (void)
{
  g_autoptr (ChihuoLoop) loop = chihuo_loop_new ("no good name", "memory:");
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_loop_task_finished (loop, "a", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (chihuo_loop_task_exists (loop, "a", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_false (chihuo_loop_task_exists (loop, "a", NULL));
}

/* The mark is known in the process from then on, and in the store with the end of the run */
static gboolean
in_the_run (TestLoop *self, ChihuoTask *task, GError **error)
{
  ChihuoLoop *loop = CHIHUO_LOOP (self);
  const char *id = chihuo_task_get_id (task);

  g_assert_true (chihuo_loop_task_exists (loop, id, NULL));
  g_assert_false (chihuo_loop_task_finished (loop, id, error));
  g_assert_true (chihuo_loop_task_finish (loop, id, error));
  g_assert_true (chihuo_loop_task_finished (loop, id, error));
  g_assert_true (chihuo_loop_task_exists (loop, id, NULL));
  if (g_str_equal (id, "back"))
    {
      g_assert_true (chihuo_loop_task_unfinish (loop, id, error));
      g_assert_false (chihuo_loop_task_finished (loop, id, error));
    }

  return !g_str_equal (id, "fails");
}

static void
test_in_the_run (void)
{
  TestLoop *self = loop_new (in_the_run);

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "task “fails” is finished, though*");
  add_ids (self, "done back fails");
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_state (self, "done", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_state (self, "back", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_state (self, "fails", CHIHUO_TASK_STATE_ABSENT, TRUE);
  loop_over (self);
}

/* The short way is only for the run's own queue: another one of the same store, and another store, are
 * asked */
static gboolean
finish_elsewhere (TestLoop *self, ChihuoTask *task, GError **error)
{
  ChihuoLoop **others = self->data;

  g_assert_true (chihuo_loop_task_finish (others[0], "a", error));
  g_assert_true (chihuo_loop_task_finish (others[1], "a", error));
  g_assert_false (chihuo_loop_task_finished (CHIHUO_LOOP (self), "a", error));

  return TRUE;
}

static void
test_in_another_queue (void)
{
  TestLoop *self = loop_new (finish_elsewhere);
  g_autoptr (ChihuoLoop) sibling
      = chihuo_loop_new ("r", chihuo_loop_get_server_config (CHIHUO_LOOP (self)));
  g_autoptr (ChihuoLoop) stranger = chihuo_loop_new ("q", "memory:stranger");
  ChihuoLoop *others[] = { sibling, stranger };

  self->data = others;
  add_ids (self, "a");
  run_loop (self);
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_finished (sibling, "a", TRUE);
  assert_finished (stranger, "a", TRUE);
  g_clear_object (&sibling);
  g_clear_object (&stranger);
  loop_over (self);
}

/* A closed queue is closed, in the run, too */
static gboolean
finish_closed (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_assert_true (chihuo_queue_close (queue_of (self), NULL));
  g_assert_false (chihuo_loop_task_finish (CHIHUO_LOOP (self), "a", &local));
  g_assert_error (local, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED);

  return TRUE;
}

static void
test_closed (void)
{
  TestLoop *self = loop_new (finish_closed);

  add_ids (self, "a");
  run_loop (self);
  loop_over (self);
}

/* A mark may be set again and again; the log shows what it costs */
static gboolean
finish_many (TestLoop *self, ChihuoTask *task, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  const int n = 100000;

  for (int i = 0; i < n; i++)
    g_assert_true (chihuo_loop_task_finish (CHIHUO_LOOP (self), "a", error));
  g_test_message ("task_finish in the run: %.1f ns",
                  (g_get_monotonic_time () - start) * 1000.0 / n);

  return TRUE;
}

static void
test_cost (void)
{
  TestLoop *self = loop_new (finish_many);

  add_ids (self, "a");
  run_loop (self);
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, TRUE);
  loop_over (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/loop-tasks/add", test_add);
  g_test_add_func ("/loop-tasks/add/bad", test_add_bad);
  g_test_add_func ("/loop-tasks/add/async", test_add_async);
  g_test_add_func ("/loop-tasks/add/async/cancelled", test_add_async_cancelled);
  g_test_add_func ("/loop-tasks/add-tasks", test_add_tasks);
  g_test_add_func ("/loop-tasks/finish", test_finish);
  g_test_add_func ("/loop-tasks/finish/async", test_finish_async);
  g_test_add_func ("/loop-tasks/finish/in-the-run", test_in_the_run);
  g_test_add_func ("/loop-tasks/finish/in-another-queue", test_in_another_queue);
  g_test_add_func ("/loop-tasks/finish/closed", test_closed);
  g_test_add_func ("/loop-tasks/finish/cost", test_cost);
  g_test_add_func ("/loop-tasks/exists", test_exists);
  g_test_add_func ("/loop-tasks/error-is-false", test_error_is_false);

  return g_test_run ();
}
