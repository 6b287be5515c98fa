/* test-worker.c - make_task on the worker threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "loop-fixture.h"

/* --- what the code says --- */

static gboolean
fail_in_words (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy today");

  return FALSE;
}

static gboolean
fail_without_words (TestLoop *self, ChihuoTask *task, GError **error)
{
  return FALSE;
}

static gboolean
error_and_true (TestLoop *self, ChihuoTask *task, GError **error)
{
  return !fail_in_words (self, task, error);
}

static gboolean
answer_twice (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_assert_true (chihuo_task_fail_message (task, "the first one"));
  g_assert_false (chihuo_task_complete (task));
  g_assert_false (chihuo_task_postpone (task, 5));

  return TRUE;
}

static gboolean
answer_and_return_false (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_assert_true (chihuo_task_complete (task));

  return fail_in_words (self, task, error);
}

static gboolean
reject (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_autoptr (GError) why = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no such thing");

  g_assert_true (chihuo_task_reject (task, why));

  return TRUE;
}

/* Runs one task that may be tried once, and gives what it has left */
static void
run_to_death (TestTask make, const char *last_error)
{
  TestLoop *self = loop_new (make);

  add_limited (self, "a", 0, 1);
  run_loop (self);
  g_assert_cmpuint (chihuo_loop_get_n_failed (CHIHUO_LOOP (self)), ==, 1);
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 0);
  assert_dead (self, "a", last_error);
  loop_over (self);
}

static void
expect_leftovers (const char *what)
{
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, what);
}

#define ONE_DEAD "*left are 0 delayed, 1 dead, 0 running*"
#define ONE_DELAYED "*left are 1 delayed, 0 dead, 0 running*"

static void
test_failures (void)
{
  const struct
  {
    TestTask    make;
    const char *error;
  } cases[] = {
    { fail_in_words, "busy today" },
    { fail_without_words, "make_task() of TestLoop returned FALSE without an error" },
    { error_and_true, "busy today" },
    { answer_twice, "the first one" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      expect_leftovers (ONE_DEAD);
      run_to_death (cases[i].make, cases[i].error);
      g_test_assert_expected_messages ();
    }
}

static void
test_answer_wins (void)
{
  TestLoop *self = loop_new (answer_and_return_false);

  add_ids (self, "a");
  run_loop (self);
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 1);
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
  loop_over (self);
}

static void
test_reject (void)
{
  TestLoop *self = loop_new (reject);

  expect_leftovers (ONE_DEAD);
  add_ids (self, "a");
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_dead (self, "a", "no such thing");
  loop_over (self);
}

static gboolean
postpone (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_assert_true (chihuo_task_postpone (task, 1000));

  return TRUE;
}

static void
test_postpone (void)
{
  TestLoop *self = loop_new (postpone);
  gint64 before = g_get_real_time ();
  g_autoptr (ChihuoTask) task = NULL;

  expect_leftovers (ONE_DELAYED);
  add_ids (self, "a");
  run_loop (self);
  g_test_assert_expected_messages ();
  task = look (self, "a");
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_DELAYED);
  g_assert_cmpuint (chihuo_task_get_failures (task), ==, 0);
  g_assert_cmpint (chihuo_task_get_due (task), >=, before + 1000 * G_USEC_PER_SEC);
  g_assert_cmpint (chihuo_task_get_due (task), <=, g_get_real_time () + 1000 * G_USEC_PER_SEC);
  loop_over (self);
}

/* --- time-outs and cancelling --- */

