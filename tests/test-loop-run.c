/* test-loop-run.c - a run from its start to its end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "loop-fixture.h"

#define ONE_DEAD "*left are 0 delayed, 1 dead, 0 running*"
#define ONE_DELAYED "*left are 1 delayed, 0 dead, 0 running*"

static gboolean
note_id (TestLoop *self, ChihuoTask *task, GError **error)
{
  note (self, chihuo_task_get_id (task));

  return TRUE;
}

/* --- the beginning --- */

static gboolean
start_with_two (TestLoop *self, GError **error)
{
  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  note (self, "start");
  add_ids (self, "a b");
  note (self, "started");

  return TRUE;
}

static void
test_start (void)
{
  TestLoop *self = loop_new (note_id);

  self->start = start_with_two;
  run_loop (self);
  assert_log (self, "start started a b");
  loop_over (self);
}

static gboolean
start_badly (TestLoop *self, GError **error)
{
  if (self->data != NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, self->data);

  return FALSE;
}

static void
test_start_fails (void)
{
  TestLoop *self = loop_new (note_id);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (self) };
  g_autoptr (GError) error = NULL;

  self->start = start_badly;
  self->data = "no good";
  add_ids (self, "a");
  g_assert_cmpint (chihuo_run_loops (loops, 1, &error), ==, 70);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&error);

  self->data = NULL;
  g_assert_cmpint (chihuo_run_loops (loops, 1, &error), ==, 70);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "start() of TestLoop returned FALSE without an error");
  assert_log (self, "");
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "a");
  loop_over (self);
}

static void
test_bad_name (void)
{
  g_autoptr (ChihuoLoop) loop
      = g_object_new (test_loop_get_type (), "name", "no good name", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_run_loops (&loop, 1, &error), ==, 65);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
}

static void
test_no_code (void)
{
  g_autoptr (ChihuoLoop) loop = chihuo_loop_new ("q", "memory:");
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_run_loops (&loop, 1, &error), ==, 70);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED);
}

static void
test_twice (void)
{
  TestLoop *self = loop_new (NULL);
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_loop_run_async (CHIHUO_LOOP (self), NULL, keep_result_cb, &first);
  chihuo_loop_run_async (CHIHUO_LOOP (self), NULL, keep_result_cb, &second);
  await (&second);
  g_assert_false (chihuo_loop_run_finish (CHIHUO_LOOP (self), second, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_FAILED);
  g_clear_error (&error);
  await (&first);
  g_assert_true (chihuo_loop_run_finish (CHIHUO_LOOP (self), first, &error));
  g_assert_no_error (error);
  g_clear_object (&first);
  g_clear_object (&second);
  loop_over (self);
}

static void
test_several_of_one_name (void)
{
  TestLoop *self = loop_new (note_id);
  TestLoop *other = g_object_new (test_loop_get_type (), "queue", queue_of (self), "run-forever",
                                  FALSE, NULL);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (self), CHIHUO_LOOP (other) };
  g_autoptr (GError) error = NULL;
  guint64 n;

  other->make = note_id;
  for (int i = 0; i < 500; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      add_ids (self, id);
    }
  g_assert_cmpint (chihuo_run_loops (loops, 2, &error), ==, 0);
  g_assert_no_error (error);
  n = chihuo_loop_get_n_done (loops[0]) + chihuo_loop_get_n_done (loops[1]);
  g_assert_cmpuint (n, ==, 500);
  g_assert_finalize_object (loops[1]);
  loop_over (self);
}

/* --- the end --- */

static gboolean
stop_from_inside (TestLoop *self, ChihuoTask *task, GError **error)
{
  note_id (self, task, error);
  if (g_str_equal (chihuo_task_get_id (task), "c"))
    {
      chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);
      g_assert_true (chihuo_loop_get_stop (CHIHUO_LOOP (self)));
    }

  return TRUE;
}

