/* lodis-cache.c - what the store has under a key, without asking it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lodis-cache.h"
#include "lodis-gaps.h"

/* Who changes something has mostly read it just before, and it is asked for once more, since a structure
 * counts its elements. That costs more than the change. So it is kept in here what was read and written
 * last, small values only, and also that there is nothing. Two tables take turns: when the young one is
 * full it becomes the old one, and the old one is forgotten.
 *
 * What the running command has written stands in a table of its own, however large, until it is
 * committed or discarded. */

#define MAX_VALUE 1024
#define MAX_BYTES (1 << 20) /* of a table */

typedef struct
{
  LodisSpan key;
  LodisSpan value;
  gboolean  is_there;
  guint8    bytes[]; /* key and value */
} Entry;

struct _LodisCache
{
  GHashTable *written; /* (owned): a set of (owned) Entry, as the next two */
  GHashTable *young;
  GHashTable *old;
  gsize       n_bytes; /* of the young ones */
};

static guint
entry_hash (gconstpointer data)
{
  const Entry *self = data;
  guint32 hash = 2166136261u;

  for (gsize i = 0; i < self->key.length; i++)
    hash = (hash ^ self->key.data[i]) * 16777619u;

  return hash;
}

static gboolean
entry_equal (gconstpointer a, gconstpointer b)
{
  const LodisSpan *one = &((const Entry *) a)->key;
  const LodisSpan *other = &((const Entry *) b)->key;

  return one->length == other->length && memcmp (one->data, other->data, one->length) == 0;
}

/* value: (nullable): NULL = there is nothing */
static Entry *
entry_new (LodisSpan key, const LodisSpan *value)
{
  gsize length = value != NULL ? value->length : 0;
  Entry *self = g_malloc (sizeof *self + key.length + length);

  memcpy (self->bytes, key.data, key.length);
  if (length > 0)
    memcpy (self->bytes + key.length, value->data, length);
  self->key = (LodisSpan) { self->bytes, key.length };
  self->value = (LodisSpan) { self->bytes + key.length, length };
  self->is_there = value != NULL;

  return self;
}

static GHashTable *
new_table (void)
{
  return g_hash_table_new_full (entry_hash, entry_equal, g_free, NULL);
}

LodisCache *
lodis_cache_new (void)
{
  LodisCache *self = g_new0 (LodisCache, 1);

  self->written = new_table ();
  self->young = new_table ();
  self->old = new_table ();

  return self;
}

void
lodis_cache_free (LodisCache *self)
{
  g_hash_table_unref (self->written);
  g_hash_table_unref (self->young);
  g_hash_table_unref (self->old);
  g_free (self);
}

/* Takes the entry over */
static void
keep (LodisCache *self, Entry *entry)
{
  if (self->n_bytes >= MAX_BYTES)
    {
      g_hash_table_unref (self->old);
      self->old = self->young;
      self->young = new_table ();
      self->n_bytes = 0;
    }

  self->n_bytes += sizeof *entry + entry->key.length + entry->value.length;
  g_hash_table_add (self->young, entry);
}

/* FALSE = it does not know. What it knows is valid until the next call */
gboolean
lodis_cache_get (LodisCache *self, LodisSpan key, LodisSpan *value, gboolean *is_there)
{
  const Entry wanted = { .key = key };
  Entry *entry = g_hash_table_lookup (self->written, &wanted);

  if (entry == NULL)
    entry = g_hash_table_lookup (self->young, &wanted);
  if (entry == NULL)
    entry = g_hash_table_lookup (self->old, &wanted);
  if (entry == NULL)
    return FALSE;

  *value = entry->value;
  *is_there = entry->is_there;
  return TRUE;
}

/* value: (nullable): what the store has said; NULL = nothing */
void
lodis_cache_learn (LodisCache *self, LodisSpan key, const LodisSpan *value)
{
  if (value == NULL || value->length <= MAX_VALUE)
    keep (self, entry_new (key, value));
}

/* value: (nullable): what the running command has put there; NULL = it was deleted */
void
lodis_cache_write (LodisCache *self, LodisSpan key, const LodisSpan *value)
{
  g_hash_table_add (self->written, entry_new (key, value));
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *one = *(Entry *const *) a;
  const Entry *other = *(Entry *const *) b;

  return lodis_span_compare (one->key, other->key);
}

gboolean
lodis_cache_is_written (LodisCache *self)
{
  return g_hash_table_size (self->written) > 0;
}

/* Tells what the running command has written, each key once, in the order of the keys */
void
lodis_cache_for_written (LodisCache *self, LodisCacheFunc func, gpointer data)
{
  guint n;
  g_autofree Entry **entries = (Entry **) g_hash_table_get_keys_as_array (self->written, &n);

  qsort (entries, n, sizeof *entries, compare_entries);
  for (guint i = 0; i < n; i++)
    func (entries[i]->key, entries[i]->is_there ? &entries[i]->value : NULL, data);
}

/* The store has now what the running command has written */
void
lodis_cache_commit (LodisCache *self)
{
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, self->written);
  while (g_hash_table_iter_next (&iter, &data, NULL))
    {
      Entry *entry = data;

      if (entry->value.length <= MAX_VALUE)
        {
          g_hash_table_iter_steal (&iter);
          keep (self, entry);
          continue;
        }
      g_hash_table_remove (self->young, entry);
      g_hash_table_remove (self->old, entry);
    }
  lodis_cache_discard (self);
}

/* What the running command has written is not so */
void
lodis_cache_discard (LodisCache *self)
{
  g_hash_table_remove_all (self->written);
}

/* Nobody knows any more what the store has */
void
lodis_cache_clear (LodisCache *self)
{
  g_hash_table_remove_all (self->written);
  g_hash_table_remove_all (self->young);
  g_hash_table_remove_all (self->old);
  self->n_bytes = 0;
}
