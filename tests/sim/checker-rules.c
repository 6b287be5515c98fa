/* checker-rules.c - what has to be true of each task
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "checker-private.h"
#include "chihuo-task-life.h"

/* Each rule is on the safe side: it only speaks where no order of the effects, each within the span
 * of its asking and its answer, would be allowed. */

gboolean
call_may_have_worked (const Call *call)
{
  return call->phase != HISTORY_PHASE_FAIL && call->answer != CHIHUO_ANSWER_ABSENT;
}

/* Whether it may have made something that runs: an answer that says otherwise excludes it */
gboolean
call_makes_task (const Call *call)
{
  if (call->phase == HISTORY_PHASE_FAIL)
    return FALSE;
  if (call->event == HISTORY_EVENT_RETRY)
    return call->answer != CHIHUO_ANSWER_ABSENT;

  return call->event == HISTORY_EVENT_ADD
         && (call->answer == CHIHUO_ANSWER_NONE || call->answer == CHIHUO_ANSWER_ADDED
             || call->answer == CHIHUO_ANSWER_AGAIN);
}

/* Whether after it, for certain, the task is there and has to run */
static gboolean
promises_run (const Call *call)
{
  if (call->phase != HISTORY_PHASE_OK)
    return FALSE;
  if (call->event == HISTORY_EVENT_RETRY)
    return call->answer == CHIHUO_ANSWER_OK;

  return call->event == HISTORY_EVENT_ADD
         && (call->answer == CHIHUO_ANSWER_ADDED || call->answer == CHIHUO_ANSWER_AGAIN
             || call->answer == CHIHUO_ANSWER_EXISTS);
}

static gboolean
drops_task (const Call *call)
{
  return (call->event == HISTORY_EVENT_FINISH || call->event == HISTORY_EVENT_REMOVE)
         && call_may_have_worked (call);
}

static gboolean
unmarks (const Call *call)
{
  return (call->event == HISTORY_EVENT_UNFINISH
          || (call->event == HISTORY_EVENT_ADD
              && (call->flags & CHIHUO_ADD_FLAGS_EVEN_FINISHED) != 0))
         && call_may_have_worked (call);
}

/* A completed run leaves nothing behind that would run again */
gboolean
run_may_be_complete (const Run *run)
{
  return run->settle.since != NEVER && (run->how == CHIHUO_SETTLE_DONE || run->finish)
         && run->answer != CHIHUO_ANSWER_STALE && run->answer != CHIHUO_ANSWER_DEAD;
}

gboolean
run_is_complete (const Run *run)
{
  return run->n_ok > 0 && run->how != CHIHUO_SETTLE_ABANDONED && run_may_be_complete (run);
}

/* Until when its lease lasts at least */
gint64
run_get_deadline (const Run *run)
{
  return run->lease > 0 ? run->renewed_at + run->lease : NEVER;
}

/* --- no-loss --- */

/* Whether the promise outlives a run that finishes the id: it says so, and no newer add has taken
 * its place that does not */
static gboolean
outlives_finish (const Task *task, const Call *promise, const Run *run)
{
  if (!(promise->flags & CHIHUO_ADD_FLAGS_EVEN_FINISHED))
    return FALSE;

  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call_makes_task (call) && !(call->flags & CHIHUO_ADD_FLAGS_EVEN_FINISHED)
          && call->span.until >= promise->span.since && call->span.since <= run->settle.until)
        return FALSE;
    }

  return TRUE;
}

static gboolean
run_fulfils (const Task *task, const Run *run, const Call *promise)
{
  if (run->finish && run->settle.until >= promise->span.since && run->answer != CHIHUO_ANSWER_STALE
      && run->settle.since != NEVER && !outlives_finish (task, promise, run))
    return TRUE;

  return run->claim.until >= promise->span.since
         && (run_may_be_complete (run) || run->answer == CHIHUO_ANSWER_DEAD);
}

