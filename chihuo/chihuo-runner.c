/* chihuo-runner.c - joins an engine to its store and to what runs the tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-clock.h"
#include "chihuo-error.h"
#include "chihuo-helper.h"
#include "chihuo-runner-private.h"

/* Three sides call it: the store's turn (the client functions), the workers, and the loop's context. The
 * engine is guarded by the mutex; in it there is no I/O, no user code and no reference of an object.
 * Plain C, reference counted through its client: the store's thread may drop it. */

static void
client_free (ChihuoStoreClient *client)
{
  ChihuoRunner *self = (ChihuoRunner *) client;

  g_source_unref (self->source);
  g_main_context_unref (self->context);
  chihuo_engine_free (self->engine);
  chihuo_event_queue_clear (&self->events);
  g_ptr_array_unref (self->workers);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  if (!self->detached)
    chihuo_store_unref (self->store);
  g_free (self);
}

ChihuoRunner *
chihuo_runner_ref (ChihuoRunner *self)
{
  chihuo_store_client_ref (&self->client);

  return self;
}

void
chihuo_runner_unref (ChihuoRunner *self)
{
  chihuo_store_client_unref (&self->client);
}

ChihuoMoment
chihuo_runner_get_moment (void)
{
  return (ChihuoMoment) { .now = chihuo_clock_get_wall (), .lease = chihuo_clock_get_boot () };
}

/* Lets the store know. It may go as soon as the runner is detached, so it is held meanwhile. Says whether
 * the caller has made the round himself */
gboolean
chihuo_runner_tell_and_unlock (ChihuoRunner *self, ChihuoTelling telling)
{
  g_autoptr (ChihuoStore) store = NULL;

  if (telling != CHIHUO_TELLING_NOTHING && !self->detached)
    store = chihuo_store_ref (self->store);
  g_mutex_unlock (&self->mutex);

  if (store == NULL)
    return FALSE;
  if (telling == CHIHUO_TELLING_CARRY)
    return chihuo_store_carry (store);

  chihuo_store_kick (store);
  return FALSE;
}

/* Something has happened that the loop's context should look at */
void
chihuo_runner_poke (ChihuoRunner *self)
{
  g_source_set_ready_time (self->source, 0);
}

/* The same, later, unless there is something before. On the context, within dispatch() */
void
chihuo_runner_poke_in (ChihuoRunner *self, gint64 delay)
{
  g_source_set_ready_time (self->source, g_get_monotonic_time () + delay);
}

void
chihuo_runner_push_event_locked (ChihuoRunner *self, ChihuoEvent *event)
{
  chihuo_event_queue_push (&self->events, event);
  chihuo_runner_poke (self);
}

void
chihuo_runner_push_event (ChihuoRunner *self, ChihuoEvent *event)
{
  g_mutex_lock (&self->mutex);
  chihuo_runner_push_event_locked (self, event);
  g_mutex_unlock (&self->mutex);
}

gboolean
chihuo_runner_is_heard (ChihuoRunner *self, ChihuoEventKind kind)
{
  return (g_atomic_int_get (&self->listeners) & CHIHUO_EVENT_BIT (kind)) != 0;
}

/* --- the permit for suspects: at most one in the process, all its loops together --- */

static gpointer permit_holder; /* atomic: the runner that may hold one */

static gboolean
get_permit (ChihuoRunner *self)
{
  return g_atomic_pointer_get (&permit_holder) == NULL
         && g_atomic_pointer_compare_and_exchange (&permit_holder, NULL, self);
}

/* The next suspect may wait already, and was not to be had meanwhile */
static void
release_permit_locked (ChihuoRunner *self)
{
  gboolean holds = chihuo_engine_holds_suspect (self->engine);

  if (self->held_suspect && !holds)
    chihuo_engine_note_work (self->engine);
  self->held_suspect = holds;
  if (!holds && g_atomic_pointer_get (&permit_holder) == self)
    g_atomic_pointer_set (&permit_holder, NULL);
}

/* --- cancelling --- */

static void
cancel_cell (gpointer data, gpointer unused)
{
  ChihuoCancelCell *cell = data;

  g_cancellable_cancel (cell->cancellable);
  chihuo_cancel_cell_unref (cell);
}

static gboolean
cancel_cell_cb (gpointer data)
{
  cancel_cell (data, NULL);

  return G_SOURCE_REMOVE;
}

static void
cancel_on_context (ChihuoRunner *self, ChihuoCancelCell *cell)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, cancel_cell_cb, cell, NULL);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

