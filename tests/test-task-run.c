/* test-task-run.c - a task while it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-task-private.h"

typedef struct
{
  int   n_answered;
  int   n_released;
  int   n_progressed;
  gpointer run;
} Owner;

static void
answered (gpointer data, gpointer run, ChihuoTask *task)
{
  Owner *owner = data;

  owner->n_answered++;
  owner->run = run;
}

static void
progressed (gpointer data, ChihuoTask *task, double fraction, const char *message)
{
  Owner *owner = data;

  g_assert_cmpfloat (fraction, ==, 0.5);
  g_assert_cmpstr (message, ==, "half");
  owner->n_progressed++;
}

static void
released (gpointer data)
{
  ((Owner *) data)->n_released++;
}

static const ChihuoSettler settler
    = { .answered = answered, .progressed = progressed, .released = released };
static const ChihuoSettler quiet_settler = { .progressed = progressed, .released = released };

static ChihuoTask *
start (Owner *owner, const ChihuoSettler *how)
{
  ChihuoTask *task = g_object_new (CHIHUO_TYPE_TASK, NULL);
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new ("id", -1, "1", -1);
  ChihuoTaskDetails details = { .token = 7, .state = CHIHUO_TASK_STATE_RUNNING };

  *owner = (Owner) { 0 };
  chihuo_task_start_run (task, payload, &details, owner);
  chihuo_task_set_settler (task, how, owner);

  return task;
}

static void
assert_answer (ChihuoTask *task, ChihuoTaskAnswerKind kind)
{
  ChihuoTaskAnswer answer;

  chihuo_task_take_answer (task, &answer);
  g_assert_cmpint (answer.kind, ==, kind);
  chihuo_task_answer_clear (&answer);
}

/* The first answer counts, and is told once */
static void
test_answers (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "why");

  for (int i = 0; i < 5; i++)
    {
      Owner owner;
      g_autoptr (ChihuoTask) task = start (&owner, &settler);
      const ChihuoTaskAnswerKind kinds[]
          = { CHIHUO_TASK_ANSWER_COMPLETE, CHIHUO_TASK_ANSWER_FAIL, CHIHUO_TASK_ANSWER_FAIL,
              CHIHUO_TASK_ANSWER_REJECT, CHIHUO_TASK_ANSWER_POSTPONE };

      for (int j = i; j < i + 5; j++)
        {
          gboolean first = j == i;

          if (j % 5 == 0)
            g_assert_cmpint (chihuo_task_complete (task), ==, first);
          else if (j % 5 == 1)
            g_assert_cmpint (chihuo_task_fail (task, error), ==, first);
          else if (j % 5 == 2)
            g_assert_cmpint (chihuo_task_fail_message (task, "why"), ==, first);
          else if (j % 5 == 3)
            g_assert_cmpint (chihuo_task_reject (task, error), ==, first);
          else
            g_assert_cmpint (chihuo_task_postpone (task, 3), ==, first);
        }
      g_assert_cmpint (owner.n_answered, ==, 1);
      g_assert_true (owner.run == &owner);
      assert_answer (task, kinds[i]);
      chihuo_task_set_settler (task, NULL, NULL);
      g_assert_cmpint (owner.n_released, ==, 1);
    }
}

/* Whoever drops a begun task without an answer has failed it */
static void
test_dropped (void)
{
  Owner owner;
  ChihuoTask *task = start (&owner, &settler);

  g_assert_finalize_object (task);
  g_assert_cmpint (owner.n_answered, ==, 1);
  g_assert_cmpint (owner.n_released, ==, 1);

  task = start (&owner, &quiet_settler);
  g_assert_finalize_object (task);
  g_assert_cmpint (owner.n_answered, ==, 0);
  g_assert_cmpint (owner.n_released, ==, 1);
}

static void
test_close (void)
{
  Owner owner;
  g_autoptr (ChihuoTask) task = start (&owner, &settler);

  g_assert_true (chihuo_task_close (task));
  g_assert_false (chihuo_task_close (task));
  g_assert_false (chihuo_task_complete (task));
  g_assert_cmpint (owner.n_answered, ==, 0);
  assert_answer (task, CHIHUO_TASK_ANSWER_NONE);
}

static void
test_progress (void)
{
  Owner owner;
  g_autoptr (ChihuoTask) task = start (&owner, &settler);

  chihuo_task_set_progress (task, 0.5, "half");
  g_assert_cmpint (owner.n_progressed, ==, 1);
  chihuo_task_complete (task);
  chihuo_task_set_progress (task, 0.5, "half"); /* too late to matter */
  g_assert_cmpint (owner.n_progressed, ==, 1);
}

