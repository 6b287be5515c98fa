/* chihuo-memory-queue.c - the tasks of one name, in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-queue.h"

/* An index finds a node by its id, and each node stands in the one lane that its state, and
 * while it waits its priority, says. There is one way to change a node,
 * chihuo_memory_queue_step(): it asks the function of a task's life and then brings lanes, counts
 * and index in line with the record. */

#define N_PRIORITIES CHIHUO_MEMORY_N_PRIORITIES

/* What a queue keeps of its dead until somebody says otherwise */
#define KEEP_DEAD (90 * G_TIME_SPAN_DAY)
#define MAX_DEAD  10000

/* A finished id keeps its payload unless the info in it is longer than this, in bytes */
#define MAX_IDLE_INFO 32

/* Where a node stands, and who holds it */
typedef struct
{
  ChihuoMemoryLane *lane; /* (nullable): in none, so the queue does not know the node */
  ChihuoMemoryKey   key;
  ChihuoTaskState   state;
  const char       *claimant;
  gboolean          finished;
} Stand;

static void
node_free (ChihuoMemoryNode *node)
{
  chihuo_record_clear (&node->record);
  g_free (node);
}

ChihuoMemoryQueue *
chihuo_memory_queue_new (const char *name)
{
  ChihuoMemoryQueue *self = g_new0 (ChihuoMemoryQueue, 1);

  self->name = name;
  self->workers = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, g_free);
  self->keep_dead = KEEP_DEAD;
  self->max_dead = MAX_DEAD;
  self->reap_at = G_MAXINT64;

  return self;
}

void
chihuo_memory_queue_free (ChihuoMemoryQueue *self)
{
  ChihuoMemoryNode *node;
  gsize at = 0;

  g_clear_pointer (&self->marks, chihuo_memory_marks_free);
  while ((node = chihuo_memory_index_next (&self->nodes, &at)) != NULL)
    node_free (node);
  chihuo_memory_index_clear (&self->nodes);
  g_hash_table_unref (self->workers);
  g_free (self);
}

/* (nullable): a queue knows an id that has a record or the mark */
ChihuoMemoryNode *
chihuo_memory_queue_find (ChihuoMemoryQueue *self, ChihuoPayload *payload)
{
  return chihuo_memory_index_find (&self->nodes, payload);
}

ChihuoMemoryWorker *
chihuo_memory_queue_get_worker (ChihuoMemoryQueue *self, const char *claimant)
{
  if (self->worker != NULL && self->worker->claimant == claimant)
    return self->worker;

  self->worker = g_hash_table_lookup (self->workers, claimant);
  if (self->worker == NULL)
    {
      self->worker = g_new0 (ChihuoMemoryWorker, 1);
      self->worker->claimant = claimant;
      g_hash_table_insert (self->workers, (gpointer) claimant, self->worker);
    }

  return self->worker;
}

/* The lowest lane of what waits that is not empty, from `from` to before `end`; −1: all are */
int
chihuo_memory_queue_next_busy (ChihuoMemoryQueue *self, int from, int end)
{
  for (int i = from; i < end; i = (i | 63) + 1)
    {
      guint64 bits = self->busy[i / 64] >> (i % 64);

      if (bits != 0)
        {
          i += __builtin_ctzll (bits);
          return i < end ? i : -1;
        }
    }

  return -1;
}

/* Whom a claim gets next: suspects stand in the same order, but are left out unless allowed */
ChihuoMemoryNode *
chihuo_memory_queue_get_next (ChihuoMemoryQueue *self, gboolean suspects)
{
  int number = chihuo_memory_queue_next_busy (self, 0, N_PRIORITIES);
  ChihuoMemoryNode *node = NULL;
  ChihuoMemoryNode *suspect;
  ChihuoMemoryKey key;
  ChihuoMemoryKey suspect_key;

  if (number >= 0)
    node = chihuo_memory_lane_get_first (&self->waiting[number]);
  if (!suspects)
    return node;

  number = chihuo_memory_queue_next_busy (self, N_PRIORITIES, 2 * N_PRIORITIES);
  if (number < 0)
    return node;

  suspect = chihuo_memory_lane_get_first (&self->waiting[number]);
  if (node == NULL)
    return suspect;

  key = chihuo_memory_node_get_key (node);
  suspect_key = chihuo_memory_node_get_key (suspect);
  return chihuo_memory_key_compare (&key, &suspect_key) < 0 ? node : suspect;
}