static void
cancel_made_locked (ChihuoRun *run, ChihuoWorker *worker)
{
  ChihuoCancelCell *cell = NULL;

  g_mutex_lock (&worker->lock);
  if (worker->current == run)
    cell = chihuo_task_flag_cancelled (worker->task);
  else
    run->cancelled_early = TRUE;
  g_mutex_unlock (&worker->lock);

  if (cell != NULL)
    chihuo_helper_push (cancel_cell, cell);
}

/* Flags the task at once; its cancellable follows elsewhere */
void
chihuo_runner_cancel_locked (ChihuoRunner *self, ChihuoRun *run)
{
  ChihuoCancelCell *cell;

  if (run->runner_data == NULL)
    return;

  if (!run->begun)
    {
      cancel_made_locked (run, run->runner_data);
      return;
    }

  cell = chihuo_task_flag_cancelled (run->runner_data);
  if (cell != NULL)
    cancel_on_context (self, cell);
}

/* A begun task was told a lease ago and has not answered: its slot is needed */
static void
overdue_locked (ChihuoRunner *self, const ChihuoMoment *moment, ChihuoRun *run)
{
  ChihuoEnd end = { .kind = CHIHUO_END_FAILED, .seconds = NAN, .error = "no answer" };

  if (chihuo_runner_is_heard (self, CHIHUO_EVENT_STALLED))
    chihuo_runner_push_event_locked (self, chihuo_event_new_of_run (CHIHUO_EVENT_STALLED, run));

  if (run->begun && run->runner_data != NULL
      && (run->cancel == CHIHUO_CANCEL_TIMED_OUT || run->cancel == CHIHUO_CANCEL_LOST)
      && chihuo_task_close (run->runner_data))
    chihuo_engine_end (self->engine, moment, run, &end);
}

static void
do_actions_locked (ChihuoRunner *self, const ChihuoMoment *moment)
{
  ChihuoAction action;
  ChihuoRun *run;

  while ((action = chihuo_engine_pop_action (self->engine, &run)) != CHIHUO_ACTION_NONE)
    if (action == CHIHUO_ACTION_CANCEL)
      chihuo_runner_cancel_locked (self, run);
    else
      overdue_locked (self, moment, run);
}

/* --- what is over --- */

static void
count_locked (ChihuoRunner *self, ChihuoOutcome outcome)
{
  if (outcome == CHIHUO_OUTCOME_DONE || outcome == CHIHUO_OUTCOME_FINISHED)
    self->counts.n_done++;
  else if (outcome == CHIHUO_OUTCOME_FAILED || outcome == CHIHUO_OUTCOME_DEAD)
    self->counts.n_failed++;
}

static void
collect_over_locked (ChihuoRunner *self)
{
  ChihuoRun *run;

  while ((run = chihuo_engine_pop_over (self->engine)) != NULL)
    {
      count_locked (self, run->outcome);
      if (run->started_at > 0 && chihuo_runner_is_heard (self, CHIHUO_EVENT_ENDED))
        {
          ChihuoEvent *event = chihuo_event_new_of_run (CHIHUO_EVENT_ENDED, run);

          event->outcome = run->outcome;
          event->text = g_steal_pointer (&run->error);
          chihuo_runner_push_event_locked (self, event);
        }
      chihuo_engine_free_run (run);
    }
}

static void
check_drained_locked (ChihuoRunner *self)
{
  gboolean drained = chihuo_engine_is_drained (self->engine);

  if (drained && !self->was_drained && chihuo_runner_is_heard (self, CHIHUO_EVENT_DRAINED))
    chihuo_runner_push_event_locked (self, chihuo_event_new (CHIHUO_EVENT_DRAINED, NULL));
  self->was_drained = drained;
}

/* After whatever may have changed the engine's state */
static void
settle_down_locked (ChihuoRunner *self, const ChihuoMoment *moment)
{
  do_actions_locked (self, moment);
  collect_over_locked (self);
  check_drained_locked (self);
  release_permit_locked (self);

  if (chihuo_engine_is_over (self->engine) && !self->quit)
    {
      self->quit = TRUE;
      g_cond_broadcast (&self->cond);
      chihuo_runner_poke (self);
    }
  if (chihuo_runner_is_heard (self, CHIHUO_EVENT_COUNTS) && !self->counts_told)
    {
      self->counts_told = TRUE;
      chihuo_runner_poke (self);
    }
  if (self->begins && chihuo_engine_get_n_startable (self->engine) > 0)
    chihuo_runner_poke (self);
  chihuo_worker_ensure_locked (self);
}

