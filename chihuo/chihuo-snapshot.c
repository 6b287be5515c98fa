/* chihuo-snapshot.c - a task made of a record, for people to look at
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-snapshot.h"
#include "chihuo-task-private.h"

/* The limit that counts: while running the run's, else the task's own */
static guint
effective_max_tries (const ChihuoRecord *record)
{
  return record->state == CHIHUO_TASK_STATE_RUNNING ? record->max_tries : record->own_tries;
}

static ChihuoTaskDetails
details_from_record (const ChihuoRecord *record)
{
  gboolean running = record->state == CHIHUO_TASK_STATE_RUNNING;

  return (ChihuoTaskDetails) {
    .token = record->token,
    .timeout = (gint64) record->timeout * 1000,
    .failures = record->failures,
    .crashes = record->crashes,
    .max_tries = effective_max_tries (record),
    .priority = record->priority,
    .state = record->state,
    .finished = record->finished,
    .due = record->state == CHIHUO_TASK_STATE_DELAYED ? record->when : 0,
    /* a token is the store's time of the claim, unless two were claimed in the same µs */
    .started = running ? (gint64) record->token : 0,
    .last_error = g_strdup (record->error),
    .worker = running ? g_strdup (record->claimant) : NULL,
  };
}

/* `id` stands in where the queue has no record. `finished`: this process knows of a mark that is
 * still on its way to the store */
ChihuoTask *
chihuo_snapshot_new (const ChihuoRecord *record, ChihuoPayload *id, gboolean finished)
{
  ChihuoTaskDetails details = details_from_record (record);

  if (finished)
    details.finished = TRUE;

  return chihuo_task_new_for_payload (record->payload != NULL ? record->payload : id, &details);
}

/* With the cursor that the next page starts behind */
ChihuoTask *
chihuo_snapshot_new_in_list (const ChihuoRecord *record)
{
  ChihuoTaskDetails details = details_from_record (record);

  details.cursor = chihuo_record_dup_cursor (record);

  return chihuo_task_new_for_payload (record->payload, &details);
}
