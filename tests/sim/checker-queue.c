/* checker-queue.c - what a call about all of a queue means for each of its tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "checker-private.h"

/* A sweep is to each task a call that nobody has heard the answer of: it may have been removed, lost
 * its mark, or been sent back, anywhere between the asking and the answer. Beyond that, without
 * faults, what nobody had claimed until a clear was answered is gone for certain.
 *
 * What a queue keeps only for some time goes by the store's wall clock: no mark is cut before it is
 * that old, if no clock has jumped. */

static Rule *
find_rule (Checker *self, Process *process, guint64 op)
{
  for (guint i = self->rules->len; i > 0; i--)
    {
      Rule *rule = &g_array_index (self->rules, Rule, i - 1);

      if (rule->process == process && rule->op == op)
        return rule;
    }

  return NULL;
}

void
checker_take_rule (Checker *self, Process *process, const HistoryLine *line)
{
  Rule *rule = line->op != 0 ? find_rule (self, process, line->op) : NULL;

  if (rule == NULL)
    {
      Rule new = { .event = line->event,
                   .process = process,
                   .op = line->op,
                   .span = { line->since != 0 ? line->since : line->time, NEVER },
                   .flags = line->flags,
                   .finished = line->lease,
                   .cuts_dead = line->delay > 0 || line->priority > 0 };

      g_array_append_val (self->rules, new);
      rule = &g_array_index (self->rules, Rule, self->rules->len - 1);
    }

  rule->phase = line->phase;
  if (line->phase == HISTORY_PHASE_OK)
    rule->span.until = line->time;
}

static void
add_call (Task *task, const Rule *rule, HistoryEvent event)
{
  Call *call = g_new0 (Call, 1);

  *call = (Call) { .event = event,
                   .phase = rule->phase,
                   .process = rule->process,
                   .span = rule->span };
  g_ptr_array_add (task->calls, call);
}

/* The sweeps as calls about this task */
void
checker_spread_rules (Checker *self, Task *task)
{
  const guint removing = CHIHUO_CLEAR_FLAGS_ALL & ~CHIHUO_CLEAR_FLAGS_FINISHED;

  for (guint i = 0; i < self->rules->len; i++)
    {
      const Rule *rule = &g_array_index (self->rules, Rule, i);

      if (rule->event != HISTORY_EVENT_SWEEP)
        continue;
      if ((rule->flags & removing) != 0)
        add_call (task, rule, HISTORY_EVENT_REMOVE);
      if ((rule->flags & CHIHUO_CLEAR_FLAGS_FINISHED) != 0)
        add_call (task, rule, HISTORY_EVENT_UNFINISH);
      if ((rule->flags & HISTORY_SWEEP_RETRY) != 0)
        add_call (task, rule, HISTORY_EVENT_RETRY);
    }
}

/* Whether it waited all the time until then, or was delayed: a replacement may make it delayed again
 * behind the back of a sweep */
static gboolean
was_waiting (const Task *task, gint64 until)
{
  for (guint i = 0; i < task->runs->len; i++)
    if (((const Run *) g_ptr_array_index (task->runs, i))->claim.since <= until)
      return FALSE;
  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if ((call->flags & CHIHUO_ADD_FLAGS_REPLACE) != 0 && call->delay > 0
          && call->span.since <= until)
        return FALSE;
    }

  return TRUE;
}

static void
check_sweep (Checker *self, const Task *task, const Rule *rule)
{
  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      if (!task_is_made_between (task, rule->span.since, run))
        checker_violated (self, INVARIANT_NO_PHANTOM,
                          "%s: run %" G_GUINT64_FORMAT " begins after the queue was cleared",
                          task->name, run->token);
    }
}

/* Nothing runs that was cleared */
void
checker_check_swept (Checker *self, const Task *task)
{
  for (guint i = 0; i < self->rules->len && !self->has_faults; i++)
    {
      const Rule *rule = &g_array_index (self->rules, Rule, i);

      if (rule->event == HISTORY_EVENT_SWEEP && rule->phase == HISTORY_PHASE_OK
          && (rule->flags & CHIHUO_CLEAR_FLAGS_WAITING) != 0
          && was_waiting (task, rule->span.until))
        check_sweep (self, task, rule);
    }
}

/* Since when it may have been marked */
static gint64
get_first_mark (const Task *task)
{
  gint64 first = NEVER;

  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (call->event == HISTORY_EVENT_FINISH)
        first = MIN (first, call->span.since);
    }
  for (guint i = 0; i < task->runs->len; i++)
    {
      const Run *run = g_ptr_array_index (task->runs, i);

      if (run->finish)
        first = MIN (first, run->settle.since);
    }

  return first;
}

/* Whether its mark may have become too old by then */
gboolean
checker_may_cut (Checker *self, const Task *task, gint64 time)
{
  gint64 first = get_first_mark (task);

  for (guint i = 0; i < self->rules->len; i++)
    {
      const Rule *rule = &g_array_index (self->rules, Rule, i);

      if (rule->finished > 0 && rule->phase != HISTORY_PHASE_FAIL && rule->span.since <= time
          && (self->has_jumps || time - first > rule->finished))
        return TRUE;
    }

  return FALSE;
}

/* A task that dies with its worker is dead without a word; and then it may be cut */
gboolean
checker_may_cut_dead (Checker *self)
{
  for (guint i = 0; i < self->rules->len && self->has_faults; i++)
    if (g_array_index (self->rules, Rule, i).cuts_dead)
      return TRUE;

  return FALSE;
}
