/* chihuo-sqlite-file.c - a database and its transactions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-mutant.h"
#include "chihuo-sqlite-error.h"
#include "chihuo-sqlite-file.h"
#include "chihuo-sqlite-path.h"
#include "chihuo-sqlite-schema.h"

/* Each writing transaction and each checkpoint holds the turnstile. That is for fairness, and it is
 * the rule that keeps clear of the WAL-reset bug of SQLite before 3.51.3: it takes a checkpoint
 * that runs beside another one and a commit. Therefore SQLite checkpoints nothing by itself,
 * neither while it runs nor at close.
 *
 * The turnstile is left only by chihuo_sqlite_file_leave(), so that others can still be told of a
 * commit before the next one happens. */

/* Longer than any transaction takes whose process is not stopped */
#define PATIENCE (5 * G_USEC_PER_SEC)

/* For those who do not know of the turnstile: sqlite3(1), backups */
#define BUSY_TIMEOUT 2000

/* How many pages the log has when it is worth to be brought into the database */
#define CHECKPOINT_PAGES 4000

static int
wal_hook_cb (void *data, sqlite3 *db, const char *name, int n_pages)
{
  ChihuoSqliteFile *self = data;

  self->wal_pages = n_pages;
  return SQLITE_OK;
}

static gboolean
fail (ChihuoSqliteFile *self, int rc, GError **error)
{
  return chihuo_sqlite_error_set (error, self->path, rc, sqlite3_errmsg (self->db));
}

static gboolean
enter (ChihuoSqliteFile *self, GError **error)
{
  if (chihuo_sqlite_turnstile_enter (self->turnstile, PATIENCE))
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT,
               "%s: another process has held it for %d seconds", self->path,
               (int) (PATIENCE / G_USEC_PER_SEC));
  return FALSE;
}

static void
checkpoint (ChihuoSqliteFile *self)
{
  int n_pages = 0;
  int n_done = 0;

  if (self->wal_pages < self->wal_left + CHECKPOINT_PAGES)
    return;

  sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &n_pages, &n_done);
  self->wal_left = n_done < n_pages ? n_pages : 0;
  self->wal_pages = 0;
}

/* Nothing here is ours to change yet: it may be another program's database */
static gboolean
connect_database (ChihuoSqliteFile *self, gboolean *is_empty, GError **error)
{
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX
                    | SQLITE_OPEN_EXRESCODE;
  int rc = sqlite3_open_v2 (self->path, &self->db, flags, NULL);

  if (rc != SQLITE_OK)
    return fail (self, rc, error);
  if (sqlite3_db_readonly (self->db, "main") == 1)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "%s: is read-only", self->path);
      return FALSE;
    }

  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 1200, 200);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

  /* somebody else's trigger could let a change not happen: a task would be handed out twice */
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  rc = sqlite3_exec (self->db,
                     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                     "PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 0;"
                     "PRAGMA cache_size = -16384;",
                     NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    return fail (self, rc, error);

  return chihuo_sqlite_schema_check (self->db, self->path, is_empty, error);
}

