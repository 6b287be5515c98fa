/* chihuo-task-life.c - the life of a task as one pure function
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-mutant.h"
#include "chihuo-task-life.h"

/* Here stand the two tables of doc/tasks.md, and nowhere else in C: record × event → record, answer.
 * There is no I/O, no clock and no queue in here, so the memory backend, SQLite, simple backends and
 * the simulator all call it. tests/task-life.csv says the same as data, and each backend is held
 * against that. */

/**
 * ChihuoMoment:
 *
 * The time of a step, told by whoever asks: a plain struct.
 *
 * Since: 1.0
 */

G_DEFINE_ENUM_TYPE (ChihuoPlace, chihuo_place,
                    G_DEFINE_ENUM_VALUE (CHIHUO_PLACE_KEEP, "keep"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_PLACE_TAIL, "tail"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_PLACE_HEAD, "head"))

/* The arguments of a step, so that each rule takes one */
typedef struct
{
  ChihuoRecord       *record;
  const ChihuoItem   *event;
  const ChihuoMoment *moment;
  ChihuoPlace        *place;
} Step;

static void
set_payload (ChihuoRecord *record, ChihuoPayload *payload)
{
  chihuo_payload_ref (payload);
  g_clear_pointer (&record->payload, chihuo_payload_unref);
  record->payload = payload;
}

static void
set_error (ChihuoRecord *record, const char *text)
{
  const char *end;

  g_clear_pointer (&record->error, g_free);
  if (text == NULL)
    return;

  if (strlen (text) <= CHIHUO_ERROR_MAX_LENGTH)
    {
      record->error = g_strdup (text);
      return;
    }

  end = g_utf8_find_prev_char (text, text + CHIHUO_ERROR_MAX_LENGTH);
  record->error = g_strndup (text, end - text);
}

static void
set_pending (ChihuoRecord *record, ChihuoPending *pending)
{
  if (record->pending != NULL)
    {
      chihuo_payload_unref (record->pending->payload);
      g_free (record->pending);
    }
  record->pending = pending;
}

/* The record goes; the mark stays as it is */
static void
leave (ChihuoRecord *record)
{
  record->state = CHIHUO_TASK_STATE_ABSENT;
  record->fate = CHIHUO_FATE_PLAIN;
  record->failures = 0;
  record->crashes = 0;
  record->cancelled = FALSE;
  record->abandoned = FALSE;
  record->claimant = NULL;
  if (record->pending != NULL)
    set_pending (record, NULL);
  if (record->error != NULL)
    set_error (record, NULL);
}

/* A run's claim ends; the record stays */
static void
end_claim (ChihuoRecord *record)
{
  record->fate = CHIHUO_FATE_PLAIN;
  record->cancelled = FALSE;
  record->abandoned = FALSE;
  record->claimant = NULL;
}

/* Waiting, or delayed if there is a delay */
static void
enter (Step *step, const ChihuoPending *add)
{
  ChihuoRecord *record = step->record;

  leave (record);
  set_payload (record, add->payload);
  record->timeout = add->timeout / 1000;
  record->own_tries = add->max_tries;
  record->priority = add->priority;

  if (add->delay > 0)
    {
      record->state = CHIHUO_TASK_STATE_DELAYED;
      record->when = step->moment->now + add->delay;
      *step->place = CHIHUO_PLACE_TAIL;
      return;
    }

  record->state = CHIHUO_TASK_STATE_WAITING;
  record->when = step->moment->now;
  *step->place = (add->flags & CHIHUO_ADD_FLAGS_AT_HEAD) ? CHIHUO_PLACE_HEAD : CHIHUO_PLACE_TAIL;
}

static ChihuoPending
pending_from_event (const ChihuoItem *event)
{
  return (ChihuoPending) { .payload = event->payload,
                           .delay = event->add.delay,
                           .timeout = event->add.timeout,
                           .flags = event->add.flags,
                           .max_tries = event->add.max_tries,
                           .priority = event->add.priority };
}

/* The pending add is carried out */
static void
carry_out_pending (Step *step)
{
  ChihuoPending *pending = g_steal_pointer (&step->record->pending);

  enter (step, pending);
  chihuo_payload_unref (pending->payload);
  g_free (pending);
}

/* The task lives on after its run, with the newest info */
static void
take_newest_info (ChihuoRecord *record)
{
  ChihuoPending *pending = record->pending;

  if (pending == NULL)
    return;

  set_payload (record, pending->payload);
  record->timeout = pending->timeout / 1000;
  record->own_tries = pending->max_tries;
  set_pending (record, NULL);
}