/* --- the store's turn --- */

static guint
client_collect (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails, guint max)
{
  ChihuoRunner *self = (ChihuoRunner *) client;
  guint n;

  g_mutex_lock (&self->mutex);
  chihuo_worker_harvest_locked (self, moment);
  chihuo_engine_advance (self->engine, moment);
  do_actions_locked (self, moment); /* an overdue run ends here, and shall go out now */
  n = chihuo_engine_collect (self->engine, moment, get_permit (self), mails, max);
  do_actions_locked (self, moment);
  if (n == 0)
    settle_down_locked (self, moment);
  g_mutex_unlock (&self->mutex);

  return n;
}

static void
client_deliver (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails,
                guint n_mails)
{
  ChihuoRunner *self = (ChihuoRunner *) client;

  g_mutex_lock (&self->mutex);
  chihuo_engine_deliver (self->engine, moment, mails, n_mails);
  settle_down_locked (self, moment);
  g_mutex_unlock (&self->mutex);
}

static void
client_undone (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails,
               guint n_mails, const GError *error)
{
  ChihuoRunner *self = (ChihuoRunner *) client;

  g_mutex_lock (&self->mutex);
  chihuo_engine_undone (self->engine, mails, n_mails);
  settle_down_locked (self, moment);
  g_mutex_unlock (&self->mutex);
}

static void
client_news (ChihuoStoreClient *client, ChihuoStoreNews news)
{
  ChihuoRunner *self = (ChihuoRunner *) client;

  g_mutex_lock (&self->mutex);
  if (news == CHIHUO_STORE_NEWS_WORK)
    chihuo_engine_note_work (self->engine);
  else
    chihuo_engine_note_notice (self->engine);
  g_mutex_unlock (&self->mutex);
}

static gint64
get_next_locked (ChihuoRunner *self)
{
  return MIN (chihuo_engine_get_next_time (self->engine),
              chihuo_worker_get_next_harvest_locked (self));
}

/* Whether something just came about, a deadline or a hand to look after, that the store's thread would
 * sleep past: it was told of a later time */
gboolean
chihuo_runner_needs_waking_locked (ChihuoRunner *self)
{
  gint64 next = get_next_locked (self);

  if (next >= self->next_told)
    return FALSE;

  self->next_told = next;
  return TRUE;
}

static gint64
client_next (ChihuoStoreClient *client)
{
  ChihuoRunner *self = (ChihuoRunner *) client;
  gint64 next;

  g_mutex_lock (&self->mutex);
  next = get_next_locked (self);
  self->next_told = next;
  g_mutex_unlock (&self->mutex);

  return next;
}

static const ChihuoStoreClientFuncs client_funcs = {
  .collect = client_collect,
  .deliver = client_deliver,
  .undone = client_undone,
  .news = client_news,
  .next = client_next,
};

/* --- the ends of runs --- */

static void
end_locked (ChihuoRunner *self, const ChihuoMoment *moment, ChihuoRun *run, ChihuoEndKind kind,
            double seconds, const GError *error)
{
  ChihuoEnd end = { .kind = kind, .seconds = seconds };

  end.error = error != NULL ? error->message : NULL;
  if (g_atomic_int_get (&run->finish) && kind != CHIHUO_END_DONE && error != NULL)
    g_message ("task “%s” is finished, though its run failed: %s",
               chihuo_payload_get_id (run->claimed.payload), error->message);
  chihuo_engine_end (self->engine, moment, run, &end);
}

/* Takes the error over. Where somebody wants to say how long until the next try, the run keeps its slot
 * until he has */
void
chihuo_runner_end_locked (ChihuoRunner *self, const ChihuoMoment *moment, ChihuoDone *done)
{
  ChihuoEvent *question;

  if (done->kind != CHIHUO_END_FAILED || !chihuo_runner_is_heard (self, CHIHUO_EVENT_QUESTION)
      || done->run->cancel == CHIHUO_CANCEL_STOP || done->run->state != CHIHUO_RUN_STATE_RUNNING)
    {
      end_locked (self, moment, done->run, done->kind, done->seconds, done->error);
      g_clear_error (&done->error);
      return;
    }

  done->run->runner_data = NULL;
  question = chihuo_event_new_of_run (CHIHUO_EVENT_QUESTION, done->run);
  question->run = done->run;
  question->error = g_steal_pointer (&done->error);
  chihuo_runner_push_event_locked (self, question);
}

