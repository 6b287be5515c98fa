/* chihuo-sqlite-sweep.c - work on all of a queue, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-sqlite-sweep.h"
#include "chihuo-sqlite-task.h"

/* What a step has done it does not find again, so there is no cursor: each step takes the first of
 * what is left. The places that had been given out when the first step began are the limits, so
 * that what is added meanwhile is left alone, and the work ends. Marks have no places: as many go
 * as there were. */

static ChihuoSqliteStatement
choose_statement (ChihuoSweepWhat what)
{
  switch (what)
    {
    case CHIHUO_SWEEP_WHAT_CLEAR_WAITING:
      return CHIHUO_SQLITE_SWEEP_WAITING;
    case CHIHUO_SWEEP_WHAT_CLEAR_DELAYED:
      return CHIHUO_SQLITE_SWEEP_DELAYED;
    case CHIHUO_SWEEP_WHAT_CLEAR_RUNNING:
      return CHIHUO_SQLITE_SWEEP_RUNNING;
    case CHIHUO_SWEEP_WHAT_CLEAR_DEAD:
    case CHIHUO_SWEEP_WHAT_RETRY_DEAD:
    case CHIHUO_SWEEP_WHAT_IMPORT:
      return CHIHUO_SQLITE_SWEEP_DEAD;
    case CHIHUO_SWEEP_WHAT_CLEAR_FINISHED:
    default:
      g_assert_not_reached ();
    }
}

static guint
clear_finished (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, ChihuoSweep *sweep)
{
  ChihuoSqliteStatements *db = queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_FINISHED_CLEAR);
  guint n_gone;

  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_int64 (row, 2, MIN (sweep->until, CHIHUO_BACKEND_MAX_TOUCHED));
  if (!chihuo_sqlite_statements_run (db, row))
    return 0;

  n_gone = sqlite3_changes (db->db);
  queue->finished = MAX (queue->finished - (gint64) n_gone, 0);
  queue->is_dirty = queue->is_dirty || n_gone > 0;
  sweep->until -= n_gone;

  return n_gone;
}

static GArray *
find_rows (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, ChihuoSweep *sweep)
{
  ChihuoSqliteStatements *db = queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, choose_statement (sweep->what));
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (gint64));

  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_int64 (row, 2, sweep->after);
  sqlite3_bind_int64 (row, 3, sweep->until);
  sqlite3_bind_int64 (row, 4, CHIHUO_BACKEND_MAX_TOUCHED);
  while (chihuo_sqlite_statements_next (db, row))
    {
      gint64 n = sqlite3_column_int64 (row, 0);

      g_array_append_val (rows, n);
    }

  return rows;
}

static guint
change_tasks (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, ChihuoSweep *sweep)
{
  gboolean is_retry = sweep->what == CHIHUO_SWEEP_WHAT_RETRY_DEAD;
  ChihuoItem event = { .op = is_retry ? CHIHUO_OP_RETRY_DEAD : CHIHUO_OP_REMOVE };
  g_autoptr (GArray) rows = find_rows (queues, queue, sweep);

  for (guint i = 0; i < rows->len; i++)
    {
      g_auto (ChihuoSqliteTask) task;

      chihuo_sqlite_task_init (&task, queues, queue);
      if (chihuo_sqlite_task_load (&task, g_array_index (rows, gint64, i), NULL))
        chihuo_sqlite_task_step (&task, &event, &sweep->moment);
    }

  return rows->len;
}

/*
 * chihuo_sqlite_sweep:
 * @queues: the queues of this transaction
 * @sweep: the work
 *
 * Does one step of it.
 */
void
chihuo_sqlite_sweep (ChihuoSqliteQueues *queues, ChihuoSweep *sweep)
{
  ChihuoSqliteQueue *queue = chihuo_sqlite_queues_get (queues, sweep->queue);
  gboolean is_finished = sweep->what == CHIHUO_SWEEP_WHAT_CLEAR_FINISHED;
  guint n_done;

  if (!sweep->started)
    {
      sweep->after = queue->head;
      sweep->until = is_finished ? queue->finished : queue->tail;
    }

  n_done = is_finished ? clear_finished (queues, queue, sweep)
                       : change_tasks (queues, queue, sweep);
  sweep->n_done += n_done;
  sweep->more = n_done == CHIHUO_BACKEND_MAX_TOUCHED;
  sweep->started = TRUE;
}
