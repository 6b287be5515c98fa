/* chihuo-worker.c - the threads that run tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-error.h"
#include "chihuo-runner-private.h"

/* Up to `concurrency` long-lived threads, started as they are needed. A worker takes a hand of tasks
 * under the runner's lock (one, or as many as it can run in some 100 µs), runs them, and gives the ends
 * back at the next hand: no push, no wake-up and no lock of the runner's per task.
 *
 * What is in a hand is not lost to others when one of its tasks turns out to be long: an idle worker, or
 * the store's round after HARVEST_AGE, takes from it what has not started, and what has ended. */

#define HARVEST_AGE (20 * 1000)

/* What it takes to start a thread, some µs, and a little more */
#define START_TIME 200.0

static _Thread_local ChihuoWorker *current_worker;

ChihuoWorker *
chihuo_worker_get_current (void)
{
  return current_worker;
}

static ChihuoRun *
next_in_hand (ChihuoWorker *worker)
{
  guint i;

  if ((guint) g_atomic_int_get (&worker->next) >= worker->n_hand)
    return NULL;
  i = g_atomic_int_add (&worker->next, 1);

  return i < worker->n_hand ? worker->hand[i] : NULL;
}

/* Puts ended runs to the engine */
static void
give_done_locked (ChihuoRunner *runner, const ChihuoMoment *moment, ChihuoWorker *worker)
{
  ChihuoDone done[CHIHUO_HAND_MAX + 1];
  guint n;

  g_mutex_lock (&worker->lock);
  n = worker->n_done;
  for (guint i = 0; i < n; i++)
    done[i] = worker->done[i];
  worker->n_done = 0;
  g_mutex_unlock (&worker->lock);

  for (guint i = 0; i < n; i++)
    chihuo_runner_end_locked (runner, moment, &done[i]);
}

/* Takes what was not started out of all hands */
void
chihuo_worker_give_back_locked (ChihuoRunner *runner)
{
  for (guint i = 0; i < runner->workers->len; i++)
    {
      ChihuoRun *run;

      while ((run = next_in_hand (g_ptr_array_index (runner->workers, i))) != NULL)
        chihuo_engine_give_back (runner->engine, run);
    }
}

/* Takes ends, and what was not started, out of hands that are held for longer than they should be */
void
chihuo_worker_harvest_locked (ChihuoRunner *runner, const ChihuoMoment *moment)
{
  gboolean harvested = FALSE;

  for (guint i = 0; i < runner->workers->len; i++)
    {
      ChihuoWorker *worker = g_ptr_array_index (runner->workers, i);
      ChihuoRun *run;

      if (worker->looked_at == 0 || worker->looked_at + HARVEST_AGE > moment->lease)
        continue;
      chihuo_engine_note_age (runner->engine, moment->lease - worker->taken_at);
      give_done_locked (runner, moment, worker);
      while ((run = next_in_hand (worker)) != NULL)
        chihuo_engine_give_back (runner->engine, run);
      worker->looked_at = moment->lease;
      harvested = TRUE;
    }

  if (harvested)
    chihuo_worker_ensure_locked (runner);
}

/* When hands have to be looked at, on the lease clock */
gint64
chihuo_worker_get_next_harvest_locked (ChihuoRunner *runner)
{
  gboolean waiting = chihuo_engine_get_n_ready (runner->engine) > 0;
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < runner->workers->len; i++)
    {
      ChihuoWorker *worker = g_ptr_array_index (runner->workers, i);

      if (worker->looked_at > 0 && (worker->n_hand > 1 || waiting))
        next = MIN (next, worker->looked_at + HARVEST_AGE);
    }

  return next;
}

/* --- running --- */