static void
test_stop (void)
{
  TestLoop *self = loop_new (stop_from_inside);

  add_ids (self, "a b c d e f g h");
  run_loop (self);
  assert_log (self, "a b c");
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "d e f g h");
  g_assert_true (chihuo_loop_get_stop (CHIHUO_LOOP (self)));

  /* a run after a stop begins anew */
  run_loop (self);
  assert_log (self, "d e f g h");
  g_assert_false (chihuo_loop_get_stop (CHIHUO_LOOP (self)));
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 5);
  loop_over (self);
}

/* What runs is cancelled, and goes back to its place where it is no success */
static gboolean
be_stopped (TestLoop *self, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);

  if (g_str_equal (id, "c"))
    {
      g_mutex_lock (&self->mutex);
      while (self->n_in < 3)
        g_cond_wait (&self->cond, &self->mutex);
      g_mutex_unlock (&self->mutex);
      chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);
    }
  wait_cancelled (task);

  return g_str_equal (id, "b");
}

static void
test_stop_returns (void)
{
  TestLoop *self = loop_new (be_stopped);
  g_autoptr (ChihuoTask) a = NULL;

  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 3);
  add_ids (self, "a b c d e");
  run_loop (self);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "a c d e");
  a = look (self, "a");
  g_assert_cmpuint (chihuo_task_get_failures (a), ==, 0);
  g_assert_cmpuint (chihuo_task_get_crashes (a), ==, 0);
  loop_over (self);
}

static gboolean
stop_and_go_on (TestLoop *self, ChihuoTask *task, GError **error)
{
  chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);
  g_usleep (20 * 1000);
  g_assert_false (chihuo_task_is_cancelled (task));

  return TRUE;
}

static void
note_stop_cb (ChihuoLoop *loop, GParamSpec *pspec, gpointer data)
{
  note ((TestLoop *) loop, chihuo_loop_get_stop (loop) ? "told" : "reset");
}

/* On a worker's thread: the run may be over before the context has heard of it */
static gboolean
stop_loop (TestLoop *self, ChihuoTask *task, GError **error)
{
  chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);

  return TRUE;
}

/* Who watches the property is told before the run is over, each time */
static void
test_stop_is_told (void)
{
  TestLoop *self = loop_new (stop_loop);

  g_signal_connect (self, "notify::stop", G_CALLBACK (note_stop_cb), NULL);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      add_ids (self, id);
      run_loop (self);
      assert_log (self, i == 0 ? "told" : "reset told");
    }
  loop_over (self);
}

static void
test_drain_timeout (void)
{
  TestLoop *self = loop_new (stop_and_go_on);

  chihuo_loop_set_drain_timeout (CHIHUO_LOOP (self), 1000);
  add_ids (self, "a b");
  run_loop (self);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "b");
  loop_over (self);
}

static void
test_cancellable_stops (void)
{
  TestLoop *self = loop_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_loop_set_run_forever (CHIHUO_LOOP (self), TRUE);
  chihuo_loop_run_async (CHIHUO_LOOP (self), cancellable, keep_result_cb, &result);
  g_main_context_iteration (NULL, TRUE);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  await (&result);
  g_assert_true (chihuo_loop_run_finish (CHIHUO_LOOP (self), result, &error));
  g_assert_no_error (error);
  g_clear_object (&result);

  /* it has nothing to do with a run that was not given it */
  chihuo_loop_set_stop (CHIHUO_LOOP (self), FALSE);
  g_cancellable_reset (cancellable);
  g_cancellable_cancel (cancellable);
  g_assert_false (chihuo_loop_get_stop (CHIHUO_LOOP (self)));
  loop_over (self);
}

static gboolean
fail_loop (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_autoptr (GError) first = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "first");
  g_autoptr (GError) second = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "second");

  chihuo_loop_fail (CHIHUO_LOOP (self), first);
  chihuo_loop_fail (CHIHUO_LOOP (self), second);

  return TRUE;
}

static void
test_fail (void)
{
  TestLoop *self = loop_new (fail_loop);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (self) };
  g_autoptr (GError) error = NULL;

  add_ids (self, "a b");
  g_assert_cmpint (chihuo_run_loops (loops, 1, &error), ==, 70);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "b");

  /* it is the error of that run only */
  self->make = note_id;
  run_loop (self);
  assert_log (self, "b");
  loop_over (self);
}

