/* chihuo-task-internal.h - the fields of a task
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-task-private.h"

G_BEGIN_DECLS

/* Whether an answer was given. Whoever wins the step from NONE to TAKEN writes `answer`; after
 * GIVEN it may be read */
typedef enum
{
  ANSWER_STATE_NONE,
  ANSWER_STATE_TAKEN,
  ANSWER_STATE_GIVEN,
} AnswerState;

struct _ChihuoTask
{
  GObject              parent_instance;

  ChihuoPayload       *payload;      /* (owned) */
  ChihuoTaskDetails    details;      /* constant during a run */
  gint64               delay;        /* µs; for the add */
  gboolean             has_priority; /* it was given, for the add */
  GError              *invalid;      /* (owned) (nullable): why it cannot be added */
  int                  add_result;   /* atomic */

  const ChihuoSettler *settler;      /* (nullable): only while it runs */
  gpointer             owner;        /* (owned through settler->released) */
  gpointer             run;          /* the engine's record; only good until the answer */

  int                  answer_state; /* atomic: AnswerState */
  ChihuoTaskAnswer     answer;
  int                  cancelled;    /* atomic */
  ChihuoCancelCell    *cell;         /* atomic (owned) (nullable): made when somebody asks for it */
};

void chihuo_task_drop (ChihuoTask *self);

G_END_DECLS