/* An object that nobody kept is used for the next run: nothing of the last one is left */
static void
test_again (void)
{
  Owner owner;
  g_autoptr (ChihuoTask) task = start (&owner, &quiet_settler);
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new ("next", -1, "2", -1);
  ChihuoTaskDetails details = { .token = 8 };
  ChihuoCancelCell *cell;

  g_assert_false (chihuo_task_is_kept (task));
  chihuo_task_get_cancellable (task);
  cell = chihuo_task_flag_cancelled (task);
  g_assert_nonnull (cell);
  chihuo_cancel_cell_unref (cell);
  chihuo_task_fail_message (task, "why"); /* nobody took this answer */
  chihuo_task_start_run (task, payload, &details, NULL);
  g_assert_cmpstr (chihuo_task_get_id (task), ==, "next");
  g_assert_cmpuint (chihuo_task_get_token (task), ==, 8);
  g_assert_false (chihuo_task_is_cancelled (task));
  g_assert_false (g_cancellable_is_cancelled (chihuo_task_get_cancellable (task)));
  g_assert_true (chihuo_task_complete (task));
  assert_answer (task, CHIHUO_TASK_ANSWER_COMPLETE);
  g_assert_false (chihuo_task_complete (task));
}

static void
test_kept (void)
{
  Owner owner;
  g_autoptr (ChihuoTask) task = start (&owner, &quiet_settler);
  GWeakRef weak;

  g_object_ref (task);
  g_assert_true (chihuo_task_is_kept (task));
  g_object_unref (task);
  g_assert_false (chihuo_task_is_kept (task));
  g_weak_ref_init (&weak, task);
  g_assert_true (chihuo_task_is_kept (task));
  g_weak_ref_clear (&weak);
}

/* Flagged before anybody asked for it: whoever asks gets one that is cancelled */
static void
test_cancelled_early (void)
{
  Owner owner;
  g_autoptr (ChihuoTask) task = start (&owner, &quiet_settler);

  g_assert_false (chihuo_task_is_cancelled (task));
  g_assert_null (chihuo_task_flag_cancelled (task));
  g_assert_true (chihuo_task_is_cancelled (task));
  g_assert_true (g_cancellable_is_cancelled (chihuo_task_get_cancellable (task)));
}

/* Flag and question at the same time: it is cancelled by one of the two */
static gpointer
flag_main (gpointer task)
{
  ChihuoCancelCell *cell = chihuo_task_flag_cancelled (task);

  if (cell != NULL)
    {
      g_cancellable_cancel (cell->cancellable);
      chihuo_cancel_cell_unref (cell);
    }

  return NULL;
}

static void
test_cancelled_meanwhile (void)
{
  for (int i = 0; i < 300; i++)
    {
      Owner owner;
      g_autoptr (ChihuoTask) task = start (&owner, &quiet_settler);
      GThread *thread = g_thread_new (NULL, flag_main, task);
      GCancellable *cancellable = chihuo_task_get_cancellable (task);

      g_thread_join (thread);
      g_assert_true (g_cancellable_is_cancelled (cancellable));
    }
}

static gpointer
answer_main (gpointer task)
{
  return GINT_TO_POINTER (chihuo_task_complete (task));
}

static void
test_answers_meanwhile (void)
{
  for (int i = 0; i < 300; i++)
    {
      Owner owner;
      g_autoptr (ChihuoTask) task = start (&owner, &settler);
      GThread *thread = g_thread_new (NULL, answer_main, task);
      gboolean here = chihuo_task_fail_message (task, "why");
      gboolean there = GPOINTER_TO_INT (g_thread_join (thread));

      g_assert_true (here != there);
      g_assert_cmpint (owner.n_answered, ==, 1);
      assert_answer (task, here ? CHIHUO_TASK_ANSWER_FAIL : CHIHUO_TASK_ANSWER_COMPLETE);
    }
}

static void
test_complete_all (void)
{
  Owner owners[3];
  ChihuoTask *tasks[3];

  for (guint i = 0; i < 3; i++)
    tasks[i] = start (&owners[i], &settler);
  g_assert_true (chihuo_task_fail_message (tasks[1], "before"));
  g_assert_cmpuint (chihuo_task_complete_all (tasks, 3), ==, 2);
  g_assert_cmpuint (chihuo_task_complete_all (NULL, 0), ==, 0);

  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (owners[i].n_answered, ==, 1);
      assert_answer (tasks[i],
                     i == 1 ? CHIHUO_TASK_ANSWER_FAIL : CHIHUO_TASK_ANSWER_COMPLETE);
      g_object_unref (tasks[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/task-run/answers", test_answers);
  g_test_add_func ("/task-run/answers/meanwhile", test_answers_meanwhile);
  g_test_add_func ("/task-run/answers/together", test_complete_all);
  g_test_add_func ("/task-run/dropped", test_dropped);
  g_test_add_func ("/task-run/close", test_close);
  g_test_add_func ("/task-run/progress", test_progress);
  g_test_add_func ("/task-run/again", test_again);
  g_test_add_func ("/task-run/kept", test_kept);
  g_test_add_func ("/task-run/cancelled/early", test_cancelled_early);
  g_test_add_func ("/task-run/cancelled/meanwhile", test_cancelled_meanwhile);

  return g_test_run ();
}
