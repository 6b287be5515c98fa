/* test-run.c - the one main loop of a process: statuses and signals
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "loop-fixture.h"

static gboolean
note_id (TestLoop *self, ChihuoTask *task, GError **error)
{
  note (self, chihuo_task_get_id (task));

  return TRUE;
}

static void
test_none (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_run_loops (NULL, 0, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpint (chihuo_run (NULL, NULL), ==, 0);
}

static void
test_several (void)
{
  TestLoop *a = loop_new (note_id);
  TestLoop *b = loop_new (note_id);

  add_ids (a, "1 2");
  add_ids (b, "3");
  g_assert_cmpint (chihuo_run (CHIHUO_LOOP (a), CHIHUO_LOOP (b), NULL), ==, 0);
  assert_log (a, "1 2");
  assert_log (b, "3");
  loop_over (a);
  loop_over (b);
}

/* --- failures --- */

static gboolean
start_badly (TestLoop *self, GError **error)
{
  g_set_error_literal (error, CHIHUO_ERROR, *(int *) self->data, "no good");

  return FALSE;
}

static void
test_statuses (void)
{
  const struct
  {
    int code;
    int status;
  } cases[] = {
    { CHIHUO_ERROR_CONFIG, 78 },          { CHIHUO_ERROR_BACKEND, 69 },
    { CHIHUO_ERROR_TIMED_OUT, 69 },       { CHIHUO_ERROR_UNKNOWN_OUTCOME, 69 },
    { CHIHUO_ERROR_PROTOCOL, 76 },        { CHIHUO_ERROR_INVALID, 65 },
    { CHIHUO_ERROR_TOO_LARGE, 65 },       { CHIHUO_ERROR_FAILED, 70 },
    { CHIHUO_ERROR_NOT_SUPPORTED, 70 },   { CHIHUO_ERROR_CLOSED, 70 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TestLoop *self = loop_new (NULL);
      ChihuoLoop *loops[] = { CHIHUO_LOOP (self) };
      g_autoptr (GError) error = NULL;
      int code = cases[i].code;

      self->start = start_badly;
      self->data = &code;
      g_assert_cmpint (chihuo_run_loops (loops, 1, &error), ==, cases[i].status);
      g_assert_error (error, CHIHUO_ERROR, code);
      g_assert_cmpint (chihuo_run_get_exit_status (error), ==, cases[i].status);
      loop_over (self);
    }

  g_assert_cmpint (chihuo_run_get_exit_status (NULL), ==, 0);
}

static void
test_bad_config (void)
{
  g_autoptr (ChihuoLoop) loop
      = g_object_new (test_loop_get_type (), "name", "q", "server-config", "nonsense://x", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_run_loops (&loop, 1, &error), ==, 78);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
}

/* One fails, and the other one, which would run for ever, stops, too */
static void
test_all_stop (void)
{
  TestLoop *good = loop_new (note_id);
  TestLoop *bad = loop_new (NULL);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (good), CHIHUO_LOOP (bad) };
  g_autoptr (GError) error = NULL;
  int code = CHIHUO_ERROR_CONFIG;

  chihuo_loop_set_run_forever (CHIHUO_LOOP (good), TRUE);
  bad->start = start_badly;
  bad->data = &code;
  g_assert_cmpint (chihuo_run_loops (loops, 2, &error), ==, 78);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_true (chihuo_loop_get_stop (CHIHUO_LOOP (good)));
  loop_over (good);
  loop_over (bad);
}