static gboolean
is_fulfilled (Checker *self, const Task *task, const Call *promise)
{
  if (task->state != CHIHUO_TASK_STATE_ABSENT || checker_may_cut_dead (self))
    return TRUE;

  for (guint i = 0; i < task->runs->len; i++)
    if (run_fulfils (task, g_ptr_array_index (task->runs, i), promise))
      return TRUE;
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (drops_task (call) && call->span.until >= promise->span.since)
        return TRUE;
    }

  return FALSE;
}

static void
check_loss (Checker *self, const Task *task)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (task->is_final && promises_run (call) && !is_fulfilled (self, task, call))
        checker_violated (self, INVARIANT_NO_LOSS,
                          "%s: added at %" G_GINT64_FORMAT ", is gone and was not completed since",
                          task->name, call->span.until);
    }
}

/* A completion has to be that of code that has run to its end */
static void
check_completions (Checker *self, const Task *task)
{
  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      if (run->n_ok > 0 && run->how == CHIHUO_SETTLE_DONE && run->ended_at > run->settle.until)
        checker_violated (self, INVARIANT_NO_LOSS,
                          "%s: run %" G_GUINT64_FORMAT
                          " was settled as done before its code had ended",
                          task->name, run->token);
    }
}

/* --- no-phantom --- */

static gboolean
has_source (const Task *task, const Run *run)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call->event == HISTORY_EVENT_ADD && call->phase != HISTORY_PHASE_FAIL
          && call->span.since <= run->claim.until
          && (run->info == NULL || call->info == NULL || run->info == call->info))
        return TRUE;
    }

  return FALSE;
}

/* Whether something made the task that may have taken effect between a time and a claim */
gboolean
task_is_made_between (const Task *task, gint64 since, const Run *run)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call_makes_task (call) && call->span.until >= since
          && call->span.since <= run->claim.until)
        return TRUE;
    }

  return FALSE;
}

static void
check_removed (Checker *self, const Task *task, const Run *run)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call->event == HISTORY_EVENT_REMOVE && call->phase == HISTORY_PHASE_OK
          && call->answer == CHIHUO_ANSWER_OK && call->span.until < run->claim.since
          && !task_is_made_between (task, call->span.since, run))
        checker_violated (self, INVARIANT_NO_PHANTOM,
                          "%s: run %" G_GUINT64_FORMAT " begins after it was removed", task->name,
                          run->token);
    }
}

static void
check_phantom (Checker *self, const Task *task)
{
  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      if (!has_source (task, run))
        checker_violated (self, INVARIANT_NO_PHANTOM,
                          "%s: run %" G_GUINT64_FORMAT
                          " has an id or an info that nobody has added",
                          task->name, run->token);
      check_removed (self, task, run);
    }
}

/* --- no-double-completion --- */

static void
check_double_completion (Checker *self, const Task *task)
{
  const Run *last = NULL;

  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      if (run->n_ok > 1)
        checker_violated (self, INVARIANT_NO_DOUBLE_COMPLETION,
                          "%s: run %" G_GUINT64_FORMAT " was settled %u times", task->name,
                          run->token, run->n_ok);
      if (!run_is_complete (run))
        continue;
      if (last != NULL && !task_is_made_between (task, last->claim.since, run))
        checker_violated (self, INVARIANT_NO_DOUBLE_COMPLETION,
                          "%s: runs %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
                          " complete one add",
                          task->name, last->token, run->token);
      last = run;
    }
}

/* --- tokens-grow, no-two-valid-runs --- */

static gboolean
is_in_code (const Run *run, gint64 time)
{
  return run->started_at <= time && run->ended_at > time;
}

/* Until when it holds the task for certain */
static gint64
get_valid_end (const Run *run)
{
  gint64 end = MIN (run->process->killed_at, run_get_deadline (run));

  if (run->settle.since == NEVER)
    return end;
  if (!is_in_code (run, run->settle.since))
    return MIN (end, run->settle.since);
  if (run->how == CHIHUO_SETTLE_ABANDONED)
    return MIN (end, MIN (run->ended_at, run->settle.since + CHIHUO_ABANDONED_LEASE));

  return MIN (end, run->ended_at);
}