static void
ensure_task (ChihuoWorker *self)
{
  ChihuoRunner *runner = self->runner;
  ChihuoTask *kept = NULL;
  ChihuoTask *task;

  if (self->task != NULL && !chihuo_task_is_kept (self->task))
    return;

  task = g_object_new (CHIHUO_TYPE_TASK, NULL);
  chihuo_store_client_ref (&runner->client);
  chihuo_task_set_settler (task, &chihuo_runner_make_settler, runner);

  g_mutex_lock (&self->lock);
  kept = self->task;
  self->task = task;
  g_mutex_unlock (&self->lock);

  g_clear_object (&kept);
}

/* What the code says by its return value, and by its answer, which wins */
static void
judge (ChihuoRunner *runner, ChihuoTask *task, gboolean ok, GError *error, ChihuoDone *done)
{
  ChihuoTaskAnswer answer;

  chihuo_task_take_answer (task, &answer);
  done->seconds = NAN;
  switch (answer.kind)
    {
    case CHIHUO_TASK_ANSWER_COMPLETE:
      done->kind = CHIHUO_END_DONE;
      break;

    case CHIHUO_TASK_ANSWER_FAIL:
      done->kind = CHIHUO_END_FAILED;
      done->error = g_steal_pointer (&answer.error);
      break;

    case CHIHUO_TASK_ANSWER_REJECT:
      done->kind = CHIHUO_END_REJECTED;
      done->error = g_steal_pointer (&answer.error);
      break;

    case CHIHUO_TASK_ANSWER_POSTPONE:
      done->kind = CHIHUO_END_POSTPONED;
      done->seconds = answer.seconds;
      break;

    case CHIHUO_TASK_ANSWER_NONE:
    default:
      done->kind = ok && error == NULL ? CHIHUO_END_DONE : CHIHUO_END_FAILED;
      done->error = g_steal_pointer (&error);
      break;
    }

  g_clear_error (&error);
}

static void
tell_started (ChihuoWorker *self, ChihuoRun *run)
{
  ChihuoRunner *runner = self->runner;

  if (!(self->listeners & CHIHUO_EVENT_BIT (CHIHUO_EVENT_STARTED)))
    return;

  chihuo_runner_push_event (runner, chihuo_event_new_of_run (CHIHUO_EVENT_STARTED, run));
}

static void
run_one (ChihuoWorker *self, ChihuoRun *run, gint64 started)
{
  ChihuoRunner *runner = self->runner;
  ChihuoTaskDetails details;
  GError *error = NULL;
  gboolean ok;
  ChihuoDone *done;

  chihuo_event_describe_run (run, &details);
  details.started = started;
  ensure_task (self);
  chihuo_task_start_run (self->task, run->claimed.payload, &details, run);
  tell_started (self, run);

  g_mutex_lock (&self->lock);
  self->current = run;
  if (run->cancelled_early)
    chihuo_task_flag_cancelled (self->task); /* nobody can have asked it for a cancellable yet */
  g_mutex_unlock (&self->lock);

  ok = runner->funcs->make_task (runner->owner, self->task, &error);

  g_mutex_lock (&self->lock);
  self->current = NULL;
  done = &self->done[self->n_done];
  *done = (ChihuoDone) { .run = run };
  judge (runner, self->task, ok, error, done);
  self->n_done++;
  g_mutex_unlock (&self->lock);
}

/* A begun task that chained up: its answer goes the way of begun tasks */
static void
run_handed (ChihuoRunner *runner, ChihuoTask *task)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = runner->funcs->make_task (runner->owner, task, &error);

  if (ok && error == NULL)
    chihuo_task_complete (task);
  else
    chihuo_task_fail (task, error);
  g_object_unref (task);
}

static void
run_hand (ChihuoWorker *self)
{
  ChihuoMoment moment = chihuo_runner_get_moment ();
  ChihuoRun *run;

  self->began_at = moment.lease;
  self->listeners = self->runner->funcs->get_listeners (self->runner->owner);
  g_atomic_int_set (&self->runner->listeners, self->listeners);

  while (!g_atomic_int_get (&self->runner->stopping) && (run = next_in_hand (self)) != NULL)
    run_one (self, run, moment.now);
}

/* --- taking --- */

