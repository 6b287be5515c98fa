/* chihuo-sqlite-queues.c - the rows of the queues that a transaction touches
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-sqlite-queues.h"

/* A queue's row is read once in a transaction and written once, at its end. Nothing of it is kept
 * after that: what a transaction that failed had counted is forgotten with it. */

/* Until somebody sets something else */
#define KEEP_DEAD     (90 * G_TIME_SPAN_DAY)
#define KEEP_DEAD_MAX 10000

static gint64
read_place (sqlite3_stmt *row, int column)
{
  return chihuo_sqlite_statements_read (row, column, -CHIHUO_SQLITE_MAX, CHIHUO_SQLITE_MAX);
}

static gint64
read_size (sqlite3_stmt *row, int column)
{
  return chihuo_sqlite_statements_read (row, column, 0, CHIHUO_SQLITE_MAX);
}

static void
load (ChihuoSqliteQueues *self, ChihuoSqliteQueue *queue)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_QUEUE_LOAD);

  sqlite3_bind_text (row, 1, queue->name, -1, SQLITE_STATIC);
  if (!chihuo_sqlite_statements_next (self->db, row))
    return;

  queue->q = sqlite3_column_int64 (row, 0);
  queue->head = read_place (row, 1);
  queue->tail = read_place (row, 2);
  queue->token = read_size (row, 3);
  queue->counts[CHIHUO_TASK_STATE_WAITING] = read_size (row, 4);
  queue->counts[CHIHUO_TASK_STATE_DELAYED] = read_size (row, 5);
  queue->counts[CHIHUO_TASK_STATE_RUNNING] = read_size (row, 6);
  queue->counts[CHIHUO_TASK_STATE_DEAD] = read_size (row, 7);
  queue->finished = read_size (row, 8);
  queue->paused = sqlite3_column_int (row, 9) != 0;
  queue->keep_finished = read_size (row, 10);
  queue->keep_dead = read_size (row, 11);
  queue->keep_dead_max = read_size (row, 12);
  queue->was_empty = queue->counts[CHIHUO_TASK_STATE_WAITING] == 0;
  sqlite3_reset (row);
}

static void
save (ChihuoSqliteQueues *self, ChihuoSqliteQueue *queue)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_QUEUE_SAVE);

  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_int64 (row, 2, queue->head);
  sqlite3_bind_int64 (row, 3, queue->tail);
  sqlite3_bind_int64 (row, 4, queue->token);
  sqlite3_bind_int64 (row, 5, queue->counts[CHIHUO_TASK_STATE_WAITING]);
  sqlite3_bind_int64 (row, 6, queue->counts[CHIHUO_TASK_STATE_DELAYED]);
  sqlite3_bind_int64 (row, 7, queue->counts[CHIHUO_TASK_STATE_RUNNING]);
  sqlite3_bind_int64 (row, 8, queue->counts[CHIHUO_TASK_STATE_DEAD]);
  sqlite3_bind_int64 (row, 9, queue->finished);
  sqlite3_bind_int (row, 10, queue->paused);
  sqlite3_bind_int64 (row, 11, queue->keep_finished);
  sqlite3_bind_int64 (row, 12, queue->keep_dead);
  sqlite3_bind_int64 (row, 13, queue->keep_dead_max);
  chihuo_sqlite_statements_run (self->db, row);
}

/*
 * chihuo_sqlite_queues_init:
 * @self: room for the queues
 * @db: the connection's statements
 *
 * Begins with no queue.
 */
void
chihuo_sqlite_queues_init (ChihuoSqliteQueues *self, ChihuoSqliteStatements *db)
{
  *self = (ChihuoSqliteQueues) { .db = db };
  self->loaded = g_hash_table_new_full (NULL, NULL, NULL, g_free);
}

/*
 * chihuo_sqlite_queues_clear:
 * @self: queues
 *
 * Frees them.
 */
void
chihuo_sqlite_queues_clear (ChihuoSqliteQueues *self)
{
  g_clear_pointer (&self->loaded, g_hash_table_unref);
  self->last = NULL;
}

/*
 * chihuo_sqlite_queues_forget:
 * @self: queues
 *
 * Forgets all that was read: a new transaction begins.
 */
void
chihuo_sqlite_queues_forget (ChihuoSqliteQueues *self)
{
  g_hash_table_remove_all (self->loaded);
  self->last = NULL;
  self->news = CHIHUO_SQLITE_NEWS_NONE;
}

/*
 * chihuo_sqlite_queues_get:
 * @self: queues
 * @name: a queue's name, interned
 *
 * Gets a queue as it stands in this transaction.
 *
 * Returns: (transfer none): the queue; one that nobody has used yet has no row
 */