static void
check_pair (Checker *self, const Task *task, const Run *old, const Run *new)
{
  if (new->claim.until < old->claim.since)
    checker_violated (self, INVARIANT_TOKENS_GROW,
                      "%s: token %" G_GUINT64_FORMAT " was given after %" G_GUINT64_FORMAT,
                      task->name, old->token, new->token);

  if (MAX (old->claim.until, new->claim.until) < MIN (get_valid_end (old), get_valid_end (new)))
    checker_violated (self, INVARIANT_NO_TWO_VALID_RUNS,
                      "%s: %s holds it as %" G_GUINT64_FORMAT " until %" G_GINT64_FORMAT
                      ", and %s gets it as %" G_GUINT64_FORMAT " at %" G_GINT64_FORMAT,
                      task->name, old->worker->name, old->token, get_valid_end (old),
                      new->worker->name, new->token, new->claim.until);
}

static void
check_runs (Checker *self, const Task *task)
{
  for (guint i = 1; i < task->runs->len; i++)
    for (guint j = 0; j < i; j++)
      check_pair (self, task, g_ptr_array_index (task->runs, j), g_ptr_array_index (task->runs, i));
}

/* --- finished-sticks --- */

/* Whether the mark may be gone by a time, since somebody has taken it away after `since` */
static gboolean
may_be_unmarked (const Task *task, const Call *except, gint64 since, gint64 until)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call != except && unmarks (call) && call->span.until >= since
          && call->span.since <= until)
        return TRUE;
    }

  return FALSE;
}

/* The id is marked for certain at `marked.until`; `since`: what may have undone that */
static void
check_mark (Checker *self, const Task *task, gint64 since, gint64 until)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call->event == HISTORY_EVENT_ADD && call->phase == HISTORY_PHASE_OK
          && call->span.since > until && !(call->flags & CHIHUO_ADD_FLAGS_EVEN_FINISHED)
          && call->answer != CHIHUO_ANSWER_FINISHED
          && !may_be_unmarked (task, call, since, call->span.until)
          && !checker_may_cut (self, task, call->span.until))
        checker_violated (self, INVARIANT_FINISHED_STICKS,
                          "%s: finished at %" G_GINT64_FORMAT ", but an add at %" G_GINT64_FORMAT
                          " was not told so",
                          task->name, until, call->span.since);
    }

  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      if (run->claim.since > until && !may_be_unmarked (task, NULL, since, run->claim.until)
          && !checker_may_cut (self, task, run->claim.until))
        checker_violated (self, INVARIANT_FINISHED_STICKS,
                          "%s: finished at %" G_GINT64_FORMAT ", but run %" G_GUINT64_FORMAT
                          " begins",
                          task->name, until, run->token);
    }

  if (task->is_final && !task->finished && !may_be_unmarked (task, NULL, since, NEVER)
      && !checker_may_cut (self, task, NEVER))
    checker_violated (self, INVARIANT_FINISHED_STICKS,
                      "%s: finished at %" G_GINT64_FORMAT ", but the mark is gone", task->name,
                      until);
}

static void
check_finished (Checker *self, const Task *task)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call->event == HISTORY_EVENT_FINISH && call->phase == HISTORY_PHASE_OK)
        check_mark (self, task, call->span.since, call->span.until);
    }
  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      /* an add with EVEN_FINISHED during the run outlives its mark */
      if (run->finish && run->n_ok > 0)
        check_mark (self, task, run->claim.since, run->settle.until);
    }
}

/* --- nothing-starts-after-stop --- */

static void
check_exit (Checker *self, const Task *task)
{
  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      if (run->worker->exited_at != NEVER && run->settle.since == NEVER && !run->lost)
        checker_violated (
            self, INVARIANT_NOTHING_STARTS_AFTER_STOP,
            "%s: %s is over, and has neither settled nor returned run %" G_GUINT64_FORMAT,
            task->name, run->worker->name, run->token);
    }
}

void
checker_check_task (Checker *self, Task *task)
{
  check_loss (self, task);
  check_completions (self, task);
  check_phantom (self, task);
  checker_check_swept (self, task);
  check_double_completion (self, task);
  check_runs (self, task);
  check_finished (self, task);
  check_exit (self, task);
}
