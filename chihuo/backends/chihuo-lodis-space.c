/* chihuo-lodis-space.c - what a transaction knows of one queue's maps, and what it changes in them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-lodis-space.h"
#include "chihuo-simple-storage.h"

/* A queue NAME has three maps. A colon cannot stand in a queue's name, so no queue's maps are those of
 * another one, or those of a program that calls its own NAME.
 *
 *   chihuo:NAME         key → index, NUL, value; and "v", the version: it grows with each change
 *   chihuo:NAME:index   index → key; but not what stands under its key anyway: finished marks, names
 *   chihuo:NAME:news    changed when there may be something new to claim
 *
 * What has been read is kept until the transaction ends, and changes are laid over it; the version
 * says at the end whether what was read still holds. Nothing in here does I/O. */

static void
entry_free (gpointer data)
{
  ChihuoLodisEntry *self = data;

  g_clear_pointer (&self->stored, g_bytes_unref);
  g_clear_pointer (&self->value, g_bytes_unref);
  g_free (self->stored_index);
  g_free (self->index);
  g_free (self->key);
  g_free (self);
}

/* index and key: (transfer full) */
ChihuoLodisPlace *
chihuo_lodis_space_new_place (char *index, char *key)
{
  ChihuoLodisPlace *self = g_new (ChihuoLodisPlace, 1);

  *self = (ChihuoLodisPlace) { .index = index, .key = key };

  return self;
}

void
chihuo_lodis_space_free_place (gpointer place)
{
  ChihuoLodisPlace *self = place;

  g_free (self->index);
  g_free (self->key);
  g_free (self);
}

static void
window_free (gpointer data)
{
  ChihuoLodisWindow *self = data;

  g_ptr_array_unref (self->places);
  g_free (self->from);
  g_free (self->last);
  g_free (self);
}

/* queue: interned */
ChihuoLodisSpace *
chihuo_lodis_space_new (const char *queue)
{
  ChihuoLodisSpace *self = g_new0 (ChihuoLodisSpace, 1);

  self->queue = queue;
  self->map = g_strconcat ("chihuo:", queue, NULL);
  self->index_map = g_strconcat ("chihuo:", queue, ":index", NULL);
  self->news_map = g_strconcat ("chihuo:", queue, ":news", NULL);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->moved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->windows = g_ptr_array_new_with_free_func (window_free);

  return self;
}

void
chihuo_lodis_space_free (ChihuoLodisSpace *self)
{
  g_clear_pointer (&self->version, g_bytes_unref);
  g_ptr_array_unref (self->windows);
  g_hash_table_unref (self->moved);
  g_hash_table_unref (self->entries);
  g_free (self->news_map);
  g_free (self->index_map);
  g_free (self->map);
  g_free (self);
}

/* Whether it holds what belongs to no queue. That has no version: all clients write there, each mostly
 * keys of its own */
gboolean
chihuo_lodis_space_is_store (ChihuoLodisSpace *self)
{
  return strcmp (self->queue, CHIHUO_SIMPLE_STORE) == 0;
}

/* NULL = nobody has read it */
ChihuoLodisEntry *
chihuo_lodis_space_get (ChihuoLodisSpace *self, const char *key)
{
  ChihuoLodisEntry *entry = g_hash_table_lookup (self->entries, key);

  return entry != NULL && entry->is_known ? entry : NULL;
}

/* Notes that it has to be read; NULL if it is known, or somebody has asked already */
ChihuoLodisEntry *
chihuo_lodis_space_want (ChihuoLodisSpace *self, const char *key)
{
  ChihuoLodisEntry *entry;

  if (g_hash_table_contains (self->entries, key))
    return NULL;

  entry = g_new0 (ChihuoLodisEntry, 1);
  entry->key = g_strdup (key);
  g_hash_table_insert (self->entries, entry->key, entry);

  return entry;
}

/* Whether keys that begin so are their own index: the map is in that order, and no place is stored */
gboolean
chihuo_lodis_space_is_own_index (char kind)
{
  return kind == 'f' || kind == 'g' || kind == 'n';
}

