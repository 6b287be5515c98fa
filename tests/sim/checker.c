/* checker.c - judges a history: reads it, and asks each rule
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "checker-private.h"

static const char *const invariant_names[] = {
  "no-loss",
  "no-phantom",
  "no-double-completion",
  "tokens-grow",
  "no-two-valid-runs",
  "fifo-without-faults",
  "finished-sticks",
  "rerun-has-cause",
  "drains-in-time",
  "nothing-starts-after-stop",
  "well-formed",
};

G_STATIC_ASSERT (G_N_ELEMENTS (invariant_names) == N_INVARIANTS);

const char *
invariant_get_name (Invariant invariant)
{
  return invariant_names[invariant];
}

static void
violation_free (gpointer data)
{
  Violation *violation = data;

  g_free (violation->text);
  g_free (violation);
}

void
checker_violated (Checker *self, Invariant invariant, const char *format, ...)
{
  Violation *violation = g_new (Violation, 1);
  va_list args;

  va_start (args, format);
  violation->invariant = invariant;
  violation->text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (self->violations, violation);
}

/* --- who and what --- */

static void
task_free (gpointer data)
{
  Task *task = data;

  g_ptr_array_unref (task->calls);
  g_ptr_array_unref (task->runs);
  g_free (task);
}

static void
process_free (gpointer data)
{
  Process *process = data;

  g_array_unref (process->faults);
  g_free (process);
}

static Task *
get_task (Checker *self, const char *name)
{
  Task *task = g_hash_table_lookup (self->tasks, name);

  if (task != NULL)
    return task;

  task = g_new0 (Task, 1);
  task->name = name;
  task->calls = g_ptr_array_new_with_free_func (g_free);
  task->runs = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_insert (self->tasks, (gpointer) name, task);
  g_ptr_array_add (self->order, task);

  return task;
}

static Process *
get_process (Checker *self, const char *name)
{
  Process *process = g_hash_table_lookup (self->processes, name);

  if (process != NULL)
    return process;

  process = g_new0 (Process, 1);
  process->name = name;
  process->killed_at = NEVER;
  process->paused_at = NEVER;
  process->faults = g_array_new (FALSE, FALSE, sizeof (Span));
  g_hash_table_insert (self->processes, (gpointer) name, process);

  return process;
}

static Worker *
get_worker (Checker *self, const char *name)
{
  Worker *worker = g_hash_table_lookup (self->workers, name);

  if (worker != NULL)
    return worker;

  worker = g_new0 (Worker, 1);
  worker->name = name;
  worker->stopped_at = NEVER;
  worker->exited_at = NEVER;
  g_hash_table_insert (self->workers, (gpointer) name, worker);

  return worker;
}

/* --- calls --- */

static Call *
find_call (Task *task, Process *process, guint64 op)
{
  for (guint i = task->calls->len; i > 0; i--)
    {
      Call *call = g_ptr_array_index (task->calls, i - 1);

      if (call->process == process && call->op == op)
        return call;
    }

  return NULL;
}

static void
take_call (Checker *self, const HistoryLine *line)
{
  Task *task = get_task (self, line->id);
  Process *process = get_process (self, line->process);
  Call *call = line->op != 0 ? find_call (task, process, line->op) : NULL;

  if (call == NULL)
    {
      call = g_new0 (Call, 1);
      *call = (Call) { .event = line->event,
                       .process = process,
                       .op = line->op,
                       .span = { line->since != 0 ? line->since : line->time, NEVER },
                       .info = line->info,
                       .flags = line->flags,
                       .delay = line->delay,
                       .priority = line->priority };
      g_ptr_array_add (task->calls, call);
    }

  call->phase = line->phase;
  call->answer = line->answer;
  if (line->phase == HISTORY_PHASE_OK)
    call->span.until = line->time;
}

/* --- runs --- */

static Run *
find_run (Task *task, guint64 token)
{
  for (guint i = task->runs->len; i > 0; i--)
    {
      Run *run = g_ptr_array_index (task->runs, i - 1);

      if (run->token == token)
        return run;
    }

  return NULL;
}

static Run *
add_run (Checker *self, Task *task, const HistoryLine *line)
{
  Run *run = g_new0 (Run, 1);
  guint i = task->runs->len;

  *run = (Run) { .token = line->token,
                 .process = get_process (self, line->process),
                 .worker = get_worker (self, line->worker),
                 .info = line->info,
                 .claim = { line->since, line->time },
                 .lease = line->lease,
                 .renewed_at = line->since,
                 .started_at = NEVER,
                 .ended_at = NEVER,
                 .settle = { NEVER, NEVER } };
  while (i > 0 && ((Run *) g_ptr_array_index (task->runs, i - 1))->token > run->token)
    i--;
  g_ptr_array_insert (task->runs, i, run);

  return run;
}

