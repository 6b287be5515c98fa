/* chihuo-engine.c - what to claim, to renew, to settle and to give up: a state machine
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-engine-private.h"
#include "chihuo-mutant.h"

/* Events come in as calls, actions go out by chihuo_engine_collect() (to the store), _pop_action() and
 * _pop_over() (to the code's side). There is no I/O in here, no thread, no lock and no clock: a runner
 * calls it under its lock and tells the time; the simulation does so with a clock of its own.
 *
 * A run goes READY → RUNNING → ENDED → SENT → OVER. Each state has its list. */

/* As much is claimed ahead as will start within this time, µs */
#define PREFETCH_TIME (20.0 * 1000)
#define PREFETCH_MAX 1024

/* Claimed ahead, but not started by then: others shall have it */
#define PREFETCH_PATIENCE (1 * G_USEC_PER_SEC)

/* A worker takes as many tasks at a time as it can run in this time, µs */
#define HAND_TIME 100.0
#define HAND_MAX 64

/* So many settles are worth an exchange of their own while there is still work at hand */
#define SETTLES_WORTH_SENDING (CHIHUO_BATCH_MAX_ITEMS / 2)

/* --- runs --- */

static GQueue *
list_of (ChihuoEngine *self, ChihuoRunState state)
{
  switch (state)
    {
    case CHIHUO_RUN_STATE_READY:
      return &self->ready;
    case CHIHUO_RUN_STATE_RUNNING:
      return &self->running;
    case CHIHUO_RUN_STATE_ENDED:
      return &self->ended;
    case CHIHUO_RUN_STATE_SENT:
      return &self->sent;
    case CHIHUO_RUN_STATE_OVER:
    default:
      return &self->over;
    }
}

void
chihuo_engine_move_run (ChihuoEngine *self, ChihuoRun *run, ChihuoRunState state)
{
  g_queue_unlink (list_of (self, run->state), &run->link);
  run->state = state;
  g_queue_push_tail_link (list_of (self, state), &run->link);
}

static void
forget_action (ChihuoEngine *self, ChihuoRun *run)
{
  if (run->todo == CHIHUO_ACTION_NONE)
    return;

  g_queue_unlink (&self->todo, &run->todo_link);
  run->todo = CHIHUO_ACTION_NONE;
}

static void
want_action (ChihuoEngine *self, ChihuoRun *run, ChihuoAction action)
{
  forget_action (self, run);
  run->todo = action;
  g_queue_push_tail_link (&self->todo, &run->todo_link);
}

void
chihuo_engine_run_is_over (ChihuoEngine *self, ChihuoRun *run, ChihuoOutcome outcome)
{
  run->outcome = outcome;
  g_queue_unlink (list_of (self, run->state), &run->link);
  run->state = CHIHUO_RUN_STATE_OVER;
  g_queue_push_tail_link (run->in_code ? &self->left : &self->over, &run->link);
  forget_action (self, run);
  if (run->claimed.crashes > 0)
    self->n_suspects--;
  if (self->index != NULL && g_hash_table_lookup (self->index, run->claimed.payload) == run)
    g_hash_table_remove (self->index, run->claimed.payload);
}

void
chihuo_engine_free_run (ChihuoRun *run)
{
  g_clear_pointer (&run->claimed.payload, chihuo_payload_unref);
  if (run->error != NULL)
    g_free (run->error);
  g_slice_free (ChihuoRun, run);
}

/* --- life --- */

ChihuoEngine *
chihuo_engine_new (const ChihuoEngineOptions *options)
{
  ChihuoEngine *self = g_new0 (ChihuoEngine, 1);

  self->options = *options;
  self->random = g_rand_new_with_seed (options->seed);
  g_queue_init (&self->ready);
  g_queue_init (&self->running);
  g_queue_init (&self->ended);
  g_queue_init (&self->sent);
  g_queue_init (&self->over);
  g_queue_init (&self->left);
  g_queue_init (&self->todo);
  self->hungry = TRUE;
  self->claim_at = G_MAXINT64;
  self->next_renewal = G_MAXINT64;
  self->next_deadline = G_MAXINT64;
  self->cancel_at = G_MAXINT64;

  return self;
}

static void
free_list (GQueue *list)
{
  GList *link;

  while ((link = g_queue_pop_head_link (list)) != NULL)
    chihuo_engine_free_run (link->data);
}

void
chihuo_engine_free (ChihuoEngine *self)
{
  free_list (&self->ready);
  free_list (&self->running);
  free_list (&self->ended);
  free_list (&self->sent);
  free_list (&self->over);
  free_list (&self->left);
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_rand_free (self->random);
  g_free (self);
}

