/* chihuo-sqlite-statements.c - the prepared statements of a connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-sqlite-statements.h"

/* Errors stick, as those of a FILE do: after the first one nothing is done any more, and the
 * transaction's end reports it. So the code of a transaction reads as if nothing could go wrong. */

#define TASK_COLUMNS                                                                              \
  "n, q, id, state, priority, place, time, token, claimant, request, timeout, failures, crashes," \
  " own_tries, max_tries, max_crashes, fate, cancelled, abandoned, error"

#define CLAIM_COLUMNS "n, id, info, priority, place, timeout, failures, crashes, own_tries, token"

#define UPDATE_TASK                                                                               \
  "UPDATE task SET state = ?2, priority = ?3, place = ?4, time = ?5, claimant = ?6, timeout = ?7," \
  " failures = ?8, crashes = ?9, own_tries = ?10, fate = ?11, cancelled = ?12, abandoned = ?13,"  \
  " error = ?14"

static const char *const sql[CHIHUO_SQLITE_N_STATEMENTS] = {
  [CHIHUO_SQLITE_BEGIN] = "BEGIN IMMEDIATE",
  [CHIHUO_SQLITE_BEGIN_READING] = "BEGIN",
  [CHIHUO_SQLITE_COMMIT] = "COMMIT",

  [CHIHUO_SQLITE_QUEUE_LOAD]
  = "SELECT q, head, tail, token, waiting, delayed, running, dead, finished, paused,"
    " keep_finished, keep_dead, keep_dead_max FROM queue WHERE name = ?1",
  [CHIHUO_SQLITE_QUEUE_INSERT]
  = "INSERT INTO queue (name, head, tail, token, waiting, delayed, running, dead, finished,"
    " paused, keep_finished, keep_dead, keep_dead_max)"
    " VALUES (?1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
  [CHIHUO_SQLITE_QUEUE_SAVE]
  = "UPDATE queue SET head = ?2, tail = ?3, token = ?4, waiting = ?5, delayed = ?6, running = ?7,"
    " dead = ?8, finished = ?9, paused = ?10, keep_finished = ?11, keep_dead = ?12,"
    " keep_dead_max = ?13 WHERE q = ?1",
  [CHIHUO_SQLITE_QUEUE_LIST] = "SELECT name, q FROM queue ORDER BY q",

  [CHIHUO_SQLITE_TASK_LOAD_BY_ID] = "SELECT " TASK_COLUMNS " FROM task WHERE q = ?1 AND id = ?2",
  [CHIHUO_SQLITE_TASK_LOAD] = "SELECT " TASK_COLUMNS " FROM task WHERE n = ?1",
  [CHIHUO_SQLITE_TASK_ADD]
  = "INSERT OR IGNORE INTO task"
    " (q, id, state, priority, place, time, timeout, own_tries, info)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
    " WHERE NOT EXISTS (SELECT 1 FROM finished WHERE q = ?1 AND id = ?2)",
  [CHIHUO_SQLITE_TASK_CLAIM]
  = "UPDATE task SET state = 3, time = ?2, token = ?3, claimant = ?4, request = ?5,"
    " max_tries = ?6, max_crashes = ?7 WHERE n = ?1 AND state = 1",
  [CHIHUO_SQLITE_TASK_UPDATE] = UPDATE_TASK " WHERE n = ?1",
  [CHIHUO_SQLITE_TASK_UPDATE_INFO] = UPDATE_TASK ", info = ?15 WHERE n = ?1",
  [CHIHUO_SQLITE_TASK_DELETE] = "DELETE FROM task WHERE n = ?1",
  [CHIHUO_SQLITE_TASK_DELETE_RUN]
  = "DELETE FROM task WHERE n = ?1 AND state = 3 AND token = ?2 AND claimant = ?3 AND fate = 0"
    " AND q = ?4 AND id = ?5",

  [CHIHUO_SQLITE_PENDING_LOAD]
  = "SELECT delay, timeout, flags, max_tries, priority, info FROM pending WHERE n = ?1",
  [CHIHUO_SQLITE_PENDING_SAVE]
  = "INSERT OR REPLACE INTO pending (n, delay, timeout, flags, max_tries, priority, info)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
  [CHIHUO_SQLITE_PENDING_DELETE] = "DELETE FROM pending WHERE n = ?1",

  [CHIHUO_SQLITE_FINISHED_LOOK] = "SELECT 1 FROM finished WHERE q = ?1 AND id = ?2",
  [CHIHUO_SQLITE_FINISHED_ADD] = "INSERT OR IGNORE INTO finished (q, id, time) VALUES (?1, ?2, ?3)",
  [CHIHUO_SQLITE_FINISHED_DELETE] = "DELETE FROM finished WHERE q = ?1 AND id = ?2",
  [CHIHUO_SQLITE_FINISHED_CLEAR]
  = "DELETE FROM finished WHERE q = ?1 AND id IN"
    " (SELECT id FROM finished WHERE q = ?1 ORDER BY id LIMIT ?2)",
  [CHIHUO_SQLITE_FINISHED_OLD]
  = "SELECT 1 FROM finished INDEXED BY finished_time WHERE q = ?1 AND time < ?2 LIMIT 1",
  [CHIHUO_SQLITE_FINISHED_TRIM]
  = "DELETE FROM finished WHERE q = ?1 AND id IN"
    " (SELECT id FROM finished INDEXED BY finished_time"
    " WHERE q = ?1 AND time < ?2 ORDER BY time LIMIT ?3)",

  [CHIHUO_SQLITE_FIRST_WAITING]
  = "SELECT " CLAIM_COLUMNS " FROM task WHERE q = ?1 AND state = 1 AND crashes = 0"
    " ORDER BY priority, place LIMIT ?2",
  [CHIHUO_SQLITE_FIRST_SUSPECT]
  = "SELECT " CLAIM_COLUMNS " FROM task WHERE q = ?1 AND state = 1 AND crashes > 0"
    " ORDER BY priority, place LIMIT ?2",
  [CHIHUO_SQLITE_DUE]
  = "SELECT n FROM task WHERE q = ?1 AND state = 2 AND time <= ?2 ORDER BY time, place LIMIT ?3",
  [CHIHUO_SQLITE_NEXT_DUE]
  = "SELECT time FROM task WHERE q = ?1 AND state = 2 ORDER BY time LIMIT 1",
  [CHIHUO_SQLITE_HELD]
  = "SELECT " CLAIM_COLUMNS ", max_tries FROM task"
    " WHERE claimant = ?1 AND q = ?2 AND state = 3 AND request = ?3 ORDER BY token",
  [CHIHUO_SQLITE_OLDEST_WAITING]
  = "SELECT time FROM task WHERE q = ?1 AND state = 1 AND crashes = 0"
    " ORDER BY priority, place LIMIT 1",
  [CHIHUO_SQLITE_COUNT_CLAIMANTS]
  = "SELECT count (*) FROM claimant AS c WHERE EXISTS"
    " (SELECT 1 FROM task WHERE claimant = c.n AND q = ?1 AND state = 3)",

  [CHIHUO_SQLITE_CLAIMANT_LOAD]
  = "SELECT n, worker, request, given FROM claimant WHERE name = ?1",
  [CHIHUO_SQLITE_CLAIMANT_NAME] = "SELECT name FROM claimant WHERE n = ?1",
  [CHIHUO_SQLITE_CLAIMANT_INSERT]
  = "INSERT INTO claimant (name, worker, request, given) VALUES (?1, ?2, 0, 0)",
  [CHIHUO_SQLITE_CLAIMANT_SAVE]
  = "UPDATE claimant SET worker = ?2, request = ?3, given = ?4 WHERE n = ?1",
  [CHIHUO_SQLITE_CLAIMANT_DELETE]
  = "DELETE FROM claimant WHERE worker = ?1 AND NOT EXISTS"
    " (SELECT 1 FROM task WHERE claimant = claimant.n AND state = 3)",

  [CHIHUO_SQLITE_WORKER_NUMBER]
  = "UPDATE counter SET next_worker = next_worker + 1 RETURNING next_worker - 1",
  [CHIHUO_SQLITE_WORKER_INSERT] = "INSERT INTO worker (n, pid, boot) VALUES (?1, ?2, ?3)",
  [CHIHUO_SQLITE_WORKER_DELETE]
  = "DELETE FROM worker WHERE n = ?1 AND NOT EXISTS (SELECT 1 FROM claimant WHERE worker = ?1)",
  [CHIHUO_SQLITE_WORKER_LIST] = "SELECT n, boot FROM worker WHERE n <> ?1 ORDER BY n",
  [CHIHUO_SQLITE_WORKER_TASKS]
  = "SELECT t.n, u.name FROM claimant AS c CROSS JOIN task AS t ON t.claimant = c.n"
    " CROSS JOIN queue AS u ON u.q = t.q"
    " WHERE c.worker = ?1 AND t.state = 3 LIMIT ?2",

  [CHIHUO_SQLITE_CLIENT_LOAD] = "SELECT request, answers FROM client WHERE name = ?1",
  [CHIHUO_SQLITE_CLIENT_SAVE]
  = "INSERT OR REPLACE INTO client (name, request, time, answers) VALUES (?1, ?2, ?3, ?4)",
  [CHIHUO_SQLITE_CLIENT_OLD] = "SELECT 1 FROM client WHERE time < ?1 LIMIT 1",
  [CHIHUO_SQLITE_CLIENT_TRIM] = "DELETE FROM client WHERE time < ?1",

  [CHIHUO_SQLITE_ABANDONED]
  = "SELECT t.n, u.name FROM task AS t CROSS JOIN queue AS u ON u.q = t.q"
    " WHERE t.abandoned = 1 AND t.time <= ?1 ORDER BY t.time LIMIT ?2",
  [CHIHUO_SQLITE_OLDEST_DEAD]
  = "SELECT n, time FROM task WHERE q = ?1 AND state = 4 ORDER BY place LIMIT ?2",

  [CHIHUO_SQLITE_SWEEP_WAITING]
  = "SELECT n FROM task WHERE q = ?1 AND state = 1 AND place >= ?2 AND place < ?3 LIMIT ?4",
  [CHIHUO_SQLITE_SWEEP_DELAYED]
  = "SELECT n FROM task WHERE q = ?1 AND state = 2 AND place >= ?2 AND place < ?3 LIMIT ?4",
  [CHIHUO_SQLITE_SWEEP_RUNNING]
  = "SELECT t.n FROM claimant AS c CROSS JOIN task AS t ON t.claimant = c.n"
    " WHERE t.q = ?1 AND t.state = 3 AND t.fate <> 2 AND t.place >= ?2 AND t.place < ?3 LIMIT ?4",
  [CHIHUO_SQLITE_SWEEP_DEAD]
  = "SELECT n FROM task WHERE q = ?1 AND state = 4 AND place >= ?2 AND place < ?3 LIMIT ?4",

  [CHIHUO_SQLITE_PAGE_WAITING]
  = "SELECT * FROM (SELECT " TASK_COLUMNS ", info FROM task"
    " WHERE q = ?1 AND state = 1 AND crashes = 0 AND (priority, place) > (?2, ?3)"
    " ORDER BY priority, place LIMIT ?4)"
    " UNION ALL SELECT * FROM (SELECT " TASK_COLUMNS ", info FROM task"
    " WHERE q = ?1 AND state = 1 AND crashes > 0 AND (priority, place) > (?2, ?3)"
    " ORDER BY priority, place LIMIT ?4)"
    " ORDER BY priority, place LIMIT ?4",
  [CHIHUO_SQLITE_PAGE_DELAYED]
  = "SELECT " TASK_COLUMNS ", info FROM task"
    " WHERE q = ?1 AND state = 2 AND (time, place) > (?2, ?3) ORDER BY time, place LIMIT ?4",
  [CHIHUO_SQLITE_PAGE_RUNNING]
  = "SELECT t.n, t.q, id, state, priority, place, time, token, claimant, t.request, timeout,"
    " failures, crashes, own_tries, max_tries, max_crashes, fate, cancelled, abandoned, error, info"
    " FROM claimant AS c CROSS JOIN task AS t ON t.claimant = c.n"
    " WHERE t.q = ?1 AND t.state = 3 AND (0, t.place) > (?2, ?3) ORDER BY t.place LIMIT ?4",
  [CHIHUO_SQLITE_PAGE_DEAD]
  = "SELECT " TASK_COLUMNS ", info FROM task"
    " WHERE q = ?1 AND state = 4 AND ?2 <= 0 AND place > ?3 ORDER BY place LIMIT ?4",
  [CHIHUO_SQLITE_PAGE_FINISHED]
  = "SELECT id FROM finished WHERE q = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
  [CHIHUO_SQLITE_LOOK] = "SELECT " TASK_COLUMNS ", info FROM task WHERE q = ?1 AND id = ?2",
};

