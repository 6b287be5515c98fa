/* chihuo-runner.h - joins an engine to its store and to what runs the tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-engine.h"
#include "chihuo-event.h"
#include "chihuo-store.h"
#include "chihuo-task-private.h"

G_BEGIN_DECLS

typedef struct _ChihuoRunner ChihuoRunner;
typedef struct _ChihuoRunnerFuncs ChihuoRunnerFuncs;
typedef struct _ChihuoRunnerCounts ChihuoRunnerCounts;

typedef enum
{
  CHIHUO_FINISHING_NOT_HERE, /* no run of the id in this process */
  CHIHUO_FINISHING_RECORDED, /* it goes out with the run's settle */
  CHIHUO_FINISHING_STALE,    /* the run has lost its lease */
} ChihuoFinishing;

/* The loop, as the runner sees it. `owner` stays alive until the runner is over */
struct _ChihuoRunnerFuncs
{
  /* a worker thread: the task's code */
  gboolean (* make_task)     (gpointer      owner,
                              ChihuoTask   *task,
                              GError      **error);
  /* a worker thread or the context: CHIHUO_EVENT_BIT()s of what somebody listens to */
  guint    (* get_listeners) (gpointer      owner);
  /* the context: something has happened */
  void     (* dispatch)      (gpointer      owner);
};

struct _ChihuoRunnerCounts
{
  guint   n_running;
  guint64 n_done;
  guint64 n_failed;
};

ChihuoRunner    *chihuo_runner_new            (ChihuoStore               *store,
                                               const ChihuoEngineOptions *options,
                                               const ChihuoRunnerFuncs   *funcs,
                                               gpointer                   owner,
                                               GMainContext              *context,
                                               gboolean                   begins);
ChihuoRunner    *chihuo_runner_ref            (ChihuoRunner              *self);
void             chihuo_runner_unref          (ChihuoRunner              *self);

/* on the loop's context */
void             chihuo_runner_start          (ChihuoRunner              *self);
void             chihuo_runner_detach         (ChihuoRunner              *self);
ChihuoEvent     *chihuo_runner_pop_event      (ChihuoRunner              *self);
guint64          chihuo_runner_steal_dropped  (ChihuoRunner              *self);
void             chihuo_runner_answer         (ChihuoRunner              *self,
                                               ChihuoEvent               *question,
                                               double                     seconds);
GPtrArray       *chihuo_runner_take_begun     (ChihuoRunner              *self);
gboolean         chihuo_runner_is_over        (ChihuoRunner              *self);
guint            chihuo_runner_get_n_stuck    (ChihuoRunner              *self);

/* any thread */
void             chihuo_runner_poke           (ChihuoRunner              *self);
void             chihuo_runner_poke_in        (ChihuoRunner              *self,
                                               gint64                     delay);
void             chihuo_runner_hand           (ChihuoRunner              *self,
                                               ChihuoTask                *task);
void             chihuo_runner_stop           (ChihuoRunner              *self);
void             chihuo_runner_abandon        (ChihuoRunner              *self);
void             chihuo_runner_set_held       (ChihuoRunner              *self,
                                               gboolean                   held);
void             chihuo_runner_set_options    (ChihuoRunner              *self,
                                               const ChihuoEngineOptions *options);
void             chihuo_runner_get_counts     (ChihuoRunner              *self,
                                               ChihuoRunnerCounts        *counts);
ChihuoFinishing  chihuo_runner_finish_current (ChihuoStore               *store,
                                               const char                *queue,
                                               const char                *id,
                                               gboolean                   finish);
gboolean         chihuo_runner_has_finish_current (ChihuoStore           *store,
                                                   const char            *queue,
                                                   const char            *id);

/* for the queue: marking an id that runs in this process. `client` is one of the store's clients */
ChihuoFinishing  chihuo_runner_record_finish  (ChihuoStoreClient         *client,
                                               ChihuoPayload             *id,
                                               gboolean                   finish);
gboolean         chihuo_runner_has_finish     (ChihuoStoreClient         *client,
                                               ChihuoPayload             *id);

G_END_DECLS