static ChihuoMemoryLane *
get_lane (ChihuoMemoryQueue *self, const ChihuoRecord *record)
{
  int number = record->priority - G_MININT8 + (record->crashes > 0 ? N_PRIORITIES : 0);

  switch ((ChihuoTaskState) record->state)
    {
    case CHIHUO_TASK_STATE_WAITING:
      return &self->waiting[number];
    case CHIHUO_TASK_STATE_DELAYED:
      return &self->delayed;
    case CHIHUO_TASK_STATE_RUNNING:
      return &self->running;
    case CHIHUO_TASK_STATE_DEAD:
      return &self->dead;
    case CHIHUO_TASK_STATE_ABSENT:
    default:
      return record->finished ? &self->finished : NULL;
    }
}

static Stand
get_stand (ChihuoMemoryQueue *self, ChihuoMemoryNode *node)
{
  return (Stand) { .lane = get_lane (self, &node->record),
                   .key = chihuo_memory_node_get_key (node),
                   .state = node->record.state,
                   .claimant = node->record.claimant,
                   .finished = node->record.finished };
}

static void
update_busy (ChihuoMemoryQueue *self, const Stand *stand)
{
  gsize number = stand->lane - self->waiting;
  guint64 bit = G_GUINT64_CONSTANT (1) << (number % 64);

  if (chihuo_memory_lane_is_empty (stand->lane))
    self->busy[number / 64] &= ~bit;
  else
    self->busy[number / 64] |= bit;
}

static void
count_worker (ChihuoMemoryQueue *self, const char *claimant, gboolean holds)
{
  ChihuoMemoryWorker *worker = chihuo_memory_queue_get_worker (self, claimant);

  if (holds)
    {
      if (worker->n_running++ == 0)
        self->n_workers++;
    }
  else if (--worker->n_running == 0)
    self->n_workers--;
}

static void
detach (ChihuoMemoryQueue *self, ChihuoMemoryNode *node, const Stand *stand)
{
  chihuo_memory_lane_remove (stand->lane, node, &stand->key);
  self->counts[stand->state]--;
  if (stand->state == CHIHUO_TASK_STATE_WAITING)
    update_busy (self, stand);
  else if (stand->state == CHIHUO_TASK_STATE_RUNNING)
    count_worker (self, stand->claimant, FALSE);
}

static void
attach (ChihuoMemoryQueue *self, ChihuoMemoryNode *node, const Stand *stand)
{
  chihuo_memory_lane_insert (stand->lane, node);
  self->counts[stand->state]++;
  if (stand->state == CHIHUO_TASK_STATE_WAITING)
    update_busy (self, stand);
  else if (stand->state == CHIHUO_TASK_STATE_RUNNING)
    count_worker (self, stand->claimant, TRUE);
}

/* Of a finished id only the id is needed, and when that was */
static void
become_idle (ChihuoMemoryQueue *self, ChihuoRecord *record, const ChihuoMoment *moment)
{
  ChihuoPayload *payload = record->payload;

  record->place = ++self->tail;
  record->when = moment->now;
  if (chihuo_payload_get_json_length (payload) <= MAX_IDLE_INFO)
    return;

  record->payload = chihuo_payload_new (chihuo_payload_get_id (payload),
                                        chihuo_payload_get_id_length (payload), NULL, 0);
  chihuo_payload_unref (payload);
}

static void
give_place (ChihuoMemoryQueue *self, ChihuoRecord *record, ChihuoPlace place)
{
  switch (place)
    {
    case CHIHUO_PLACE_TAIL:
      record->place = ++self->tail;
      break;
    case CHIHUO_PLACE_HEAD:
      record->place = --self->head;
      break;
    case CHIHUO_PLACE_KEEP:
    default:
      break;
    }
}

