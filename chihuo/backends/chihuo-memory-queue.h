/* chihuo-memory-queue.h - the tasks of one name, in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-memory-index.h"
#include "chihuo-memory-lane.h"
#include "chihuo-memory-marks.h"
#include "chihuo-stats.h"
#include "chihuo-task-life.h"

G_BEGIN_DECLS

#define CHIHUO_MEMORY_N_PRIORITIES 256

typedef struct _ChihuoMemoryQueue ChihuoMemoryQueue;
typedef struct _ChihuoMemoryWorker ChihuoMemoryWorker;

/* An engine that has claimed here */
struct _ChihuoMemoryWorker
{
  const char *claimant;  /* interned */
  guint       n_running; /* what it holds */
  gboolean    has_claimed;
  guint32     request;   /* its last claim… */
  guint       n_claimed; /* …and how many that gave */
};

/* Private to the memory backend's files */
struct _ChihuoMemoryQueue
{
  const char         *name;  /* interned */
  ChihuoMemoryIndex   nodes; /* by their ids; the queue owns them */

  /* The order: each node stands in one lane. What waits has one for each priority; behind them are
   * those of the suspects, who have crashed before */
  ChihuoMemoryLane    waiting[2 * CHIHUO_MEMORY_N_PRIORITIES];
  guint64             busy[2 * CHIHUO_MEMORY_N_PRIORITIES / 64]; /* a bit for each not empty */
  ChihuoMemoryLane    delayed;
  ChihuoMemoryLane    running;
  ChihuoMemoryLane    dead;
  ChihuoMemoryLane    finished;   /* absent ones with the mark, in the order of finishing */
  ChihuoMemoryMarks  *marks;      /* (owned) (nullable): from the first list of finished ids on */

  /* Never reset */
  gint64              head;       /* the last place given at the head */
  gint64              tail;       /* the last place given at the tail */
  guint64             token;      /* the last one given */

  guint64             counts[CHIHUO_TASK_STATE_DEAD + 1];
  guint64             n_finished; /* marks, those of running tasks too */
  GHashTable         *workers;    /* claimant → (owned) ChihuoMemoryWorker */
  ChihuoMemoryWorker *worker;     /* (not owned) (nullable): the last one looked up */
  guint               n_workers;  /* those who hold something */

  gboolean            paused;
  gint64              keep_finished; /* µs; 0 = for ever */
  gint64              keep_dead;     /* µs; 0 = for ever */
  guint64             max_dead;      /* 0 = any number */

  /* The reaper's: no lease ends before reap_at, so a look at all of them is rarely needed */
  gint64              reap_at;
  gint64              reap_after;    /* while it goes through the running ones: how far it is */
  gboolean            reaping;
  guint64             n_cut_dead;    /* cut, and not reported yet */
  guint64             n_cut_finished;
};

ChihuoMemoryQueue *chihuo_memory_queue_new         (const char         *name);
void               chihuo_memory_queue_free        (ChihuoMemoryQueue  *self);
ChihuoMemoryNode  *chihuo_memory_queue_find        (ChihuoMemoryQueue  *self,
                                                    ChihuoPayload      *payload);
void               chihuo_memory_queue_prefetch    (ChihuoMemoryQueue  *self,
                                                    const ChihuoItem   *event);
ChihuoAnswer       chihuo_memory_queue_step        (ChihuoMemoryQueue  *self,
                                                    ChihuoMemoryNode   *node,
                                                    const ChihuoItem   *event,
                                                    const ChihuoMoment *moment);
ChihuoAnswer       chihuo_memory_queue_do          (ChihuoMemoryQueue  *self,
                                                    const ChihuoItem   *event,
                                                    const ChihuoMoment *moment);
ChihuoMemoryNode  *chihuo_memory_queue_get_next    (ChihuoMemoryQueue  *self,
                                                    gboolean            suspects);
void               chihuo_memory_queue_get_stats   (ChihuoMemoryQueue  *self,
                                                    gint64              now,
                                                    ChihuoStats        *stats);
ChihuoMemoryWorker *
                   chihuo_memory_queue_get_worker  (ChihuoMemoryQueue  *self,
                                                    const char         *claimant);
int                chihuo_memory_queue_next_busy   (ChihuoMemoryQueue  *self,
                                                    int                 from,
                                                    int                 end);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoMemoryQueue, chihuo_memory_queue_free)

G_END_DECLS