static gboolean
outlast (TestLoop *self, ChihuoTask *task, GError **error)
{
  GCancellable *cancellable = chihuo_task_get_cancellable (task);

  if (g_str_equal (chihuo_task_get_id (task), "late"))
    {
      /* the cancellable is made after the flag was set */
      wait_cancelled (task);
      cancellable = chihuo_task_get_cancellable (task);
    }
  while (!g_cancellable_is_cancelled (cancellable))
    g_usleep (200);
  g_assert_true (chihuo_task_is_cancelled (task));
  note (self, chihuo_task_get_id (task));

  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static void
test_time_out (void)
{
  TestLoop *self = loop_new (outlast);
  g_autoptr (ChihuoTask) task = NULL;

  expect_leftovers ("*left are 0 delayed, 2 dead, 0 running*");
  add_limited (self, "a", 0.01, 1);
  add_limited (self, "late", 0.01, 1);
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_log (self, "a late");
  task = look (self, "a");
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_true (g_str_has_prefix (chihuo_task_get_last_error (task), "timed out after 0.01 s: "));
  loop_over (self);
}

/* A success is a success, however late */
static gboolean
succeed_late (TestLoop *self, ChihuoTask *task, GError **error)
{
  wait_cancelled (task);

  return TRUE;
}

static void
test_late_success (void)
{
  TestLoop *self = loop_new (succeed_late);

  add_limited (self, "a", 0.01, 1);
  run_loop (self);
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
  loop_over (self);
}

static gboolean
cancel_by_hand (TestLoop *self, ChihuoTask *task, GError **error)
{
  const char *ids[] = { chihuo_task_get_id (task), NULL };

  g_assert_true (chihuo_queue_cancel (queue_of (self), ids, error));
  wait_cancelled (task);

  return fail_in_words (self, task, error);
}

static void
test_cancel_by_hand (void)
{
  TestLoop *self = loop_new (cancel_by_hand);

  expect_leftovers (ONE_DEAD);
  add_ids (self, "a");
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_state (self, "a", CHIHUO_TASK_STATE_DEAD, FALSE);
  loop_over (self);
}

/* --- what the code does to its queue --- */

static gboolean
add_myself (TestLoop *self, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);
  g_autofree char *json = g_strdup (chihuo_task_get_json (task));

  note (self, json);
  if (g_str_equal (json, "null"))
    g_assert_cmpint (chihuo_loop_add_task_json (CHIHUO_LOOP (self), id, "2", error), ==,
                     CHIHUO_ADD_RESULT_AGAIN);

  return TRUE;
}

static void
test_add_myself (void)
{
  TestLoop *self = loop_new (add_myself);

  add_ids (self, "a");
  run_loop (self);
  assert_log (self, "null 2");
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
  loop_over (self);
}

/* "b" runs at the same time: its mark goes out with its own run. "c" waits: it never runs */
static gboolean
finish_others (TestLoop *self, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);

  note (self, id);
  if (g_str_equal (id, "b"))
    {
      gate_pass (self);
      return TRUE;
    }

  gate_wait_reached (self);
  g_assert_true (chihuo_loop_task_finish (CHIHUO_LOOP (self), "b", error));
  g_assert_true (chihuo_loop_task_finished (CHIHUO_LOOP (self), "b", error));
  g_assert_true (chihuo_loop_task_exists (CHIHUO_LOOP (self), "b", error));
  g_assert_true (chihuo_loop_task_finish (CHIHUO_LOOP (self), "c", error));
  g_assert_false (chihuo_loop_task_exists (CHIHUO_LOOP (self), "c", error));
  gate_open (self);

  return TRUE;
}

static void
test_finish_others (void)
{
  TestLoop *self = loop_new (finish_others);

  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 2);
  add_ids (self, "b a c");
  run_loop (self);
  g_assert_null (strstr (self->log->str, "c"));
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_state (self, "b", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_state (self, "c", CHIHUO_TASK_STATE_ABSENT, TRUE);
  loop_over (self);
}

/* The run holds a reference, so the loop outlives who has made it */
static gboolean
drop_loop (TestLoop *self, ChihuoTask *task, GError **error)
{
  gate_pass (self);
  g_object_unref (self->data);
  self->data = NULL;
  note (self, "still here");

  return TRUE;
}

static void
run_over_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean *over = data;

  g_assert_true (chihuo_loop_run_finish (CHIHUO_LOOP (object), result, &error));
  g_assert_no_error (error);
  assert_log ((TestLoop *) object, "still here");
  *over = TRUE;
}

