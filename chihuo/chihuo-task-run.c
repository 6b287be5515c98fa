/* chihuo-task-run.c - a task while it runs: its answers, and its end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-error.h"
#include "chihuo-task-internal.h"

void
chihuo_task_answer_clear (ChihuoTaskAnswer *answer)
{
  g_clear_error (&answer->error);
  answer->kind = CHIHUO_TASK_ANSWER_NONE;
}

/* The one way to answer: the first one wins */
static gboolean
give_answer (ChihuoTask *self, ChihuoTaskAnswerKind kind, double seconds, GError *error)
{
  if (!g_atomic_int_compare_and_exchange (&self->answer_state, ANSWER_STATE_NONE,
                                          ANSWER_STATE_TAKEN))
    {
      g_clear_error (&error);
      return FALSE;
    }

  self->answer.kind = kind;
  self->answer.seconds = seconds;
  self->answer.error = error;
  g_atomic_int_set (&self->answer_state, ANSWER_STATE_GIVEN);

  if (self->settler != NULL && self->settler->answered != NULL)
    {
      self->settler->answered (self->owner, self->run, self);
      /* pairs with chihuo_task_finalize(): who answers is mostly not who drops the last reference */
      g_atomic_int_set (&self->answer_state, ANSWER_STATE_GIVEN);
    }

  return TRUE;
}

/**
 * chihuo_task_get_cancellable:
 * @self: a task
 *
 * Gets what is cancelled at a stop, a time-out, when the lease is lost or by
 * hand. Pass it to the calls that the task waits in.
 *
 * It is cancelled on the loop's context for begun tasks, and on a thread of
 * chihuo's own for those on worker threads.
 *
 * Returns: (transfer none): the cancellable
 *
 * Since: 1.0
 */
GCancellable *
chihuo_task_get_cancellable (ChihuoTask *self)
{
  ChihuoCancelCell *cell;

  g_return_val_if_fail (CHIHUO_IS_TASK (self), NULL);

  cell = g_atomic_pointer_get (&self->cell);
  if (cell == NULL)
    {
      cell = chihuo_cancel_cell_new ();
      if (!g_atomic_pointer_compare_and_exchange (&self->cell, NULL, cell))
        {
          chihuo_cancel_cell_unref (cell);
          cell = g_atomic_pointer_get (&self->cell);
        }
      /* whoever flagged it before the cell was there to be seen has left the rest to us */
      if (g_atomic_int_get (&self->cancelled))
        g_cancellable_cancel (cell->cancellable);
    }

  return cell->cancellable;
}

/**
 * chihuo_task_is_cancelled:
 * @self: a task
 *
 * Gets whether the run should end: an atomic flag, set at once, before the
 * cancellable is cancelled.
 *
 * Returns: whether it should
 *
 * Since: 1.0
 */
gboolean
chihuo_task_is_cancelled (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), FALSE);

  return g_atomic_int_get (&self->cancelled);
}

/* Sets the flag; the caller must know that the task is alive, and then, elsewhere, cancel what the
 * cell holds. May be called on the store's thread: it touches no reference count that a binding sees */
ChihuoCancelCell *
chihuo_task_flag_cancelled (ChihuoTask *self)
{
  ChihuoCancelCell *cell;

  g_atomic_int_set (&self->cancelled, TRUE);
  cell = g_atomic_pointer_get (&self->cell);
  if (cell != NULL)
    chihuo_cancel_cell_ref (cell);

  return cell;
}

/**
 * chihuo_task_set_progress:
 * @self: a running task
 * @fraction: how much is done: 0 to 1, or negative for unknown
 * @message: (nullable): what is being done
 *
 * Tells how far the run has come: the loop emits
 * [signal@Chihuo.Loop::task-progress], if somebody listens.
 *
 * Since: 1.0
 */
void
chihuo_task_set_progress (ChihuoTask *self, double fraction, const char *message)
{
  g_return_if_fail (CHIHUO_IS_TASK (self));
  g_return_if_fail (!isnan (fraction) && fraction <= 1);

  if (self->settler != NULL && g_atomic_int_get (&self->answer_state) == ANSWER_STATE_NONE)
    self->settler->progressed (self->owner, self, fraction, message);
}

/**
 * chihuo_task_complete:
 * @self: a running task
 *
 * Answers: the task is done.
 *
 * Returns: whether this was the first answer; a later one is ignored
 *
 * Since: 1.0
 */
gboolean
chihuo_task_complete (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), FALSE);

  return give_answer (self, CHIHUO_TASK_ANSWER_COMPLETE, 0, NULL);
}

/**
 * chihuo_task_complete_all:
 * @tasks: (array length=n_tasks): running tasks
 * @n_tasks: how many
 *
 * Answers for each of them: the task is done.
 *
 * For bindings that begin many tasks at once: an interpreter gives its lock away
 * for each call, and it comes back late.
 *
 * Returns: for how many of them this was the first answer
 *
 * Since: 1.0
 */
guint
chihuo_task_complete_all (ChihuoTask **tasks, gsize n_tasks)
{
  guint n_first = 0;

  g_return_val_if_fail (tasks != NULL || n_tasks == 0, 0);

  for (gsize i = 0; i < n_tasks; i++)
    n_first += chihuo_task_complete (tasks[i]) ? 1 : 0;

  return n_first;
}

