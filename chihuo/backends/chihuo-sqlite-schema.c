/* chihuo-sqlite-schema.c - the tables of a database
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-sqlite-error.h"
#include "chihuo-sqlite-schema.h"

/* The file is meant to be read with sqlite3(1), too. All times are µs: since the epoch, except the
 * end of a running task's lease, which is on the clock that counts from the machine's boot.
 *
 * queue     one row a queue: where its order stands (places grow at the tail, shrink at the head),
 *           the last token, how many tasks are in each state, how long what is kept. The counters
 *           are kept with each transaction, so that nobody has to count
 * task      one row a task that is not finished. state: 1 waiting, 2 delayed, 3 running, 4 dead.
 *           time: waiting or dead since, due, or the lease's end. fate of a running one: 0 plain,
 *           1 added again (see pending), 2 dropped. timeout: ms. A row's number n never changes
 * pending   the add that waits for the end of a run
 * finished  the ids that may not be added again
 * claimant  who claims: an engine. request: its last claim's number, given: how many it got with it
 * worker    a connection that claims; it lives as long as byte 1024 + n of the lock file is locked
 * client    the last batch of a store, and what it was answered: for a repetition of it
 * counter   the next worker's number: they are never used again
 *
 * Each state has an index of its own, so that what waits is found behind a million delayed ones. */
static const char schema[] =
  "CREATE TABLE queue ("
  " q INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
  " head INTEGER NOT NULL, tail INTEGER NOT NULL, token INTEGER NOT NULL,"
  " waiting INTEGER NOT NULL, delayed INTEGER NOT NULL, running INTEGER NOT NULL,"
  " dead INTEGER NOT NULL, finished INTEGER NOT NULL, paused INTEGER NOT NULL,"
  " keep_finished INTEGER NOT NULL, keep_dead INTEGER NOT NULL, keep_dead_max INTEGER NOT NULL);"

  "CREATE TABLE task ("
  " n INTEGER PRIMARY KEY, q INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,"
  " priority INTEGER NOT NULL, place INTEGER NOT NULL, time INTEGER NOT NULL,"
  " token INTEGER NOT NULL DEFAULT 0, claimant INTEGER, request INTEGER NOT NULL DEFAULT 0,"
  " timeout INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0,"
  " crashes INTEGER NOT NULL DEFAULT 0, own_tries INTEGER NOT NULL,"
  " max_tries INTEGER NOT NULL DEFAULT 0, max_crashes INTEGER NOT NULL DEFAULT 0,"
  " fate INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,"
  " abandoned INTEGER NOT NULL DEFAULT 0, error TEXT, info TEXT NOT NULL);"
  "CREATE UNIQUE INDEX task_id ON task (q, id);"
  "CREATE INDEX task_waiting ON task (q, priority, place) WHERE state = 1 AND crashes = 0;"
  "CREATE INDEX task_suspect ON task (q, priority, place) WHERE state = 1 AND crashes > 0;"
  "CREATE INDEX task_delayed ON task (q, time, place) WHERE state = 2;"
  "CREATE INDEX task_running ON task (claimant, q, place) WHERE state = 3;"
  "CREATE INDEX task_dead ON task (q, place) WHERE state = 4;"
  "CREATE INDEX task_abandoned ON task (time) WHERE abandoned = 1;"

  "CREATE TABLE pending ("
  " n INTEGER PRIMARY KEY, delay INTEGER NOT NULL, timeout INTEGER NOT NULL,"
  " flags INTEGER NOT NULL, max_tries INTEGER NOT NULL, priority INTEGER NOT NULL,"
  " info TEXT NOT NULL);"

  "CREATE TABLE finished ("
  " q INTEGER NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (q, id))"
  " WITHOUT ROWID;"

  "CREATE TABLE claimant ("
  " n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, worker INTEGER NOT NULL,"
  " request INTEGER NOT NULL, given INTEGER NOT NULL);"
  "CREATE INDEX claimant_worker ON claimant (worker);"

  "CREATE TABLE worker (n INTEGER PRIMARY KEY, pid INTEGER NOT NULL, boot TEXT NOT NULL);"

  "CREATE TABLE client ("
  " name TEXT PRIMARY KEY, request INTEGER NOT NULL, time INTEGER NOT NULL, answers BLOB NOT NULL)"
  " WITHOUT ROWID;"

  "CREATE TABLE counter (next_worker INTEGER NOT NULL);"
  "INSERT INTO counter VALUES (1);"

  "PRAGMA application_id = " G_STRINGIFY (CHIHUO_SQLITE_APPLICATION_ID) ";"
  "PRAGMA user_version = " G_STRINGIFY (CHIHUO_SQLITE_SCHEMA_VERSION) ";";

static int
read_pragma (sqlite3 *db, const char *sql, gint64 *value)
{
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_step (statement);
  if (rc == SQLITE_ROW)
    *value = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);

  return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/*
 * chihuo_sqlite_schema_check:
 * @db: a connection
 * @path: the database, for messages
 * @is_empty: (out): whether the tables are still to be created
 * @error: return location for %CHIHUO_ERROR_CONFIG: somebody else's, or newer
 *
 * Looks whose database it is. It changes nothing.
 *
 * Returns: whether it is ours, or empty
 */
gboolean
chihuo_sqlite_schema_check (sqlite3 *db, const char *path, gboolean *is_empty, GError **error)
{
  gint64 id = 0;
  gint64 version = 0;
  gint64 tables = 0;
  int rc = read_pragma (db, "PRAGMA application_id", &id);

  if (rc == SQLITE_OK)
    rc = read_pragma (db, "PRAGMA user_version", &version);
  if (rc == SQLITE_OK)
    rc = read_pragma (db, "SELECT count (*) FROM sqlite_master", &tables);
  if (rc != SQLITE_OK)
    return chihuo_sqlite_error_set (error, path, rc, NULL);

  *is_empty = tables == 0 && id == 0;
  if (!*is_empty && id != CHIHUO_SQLITE_APPLICATION_ID)
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
                 "%s: is a database of another program (application id %" G_GINT64_FORMAT ")", path,
                 id);
  else if (!*is_empty && version != CHIHUO_SQLITE_SCHEMA_VERSION)
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
                 "%s: has schema %" G_GINT64_FORMAT ", this version of chihuo reads schema %d",
                 path, version, CHIHUO_SQLITE_SCHEMA_VERSION);
  else
    return TRUE;

  return FALSE;
}

/*
 * chihuo_sqlite_schema_create:
 * @db: a connection, in a transaction
 *
 * Creates the tables.
 *
 * Returns: an SQLite result code
 */
int
chihuo_sqlite_schema_create (sqlite3 *db)
{
  return sqlite3_exec (db, schema, NULL, NULL, NULL);
}