static gboolean
set_up (ChihuoSqliteFile *self, gboolean synchronous_full, gboolean is_empty, GError **error)
{
  int rc = sqlite3_exec (self->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_exec (self->db,
                       synchronous_full ? "PRAGMA synchronous = FULL"
                                        : "PRAGMA synchronous = NORMAL",
                       NULL, NULL, NULL);
  if (rc == SQLITE_OK && is_empty)
    {
      rc = sqlite3_exec (self->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
      if (rc == SQLITE_OK)
        rc = chihuo_sqlite_schema_create (self->db);
      if (rc == SQLITE_OK)
        rc = sqlite3_exec (self->db, "COMMIT", NULL, NULL, NULL);
    }
  if (rc != SQLITE_OK)
    return fail (self, rc, error);

  sqlite3_wal_hook (self->db, wal_hook_cb, self);
  return TRUE;
}

static gboolean
open_in_turn (ChihuoSqliteFile *self, gboolean synchronous_full, GError **error)
{
  gboolean is_empty = FALSE;
  gboolean ok;

  if (!enter (self, error))
    return FALSE;

  ok = connect_database (self, &is_empty, error)
       && set_up (self, synchronous_full, is_empty, error);
  chihuo_sqlite_turnstile_leave (self->turnstile);
  if (ok)
    chihuo_sqlite_statements_init (&self->statements, self->db);

  return ok;
}

/*
 * chihuo_sqlite_file_open:
 * @path: where the database is, or is to be
 * @synchronous_full: whether each commit waits for the disk
 * @error: return location for %CHIHUO_ERROR_CONFIG (it can never work),
 *   %CHIHUO_ERROR_BACKEND or %CHIHUO_ERROR_TIMED_OUT
 *
 * Opens a database, and creates it if there is none.
 *
 * Returns: (transfer full) (nullable): the open database
 */
ChihuoSqliteFile *
chihuo_sqlite_file_open (const char *path, gboolean synchronous_full, GError **error)
{
  g_autoptr (ChihuoSqliteFile) self = g_new0 (ChihuoSqliteFile, 1);
  g_autofree char *lock_path = NULL;

  self->path = chihuo_sqlite_path_prepare (path, error);
  if (self->path == NULL)
    return NULL;

  lock_path = g_strconcat (self->path, "-lock", NULL);
  self->turnstile = chihuo_sqlite_turnstile_new (lock_path, error);
  if (self->turnstile == NULL || !open_in_turn (self, synchronous_full, error))
    return NULL;

  return g_steal_pointer (&self);
}

/*
 * chihuo_sqlite_file_close:
 * @self: (transfer full): a database, not in a transaction
 *
 * Closes it. What the log holds is brought into the database first, if nobody
 * is in the way.
 */
void
chihuo_sqlite_file_close (ChihuoSqliteFile *self)
{
  chihuo_sqlite_statements_clear (&self->statements);

  if (self->statements.db != NULL && chihuo_sqlite_turnstile_enter (self->turnstile, 0))
    {
      sqlite3_busy_timeout (self->db, 0);
      sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
      chihuo_sqlite_turnstile_leave (self->turnstile);
    }

  sqlite3_close (self->db);
  g_clear_pointer (&self->turnstile, chihuo_sqlite_turnstile_free);
  g_free (self->path);
  g_free (self);
}

/*
 * chihuo_sqlite_file_begin:
 * @self: a database
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT, %CHIHUO_ERROR_BACKEND
 *
 * Begins a writing transaction, when it is our turn.
 *
 * Returns: whether it has begun; then it must end with
 *   chihuo_sqlite_file_commit() and chihuo_sqlite_file_leave()
 */
gboolean
chihuo_sqlite_file_begin (ChihuoSqliteFile *self, GError **error)
{
  ChihuoSqliteStatements *db = &self->statements;

  if (!enter (self, error))
    return FALSE;

  chihuo_sqlite_statements_heal (db);
  self->changes = sqlite3_total_changes (self->db);
  if (chihuo_sqlite_statements_run (db, chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_BEGIN)))
    return TRUE;

  chihuo_sqlite_error_set (error, self->path, db->rc, db->message);
  chihuo_sqlite_turnstile_leave (self->turnstile);
  return FALSE;
}

/* Whether a failed COMMIT may have come to the disk all the same */
static gboolean
is_doubtful (int rc)
{
  return (rc & 0xff) == SQLITE_IOERR;
}

/*
 * chihuo_sqlite_file_commit:
 * @self: a database in a writing transaction
 * @error: return location for %CHIHUO_ERROR_BACKEND (nothing was done),
 *   %CHIHUO_ERROR_TIMED_OUT (the same), %CHIHUO_ERROR_UNKNOWN_OUTCOME
 *
 * Ends the transaction: by a commit, or by going back to where it began if one
 * of its statements failed.
 *
 * Returns: whether all of it is on the disk
 */
gboolean
chihuo_sqlite_file_commit (ChihuoSqliteFile *self, GError **error)
{
  ChihuoSqliteStatements *db = &self->statements;
  gboolean had_failed = db->rc != SQLITE_OK;

  if (chihuo_sqlite_statements_run (db, chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_COMMIT)))
    {
      checkpoint (self);
      return TRUE;
    }

  if (!sqlite3_get_autocommit (self->db))
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
  if (CHIHUO_MUTANT ("settle-before-commit"))
    return TRUE;

  if (!had_failed && is_doubtful (db->rc))
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME,
                 "%s: the disk failed during a commit (%s)", self->path, db->message);
  else
    chihuo_sqlite_error_set (error, self->path, db->rc, db->message);

  return FALSE;
}

/*
 * chihuo_sqlite_file_leave:
 * @self: a database after chihuo_sqlite_file_commit()
 *
 * Lets the next one in.
 */
void
chihuo_sqlite_file_leave (ChihuoSqliteFile *self)
{
  chihuo_sqlite_turnstile_leave (self->turnstile);
}

/*
 * chihuo_sqlite_file_has_changed:
 * @self: a database in a writing transaction
 *
 * Gets whether the transaction has changed anything so far.
 *
 * Returns: whether it has
 */
gboolean
chihuo_sqlite_file_has_changed (ChihuoSqliteFile *self)
{
  return sqlite3_total_changes (self->db) != self->changes;
}

/*
 * chihuo_sqlite_file_begin_reading:
 * @self: a database
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT, %CHIHUO_ERROR_BACKEND
 *
 * Begins a transaction that only reads: it waits for nobody.
 *
 * Returns: whether it has begun
 */
gboolean
chihuo_sqlite_file_begin_reading (ChihuoSqliteFile *self, GError **error)
{
  ChihuoSqliteStatements *db = &self->statements;

  chihuo_sqlite_statements_heal (db);
  if (chihuo_sqlite_statements_run (
        db, chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_BEGIN_READING)))
    return TRUE;

  return chihuo_sqlite_error_set (error, self->path, db->rc, db->message);
}

/*
 * chihuo_sqlite_file_end_reading:
 * @self: a database in a reading transaction
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT, %CHIHUO_ERROR_BACKEND
 *
 * Ends a transaction that only reads.
 *
 * Returns: whether all was read
 */
gboolean
chihuo_sqlite_file_end_reading (ChihuoSqliteFile *self, GError **error)
{
  ChihuoSqliteStatements *db = &self->statements;

  if (chihuo_sqlite_statements_run (db, chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_COMMIT)))
    return TRUE;

  if (!sqlite3_get_autocommit (self->db))
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
  return chihuo_sqlite_error_set (error, self->path, db->rc, db->message);
}
