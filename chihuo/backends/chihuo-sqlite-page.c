/* chihuo-sqlite-page.c - looks at a queue and changes nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-json.h"
#include "chihuo-sqlite-page.h"
#include "chihuo-sqlite-task.h"

/* The info comes after the columns that all statements about tasks begin with */
#define COLUMN_ID   2
#define COLUMN_INFO 20

/* What is junk is shown as well as it goes: people look here to find out what it is */
static ChihuoPayload *
read_id (sqlite3_stmt *row, int column, const char *info, int info_length)
{
  const char *bytes = (const char *) sqlite3_column_text (row, column);
  int length = sqlite3_column_bytes (row, column);
  g_autofree char *id = NULL;

  if (length > 0 && chihuo_id_check (bytes, length, NULL))
    return chihuo_payload_new (bytes, length, info, info_length);

  id = g_utf8_make_valid (bytes != NULL ? bytes : "", length);
  return chihuo_payload_new (id, -1, info, info_length);
}

static ChihuoPayload *
read_payload (sqlite3_stmt *row)
{
  const char *info = (const char *) sqlite3_column_text (row, COLUMN_INFO);
  int info_length = sqlite3_column_bytes (row, COLUMN_INFO);

  if (info == NULL || info_length == 0 || !chihuo_json_check (info, info_length, NULL))
    {
      info = "null";
      info_length = 4;
    }

  return read_id (row, COLUMN_ID, info, info_length);
}

static const char *
find_claimant_name (ChihuoSqliteStatements *db, gint64 n)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_CLAIMANT_NAME);
  const char *name = NULL;

  sqlite3_bind_int64 (row, 1, n);
  if (chihuo_sqlite_statements_next (db, row))
    {
      name = g_intern_string ((const char *) sqlite3_column_text (row, 0));
      sqlite3_reset (row);
    }

  return name;
}

static ChihuoRecord *
read_record (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, sqlite3_stmt *row)
{
  ChihuoSqliteTask task;

  chihuo_sqlite_task_init (&task, queues, queue);
  chihuo_sqlite_task_read_row (&task, row);
  task.record.payload = read_payload (row);
  task.record.claimant = NULL;
  if (task.record.state == CHIHUO_TASK_STATE_RUNNING)
    task.record.claimant = find_claimant_name (queues->db, task.claimant);

  return g_memdup2 (&task.record, sizeof task.record);
}

static void
look (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, ChihuoPage *page)
{
  ChihuoSqliteStatements *db = queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_LOOK);
  g_auto (ChihuoSqliteTask) mark;
  ChihuoRecord *record;

  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_text (row, 2, chihuo_payload_get_id (page->id),
                     chihuo_payload_get_id_length (page->id), SQLITE_STATIC);
  if (chihuo_sqlite_statements_next (db, row))
    {
      record = read_record (queues, queue, row);
      sqlite3_reset (row);
    }
  else
    {
      record = g_new0 (ChihuoRecord, 1);
      record->payload = chihuo_payload_ref (page->id);
    }

  chihuo_sqlite_task_init (&mark, queues, queue);
  chihuo_sqlite_task_load_mark (&mark, page->id);
  record->finished = mark.record.finished;
  g_ptr_array_add (page->records, record);
}

static void
list_finished (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, ChihuoPage *page)
{
  ChihuoSqliteStatements *db = queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_PAGE_FINISHED);

  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_text (row, 2, page->after != NULL ? page->after : "", -1, SQLITE_STATIC);
  sqlite3_bind_int64 (row, 3, page->limit);
  while (chihuo_sqlite_statements_next (db, row))
    {
      ChihuoRecord *record = g_new0 (ChihuoRecord, 1);

      record->finished = TRUE;
      record->payload = read_id (row, 0, NULL, 0);
      g_ptr_array_add (page->records, record);
    }
}