/* The answer to a question: seconds, −1 = dead now, NaN = the policy decides */
void
chihuo_runner_answer (ChihuoRunner *self, ChihuoEvent *question, double seconds)
{
  ChihuoMoment moment = chihuo_runner_get_moment ();

  g_mutex_lock (&self->mutex);
  end_locked (self, &moment, question->run, CHIHUO_END_FAILED, seconds, question->error);
  settle_down_locked (self, &moment);
  chihuo_runner_tell_and_unlock (self, CHIHUO_TELLING_KICK);
}

/* --- marks of ids that run here --- */

ChihuoFinishing
chihuo_runner_record_finish (ChihuoStoreClient *client, ChihuoPayload *id, gboolean finish)
{
  ChihuoRunner *self = (ChihuoRunner *) client;
  ChihuoFinishing result = CHIHUO_FINISHING_NOT_HERE;
  ChihuoRun *run;

  g_mutex_lock (&self->mutex);
  run = chihuo_engine_find (self->engine, id);
  if (run != NULL && run->cancel == CHIHUO_CANCEL_LOST)
    result = CHIHUO_FINISHING_STALE;
  else if (run != NULL && (finish || g_atomic_int_get (&run->finish))
           && chihuo_engine_set_finish (self->engine, run, finish))
    result = CHIHUO_FINISHING_RECORDED;
  g_mutex_unlock (&self->mutex);

  return result;
}

gboolean
chihuo_runner_has_finish (ChihuoStoreClient *client, ChihuoPayload *id)
{
  ChihuoRunner *self = (ChihuoRunner *) client;
  gboolean has_finish;
  ChihuoRun *run;

  g_mutex_lock (&self->mutex);
  run = chihuo_engine_find (self->engine, id);
  has_finish = run != NULL && run->cancel != CHIHUO_CANCEL_LOST && g_atomic_int_get (&run->finish);
  g_mutex_unlock (&self->mutex);

  return has_finish;
}

/* The short way for what handlers do most: a mark on the very task that the calling thread runs. No lock
 * and no look-up. `store` is only compared */
static ChihuoRun *
get_current_run (ChihuoStore *store, const char *queue, const char *id)
{
  ChihuoWorker *worker = chihuo_worker_get_current ();

  if (worker == NULL || worker->current == NULL || worker->runner->store != store
      || worker->runner->client.queue != queue || chihuo_task_is_cancelled (worker->task)
      || g_strcmp0 (chihuo_task_get_id (worker->task), id) != 0)
    return NULL;

  return worker->current;
}

ChihuoFinishing
chihuo_runner_finish_current (ChihuoStore *store, const char *queue, const char *id,
                              gboolean finish)
{
  ChihuoRun *run = get_current_run (store, queue, id);

  if (run == NULL || (!finish && !g_atomic_int_get (&run->finish)))
    return CHIHUO_FINISHING_NOT_HERE;

  g_atomic_int_set (&run->finish, finish);
  return CHIHUO_FINISHING_RECORDED;
}

gboolean
chihuo_runner_has_finish_current (ChihuoStore *store, const char *queue, const char *id)
{
  ChihuoRun *run = get_current_run (store, queue, id);

  return run != NULL && g_atomic_int_get (&run->finish);
}

/* --- the loop's side --- */

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

static gboolean
dispatch_cb (gpointer data)
{
  ChihuoRunner *self = data;

  g_source_set_ready_time (self->source, -1);
  g_atomic_int_set (&self->listeners, self->funcs->get_listeners (self->owner));
  self->funcs->dispatch (self->owner);

  return G_SOURCE_CONTINUE;
}

ChihuoRunner *
chihuo_runner_new (ChihuoStore *store, const ChihuoEngineOptions *options,
                   const ChihuoRunnerFuncs *funcs, gpointer owner, GMainContext *context,
                   gboolean begins)
{
  ChihuoRunner *self = g_new0 (ChihuoRunner, 1);

  self->client.funcs = &client_funcs;
  self->client.queue = options->queue;
  self->client.free_func = client_free;
  g_atomic_ref_count_init (&self->client.ref_count);
  self->store = chihuo_store_ref (store);
  self->funcs = funcs;
  self->owner = owner;
  self->context = g_main_context_ref (context);
  self->begins = begins;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->engine = chihuo_engine_new (options);
  self->workers = g_ptr_array_new ();
  g_queue_init (&self->handed);
  g_queue_init (&self->events.events);

  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "chihuo loop");
  chihuo_store_client_ref (&self->client);
  g_source_set_callback (self->source, dispatch_cb, self, (GDestroyNotify) chihuo_runner_unref);

  return self;
}