/**
 * chihuo_task_fail:
 * @self: a running task
 * @error: why
 *
 * Answers: the run failed; the task is tried again later, or dead when it is
 * out of tries.
 *
 * Returns: whether this was the first answer; a later one is ignored
 *
 * Since: 1.0
 */
gboolean
chihuo_task_fail (ChihuoTask *self, const GError *error)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), FALSE);
  g_return_val_if_fail (error != NULL, FALSE);

  return give_answer (self, CHIHUO_TASK_ANSWER_FAIL, 0, g_error_copy (error));
}

/**
 * chihuo_task_fail_message:
 * @self: a running task
 * @message: why
 *
 * Answers as [method@Chihuo.Task.fail] does, with an error made of a text.
 *
 * Returns: whether this was the first answer; a later one is ignored
 *
 * Since: 1.0
 */
gboolean
chihuo_task_fail_message (ChihuoTask *self, const char *message)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);

  return give_answer (self, CHIHUO_TASK_ANSWER_FAIL, 0,
                      g_error_new_literal (CHIHUO_ERROR, CHIHUO_ERROR_FAILED, message));
}

/**
 * chihuo_task_reject:
 * @self: a running task
 * @error: why
 *
 * Answers: the task will never succeed; it is dead at once.
 *
 * Returns: whether this was the first answer; a later one is ignored
 *
 * Since: 1.0
 */
gboolean
chihuo_task_reject (ChihuoTask *self, const GError *error)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), FALSE);
  g_return_val_if_fail (error != NULL, FALSE);

  return give_answer (self, CHIHUO_TASK_ANSWER_REJECT, 0, g_error_copy (error));
}

/**
 * chihuo_task_postpone:
 * @self: a running task
 * @seconds: how long from now on; not negative
 *
 * Answers: run it later; nothing is counted.
 *
 * Returns: whether this was the first answer; a later one is ignored
 *
 * Since: 1.0
 */
gboolean
chihuo_task_postpone (ChihuoTask *self, double seconds)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), FALSE);
  g_return_val_if_fail (seconds >= 0, FALSE);

  return give_answer (self, CHIHUO_TASK_ANSWER_POSTPONE, seconds, NULL);
}

/* Makes the object that of a run. An object that nobody kept is used again: a new one for each task
 * stops at 2.3 M/s for the whole machine (the class's reference count is shared) */
void
chihuo_task_start_run (ChihuoTask *self, ChihuoPayload *payload, const ChihuoTaskDetails *details,
                       gpointer run)
{
  chihuo_payload_ref (payload);
  g_clear_pointer (&self->payload, chihuo_payload_unref);
  self->payload = payload;
  self->details = *details;
  self->run = run;
  self->answer_state = ANSWER_STATE_NONE;
  if (self->answer.kind != CHIHUO_TASK_ANSWER_NONE)
    chihuo_task_answer_clear (&self->answer);
  if (self->cancelled || self->cell != NULL)
    {
      self->cancelled = FALSE;
      g_clear_pointer (&self->cell, chihuo_cancel_cell_unref);
    }
}

void
chihuo_task_set_settler (ChihuoTask *self, const ChihuoSettler *settler, gpointer owner)
{
  const ChihuoSettler *old = self->settler;
  gpointer old_owner = self->owner;

  self->settler = settler;
  self->owner = owner;
  if (old != NULL)
    old->released (old_owner);
}

/* Whether anybody but the caller, who holds one reference, has something to do with the object: a
 * reference, a weak reference, a toggle reference, data (GObject keeps all of these in qdata) */
gboolean
chihuo_task_is_kept (ChihuoTask *self)
{
  GObject *object = G_OBJECT (self);

  return g_atomic_int_get ((int *) &object->ref_count) != 1 || object->qdata != NULL;
}

/* Ends the run for the object, unless an answer is there or on its way. Says whether it did */
gboolean
chihuo_task_close (ChihuoTask *self)
{
  return g_atomic_int_compare_and_exchange (&self->answer_state, ANSWER_STATE_NONE,
                                            ANSWER_STATE_GIVEN);
}

/* Ends the run for the object: later answers are too late. Gives the answer, if there was one */
void
chihuo_task_take_answer (ChihuoTask *self, ChihuoTaskAnswer *answer)
{
  if (!g_atomic_int_compare_and_exchange (&self->answer_state, ANSWER_STATE_NONE,
                                          ANSWER_STATE_GIVEN))
    while (g_atomic_int_get (&self->answer_state) != ANSWER_STATE_GIVEN)
      g_thread_yield (); /* another thread is between two lines of give_answer() */

  *answer = self->answer;
  self->answer = (ChihuoTaskAnswer) { CHIHUO_TASK_ANSWER_NONE };
}

/* A begun task that nobody will ever answer any more fails; the engine is told through plain C, since the
 * object is on its way out */
void
chihuo_task_drop (ChihuoTask *self)
{
  if (self->settler != NULL && self->settler->answered != NULL
      && g_atomic_int_get (&self->answer_state) == ANSWER_STATE_NONE)
    give_answer (self, CHIHUO_TASK_ANSWER_FAIL, 0,
                 g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_ABANDONED,
                              "task “%s” was dropped without an answer",
                              chihuo_payload_get_id (self->payload)));
}
