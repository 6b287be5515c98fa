/* lodis-store.c - keys and values on the disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <rocksdb/c.h>
#include <string.h>
#include <sys/statvfs.h>

#include "chihuo/chihuo-mutant.h"
#include "lodis-cache.h"
#include "lodis-clock.h"
#include "lodis-error.h"
#include "lodis-key.h"
#include "lodis-store.h"

/* A command collects what it writes in the cache, reads through it, and commits it as a whole, in one
 * batch. That goes into RocksDB's log without waiting for the disk; a sync then covers all commands before
 * it, and only after that may they be answered. So one wait for the disk does for many commands.
 *
 * An empty database is to be small: buffers and cache are made as they fill, and are kept modest. */

#define FORMAT 1
#define BUFFER_SIZE (16 << 20)
#define CACHE_SIZE (16 << 20)
#define MAX_OPEN_FILES 512
#define FEW_KEYS 1024
#define START_SIZE (1 << 20)

struct _LodisStore
{
  rocksdb_t                        *db;         /* (owned) (nullable) */
  rocksdb_options_t                *options;    /* (owned) */
  rocksdb_readoptions_t            *reading;    /* (owned) */
  rocksdb_writeoptions_t           *writing;    /* (owned) */
  rocksdb_cache_t                  *cache;      /* (owned) */
  rocksdb_block_based_table_options_t *table;   /* (owned) */
  LodisCache                       *known;      /* (owned): what the running command writes, and more */
  GArray                           *abandoned;  /* (owned): numbers whose parts have to go */
  guint64                           next_id;
  LodisClock                        clock;
  gint64                            clock_kept; /* as the database has it */
  gboolean                          clock_used; /* somebody has asked since then */
  LodisSync                         sync;
  gboolean                          unsynced;
};

struct _LodisScan
{
  rocksdb_readoptions_t *options;  /* (owned) */
  rocksdb_iterator_t    *iterator; /* (owned) */
  GBytes                *upper;    /* (owned) */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (rocksdb_writebatch_t, rocksdb_writebatch_destroy)

/* Takes RocksDB's text; FALSE if there is one */
static gboolean
check (char *text, GError **error)
{
  if (text == NULL)
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_DATABASE, "database: %s",
               g_strdelimit (text, "\r\n", ' '));
  rocksdb_free (text);
  return FALSE;
}

static void
set_options (LodisStore *self)
{
  self->options = rocksdb_options_create ();
  self->cache = rocksdb_cache_create_lru (CACHE_SIZE);
  self->table = rocksdb_block_based_options_create ();
  rocksdb_block_based_options_set_block_cache (self->table, self->cache);
  rocksdb_block_based_options_set_filter_policy (self->table,
                                                 rocksdb_filterpolicy_create_bloom_full (10));
  rocksdb_block_based_options_set_format_version (self->table, 5);

  rocksdb_options_set_create_if_missing (self->options, 1);
  rocksdb_options_set_block_based_table_factory (self->options, self->table);
  rocksdb_options_set_write_buffer_size (self->options, BUFFER_SIZE);
  rocksdb_options_set_max_write_buffer_number (self->options, 3);
  rocksdb_options_set_arena_block_size (self->options, 256 << 10);
  rocksdb_options_set_memtable_prefix_bloom_size_ratio (self->options, 0.05);
  rocksdb_options_set_memtable_whole_key_filtering (self->options, 1);
  rocksdb_options_set_max_open_files (self->options, MAX_OPEN_FILES);
  rocksdb_options_set_max_background_jobs (self->options, 2);
  rocksdb_options_set_compression (self->options, rocksdb_lz4_compression);
  rocksdb_options_set_keep_log_file_num (self->options, 4);
  rocksdb_options_set_max_log_file_size (self->options, 1 << 20);
  rocksdb_options_set_info_log_level (self->options, 2);
  rocksdb_options_set_stats_dump_period_sec (self->options, 0);
  rocksdb_options_set_stats_persist_period_sec (self->options, 0);

  self->reading = rocksdb_readoptions_create ();
  self->writing = rocksdb_writeoptions_create ();
  if (CHIHUO_MUTANT ("lodis-no-log"))
    rocksdb_writeoptions_disable_WAL (self->writing, 1);
}