ChihuoSqliteQueue *
chihuo_sqlite_queues_get (ChihuoSqliteQueues *self, const char *name)
{
  ChihuoSqliteQueue *queue;

  if (self->last != NULL && self->last->name == name)
    return self->last;

  queue = g_hash_table_lookup (self->loaded, name);
  if (queue == NULL)
    {
      queue = g_new0 (ChihuoSqliteQueue, 1);
      queue->name = name;
      queue->was_empty = TRUE;
      queue->keep_dead = KEEP_DEAD;
      queue->keep_dead_max = KEEP_DEAD_MAX;
      load (self, queue);
      g_hash_table_insert (self->loaded, (gpointer) name, queue);
    }
  self->last = queue;

  return queue;
}

/*
 * chihuo_sqlite_queues_ensure:
 * @self: queues
 * @queue: one of them
 *
 * Gives a queue its row, if it has none yet.
 */
void
chihuo_sqlite_queues_ensure (ChihuoSqliteQueues *self, ChihuoSqliteQueue *queue)
{
  sqlite3_stmt *row;

  if (queue->q != 0)
    return;

  queue->is_dirty = TRUE;
  row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_QUEUE_INSERT);
  sqlite3_bind_text (row, 1, queue->name, -1, SQLITE_STATIC);
  if (chihuo_sqlite_statements_run (self->db, row))
    queue->q = sqlite3_last_insert_rowid (self->db->db);
}

/* What another program has put into the file was never counted */
static void
add_to (gint64 *count, int change)
{
  *count = MAX (*count + change, 0);
}

/*
 * chihuo_sqlite_queues_count:
 * @self: queues
 * @queue: one of them
 * @from: the state a task had
 * @to: the state it has now
 *
 * Counts a task, and notes whether others should hear of it.
 */
void
chihuo_sqlite_queues_count (ChihuoSqliteQueues *self, ChihuoSqliteQueue *queue, guint from,
                            guint to)
{
  queue->is_dirty = TRUE;

  /* It may be due before whatever others wait for */
  if (to == CHIHUO_TASK_STATE_DELAYED)
    chihuo_sqlite_queues_tell (self, CHIHUO_SQLITE_NEWS_WAKE);
  if (from == to)
    return;

  add_to (&queue->counts[from], -1);
  add_to (&queue->counts[to], 1);
  if (to == CHIHUO_TASK_STATE_WAITING)
    chihuo_sqlite_queues_tell (self, queue->was_empty ? CHIHUO_SQLITE_NEWS_WAKE
                                                      : CHIHUO_SQLITE_NEWS_MORE);
}

/*
 * chihuo_sqlite_queues_tell:
 * @self: queues
 * @news: what others should hear
 *
 * Notes what others should hear of this transaction.
 */
void
chihuo_sqlite_queues_tell (ChihuoSqliteQueues *self, ChihuoSqliteNews news)
{
  self->news = MAX (self->news, news);
}

/*
 * chihuo_sqlite_queues_save:
 * @self: queues
 *
 * Writes what has changed.
 */
void
chihuo_sqlite_queues_save (ChihuoSqliteQueues *self)
{
  GHashTableIter iter;
  gpointer queue;

  g_hash_table_iter_init (&iter, self->loaded);
  while (g_hash_table_iter_next (&iter, NULL, &queue))
    if (((ChihuoSqliteQueue *) queue)->is_dirty)
      save (self, queue);
}

/*
 * chihuo_sqlite_queue_place:
 * @queue: a queue
 * @place: a task's old place
 * @where: where it is to stand
 *
 * Gives out a place.
 *
 * Returns: the task's place
 */
gint64
chihuo_sqlite_queue_place (ChihuoSqliteQueue *queue, gint64 place, ChihuoPlace where)
{
  switch (where)
    {
    case CHIHUO_PLACE_TAIL:
      queue->is_dirty = TRUE;
      return queue->tail++;
    case CHIHUO_PLACE_HEAD:
      queue->is_dirty = TRUE;
      return --queue->head;
    case CHIHUO_PLACE_KEEP:
    default:
      return place;
    }
}

/*
 * chihuo_sqlite_queue_token:
 * @queue: a queue
 * @now: µs since the epoch
 *
 * Gives out a token: they only grow, even if the clock goes backwards.
 *
 * Returns: the token
 */
guint64
chihuo_sqlite_queue_token (ChihuoSqliteQueue *queue, gint64 now)
{
  queue->is_dirty = TRUE;
  queue->token = MAX (queue->token + 1, (guint64) MAX (now, 0));

  return queue->token;
}
