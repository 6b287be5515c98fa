/* chihuo-runner-begin.c - tasks as user code has them: begun ones, and what running ones tell
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-runner-private.h"

static void
task_progressed (gpointer owner, ChihuoTask *task, double fraction, const char *message)
{
  ChihuoRunner *self = owner;
  ChihuoEvent *event;

  if (!chihuo_runner_is_heard (self, CHIHUO_EVENT_PROGRESS))
    return;

  event = chihuo_event_new (CHIHUO_EVENT_PROGRESS, chihuo_task_get_payload (task));
  event->details.token = chihuo_task_get_token (task);
  event->details.started = chihuo_task_get_started (task);
  event->details.state = CHIHUO_TASK_STATE_RUNNING;
  event->fraction = fraction;
  event->text = g_strdup (message);
  chihuo_runner_push_event (self, event);
}

static void
task_released (gpointer owner)
{
  chihuo_runner_unref (owner);
}

/* The first answer to a begun task, on whatever thread it was given */
static void
task_answered (gpointer owner, gpointer data, ChihuoTask *task)
{
  ChihuoRunner *self = owner;
  ChihuoRun *run = data;
  ChihuoMoment moment = chihuo_runner_get_moment ();
  ChihuoTaskAnswer answer;
  ChihuoDone done = { .run = run, .seconds = NAN };
  gboolean tell;

  chihuo_task_take_answer (task, &answer);
  done.error = answer.error;
  done.kind = CHIHUO_END_FAILED;
  if (answer.kind == CHIHUO_TASK_ANSWER_COMPLETE)
    done.kind = CHIHUO_END_DONE;
  else if (answer.kind == CHIHUO_TASK_ANSWER_REJECT)
    done.kind = CHIHUO_END_REJECTED;
  else if (answer.kind == CHIHUO_TASK_ANSWER_POSTPONE)
    {
      done.kind = CHIHUO_END_POSTPONED;
      done.seconds = answer.seconds;
    }

  g_mutex_lock (&self->mutex);
  run->runner_data = NULL;
  chihuo_runner_end_locked (self, &moment, &done);
  tell = chihuo_engine_wants_exchange (self->engine);
  if (chihuo_engine_get_n_startable (self->engine) > 0)
    chihuo_runner_poke (self);
  chihuo_runner_tell_and_unlock (self, tell ? CHIHUO_TELLING_KICK : CHIHUO_TELLING_NOTHING);
}

const ChihuoSettler chihuo_runner_make_settler = {
  .progressed = task_progressed,
  .released = task_released,
};

static const ChihuoSettler begin_settler = {
  .answered = task_answered,
  .progressed = task_progressed,
  .released = task_released,
};

static GPtrArray *
take_runs (ChihuoRunner *self, const ChihuoMoment *moment)
{
  GPtrArray *runs = g_ptr_array_new ();
  gboolean wake;

  g_mutex_lock (&self->mutex);
  while (runs->len < CHIHUO_BATCH_MAX_ITEMS && chihuo_engine_get_n_startable (self->engine) > 0)
    {
      ChihuoRun *run = chihuo_engine_take (self->engine, moment);

      run->begun = TRUE;
      g_ptr_array_add (runs, run);
    }
  wake = chihuo_runner_needs_waking_locked (self);
  chihuo_runner_tell_and_unlock (self, wake ? CHIHUO_TELLING_KICK : CHIHUO_TELLING_NOTHING);

  return runs;
}

static ChihuoTask *
make_begun_task (ChihuoRunner *self, ChihuoRun *run, gint64 started)
{
  ChihuoTask *task = g_object_new (CHIHUO_TYPE_TASK, NULL);
  ChihuoTaskDetails details;

  chihuo_event_describe_run (run, &details);
  details.started = started;
  chihuo_task_start_run (task, run->claimed.payload, &details, run);
  chihuo_store_client_ref (&self->client);
  chihuo_task_set_settler (task, &begin_settler, self);

  return task;
}

/* The tasks that can be begun now, for the loop's context. NULL = none */
GPtrArray *
chihuo_runner_take_begun (ChihuoRunner *self)
{
  ChihuoMoment moment = chihuo_runner_get_moment ();
  g_autoptr (GPtrArray) runs = NULL;
  GPtrArray *tasks;

  if (!self->begins)
    return NULL;
  runs = take_runs (self, &moment);
  if (runs->len == 0)
    return NULL;

  tasks = g_ptr_array_new_full (runs->len, g_object_unref);
  for (guint i = 0; i < runs->len; i++)
    g_ptr_array_add (tasks, make_begun_task (self, g_ptr_array_index (runs, i), moment.now));

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < runs->len; i++)
    {
      ChihuoRun *run = g_ptr_array_index (runs, i);

      run->runner_data = g_ptr_array_index (tasks, i);
      if (run->cancel != CHIHUO_CANCEL_NONE)
        chihuo_runner_cancel_locked (self, run);
      if (chihuo_runner_is_heard (self, CHIHUO_EVENT_STARTED))
        chihuo_runner_push_event_locked (self, chihuo_event_new_of_run (CHIHUO_EVENT_STARTED, run));
    }
  g_mutex_unlock (&self->mutex);

  return tasks;
}

/* A begun task that wants a worker thread after all */
void
chihuo_runner_hand (ChihuoRunner *self, ChihuoTask *task)
{
  g_object_ref (task);

  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->handed, task);
  chihuo_worker_ensure_locked (self);
  g_mutex_unlock (&self->mutex);
}
