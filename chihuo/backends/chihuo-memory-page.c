/* chihuo-memory-page.c - looks into a queue in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-page.h"

/* Where a list goes on */
typedef struct
{
  ChihuoMemoryKey   key;
  ChihuoMemoryNode *at;      /* (nullable): the node that still has this key */
  gboolean          started; /* there is a cursor */
} Start;

/* The two lanes of a priority, merged; others have one only */
typedef struct
{
  ChihuoMemoryLaneIter iters[2];
  guint                n_iters;
} Merge;

static void
merge_add (Merge *merge, ChihuoMemoryLane *lane, const Start *start)
{
  ChihuoMemoryLaneIter *iter = &merge->iters[merge->n_iters++];

  if (start->started)
    chihuo_memory_lane_iter_after (iter, lane, &start->key, start->at);
  else
    chihuo_memory_lane_iter_init (iter, lane);
}

static ChihuoMemoryNode *
merge_next (Merge *merge)
{
  ChihuoMemoryLaneIter *lowest = NULL;
  ChihuoMemoryKey lowest_key;

  for (guint i = 0; i < merge->n_iters; i++)
    {
      ChihuoMemoryNode *node = chihuo_memory_lane_iter_peek (&merge->iters[i]);
      ChihuoMemoryKey key;

      if (node == NULL)
        continue;

      key = chihuo_memory_node_get_key (node);
      if (lowest == NULL || chihuo_memory_key_compare (&key, &lowest_key) < 0)
        {
          lowest = &merge->iters[i];
          lowest_key = key;
        }
    }

  return lowest != NULL ? chihuo_memory_lane_iter_next (lowest) : NULL;
}

static void
take (Merge *merge, ChihuoPage *page, guint *n_left)
{
  ChihuoMemoryNode *node;

  for (; *n_left > 0 && (node = merge_next (merge)) != NULL; (*n_left)--)
    g_ptr_array_add (page->records, chihuo_record_copy (&node->record));
}

static gboolean
find_start (ChihuoMemoryQueue *queue, ChihuoPage *page, Start *start, GError **error)
{
  g_autoptr (ChihuoPayload) payload = NULL;
  ChihuoMemoryNode *node;
  ChihuoMemoryKey key;
  const char *id;

  *start = (Start) { .started = page->after != NULL };
  if (page->after == NULL)
    return TRUE;
  if (!chihuo_cursor_parse (page->after, &start->key.major, &start->key.minor, &id, error))
    return FALSE;

  payload = chihuo_payload_new (id, -1, NULL, 0);
  node = chihuo_memory_queue_find (queue, payload);
  if (node == NULL || node->record.state != page->state)
    return TRUE;

  key = chihuo_memory_node_get_key (node);
  if (chihuo_memory_key_compare (&key, &start->key) == 0)
    start->at = node;

  return TRUE;
}

/* A node is only known to the lane that it stands in */
static Start
start_in (const Start *start, gboolean suspects)
{
  Start copy = *start;

  if (copy.at != NULL && (copy.at->record.crashes > 0) != suspects)
    copy.at = NULL;

  return copy;
}

static void
list_priority (ChihuoMemoryQueue *queue, int number, ChihuoPage *page, const Start *start,
               guint *n_left)
{
  Merge merge = { .n_iters = 0 };
  Start plain = start_in (start, FALSE);
  Start suspect = start_in (start, TRUE);

  merge_add (&merge, &queue->waiting[number], &plain);
  merge_add (&merge, &queue->waiting[CHIHUO_MEMORY_N_PRIORITIES + number], &suspect);
  take (&merge, page, n_left);
}

static void
list_waiting (ChihuoMemoryQueue *queue, ChihuoPage *page, const Start *start)
{
  const Start fresh = { .started = FALSE };
  guint n_left = page->limit;
  int number = 0;

  if (start->started)
    {
      number = CLAMP (start->key.major, G_MININT8, G_MAXINT8) - G_MININT8;
      list_priority (queue, number++, page, start, &n_left);
    }

  for (; n_left > 0 && number < CHIHUO_MEMORY_N_PRIORITIES; number++)
    list_priority (queue, number, page, &fresh, &n_left);
}

static void
list_lane (ChihuoMemoryLane *lane, ChihuoPage *page, const Start *start)
{
  Merge merge = { .n_iters = 0 };
  guint n_left = page->limit;

  merge_add (&merge, lane, start);
  take (&merge, page, &n_left);
}

static gboolean
list_state (ChihuoMemoryQueue *queue, ChihuoPage *page, GError **error)
{
  Start start;

  if (!find_start (queue, page, &start, error))
    return FALSE;

  switch (page->state)
    {
    case CHIHUO_TASK_STATE_WAITING:
      list_waiting (queue, page, &start);
      return TRUE;
    case CHIHUO_TASK_STATE_DELAYED:
      list_lane (&queue->delayed, page, &start);
      return TRUE;
    case CHIHUO_TASK_STATE_RUNNING:
      list_lane (&queue->running, page, &start);
      return TRUE;
    case CHIHUO_TASK_STATE_DEAD:
      list_lane (&queue->dead, page, &start);
      return TRUE;
    case CHIHUO_TASK_STATE_ABSENT:
    default:
      return TRUE;
    }
}

static ChihuoRecord *
record_from_payload (ChihuoPayload *payload, gboolean finished)
{
  ChihuoRecord *record = g_new0 (ChihuoRecord, 1);

  record->payload = chihuo_payload_new (chihuo_payload_get_id (payload),
                                        chihuo_payload_get_id_length (payload), NULL, 0);
  record->finished = finished;

  return record;
}

static void
index_marks (ChihuoMemoryQueue *queue)
{
  ChihuoMemoryNode *node;
  gsize at = 0;

  queue->marks = chihuo_memory_marks_new ();
  while ((node = chihuo_memory_index_next (&queue->nodes, &at)) != NULL)
    if (node->record.finished)
      chihuo_memory_marks_add (queue->marks, node);
}

static void
list_finished (ChihuoMemoryQueue *queue, ChihuoPage *page)
{
  ChihuoMemoryNode *node;

  if (queue->marks == NULL)
    index_marks (queue);

  if (page->after != NULL)
    node = chihuo_memory_marks_after (queue->marks, page->after);
  else
    node = chihuo_memory_marks_first (queue->marks);

  for (guint i = 0; i < page->limit && node != NULL; i++)
    {
      ChihuoPayload *payload = node->record.payload;

      g_ptr_array_add (page->records, record_from_payload (payload, TRUE));
      node = chihuo_memory_marks_after (queue->marks, chihuo_payload_get_id (payload));
    }
}

static void
look (ChihuoMemoryQueue *queue, ChihuoPage *page)
{
  ChihuoMemoryNode *node = chihuo_memory_queue_find (queue, page->id);
  ChihuoRecord *record;

  if (node != NULL)
    record = chihuo_record_copy (&node->record);
  else
    record = record_from_payload (page->id, FALSE);
  g_ptr_array_add (page->records, record);
}

gboolean
chihuo_memory_page_fill (ChihuoMemoryQueue *queue, ChihuoPage *page, GError **error)
{
  if (page->id != NULL)
    look (queue, page);
  else if (page->finished)
    list_finished (queue, page);
  else
    return list_state (queue, page, error);

  return TRUE;
}
