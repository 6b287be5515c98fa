/* test-loop-signals.c - what a loop tells
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "loop-fixture.h"

#define MANY 12000

static void
assert_context (void)
{
  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
}

static void
started_cb (ChihuoLoop *loop, ChihuoTask *task, gpointer data)
{
  g_autofree char *word = g_strdup_printf ("started:%s", chihuo_task_get_id (task));

  assert_context ();
  g_assert_cmpint (chihuo_task_get_started (task), >, 0);
  note ((TestLoop *) loop, word);
}

static void
progress_cb (ChihuoLoop *loop, ChihuoTask *task, double fraction, const char *message,
             gpointer data)
{
  g_autofree char *word = g_strdup_printf ("%s:%g:%s", chihuo_task_get_id (task), fraction,
                                           message != NULL ? message : "-");

  assert_context ();
  note ((TestLoop *) loop, word);
}

static void
ended_cb (ChihuoLoop *loop, ChihuoTask *task, ChihuoOutcome outcome, const char *error,
          gpointer data)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (CHIHUO_TYPE_OUTCOME);
  g_autofree char *word = g_strdup_printf ("%s:%s:%s", chihuo_task_get_id (task),
                                           g_enum_get_value (klass, outcome)->value_nick,
                                           error != NULL ? error : "-");

  assert_context ();
  note ((TestLoop *) loop, word);
}

static void
drained_cb (ChihuoLoop *loop, gpointer data)
{
  assert_context ();
  note ((TestLoop *) loop, "drained");
}

static void
connect_all (TestLoop *self)
{
  g_signal_connect (self, "task-started", G_CALLBACK (started_cb), NULL);
  g_signal_connect (self, "task-progress", G_CALLBACK (progress_cb), NULL);
  g_signal_connect (self, "task-ended", G_CALLBACK (ended_cb), NULL);
  g_signal_connect (self, "drained", G_CALLBACK (drained_cb), NULL);
}

static gboolean
make_progress (TestLoop *self, ChihuoTask *task, GError **error)
{
  chihuo_task_set_progress (task, 0.5, "half");
  chihuo_task_set_progress (task, -1, NULL);

  return TRUE;
}

static void
test_in_order (void)
{
  TestLoop *self = loop_new (make_progress);

  connect_all (self);
  add_ids (self, "a");
  run_loop (self);
  assert_log (self, "started:a a:0.5:half a:-1:- a:done:- drained");
  loop_over (self);
}

static gboolean
begin_progress (TestLoop *self, ChihuoTask *task, GError **error)
{
  chihuo_task_set_progress (task, 1, NULL);
  chihuo_task_complete (task);

  return TRUE;
}

static void
test_begun (void)
{
  TestLoop *self = begin_loop_new (begin_progress);

  connect_all (self);
  add_ids (self, "a");
  run_loop (self);
  assert_log (self, "started:a a:1:- a:done:- drained");
  loop_over (self);
}

/* --- outcomes --- */

static gboolean
end_as_told (TestLoop *self, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);

  g_usleep (25 * 1000); /* nothing is claimed ahead of slow tasks */
  if (g_str_equal (id, "finished"))
    return chihuo_loop_task_finish (CHIHUO_LOOP (self), id, error);
  if (g_str_equal (id, "postponed"))
    return chihuo_task_postpone (task, 1000);
  if (g_str_equal (id, "failed"))
    return chihuo_task_fail_message (task, "why");
  if (g_str_equal (id, "dead"))
    {
      g_autoptr (GError) why = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "no");

      return chihuo_task_reject (task, why);
    }
  chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);
  wait_cancelled (task);

  return FALSE;
}

static void
test_outcomes (void)
{
  TestLoop *self = loop_new (end_as_told);

  g_signal_connect (self, "task-ended", G_CALLBACK (ended_cb), NULL);
  add_ids (self, "finished postponed failed dead stopped");
  run_loop (self);
  assert_log (self, "finished:finished:- postponed:postponed:- failed:failed:why dead:dead:no "
                    "stopped:returned:-");
  loop_over (self);
}

