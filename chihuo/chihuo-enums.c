/* chihuo-enums.c - the words of a task's life, as enumerations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-enums.h"

G_DEFINE_ENUM_TYPE (ChihuoTaskState, chihuo_task_state,
                    G_DEFINE_ENUM_VALUE (CHIHUO_TASK_STATE_ABSENT, "absent"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_TASK_STATE_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_TASK_STATE_DELAYED, "delayed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_TASK_STATE_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_TASK_STATE_DEAD, "dead"))

G_DEFINE_ENUM_TYPE (ChihuoFate, chihuo_fate,
                    G_DEFINE_ENUM_VALUE (CHIHUO_FATE_PLAIN, "plain"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_FATE_AGAIN, "again"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_FATE_DROP, "drop"))

G_DEFINE_ENUM_TYPE (ChihuoAddResult, chihuo_add_result,
                    G_DEFINE_ENUM_VALUE (CHIHUO_ADD_RESULT_ERROR, "error"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ADD_RESULT_ADDED, "added"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ADD_RESULT_EXISTS, "exists"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ADD_RESULT_AGAIN, "again"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ADD_RESULT_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ADD_RESULT_DEAD, "dead"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ADD_RESULT_FINISHED, "finished"))

G_DEFINE_FLAGS_TYPE (ChihuoAddFlags, chihuo_add_flags,
                     G_DEFINE_ENUM_VALUE (CHIHUO_ADD_FLAGS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_ADD_FLAGS_AT_HEAD, "at-head"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_ADD_FLAGS_EVEN_FINISHED, "even-finished"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_ADD_FLAGS_EVEN_DEAD, "even-dead"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_ADD_FLAGS_SKIP_RUNNING, "skip-running"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_ADD_FLAGS_REPLACE, "replace"))

G_DEFINE_FLAGS_TYPE (ChihuoClearFlags, chihuo_clear_flags,
                     G_DEFINE_ENUM_VALUE (CHIHUO_CLEAR_FLAGS_WAITING, "waiting"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_CLEAR_FLAGS_DEAD, "dead"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_CLEAR_FLAGS_FINISHED, "finished"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_CLEAR_FLAGS_RUNNING, "running"),
                     G_DEFINE_ENUM_VALUE (CHIHUO_CLEAR_FLAGS_ALL, "all"))

G_DEFINE_ENUM_TYPE (ChihuoOutcome, chihuo_outcome,
                    G_DEFINE_ENUM_VALUE (CHIHUO_OUTCOME_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OUTCOME_FINISHED, "finished"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OUTCOME_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OUTCOME_POSTPONED, "postponed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OUTCOME_RETURNED, "returned"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OUTCOME_DEAD, "dead"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OUTCOME_LOST, "lost"))

G_DEFINE_ENUM_TYPE (ChihuoRetryPolicy, chihuo_retry_policy,
                    G_DEFINE_ENUM_VALUE (CHIHUO_RETRY_POLICY_EXPONENTIAL, "exponential"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_RETRY_POLICY_CONSTANT, "constant"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_RETRY_POLICY_IMMEDIATE, "immediate"))
