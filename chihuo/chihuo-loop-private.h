/* chihuo-loop-private.h - what the parts of a loop share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-bell.h"
#include "chihuo-loop.h"
#include "chihuo-runner.h"

G_BEGIN_DECLS

typedef struct _ChihuoLoopOptions ChihuoLoopOptions;
typedef struct _ChihuoLoopPrivate ChihuoLoopPrivate;

enum
{
  CHIHUO_LOOP_SIGNAL_TASK_STARTED,
  CHIHUO_LOOP_SIGNAL_TASK_PROGRESS,
  CHIHUO_LOOP_SIGNAL_TASK_ENDED,
  CHIHUO_LOOP_SIGNAL_TASK_STALLED,
  CHIHUO_LOOP_SIGNAL_DRAINED,
  CHIHUO_LOOP_SIGNAL_EVENTS_MISSED,
  CHIHUO_LOOP_SIGNAL_RETRY_DELAY,
  CHIHUO_LOOP_N_SIGNALS,
};

extern guint chihuo_loop_signals[CHIHUO_LOOP_N_SIGNALS];

/* Durations in seconds */
struct _ChihuoLoopOptions
{
  guint             concurrency;
  guint             max_tries;
  guint             max_crashes;
  double            linger;
  double            lease;
  double            drain_timeout;
  double            shutdown_timeout;
  ChihuoRetryPolicy retry_policy;
  gboolean          run_forever;
  gboolean          finish_on_success;
};

struct _ChihuoLoopPrivate
{
  GMainContext      *context;       /* (owned) */
  ChihuoQueue       *queue;         /* (owned) */
  char              *name;          /* (owned) (nullable): until the queue is made */
  char              *server_config; /* (owned) (nullable): until the queue is made */
  ChihuoBell        *bell;          /* (owned): brings notify about on the context */

  GMutex             mutex;
  /* under the mutex */
  ChihuoLoopOptions  options;
  ChihuoRunner      *runner;        /* (owned) (nullable): while it runs */
  GTask             *run;           /* (nullable): from run_async to its end */
  GError            *failure;       /* (owned) (nullable): from chihuo_loop_fail() */
  gboolean           stop;
  guint              hold_count;
  guint              n_stuck;       /* runs of the last run whose code had not returned */

  /* the context only */
  ChihuoRunnerCounts counts;        /* as they were told last */
  gboolean           told_stop;     /* as it was told last */
  gint64             told_at;
};

/* chihuo-loop.c */
ChihuoLoopPrivate *chihuo_loop_get_priv (ChihuoLoop      *self);
GMainContext *chihuo_loop_get_context    (ChihuoLoop         *self);
void          chihuo_loop_get_options    (ChihuoLoop         *self,
                                          ChihuoLoopOptions  *options);
void          chihuo_loop_set_options    (ChihuoLoop              *self,
                                          const ChihuoLoopOptions *options,
                                          const char              *property);
ChihuoRunner *chihuo_loop_ref_runner     (ChihuoLoop         *self);
void          chihuo_loop_set_runner     (ChihuoLoop         *self,
                                          ChihuoRunner       *runner);
GTask        *chihuo_loop_get_run        (ChihuoLoop         *self);
gboolean      chihuo_loop_set_run        (ChihuoLoop         *self,
                                          GTask              *run);
gboolean      chihuo_loop_is_held        (ChihuoLoop         *self);
GError       *chihuo_loop_steal_failure  (ChihuoLoop         *self);
gint64        chihuo_loop_notify_counts  (ChihuoLoop         *self,
                                          gboolean            at_once);
gboolean      chihuo_loop_counts_watched (ChihuoLoop         *self);
void          chihuo_loop_set_n_stuck    (ChihuoLoop         *self,
                                          guint               n_stuck);
guint         chihuo_loop_get_n_stuck    (ChihuoLoop         *self);

void          chihuo_loop_tell_stop      (gpointer            object);

/* chihuo-loop-defaults.c */
void          chihuo_loop_take_class_defaults (ChihuoLoop    *self,
                                               guint         *concurrency);

/* chihuo-loop-signals.c */
void          chihuo_loop_install_signals (ChihuoLoopClass   *klass);
guint         chihuo_loop_get_listeners   (ChihuoLoop        *self);
void          chihuo_loop_emit_event      (ChihuoLoop        *self,
                                           ChihuoRunner      *runner,
                                           ChihuoEvent       *event);

/* chihuo-loop-run.c */
void          chihuo_loop_options_changed (ChihuoLoop        *self);
void          chihuo_loop_hold_changed    (ChihuoLoop        *self);
void          chihuo_loop_stop_changed    (ChihuoLoop        *self);
void          chihuo_loop_abandon         (ChihuoLoop        *self);
gboolean      chihuo_loop_hand_over       (ChihuoLoop        *self,
                                           ChihuoTask        *task,
                                           GError           **error);

G_END_DECLS
