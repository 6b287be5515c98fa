/* fuzz-model.h - a task's life once more, as the table tells it, to judge a backend by
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-item.h"
#include "chihuo-life-table.h"

#define FUZZ_N_IDS 5

/* What an event says: an add all of it, others the little that concerns them */
typedef struct
{
  guint       when;         /* ChihuoWhen */
  const char *info;         /* interned */
  gint64      delay;
  gint64      lease;        /* for so long from now it is held */
  guint       tries;
  int         priority;
  gboolean    has_priority;
} FuzzSaid;

typedef struct
{
  ChihuoTaskState state;
  ChihuoFate      fate;
  gboolean        finished;
  guint           flags;    /* ChihuoWhen: cancelled, abandoned */
  FuzzSaid        add;      /* what it is made of */
  FuzzSaid        pending;  /* while the fate is AGAIN */
  gint64          place;
  gint64          when;     /* due, or the lease's end */
  guint64         token;
  const char     *claimant; /* interned */
  guint           failures;
  guint           crashes;
  guint           max_tries;
  guint           max_crashes;
} FuzzTask;

typedef struct
{
  FuzzTask tasks[FUZZ_N_IDS];
  gint64   tail;
  gint64   head;
  guint64  token;
  gboolean paused;
} FuzzModel;

void         fuzz_model_load  (const char         *path);
ChihuoAnswer fuzz_model_step  (FuzzModel          *self,
                               FuzzTask           *task,
                               const char         *event,
                               const FuzzSaid     *said,
                               const ChihuoMoment *moment);
void         fuzz_model_claim (FuzzModel          *self,
                               const ChihuoItem   *item,
                               const ChihuoMoment *moment);
void         fuzz_model_reap  (FuzzModel          *self,
                               const ChihuoMoment *moment);