static void
test_drop_loop (void)
{
  TestLoop *self = loop_new (drop_loop);
  gpointer watched = self;
  gboolean over = FALSE;

  g_object_add_weak_pointer (G_OBJECT (self), &watched);
  self->data = self;
  self->opened = TRUE;
  add_ids (self, "a");
  chihuo_loop_run_async (CHIHUO_LOOP (self), NULL, run_over_cb, &over);
  while (!over || watched != NULL)
    g_main_context_iteration (NULL, TRUE);
  chihuo_store_wait_closed ();
}

/* --- how many at a time --- */

/* Each waits until as many are in at once as there should be */
static gboolean
wait_for_company (TestLoop *self, ChihuoTask *task, GError **error)
{
  int n = chihuo_loop_get_concurrency (CHIHUO_LOOP (self));

  g_mutex_lock (&self->mutex);
  while (self->max_in < n)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);

  return TRUE;
}

static void
add_numbers (TestLoop *self, int n)
{
  for (int i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      add_ids (self, id);
    }
}

static void
test_concurrency (void)
{
  TestLoop *self = loop_new (wait_for_company);

  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 7);
  add_numbers (self, 50);
  run_loop (self);
  g_assert_cmpint (self->max_in, ==, 7);
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 50);
  loop_over (self);
}

/* "0" raises the concurrency and waits for company */
static gboolean
raise_it (TestLoop *self, ChihuoTask *task, GError **error)
{
  if (g_str_equal (chihuo_task_get_id (task), "0"))
    chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 4);

  return wait_for_company (self, task, error);
}

static void
test_raise_concurrency (void)
{
  TestLoop *self = loop_new (raise_it);

  add_numbers (self, 20);
  run_loop (self);
  g_assert_cmpint (self->max_in, ==, 4);
  loop_over (self);
}

/* The first four are in together; one of them lowers it to one, which cancels nobody */
static gboolean
lower_it (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_mutex_lock (&self->mutex);
  while (self->max_in < 4)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 1);
  g_assert_false (chihuo_task_is_cancelled (task));

  return TRUE;
}

static void
test_lower_concurrency (void)
{
  TestLoop *self = loop_new (lower_it);

  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 4);
  add_numbers (self, 100);
  run_loop (self);
  g_assert_cmpint (self->max_in, ==, 4);
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 100);
  loop_over (self);
}

/* Threads that are idle when the concurrency is lowered take no wake-up with them */
static void
wait_for_n_done (TestLoop *self, guint64 n)
{
  while (chihuo_loop_get_n_done (CHIHUO_LOOP (self)) < n)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (100);
    }
}

static void
test_lower_idle (void)
{
  TestLoop *self = loop_new (wait_for_company);
  g_autoptr (GAsyncResult) result = NULL;

  chihuo_loop_set_run_forever (CHIHUO_LOOP (self), TRUE);
  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 4);
  add_numbers (self, 4);
  chihuo_loop_run_async (CHIHUO_LOOP (self), NULL, keep_result_cb, &result);
  wait_for_n_done (self, 4);
  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 1);
  for (int i = 0; i < 10; i++)
    {
      g_autofree char *id = g_strdup_printf ("next-%d", i);

      add_ids (self, id);
      wait_for_n_done (self, 5 + i);
    }
  chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);
  await (&result);
  g_clear_object (&result);
  loop_over (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/worker/failures", test_failures);
  g_test_add_func ("/worker/answer-wins", test_answer_wins);
  g_test_add_func ("/worker/reject", test_reject);
  g_test_add_func ("/worker/postpone", test_postpone);
  g_test_add_func ("/worker/time-out", test_time_out);
  g_test_add_func ("/worker/late-success", test_late_success);
  g_test_add_func ("/worker/cancel-by-hand", test_cancel_by_hand);
  g_test_add_func ("/worker/add-myself", test_add_myself);
  g_test_add_func ("/worker/finish-others", test_finish_others);
  g_test_add_func ("/worker/drop-loop", test_drop_loop);
  g_test_add_func ("/worker/concurrency", test_concurrency);
  g_test_add_func ("/worker/concurrency/raise", test_raise_concurrency);
  g_test_add_func ("/worker/concurrency/lower", test_lower_concurrency);
  g_test_add_func ("/worker/concurrency/lower-idle", test_lower_idle);

  return g_test_run ();
}
