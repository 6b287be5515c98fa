/* chihuo-memory-reap.c - takes runs from dead workers, and cuts what is kept too long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-reap.h"
#include "chihuo-mutant.h"

/* Leases are renewed all the time, so they are kept in no order: queue->reap_at is a time before
 * which none ends. When that has come all the running ones are looked at, in steps, and the next
 * such time is found on the way. */

static void
start (ChihuoMemoryQueue *queue)
{
  queue->reaping = TRUE;
  queue->reap_after = G_MININT64;
  queue->reap_at = G_MAXINT64;
}

/* The planted bug: an ended lease is only noted, and its run taken away a round later, unlooked at */
static gboolean
was_noted (ChihuoMemoryNode *node, gboolean is_over)
{
  static guint64 noted;
  gboolean found = noted == node->record.token;

  if (is_over)
    noted = node->record.token;

  return found;
}

static void
look (ChihuoMemoryQueue *queue, ChihuoMemoryNode *node, const ChihuoMoment *moment, guint *n_reaped)
{
  const ChihuoItem reap = { .op = CHIHUO_OP_REAP, .queue = queue->name, .reap.counted = TRUE };

  queue->reap_after = node->record.place;
  if (CHIHUO_MUTANT ("reap-not-atomic") ? !was_noted (node, node->record.when <= moment->lease)
                                        : node->record.when > moment->lease)
    {
      queue->reap_at = MIN (queue->reap_at, node->record.when);
      return;
    }

  chihuo_memory_queue_step (queue, node, &reap, moment);
  (*n_reaped)++;
}

static void
reap_running (ChihuoMemoryQueue *queue, const ChihuoMoment *moment, guint *n_reaped, guint *n_left)
{
  ChihuoMemoryKey key;
  ChihuoMemoryLaneIter iter;
  ChihuoMemoryNode *node;

  if (!queue->reaping && queue->reap_at > moment->lease)
    return;
  if (!queue->reaping)
    start (queue);

  key = (ChihuoMemoryKey) { 0, queue->reap_after };
  chihuo_memory_lane_iter_after (&iter, &queue->running, &key, NULL);
  for (; *n_left > 0 && (node = chihuo_memory_lane_iter_next (&iter)) != NULL; (*n_left)--)
    look (queue, node, moment, n_reaped);

  if (*n_left > 0)
    queue->reaping = FALSE;
}

static gboolean
is_too_old (const ChihuoMemoryNode *node, gint64 keep, const ChihuoMoment *moment)
{
  if (CHIHUO_MUTANT ("cut-too-early"))
    keep /= 2;

  return keep > 0 && node->record.when < moment->now - keep;
}

static void
cut_dead (ChihuoMemoryQueue *queue, const ChihuoMoment *moment, guint *n_left)
{
  const ChihuoItem removal = { .op = CHIHUO_OP_REMOVE, .queue = queue->name };
  const guint64 *n_dead = &queue->counts[CHIHUO_TASK_STATE_DEAD];
  ChihuoMemoryNode *node;

  for (; *n_left > 0 && (node = chihuo_memory_lane_get_first (&queue->dead)) != NULL; (*n_left)--)
    {
      gboolean too_many = queue->max_dead > 0 && *n_dead > queue->max_dead;

      if (!too_many && !is_too_old (node, queue->keep_dead, moment))
        return;
      chihuo_memory_queue_step (queue, node, &removal, moment);
      queue->n_cut_dead++;
    }
}

static void
cut_finished (ChihuoMemoryQueue *queue, const ChihuoMoment *moment, guint *n_left)
{
  const ChihuoItem unfinish = { .op = CHIHUO_OP_UNFINISH, .queue = queue->name };
  ChihuoMemoryNode *node;

  for (; *n_left > 0 && (node = chihuo_memory_lane_get_first (&queue->finished)) != NULL;
       (*n_left)--)
    {
      if (!is_too_old (node, queue->keep_finished, moment))
        return;
      chihuo_memory_queue_step (queue, node, &unfinish, moment);
      queue->n_cut_finished++;
    }
}

static void
report_cuts (ChihuoMemoryQueue *queue)
{
  if (queue->n_cut_dead == 0 && queue->n_cut_finished == 0)
    return;

  g_message ("queue “%s”: cut %" G_GUINT64_FORMAT " dead tasks and %" G_GUINT64_FORMAT
             " finished marks that were more or older than it keeps",
             queue->name, queue->n_cut_dead, queue->n_cut_finished);
  queue->n_cut_dead = 0;
  queue->n_cut_finished = 0;
}

/* Touches n_left nodes at the most; whether that was not enough */
gboolean
chihuo_memory_reap (ChihuoMemoryQueue *queue, const ChihuoMoment *moment, guint *n_reaped,
                    guint *n_left)
{
  reap_running (queue, moment, n_reaped, n_left);
  cut_dead (queue, moment, n_left);
  cut_finished (queue, moment, n_left);
  if (*n_left == 0)
    return TRUE;

  report_cuts (queue);
  return FALSE;
}
