/* fuzz-vfs.c - a file system for SQLite in memory, so that a fuzzer need not wait for the kernel
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sqlite3.h>
#include <string.h>

#include "fuzz-vfs.h"

#define N_REGIONS 64
#define REGION_SIZE 32768

/* There is one connection at a time, so locks have nothing to keep apart, and there is one index of a
 * log, which is empty when a connection opens. Nothing is ever lost, so a sync has nothing to do. An
 * empty file is none: what is deleted keeps its room for the next one. */

typedef struct
{
  sqlite3_file  base;
  GByteArray   *bytes; /* (owned) */
} File;

static GHashTable *files; /* path → bytes (owned) */
static char regions[N_REGIONS][REGION_SIZE];
static guint n_regions;

static int
file_close (sqlite3_file *file)
{
  File *self = (File *) file;

  g_clear_pointer (&self->bytes, g_byte_array_unref);
  return SQLITE_OK;
}

static int
file_read (sqlite3_file *file, void *data, int n, sqlite3_int64 offset)
{
  const GByteArray *bytes = ((File *) file)->bytes;
  gint64 there = CLAMP ((gint64) bytes->len - offset, 0, n);

  if (there > 0)
    memcpy (data, bytes->data + offset, there);
  memset ((char *) data + there, 0, n - there);
  return there == n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  GByteArray *bytes = ((File *) file)->bytes;
  guint before = bytes->len;

  g_byte_array_set_size (bytes, size);
  if (size > before)
    memset (bytes->data + before, 0, size - before);
  return SQLITE_OK;
}

static int
file_write (sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
  GByteArray *bytes = ((File *) file)->bytes;

  /* what claims to lie beyond that is a disk's end */
  if (offset + n > 64 * 1024 * 1024)
    return SQLITE_FULL;
  if (offset + n > bytes->len)
    file_truncate (file, offset + n);
  memcpy (bytes->data + offset, data, n);
  return SQLITE_OK;
}

static int
file_sync (sqlite3_file *file, int flags)
{
  return SQLITE_OK;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  *size = ((File *) file)->bytes->len;
  return SQLITE_OK;
}

static int
file_lock (sqlite3_file *file, int level)
{
  return SQLITE_OK;
}

static int
file_check_reserved (sqlite3_file *file, int *is_reserved)
{
  *is_reserved = FALSE;
  return SQLITE_OK;
}

static int
file_control (sqlite3_file *file, int op, void *arg)
{
  return SQLITE_NOTFOUND;
}

static int
file_sector_size (sqlite3_file *file)
{
  return 4096;
}

static int
file_characteristics (sqlite3_file *file)
{
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
file_shm_map (sqlite3_file *file, int region, int size, int extend, void volatile **at)
{
  guint n = region + 1;

  if (n > N_REGIONS || size != REGION_SIZE)
    return SQLITE_IOERR_SHMSIZE;
  if (extend)
    n_regions = MAX (n_regions, n);
  *at = n <= n_regions ? regions[region] : NULL;
  return SQLITE_OK;
}

static int
file_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  return SQLITE_OK;
}

static void
file_shm_barrier (sqlite3_file *file)
{
}

static int
file_shm_unmap (sqlite3_file *file, int is_last)
{
  memset (regions, 0, n_regions * sizeof regions[0]);
  n_regions = 0;
  return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_lock,
  .xCheckReservedLock = file_check_reserved,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

static int
vfs_open (sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
  File *self = (File *) file;

  /* what has no name goes with its closing */
  *self = (File) { .base.pMethods = &methods };
  self->bytes = path != NULL ? g_byte_array_ref (fuzz_vfs_get (path)) : g_byte_array_new ();
  if (out_flags != NULL)
    *out_flags = flags;
  return SQLITE_OK;
}

static int
vfs_delete (sqlite3_vfs *vfs, const char *path, int sync_folder)
{
  g_byte_array_set_size (fuzz_vfs_get (path), 0);
  return SQLITE_OK;
}

static int
vfs_access (sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
  const GByteArray *bytes = g_hash_table_lookup (files, path);

  *result = bytes != NULL && bytes->len > 0;
  return SQLITE_OK;
}

static int
vfs_full_pathname (sqlite3_vfs *vfs, const char *path, int size, char *full)
{
  return g_strlcpy (full, path, size) < (gsize) size ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* The same input has the same salts in its log */
static int
vfs_randomness (sqlite3_vfs *vfs, int n, char *data)
{
  memset (data, 7, n);
  return n;
}

/* Gives the bytes of a file, (transfer none); they are made if there are none */
GByteArray *
fuzz_vfs_get (const char *path)
{
  GByteArray *bytes = g_hash_table_lookup (files, path);

  if (bytes == NULL)
    {
      bytes = g_byte_array_new ();
      g_hash_table_insert (files, g_strdup (path), bytes);
    }
  return bytes;
}

/* All files are gone */
void
fuzz_vfs_clear (void)
{
  GHashTableIter iter;
  gpointer bytes;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, NULL, &bytes))
    g_byte_array_set_size (bytes, 0);
}

/* From now on each database is in memory */
void
fuzz_vfs_install (void)
{
  static sqlite3_vfs vfs;

  files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                 (GDestroyNotify) g_byte_array_unref);
  vfs = *sqlite3_vfs_find (NULL);
  vfs.zName = "fuzz";
  vfs.szOsFile = sizeof (File);
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  vfs.xAccess = vfs_access;
  vfs.xFullPathname = vfs_full_pathname;
  vfs.xRandomness = vfs_randomness;
  sqlite3_vfs_register (&vfs, TRUE);
}