/* chihuo_run() says what was wrong */
static void
test_prints (void)
{
  if (g_test_subprocess ())
    {
      TestLoop *self = loop_new (NULL);
      int code = CHIHUO_ERROR_CONFIG;

      self->start = start_badly;
      self->data = &code;
      g_assert_cmpint (chihuo_run (CHIHUO_LOOP (self), NULL), ==, 78);
      loop_over (self);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*no good\n*");
}

/* --- signals --- */

static void
own_handler (int signal)
{
}

static gboolean
has_handler (int signal, void (*handler) (int))
{
  struct sigaction action;

  sigaction (signal, NULL, &action);

  return action.sa_handler == handler;
}

/* SIGINT was ignored by whoever started us; SIGTERM has a handler of the program's */
static gboolean
look_at_handlers (TestLoop *self, GError **error)
{
  g_assert_true (has_handler (SIGINT, SIG_IGN));
  g_assert_false (has_handler (SIGTERM, own_handler));
  g_assert_false (has_handler (SIGTERM, SIG_DFL));
  note (self, "looked");

  return TRUE;
}

static void
test_handlers (void)
{
  TestLoop *self = loop_new (NULL);

  signal (SIGINT, SIG_IGN);
  signal (SIGTERM, own_handler);
  self->start = look_at_handlers;
  run_loop (self);
  assert_log (self, "looked");
  g_assert_true (has_handler (SIGINT, SIG_IGN));
  g_assert_true (has_handler (SIGTERM, own_handler));
  signal (SIGINT, SIG_DFL);
  signal (SIGTERM, SIG_DFL);
  loop_over (self);
}

static gboolean
signal_in_start (TestLoop *self, GError **error)
{
  kill (getpid (), *(int *) self->data);

  return TRUE;
}

static void
test_idle (void)
{
  int signals[] = { SIGINT, SIGTERM };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      TestLoop *self = loop_new (NULL);

      chihuo_loop_set_run_forever (CHIHUO_LOOP (self), TRUE);
      self->start = signal_in_start;
      self->data = &signals[i];
      run_loop (self);
      g_assert_true (has_handler (signals[i], SIG_DFL));
      loop_over (self);
    }
}

/* It is told, and ends; what is then no success goes back to its place */
static gboolean
signal_and_fail (TestLoop *self, ChihuoTask *task, GError **error)
{
  kill (getpid (), SIGTERM);
  wait_cancelled (task);

  return FALSE;
}

static void
test_returns (void)
{
  TestLoop *self = loop_new (signal_and_fail);
  g_autoptr (ChihuoTask) task = NULL;

  add_ids (self, "a b");
  run_loop (self);
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "a b");
  task = look (self, "a");
  g_assert_cmpuint (chihuo_task_get_failures (task), ==, 0);
  loop_over (self);
}

static gboolean
signal_and_succeed (TestLoop *self, ChihuoTask *task, GError **error)
{
  kill (getpid (), SIGTERM);
  wait_cancelled (task);

  return TRUE;
}

static void
test_succeeds (void)
{
  TestLoop *self = loop_new (signal_and_succeed);

  add_ids (self, "a b");
  run_loop (self);
  assert_state (self, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_state (self, "b", CHIHUO_TASK_STATE_WAITING, FALSE);
  loop_over (self);
}

/* --- code that does not return --- */

static void
stay_for_ever (void)
{
  while (TRUE)
    pause ();
}

static gboolean
signal_and_stay (TestLoop *self, ChihuoTask *task, GError **error)
{
  kill (getpid (), SIGTERM);
  stay_for_ever ();

  return TRUE;
}

static gboolean
signal_twice_and_stay (TestLoop *self, ChihuoTask *task, GError **error)
{
  kill (getpid (), SIGTERM);
  wait_cancelled (task);
  kill (getpid (), SIGINT);
  stay_for_ever ();

  return TRUE;
}

/* The process must exit, since the code still runs: so this one does */
static void
abandon_in_child (TestTask make, double shutdown_timeout)
{
  if (g_test_subprocess ())
    {
      TestLoop *self = loop_new (make);

      chihuo_loop_set_shutdown_timeout (CHIHUO_LOOP (self), shutdown_timeout);
      add_ids (self, "a b");
      g_assert_cmpint (chihuo_run (CHIHUO_LOOP (self), NULL), ==, 75);
      assert_state (self, "a", CHIHUO_TASK_STATE_RUNNING, FALSE);
      assert_state (self, "b", CHIHUO_TASK_STATE_WAITING, FALSE);
      _exit (0);
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_shutdown_timeout (void)
{
  abandon_in_child (signal_and_stay, 0.05);
}

static void
test_second_signal (void)
{
  abandon_in_child (signal_twice_and_stay, 10000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/run/none", test_none);
  g_test_add_func ("/run/several", test_several);
  g_test_add_func ("/run/statuses", test_statuses);
  g_test_add_func ("/run/bad-config", test_bad_config);
  g_test_add_func ("/run/all-stop", test_all_stop);
  g_test_add_func ("/run/prints", test_prints);
  g_test_add_func ("/run/signals/handlers", test_handlers);
  g_test_add_func ("/run/signals/idle", test_idle);
  g_test_add_func ("/run/signals/returns", test_returns);
  g_test_add_func ("/run/signals/succeeds", test_succeeds);
  g_test_add_func ("/run/signals/shutdown-timeout", test_shutdown_timeout);
  g_test_add_func ("/run/signals/second", test_second_signal);

  return g_test_run ();
}
