/* chihuo-sqlite-workers.c - who claims, and whether he still lives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <unistd.h>

#include "chihuo-sqlite-lock.h"
#include "chihuo-sqlite-workers.h"

/* A worker is one connection to the database; the engines that claim through it are its claimants.
 * It holds a byte of the lock file from before its first claim until it ends, however that happens:
 * the kernel knows when. So no clock decides who is dead, and a process that is only slow, stopped
 * or asleep is never taken for it. */

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

static char *
read_boot_id (void)
{
  char *id = NULL;

  if (!g_file_get_contents (BOOT_ID_PATH, &id, NULL, NULL))
    return g_strdup ("unknown");
  return g_strstrip (id);
}

/*
 * chihuo_sqlite_workers_open:
 * @self: room for the workers
 * @db: the connection's statements
 * @lock_path: the lock file
 * @error: return location for %CHIHUO_ERROR_BACKEND
 *
 * Opens the lock file. We are no worker before our first claim.
 *
 * Returns: whether it is open
 */
gboolean
chihuo_sqlite_workers_open (ChihuoSqliteWorkers *self, ChihuoSqliteStatements *db,
                            const char *lock_path, GError **error)
{
  *self = (ChihuoSqliteWorkers) { .db = db };
  self->fd = chihuo_sqlite_lock_open (lock_path, error);
  if (self->fd < 0)
    return FALSE;

  self->boot = read_boot_id ();
  self->claimants = g_ptr_array_new_with_free_func (g_free);

  return TRUE;
}

/*
 * chihuo_sqlite_workers_close:
 * @self: workers
 *
 * Releases our byte: what we still hold is free for others.
 */
void
chihuo_sqlite_workers_close (ChihuoSqliteWorkers *self)
{
  if (self->claimants == NULL)
    return;

  chihuo_sqlite_lock_close (self->fd);
  self->fd = -1;
  self->number = 0;
  g_clear_pointer (&self->boot, g_free);
  g_clear_pointer (&self->claimants, g_ptr_array_unref);
}

/*
 * chihuo_sqlite_workers_forget:
 * @self: workers
 *
 * Forgets all that was read: a new transaction begins.
 */
void
chihuo_sqlite_workers_forget (ChihuoSqliteWorkers *self)
{
  g_ptr_array_set_size (self->claimants, 0);
  self->is_new = FALSE;
}

/*
 * chihuo_sqlite_workers_end:
 * @self: workers
 * @committed: whether the transaction was
 *
 * Keeps our number, or gives up one that was taken in a transaction that
 * failed.
 */
void
chihuo_sqlite_workers_end (ChihuoSqliteWorkers *self, gboolean committed)
{
  if (!committed && self->is_new)
    {
      chihuo_sqlite_lock_release (self->fd, CHIHUO_SQLITE_LOCK_WORKER + self->number);
      self->number = 0;
    }
  self->is_new = FALSE;
}

/* Beyond that there is no byte to be locked, or one that is locked for something else */
static gboolean
is_number (gint64 number)
{
  return number > 0 && number <= CHIHUO_SQLITE_MAX;
}

/* The next number, 0 if there is none */
static gint64
take_number (ChihuoSqliteWorkers *self)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_WORKER_NUMBER);
  gint64 number = 0;

  if (chihuo_sqlite_statements_next (self->db, row))
    {
      number = sqlite3_column_int64 (row, 0);
      chihuo_sqlite_statements_run (self->db, row);
    }
  if (is_number (number))
    return number;

  chihuo_sqlite_statements_fail (self->db, SQLITE_CORRUPT);
  return 0;
}

/* A number is free, unless a transaction of unknown outcome has given it away before */
static void
join (ChihuoSqliteWorkers *self)
{
  sqlite3_stmt *row;

  do
    {
      self->number = take_number (self);
      if (self->number == 0)
        return;
    }
  while (!chihuo_sqlite_lock_try (self->fd, CHIHUO_SQLITE_LOCK_WORKER + self->number));

  self->is_new = TRUE;
  row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_WORKER_INSERT);
  sqlite3_bind_int64 (row, 1, self->number);
  sqlite3_bind_int64 (row, 2, getpid ());
  sqlite3_bind_text (row, 3, self->boot, -1, SQLITE_STATIC);
  chihuo_sqlite_statements_run (self->db, row);
}

