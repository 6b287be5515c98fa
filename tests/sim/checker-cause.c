/* checker-cause.c - why a task has run again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "checker-private.h"

/* Each run but the first must have a cause that lies between the claim of the last one and its own:
 * a settle that sends the task back, an add, or a fault of the process that held it. A lease that
 * ends without a fault is none: a worker that lives renews it. */

static gboolean
was_asked_for (const Task *task, const Run *last, const Run *run)
{
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call_makes_task (call) && call->span.until >= last->claim.since
          && call->span.since <= run->claim.until)
        return TRUE;
    }

  return FALSE;
}

static gboolean
had_fault (const Process *process, gint64 since, gint64 until)
{
  if (process->paused_at < until)
    return TRUE;

  for (guint i = 0; i < process->faults->len; i++)
    {
      const Span *fault = &g_array_index (process->faults, Span, i);

      if (fault->since < until && fault->until > since)
        return TRUE;
    }

  return FALSE;
}

static gboolean
was_taken_away (const Run *last, const Run *run)
{
  if (last->process->killed_at <= run->claim.until)
    return TRUE;

  return run_get_deadline (last) <= run->claim.until
         && had_fault (last->process, last->claim.since, run->claim.until);
}

/* Whether it gave the task back, so that it may run without anything else */
static gboolean
was_sent_back (const Run *last, const Run *run)
{
  return last->settle.since <= run->claim.until && last->answer != CHIHUO_ANSWER_STALE
         && last->answer != CHIHUO_ANSWER_DEAD && !run_is_complete (last)
         && last->how != CHIHUO_SETTLE_DONE;
}

/* Whether it has ended at all, so that something may follow */
static gboolean
has_ended (const Run *last, const Run *run)
{
  return last->settle.since <= run->claim.until && last->answer != CHIHUO_ANSWER_STALE;
}

static gboolean
has_cause (const Task *task, const Run *last, const Run *run)
{
  if (was_sent_back (last, run) || was_taken_away (last, run))
    return TRUE;

  return has_ended (last, run) && was_asked_for (task, last, run);
}

void
checker_check_causes (Checker *self, Task *task)
{
  for (guint i = 1; i < task->runs->len; i++)
    {
      const Run *last = g_ptr_array_index (task->runs, i - 1);
      const Run *run = g_ptr_array_index (task->runs, i);

      if (!has_cause (task, last, run))
        checker_violated (self, INVARIANT_RERUN_HAS_CAUSE,
                          "%s: nothing explains run %" G_GUINT64_FORMAT
                          " of %s after %" G_GUINT64_FORMAT " of %s",
                          task->name, run->token, run->worker->name, last->token,
                          last->worker->name);
    }
}
