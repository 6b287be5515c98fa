/* chihuo-sqlite-reap.c - sends the tasks of the dead back, trims what is kept too long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backend.h"
#include "chihuo-sqlite-reap.h"
#include "chihuo-sqlite-task.h"

/* Mostly there is nothing to do, and then nothing is written and nobody waited for: what is needed
 * is looked up in a reading transaction first. */

/* A client that has sent nothing for so long does not repeat a batch any more */
#define KEEP_CLIENT G_TIME_SPAN_HOUR

typedef struct
{
  gint64 number;
  char  *boot; /* (owned) */
} Worker;

/* A row of a queue: where a statement cannot stay open while rows change */
typedef struct
{
  gint64      n;
  const char *queue; /* interned */
} Row;

typedef struct
{
  ChihuoSqliteQueues  *queues;
  ChihuoSqliteWorkers *workers;
  const ChihuoMoment  *moment;
  guint                budget; /* how many records may still be touched */
  guint                n_reaped;
} Reap;

static void
worker_clear (gpointer data)
{
  g_free (((Worker *) data)->boot);
}

static GArray *
list_workers (ChihuoSqliteWorkers *workers)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (workers->db, CHIHUO_SQLITE_WORKER_LIST);
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Worker));

  g_array_set_clear_func (list, worker_clear);
  sqlite3_bind_int64 (row, 1, workers->number);
  while (chihuo_sqlite_statements_next (workers->db, row))
    {
      Worker worker = { .number = sqlite3_column_int64 (row, 0),
                        .boot = g_strdup ((const char *) sqlite3_column_text (row, 1)) };

      g_array_append_val (list, worker);
    }

  return list;
}

static GPtrArray *
list_queues (ChihuoSqliteQueues *queues)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (queues->db, CHIHUO_SQLITE_QUEUE_LIST);
  GPtrArray *list = g_ptr_array_new ();

  while (chihuo_sqlite_statements_next (queues->db, row))
    g_ptr_array_add (list,
                     (gpointer) g_intern_string ((const char *) sqlite3_column_text (row, 0)));

  return list;
}

static GArray *
list_rows (ChihuoSqliteStatements *db, ChihuoSqliteStatement which, gint64 key, guint limit)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, which);
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (Row));

  sqlite3_bind_int64 (row, 1, key);
  sqlite3_bind_int64 (row, 2, limit);
  while (chihuo_sqlite_statements_next (db, row))
    {
      Row found = { .n = sqlite3_column_int64 (row, 0),
                    .queue = g_intern_string ((const char *) sqlite3_column_text (row, 1)) };

      g_array_append_val (rows, found);
    }

  return rows;
}

static gboolean
has_row (ChihuoSqliteStatements *db, ChihuoSqliteStatement which, gint64 key)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, which);
  gboolean is_there;

  sqlite3_bind_int64 (row, 1, key);
  sqlite3_bind_int64 (row, 2, 1);
  is_there = chihuo_sqlite_statements_next (db, row);
  if (is_there)
    sqlite3_reset (row);

  return is_there;
}

/* How many of a queue's dead are too many, and which of the rest are too old */
static guint
count_old_dead (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, gint64 now, guint limit,
                GArray *rows)
{
  sqlite3_stmt *row;
  gint64 n_dead = queue->counts[CHIHUO_TASK_STATE_DEAD];
  gint64 excess = queue->keep_dead_max > 0 ? n_dead - queue->keep_dead_max : 0;
  guint n_old = 0;

  if (n_dead == 0 || (excess <= 0 && queue->keep_dead <= 0))
    return 0;

  row = chihuo_sqlite_statements_use (queues->db, CHIHUO_SQLITE_OLDEST_DEAD);
  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_int64 (row, 2, limit);
  while (chihuo_sqlite_statements_next (queues->db, row))
    {
      gint64 n = sqlite3_column_int64 (row, 0);
      gboolean is_old
        = queue->keep_dead > 0 && sqlite3_column_int64 (row, 1) < now - queue->keep_dead;

      if (n_old >= excess && !is_old)
        {
          sqlite3_reset (row);
          break;
        }
      n_old++;
      if (rows != NULL)
        g_array_append_val (rows, n);
    }

  return n_old;
}

static gboolean
has_dead_worker (ChihuoSqliteWorkers *workers)
{
  g_autoptr (GArray) list = list_workers (workers);

  for (guint i = 0; i < list->len; i++)
    if (!chihuo_sqlite_workers_is_alive (workers, g_array_index (list, Worker, i).number))
      return TRUE;

  return FALSE;
}

static gboolean
has_old_marks (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, gint64 now)
{
  sqlite3_stmt *row;
  gboolean is_there;

  if (queue->keep_finished <= 0 || queue->finished == 0)
    return FALSE;

  row = chihuo_sqlite_statements_use (queues->db, CHIHUO_SQLITE_FINISHED_OLD);
  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_int64 (row, 2, now - queue->keep_finished);
  is_there = chihuo_sqlite_statements_next (queues->db, row);
  if (is_there)
    sqlite3_reset (row);

  return is_there;
}

static gboolean
has_old_records (ChihuoSqliteQueues *queues, gint64 now)
{
  g_autoptr (GPtrArray) names = list_queues (queues);

  for (guint i = 0; i < names->len; i++)
    {
      ChihuoSqliteQueue *queue = chihuo_sqlite_queues_get (queues, g_ptr_array_index (names, i));

      if (count_old_dead (queues, queue, now, 1, NULL) > 0 || has_old_marks (queues, queue, now))
        return TRUE;
    }

  return FALSE;
}

/*
 * chihuo_sqlite_reap_is_needed:
 * @file: a database in a reading transaction
 * @queues: its queues
 * @workers: its workers
 * @moment: the time
 *
 * Looks whether there is anything to reap or to trim.
 *
 * Returns: whether there is
 */