/*
 * chihuo_sqlite_workers_claimant:
 * @self: workers
 * @name: a claimant's name, interned
 *
 * Gets a claimant as it stands in this transaction.
 *
 * Returns: (transfer none): the claimant; its number is 0 if nobody knows it
 */
ChihuoSqliteClaimant *
chihuo_sqlite_workers_claimant (ChihuoSqliteWorkers *self, const char *name)
{
  ChihuoSqliteClaimant *claimant;
  sqlite3_stmt *row;

  for (guint i = 0; i < self->claimants->len; i++)
    {
      claimant = g_ptr_array_index (self->claimants, i);
      if (claimant->name == name)
        return claimant;
    }

  claimant = g_new0 (ChihuoSqliteClaimant, 1);
  claimant->name = name;
  g_ptr_array_add (self->claimants, claimant);

  row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_CLAIMANT_LOAD);
  sqlite3_bind_text (row, 1, name, -1, SQLITE_STATIC);
  if (chihuo_sqlite_statements_next (self->db, row))
    {
      claimant->n = sqlite3_column_int64 (row, 0);
      claimant->worker = sqlite3_column_int64 (row, 1);
      claimant->request = sqlite3_column_int64 (row, 2);
      claimant->given = sqlite3_column_int (row, 3);
      sqlite3_reset (row);
    }

  return claimant;
}

/*
 * chihuo_sqlite_workers_attach:
 * @self: workers
 * @claimant: one of them
 *
 * Makes a claimant ours: what it holds lives as long as we do. It may have
 * claimed through a connection that we had before.
 */
void
chihuo_sqlite_workers_attach (ChihuoSqliteWorkers *self, ChihuoSqliteClaimant *claimant)
{
  sqlite3_stmt *row;

  if (claimant->n != 0 && self->number != 0 && claimant->worker == self->number)
    return;

  if (self->number == 0)
    join (self);
  claimant->worker = self->number;
  claimant->is_dirty = TRUE;
  if (claimant->n != 0)
    return;

  row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_CLAIMANT_INSERT);
  sqlite3_bind_text (row, 1, claimant->name, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (row, 2, claimant->worker);
  if (chihuo_sqlite_statements_run (self->db, row))
    claimant->n = sqlite3_last_insert_rowid (self->db->db);
}

/*
 * chihuo_sqlite_workers_save:
 * @self: workers
 *
 * Writes what has changed.
 */
void
chihuo_sqlite_workers_save (ChihuoSqliteWorkers *self)
{
  for (guint i = 0; i < self->claimants->len; i++)
    {
      ChihuoSqliteClaimant *claimant = g_ptr_array_index (self->claimants, i);
      sqlite3_stmt *row;

      if (!claimant->is_dirty)
        continue;

      row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_CLAIMANT_SAVE);
      sqlite3_bind_int64 (row, 1, claimant->n);
      sqlite3_bind_int64 (row, 2, claimant->worker);
      sqlite3_bind_int64 (row, 3, claimant->request);
      sqlite3_bind_int64 (row, 4, claimant->given);
      chihuo_sqlite_statements_run (self->db, row);
    }
}

/*
 * chihuo_sqlite_workers_is_alive:
 * @self: workers
 * @number: a worker's number
 *
 * Asks the kernel whether a worker lives.
 *
 * Returns: whether it does
 */
gboolean
chihuo_sqlite_workers_is_alive (ChihuoSqliteWorkers *self, gint64 number)
{
  return number == self->number
         || (is_number (number)
             && chihuo_sqlite_lock_is_held (self->fd, CHIHUO_SQLITE_LOCK_WORKER + number));
}

/*
 * chihuo_sqlite_workers_remove:
 * @self: workers
 * @number: a worker's number
 *
 * Removes a worker that holds nothing any more, and its claimants.
 */
void
chihuo_sqlite_workers_remove (ChihuoSqliteWorkers *self, gint64 number)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_CLAIMANT_DELETE);

  sqlite3_bind_int64 (row, 1, number);
  chihuo_sqlite_statements_run (self->db, row);

  row = chihuo_sqlite_statements_use (self->db, CHIHUO_SQLITE_WORKER_DELETE);
  sqlite3_bind_int64 (row, 1, number);
  chihuo_sqlite_statements_run (self->db, row);
}