/* The claim itself may be invisible: then its start stands for it */
static Run *
get_run (Checker *self, Task *task, const HistoryLine *line)
{
  Run *run = find_run (task, line->token);

  if (run != NULL && line->event == HISTORY_EVENT_CLAIM)
    checker_violated (self, INVARIANT_TOKENS_GROW,
                      "%s: token %" G_GUINT64_FORMAT " was given twice", line->id, line->token);
  else if (run != NULL && g_strcmp0 (run->worker->name, line->worker) != 0)
    checker_violated (self, INVARIANT_TOKENS_GROW,
                      "%s: token %" G_GUINT64_FORMAT " is used by %s and %s", line->id, line->token,
                      run->worker->name, line->worker);
  else if (run == NULL && line->event != HISTORY_EVENT_CLAIM && line->event != HISTORY_EVENT_START)
    checker_violated (self, INVARIANT_WELL_FORMED,
                      "%s: token %" G_GUINT64_FORMAT " is used before it was given", line->id,
                      line->token);

  return run != NULL ? run : add_run (self, task, line);
}

/* The store has accepted a token, though it had given a newer one before it was asked */
static void
check_token (Checker *self, Task *task, const Run *run, gint64 since)
{
  const Run *newest = g_ptr_array_index (task->runs, task->runs->len - 1);

  if (newest->token > run->token && newest->claim.until <= since)
    checker_violated (self, INVARIANT_TOKENS_GROW,
                      "%s: the old token %" G_GUINT64_FORMAT
                      " of %s was accepted after %s got %" G_GUINT64_FORMAT,
                      task->name, run->token, run->worker->name, newest->worker->name,
                      newest->token);
}

static void
take_renewal (Checker *self, Task *task, Run *run, const HistoryLine *line)
{
  if (line->answer == CHIHUO_ANSWER_STALE)
    {
      run->lost = TRUE;
      return;
    }

  check_token (self, task, run, line->since);
  run->renewed_at = MAX (run->renewed_at, line->since);
}

static void
take_settle (Checker *self, Task *task, Run *run, const HistoryLine *line)
{
  if (run->settle.since == NEVER)
    run->settle.since =
        line->phase == HISTORY_PHASE_INVOKE ? line->time : MIN (run->ended_at, line->time);
  if (line->phase == HISTORY_PHASE_INVOKE || run->how == 0)
    {
      run->how = line->how;
      run->finish = line->finish;
      run->delay = line->delay;
    }
  if (line->phase != HISTORY_PHASE_OK)
    return;

  run->answer = line->answer;
  run->settle.until = MIN (run->settle.until, line->time);
  if (line->answer != CHIHUO_ANSWER_STALE)
    {
      run->n_ok++;
      check_token (self, task, run, run->settle.since);
    }
}

static void
take_run_line (Checker *self, const HistoryLine *line)
{
  Task *task = get_task (self, line->id);
  Run *run = get_run (self, task, line);

  switch ((int) line->event)
    {
    case HISTORY_EVENT_START:
      if (run->started_at != NEVER)
        checker_violated (self, INVARIANT_NO_TWO_VALID_RUNS,
                          "%s: token %" G_GUINT64_FORMAT " was started twice", line->id,
                          line->token);
      if (line->time > run->worker->stopped_at)
        checker_violated (self, INVARIANT_NOTHING_STARTS_AFTER_STOP,
                          "%s: %s starts it at %" G_GINT64_FORMAT
                          ", but was stopped at %" G_GINT64_FORMAT,
                          line->id, line->worker, line->time, run->worker->stopped_at);
      run->started_at = line->time;
      break;
    case HISTORY_EVENT_END:
      run->ended_at = line->time;
      break;
    case HISTORY_EVENT_RENEW:
      take_renewal (self, task, run, line);
      break;
    case HISTORY_EVENT_SETTLE:
      take_settle (self, task, run, line);
      break;
    default:
      break;
    }
}

/* --- faults --- */

static void
add_fault (Process *process, gint64 since, gint64 until)
{
  Span span = { since, until };

  g_array_append_val (process->faults, span);
}

static void
take_fault (Checker *self, const HistoryLine *line)
{
  Process *process = line->process != NULL ? get_process (self, line->process) : NULL;

  self->has_faults = self->has_faults || line->event != HISTORY_EVENT_JUMP;
  self->has_jumps = self->has_jumps || line->event == HISTORY_EVENT_JUMP;
  if (process == NULL)
    return;

  switch ((int) line->event)
    {
    case HISTORY_EVENT_KILL:
      process->killed_at = MIN (process->killed_at, line->time);
      break;
    case HISTORY_EVENT_PAUSE:
      process->paused_at = line->time;
      break;
    case HISTORY_EVENT_RESUME:
      add_fault (process, process->paused_at, line->time);
      process->paused_at = NEVER;
      break;
    case HISTORY_EVENT_CUT:
      add_fault (process, line->since, line->time);
      break;
    default:
      break;
    }
}

static void
take_final (Checker *self, const HistoryLine *line)
{
  Task *task = get_task (self, line->id);

  task->is_final = TRUE;
  task->state = line->state;
  task->finished = line->finish;
}

