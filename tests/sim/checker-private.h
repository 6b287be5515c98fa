/* checker-private.h - a history by tasks, runs, calls and processes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "checker.h"

G_BEGIN_DECLS

#define NEVER G_MAXINT64

/* The bounds between which something took effect at the store: when it was asked, when the answer
 * came. What was never answered may take effect at any time, or not at all */
typedef struct
{
  gint64 since;
  gint64 until;
} Span;

/* A process. Its leases may end without blame for the store during its faults */
typedef struct
{
  const char *name;
  gint64      killed_at;
  gint64      paused_at; /* NEVER: it is not */
  GArray     *faults;    /* of Span */
} Process;

typedef struct
{
  const char *name;
  gint64      stopped_at;
  gint64      exited_at;
} Worker;

/* A call of a client about one id */
typedef struct
{
  HistoryEvent  event;
  HistoryPhase  phase; /* INVOKE: nothing was heard of it any more, as INFO */
  Process      *process;
  guint64       op;
  Span          span;
  const char   *info;
  guint         flags;
  gint64        delay;
  int           priority;
  ChihuoAnswer  answer;
} Call;

/* A call about all of a queue: a sweep, or how long it keeps what */
typedef struct
{
  HistoryEvent  event;
  HistoryPhase  phase;
  Process      *process;
  guint64       op;
  Span          span;
  guint         flags;     /* of a sweep */
  gint64        finished;  /* 0: marks are kept for ever */
  gboolean      cuts_dead;
} Rule;

/* A run: all that is known under one token */
typedef struct
{
  guint64       token;
  Process      *process;
  Worker       *worker;
  const char   *info;
  Span          claim;       /* until: when the worker knew that it had it */
  gint64        lease;
  gint64        renewed_at;  /* when the last renewal that worked was asked for */
  gint64        started_at;  /* NEVER: not seen */
  gint64        ended_at;
  gboolean      lost;        /* the store said so */
  Span          settle;      /* NEVER: not tried */
  ChihuoSettle  how;
  gboolean      finish;
  gint64        delay;
  guint         n_ok;        /* how often a settle was answered ok */
  ChihuoAnswer  answer;      /* of the settle; NONE: nobody knows */
} Run;

typedef struct
{
  const char      *name;
  GPtrArray       *calls; /* of Call, in the order of their asking */
  GPtrArray       *runs;  /* of Run, by token */
  gboolean         is_final;
  ChihuoTaskState  state;
  gboolean         finished;
} Task;

typedef struct
{
  GHashTable *tasks;      /* id → (owned) Task */
  GPtrArray  *order;      /* of Task, as they came */
  GHashTable *processes;  /* name → (owned) Process */
  GHashTable *workers;    /* name → (owned) Worker */
  GPtrArray  *violations; /* of Violation */
  GArray     *rules;      /* of Rule */
  gboolean    has_faults; /* such as change the order of tasks */
  gboolean    has_jumps;  /* of a clock */
  gint64      healed_at;  /* NEVER: nobody says when */
  gint64      drain_time;
  gint64      drained_at;
} Checker;

/* checker.c */
void     checker_violated     (Checker    *self,
                               Invariant   invariant,
                               const char *format,
                               ...) G_GNUC_PRINTF (3, 4);

/* checker-queue.c */
void     checker_take_rule    (Checker           *self,
                               Process           *process,
                               const HistoryLine *line);
void     checker_spread_rules (Checker    *self,
                               Task       *task);
void     checker_check_swept  (Checker    *self,
                               const Task *task);
gboolean checker_may_cut      (Checker    *self,
                               const Task *task,
                               gint64      time);
gboolean checker_may_cut_dead (Checker    *self);

/* checker-rules.c */
gboolean call_may_have_worked (const Call *call);
gboolean call_makes_task      (const Call *call);
gboolean run_may_be_complete  (const Run  *run);
gboolean run_is_complete      (const Run  *run);
gint64   run_get_deadline     (const Run  *run);
gboolean task_is_made_between (const Task *task,
                               gint64      since,
                               const Run  *run);
void     checker_check_task   (Checker    *self,
                               Task       *task);

/* checker-cause.c */
void     checker_check_causes (Checker    *self,
                               Task       *task);

/* checker-order.c */
void     checker_check_order  (Checker    *self);

G_END_DECLS