/* Begins to claim */
void
chihuo_runner_start (ChihuoRunner *self)
{
  g_atomic_int_set (&self->listeners, self->funcs->get_listeners (self->owner));
  g_source_attach (self->source, self->context);
  chihuo_store_add_client (self->store, &self->client);
}

/* The loop has done with it: it calls back no more. The store is let go now, not by the last worker that
 * happens to be on its way out: whoever drops his loop has closed its store */
void
chihuo_runner_detach (ChihuoRunner *self)
{
  chihuo_store_remove_client (self->store, &self->client);
  g_source_destroy (self->source);
  if (g_atomic_pointer_get (&permit_holder) == self)
    g_atomic_pointer_set (&permit_holder, NULL);

  g_mutex_lock (&self->mutex);
  self->detached = TRUE;
  g_mutex_unlock (&self->mutex);
  chihuo_store_unref (self->store);
}

ChihuoEvent *
chihuo_runner_pop_event (ChihuoRunner *self)
{
  ChihuoEvent *event;

  g_mutex_lock (&self->mutex);
  event = chihuo_event_queue_pop (&self->events);
  g_mutex_unlock (&self->mutex);

  return event;
}

/* How many events were dropped since the last question */
guint64
chihuo_runner_steal_dropped (ChihuoRunner *self)
{
  guint64 n;

  g_mutex_lock (&self->mutex);
  n = self->events.n_dropped;
  self->events.n_dropped = 0;
  g_mutex_unlock (&self->mutex);

  return n;
}

void
chihuo_runner_get_counts (ChihuoRunner *self, ChihuoRunnerCounts *counts)
{
  g_mutex_lock (&self->mutex);
  self->counts_told = FALSE;
  *counts = self->counts;
  counts->n_running = MIN (chihuo_engine_get_n_running (self->engine),
                           chihuo_engine_get_concurrency (self->engine));
  g_mutex_unlock (&self->mutex);
}

/* Whether nothing is held and no code runs any more, but for what was abandoned */
gboolean
chihuo_runner_is_over (ChihuoRunner *self)
{
  gboolean over;

  g_mutex_lock (&self->mutex);
  over = self->quit && self->events.events.length == 0
         && (self->workers->len == 0 || chihuo_engine_get_n_left (self->engine) > 0);
  g_mutex_unlock (&self->mutex);

  return over;
}

/* How many runs were abandoned whose code has not returned */
guint
chihuo_runner_get_n_stuck (ChihuoRunner *self)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = chihuo_engine_get_n_left (self->engine);
  g_mutex_unlock (&self->mutex);

  return n;
}

/* Something was said to the engine: see what follows */
static void
settle_down_and_unlock (ChihuoRunner *self, const ChihuoMoment *moment)
{
  settle_down_locked (self, moment);
  chihuo_runner_tell_and_unlock (self, CHIHUO_TELLING_KICK);
}

/* No more claims; what has not started goes back to its place */
void
chihuo_runner_stop (ChihuoRunner *self)
{
  ChihuoMoment moment = chihuo_runner_get_moment ();

  g_atomic_int_set (&self->stopping, TRUE);
  g_mutex_lock (&self->mutex);
  chihuo_worker_give_back_locked (self);
  chihuo_engine_stop (self->engine, &moment);
  settle_down_and_unlock (self, &moment);
}

/* Gives up what still runs */
void
chihuo_runner_abandon (ChihuoRunner *self)
{
  ChihuoMoment moment = chihuo_runner_get_moment ();

  chihuo_runner_stop (self);
  g_mutex_lock (&self->mutex);
  chihuo_engine_abandon (self->engine);
  settle_down_and_unlock (self, &moment);
}

void
chihuo_runner_set_held (ChihuoRunner *self, gboolean held)
{
  ChihuoMoment moment = chihuo_runner_get_moment ();

  g_mutex_lock (&self->mutex);
  chihuo_engine_set_held (self->engine, held);
  settle_down_and_unlock (self, &moment);
}

void
chihuo_runner_set_options (ChihuoRunner *self, const ChihuoEngineOptions *options)
{
  ChihuoMoment moment = chihuo_runner_get_moment ();

  g_mutex_lock (&self->mutex);
  chihuo_engine_set_options (self->engine, options);
  settle_down_and_unlock (self, &moment);
}
