/* chihuo-memory-claim.c - hands tasks of a queue in memory out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-claim.h"
#include "chihuo-mutant.h"

/* What is due waits from now on, in the order of the due times */
static void
move_due (ChihuoMemoryQueue *queue, const ChihuoMoment *moment, guint *n_left)
{
  const ChihuoItem due = { .op = CHIHUO_OP_DUE, .queue = queue->name };
  ChihuoMemoryNode *node;

  while (*n_left > 0 && (node = chihuo_memory_lane_get_first (&queue->delayed)) != NULL
         && node->record.when <= moment->now)
    {
      chihuo_memory_queue_step (queue, node, &due, moment);
      (*n_left)--;
    }
}

/* Never goes back, not even when the clock does */
static guint64
next_token (ChihuoMemoryQueue *queue, gint64 now)
{
  queue->token = MAX (queue->token + 1, (guint64) MAX (now, 0));
  if (CHIHUO_MUTANT ("token-goes-back"))
    queue->token = now;

  return queue->token;
}

static void
claim_new (ChihuoMemoryQueue *queue, ChihuoItem *item, const ChihuoMoment *moment)
{
  guint n = MIN (item->claim.n, queue->counts[CHIHUO_TASK_STATE_WAITING]);
  guint n_suspects = 0;
  ChihuoMemoryNode *node;

  if (n == 0 || queue->paused)
    return;

  item->claim.claimed = g_new (ChihuoClaimed, n);
  node = chihuo_memory_queue_get_next (queue, item->claim.suspects > 0);
  while (node != NULL && item->claim.n_claimed < n)
    {
      ChihuoMemoryNode *next;

      item->token = next_token (queue, moment->now);
      chihuo_memory_queue_step (queue, node, item, moment);
      if (node->record.crashes > 0)
        n_suspects++;

      next = chihuo_memory_queue_get_next (queue, n_suspects < item->claim.suspects);
      if (next != NULL)
        chihuo_memory_node_prefetch (next);
      chihuo_record_hand_out (&node->record, item);
      node = next;
    }
}

/* The answer to an earlier claim was lost: what it gave and is still held is given again */
static void
claim_again (ChihuoMemoryQueue *queue, ChihuoItem *item, const ChihuoMoment *moment, guint n_first)
{
  ChihuoItem renew = { .op = CHIHUO_OP_RENEW, .queue = queue->name, .claimant = item->claimant };
  ChihuoMemoryLaneIter iter;
  ChihuoMemoryNode *node;

  renew.renew.lease = item->claim.lease;
  item->claim.claimed = g_new (ChihuoClaimed, queue->counts[CHIHUO_TASK_STATE_RUNNING]);
  chihuo_memory_lane_iter_init (&iter, &queue->running);
  while ((node = chihuo_memory_lane_iter_next (&iter)) != NULL)
    {
      if (node->record.claimant != item->claimant || node->record.request != item->claim.request)
        continue;

      renew.token = node->record.token;
      chihuo_memory_queue_step (queue, node, &renew, moment);
      chihuo_record_hand_out (&node->record, item);
    }

  if (n_first != CHIHUO_MEMORY_CLAIM_UNKNOWN && n_first > item->claim.n_claimed)
    item->claim.n_lost = n_first - item->claim.n_claimed;
}

/* n_first: what the first answer to this claim gave, if a repeated batch says so; n_left: how many
 * delayed tasks may be moved */
void
chihuo_memory_claim (ChihuoMemoryQueue *queue, ChihuoItem *item, const ChihuoMoment *moment,
                     guint n_first, guint *n_left)
{
  ChihuoMemoryWorker *worker = chihuo_memory_queue_get_worker (queue, item->claimant);
  ChihuoMemoryNode *due;

  item->claim.claimed = NULL;
  item->claim.n_claimed = 0;
  item->claim.n_lost = 0;
  move_due (queue, moment, n_left);

  /* Requests grow, so one that does not is a repetition; the difference survives their overflow */
  if (worker->has_claimed && (gint32) (item->claim.request - worker->request) <= 0)
    {
      if (n_first == CHIHUO_MEMORY_CLAIM_UNKNOWN && item->claim.request == worker->request)
        n_first = worker->n_claimed;
      claim_again (queue, item, moment, n_first);
    }
  else
    {
      claim_new (queue, item, moment);
      worker->has_claimed = TRUE;
      worker->request = item->claim.request;
      worker->n_claimed = item->claim.n_claimed;
    }

  due = chihuo_memory_lane_get_first (&queue->delayed);
  item->claim.next_due = due != NULL ? due->record.when : 0;
  item->claim.n_waiting = queue->counts[CHIHUO_TASK_STATE_WAITING];
  item->claim.paused = queue->paused;
}