/* What the server has of it; NULL = nothing. What is not of our form is a value, and others find out
 * that it is junk */
void
chihuo_lodis_space_learn (ChihuoLodisEntry *entry, GBytes *stored)
{
  const char *data;
  const char *end;
  gsize length;

  entry->is_known = TRUE;
  if (stored == NULL)
    return;

  entry->stored = g_bytes_ref (stored);
  data = g_bytes_get_data (stored, &length);
  end = length > 0 ? memchr (data, '\0', length) : NULL;
  if (end == NULL || !g_utf8_validate (data, end - data, NULL))
    {
      entry->value = g_bytes_ref (stored);
      return;
    }

  if (end > data)
    entry->stored_index = g_strndup (data, end - data);
  else if (chihuo_lodis_space_is_own_index (entry->key[0]))
    entry->stored_index = g_strdup (entry->key);
  entry->index = g_strdup (entry->stored_index);
  entry->value = g_bytes_new_from_bytes (stored, end + 1 - data, length - (end + 1 - data));
}

/* How an entry is stored */
GBytes *
chihuo_lodis_space_pack (ChihuoLodisEntry *entry)
{
  GByteArray *bytes = g_byte_array_new ();
  gboolean has_place = entry->index != NULL && strcmp (entry->index, entry->key) != 0;
  const char *index = has_place ? entry->index : "";
  gsize length;
  const guint8 *data = g_bytes_get_data (entry->value, &length);

  g_byte_array_append (bytes, (const guint8 *) index, strlen (index) + 1);
  if (length > 0)
    g_byte_array_append (bytes, data, length);

  return g_byte_array_free_to_bytes (bytes);
}

static ChihuoLodisWindow *
find_window (ChihuoLodisSpace *self, char kind)
{
  for (guint i = 0; i < self->windows->len; i++)
    {
      ChihuoLodisWindow *window = g_ptr_array_index (self->windows, i);

      if (window->kind == kind)
        return window;
    }

  return NULL;
}

/* Whether what comes behind this text is known, as far as the window goes */
static gboolean
reaches (const ChihuoLodisWindow *window, const char *index)
{
  return strcmp (index, window->from) >= 0
         && (window->is_complete || strcmp (index, window->last) <= 0);
}

