/* fuzz-model.h - a task's life once more, to judge a backend by
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-item.h"
#include "chihuo-task-life.h"

#define FUZZ_N_IDS 5

typedef struct
{
  const char *info; /* interned */
  gint64      delay;
  guint       flags;
  guint       tries;
  int         priority;
} FuzzAdd;

typedef struct
{
  ChihuoTaskState state;
  ChihuoFate      fate;
  gboolean        finished;
  gboolean        cancelled;
  gboolean        abandoned;
  FuzzAdd         add;      /* what it is made of */
  FuzzAdd         pending;  /* while the fate is AGAIN */
  gint64          place;
  gint64          when;     /* due, or the lease's end */
  guint64         token;
  const char     *claimant; /* interned */
  guint32         request;
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

ChihuoAnswer fuzz_model_do    (FuzzModel          *self,
                               guint               id,
                               const ChihuoItem   *item,
                               const ChihuoMoment *moment);
void         fuzz_model_claim (FuzzModel          *self,
                               const ChihuoItem   *item,
                               const ChihuoMoment *moment,
                               guint             (*id_of) (const ChihuoClaimed *));
void         fuzz_model_reap  (FuzzModel          *self,
                               const ChihuoMoment *moment);