static ChihuoSqliteStatement
choose_statement (ChihuoTaskState state)
{
  switch (state)
    {
    case CHIHUO_TASK_STATE_WAITING:
      return CHIHUO_SQLITE_PAGE_WAITING;
    case CHIHUO_TASK_STATE_DELAYED:
      return CHIHUO_SQLITE_PAGE_DELAYED;
    case CHIHUO_TASK_STATE_RUNNING:
      return CHIHUO_SQLITE_PAGE_RUNNING;
    case CHIHUO_TASK_STATE_DEAD:
      return CHIHUO_SQLITE_PAGE_DEAD;
    case CHIHUO_TASK_STATE_ABSENT:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
list_tasks (ChihuoSqliteQueues *queues, ChihuoSqliteQueue *queue, ChihuoPage *page, GError **error)
{
  ChihuoSqliteStatements *db = queues->db;
  sqlite3_stmt *row;
  gint64 major = G_MININT64;
  gint64 minor = G_MININT64;
  const char *id;

  if (page->after != NULL && !chihuo_cursor_parse (page->after, &major, &minor, &id, error))
    return FALSE;

  row = chihuo_sqlite_statements_use (db, choose_statement (page->state));
  sqlite3_bind_int64 (row, 1, queue->q);
  sqlite3_bind_int64 (row, 2, major);
  sqlite3_bind_int64 (row, 3, minor);
  sqlite3_bind_int64 (row, 4, page->limit);
  while (chihuo_sqlite_statements_next (db, row))
    g_ptr_array_add (page->records, read_record (queues, queue, row));

  return TRUE;
}

/*
 * chihuo_sqlite_page:
 * @queues: the queues of this transaction
 * @page: what to look at
 * @error: return location for %CHIHUO_ERROR_INVALID
 *
 * Looks at one id, or lists.
 *
 * Returns: %FALSE if the cursor is none
 */
gboolean
chihuo_sqlite_page (ChihuoSqliteQueues *queues, ChihuoPage *page, GError **error)
{
  ChihuoSqliteQueue *queue = chihuo_sqlite_queues_get (queues, page->queue);

  if (page->id == NULL && !page->finished)
    return list_tasks (queues, queue, page, error);

  if (page->id != NULL)
    look (queues, queue, page);
  else
    list_finished (queues, queue, page);

  return TRUE;
}

static gint64
read_number (ChihuoSqliteStatements *db, ChihuoSqliteStatement which, gint64 q)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, which);
  gint64 number = 0;

  sqlite3_bind_int64 (row, 1, q);
  if (chihuo_sqlite_statements_next (db, row))
    {
      number = chihuo_sqlite_statements_read (row, 0, 0, CHIHUO_SQLITE_MAX);
      sqlite3_reset (row);
    }

  return number;
}

/*
 * chihuo_sqlite_page_stats:
 * @queues: the queues of this transaction
 * @name: a queue's name, interned
 * @now: µs since the epoch
 * @stats: (out caller-allocates): the figures
 *
 * Fills in the figures of a queue; nothing is counted for it.
 */
void
chihuo_sqlite_page_stats (ChihuoSqliteQueues *queues, const char *name, gint64 now,
                          ChihuoStats *stats)
{
  ChihuoSqliteStatements *db = queues->db;
  ChihuoSqliteQueue *queue = chihuo_sqlite_queues_get (queues, name);

  stats->waiting = queue->counts[CHIHUO_TASK_STATE_WAITING];
  stats->delayed = queue->counts[CHIHUO_TASK_STATE_DELAYED];
  stats->running = queue->counts[CHIHUO_TASK_STATE_RUNNING];
  stats->dead = queue->counts[CHIHUO_TASK_STATE_DEAD];
  stats->finished = queue->finished;
  stats->paused = queue->paused;

  if (stats->waiting > 0)
    {
      gint64 since = read_number (db, CHIHUO_SQLITE_OLDEST_WAITING, queue->q);

      stats->oldest_waiting = since > 0 ? MAX (now - since, 0) / (double) G_USEC_PER_SEC : 0;
    }
  if (stats->delayed > 0)
    stats->next_due = read_number (db, CHIHUO_SQLITE_NEXT_DUE, queue->q);
  if (stats->running > 0)
    stats->workers = read_number (db, CHIHUO_SQLITE_COUNT_CLAIMANTS, queue->q);
}