static ChihuoAnswer
die (Step *step, const char *reason)
{
  ChihuoRecord *record = step->record;

  if (record->fate == CHIHUO_FATE_AGAIN)
    {
      carry_out_pending (step);
      return CHIHUO_ANSWER_OK;
    }

  end_claim (record);
  record->state = CHIHUO_TASK_STATE_DEAD;
  record->when = step->moment->now;
  set_error (record, reason);
  *step->place = CHIHUO_PLACE_TAIL;

  return CHIHUO_ANSWER_DEAD;
}

static ChihuoAnswer
wait_in_old_place (Step *step)
{
  ChihuoRecord *record = step->record;

  take_newest_info (record);
  end_claim (record);
  record->state = CHIHUO_TASK_STATE_WAITING;
  record->when = step->moment->now;
  if (CHIHUO_MUTANT ("return-to-tail"))
    *step->place = CHIHUO_PLACE_TAIL;

  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
delay (Step *step, gint64 duration)
{
  ChihuoRecord *record = step->record;

  take_newest_info (record);
  end_claim (record);
  record->state = CHIHUO_TASK_STATE_DELAYED;
  record->when = step->moment->now + MAX (duration, 0);
  *step->place = CHIHUO_PLACE_TAIL;

  return CHIHUO_ANSWER_OK;
}

static void
replace (Step *step)
{
  ChihuoRecord *record = step->record;
  const ChihuoItem *event = step->event;

  set_payload (record, event->payload);
  record->timeout = event->add.timeout / 1000;
  record->own_tries = event->add.max_tries;
  if (event->add.has_priority)
    record->priority = event->add.priority;
  if (event->add.delay > 0)
    {
      record->state = CHIHUO_TASK_STATE_DELAYED;
      record->when = step->moment->now + event->add.delay;
    }
}

static ChihuoAnswer
add (Step *step)
{
  ChihuoRecord *record = step->record;
  ChihuoAddFlags flags = step->event->add.flags;
  ChihuoPending add = pending_from_event (step->event);

  if (record->finished && !CHIHUO_MUTANT ("no-finished-check"))
    {
      if (!(flags & CHIHUO_ADD_FLAGS_EVEN_FINISHED))
        return CHIHUO_ANSWER_FINISHED;
      record->finished = FALSE;
    }

  switch ((ChihuoTaskState) record->state)
    {
    case CHIHUO_TASK_STATE_WAITING:
    case CHIHUO_TASK_STATE_DELAYED:
      if (flags & CHIHUO_ADD_FLAGS_REPLACE)
        replace (step);
      return CHIHUO_ANSWER_EXISTS;

    case CHIHUO_TASK_STATE_RUNNING:
      if (flags & CHIHUO_ADD_FLAGS_SKIP_RUNNING)
        return CHIHUO_ANSWER_RUNNING;
      chihuo_payload_ref (add.payload);
      set_pending (record, g_memdup2 (&add, sizeof add));
      record->fate = CHIHUO_FATE_AGAIN;
      return CHIHUO_ANSWER_AGAIN;

    case CHIHUO_TASK_STATE_DEAD:
      if (!(flags & CHIHUO_ADD_FLAGS_EVEN_DEAD))
        return CHIHUO_ANSWER_DEAD;
      enter (step, &add);
      return CHIHUO_ANSWER_ADDED;

    case CHIHUO_TASK_STATE_ABSENT:
    default:
      enter (step, &add);
      return CHIHUO_ANSWER_ADDED;
    }
}

/* Finished, removed or cleared by somebody who does not run it */
static void
drop (ChihuoRecord *record)
{
  if (record->state != CHIHUO_TASK_STATE_RUNNING)
    {
      leave (record);
      return;
    }

  set_pending (record, NULL);
  record->fate = CHIHUO_FATE_DROP;
}

static ChihuoAnswer
finish (Step *step)
{
  drop (step->record);
  step->record->finished = TRUE;

  return CHIHUO_ANSWER_FINISHED;
}

static ChihuoAnswer
unfinish (Step *step)
{
  if (!step->record->finished)
    return CHIHUO_ANSWER_ABSENT;

  step->record->finished = FALSE;
  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
remove_task (Step *step)
{
  if (step->record->state == CHIHUO_TASK_STATE_ABSENT)
    return CHIHUO_ANSWER_ABSENT;

  if (!CHIHUO_MUTANT ("remove-forgets"))
    drop (step->record);
  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
cancel (Step *step)
{
  if (step->record->state != CHIHUO_TASK_STATE_RUNNING)
    return CHIHUO_ANSWER_ABSENT;

  step->record->cancelled = TRUE;
  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
retry_dead (Step *step)
{
  ChihuoRecord *record = step->record;

  if (record->state != CHIHUO_TASK_STATE_DEAD)
    return CHIHUO_ANSWER_ABSENT;

  record->state = CHIHUO_TASK_STATE_WAITING;
  record->when = step->moment->now;
  record->failures = 0;
  record->crashes = 0;
  set_error (record, NULL);
  *step->place = CHIHUO_PLACE_TAIL;

  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
claim (Step *step)
{
  ChihuoRecord *record = step->record;
  const ChihuoItem *event = step->event;

  if (record->state != CHIHUO_TASK_STATE_WAITING)
    return CHIHUO_ANSWER_ABSENT;

  record->state = CHIHUO_TASK_STATE_RUNNING;
  record->when = step->moment->lease + event->claim.lease;
  record->token = event->token;
  record->claimant = event->claimant;
  record->request = event->claim.request;
  record->max_tries = record->own_tries > 0 ? record->own_tries : event->claim.max_tries;
  record->max_crashes = event->claim.max_crashes;

  return CHIHUO_ANSWER_OK;
}

/* Whether the event comes from whoever holds the run */
static gboolean
is_stale (const ChihuoRecord *record, const ChihuoItem *event)
{
  if (CHIHUO_MUTANT ("no-token-check"))
    return record->state != CHIHUO_TASK_STATE_RUNNING;

  return record->state != CHIHUO_TASK_STATE_RUNNING || record->token != event->token
         || (record->claimant != event->claimant
             && g_strcmp0 (record->claimant, event->claimant) != 0);
}

static ChihuoAnswer
renew (Step *step)
{
  ChihuoRecord *record = step->record;

  if (is_stale (record, step->event))
    return CHIHUO_ANSWER_STALE;

  record->when = step->moment->lease + step->event->renew.lease;

  if (record->fate == CHIHUO_FATE_DROP)
    return CHIHUO_ANSWER_DROPPED;
  if (record->cancelled)
    return CHIHUO_ANSWER_CANCELLED;
  return CHIHUO_ANSWER_OK;
}

/* A run that also finishes its id drops a pending add, unless that says EVEN_FINISHED */
static gboolean
outlives_finish (const ChihuoRecord *record)
{
  return record->fate == CHIHUO_FATE_AGAIN
         && (record->pending->flags & CHIHUO_ADD_FLAGS_EVEN_FINISHED) != 0;
}

/* The code may still run, so the record stays until the reap */
static ChihuoAnswer
abandon (Step *step)
{
  ChihuoRecord *record = step->record;

  record->abandoned = TRUE;
  record->when = step->moment->lease + CHIHUO_ABANDONED_LEASE;
  if (step->event->settle.finish && !outlives_finish (record))
    finish (step);

  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
settle_finished (Step *step)
{
  ChihuoRecord *record = step->record;

  if (outlives_finish (record))
    {
      carry_out_pending (step);
      return CHIHUO_ANSWER_OK;
    }

  leave (record);
  record->finished = TRUE;

  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
settle_done (Step *step)
{
  if (CHIHUO_MUTANT ("settle-forgets"))
    return wait_in_old_place (step);

  if (step->record->fate == CHIHUO_FATE_AGAIN && !CHIHUO_MUTANT ("again-forgotten"))
    carry_out_pending (step);
  else
    leave (step->record);

  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
settle_failed (Step *step)
{
  ChihuoRecord *record = step->record;
  const ChihuoItem *event = step->event;

  record->failures++;
  if (record->failures >= record->max_tries)
    return die (step, event->settle.error);

  set_error (record, event->settle.error);
  if (event->settle.delay < 0)
    return wait_in_old_place (step);
  return delay (step, event->settle.delay);
}

static ChihuoAnswer
settle (Step *step)
{
  ChihuoRecord *record = step->record;
  const ChihuoItem *event = step->event;

  if (is_stale (record, event))
    return CHIHUO_ANSWER_STALE;
  if (event->settle.how == CHIHUO_SETTLE_ABANDONED)
    return abandon (step);
  if (event->settle.finish)
    return settle_finished (step);
  if (record->fate == CHIHUO_FATE_DROP)
    {
      leave (record);
      return CHIHUO_ANSWER_OK;
    }
  if (event->settle.how == CHIHUO_SETTLE_DONE)
    return settle_done (step);
  if (record->cancelled)
    return die (step, "cancelled");

  switch (event->settle.how)
    {
    case CHIHUO_SETTLE_FAILED:
      return settle_failed (step);
    case CHIHUO_SETTLE_REJECTED:
      return die (step, event->settle.error);
    case CHIHUO_SETTLE_POSTPONED:
      return delay (step, event->settle.delay);
    case CHIHUO_SETTLE_RETURNED:
      return wait_in_old_place (step);
    case CHIHUO_SETTLE_DONE:
    case CHIHUO_SETTLE_ABANDONED:
    default:
      g_assert_not_reached ();
    }
}

static ChihuoAnswer
due (Step *step)
{
  if (step->record->state != CHIHUO_TASK_STATE_DELAYED)
    return CHIHUO_ANSWER_ABSENT;

  step->record->state = CHIHUO_TASK_STATE_WAITING;
  *step->place = CHIHUO_PLACE_TAIL;

  return CHIHUO_ANSWER_OK;
}

/* A pending add is not carried out here: each new process adds everything anew in its start, often
 * before the dead one's runs are reaped, and that must not revive a killer */
static ChihuoAnswer
die_of_crashes (Step *step)
{
  take_newest_info (step->record);
  step->record->fate = CHIHUO_FATE_PLAIN;

  return die (step, "its worker died while it ran");
}

static ChihuoAnswer
reap (Step *step)
{
  ChihuoRecord *record = step->record;

  if (record->state != CHIHUO_TASK_STATE_RUNNING)
    return CHIHUO_ANSWER_ABSENT;
  if (record->fate == CHIHUO_FATE_DROP || CHIHUO_MUTANT ("pop-then-lease"))
    {
      leave (record);
      return CHIHUO_ANSWER_OK;
    }
  if (record->cancelled)
    return die (step, "cancelled");

  if (!step->event->reap.counted || record->abandoned)
    return wait_in_old_place (step);

  record->crashes++;
  if (record->crashes < MAX (record->max_crashes, 1))
    return wait_in_old_place (step);

  return die_of_crashes (step);
}

static ChihuoAnswer
bury_junk (Step *step)
{
  if (step->record->state != CHIHUO_TASK_STATE_WAITING
      && step->record->state != CHIHUO_TASK_STATE_DELAYED)
    return CHIHUO_ANSWER_ABSENT;

  return die (step, step->event->junk.reason);
}

/**
 * chihuo_task_life_step: (skip)
 * @record: the record of the event's id; zeroed for an id nobody has heard of
 * @event: what happens
 * @moment: when it happens
 * @place: (out): what to do with the record's place
 *
 * Carries out one event of a task's life: both tables of it.
 *
 * The backend then gives the record the place it is asked to give, and stores
 * it; a record that is %CHIHUO_TASK_STATE_ABSENT and not finished can go. What
 * concerns a queue (claiming the right task, pausing) is the backend's.
 *
 * Returns: the answer for whoever asked
 *
 * Since: 1.0
 */
ChihuoAnswer
chihuo_task_life_step (ChihuoRecord *record, const ChihuoItem *event, const ChihuoMoment *moment,
                       ChihuoPlace *place)
{
  Step step = { .record = record, .event = event, .moment = moment, .place = place };

  *place = CHIHUO_PLACE_KEEP;

  switch (event->op)
    {
    case CHIHUO_OP_ADD:
      return add (&step);
    case CHIHUO_OP_FINISH:
      return finish (&step);
    case CHIHUO_OP_UNFINISH:
      return unfinish (&step);
    case CHIHUO_OP_REMOVE:
      return remove_task (&step);
    case CHIHUO_OP_CANCEL:
      return cancel (&step);
    case CHIHUO_OP_RETRY_DEAD:
      return retry_dead (&step);
    case CHIHUO_OP_SETTLE:
      return settle (&step);
    case CHIHUO_OP_RENEW:
      return renew (&step);
    case CHIHUO_OP_CLAIM:
      return claim (&step);
    case CHIHUO_OP_DUE:
      return due (&step);
    case CHIHUO_OP_REAP:
      return reap (&step);
    case CHIHUO_OP_JUNK:
      return bury_junk (&step);
    case CHIHUO_OP_SET_PAUSED:
    case CHIHUO_OP_SET_RETENTION:
    default:
      g_assert_not_reached ();
    }
}
