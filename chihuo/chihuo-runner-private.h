/* chihuo-runner-private.h - what a runner and its workers share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-runner.h"

G_BEGIN_DECLS

#define CHIHUO_HAND_MAX 64

typedef struct _ChihuoWorker ChihuoWorker;
typedef struct _ChihuoDone ChihuoDone;

/* The end of a run, on its way to the engine */
struct _ChihuoDone
{
  ChihuoRun     *run;
  ChihuoEndKind  kind;
  double         seconds;
  GError        *error; /* (owned) (nullable) */
};

/* How the store is to know that there is something to send */
typedef enum
{
  CHIHUO_TELLING_NOTHING,
  CHIHUO_TELLING_KICK,  /* its thread shall look */
  CHIHUO_TELLING_CARRY, /* or the caller does it himself, where nothing blocks */
} ChihuoTelling;

/* A worker thread's part. It takes a hand of tasks at a time; what it has not started yet, others may
 * take from it */
struct _ChihuoWorker
{
  ChihuoRunner *runner;
  ChihuoRun    *hand[CHIHUO_HAND_MAX];  /* under the runner's lock: filled, read by thieves */
  guint         n_hand;                 /* under the runner's lock */
  int           next;                   /* atomic: the next one in hand; each number is taken once */
  gint64        began_at;               /* worker only: after the round that it may have made */
  gint64        taken_at;               /* under the runner's lock: 0 = empty-handed */
  gint64        looked_at;              /* under the runner's lock: as taken_at, or later */
  guint         listeners;              /* thread only */
  gboolean      has_come;               /* thread only: for its first hand */

  GMutex        lock;                   /* inside the runner's lock; held while switching tasks */
  /* under lock */
  ChihuoTask   *task;                   /* (owned) (nullable): changed by the thread only */
  ChihuoRun    *current;                /* (nullable): changed by the thread only */
  ChihuoDone    done[CHIHUO_HAND_MAX + 1];
  guint         n_done;
};

struct _ChihuoRunner
{
  ChihuoStoreClient        client;      /* first: the store's view, and the reference count */
  ChihuoStore             *store;       /* (owned) until it is detached; then only compared */
  const ChihuoRunnerFuncs *funcs;
  gpointer                 owner;       /* alive until the runner is over */
  GMainContext            *context;     /* (owned): the loop's */
  GSource                 *source;      /* (owned): brings dispatch() about on the context */
  gboolean                 begins;      /* tasks are begun on the context, not pulled by workers */
  int                      stopping;    /* atomic: start nothing more */
  int                      listeners;   /* atomic: as the last who looked has seen it */

  GMutex                   mutex;       /* outside each worker's lock; never held over user code */
  GCond                    cond;        /* idle workers */
  /* under the mutex */
  ChihuoEngine            *engine;      /* (owned) */
  GPtrArray               *workers;     /* of ChihuoWorker, each owned by its thread */
  guint                    n_idle;
  guint                    n_starting;  /* of the workers: threads that have not come for work yet */
  GQueue                   handed;      /* of ChihuoTask, owned: begun tasks for workers */
  ChihuoEventQueue         events;
  ChihuoRunnerCounts       counts;
  gboolean                 was_drained;
  gboolean                 quit;        /* workers go */
  gboolean                 detached;    /* the loop has done with it */
  gint64                   next_told;   /* when the store's thread will ask again by itself */
  gboolean                 held_suspect;
  gboolean                 counts_told; /* the context knows that the counts have changed */
};

/* chihuo-runner-begin.c */
extern const ChihuoSettler chihuo_runner_make_settler;

/* chihuo-runner.c */
ChihuoMoment  chihuo_runner_get_moment               (void);
void          chihuo_runner_end_locked               (ChihuoRunner       *self,
                                                      const ChihuoMoment *moment,
                                                      ChihuoDone         *done);
gboolean      chihuo_runner_tell_and_unlock          (ChihuoRunner       *self,
                                                      ChihuoTelling       telling);
gboolean      chihuo_runner_needs_waking_locked      (ChihuoRunner       *self);
gboolean      chihuo_runner_is_heard                 (ChihuoRunner       *self,
                                                      ChihuoEventKind     kind);
void          chihuo_runner_cancel_locked            (ChihuoRunner       *self,
                                                      ChihuoRun          *run);
void          chihuo_runner_push_event_locked        (ChihuoRunner       *self,
                                                      ChihuoEvent        *event);
void          chihuo_runner_push_event               (ChihuoRunner       *self,
                                                      ChihuoEvent        *event);

/* chihuo-worker.c */
void          chihuo_worker_ensure_locked            (ChihuoRunner       *runner);
void          chihuo_worker_give_back_locked         (ChihuoRunner       *runner);
void          chihuo_worker_harvest_locked           (ChihuoRunner       *runner,
                                                      const ChihuoMoment *moment);
gint64        chihuo_worker_get_next_harvest_locked  (ChihuoRunner       *runner);
ChihuoWorker *chihuo_worker_get_current              (void);

G_END_DECLS