/* What was claimed, but never started, has no end either */
static void
count_cb (ChihuoLoop *loop, ChihuoTask *task, gpointer data)
{
  (*(guint *) data)++;
}

static void
count_ended_cb (ChihuoLoop *loop, ChihuoTask *task, ChihuoOutcome outcome, const char *error,
                gpointer data)
{
  (*(guint *) data)++;
}

static gboolean
stop_in_the_middle (TestLoop *self, ChihuoTask *task, GError **error)
{
  if (g_str_equal (chihuo_task_get_id (task), "1000"))
    chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);

  return TRUE;
}

static void
add_many (TestLoop *self, int n)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_full (n, g_object_unref);
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      g_ptr_array_add (tasks, chihuo_task_new (id, NULL));
    }
  g_assert_true (chihuo_loop_add_tasks (CHIHUO_LOOP (self), (ChihuoTask **) tasks->pdata, n, 0,
                                        NULL, &error));
  g_assert_no_error (error);
}

static void
test_each_start_has_an_end (void)
{
  TestLoop *self = loop_new (stop_in_the_middle);
  guint n_started = 0;
  guint n_ended = 0;

  g_signal_connect (self, "task-started", G_CALLBACK (count_cb), &n_started);
  g_signal_connect (self, "task-ended", G_CALLBACK (count_ended_cb), &n_ended);
  chihuo_loop_set_concurrency (CHIHUO_LOOP (self), 2);
  add_many (self, 3000);
  run_loop (self);
  g_assert_cmpuint (n_started, ==, n_ended);
  g_assert_cmpuint (n_started, ==, chihuo_loop_get_n_done (CHIHUO_LOOP (self)));
  loop_over (self);
}

/* --- too many --- */

static gboolean
count_made (TestLoop *self, ChihuoTask *task, GError **error)
{
  return TRUE;
}

/* The context sleeps until all has happened */
static void
sleep_cb (ChihuoLoop *loop, ChihuoTask *task, gpointer data)
{
  (*(guint *) data)++;
  while (chihuo_loop_get_n_done (loop) < MANY)
    g_usleep (100);
}

static void
missed_cb (ChihuoLoop *loop, guint64 n, gpointer data)
{
  g_assert_cmpuint (n, >, 0);
  *(guint64 *) data += n;
}

static void
test_missed (void)
{
  TestLoop *self = loop_new (count_made);
  guint64 n_missed = 0;
  guint n_told = 0;

  g_signal_connect (self, "task-started", G_CALLBACK (sleep_cb), &n_told);
  g_signal_connect (self, "events-missed", G_CALLBACK (missed_cb), &n_missed);
  add_many (self, MANY);
  run_loop (self);
  g_assert_cmpuint (n_missed, >, 0);
  g_assert_cmpuint (n_told + n_missed, ==, MANY);
  loop_over (self);
}

/* --- stalled --- */

static void
stalled_cb (ChihuoLoop *loop, ChihuoTask *task, gpointer data)
{
  assert_context ();
  note ((TestLoop *) loop, chihuo_task_get_id (task));
  gate_open ((TestLoop *) loop);
}

static gboolean
stall (TestLoop *self, ChihuoTask *task, GError **error)
{
  gate_pass (self);

  return TRUE;
}

static void
test_stalled (void)
{
  TestLoop *self = loop_new (stall);

  g_signal_connect (self, "task-stalled", G_CALLBACK (stalled_cb), NULL);
  chihuo_loop_set_lease (CHIHUO_LOOP (self), 0.05);
  add_limited (self, "a", 0.01, 1);
  run_loop (self);
  assert_log (self, "a");
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (self)), ==, 1);
  loop_over (self);
}

/* --- retry-delay --- */

static gboolean
fail (TestLoop *self, ChihuoTask *task, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");

  return FALSE;
}