/*
 * chihuo_sqlite_statements_init:
 * @self: room for the statements
 * @db: a connection that stays open longer than they live
 *
 * Prepares to prepare: each statement is compiled when it is first used.
 */
void
chihuo_sqlite_statements_init (ChihuoSqliteStatements *self, sqlite3 *db)
{
  *self = (ChihuoSqliteStatements) { .db = db };
}

/*
 * chihuo_sqlite_statements_clear:
 * @self: statements
 *
 * Frees them all.
 */
void
chihuo_sqlite_statements_clear (ChihuoSqliteStatements *self)
{
  for (guint i = 0; i < CHIHUO_SQLITE_N_STATEMENTS; i++)
    g_clear_pointer (&self->prepared[i], sqlite3_finalize);
  chihuo_sqlite_statements_heal (self);
}

/*
 * chihuo_sqlite_statements_fail:
 * @self: statements
 * @rc: what went wrong
 *
 * Notes an error, if it is the first one.
 */
void
chihuo_sqlite_statements_fail (ChihuoSqliteStatements *self, int rc)
{
  if (self->rc != SQLITE_OK)
    return;

  self->rc = rc;
  self->message = g_strdup (sqlite3_extended_errcode (self->db) == rc ? sqlite3_errmsg (self->db)
                                                                      : sqlite3_errstr (rc));
}