static gboolean
get_meta (LodisStore *self, const char *name, guint64 missing, guint64 *number, GError **error)
{
  g_autoptr (GByteArray) key = lodis_key_new_meta (name);
  g_auto (LodisValue) value = { NULL };

  if (!lodis_store_get (self, lodis_span_of (key), &value, error))
    return FALSE;

  *number = value.length == 8 ? lodis_read_u64 ((const guint8 *) value.data) : missing;
  return TRUE;
}

static void
put_meta (LodisStore *self, const char *name, guint64 number)
{
  g_autoptr (GByteArray) key = lodis_key_new_meta (name);
  guint64 bytes = GUINT64_TO_BE (number);

  lodis_store_put (self, lodis_span_of (key), (LodisSpan) { (const guint8 *) &bytes, sizeof bytes });
}

static gboolean
read_meta (LodisStore *self, GError **error)
{
  guint64 format;
  guint64 clock;

  if (!get_meta (self, "format", 0, &format, error) || !get_meta (self, "clock", 0, &clock, error)
      || !get_meta (self, "next", 1, &self->next_id, error))
    return FALSE;
  if (format > FORMAT)
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION,
                   "the database has format %" G_GUINT64_FORMAT ", this program knows %d: take a newer one",
                   format, FORMAT);
      return FALSE;
    }

  lodis_clock_init (&self->clock, clock);
  self->clock_kept = clock;
  if (format == FORMAT)
    return TRUE;

  put_meta (self, "format", FORMAT);
  return lodis_store_commit (self, error);
}

/* Deletes the parts of a removed structure: a few one by one; many as a range, which costs each later
 * read a little. Its garbage key goes last, so a killed server goes on with it when it starts again. */
static gboolean
sweep (LodisStore *self, guint64 id, GError **error)
{
  g_autoptr (GByteArray) lower = lodis_key_new_all (id);
  g_autoptr (GByteArray) upper = lodis_key_new_all (id + 1);
  g_autoptr (GByteArray) garbage = lodis_key_new_garbage (id);
  g_autoptr (LodisScan) scan = lodis_scan_new (self, lodis_span_of (lower), lodis_span_of (upper));
  g_autoptr (rocksdb_writebatch_t) batch = rocksdb_writebatch_create ();
  LodisSpan key;
  LodisSpan value;
  guint n = 0;
  char *text = NULL;

  for (; n < FEW_KEYS && lodis_scan_get (scan, &key, &value); n++, lodis_scan_next (scan))
    rocksdb_writebatch_delete (batch, (const char *) key.data, key.length);
  if (n == FEW_KEYS)
    {
      rocksdb_writebatch_clear (batch);
      rocksdb_writebatch_delete_range (batch, (const char *) lower->data, lower->len,
                                       (const char *) upper->data, upper->len);
    }
  rocksdb_writebatch_delete (batch, (const char *) garbage->data, garbage->len);
  if (!lodis_scan_check (scan, error))
    return FALSE;

  rocksdb_write (self->db, self->writing, batch, &text);
  self->unsynced = TRUE;
  return check (text, error);
}