/* How many places stand up to this text, itself included */
static guint
count_up_to (const ChihuoLodisWindow *window, const char *index)
{
  guint low = 0;
  guint high = window->places->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      ChihuoLodisPlace *place = g_ptr_array_index (window->places, middle);

      if (strcmp (place->index, index) <= 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

static void
insert_place (ChihuoLodisWindow *window, const char *index, const char *key)
{
  g_ptr_array_insert (window->places, count_up_to (window, index),
                      chihuo_lodis_space_new_place (g_strdup (index), g_strdup (key)));
}

static void
leave_place (ChihuoLodisSpace *self, const char *index)
{
  ChihuoLodisWindow *window = find_window (self, index[0]);
  guint n = window != NULL ? count_up_to (window, index) : 0;

  g_hash_table_insert (self->moved, g_strdup (index), g_strdup (""));
  if (n == 0)
    return;
  if (strcmp (((ChihuoLodisPlace *) g_ptr_array_index (window->places, n - 1))->index, index) == 0)
    g_ptr_array_remove_index (window->places, n - 1);
}

static void
take_place (ChihuoLodisSpace *self, const char *index, const char *key)
{
  ChihuoLodisWindow *window = find_window (self, index[0]);

  g_hash_table_insert (self->moved, g_strdup (index), g_strdup (key));
  if (window != NULL && reaches (window, index) && strcmp (index, window->from) > 0)
    insert_place (window, index, key);
}

/* What waits or will wait is news */
static gboolean
is_news (const char *index)
{
  return index[0] == 'w' || index[0] == 's' || index[0] == 'd';
}

/* value: (nullable): NULL removes it */
void
chihuo_lodis_space_change (ChihuoLodisSpace *self, ChihuoLodisEntry *entry, const char *index,
                           GBytes *value)
{
  g_assert (entry->is_known);
  if (value == NULL && entry->value == NULL)
    return;

  if (g_strcmp0 (index, entry->index) != 0)
    {
      if (entry->index != NULL)
        leave_place (self, entry->index);
      if (index != NULL)
        take_place (self, index, entry->key);
      self->has_news = self->has_news || (index != NULL && is_news (index));
      g_free (entry->index);
      entry->index = g_strdup (index);
    }

  g_clear_pointer (&entry->value, g_bytes_unref);
  entry->value = value != NULL ? g_bytes_ref (value) : NULL;
  entry->is_changed = TRUE;
  self->is_changed = TRUE;
}

/*
 * chihuo_lodis_space_open:
 * @self: a space
 * @after: an index
 *
 * Makes the window of this kind begin there, unless it reaches so far already.
 *
 * Returns: the window
 */
ChihuoLodisWindow *
chihuo_lodis_space_open (ChihuoLodisSpace *self, const char *after)
{
  ChihuoLodisWindow *window = find_window (self, after[0]);

  if (window != NULL && reaches (window, after))
    return window;

  if (window != NULL)
    g_ptr_array_remove (self->windows, window);
  window = g_new0 (ChihuoLodisWindow, 1);
  window->kind = after[0];
  window->from = g_strdup (after);
  window->last = g_strdup (after);
  window->places = g_ptr_array_new_with_free_func (chihuo_lodis_space_free_place);
  g_ptr_array_add (self->windows, window);

  return window;
}

/*
 * chihuo_lodis_space_search:
 * @self: a space
 * @after: entries after this index
 * @before: entries before this index, of the same kind
 * @window: (out): the window where to look
 * @place: (out): the first entry, if it was found
 *
 * Searches the index.
 *
 * Returns: what it found
 */
ChihuoLodisSearch
chihuo_lodis_space_search (ChihuoLodisSpace *self, const char *after, const char *before,
                           ChihuoLodisWindow **window, ChihuoLodisPlace **place)
{
  guint n;

  *window = chihuo_lodis_space_open (self, after);
  n = count_up_to (*window, after);
  if (n == (*window)->places->len)
    return (*window)->is_complete ? CHIHUO_LODIS_NOTHING : CHIHUO_LODIS_UNKNOWN;

  *place = g_ptr_array_index ((*window)->places, n);
  return strcmp ((*place)->index, before) < 0 ? CHIHUO_LODIS_FOUND : CHIHUO_LODIS_NOTHING;
}

/* Changes whose places lie in what was read just now */
static void
insert_moved (ChihuoLodisSpace *self, ChihuoLodisWindow *window, const char *after)
{
  GHashTableIter iter;
  gpointer index;
  gpointer key;

  g_hash_table_iter_init (&iter, self->moved);
  while (g_hash_table_iter_next (&iter, &index, &key))
    {
      const char *text = index;

      if (text[0] == window->kind && *(const char *) key != '\0' && strcmp (text, after) > 0
          && reaches (window, text))
        insert_place (window, text, key);
    }
}

/*
 * chihuo_lodis_space_extend:
 * @self: a space
 * @window: one of its windows
 * @places: (element-type ChihuoLodisPlace): what the server has behind the
 *   window's last; emptied
 * @is_complete: whether there is nothing behind these
 *
 * Makes a window larger.
 */
void
chihuo_lodis_space_extend (ChihuoLodisSpace *self, ChihuoLodisWindow *window, GPtrArray *places,
                           gboolean is_complete)
{
  g_autofree char *after = g_steal_pointer (&window->last);
  ChihuoLodisPlace *last = places->len > 0 ? g_ptr_array_index (places, places->len - 1) : NULL;

  window->last = g_strdup (last != NULL ? last->index : after);
  window->is_complete = is_complete;
  while (places->len > 0)
    {
      ChihuoLodisPlace *place = g_ptr_array_steal_index (places, 0);

      if (g_hash_table_contains (self->moved, place->index))
        chihuo_lodis_space_free_place (place);
      else
        g_ptr_array_add (window->places, place);
    }
  insert_moved (self, window, after);
}
