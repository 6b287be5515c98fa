/* chihuo-sqlite-exchange.c - carries out the items of a batch
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-sqlite-claim.h"
#include "chihuo-sqlite-client.h"
#include "chihuo-sqlite-exchange.h"
#include "chihuo-sqlite-task.h"

typedef struct
{
  ChihuoSqliteQueues  *queues;
  ChihuoSqliteWorkers *workers;
  const ChihuoMoment  *moment;
} Exchange;

static ChihuoAnswer
add (const Exchange *self, const ChihuoItem *item, ChihuoSqliteQueue *queue)
{
  g_auto (ChihuoSqliteTask) task;

  chihuo_sqlite_task_init (&task, self->queues, queue);
  return chihuo_sqlite_task_add (&task, item, self->moment);
}

/* What happens to a task from outside its run */
static ChihuoAnswer
change (const Exchange *self, const ChihuoItem *item, ChihuoSqliteQueue *queue)
{
  g_auto (ChihuoSqliteTask) task;

  chihuo_sqlite_task_init (&task, self->queues, queue);
  if (item->op == CHIHUO_OP_UNFINISH)
    chihuo_sqlite_task_load_mark (&task, item->payload);
  chihuo_sqlite_task_load_by_id (&task, item->payload);

  return chihuo_sqlite_task_step (&task, item, self->moment);
}

/* A settle or a renewal: the handle names the row, token and claimant say whose run it is */
static ChihuoAnswer
end_or_renew (const Exchange *self, const ChihuoItem *item, ChihuoSqliteQueue *queue)
{
  ChihuoSqliteClaimant *claimant = chihuo_sqlite_workers_claimant (self->workers, item->claimant);
  ChihuoAnswer answer = CHIHUO_ANSWER_NONE;
  g_auto (ChihuoSqliteTask) task;

  chihuo_sqlite_task_init (&task, self->queues, queue);
  if (item->op == CHIHUO_OP_SETTLE && item->handle != 0 && claimant->n != 0)
    answer = chihuo_sqlite_task_end (&task, claimant->n, item, self->moment);
  if (answer != CHIHUO_ANSWER_NONE)
    return answer;

  if (item->handle != 0)
    chihuo_sqlite_task_load (&task, item->handle, item->payload);
  else
    chihuo_sqlite_task_load_by_id (&task, item->payload);

  if (claimant->n != 0 && task.claimant == claimant->n)
    {
      task.record.claimant = item->claimant;
      if (item->op == CHIHUO_OP_RENEW)
        chihuo_sqlite_workers_attach (self->workers, claimant);
    }

  return chihuo_sqlite_task_step (&task, item, self->moment);
}

static ChihuoAnswer
set_paused (const Exchange *self, const ChihuoItem *item, ChihuoSqliteQueue *queue)
{
  if (queue->paused == item->pause.paused)
    return CHIHUO_ANSWER_OK;

  chihuo_sqlite_queues_ensure (self->queues, queue);
  queue->paused = item->pause.paused;
  queue->is_dirty = TRUE;
  chihuo_sqlite_queues_tell (self->queues, CHIHUO_SQLITE_NEWS_WAKE);

  return CHIHUO_ANSWER_OK;
}

/* Nobody pays for an index by time before somebody wants marks to go */
static void
create_finished_index (ChihuoSqliteStatements *db)
{
  int rc = sqlite3_exec (db->db,
                         "CREATE INDEX IF NOT EXISTS finished_time ON finished (q, time)", NULL,
                         NULL, NULL);

  if (rc != SQLITE_OK)
    chihuo_sqlite_statements_fail (db, rc);
}

static ChihuoAnswer
set_retention (const Exchange *self, const ChihuoItem *item, ChihuoSqliteQueue *queue)
{
  chihuo_sqlite_queues_ensure (self->queues, queue);
  queue->keep_finished = item->retention.finished;
  queue->keep_dead = item->retention.dead;
  queue->keep_dead_max = MIN (item->retention.dead_max, G_MAXINT64);
  queue->is_dirty = TRUE;
  if (queue->keep_finished > 0)
    create_finished_index (self->queues->db);

  return CHIHUO_ANSWER_OK;
}

static void
do_item (const Exchange *self, ChihuoItem *item)
{
  ChihuoSqliteQueue *queue = chihuo_sqlite_queues_get (self->queues, item->queue);

  switch (item->op)
    {
    case CHIHUO_OP_ADD:
      item->answer = add (self, item, queue);
      return;
    case CHIHUO_OP_FINISH:
    case CHIHUO_OP_UNFINISH:
    case CHIHUO_OP_REMOVE:
    case CHIHUO_OP_CANCEL:
    case CHIHUO_OP_RETRY_DEAD:
      item->answer = change (self, item, queue);
      return;
    case CHIHUO_OP_SETTLE:
    case CHIHUO_OP_RENEW:
      item->answer = end_or_renew (self, item, queue);
      return;
    case CHIHUO_OP_CLAIM:
      chihuo_sqlite_claim (self->queues, self->workers, item, self->moment);
      return;
    case CHIHUO_OP_SET_PAUSED:
      item->answer = set_paused (self, item, queue);
      return;
    case CHIHUO_OP_SET_RETENTION:
      item->answer = set_retention (self, item, queue);
      return;
    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    case CHIHUO_OP_JUNK:
    default:
      g_assert_not_reached ();
    }
}

/*
 * chihuo_sqlite_exchange_items:
 * @queues: the queues of this transaction
 * @workers: the claimants of this transaction
 * @batch: a batch
 *
 * Carries out each item, in order.
 */
void
chihuo_sqlite_exchange_items (ChihuoSqliteQueues *queues, ChihuoSqliteWorkers *workers,
                              ChihuoBatch *batch)
{
  Exchange self = { .queues = queues, .workers = workers, .moment = &batch->moment };

  for (guint i = 0; i < batch->n_items; i++)
    do_item (&self, batch->items[i]);
}

/*
 * chihuo_sqlite_exchange_again:
 * @queues: the queues of this transaction
 * @workers: the claimants of this transaction
 * @batch: a batch that was carried out before
 * @answers: what it was answered then
 * @error: return location for %CHIHUO_ERROR_PROTOCOL
 *
 * Answers a repeated batch.
 *
 * Returns: %FALSE if another batch was answered under that number
 */
gboolean
chihuo_sqlite_exchange_again (ChihuoSqliteQueues *queues, ChihuoSqliteWorkers *workers,
                              ChihuoBatch *batch, GBytes *answers, GError **error)
{
  gsize at = 0;

  for (guint i = 0; i < batch->n_items; i++)
    {
      ChihuoItem *item = batch->items[i];
      guint given;

      if (!chihuo_sqlite_client_read_answer (answers, &at, item, &given))
        break;
      if (item->op == CHIHUO_OP_CLAIM)
        chihuo_sqlite_claim_again (queues, workers, item, &batch->moment, given);
    }

  if (at == g_bytes_get_size (answers))
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "batch %u of client %s is not the one that was answered before", batch->request,
               batch->client);
  return FALSE;
}