/* --- how much at a time --- */

/* What will start within 20 ms; nothing when tasks are long */
guint
chihuo_engine_get_prefetch (ChihuoEngine *self)
{
  double n;

  if (self->pace <= 0)
    return 0;

  n = self->options.concurrency * PREFETCH_TIME / self->pace;

  return n >= PREFETCH_MAX ? PREFETCH_MAX : n;
}

guint
chihuo_engine_get_want (ChihuoEngine *self)
{
  guint64 goal = (guint64) self->options.concurrency + chihuo_engine_get_prefetch (self);
  guint held = self->running.length + self->ready.length;

  return goal > held ? MIN (goal - held, G_MAXUINT) : 0;
}

/* How many slots are free for tasks that are not here yet */
guint
chihuo_engine_get_n_free (ChihuoEngine *self)
{
  guint held = self->running.length + self->ready.length;

  return self->options.concurrency > held ? self->options.concurrency - held : 0;
}

/* How many tasks a worker should take at a time */
guint
chihuo_engine_get_hand (ChihuoEngine *self)
{
  if (self->pace <= 0)
    return 1;

  return CLAMP (HAND_TIME / self->pace, 1, HAND_MAX);
}

/* `busy` µs were spent on `n_tasks` tasks, one after another */
void
chihuo_engine_note_pace (ChihuoEngine *self, gint64 busy, guint n_tasks)
{
  double pace = MAX ((double) busy, 0.1) / n_tasks;
  double weight = MIN (n_tasks * 0.1, 0.5);

  self->pace = self->pace <= 0 ? pace : self->pace + (pace - self->pace) * weight;
}

/* A task that still runs was begun `age` µs ago. How short tasks are is only known of one that has ended */
void
chihuo_engine_note_age (ChihuoEngine *self, gint64 age)
{
  if (self->pace > 0 && age > self->pace)
    chihuo_engine_note_pace (self, age, 1);
}

void
chihuo_engine_cancel_run (ChihuoEngine *self, gint64 now, ChihuoRun *run, ChihuoCancelReason reason)
{
  gboolean told = run->cancel != CHIHUO_CANCEL_NONE;

  /* a lost lease outweighs all else, since nothing can be settled any more */
  if (told && reason != CHIHUO_CANCEL_LOST)
    return;

  run->cancel = reason;
  if (!told)
    {
      run->overdue_at = now + self->options.lease;
      self->next_deadline = MIN (self->next_deadline, run->overdue_at);
      want_action (self, run, CHIHUO_ACTION_CANCEL);
    }
}

/* A run that nobody has started ends without any code */
void
chihuo_engine_end_unstarted (ChihuoEngine *self, ChihuoRun *run)
{
  run->how = CHIHUO_SETTLE_RETURNED;
  chihuo_engine_move_run (self, run, CHIHUO_RUN_STATE_ENDED);
}

/* There may be something to claim */
void
chihuo_engine_note_work (ChihuoEngine *self)
{
  self->hungry = TRUE;
}

/* Something that runs here may have been cancelled: the next renewals will tell */
void
chihuo_engine_note_notice (ChihuoEngine *self)
{
  for (GList *l = self->running.head; l != NULL; l = l->next)
    ((ChihuoRun *) l->data)->renew_at = 0;
  if (self->running.length > 0)
    self->next_renewal = 0;
}

/* --- to the code --- */

/* The task that would be taken next; NULL = none now */
ChihuoRun *
chihuo_engine_peek (ChihuoEngine *self)
{
  if (self->ready.length == 0
      || (self->state != ENGINE_STATE_RUNNING && !CHIHUO_MUTANT ("starts-after-stop")))
    return NULL;

  return self->ready.head->data;
}

/* The next task for a free slot; NULL = none now */
ChihuoRun *
chihuo_engine_take (ChihuoEngine *self, const ChihuoMoment *moment)
{
  ChihuoRun *run = chihuo_engine_peek (self);

  if (run == NULL)
    return NULL;

  chihuo_engine_move_run (self, run, CHIHUO_RUN_STATE_RUNNING);
  run->in_code = TRUE;
  run->started_at = moment->lease;
  if (run->claimed.timeout > 0)
    {
      run->deadline = moment->lease + run->claimed.timeout;
      self->next_deadline = MIN (self->next_deadline, run->deadline);
    }

  return run;
}

