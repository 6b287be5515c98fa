/* chihuo-engine.h - what to claim, to renew, to settle and to give up: a state machine
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-store.h"

G_BEGIN_DECLS

typedef struct _ChihuoEngine ChihuoEngine;
typedef struct _ChihuoEngineOptions ChihuoEngineOptions;
typedef struct _ChihuoRun ChihuoRun;
typedef struct _ChihuoEnd ChihuoEnd;

/* All durations in µs */
struct _ChihuoEngineOptions
{
  const char        *queue;    /* interned */
  const char        *claimant; /* interned: a uuid */
  guint              concurrency;
  guint              max_tries;
  guint              max_crashes;
  gint64             lease;
  gint64             linger;
  gint64             drain_timeout;
  gint64             poll;     /* how often to look for work that nobody told of; 0 = never */
  ChihuoRetryPolicy  retry_policy;
  gboolean           run_forever;
  gboolean           finish_on_success;
  guint32            seed;
};

typedef enum
{
  CHIHUO_RUN_STATE_READY,   /* claimed, not started */
  CHIHUO_RUN_STATE_RUNNING, /* its code runs, or will in a moment */
  CHIHUO_RUN_STATE_ENDED,   /* waits for its settle to be sent */
  CHIHUO_RUN_STATE_SENT,    /* its settle is under way */
  CHIHUO_RUN_STATE_OVER,    /* the store has answered, or it does not matter any more */
} ChihuoRunState;

typedef enum
{
  CHIHUO_CANCEL_NONE,
  CHIHUO_CANCEL_STOP,
  CHIHUO_CANCEL_TIMED_OUT,
  CHIHUO_CANCEL_BY_HAND, /* cancelled, finished or removed by somebody else */
  CHIHUO_CANCEL_LOST,    /* the lease was lost */
} ChihuoCancelReason;

typedef enum
{
  CHIHUO_ACTION_NONE,
  CHIHUO_ACTION_CANCEL,  /* tell its code */
  CHIHUO_ACTION_OVERDUE, /* it was told a lease ago; a begun task that is out of time has to be ended */
} ChihuoAction;

/* A task from its claim to the answer of its settle. Belongs to the engine */
struct _ChihuoRun
{
  GList              link;       /* in the list of its state */
  GList              todo_link;  /* in the engine's list of actions, while todo is not NONE */
  ChihuoClaimed      claimed;    /* its payload is owned */
  ChihuoRunState     state;
  ChihuoCancelReason cancel;
  ChihuoAction       todo;
  gboolean           begun;      /* its answer comes later; nobody waits for its code */
  gboolean           in_code;    /* user code has it */
  gboolean           cancelled_early; /* the runner's: its code has to be told when it starts */
  int                finish;     /* atomic: its id is marked as finished with the settle. The thread that
                                    runs the task may set it without the lock */
  gint64             claimed_at; /* lease clock, as the next four */
  gint64             renew_at;
  gint64             started_at;
  gint64             deadline;   /* G_MAXINT64: none */
  gint64             overdue_at; /* G_MAXINT64: none */
  ChihuoSettle       how;
  gint64             delay;
  char              *error;      /* (owned) (nullable) */
  ChihuoOutcome      outcome;    /* once it is OVER */
  gpointer           runner_data; /* the runner's (nullable): who has it, while its code does */
};

typedef enum
{
  CHIHUO_END_DONE,
  CHIHUO_END_FAILED,
  CHIHUO_END_REJECTED,
  CHIHUO_END_POSTPONED,
} ChihuoEndKind;

/* How the code of a run ended */
struct _ChihuoEnd
{
  ChihuoEndKind kind;
  double        seconds; /* postponed: how long. Failed: NaN = the policy decides, < 0 = dead now */
  const char   *error;   /* (nullable) */
};

ChihuoEngine *chihuo_engine_new               (const ChihuoEngineOptions *options);
void          chihuo_engine_free              (ChihuoEngine              *self);