static gboolean
start_and_fail (TestLoop *self, GError **error)
{
  fail_loop (self, NULL, NULL);

  return start_badly (self, error);
}

/* What start says counts; what fail was given does not wait for the next run */
static void
test_fail_in_start (void)
{
  TestLoop *self = loop_new (note_id);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (self) };
  g_autoptr (GError) error = NULL;

  self->start = start_and_fail;
  self->data = "no good";
  g_assert_cmpint (chihuo_run_loops (loops, 1, &error), ==, 70);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "no good");

  self->start = NULL;
  add_ids (self, "a");
  run_loop (self);
  assert_log (self, "a");
  loop_over (self);
}

static gboolean
add_late_cb (gpointer data)
{
  TestLoop *self = data;

  add_ids (self, "late");
  chihuo_loop_release (CHIHUO_LOOP (self));

  return G_SOURCE_REMOVE;
}

static gboolean
start_and_hold (TestLoop *self, GError **error)
{
  chihuo_loop_hold (CHIHUO_LOOP (self));
  g_timeout_add (20, add_late_cb, self);

  return TRUE;
}

static void
test_hold (void)
{
  TestLoop *self = loop_new (note_id);

  self->start = start_and_hold;
  run_loop (self);
  assert_log (self, "late");
  loop_over (self);
}

static void
add_delayed (TestLoop *self, const char *id, double seconds)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);
  g_autoptr (GError) error = NULL;

  chihuo_task_set_delay (task, seconds);
  chihuo_queue_add (queue_of (self), task, 0, &error);
  g_assert_no_error (error);
}

static void
test_linger (void)
{
  TestLoop *self = loop_new (note_id);

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, ONE_DELAYED);
  add_delayed (self, "soon", 0.05);
  add_delayed (self, "never", 100000);
  chihuo_loop_set_linger (CHIHUO_LOOP (self), 1000);
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_log (self, "soon");
  assert_list (self, CHIHUO_TASK_STATE_DELAYED, "never");
  loop_over (self);
}

static void
test_finish_on_success (void)
{
  TestLoop *self = loop_new (note_id);

  chihuo_loop_set_finish_on_success (CHIHUO_LOOP (self), TRUE);
  add_ids (self, "a");
  run_loop (self);
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, TRUE);
  loop_over (self);
}

/* --- tries --- */

/* Long enough that nothing is claimed ahead: what is would run before a retry */
static gboolean
fail_first (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_usleep (30 * 1000);
  note (self, chihuo_task_get_id (task));

  return !g_str_equal (chihuo_task_get_id (task), "a") || chihuo_task_get_tries (task) == 3;
}

static void
test_retry_immediate (void)
{
  TestLoop *self = loop_new (fail_first);

  chihuo_loop_set_retry_policy (CHIHUO_LOOP (self), CHIHUO_RETRY_POLICY_IMMEDIATE);
  add_ids (self, "a b");
  run_loop (self);
  assert_log (self, "a a a b");
  loop_over (self);
}

static gboolean
always_fail (TestLoop *self, ChihuoTask *task, GError **error)
{
  chihuo_task_fail_message (task, "never");

  return TRUE;
}

static void
test_max_tries (void)
{
  TestLoop *self = loop_new (always_fail);
  g_autoptr (ChihuoTask) task = NULL;

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, ONE_DEAD);
  chihuo_loop_set_retry_policy (CHIHUO_LOOP (self), CHIHUO_RETRY_POLICY_IMMEDIATE);
  chihuo_loop_set_max_tries (CHIHUO_LOOP (self), 4);
  add_ids (self, "a");
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_dead (self, "a", "never");
  task = look (self, "a");
  g_assert_cmpuint (chihuo_task_get_failures (task), ==, 4);
  g_assert_cmpuint (chihuo_loop_get_n_failed (CHIHUO_LOOP (self)), ==, 4);
  loop_over (self);
}

