/* chihuo-event.h - what happened, on its way to the loop's signals
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-engine.h"
#include "chihuo-task-private.h"

G_BEGIN_DECLS

typedef struct _ChihuoEvent ChihuoEvent;
typedef struct _ChihuoEventQueue ChihuoEventQueue;

typedef enum
{
  CHIHUO_EVENT_STARTED,
  CHIHUO_EVENT_PROGRESS,
  CHIHUO_EVENT_ENDED,
  CHIHUO_EVENT_STALLED,
  CHIHUO_EVENT_DRAINED,
  CHIHUO_EVENT_QUESTION, /* how long until the next try? Never dropped */
  CHIHUO_EVENT_COUNTS,   /* no event: only a bit for who watches n-running and the like */
} ChihuoEventKind;

#define CHIHUO_EVENT_BIT(kind) (1u << (kind))

/* How many are held for a context that does not come to them */
#define CHIHUO_EVENTS_MAX 10000

/* Plain C: the task that the signal shows is made where it is emitted */
struct _ChihuoEvent
{
  GList             link;
  ChihuoEventKind   kind;
  ChihuoPayload    *payload; /* (owned) (nullable) */
  ChihuoTaskDetails details; /* owns nothing */
  ChihuoOutcome     outcome; /* ENDED */
  double            fraction;
  char             *text;    /* (owned) (nullable): PROGRESS: the message; ENDED: the error */
  GError           *error;   /* (owned) (nullable): QUESTION */
  ChihuoRun        *run;     /* QUESTION */
};

/* Guarded by its owner's lock */
struct _ChihuoEventQueue
{
  GQueue  events;
  guint64 n_dropped; /* since they were last told of */
};

ChihuoEvent *chihuo_event_new        (ChihuoEventKind         kind,
                                      ChihuoPayload          *payload);
ChihuoEvent *chihuo_event_new_of_run (ChihuoEventKind         kind,
                                      const ChihuoRun        *run);
void         chihuo_event_free       (ChihuoEvent            *self);
ChihuoTask  *chihuo_event_make_task  (ChihuoEvent            *self);

void         chihuo_event_queue_push  (ChihuoEventQueue      *self,
                                       ChihuoEvent           *event);
ChihuoEvent *chihuo_event_queue_pop   (ChihuoEventQueue      *self);
void         chihuo_event_queue_clear (ChihuoEventQueue      *self);

void         chihuo_event_describe_run    (const ChihuoRun       *run,
                                       ChihuoTaskDetails     *details);

G_END_DECLS