static gboolean
sweep_all (LodisStore *self, GError **error)
{
  while (self->abandoned->len > 0)
    {
      guint64 id = g_array_index (self->abandoned, guint64, self->abandoned->len - 1);

      g_array_set_size (self->abandoned, self->abandoned->len - 1);
      if (!sweep (self, id, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
find_garbage (LodisStore *self, GError **error)
{
  const guint8 bounds[] = { LODIS_KEY_GARBAGE, LODIS_KEY_GARBAGE + 1 };
  g_autoptr (LodisScan) scan = lodis_scan_new (self, (LodisSpan) { bounds, 1 },
                                               (LodisSpan) { bounds + 1, 1 });
  LodisSpan key;
  LodisSpan value;

  for (; lodis_scan_get (scan, &key, &value); lodis_scan_next (scan))
    if (key.length == 9)
      {
        guint64 id = lodis_read_u64 (key.data + 1);

        g_array_append_val (self->abandoned, id);
      }

  return lodis_scan_check (scan, error);
}

/* What RocksDB writes anew when it opens: its logs, as tables */
static guint64
count_log_bytes (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint64 n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      GStatBuf status;

      if (g_str_has_suffix (name, ".log") && g_stat (file, &status) == 0)
        n += status.st_size;
    }

  return n;
}

/* RocksDB does not survive it if the disk is full while it opens */
static gboolean
check_space (const char *path, GError **error)
{
  guint64 needed = START_SIZE + count_log_bytes (path);
  struct statvfs status;

  if (statvfs (path, &status) != 0 || (guint64) status.f_bavail * status.f_frsize >= needed)
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_DATABASE,
               "%s: No space left on device: %" G_GUINT64_FORMAT " KiB are needed for a start, %" G_GUINT64_FORMAT
               " are there", path, needed >> 10, (guint64) status.f_bavail * status.f_frsize >> 10);
  return FALSE;
}

/* Makes the folder if there is none; one server at a time can have it open */
LodisStore *
lodis_store_open (const char *path, LodisSync sync, GError **error)
{
  g_autoptr (LodisStore) self = g_new0 (LodisStore, 1);
  char *text = NULL;

  self->sync = sync;
  self->abandoned = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->known = lodis_cache_new ();
  set_options (self);
  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_DATABASE, "%s: no folder can be made: %s", path,
                   g_strerror (errno));
      return NULL;
    }
  if (!check_space (path, error))
    return NULL;

  self->db = rocksdb_open (self->options, path, &text);
  if (!check (text, error) || !read_meta (self, error) || !find_garbage (self, error)
      || !sweep_all (self, error))
    {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
lodis_store_close (LodisStore *self)
{
  if (self->db != NULL)
    rocksdb_close (self->db);
  lodis_cache_free (self->known);
  rocksdb_readoptions_destroy (self->reading);
  rocksdb_writeoptions_destroy (self->writing);
  rocksdb_block_based_options_destroy (self->table);
  rocksdb_options_destroy (self->options);
  rocksdb_cache_destroy (self->cache);
  g_array_unref (self->abandoned);
  g_free (self);
}

static void
copy_value (LodisValue *value, LodisSpan span)
{
  value->is_copy = TRUE;
  value->length = span.length;
  value->data = g_malloc (MAX (span.length, 1));
  if (span.length > 0)
    memcpy (value->data, span.data, span.length);
}

/* Reads what the running command has written, too */
gboolean
lodis_store_get (LodisStore *self, LodisSpan key, LodisValue *value, GError **error)
{
  gboolean is_there;
  char *text = NULL;
  LodisSpan span;

  lodis_value_clear (value);
  if (lodis_cache_get (self->known, key, &span, &is_there))
    {
      if (is_there)
        copy_value (value, span);
      return TRUE;
    }

  value->data = rocksdb_get (self->db, self->reading, (const char *) key.data, key.length, &value->length,
                             &text);
  if (!check (text, error))
    return FALSE;

  span = lodis_value_span (value);
  lodis_cache_learn (self->known, key, value->data != NULL ? &span : NULL);
  return TRUE;
}

void
lodis_store_put (LodisStore *self, LodisSpan key, LodisSpan value)
{
  lodis_cache_write (self->known, key, &value);
}

void
lodis_store_delete (LodisStore *self, LodisSpan key)
{
  lodis_cache_write (self->known, key, NULL);
}

/* A number for a new structure */
guint64
lodis_store_take_id (LodisStore *self)
{
  guint64 id = self->next_id++;

  put_meta (self, "next", self->next_id);
  return id;
}

/* The running command removes a structure; its parts are deleted once that is committed */
void
lodis_store_abandon (LodisStore *self, guint64 id)
{
  g_autoptr (GByteArray) key = lodis_key_new_garbage (id);

  lodis_store_put (self, lodis_span_of (key), (LodisSpan) { key->data, 0 });
  g_array_append_val (self->abandoned, id);
}

gboolean
lodis_store_is_writing (LodisStore *self)
{
  return lodis_cache_is_written (self->known);
}

static void
add_to_batch (LodisSpan key, const LodisSpan *value, gpointer batch)
{
  if (value != NULL)
    rocksdb_writebatch_put (batch, (const char *) key.data, key.length, (const char *) value->data,
                            value->length);
  else
    rocksdb_writebatch_delete (batch, (const char *) key.data, key.length);
}

/* All or nothing, for a server that is killed as for one that is told an error. Keys in order are much
 * less work for RocksDB than the same keys in no order */
gboolean
lodis_store_commit (LodisStore *self, GError **error)
{
  g_autoptr (rocksdb_writebatch_t) batch = NULL;
  char *text = NULL;

  if (!lodis_store_is_writing (self))
    return TRUE;

  batch = rocksdb_writebatch_create ();
  lodis_cache_for_written (self->known, add_to_batch, batch);
  rocksdb_write (self->db, self->writing, batch, &text);
  if (!check (text, error))
    {
      lodis_store_discard (self);
      lodis_cache_clear (self->known);
      return FALSE;
    }

  lodis_cache_commit (self->known);
  self->unsynced = TRUE;
  return sweep_all (self, error);
}

void
lodis_store_discard (LodisStore *self)
{
  lodis_cache_discard (self->known);
  g_array_set_size (self->abandoned, 0);
  self->clock_kept = -1;
}

/* Whether answers have to wait for a sync */
gboolean
lodis_store_needs_sync (LodisStore *self)
{
  return self->unsynced && self->sync == LODIS_SYNC_ALWAYS;
}

gboolean
lodis_store_sync (LodisStore *self, GError **error)
{
  char *text = NULL;

  if (!self->unsynced)
    return TRUE;

  rocksdb_flush_wal (self->db, 1, &text);
  self->unsynced = FALSE;
  return check (text, error);
}

/* Once a second: the clock goes on, and what was not synced is. A full disk has no room for the clock, and
 * that is no reason to end: no lease was given since its last commit, which had it */
gboolean
lodis_store_tick (LodisStore *self, GError **error)
{
  lodis_clock_tick (&self->clock);
  if (self->clock_used)
    {
      g_autoptr (GError) local = NULL;

      lodis_store_put_clock (self);
      self->clock_used = !lodis_store_commit (self, &local);
    }

  return self->sync == LODIS_SYNC_NONE || lodis_store_sync (self, error);
}

/* In µs, for leases. It goes on while the server runs. A killed server goes back to where it was at the
 * last commit that had the clock in it, so never behind a lease that it has given. */
gint64
lodis_store_get_clock (LodisStore *self)
{
  self->clock_used = TRUE;

  return lodis_clock_tick (&self->clock);
}

/* Puts the clock into the running command's batch */
void
lodis_store_put_clock (LodisStore *self)
{
  if (self->clock.now == self->clock_kept)
    return;

  put_meta (self, "clock", self->clock.now);
  self->clock_kept = self->clock.now;
}

/* --- scans --- */

/* Walks over what is committed, from lower on; upper is not part of it */
LodisScan *
lodis_scan_new (LodisStore *store, LodisSpan lower, LodisSpan upper)
{
  LodisScan *self = g_new0 (LodisScan, 1);

  self->upper = g_bytes_new (upper.data, upper.length);
  self->options = rocksdb_readoptions_create ();
  rocksdb_readoptions_set_iterate_upper_bound (self->options, g_bytes_get_data (self->upper, NULL),
                                               upper.length);
  self->iterator = rocksdb_create_iterator (store->db, self->options);
  lodis_scan_seek (self, lower);

  return self;
}

void
lodis_scan_free (LodisScan *self)
{
  rocksdb_iter_destroy (self->iterator);
  rocksdb_readoptions_destroy (self->options);
  g_bytes_unref (self->upper);
  g_free (self);
}

void
lodis_scan_seek (LodisScan *self, LodisSpan key)
{
  rocksdb_iter_seek (self->iterator, (const char *) key.data, key.length);
}

void
lodis_scan_next (LodisScan *self)
{
  rocksdb_iter_next (self->iterator);
}

/* FALSE at the end. What it points to is valid until the next move */
gboolean
lodis_scan_get (LodisScan *self, LodisSpan *key, LodisSpan *value)
{
  if (!rocksdb_iter_valid (self->iterator))
    return FALSE;

  key->data = (const guint8 *) rocksdb_iter_key (self->iterator, &key->length);
  value->data = (const guint8 *) rocksdb_iter_value (self->iterator, &value->length);
  return TRUE;
}

/* FALSE if it is at its end because the database could not be read */
gboolean
lodis_scan_check (LodisScan *self, GError **error)
{
  char *text = NULL;

  rocksdb_iter_get_error (self->iterator, &text);
  return check (text, error);
}

/* --- values --- */

void
lodis_value_clear (LodisValue *value)
{
  if (value->is_copy)
    g_free (value->data);
  else if (value->data != NULL)
    rocksdb_free (value->data);
  *value = (LodisValue) { NULL };
}

LodisSpan
lodis_value_span (const LodisValue *value)
{
  return (LodisSpan) { (const guint8 *) value->data, value->length };
}