/* The code has let go of the run. FALSE: it was abandoned meanwhile, and there is nothing to do */
static gboolean
leave_code (ChihuoEngine *self, ChihuoRun *run)
{
  run->in_code = FALSE;
  run->runner_data = NULL;
  if (run->state == CHIHUO_RUN_STATE_OVER)
    {
      g_queue_unlink (&self->left, &run->link);
      g_queue_push_tail_link (&self->over, &run->link);
    }

  /* given up, but the store was not told of it yet: its own end counts after all */
  if (run->state == CHIHUO_RUN_STATE_ENDED && run->how == CHIHUO_SETTLE_ABANDONED)
    chihuo_engine_move_run (self, run, CHIHUO_RUN_STATE_RUNNING);

  return run->state == CHIHUO_RUN_STATE_RUNNING;
}

/* It was taken, but its code was not started */
void
chihuo_engine_give_back (ChihuoEngine *self, ChihuoRun *run)
{
  if (!leave_code (self, run))
    return;

  g_queue_unlink (&self->running, &run->link);
  run->state = CHIHUO_RUN_STATE_READY;
  run->started_at = 0;
  run->deadline = G_MAXINT64;
  forget_action (self, run);
  g_queue_push_head_link (&self->ready, &run->link);

  if (run->cancel == CHIHUO_CANCEL_LOST)
    chihuo_engine_run_is_over (self, run, CHIHUO_OUTCOME_LOST);
  else if (run->cancel != CHIHUO_CANCEL_NONE || self->state != ENGINE_STATE_RUNNING)
    chihuo_engine_end_unstarted (self, run);
}

/* Seconds until the next try, after Sidekiq's formula */
static double
policy_delay (ChihuoEngine *self, guint failures)
{
  double n = failures;

  switch (self->options.retry_policy)
    {
    case CHIHUO_RETRY_POLICY_CONSTANT:
      return 15 + g_rand_double_range (self->random, 0, 10);
    case CHIHUO_RETRY_POLICY_IMMEDIATE:
      return -1;
    case CHIHUO_RETRY_POLICY_EXPONENTIAL:
    default:
      return n * n * n * n + 15 + g_rand_double_range (self->random, 0, 10 * n);
    }
}

static void
end_failed (ChihuoEngine *self, ChihuoRun *run, const ChihuoEnd *end)
{
  double seconds = end->seconds;

  run->how = CHIHUO_SETTLE_FAILED;
  if (isnan (seconds))
    seconds = policy_delay (self, run->claimed.failures + 1);
  else if (seconds < 0)
    run->how = CHIHUO_SETTLE_REJECTED;
  run->delay = seconds < 0 ? -1 : MIN (seconds, 1e9) * G_USEC_PER_SEC;

  g_free (run->error);
  if (run->cancel == CHIHUO_CANCEL_TIMED_OUT)
    run->error = g_strdup_printf ("timed out after %g s: %s",
                                  run->claimed.timeout / (double) G_USEC_PER_SEC,
                                  end->error != NULL ? end->error : "no answer");
  else
    run->error = g_strdup (end->error);
}

/* The code of a run has ended */
void
chihuo_engine_end (ChihuoEngine *self, const ChihuoMoment *moment, ChihuoRun *run,
                   const ChihuoEnd *end)
{
  if (run->begun)
    chihuo_engine_note_pace (self, moment->lease - run->started_at, 1);

  if (!leave_code (self, run))
    return;
  forget_action (self, run);
  if (run->cancel == CHIHUO_CANCEL_LOST)
    {
      chihuo_engine_run_is_over (self, run, CHIHUO_OUTCOME_LOST);
      return;
    }

  if (end->kind == CHIHUO_END_DONE)
    {
      run->how = CHIHUO_SETTLE_DONE;
      if (self->options.finish_on_success)
        g_atomic_int_set (&run->finish, TRUE);
    }
  else if (run->cancel == CHIHUO_CANCEL_STOP)
    run->how = CHIHUO_SETTLE_RETURNED;
  else if (end->kind == CHIHUO_END_POSTPONED)
    {
      run->how = CHIHUO_SETTLE_POSTPONED;
      run->delay = MIN (end->seconds, 1e9) * G_USEC_PER_SEC;
    }
  else
    {
      end_failed (self, run, end);
      if (end->kind == CHIHUO_END_REJECTED)
        run->how = CHIHUO_SETTLE_REJECTED;
    }

  chihuo_engine_move_run (self, run, CHIHUO_RUN_STATE_ENDED);
}

static void
index_list (GHashTable *index, GQueue *list)
{
  for (GList *l = list->head; l != NULL; l = l->next)
    g_hash_table_replace (index, ((ChihuoRun *) l->data)->claimed.payload, l->data);
}