/* The first failure: 1 + 15 + 0…10 s, or 15 + 0…10 s */
static void
check_policy (ChihuoRetryPolicy policy, double at_least, double at_most)
{
  TestLoop *self = loop_new (always_fail);
  gint64 before = g_get_real_time ();
  g_autoptr (ChihuoTask) task = NULL;

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, ONE_DELAYED);
  chihuo_loop_set_retry_policy (CHIHUO_LOOP (self), policy);
  add_ids (self, "a");
  run_loop (self);
  g_test_assert_expected_messages ();
  task = look (self, "a");
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_DELAYED);
  g_assert_cmpuint (chihuo_task_get_failures (task), ==, 1);
  g_assert_cmpint (chihuo_task_get_due (task), >=, before + at_least * G_USEC_PER_SEC);
  g_assert_cmpint (chihuo_task_get_due (task), <=,
                   g_get_real_time () + at_most * G_USEC_PER_SEC);
  loop_over (self);
}

static void
test_retry_policies (void)
{
  check_policy (CHIHUO_RETRY_POLICY_EXPONENTIAL, 16, 26);
  check_policy (CHIHUO_RETRY_POLICY_CONSTANT, 15, 25);
}

/* --- begun tasks --- */

static gpointer
answer_later (gpointer data)
{
  g_autoptr (ChihuoTask) task = data;

  g_assert_true (chihuo_task_complete (task));
  g_assert_false (chihuo_task_fail_message (task, "too late"));

  return NULL;
}

static gboolean
begin_and_answer_later (TestLoop *self, ChihuoTask *task, GError **error)
{
  note_id (self, task, error);
  g_thread_unref (g_thread_new ("answer", answer_later, g_object_ref (task)));

  return TRUE;
}

static void
test_begin (void)
{
  TestLoop *self = begin_loop_new (begin_and_answer_later);

  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 2);
  add_ids (self, "a b c d e");
  run_loop (self);
  assert_log (self, "a b c d e");
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 5);
  loop_over (self);
}

/* Nobody keeps the task */
static gboolean
begin_and_drop (TestLoop *self, ChihuoTask *task, GError **error)
{
  return TRUE;
}

static void
test_begin_abandoned (void)
{
  TestLoop *self = begin_loop_new (begin_and_drop);
  g_autoptr (ChihuoTask) task = NULL;

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, ONE_DEAD);
  add_limited (self, "a", 0, 1);
  run_loop (self);
  g_test_assert_expected_messages ();
  task = look (self, "a");
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpuint (chihuo_task_get_failures (task), ==, 1);
  g_assert_nonnull (chihuo_task_get_last_error (task));
  loop_over (self);
}

static gboolean
begin_badly (TestLoop *self, ChihuoTask *task, GError **error)
{
  return FALSE;
}

static void
test_begin_fails (void)
{
  TestLoop *self = begin_loop_new (begin_badly);

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, ONE_DEAD);
  add_limited (self, "a", 0, 1);
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_dead (self, "a", "begin_task() of TestBeginLoop returned FALSE without an error");
  loop_over (self);
}

/* It is kept, told, and never answered: a lease later its slot is taken back */
static gboolean
begin_and_keep (TestLoop *self, ChihuoTask *task, GError **error)
{
  self->data = g_object_ref (task);

  return TRUE;
}

static void
test_begin_time_out (void)
{
  TestLoop *self = begin_loop_new (begin_and_keep);
  g_autoptr (ChihuoTask) kept = NULL;

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, ONE_DEAD);
  chihuo_loop_set_lease (CHIHUO_LOOP (self), 0.05);
  add_limited (self, "a", 0.01, 1);
  run_loop (self);
  g_test_assert_expected_messages ();
  kept = self->data;
  g_assert_true (chihuo_task_is_cancelled (kept));
  g_assert_true (g_cancellable_is_cancelled (chihuo_task_get_cancellable (kept)));
  g_assert_false (chihuo_task_complete (kept));
  assert_dead (self, "a", "timed out after 0.01 s: no answer");
  loop_over (self);
}

static void
test_begin_chains_up (void)
{
  TestLoop *self = begin_loop_new (NULL);

  self->make = fail_first;
  chihuo_loop_set_retry_policy (CHIHUO_LOOP (self), CHIHUO_RETRY_POLICY_IMMEDIATE);
  add_ids (self, "a b");
  run_loop (self);
  assert_log (self, "a a a b");
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 2);
  loop_over (self);
}

