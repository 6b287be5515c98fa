/* bench-database.c - the bare program for SQLite: the same schema, the same statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bench-database.h"
#include "bench-eater.h"
#include "bench.h"
#include "chihuo-sqlite-schema.h"

/* A loop that knows what it wants: one connection, one queue, no other process, no locks beside SQLite's,
 * no answers to keep. What it does with each task it does with the library's own statements. */

#define PER_TRANSACTION 256
#define CLAIMANT 1

typedef struct
{
  gint64 n;
  gint64 token;
  char   id[32];
} Row;

static void
check (BenchDatabase *self, int rc)
{
  if (rc != SQLITE_OK)
    g_error ("%s", sqlite3_errmsg (self->db));
}

static void
execute (BenchDatabase *self, const char *sql)
{
  check (self, sqlite3_exec (self->db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *
use (BenchDatabase *self, ChihuoSqliteStatement which)
{
  return chihuo_sqlite_statements_use (&self->statements, which);
}

static void
run (BenchDatabase *self, sqlite3_stmt *statement)
{
  if (!chihuo_sqlite_statements_run (&self->statements, statement))
    g_error ("%s", self->statements.message);
}

BenchDatabase *
bench_database_new (const char *path)
{
  BenchDatabase *self = g_new0 (BenchDatabase, 1);

  check (self, sqlite3_open_v2 (path, &self->db,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                NULL));
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 1200, 200);
  execute (self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                 "PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384;");
  check (self, chihuo_sqlite_schema_create (self->db));
  chihuo_sqlite_statements_init (&self->statements, self->db);

  sqlite3_bind_text (use (self, CHIHUO_SQLITE_QUEUE_INSERT), 1, BENCH_QUEUE, -1, SQLITE_STATIC);
  run (self, use (self, CHIHUO_SQLITE_QUEUE_INSERT));

  return self;
}

void
bench_database_free (BenchDatabase *self)
{
  chihuo_sqlite_statements_clear (&self->statements);
  sqlite3_close (self->db);
  g_free (self);
}

static void
begin (BenchDatabase *self)
{
  run (self, use (self, CHIHUO_SQLITE_BEGIN));
}

static void
commit (BenchDatabase *self)
{
  sqlite3_stmt *save = use (self, CHIHUO_SQLITE_QUEUE_SAVE);

  sqlite3_bind_int64 (save, 1, 1);
  for (int i = 2; i <= 13; i++)
    sqlite3_bind_int64 (save, i, 0);
  sqlite3_bind_int64 (save, 3, self->tail);
  sqlite3_bind_int64 (save, 4, self->token);
  run (self, save);
  run (self, use (self, CHIHUO_SQLITE_COMMIT));
}

static void
add_row (BenchDatabase *self)
{
  sqlite3_stmt *add = use (self, CHIHUO_SQLITE_TASK_ADD);
  char id[32];
  int length = snprintf (id, sizeof id, BENCH_ID_FORMAT, (guint) self->tail);

  sqlite3_bind_int64 (add, 1, 1);
  sqlite3_bind_text (add, 2, id, length, SQLITE_STATIC);
  sqlite3_bind_int (add, 3, CHIHUO_TASK_STATE_WAITING);
  sqlite3_bind_int (add, 4, 0);
  sqlite3_bind_int64 (add, 5, self->tail++);
  sqlite3_bind_int64 (add, 6, 1);
  sqlite3_bind_int64 (add, 7, 0);
  sqlite3_bind_int64 (add, 8, 0);
  sqlite3_bind_text (add, 9, BENCH_INFO, strlen (BENCH_INFO), SQLITE_STATIC);
  run (self, add);
}

/* Rows a second */
double
bench_database_add (BenchDatabase *self, guint n, guint per_commit)
{
  gint64 before = g_get_monotonic_time ();

  for (guint i = 0; i < n; i += per_commit)
    {
      begin (self);
      for (guint row = i; row < MIN (i + per_commit, n); row++)
        add_row (self);
      commit (self);
    }

  return n / bench_seconds_since (before);
}

/* The first rows that wait, as far as a worker needs them */
static guint
read_waiting (BenchDatabase *self, Row *rows)
{
  sqlite3_stmt *waiting = use (self, CHIHUO_SQLITE_FIRST_WAITING);
  guint n = 0;

  sqlite3_bind_int64 (waiting, 1, 1);
  sqlite3_bind_int64 (waiting, 2, PER_TRANSACTION);
  while (chihuo_sqlite_statements_next (&self->statements, waiting))
    {
      rows[n].n = sqlite3_column_int64 (waiting, 0);
      g_strlcpy (rows[n].id, (const char *) sqlite3_column_text (waiting, 1), sizeof rows[n].id);
      sqlite3_column_text (waiting, 2);
      n++;
    }

  return n;
}

static guint
claim (BenchDatabase *self, Row *rows)
{
  sqlite3_stmt *update = use (self, CHIHUO_SQLITE_TASK_CLAIM);
  guint n = read_waiting (self, rows);

  for (guint i = 0; i < n; i++)
    {
      sqlite3_bind_int64 (update, 1, rows[i].n);
      sqlite3_bind_int64 (update, 2, 1);
      rows[i].token = ++self->token;
      sqlite3_bind_int64 (update, 3, rows[i].token);
      sqlite3_bind_int64 (update, 4, CLAIMANT);
      sqlite3_bind_int64 (update, 5, 1);
      sqlite3_bind_int64 (update, 6, 25);
      sqlite3_bind_int64 (update, 7, 3);
      run (self, update);
    }

  return n;
}

/* Ends a run that is as it was claimed, with a finished mark */
static void
settle (BenchDatabase *self, const Row *row)
{
  sqlite3_stmt *finish = use (self, CHIHUO_SQLITE_FINISHED_ADD);
  sqlite3_stmt *end = use (self, CHIHUO_SQLITE_TASK_DELETE_RUN);

  sqlite3_bind_int64 (end, 1, row->n);
  sqlite3_bind_int64 (end, 2, row->token);
  sqlite3_bind_int64 (end, 3, CLAIMANT);
  sqlite3_bind_int64 (end, 4, 1);
  sqlite3_bind_text (end, 5, row->id, -1, SQLITE_STATIC);
  run (self, end);
  if (sqlite3_changes (self->db) != 1)
    g_error ("a claimed row is not there");

  sqlite3_bind_int64 (finish, 1, 1);
  sqlite3_bind_text (finish, 2, row->id, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (finish, 3, 1);
  run (self, finish);
}

/* Rows a second that are claimed, and ended in the transaction that claims the next ones */
double
bench_database_eat (BenchDatabase *self, guint n)
{
  Row rows[PER_TRANSACTION];
  guint n_claimed = 0;
  guint n_eaten = 0;
  gint64 before = g_get_monotonic_time ();

  do
    {
      begin (self);
      for (guint i = 0; i < n_claimed; i++)
        settle (self, &rows[i]);
      n_eaten += n_claimed;
      n_claimed = claim (self, rows);
      commit (self);
    }
  while (n_claimed > 0);

  if (n_eaten != n)
    g_error ("%u rows were eaten, %u were expected", n_eaten, n);
  return n / bench_seconds_since (before);
}

/* Commits a second of so many rows each, in a new file */
double
bench_database_commits (const char *path, guint n_commits, guint rows)
{
  g_autoptr (BenchDatabase) self = bench_database_new (path);

  return bench_database_add (self, n_commits * rows, rows) / rows;
}