/* The run of an id that is held here, until its settle is answered. Most programs only ever ask for the
 * task they are in, which needs no index, so it is made at the first question */
ChihuoRun *
chihuo_engine_find (ChihuoEngine *self, ChihuoPayload *id)
{
  if (self->index == NULL)
    {
      self->index = g_hash_table_new (chihuo_payload_hash, chihuo_payload_equal);
      index_list (self->index, &self->sent);
      index_list (self->index, &self->ended);
      index_list (self->index, &self->running);
      index_list (self->index, &self->ready);
    }

  return g_hash_table_lookup (self->index, id);
}

/* The id is marked as finished with the run, or not any more. FALSE: too late, the settle is under way */
gboolean
chihuo_engine_set_finish (ChihuoEngine *self, ChihuoRun *run, gboolean finish)
{
  switch (run->state)
    {
    case CHIHUO_RUN_STATE_READY:
      g_atomic_int_set (&run->finish, finish);
      if (finish)
        chihuo_engine_end_unstarted (self, run);
      return TRUE;

    case CHIHUO_RUN_STATE_RUNNING:
    case CHIHUO_RUN_STATE_ENDED:
      g_atomic_int_set (&run->finish, finish);
      return TRUE;

    case CHIHUO_RUN_STATE_SENT:
    case CHIHUO_RUN_STATE_OVER:
    default:
      return FALSE;
    }
}

/* --- people --- */

void
chihuo_engine_set_concurrency (ChihuoEngine *self, guint concurrency)
{
  self->options.concurrency = concurrency;
  self->hungry = TRUE;
}

/* What people may change while it runs */
void
chihuo_engine_set_options (ChihuoEngine *self, const ChihuoEngineOptions *options)
{
  ChihuoEngineOptions old = self->options;

  self->options = *options;
  self->options.queue = old.queue;
  self->options.claimant = old.claimant;
  self->options.poll = old.poll;
  self->options.seed = old.seed;
  self->hungry = TRUE;
}

/* While it is held, it does not end by itself */
void
chihuo_engine_set_held (ChihuoEngine *self, gboolean held)
{
  self->held = held;
  self->hungry = TRUE;
}

static void
check_stopped (ChihuoEngine *self)
{
  if (self->state == ENGINE_STATE_STOPPING && !self->claiming && self->ready.length == 0
      && (self->running.length == 0 || self->abandoned) && self->ended.length == 0
      && self->sent.length == 0)
    self->state = ENGINE_STATE_OVER;
}

/* No more claims; what has not started goes back; the rest is cancelled after the drain time-out */
void
chihuo_engine_stop (ChihuoEngine *self, const ChihuoMoment *moment)
{
  if (CHIHUO_MUTANT ("second-stop-returns-twice") && self->state == ENGINE_STATE_STOPPING)
    while (self->running.length > 0)
      chihuo_engine_end_unstarted (self, self->running.head->data);

  if (self->state != ENGINE_STATE_RUNNING)
    return;

  self->state = ENGINE_STATE_STOPPING;
  self->cancel_at = moment->lease + self->options.drain_timeout;
  chihuo_engine_advance (self, moment);
}

/* What still runs is given up: its code may go on, but it is no business of ours any more */
void
chihuo_engine_abandon (ChihuoEngine *self)
{
  GList *next;

  self->abandoned = TRUE;
  for (GList *l = self->running.head; l != NULL; l = next)
    {
      ChihuoRun *run = l->data;

      next = l->next;
      forget_action (self, run);
      if (run->cancel == CHIHUO_CANCEL_LOST)
        continue;
      run->how = CHIHUO_SETTLE_ABANDONED;
      chihuo_engine_move_run (self, run, CHIHUO_RUN_STATE_ENDED);
    }
}

/* --- time --- */

static void
check_deadlines (ChihuoEngine *self, gint64 now)
{
  if (now < self->next_deadline)
    return;

  self->next_deadline = G_MAXINT64;
  for (GList *l = self->running.head; l != NULL; l = l->next)
    {
      ChihuoRun *run = l->data;

      if (now >= run->deadline)
        {
          run->deadline = G_MAXINT64;
          chihuo_engine_cancel_run (self, now, run, CHIHUO_CANCEL_TIMED_OUT);
        }
      if (now >= run->overdue_at)
        {
          run->overdue_at = G_MAXINT64;
          want_action (self, run, CHIHUO_ACTION_OVERDUE);
        }
      self->next_deadline = MIN (self->next_deadline, MIN (run->deadline, run->overdue_at));
    }
}

