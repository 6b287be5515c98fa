/* chihuo-enums.h - the words of a task's life, as enumerations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <glib-object.h>

#include "chihuo-version.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_TASK_STATE   (chihuo_task_state_get_type ())
#define CHIHUO_TYPE_FATE         (chihuo_fate_get_type ())
#define CHIHUO_TYPE_ADD_RESULT   (chihuo_add_result_get_type ())
#define CHIHUO_TYPE_ADD_FLAGS    (chihuo_add_flags_get_type ())
#define CHIHUO_TYPE_CLEAR_FLAGS  (chihuo_clear_flags_get_type ())
#define CHIHUO_TYPE_OUTCOME      (chihuo_outcome_get_type ())
#define CHIHUO_TYPE_RETRY_POLICY (chihuo_retry_policy_get_type ())

/**
 * ChihuoTaskState:
 * @CHIHUO_TASK_STATE_ABSENT: the queue has no record of the id
 * @CHIHUO_TASK_STATE_WAITING: it will run as soon as a worker is free
 * @CHIHUO_TASK_STATE_DELAYED: it will wait from a known time on
 * @CHIHUO_TASK_STATE_RUNNING: a worker has claimed it
 * @CHIHUO_TASK_STATE_DEAD: out of tries; kept for people to look at
 *
 * Where a task stands. Beside it an id can be marked as finished.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_TASK_STATE_ABSENT,
  CHIHUO_TASK_STATE_WAITING,
  CHIHUO_TASK_STATE_DELAYED,
  CHIHUO_TASK_STATE_RUNNING,
  CHIHUO_TASK_STATE_DEAD,
} ChihuoTaskState;

/**
 * ChihuoFate:
 * @CHIHUO_FATE_PLAIN: nothing happened meanwhile
 * @CHIHUO_FATE_AGAIN: it was added again: a whole pending add waits for the end
 * @CHIHUO_FATE_DROP: it was finished, removed or cleared: the record goes
 *
 * What a running record becomes when its run ends.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_FATE_PLAIN,
  CHIHUO_FATE_AGAIN,
  CHIHUO_FATE_DROP,
} ChihuoFate;

/**
 * ChihuoAddResult:
 * @CHIHUO_ADD_RESULT_ERROR: nothing was decided; see the error
 * @CHIHUO_ADD_RESULT_ADDED: the task is in the queue now
 * @CHIHUO_ADD_RESULT_EXISTS: a task of this id waits already
 * @CHIHUO_ADD_RESULT_AGAIN: a task of this id is running; it will run once more
 * @CHIHUO_ADD_RESULT_RUNNING: it is running, and %CHIHUO_ADD_FLAGS_SKIP_RUNNING
 *   was given
 * @CHIHUO_ADD_RESULT_DEAD: it is dead; see %CHIHUO_ADD_FLAGS_EVEN_DEAD
 * @CHIHUO_ADD_RESULT_FINISHED: the id is marked as finished
 *
 * The answer to an add.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_ADD_RESULT_ERROR,
  CHIHUO_ADD_RESULT_ADDED,
  CHIHUO_ADD_RESULT_EXISTS,
  CHIHUO_ADD_RESULT_AGAIN,
  CHIHUO_ADD_RESULT_RUNNING,
  CHIHUO_ADD_RESULT_DEAD,
  CHIHUO_ADD_RESULT_FINISHED,
} ChihuoAddResult;

/**
 * ChihuoAddFlags:
 * @CHIHUO_ADD_FLAGS_NONE: a plain add
 * @CHIHUO_ADD_FLAGS_AT_HEAD: to the head of its priority instead of the tail
 * @CHIHUO_ADD_FLAGS_EVEN_FINISHED: take the finished mark away, too
 * @CHIHUO_ADD_FLAGS_EVEN_DEAD: revive a dead task, its counters 0
 * @CHIHUO_ADD_FLAGS_SKIP_RUNNING: leave a running task as it is
 * @CHIHUO_ADD_FLAGS_REPLACE: give a waiting or delayed task the new info and
 *   limits and, where given, delay and priority
 *
 * How to add.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_ADD_FLAGS_NONE          = 0,
  CHIHUO_ADD_FLAGS_AT_HEAD       = 1 << 0,
  CHIHUO_ADD_FLAGS_EVEN_FINISHED = 1 << 1,
  CHIHUO_ADD_FLAGS_EVEN_DEAD     = 1 << 2,
  CHIHUO_ADD_FLAGS_SKIP_RUNNING  = 1 << 3,
  CHIHUO_ADD_FLAGS_REPLACE       = 1 << 4,
} ChihuoAddFlags;

/**
 * ChihuoClearFlags:
 * @CHIHUO_CLEAR_FLAGS_WAITING: waiting and delayed tasks
 * @CHIHUO_CLEAR_FLAGS_DEAD: dead tasks
 * @CHIHUO_CLEAR_FLAGS_FINISHED: the marks of finished ids
 * @CHIHUO_CLEAR_FLAGS_RUNNING: running tasks: each is cancelled and gone when
 *   its run ends
 * @CHIHUO_CLEAR_FLAGS_ALL: all of them
 *
 * What to clear.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_CLEAR_FLAGS_WAITING  = 1 << 0,
  CHIHUO_CLEAR_FLAGS_DEAD     = 1 << 1,
  CHIHUO_CLEAR_FLAGS_FINISHED = 1 << 2,
  CHIHUO_CLEAR_FLAGS_RUNNING  = 1 << 3,
  CHIHUO_CLEAR_FLAGS_ALL      = 0xf,
} ChihuoClearFlags;

/**
 * ChihuoOutcome:
 * @CHIHUO_OUTCOME_DONE: the run succeeded
 * @CHIHUO_OUTCOME_FINISHED: the id was marked as finished with this run
 * @CHIHUO_OUTCOME_FAILED: the run failed; the task is tried again later
 * @CHIHUO_OUTCOME_POSTPONED: the task asked to be run later
 * @CHIHUO_OUTCOME_RETURNED: the task went back to its old place (a stop)
 * @CHIHUO_OUTCOME_DEAD: out of tries, rejected or cancelled
 * @CHIHUO_OUTCOME_LOST: the lease was lost; somebody else may run the task
 *
 * How a run ended.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_OUTCOME_DONE = 1,
  CHIHUO_OUTCOME_FINISHED,
  CHIHUO_OUTCOME_FAILED,
  CHIHUO_OUTCOME_POSTPONED,
  CHIHUO_OUTCOME_RETURNED,
  CHIHUO_OUTCOME_DEAD,
  CHIHUO_OUTCOME_LOST,
} ChihuoOutcome;

/**
 * ChihuoRetryPolicy:
 * @CHIHUO_RETRY_POLICY_EXPONENTIAL: after failures⁴ + 15 + random (0…10 ·
 *   failures) seconds, as Sidekiq does
 * @CHIHUO_RETRY_POLICY_CONSTANT: after 15 + random (0…10) seconds
 * @CHIHUO_RETRY_POLICY_IMMEDIATE: at once, in its old place
 *
 * When a failed task is tried again.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_RETRY_POLICY_EXPONENTIAL = 1,
  CHIHUO_RETRY_POLICY_CONSTANT,
  CHIHUO_RETRY_POLICY_IMMEDIATE,
} ChihuoRetryPolicy;

CHIHUO_AVAILABLE_IN_ALL
GType chihuo_task_state_get_type   (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_fate_get_type         (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_add_result_get_type   (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_add_flags_get_type    (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_clear_flags_get_type  (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_outcome_get_type      (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_retry_policy_get_type (void) G_GNUC_CONST;

G_END_DECLS
