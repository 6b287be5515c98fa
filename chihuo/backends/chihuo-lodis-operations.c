/* chihuo-lodis-operations.c - what a transaction on a Lodis is made of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-lodis-frame.h"
#include "chihuo-lodis-operations.h"

/* One byte, the name of a structure, and what the operation needs. All of them are carried out, in this order, or
 * none is. */

#define NEWS_KEY "n"

/* From that length on it is worth asking whether a value's end stays as it is */
#define LARGE_VALUE 4096

void
chihuo_lodis_operations_add (GByteArray *arguments, char operation, const char *map)
{
  chihuo_lodis_frame_add (arguments, &operation, 1);
  chihuo_lodis_frame_add_string (arguments, map);
}

/* operation, structure, key */
void
chihuo_lodis_operations_add_key (GByteArray *arguments, char operation, const char *map, const char *key)
{
  chihuo_lodis_operations_add (arguments, operation, map);
  chihuo_lodis_frame_add_string (arguments, key);
}

/* The field has to have that value; NULL = it has to be absent */
void
chihuo_lodis_operations_add_condition (GByteArray *arguments, const char *map, const char *key, GBytes *value)
{
  chihuo_lodis_operations_add_key (arguments, value != NULL ? '?' : '!', map, key);
  if (value != NULL)
    chihuo_lodis_frame_add_bytes (arguments, value);
}

/* How many bytes two values have in common at their ends */
static gsize
count_common (GBytes *a, GBytes *b)
{
  gsize n_a;
  gsize n_b;
  const guint8 *data_a = g_bytes_get_data (a, &n_a);
  const guint8 *data_b = g_bytes_get_data (b, &n_b);
  gsize n = 0;

  while (n < MIN (n_a, n_b) && data_a[n_a - n - 1] == data_b[n_b - n - 1])
    n++;

  return n;
}

/* A large info stays where it is while its task goes from state to state */
static void
write_value (ChihuoLodisSpace *space, ChihuoLodisEntry *entry, GByteArray *arguments)
{
  g_autoptr (GBytes) bytes = chihuo_lodis_space_pack (entry);
  gsize length = g_bytes_get_size (bytes);
  gsize common = 0;

  if (entry->stored != NULL && length >= LARGE_VALUE)
    common = count_common (entry->stored, bytes);
  if (common < LARGE_VALUE / 2)
    {
      chihuo_lodis_operations_add_key (arguments, '=', space->map, entry->key);
      chihuo_lodis_frame_add_bytes (arguments, bytes);
      return;
    }

  chihuo_lodis_operations_add_key (arguments, '~', space->map, entry->key);
  chihuo_lodis_frame_add (arguments, g_bytes_get_data (bytes, NULL), length - common);
  chihuo_lodis_frame_add_u32 (arguments, common);
}

static void
write_entry (ChihuoLodisSpace *space, ChihuoLodisEntry *entry, GByteArray *arguments)
{
  gboolean is_moved = g_strcmp0 (entry->index, entry->stored_index) != 0
                      && !chihuo_lodis_space_is_own_index (entry->key[0]);

  if (entry->value != NULL)
    write_value (space, entry, arguments);
  else if (entry->stored != NULL)
    chihuo_lodis_operations_add_key (arguments, '-', space->map, entry->key);

  if (is_moved && entry->stored_index != NULL)
    chihuo_lodis_operations_add_key (arguments, '-', space->index_map, entry->stored_index);
}

/* After all that leaves: one entry may take the place of another */
static void
write_index (ChihuoLodisSpace *space, ChihuoLodisEntry *entry, GByteArray *arguments)
{
  if (entry->index == NULL || g_strcmp0 (entry->index, entry->stored_index) == 0
      || chihuo_lodis_space_is_own_index (entry->key[0]))
    return;

  chihuo_lodis_operations_add_key (arguments, '=', space->index_map, entry->index);
  chihuo_lodis_frame_add_string (arguments, entry->key);
}

/* One that nobody has used yet begins at random, so that a queue that was wiped has none of its old
 * versions again */
static void
write_version (ChihuoLodisSpace *space, GByteArray *arguments)
{
  guint64 number = ((guint64) g_random_int () << 31) | g_random_int ();
  gsize length = 0;
  const void *data = space->version != NULL ? g_bytes_get_data (space->version, &length) : NULL;

  if (length == sizeof number)
    {
      memcpy (&number, data, sizeof number);
      number = GUINT64_FROM_BE (number) + 1;
    }
  chihuo_lodis_operations_add_key (arguments, '=', space->map, CHIHUO_LODIS_VERSION_KEY);
  chihuo_lodis_frame_add_u64 (arguments, number);
}

static void
write_news (ChihuoLodisSpace *space, gint64 now, GByteArray *arguments)
{
  chihuo_lodis_operations_add_key (arguments, '=', space->news_map, NEWS_KEY);
  chihuo_lodis_frame_add_u64 (arguments, now);
}

/*
 * chihuo_lodis_operations_add_space:
 * @arguments: the arguments of a `txn`; appended to
 * @space: a queue of which something has changed
 * @now: the time, µs since the epoch: what the news of the queue become
 *
 * Adds all writes that make the server's queue what @space is.
 */
void
chihuo_lodis_operations_add_space (GByteArray *arguments, ChihuoLodisSpace *space, gint64 now)
{
  gboolean is_store = chihuo_lodis_space_is_store (space);
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, space->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    {
      if (!((ChihuoLodisEntry *) entry)->is_changed)
        continue;
      if (is_store)
        chihuo_lodis_operations_add_condition (arguments, space->map, ((ChihuoLodisEntry *) entry)->key,
                       ((ChihuoLodisEntry *) entry)->stored);
      write_entry (space, entry, arguments);
    }

  g_hash_table_iter_init (&iter, space->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    if (((ChihuoLodisEntry *) entry)->is_changed)
      write_index (space, entry, arguments);

  if (!is_store)
    write_version (space, arguments);
  if (!is_store && space->has_news)
    write_news (space, now, arguments);
}