/*
 * chihuo_sqlite_statements_heal:
 * @self: statements
 *
 * Forgets the error: a new transaction begins.
 */
void
chihuo_sqlite_statements_heal (ChihuoSqliteStatements *self)
{
  self->rc = SQLITE_OK;
  g_clear_pointer (&self->message, g_free);
}

/*
 * chihuo_sqlite_statements_use:
 * @self: statements
 * @which: one of them
 *
 * Gets a statement, to bind its arguments.
 *
 * Returns: (transfer none) (nullable): the statement; %NULL after an error, which
 *   all of SQLite's binding functions take
 */
sqlite3_stmt *
chihuo_sqlite_statements_use (ChihuoSqliteStatements *self, ChihuoSqliteStatement which)
{
  int rc;

  if (self->rc != SQLITE_OK)
    return NULL;
  if (self->prepared[which] != NULL)
    return self->prepared[which];

  rc = sqlite3_prepare_v3 (self->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                           &self->prepared[which], NULL);
  if (rc != SQLITE_OK)
    chihuo_sqlite_statements_fail (self, rc);

  return self->prepared[which];
}

/*
 * chihuo_sqlite_statements_next:
 * @self: statements
 * @statement: (nullable): one of them
 *
 * Takes a step. After the last row the statement is ready for its next use; one
 * that is left earlier must be reset.
 *
 * Returns: whether there is a row
 */
