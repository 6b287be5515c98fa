/* chihuo-task-private.h - what the engine's side does with a task
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-cancel-cell.h"
#include "chihuo-payload.h"
#include "chihuo-task.h"

G_BEGIN_DECLS

typedef struct _ChihuoSettler ChihuoSettler;
typedef struct _ChihuoTaskAnswer ChihuoTaskAnswer;
typedef struct _ChihuoTaskDetails ChihuoTaskDetails;

typedef enum
{
  CHIHUO_TASK_ANSWER_NONE,
  CHIHUO_TASK_ANSWER_COMPLETE,
  CHIHUO_TASK_ANSWER_FAIL,
  CHIHUO_TASK_ANSWER_REJECT,
  CHIHUO_TASK_ANSWER_POSTPONE,
} ChihuoTaskAnswerKind;

/* The answer that user code gave */
struct _ChihuoTaskAnswer
{
  ChihuoTaskAnswerKind kind;
  double               seconds; /* for postpone */
  GError              *error;   /* (owned) (nullable): for fail and reject */
};

/* Whom a running task tells. Called on whatever thread the user's code is on, with no lock held */
struct _ChihuoSettler
{
  /* the first answer was given (or the task was dropped without one): at most once. NULL: whoever
   * runs the task will look by himself */
  void (* answered)   (gpointer    owner,
                       gpointer    run,
                       ChihuoTask *task);
  void (* progressed) (gpointer    owner,
                       ChihuoTask *task,
                       double      fraction,
                       const char *message);
  void (* released)   (gpointer    owner);
};

/* What a run or a snapshot knows beside the payload. All times in µs */
struct _ChihuoTaskDetails
{
  guint64          token;
  gint64           timeout;
  guint            failures;
  guint            crashes;
  guint            max_tries;
  int              priority;
  ChihuoTaskState  state;
  gboolean         finished;
  gint64           due;
  gint64           started;
  char            *last_error; /* (owned) (nullable) */
  char            *worker;     /* (owned) (nullable) */
  char            *cursor;     /* (owned) (nullable) */
};

ChihuoTask       *chihuo_task_new_for_payload (ChihuoPayload           *payload,
                                               const ChihuoTaskDetails *details);
ChihuoPayload    *chihuo_task_get_payload     (ChihuoTask              *self);
gboolean          chihuo_task_check           (ChihuoTask              *self,
                                               GError                 **error);
void              chihuo_task_prefetch        (ChihuoTask              *self);
gint64            chihuo_task_get_delay_us    (ChihuoTask              *self);
gint64            chihuo_task_get_timeout_us  (ChihuoTask              *self);
gboolean          chihuo_task_has_priority    (ChihuoTask              *self);
void              chihuo_task_set_add_result  (ChihuoTask              *self,
                                               ChihuoAddResult          result);

void              chihuo_task_start_run       (ChihuoTask              *self,
                                               ChihuoPayload           *payload,
                                               const ChihuoTaskDetails *details,
                                               gpointer                 run);
void              chihuo_task_set_settler     (ChihuoTask              *self,
                                               const ChihuoSettler     *settler,
                                               gpointer                 owner);
gboolean          chihuo_task_is_kept         (ChihuoTask              *self);
gboolean          chihuo_task_close           (ChihuoTask              *self);
void              chihuo_task_take_answer     (ChihuoTask              *self,
                                               ChihuoTaskAnswer        *answer);
void              chihuo_task_answer_clear    (ChihuoTaskAnswer        *answer);
ChihuoCancelCell *chihuo_task_flag_cancelled  (ChihuoTask              *self);

G_END_DECLS