/* what the store's side says */
guint         chihuo_engine_collect           (ChihuoEngine              *self,
                                               const ChihuoMoment        *moment,
                                               gboolean                   may_claim_suspect,
                                               ChihuoMail                *mails,
                                               guint                      max);
void          chihuo_engine_deliver           (ChihuoEngine              *self,
                                               const ChihuoMoment        *moment,
                                               ChihuoMail                *mails,
                                               guint                      n_mails);
void          chihuo_engine_undone            (ChihuoEngine              *self,
                                               ChihuoMail                *mails,
                                               guint                      n_mails);
void          chihuo_engine_note_work         (ChihuoEngine              *self);
void          chihuo_engine_note_notice       (ChihuoEngine              *self);

/* what the side of the code says */
ChihuoRun    *chihuo_engine_peek              (ChihuoEngine              *self);
ChihuoRun    *chihuo_engine_take              (ChihuoEngine              *self,
                                               const ChihuoMoment        *moment);
void          chihuo_engine_give_back         (ChihuoEngine              *self,
                                               ChihuoRun                 *run);
void          chihuo_engine_end               (ChihuoEngine              *self,
                                               const ChihuoMoment        *moment,
                                               ChihuoRun                 *run,
                                               const ChihuoEnd           *end);
void          chihuo_engine_note_pace         (ChihuoEngine              *self,
                                               gint64                     busy,
                                               guint                      n_tasks);
void          chihuo_engine_note_age          (ChihuoEngine              *self,
                                               gint64                     age);
ChihuoRun    *chihuo_engine_find              (ChihuoEngine              *self,
                                               ChihuoPayload             *id);
gboolean      chihuo_engine_set_finish        (ChihuoEngine              *self,
                                               ChihuoRun                 *run,
                                               gboolean                   finish);

/* what people say */
void          chihuo_engine_set_concurrency   (ChihuoEngine              *self,
                                               guint                      concurrency);
void          chihuo_engine_set_options       (ChihuoEngine              *self,
                                               const ChihuoEngineOptions *options);
void          chihuo_engine_set_held          (ChihuoEngine              *self,
                                               gboolean                   held);
void          chihuo_engine_stop              (ChihuoEngine              *self,
                                               const ChihuoMoment        *moment);
void          chihuo_engine_abandon           (ChihuoEngine              *self);

/* what time says */
void          chihuo_engine_advance           (ChihuoEngine              *self,
                                               const ChihuoMoment        *moment);
gint64        chihuo_engine_get_next_time     (ChihuoEngine              *self);

/* what comes out */
ChihuoAction  chihuo_engine_pop_action        (ChihuoEngine              *self,
                                               ChihuoRun                **run);
ChihuoRun    *chihuo_engine_pop_over          (ChihuoEngine              *self);
void          chihuo_engine_free_run          (ChihuoRun                 *run);
gboolean      chihuo_engine_is_over           (ChihuoEngine              *self);
gboolean      chihuo_engine_is_drained        (ChihuoEngine              *self);
gboolean      chihuo_engine_is_stopping       (ChihuoEngine              *self);
gboolean      chihuo_engine_wants_exchange    (ChihuoEngine              *self);
guint         chihuo_engine_get_n_ready       (ChihuoEngine              *self);
guint         chihuo_engine_get_n_running     (ChihuoEngine              *self);
guint         chihuo_engine_get_n_free        (ChihuoEngine              *self);
guint         chihuo_engine_get_hand          (ChihuoEngine              *self);
guint         chihuo_engine_get_n_startable   (ChihuoEngine              *self);
guint         chihuo_engine_get_n_left        (ChihuoEngine              *self);
guint         chihuo_engine_get_concurrency   (ChihuoEngine              *self);
double        chihuo_engine_get_pace          (ChihuoEngine              *self);
gboolean      chihuo_engine_holds_suspect     (ChihuoEngine              *self);

G_END_DECLS