static gboolean
is_complete (const HistoryLine *line)
{
  gboolean is_rule = line->event == HISTORY_EVENT_SWEEP || line->event == HISTORY_EVENT_KEEP;
  gboolean needs_id
      = (line->event <= HISTORY_EVENT_SETTLE && !is_rule) || line->event == HISTORY_EVENT_FINAL;
  gboolean needs_worker = line->event >= HISTORY_EVENT_CLAIM && line->event <= HISTORY_EVENT_EXIT;
  gboolean needs_token = line->event >= HISTORY_EVENT_CLAIM && line->event <= HISTORY_EVENT_SETTLE;
  gboolean needs_process = line->event <= HISTORY_EVENT_RESUME;

  return (!needs_id || line->id != NULL) && (!needs_worker || line->worker != NULL)
         && (!needs_token || line->token != 0) && (!needs_process || line->process != NULL);
}

static void
take_line (Checker *self, const HistoryLine *line)
{
  if (!is_complete (line))
    {
      checker_violated (self, INVARIANT_WELL_FORMED,
                        "the line at %" G_GINT64_FORMAT " says too little", line->time);
      return;
    }

  if (line->event <= HISTORY_EVENT_RETRY)
    take_call (self, line);
  else if (line->event <= HISTORY_EVENT_KEEP)
    checker_take_rule (self, get_process (self, line->process), line);
  else if (line->event <= HISTORY_EVENT_SETTLE)
    take_run_line (self, line);
  else if (line->event == HISTORY_EVENT_STOP)
    get_worker (self, line->worker)->stopped_at = line->time;
  else if (line->event == HISTORY_EVENT_EXIT)
    get_worker (self, line->worker)->exited_at = line->time;
  else if (line->event <= HISTORY_EVENT_JUMP)
    take_fault (self, line);
  else if (line->event == HISTORY_EVENT_FINAL)
    take_final (self, line);
  else if (line->event == HISTORY_EVENT_DRAINED)
    self->drained_at = line->time;
  else
    {
      self->healed_at = line->time;
      self->drain_time = line->lease;
    }
}

/* --- the end --- */

static void
check_drained (Checker *self)
{
  if (self->healed_at == NEVER)
    return;

  if (self->drained_at == NEVER)
    checker_violated (self, INVARIANT_DRAINS_IN_TIME,
                      "it did not drain within %g s after the faults",
                      self->drain_time / (double) G_USEC_PER_SEC);
  else if (self->drained_at - self->healed_at > self->drain_time)
    checker_violated (self, INVARIANT_DRAINS_IN_TIME, "it took %g s to drain, allowed are %g s",
                      (self->drained_at - self->healed_at) / (double) G_USEC_PER_SEC,
                      self->drain_time / (double) G_USEC_PER_SEC);

  for (guint i = 0; i < self->order->len; i++)
    {
      const Task *task = g_ptr_array_index (self->order, i);

      if (self->drained_at != NEVER && task->is_final && task->state != CHIHUO_TASK_STATE_ABSENT
          && task->state != CHIHUO_TASK_STATE_DEAD)
        checker_violated (self, INVARIANT_DRAINS_IN_TIME, "%s: still in the queue at the end",
                          task->name);
    }
}

/* A history without adds, or without an end, would pass all rules */
static void
check_enough (Checker *self)
{
  guint n_added = 0;

  for (guint i = 0; i < self->order->len; i++)
    {
      const Task *task = g_ptr_array_index (self->order, i);

      n_added += task->calls->len > 0;
      if (!task->is_final)
        checker_violated (self, INVARIANT_WELL_FORMED,
                          "%s: nobody says what the store holds of it at last", task->name);
    }
  if (n_added == 0)
    checker_violated (self, INVARIANT_WELL_FORMED, "nothing was added: there is nothing to judge");
}

static void
checker_init (Checker *self)
{
  self->tasks = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, task_free);
  self->order = g_ptr_array_new ();
  self->processes = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, process_free);
  self->workers = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, g_free);
  self->rules = g_array_new (FALSE, FALSE, sizeof (Rule));
  self->violations = g_ptr_array_new_with_free_func (violation_free);
  self->healed_at = NEVER;
  self->drained_at = NEVER;
}

static GPtrArray *
checker_finish (Checker *self)
{
  g_array_unref (self->rules);
  g_ptr_array_unref (self->order);
  g_hash_table_unref (self->tasks);
  g_hash_table_unref (self->processes);
  g_hash_table_unref (self->workers);

  return self->violations;
}

/* Gives all violations, (element-type Violation); none: all was kept */
GPtrArray *
checker_judge (GArray *lines)
{
  Checker self = { 0 };

  checker_init (&self);
  for (guint i = 0; i < lines->len; i++)
    take_line (&self, &g_array_index (lines, HistoryLine, i));

  for (guint i = 0; i < self.order->len; i++)
    {
      checker_spread_rules (&self, g_ptr_array_index (self.order, i));
      checker_check_task (&self, g_ptr_array_index (self.order, i));
      checker_check_causes (&self, g_ptr_array_index (self.order, i));
    }
  if (!self.has_faults)
    checker_check_order (&self);
  check_drained (&self);
  check_enough (&self);

  return checker_finish (&self);
}