static void
add_to_hand (ChihuoWorker *self, ChihuoRun *run)
{
  run->runner_data = self;
  self->hand[self->n_hand++] = run;
}

/* Takes a fair share of what is ready. A task with a time-out, or one that has crashed before, comes
 * alone, since its clock runs from now on, or since it may take its neighbours with it */
static gboolean
take_locked (ChihuoWorker *self, const ChihuoMoment *moment)
{
  ChihuoRunner *runner = self->runner;
  ChihuoEngine *engine = runner->engine;
  guint n_ready = chihuo_engine_get_n_ready (engine);
  guint n_sharers = runner->workers->len;
  guint n = MIN (chihuo_engine_get_hand (engine), n_ready / n_sharers + 1);
  ChihuoRun *run;

  while (self->n_hand < n && (run = chihuo_engine_peek (engine)) != NULL)
    {
      gboolean alone = run->claimed.timeout > 0 || run->claimed.crashes > 0;

      if (alone && self->n_hand > 0)
        break;
      add_to_hand (self, chihuo_engine_take (engine, moment));
      if (alone)
        break;
    }

  return self->n_hand > 0;
}

/* Takes one from another worker's hand */
static gboolean
steal_locked (ChihuoWorker *self)
{
  ChihuoRunner *runner = self->runner;

  for (guint i = 0; i < runner->workers->len; i++)
    {
      ChihuoWorker *other = g_ptr_array_index (runner->workers, i);
      ChihuoRun *run = other != self ? next_in_hand (other) : NULL;

      if (run != NULL)
        {
          add_to_hand (self, run);
          return TRUE;
        }
    }

  return FALSE;
}

static void
empty_hand_locked (ChihuoWorker *self, const ChihuoMoment *moment)
{
  ChihuoRunner *runner = self->runner;
  ChihuoRun *run;

  if (self->n_hand > 0)
    chihuo_engine_note_pace (runner->engine, moment->lease - self->began_at, self->n_hand);
  while ((run = next_in_hand (self)) != NULL)
    chihuo_engine_give_back (runner->engine, run);
  give_done_locked (runner, moment, self);
  self->n_hand = 0;
  g_atomic_int_set (&self->next, 0);
  self->taken_at = 0;
  self->looked_at = 0;
}

static gboolean
find_work_locked (ChihuoWorker *self, const ChihuoMoment *moment, ChihuoTask **handed)
{
  ChihuoRunner *runner = self->runner;

  *handed = g_queue_pop_head (&runner->handed);

  return *handed != NULL || (!runner->begins && take_locked (self, moment)) || steal_locked (self);
}

/* Whether this thread is one too many, since the concurrency was lowered or the runner is over */
static gboolean
must_go_locked (ChihuoWorker *self)
{
  ChihuoRunner *runner = self->runner;

  return runner->quit || runner->workers->len > chihuo_engine_get_concurrency (runner->engine);
}

static void
wait_locked (ChihuoRunner *runner, ChihuoMoment *moment)
{
  runner->n_idle++;
  g_cond_wait (&runner->cond, &runner->mutex);
  runner->n_idle--;
  *moment = chihuo_runner_get_moment ();
}

/* Lets the store know, or makes its round. Says whether the round was made */
static gboolean
tell_store_and_relock (ChihuoRunner *runner, ChihuoMoment *moment)
{
  gboolean carried = chihuo_runner_tell_and_unlock (runner, CHIHUO_TELLING_CARRY);

  g_mutex_lock (&runner->mutex);
  *moment = chihuo_runner_get_moment ();

  return carried;
}

/* Ends the last hand and waits for the next one: tasks in hand, or a begun task in `*handed`. FALSE:
 * the thread has to go */