static void
return_ready (ChihuoEngine *self)
{
  while (self->ready.length > 0)
    chihuo_engine_end_unstarted (self, self->ready.head->data);
}

/* Tasks have become long: what was claimed ahead shall not wait for them */
static void
check_patience (ChihuoEngine *self, gint64 now)
{
  ChihuoRun *first = self->ready.length > 0 ? self->ready.head->data : NULL;

  if (first == NULL || now < first->claimed_at + PREFETCH_PATIENCE
      || self->running.length < self->options.concurrency)
    return;

  self->pace = PREFETCH_PATIENCE;
  return_ready (self);
}

static void
check_stop (ChihuoEngine *self, gint64 now)
{
  if (self->state != ENGINE_STATE_STOPPING)
    return;

  return_ready (self);
  if (now >= self->cancel_at)
    {
      self->cancel_at = G_MAXINT64;
      for (GList *l = self->running.head; l != NULL; l = l->next)
        chihuo_engine_cancel_run (self, now, l->data, CHIHUO_CANCEL_STOP);
    }
}

void
chihuo_engine_advance (ChihuoEngine *self, const ChihuoMoment *moment)
{
  check_deadlines (self, moment->lease);
  check_patience (self, moment->lease);
  check_stop (self, moment->lease);
  if (moment->lease >= self->claim_at)
    {
      self->hungry = TRUE;
      self->claim_at = G_MAXINT64;
    }
}

/* When it wants to be asked again, on the lease clock */
gint64
chihuo_engine_get_next_time (ChihuoEngine *self)
{
  gint64 next = MIN (self->next_deadline, self->cancel_at);

  if (self->state == ENGINE_STATE_RUNNING)
    next = MIN (next, self->claim_at);
  if (self->running.length + self->ready.length > 0)
    next = MIN (next, self->next_renewal);
  if (self->ready.length > 0 && self->running.length >= self->options.concurrency)
    next = MIN (next,
                ((ChihuoRun *) self->ready.head->data)->claimed_at + PREFETCH_PATIENCE);

  return next;
}

/* --- what comes out --- */

ChihuoAction
chihuo_engine_pop_action (ChihuoEngine *self, ChihuoRun **run)
{
  ChihuoAction action;

  if (self->todo.length == 0)
    return CHIHUO_ACTION_NONE;

  *run = self->todo.head->data;
  action = (*run)->todo;
  forget_action (self, *run);

  return action;
}

/* A run that is over; the caller frees it */
ChihuoRun *
chihuo_engine_pop_over (ChihuoEngine *self)
{
  GList *link = g_queue_pop_head_link (&self->over);

  return link != NULL ? link->data : NULL;
}

gboolean
chihuo_engine_is_over (ChihuoEngine *self)
{
  check_stopped (self);

  return self->state == ENGINE_STATE_OVER;
}

gboolean
chihuo_engine_is_drained (ChihuoEngine *self)
{
  return self->drained;
}

gboolean
chihuo_engine_is_stopping (ChihuoEngine *self)
{
  return self->state != ENGINE_STATE_RUNNING;
}

/* Whether the store should be told now, or may be told with more at a time later */
gboolean
chihuo_engine_wants_exchange (ChihuoEngine *self)
{
  return self->ended.length >= SETTLES_WORTH_SENDING || (self->hungry && chihuo_engine_wants_claim (self))
         || (self->ended.length > 0 && self->ready.length == 0);
}

guint
chihuo_engine_get_n_ready (ChihuoEngine *self)
{
  return self->ready.length;
}

guint
chihuo_engine_get_n_running (ChihuoEngine *self)
{
  return self->running.length;
}

gboolean
chihuo_engine_holds_suspect (ChihuoEngine *self)
{
  return self->n_suspects > 0;
}

/* How many of the ready tasks have a free slot now */
guint
chihuo_engine_get_n_startable (ChihuoEngine *self)
{
  guint n_free = self->options.concurrency > self->running.length
                     ? self->options.concurrency - self->running.length
                     : 0;

  return self->state == ENGINE_STATE_RUNNING || CHIHUO_MUTANT ("starts-after-stop")
             ? MIN (self->ready.length, n_free)
             : 0;
}

guint
chihuo_engine_get_n_left (ChihuoEngine *self)
{
  return self->left.length;
}

guint
chihuo_engine_get_concurrency (ChihuoEngine *self)
{
  return self->options.concurrency;
}

/* µs a task keeps its slot, in the mean; 0 = not known */
double
chihuo_engine_get_pace (ChihuoEngine *self)
{
  return self->pace;
}
