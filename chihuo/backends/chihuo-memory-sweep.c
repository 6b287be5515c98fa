/* chihuo-memory-sweep.c - work on all of a queue in memory, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-sweep.h"
#include "chihuo-mutant.h"

/* A sweep concerns what stood in the queue when it began, so it stops at the tail of that moment:
 * places tell old from new, whatever comes in meanwhile. `until` is that tail. `after` is, for what
 * waits, the head of that moment; for what runs, how far it has come; for what is delayed, the last
 * due time that is done with. */

typedef struct
{
  ChihuoMemoryQueue *queue;
  ChihuoSweep       *sweep;
  ChihuoItem         event;
  guint              n_left; /* how many nodes may still be touched */
} Work;

static void
touch (Work *work, ChihuoMemoryNode *node)
{
  ChihuoAnswer answer;

  answer = chihuo_memory_queue_step (work->queue, node, &work->event, &work->sweep->moment);
  if (answer == CHIHUO_ANSWER_OK)
    work->sweep->n_done++;
  work->n_left--;
}

/* Dead and finished ones only ever come in at the tail, and go when touched */
static void
sweep_front (Work *work, ChihuoMemoryLane *lane)
{
  ChihuoMemoryNode *node;

  while (work->n_left > 0 && (node = chihuo_memory_lane_get_first (lane)) != NULL
         && node->record.place <= work->sweep->until)
    touch (work, node);
}

static void
sweep_waiting_lane (Work *work, int number)
{
  ChihuoMemoryKey key = { number % CHIHUO_MEMORY_N_PRIORITIES + G_MININT8, work->sweep->after - 1 };
  ChihuoMemoryLaneIter iter;
  ChihuoMemoryNode *node;

  chihuo_memory_lane_iter_after (&iter, &work->queue->waiting[number], &key, NULL);
  while (work->n_left > 0 && (node = chihuo_memory_lane_iter_next (&iter)) != NULL
         && node->record.place <= work->sweep->until)
    touch (work, node);
}

static void
sweep_waiting (Work *work)
{
  int end = G_N_ELEMENTS (work->queue->waiting);
  int number = -1;

  while (work->n_left > 0
         && (number = chihuo_memory_queue_next_busy (work->queue, number + 1, end)) >= 0)
    sweep_waiting_lane (work, number);
}

/* Of one due time the old ones come first: the first new one is the sign to go on to the next */
static void
sweep_delayed (Work *work)
{
  ChihuoMemoryLane *lane = &work->queue->delayed;
  ChihuoSweep *sweep = work->sweep;

  while (work->n_left > 0)
    {
      ChihuoMemoryKey key = { sweep->after, G_MAXINT64 };
      ChihuoMemoryLaneIter iter;
      ChihuoMemoryNode *node;

      chihuo_memory_lane_iter_after (&iter, lane, &key, NULL);
      while (work->n_left > 0 && (node = chihuo_memory_lane_iter_next (&iter)) != NULL
             && node->record.place <= sweep->until)
        touch (work, node);

      if (work->n_left == 0 || node == NULL)
        return;
      sweep->after = node->record.when;
      work->n_left--;
    }
}

/* Running ones stay where they are */
static void
sweep_running (Work *work, gboolean finished_only)
{
  ChihuoMemoryKey key = { 0, work->sweep->after };
  ChihuoMemoryLaneIter iter;
  ChihuoMemoryNode *node;

  chihuo_memory_lane_iter_after (&iter, &work->queue->running, &key, NULL);
  while (work->n_left > 0 && (node = chihuo_memory_lane_iter_next (&iter)) != NULL
         && node->record.place <= work->sweep->until)
    {
      work->sweep->after = node->record.place;
      if (!finished_only || node->record.finished)
        touch (work, node);
      else
        work->n_left--;
    }

  if (work->n_left > 0)
    work->sweep->after = work->sweep->until;
}

static void
start (ChihuoMemoryQueue *queue, ChihuoSweep *sweep)
{
  sweep->started = TRUE;
  sweep->until = CHIHUO_MUTANT ("sweep-ends-early") ? queue->tail - 1 : queue->tail;
  sweep->after = sweep->what == CHIHUO_SWEEP_WHAT_CLEAR_WAITING ? queue->head : G_MININT64;
}

static ChihuoOp
get_op (ChihuoSweepWhat what)
{
  if (what == CHIHUO_SWEEP_WHAT_CLEAR_FINISHED)
    return CHIHUO_OP_UNFINISH;
  if (what == CHIHUO_SWEEP_WHAT_RETRY_DEAD)
    return CHIHUO_OP_RETRY_DEAD;
  return CHIHUO_OP_REMOVE;
}

void
chihuo_memory_sweep (ChihuoMemoryQueue *queue, ChihuoSweep *sweep)
{
  Work work = { .queue = queue,
                .sweep = sweep,
                .event = { .op = get_op (sweep->what), .queue = queue->name },
                .n_left = CHIHUO_BACKEND_MAX_TOUCHED };

  if (!sweep->started)
    start (queue, sweep);

  switch (sweep->what)
    {
    case CHIHUO_SWEEP_WHAT_CLEAR_WAITING:
      sweep_waiting (&work);
      break;
    case CHIHUO_SWEEP_WHAT_CLEAR_DELAYED:
      sweep_delayed (&work);
      break;
    case CHIHUO_SWEEP_WHAT_CLEAR_RUNNING:
      sweep_running (&work, FALSE);
      break;
    case CHIHUO_SWEEP_WHAT_CLEAR_FINISHED:
      sweep_running (&work, TRUE);
      sweep_front (&work, &queue->finished);
      break;
    case CHIHUO_SWEEP_WHAT_CLEAR_DEAD:
    case CHIHUO_SWEEP_WHAT_RETRY_DEAD:
    case CHIHUO_SWEEP_WHAT_IMPORT:
    default:
      sweep_front (&work, &queue->dead);
      break;
    }

  sweep->more = work.n_left == 0;
}
