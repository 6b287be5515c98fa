/* chihuo-event.c - what happened, on its way to the loop's signals
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-clock.h"
#include "chihuo-event.h"

/* What a handler is told of its run */
void
chihuo_event_describe_run (const ChihuoRun *run, ChihuoTaskDetails *details)
{
  *details = (ChihuoTaskDetails) { .token = run->claimed.token,
                                   .timeout = run->claimed.timeout,
                                   .failures = run->claimed.failures,
                                   .crashes = run->claimed.crashes,
                                   .max_tries = run->claimed.max_tries,
                                   .priority = run->claimed.priority,
                                   .state = CHIHUO_TASK_STATE_RUNNING };
}

ChihuoEvent *
chihuo_event_new (ChihuoEventKind kind, ChihuoPayload *payload)
{
  ChihuoEvent *self = g_new0 (ChihuoEvent, 1);

  self->link.data = self;
  self->kind = kind;
  if (payload != NULL)
    self->payload = chihuo_payload_ref (payload);

  return self;
}

ChihuoEvent *
chihuo_event_new_of_run (ChihuoEventKind kind, const ChihuoRun *run)
{
  ChihuoEvent *self = chihuo_event_new (kind, run->claimed.payload);

  chihuo_event_describe_run (run, &self->details);
  if (run->started_at > 0)
    self->details.started
        = chihuo_clock_get_wall () - (chihuo_clock_get_boot () - run->started_at);

  return self;
}

void
chihuo_event_free (ChihuoEvent *self)
{
  g_clear_pointer (&self->payload, chihuo_payload_unref);
  g_clear_error (&self->error);
  g_free (self->text);
  g_free (self);
}

/* The snapshot that a signal shows. On the loop's context */
ChihuoTask *
chihuo_event_make_task (ChihuoEvent *self)
{
  return chihuo_task_new_for_payload (self->payload, &self->details);
}

/* Takes the event over. When too many are held, it is dropped and counted, unless somebody waits for
 * its answer */
void
chihuo_event_queue_push (ChihuoEventQueue *self, ChihuoEvent *event)
{
  if (self->events.length >= CHIHUO_EVENTS_MAX && event->kind != CHIHUO_EVENT_QUESTION)
    {
      self->n_dropped++;
      chihuo_event_free (event);
      return;
    }

  g_queue_push_tail_link (&self->events, &event->link);
}

ChihuoEvent *
chihuo_event_queue_pop (ChihuoEventQueue *self)
{
  GList *link = g_queue_pop_head_link (&self->events);

  return link != NULL ? link->data : NULL;
}

void
chihuo_event_queue_clear (ChihuoEventQueue *self)
{
  ChihuoEvent *event;

  while ((event = chihuo_event_queue_pop (self)) != NULL)
    chihuo_event_free (event);
}
