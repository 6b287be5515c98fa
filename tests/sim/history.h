/* history.h - what happened to the tasks of a queue, as lines of text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <stdio.h>

#include "chihuo-item.h"

G_BEGIN_DECLS

/* A line is
 *
 *     TIME PROCESS WORKER EVENT PHASE [KEY=VALUE]…
 *
 * TIME in µs of a clock that never jumps and that all processes share (CLOCK_BOOTTIME); PROCESS
 * and WORKER any words without spaces, unique for each life, “-” for none; PHASE “-” where there is
 * only one. Write a line with a single write() to a file opened with O_APPEND, so that kill -9
 * tears none. */

typedef enum
{
  /* calls of a client: invoke, then ok (with the answer), fail (certainly nothing was done) or info
   * (nobody knows) */
  HISTORY_EVENT_ADD,      /* id info op flags delay priority answer */
  HISTORY_EVENT_FINISH,   /* id op answer, as those that follow */
  HISTORY_EVENT_UNFINISH,
  HISTORY_EVENT_REMOVE,
  HISTORY_EVENT_CANCEL,
  HISTORY_EVENT_RETRY,

  /* calls about all of a queue, with the same phases */
  HISTORY_EVENT_SWEEP,    /* op flags: what was cleared, and HISTORY_SWEEP_RETRY */
  HISTORY_EVENT_KEEP,     /* op lease delay priority: how long finished marks and dead tasks are kept,
                             and how many of these; 0 = for ever, all */

  /* a worker's */
  HISTORY_EVENT_CLAIM,    /* id token since lease info: it has got the task */
  HISTORY_EVENT_START,    /* id token: the code begins; enough where claims cannot be seen */
  HISTORY_EVENT_END,      /* id token: the code has returned */
  HISTORY_EVENT_RENEW,    /* id token since answer */
  HISTORY_EVENT_SETTLE,   /* id token how finish delay: invoke; then ok (with the answer) or fail */
  HISTORY_EVENT_STOP,     /* from now on it starts nothing */
  HISTORY_EVENT_EXIT,     /* it is over: it holds nothing */

  /* faults, told by whoever makes them */
  HISTORY_EVENT_KILL,     /* of a process */
  HISTORY_EVENT_PAUSE,
  HISTORY_EVENT_RESUME,
  HISTORY_EVENT_CUT,      /* since: no connection between then and now */
  HISTORY_EVENT_JUMP,     /* a wall clock was set, or a clock runs at another rate */

  /* the end */
  HISTORY_EVENT_HEAL,     /* lease: no new faults, and all has to be done within it */
  HISTORY_EVENT_DRAINED,
  HISTORY_EVENT_FINAL,    /* id state finished: what the store holds at last */

  HISTORY_N_EVENTS,
} HistoryEvent;

/* Beside the ChihuoClearFlags of a sweep: all dead tasks were sent back */
#define HISTORY_SWEEP_RETRY (1 << 4)

typedef enum
{
  HISTORY_PHASE_NONE,
  HISTORY_PHASE_INVOKE,
  HISTORY_PHASE_OK,
  HISTORY_PHASE_FAIL,
  HISTORY_PHASE_INFO,

  HISTORY_N_PHASES,
} HistoryPhase;

typedef struct _HistoryLine HistoryLine;

struct _HistoryLine
{
  gint64          time;
  const char     *process;  /* (nullable): equal words are equal pointers, here and below */
  const char     *worker;   /* (nullable) */
  HistoryEvent    event;
  HistoryPhase    phase;
  const char     *id;       /* (nullable) */
  const char     *info;     /* (nullable): any word that tells one info from another */
  guint64         op;       /* which call of this process; 0 = none */
  guint64         token;
  gint64          since;    /* when it was asked; 0 = not known */
  gint64          lease;    /* 0 = held until it is settled or the process dies */
  gint64          delay;    /* −1 = its old place */
  int             priority;
  guint           flags;    /* ChihuoAddFlags */
  ChihuoSettle    how;      /* 0 = none */
  ChihuoAnswer    answer;
  ChihuoTaskState state;
  gboolean        finish;
};

void     history_line_print (const HistoryLine  *self,
                             GString            *text);
gboolean history_line_parse (HistoryLine        *self,
                             const char         *text,
                             GStringChunk       *words,
                             GError            **error);
GArray  *history_load       (const char * const *names,
                             GStringChunk       *words,
                             GError            **error);

G_END_DECLS