static gboolean
get_hand (ChihuoWorker *self, ChihuoTask **handed)
{
  ChihuoRunner *runner = self->runner;
  ChihuoMoment moment = chihuo_runner_get_moment ();
  gboolean told = FALSE;
  gboolean found = FALSE;
  ChihuoTelling telling = CHIHUO_TELLING_NOTHING;

  g_mutex_lock (&runner->mutex);
  if (!self->has_come)
    runner->n_starting--;
  self->has_come = TRUE;
  empty_hand_locked (self, &moment);
  while (!must_go_locked (self) && !(found = find_work_locked (self, &moment, handed)))
    {
      if (!told && chihuo_engine_wants_exchange (runner->engine))
        {
          told = !tell_store_and_relock (runner, &moment);
          continue;
        }
      wait_locked (runner, &moment);
      told = FALSE;
    }
  if (found)
    {
      self->taken_at = moment.lease;
      self->looked_at = moment.lease;
      if (chihuo_runner_needs_waking_locked (runner))
        telling = CHIHUO_TELLING_KICK;
      chihuo_worker_ensure_locked (runner);
    }
  if (chihuo_engine_wants_exchange (runner->engine))
    telling = CHIHUO_TELLING_CARRY;
  chihuo_runner_tell_and_unlock (runner, telling);

  return found;
}

/* --- the thread --- */

static void
worker_free (ChihuoWorker *self)
{
  g_clear_object (&self->task);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gpointer
worker_main (gpointer data)
{
  ChihuoWorker *self = data;
  ChihuoRunner *runner = self->runner;
  ChihuoTask *handed;

  current_worker = self;
  while (get_hand (self, &handed))
    {
      if (handed != NULL)
        run_handed (runner, handed);
      else
        run_hand (self);
    }
  current_worker = NULL;

  g_mutex_lock (&runner->mutex);
  g_ptr_array_remove_fast (runner->workers, self);
  /* it may have been woken for work that another one has to do now */
  chihuo_worker_ensure_locked (runner);
  g_mutex_unlock (&runner->mutex);

  worker_free (self);
  chihuo_runner_poke (runner);
  chihuo_runner_unref (runner);

  return NULL;
}

static void
start_locked (ChihuoRunner *runner)
{
  ChihuoWorker *worker = g_new0 (ChihuoWorker, 1);

  worker->runner = runner;
  g_mutex_init (&worker->lock);
  chihuo_store_client_ref (&runner->client);
  g_ptr_array_add (runner->workers, worker);
  runner->n_starting++;
  g_thread_unref (g_thread_new ("chihuo-worker", worker_main, worker));
}

/* Whether one more thread would pay: not for what the ones that are there will have done sooner than it
 * takes to start a thread */
static gboolean
is_worth_a_thread_locked (ChihuoRunner *runner)
{
  double pace = chihuo_engine_get_pace (runner->engine);
  guint n_workers = runner->workers->len;

  if (n_workers >= chihuo_engine_get_concurrency (runner->engine))
    return FALSE;

  return n_workers == 0 || runner->handed.length > 0 || pace <= 0
         || chihuo_engine_get_n_ready (runner->engine) * pace / n_workers > START_TIME;
}

static gboolean
can_be_stolen_locked (ChihuoRunner *runner)
{
  for (guint i = 0; i < runner->workers->len; i++)
    {
      ChihuoWorker *worker = g_ptr_array_index (runner->workers, i);

      if ((guint) g_atomic_int_get (&worker->next) + 1 < worker->n_hand)
        return TRUE;
    }

  return FALSE;
}

/* Sees to it that somebody comes for what is ready. Who takes of it calls this again, so that a chain of
 * wake-ups goes as far as there is work */
void
chihuo_worker_ensure_locked (ChihuoRunner *runner)
{
  guint n_ready = runner->begins ? 0 : chihuo_engine_get_n_ready (runner->engine);

  if (runner->quit
      || (n_ready == 0 && runner->handed.length == 0
          && (runner->n_idle == 0 || !can_be_stolen_locked (runner))))
    return;

  if (runner->n_idle > 0)
    g_cond_signal (&runner->cond);
  else if (runner->n_starting < n_ready + runner->handed.length && is_worth_a_thread_locked (runner))
    start_locked (runner);
}