/* One of them is answered, the others are not */
static gboolean
begin_many_badly (TestLoop *self, GPtrArray *tasks, GError **error)
{
  for (guint i = 0; i < tasks->len; i++)
    if (g_str_equal (chihuo_task_get_id (g_ptr_array_index (tasks, i)), "b"))
      chihuo_task_complete (g_ptr_array_index (tasks, i));
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");

  return FALSE;
}

static void
test_begin_many (void)
{
  TestLoop *self = loop_of_type (test_many_loop_get_type ());

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*left are 0 delayed, 2 dead*");
  self->begin_many = begin_many_badly;
  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 3);
  chihuo_loop_set_max_tries (CHIHUO_LOOP (self), 1);
  add_ids (self, "a b c");
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_dead (self, "a", "busy");
  assert_state (self, "b", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_dead (self, "c", "busy");
  loop_over (self);
}

#define CROWD 2000

/* None is answered before all are begun. The store comes to rest meanwhile, so that neither a claim nor an
 * answer tells the context of those that are left; without that pause the test would pass all the same */
static gboolean
begin_together (TestLoop *self, ChihuoTask *task, GError **error)
{
  GPtrArray *kept = self->data;

  if (kept->len % 256 == 0)
    g_usleep (20000);
  g_ptr_array_add (kept, g_object_ref (task));
  if (kept->len == CROWD)
    {
      for (guint i = 0; i < kept->len; i++)
        chihuo_task_complete (g_ptr_array_index (kept, i));
      g_ptr_array_set_size (kept, 0);
    }

  return TRUE;
}

/* More than are begun at a time: nothing but the free slots brings the rest */
static void
test_begin_crowd (void)
{
  TestLoop *self = begin_loop_new (begin_together);
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);

  self->data = kept;
  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), CROWD);
  for (guint i = 0; i < CROWD; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      add_ids (self, id);
    }
  run_loop (self);
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, CROWD);
  loop_over (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/loop-run/start", test_start);
  g_test_add_func ("/loop-run/start/fails", test_start_fails);
  g_test_add_func ("/loop-run/bad-name", test_bad_name);
  g_test_add_func ("/loop-run/no-code", test_no_code);
  g_test_add_func ("/loop-run/twice", test_twice);
  g_test_add_func ("/loop-run/several-of-one-name", test_several_of_one_name);
  g_test_add_func ("/loop-run/stop", test_stop);
  g_test_add_func ("/loop-run/stop/is-told", test_stop_is_told);
  g_test_add_func ("/loop-run/stop/returns", test_stop_returns);
  g_test_add_func ("/loop-run/stop/drain-timeout", test_drain_timeout);
  g_test_add_func ("/loop-run/stop/cancellable", test_cancellable_stops);
  g_test_add_func ("/loop-run/fail", test_fail);
  g_test_add_func ("/loop-run/fail/in-start", test_fail_in_start);
  g_test_add_func ("/loop-run/hold", test_hold);
  g_test_add_func ("/loop-run/linger", test_linger);
  g_test_add_func ("/loop-run/finish-on-success", test_finish_on_success);
  g_test_add_func ("/loop-run/retry/immediate", test_retry_immediate);
  g_test_add_func ("/loop-run/retry/policies", test_retry_policies);
  g_test_add_func ("/loop-run/retry/max-tries", test_max_tries);
  g_test_add_func ("/loop-run/begin", test_begin);
  g_test_add_func ("/loop-run/begin/abandoned", test_begin_abandoned);
  g_test_add_func ("/loop-run/begin/fails", test_begin_fails);
  g_test_add_func ("/loop-run/begin/time-out", test_begin_time_out);
  g_test_add_func ("/loop-run/begin/chains-up", test_begin_chains_up);
  g_test_add_func ("/loop-run/begin/many", test_begin_many);
  g_test_add_func ("/loop-run/begin/crowd", test_begin_crowd);

  return g_test_run ();
}