static double
answer_cb (ChihuoLoop *loop, ChihuoTask *task, const GError *error, gpointer data)
{
  assert_context ();
  g_assert_cmpstr (chihuo_task_get_id (task), ==, "a");
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  note ((TestLoop *) loop, "asked");

  return *(double *) data;
}

static ChihuoTask *
run_with_answers (double first, double second)
{
  TestLoop *self = loop_new (fail);
  ChihuoTask *task;

  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*left are*");
  g_signal_connect (self, "retry-delay", G_CALLBACK (answer_cb), &first);
  g_signal_connect (self, "retry-delay", G_CALLBACK (answer_cb), &second);
  add_ids (self, "a");
  run_loop (self);
  g_test_assert_expected_messages ();
  assert_log (self, "asked");
  task = look (self, "a");
  loop_over (self);

  return task;
}

static void
test_retry_delay (void)
{
  gint64 before = g_get_real_time ();
  g_autoptr (ChihuoTask) later = run_with_answers (1000, 2000);
  g_autoptr (ChihuoTask) policy = run_with_answers (NAN, 2000);
  g_autoptr (ChihuoTask) dead = run_with_answers (-1, 2000);
  gint64 after = g_get_real_time ();

  g_assert_cmpint (chihuo_task_get_state (later), ==, CHIHUO_TASK_STATE_DELAYED);
  g_assert_cmpint (chihuo_task_get_due (later), >=, before + 1000 * G_USEC_PER_SEC);
  g_assert_cmpint (chihuo_task_get_due (later), <=, after + 1000 * G_USEC_PER_SEC);
  g_assert_cmpint (chihuo_task_get_state (policy), ==, CHIHUO_TASK_STATE_DELAYED);
  g_assert_cmpint (chihuo_task_get_due (policy), >=, before + 16 * G_USEC_PER_SEC);
  g_assert_cmpint (chihuo_task_get_due (policy), <=, after + 26 * G_USEC_PER_SEC);
  g_assert_cmpint (chihuo_task_get_state (dead), ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpstr (chihuo_task_get_last_error (dead), ==, "busy");
}

/* --- notify --- */

static void
notify_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  assert_context ();
  (*(guint *) data)++;
}

static gboolean
stop_on_b (TestLoop *self, ChihuoTask *task, GError **error)
{
  if (g_str_equal (chihuo_task_get_id (task), "b"))
    chihuo_loop_set_stop (CHIHUO_LOOP (self), TRUE);

  return TRUE;
}

static void
test_notify (void)
{
  TestLoop *self = loop_new (stop_on_b);
  guint n_done = 0;
  guint n_failed = 0;
  guint n_stop = 0;

  g_signal_connect (self, "notify::n-done", G_CALLBACK (notify_cb), &n_done);
  g_signal_connect (self, "notify::n-failed", G_CALLBACK (notify_cb), &n_failed);
  g_signal_connect (self, "notify::stop", G_CALLBACK (notify_cb), &n_stop);
  add_ids (self, "a b");
  run_loop (self);
  while (n_stop == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_done, >, 0);
  g_assert_cmpuint (n_done, <=, 2);
  g_assert_cmpuint (n_failed, ==, 0);
  g_assert_cmpuint (n_stop, ==, 1);
  loop_over (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/loop-signals/in-order", test_in_order);
  g_test_add_func ("/loop-signals/begun", test_begun);
  g_test_add_func ("/loop-signals/outcomes", test_outcomes);
  g_test_add_func ("/loop-signals/each-start-has-an-end", test_each_start_has_an_end);
  g_test_add_func ("/loop-signals/missed", test_missed);
  g_test_add_func ("/loop-signals/stalled", test_stalled);
  g_test_add_func ("/loop-signals/retry-delay", test_retry_delay);
  g_test_add_func ("/loop-signals/notify", test_notify);

  return g_test_run ();
}
