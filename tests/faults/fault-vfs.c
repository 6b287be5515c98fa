/* fault-vfs.c - a file system for SQLite that keeps a record, and fails when it is told to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sqlite3.h>
#include <unistd.h>

#include "fault-vfs.h"

/* It stands before SQLite's own file system and passes everything on. Beside that it writes down
 * what happens to a database, its log and its journal, and lets writes and syncs fail after a plan.
 * Locks and shared memory are not its concern: they do not outlive the machine. */

typedef struct
{
  sqlite3_file  base;
  FaultFile     kind;
  gboolean      syncs_folder; /* with its next sync */
  sqlite3_file *real;         /* behind this struct */
} File;

static GMutex mutex;
static GPtrArray *events; /* (owned) (nullable): under the mutex; NULL = nothing is written down */
static FaultPlan plan;    /* under the mutex; first 0 = nothing fails */
static guint n_failed;    /* under the mutex */
static sqlite3_vfs *system_vfs;

static void
event_free (gpointer data)
{
  FaultEvent *event = data;

  g_clear_pointer (&event->data, g_bytes_unref);
  g_free (event);
}

static void
record (FaultEventKind kind, FaultFile file, gint64 offset, const void *data, gsize length)
{
  g_mutex_lock (&mutex);
  if (events != NULL)
    {
      FaultEvent *event = g_new0 (FaultEvent, 1);

      event->kind = kind;
      event->file = file;
      event->offset = offset;
      event->data = data != NULL ? g_bytes_new (data, length) : NULL;
      g_ptr_array_add (events, event);
    }
  g_mutex_unlock (&mutex);
}

/* Counts down to those that fail, and them */
static gboolean
is_turn_locked (void)
{
  if (plan.first > 1)
    {
      plan.first--;
      return FALSE;
    }

  if (plan.count < G_MAXUINT)
    plan.count--;
  n_failed++;
  return TRUE;
}

/* Whether the plan says that this one fails */
static gboolean
fails_locked (gboolean is_sync)
{
  if (plan.first == 0 || plan.count == 0 || plan.at_commit)
    return FALSE;
  if (n_failed == 0 && plan.at_sync && !is_sync)
    return FALSE;

  return is_turn_locked ();
}

/* The commit stands in the log, and others see it; who has made it is told that the disk failed */
static gboolean
loses_commit (void)
{
  gboolean answer;

  g_mutex_lock (&mutex);
  answer = plan.first > 0 && plan.count > 0 && plan.at_commit && is_turn_locked ();
  g_mutex_unlock (&mutex);

  return answer;
}

static gboolean
fails (gboolean is_sync, gboolean *is_full)
{
  gboolean answer;

  g_mutex_lock (&mutex);
  answer = fails_locked (is_sync);
  *is_full = plan.is_full || (plan.then_full && n_failed > 1);
  g_mutex_unlock (&mutex);

  return answer;
}

static sqlite3_file *
real_of (sqlite3_file *file)
{
  return ((File *) file)->real;
}

static FaultFile
kind_of (sqlite3_file *file)
{
  return ((File *) file)->kind;
}

static int
file_close (sqlite3_file *file)
{
  return real_of (file)->pMethods->xClose (real_of (file));
}

static int
file_read (sqlite3_file *file, void *data, int length, sqlite3_int64 offset)
{
  return real_of (file)->pMethods->xRead (real_of (file), data, length, offset);
}

static int
write_really (sqlite3_file *file, const void *data, int length, sqlite3_int64 offset)
{
  int rc = real_of (file)->pMethods->xWrite (real_of (file), data, length, offset);

  if (rc == SQLITE_OK)
    record (FAULT_EVENT_WRITE, kind_of (file), offset, data, length);
  return rc;
}

static int
file_write (sqlite3_file *file, const void *data, int length, sqlite3_int64 offset)
{
  gboolean is_full;

  if (!fails (FALSE, &is_full))
    return write_really (file, data, length, offset);

  if (plan.torn && length > 1)
    write_really (file, data, length / 2, offset);
  return is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  int rc = real_of (file)->pMethods->xTruncate (real_of (file), size);

  if (rc == SQLITE_OK)
    record (FAULT_EVENT_TRUNCATE, kind_of (file), size, NULL, 0);
  return rc;
}

/* A full disk shows itself at a sync, too, where blocks are given out late: SQLite calls both so */
static int
file_sync (sqlite3_file *file, int flags)
{
  File *self = (File *) file;
  gboolean is_full;
  int rc;

  if (fails (TRUE, &is_full))
    {
      record (FAULT_EVENT_LOST_SYNC, self->kind, 0, NULL, 0);
      return SQLITE_IOERR_FSYNC;
    }

  rc = real_of (file)->pMethods->xSync (real_of (file), flags);
  record (FAULT_EVENT_SYNC, self->kind, self->syncs_folder, NULL, 0);
  self->syncs_folder = FALSE;

  return rc;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return real_of (file)->pMethods->xFileSize (real_of (file), size);
}

static int
file_lock (sqlite3_file *file, int level)
{
  return real_of (file)->pMethods->xLock (real_of (file), level);
}

static int
file_unlock (sqlite3_file *file, int level)
{
  return real_of (file)->pMethods->xUnlock (real_of (file), level);
}