gboolean
chihuo_sqlite_reap_is_needed (ChihuoSqliteFile *file, ChihuoSqliteQueues *queues,
                              ChihuoSqliteWorkers *workers, const ChihuoMoment *moment)
{
  return has_dead_worker (workers)
         || has_row (&file->statements, CHIHUO_SQLITE_ABANDONED, moment->lease)
         || has_old_records (queues, moment->now)
         || has_row (&file->statements, CHIHUO_SQLITE_CLIENT_OLD, moment->now - KEEP_CLIENT);
}

static void
reap_rows (Reap *self, GArray *rows, gboolean counted)
{
  ChihuoItem event = { .op = CHIHUO_OP_REAP, .reap.counted = counted };

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = &g_array_index (rows, Row, i);
      g_auto (ChihuoSqliteTask) task;

      chihuo_sqlite_task_init (&task, self->queues,
                               chihuo_sqlite_queues_get (self->queues, row->queue));
      if (!chihuo_sqlite_task_load (&task, row->n, NULL))
        continue;
      chihuo_sqlite_task_step (&task, &event, self->moment);
      self->n_reaped++;
    }

  self->budget -= rows->len;
}

/* What runs at the end of a boot did not kill it: that is not counted */
static void
reap_worker (Reap *self, const Worker *worker)
{
  gboolean counted = g_strcmp0 (worker->boot, self->workers->boot) == 0;
  g_autoptr (GArray) rows = list_rows (self->queues->db, CHIHUO_SQLITE_WORKER_TASKS,
                                       worker->number, self->budget);
  gboolean is_all = rows->len < self->budget;

  reap_rows (self, rows, counted);
  if (is_all)
    chihuo_sqlite_workers_remove (self->workers, worker->number);
}

static void
reap_dead_workers (Reap *self)
{
  g_autoptr (GArray) list = list_workers (self->workers);

  for (guint i = 0; i < list->len && self->budget > 0; i++)
    {
      const Worker *worker = &g_array_index (list, Worker, i);

      if (!chihuo_sqlite_workers_is_alive (self->workers, worker->number))
        reap_worker (self, worker);
    }
}

static void
reap_abandoned (Reap *self)
{
  g_autoptr (GArray) rows = list_rows (self->queues->db, CHIHUO_SQLITE_ABANDONED,
                                       self->moment->lease, self->budget);

  reap_rows (self, rows, FALSE);
}

static guint
trim_dead (Reap *self, ChihuoSqliteQueue *queue)
{
  ChihuoItem event = { .op = CHIHUO_OP_REMOVE };
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));

  count_old_dead (self->queues, queue, self->moment->now, self->budget, rows);
  for (guint i = 0; i < rows->len; i++)
    {
      g_auto (ChihuoSqliteTask) task;

      chihuo_sqlite_task_init (&task, self->queues, queue);
      if (chihuo_sqlite_task_load (&task, g_array_index (rows, gint64, i), NULL))
        chihuo_sqlite_task_step (&task, &event, self->moment);
    }
  self->budget -= rows->len;

  return rows->len;
}

static guint
trim_finished (Reap *self, ChihuoSqliteQueue *queue)
{
  ChihuoSqliteStatements *db = self->queues->db;
  sqlite3_stmt *row;
  guint n_gone;

  if (queue->keep_finished <= 0 || queue->finished == 0)
    return 0;

  row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_FINISHED_TRIM);
  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_int64 (row, 2, self->moment->now - queue->keep_finished);
  sqlite3_bind_int64 (row, 3, self->budget);
  if (!chihuo_sqlite_statements_run (db, row))
    return 0;

  n_gone = sqlite3_changes (db->db);
  queue->finished = MAX (queue->finished - (gint64) n_gone, 0);
  queue->is_dirty = queue->is_dirty || n_gone > 0;
  self->budget -= n_gone;

  return n_gone;
}

static void
trim (Reap *self)
{
  g_autoptr (GPtrArray) names = list_queues (self->queues);

  for (guint i = 0; i < names->len && self->budget > 0; i++)
    {
      ChihuoSqliteQueue *queue
        = chihuo_sqlite_queues_get (self->queues, g_ptr_array_index (names, i));
      guint n_dead = trim_dead (self, queue);
      guint n_finished = self->budget > 0 ? trim_finished (self, queue) : 0;

      if (n_dead + n_finished > 0)
        g_message ("queue %s: %u dead tasks and %u finished marks were kept long enough and are "
                   "gone", queue->name, n_dead, n_finished);
    }
}

static void
trim_clients (Reap *self)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (self->queues->db, CHIHUO_SQLITE_CLIENT_TRIM);

  sqlite3_bind_int64 (row, 1, self->moment->now - KEEP_CLIENT);
  chihuo_sqlite_statements_run (self->queues->db, row);
}

/*
 * chihuo_sqlite_reap:
 * @queues: the queues of this transaction
 * @workers: the workers
 * @moment: the time
 * @more: (out): whether there may be more to do
 *
 * Sends back what dead workers hold and what was abandoned, and trims.
 *
 * Returns: how many tasks went back
 */
guint
chihuo_sqlite_reap (ChihuoSqliteQueues *queues, ChihuoSqliteWorkers *workers,
                    const ChihuoMoment *moment, gboolean *more)
{
  Reap self = { .queues = queues,
                .workers = workers,
                .moment = moment,
                .budget = CHIHUO_BACKEND_MAX_TOUCHED };

  reap_dead_workers (&self);
  if (self.budget > 0)
    reap_abandoned (&self);
  if (self.budget > 0)
    trim (&self);
  trim_clients (&self);
  *more = self.budget == 0;

  return self.n_reaped;
}