gboolean
chihuo_sqlite_statements_next (ChihuoSqliteStatements *self, sqlite3_stmt *statement)
{
  int rc;

  if (statement == NULL)
    return FALSE;

  rc = self->rc == SQLITE_OK ? sqlite3_step (statement) : SQLITE_DONE;
  if (rc == SQLITE_ROW)
    return TRUE;

  if (rc != SQLITE_DONE)
    chihuo_sqlite_statements_fail (self, rc);
  sqlite3_reset (statement);

  return FALSE;
}

/*
 * chihuo_sqlite_statements_run:
 * @self: statements
 * @statement: (nullable): one of them
 *
 * Runs a statement to its end.
 *
 * Returns: whether it worked
 */
gboolean
chihuo_sqlite_statements_run (ChihuoSqliteStatements *self, sqlite3_stmt *statement)
{
  while (chihuo_sqlite_statements_next (self, statement))
    continue;

  return self->rc == SQLITE_OK;
}

/*
 * chihuo_sqlite_statements_read:
 * @row: a statement that stands on a row
 * @column: one of its columns
 * @min: the least that can be
 * @max: the most that can be
 *
 * Reads a number that is to be reckoned with. Another program may have written
 * any: it counts as the nearest one that can be.
 *
 * Returns: the number
 */
gint64
chihuo_sqlite_statements_read (sqlite3_stmt *row, int column, gint64 min, gint64 max)
{
  return CLAMP (sqlite3_column_int64 (row, column), min, max);
}