static int
file_check_reserved_lock (sqlite3_file *file, int *is_reserved)
{
  return real_of (file)->pMethods->xCheckReservedLock (real_of (file), is_reserved);
}

static int
file_control (sqlite3_file *file, int op, void *argument)
{
  if (op == SQLITE_FCNTL_COMMIT_PHASETWO && loses_commit ())
    return SQLITE_IOERR;

  return real_of (file)->pMethods->xFileControl (real_of (file), op, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return real_of (file)->pMethods->xSectorSize (real_of (file));
}

static int
file_characteristics (sqlite3_file *file)
{
  return real_of (file)->pMethods->xDeviceCharacteristics (real_of (file));
}

static int
file_shm_map (sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
  return real_of (file)->pMethods->xShmMap (real_of (file), region, size, extend, memory);
}

static int
file_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  return real_of (file)->pMethods->xShmLock (real_of (file), offset, n, flags);
}

static void
file_shm_barrier (sqlite3_file *file)
{
  real_of (file)->pMethods->xShmBarrier (real_of (file));
}

static int
file_shm_unmap (sqlite3_file *file, int remove)
{
  return real_of (file)->pMethods->xShmUnmap (real_of (file), remove);
}

/* Version 2: without xFetch nothing is mapped, so that every write comes past here */
static const sqlite3_io_methods file_methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved_lock,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

static gboolean
kind_from_flags (int flags, FaultFile *kind)
{
  if (flags & SQLITE_OPEN_MAIN_DB)
    *kind = FAULT_FILE_DATABASE;
  else if (flags & SQLITE_OPEN_WAL)
    *kind = FAULT_FILE_LOG;
  else if (flags & SQLITE_OPEN_MAIN_JOURNAL)
    *kind = FAULT_FILE_JOURNAL;
  else
    return FALSE;

  return TRUE;
}

/* Temporary files are left alone: they are gone after a power cut */
static int
vfs_open (sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
  File *self = (File *) file;
  gboolean is_new = path != NULL && access (path, F_OK) != 0;
  int rc;

  if (!kind_from_flags (flags, &self->kind))
    return system_vfs->xOpen (system_vfs, path, file, flags, out_flags);

  self->real = (sqlite3_file *) &self[1];
  self->base.pMethods = NULL;
  self->syncs_folder = self->kind != FAULT_FILE_DATABASE && (flags & SQLITE_OPEN_CREATE) != 0;
  rc = system_vfs->xOpen (system_vfs, path, self->real, flags, out_flags);
  if (self->real->pMethods != NULL)
    self->base.pMethods = &file_methods;
  if (rc == SQLITE_OK && is_new)
    record (FAULT_EVENT_CREATE, self->kind, 0, NULL, 0);

  return rc;
}

static int
vfs_delete (sqlite3_vfs *vfs, const char *path, int sync_folder)
{
  int rc = system_vfs->xDelete (system_vfs, path, sync_folder);

  for (FaultFile file = FAULT_FILE_LOG; rc == SQLITE_OK && file < FAULT_N_FILES; file++)
    if (g_str_has_suffix (path, fault_file_get_suffix (file)))
      record (FAULT_EVENT_DELETE, file, sync_folder, NULL, 0);

  return rc;
}

/* What SQLite calls a file by, after the path of the database */
const char *
fault_file_get_suffix (FaultFile file)
{
  static const char *const suffixes[FAULT_N_FILES] = { "", "-wal", "-journal" };

  return suffixes[file];
}

/* Makes it the file system of every connection that is opened from here on */
void
fault_vfs_install (void)
{
  static sqlite3_vfs vfs;

  g_assert_null (system_vfs);
  system_vfs = sqlite3_vfs_find (NULL);
  g_assert_nonnull (system_vfs);
  vfs = *system_vfs;
  vfs.zName = "chihuo-faults";
  vfs.szOsFile = sizeof (File) + system_vfs->szOsFile;
  vfs.pNext = NULL;
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  g_assert_cmpint (sqlite3_vfs_register (&vfs, TRUE), ==, SQLITE_OK);
}

/* Begins to write down what happens, or stops */
void
fault_vfs_record (gboolean on)
{
  g_mutex_lock (&mutex);
  g_clear_pointer (&events, g_ptr_array_unref);
  if (on)
    events = g_ptr_array_new_with_free_func (event_free);
  g_mutex_unlock (&mutex);
}

/* What has happened (element-type FaultEvent), and an end of writing down */
GPtrArray *
fault_vfs_take (void)
{
  GPtrArray *taken;

  g_mutex_lock (&mutex);
  taken = g_steal_pointer (&events);
  g_mutex_unlock (&mutex);

  return taken;
}

/* Writes down what only the test knows */
void
fault_vfs_note (FaultEventKind kind)
{
  record (kind, FAULT_FILE_DATABASE, 0, NULL, 0);
}

/* Lets things fail after a plan */
void
fault_vfs_fail (const FaultPlan *new_plan)
{
  g_mutex_lock (&mutex);
  plan = *new_plan;
  n_failed = 0;
  g_mutex_unlock (&mutex);
}

/* Lets nothing fail any more; says how many have */
guint
fault_vfs_heal (void)
{
  guint n;

  g_mutex_lock (&mutex);
  plan.first = 0;
  n = n_failed;
  g_mutex_unlock (&mutex);

  return n;
}