static void
update_mark (ChihuoMemoryQueue *self, ChihuoMemoryNode *node)
{
  if (node->record.finished)
    self->n_finished++;
  else
    self->n_finished--;

  if (self->marks == NULL)
    return;
  if (node->record.finished)
    chihuo_memory_marks_add (self->marks, node);
  else
    chihuo_memory_marks_remove (self->marks, node);
}

/* Brings lanes, counts and index in line with a record that has changed. It may free the node */
static void
move (ChihuoMemoryQueue *self, ChihuoMemoryNode *node, const Stand *before, const Stand *after)
{
  if (before->finished != after->finished)
    update_mark (self, node);

  if (before->lane != after->lane || before->key.major != after->key.major
      || before->key.minor != after->key.minor)
    {
      if (before->lane != NULL)
        detach (self, node, before);
      if (after->lane != NULL)
        attach (self, node, after);
    }

  if (after->state == CHIHUO_TASK_STATE_RUNNING)
    self->reap_at = MIN (self->reap_at, node->record.when);

  if (before->lane == NULL && after->lane != NULL)
    chihuo_memory_index_add (&self->nodes, node);
  else if (before->lane != NULL && after->lane == NULL)
    chihuo_memory_index_remove (&self->nodes, node);
  if (after->lane == NULL)
    node_free (node);
}

/* Carries an event out. The node may be gone afterwards */
ChihuoAnswer
chihuo_memory_queue_step (ChihuoMemoryQueue *self, ChihuoMemoryNode *node, const ChihuoItem *event,
                          const ChihuoMoment *moment)
{
  Stand before = get_stand (self, node);
  Stand after;
  ChihuoPlace place;
  ChihuoAnswer answer;

  answer = chihuo_task_life_step (&node->record, event, moment, &place);
  give_place (self, &node->record, place);
  if (node->record.state == CHIHUO_TASK_STATE_ABSENT && node->record.finished
      && before.lane != &self->finished)
    become_idle (self, &node->record, moment);

  after = get_stand (self, node);
  move (self, node, &before, &after);

  return answer;
}

/* Tells the processor what chihuo_memory_queue_do() will look for soon */
void
chihuo_memory_queue_prefetch (ChihuoMemoryQueue *self, const ChihuoItem *event)
{
  if (event->payload != NULL)
    chihuo_memory_index_prefetch (&self->nodes, event->payload);
}

/* Carries out an event that concerns one id, known or not */
ChihuoAnswer
chihuo_memory_queue_do (ChihuoMemoryQueue *self, const ChihuoItem *event,
                        const ChihuoMoment *moment)
{
  ChihuoMemoryNode *node = chihuo_memory_queue_find (self, event->payload);

  if (node == NULL)
    {
      node = g_new0 (ChihuoMemoryNode, 1);
      node->record.payload = chihuo_payload_ref (event->payload);
    }

  return chihuo_memory_queue_step (self, node, event, moment);
}

static double
get_oldest_waiting (ChihuoMemoryQueue *self, gint64 now)
{
  gint64 oldest = now;
  int number = -1;

  while ((number = chihuo_memory_queue_next_busy (self, number + 1, 2 * N_PRIORITIES)) >= 0)
    oldest = MIN (oldest, chihuo_memory_lane_get_first (&self->waiting[number])->record.when);

  return (double) (now - oldest) / G_USEC_PER_SEC;
}

void
chihuo_memory_queue_get_stats (ChihuoMemoryQueue *self, gint64 now, ChihuoStats *stats)
{
  ChihuoMemoryNode *due = chihuo_memory_lane_get_first (&self->delayed);

  stats->waiting = self->counts[CHIHUO_TASK_STATE_WAITING];
  stats->delayed = self->counts[CHIHUO_TASK_STATE_DELAYED];
  stats->running = self->counts[CHIHUO_TASK_STATE_RUNNING];
  stats->dead = self->counts[CHIHUO_TASK_STATE_DEAD];
  stats->finished = self->n_finished;
  stats->paused = self->paused;
  stats->oldest_waiting = get_oldest_waiting (self, now);
  stats->next_due = due != NULL ? due->record.when : 0;
  stats->workers = self->n_workers;
}
