/* chihuo-table-backend.c - a simple backend over a hash table and a sequence
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-table-backend.h"

/* The smallest honest store: it shows how a subclass is written, and rolls back, so that the
 * tests can let every single call of it fail. */

/* A key with its value and its place in the index */
typedef struct
{
  char          *key;   /* (owned) */
  char          *index; /* (owned) (nullable) */
  GBytes        *value; /* (owned) */
  GSequenceIter *iter;  /* (nullable): its place */
} Entry;

/* A key as it was before the transaction */
typedef struct
{
  char   *queue; /* (owned) */
  char   *key;   /* (owned) */
  char   *index; /* (owned) (nullable) */
  GBytes *value; /* (owned) (nullable): NULL = there was none */
} Undo;

typedef struct
{
  GHashTable *entries; /* (owned): key → (owned) Entry */
  GSequence  *order;   /* (owned): of Entry, by index */
} Queue;

struct _ChihuoTable
{
  GHashTable *queues; /* (owned): name → (owned) Queue */
  GPtrArray  *undo;   /* (owned) (element-type Undo): the newest last */
  guint       fail_at;
};

struct _ChihuoTableBackend
{
  ChihuoSimpleBackend parent_instance;
  ChihuoTable        *table; /* (not owned) */
};

G_DEFINE_FINAL_TYPE (ChihuoTableBackend, chihuo_table_backend, CHIHUO_TYPE_SIMPLE_BACKEND)

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  if (entry->iter != NULL)
    g_sequence_remove (entry->iter);
  g_bytes_unref (entry->value);
  g_free (entry->index);
  g_free (entry->key);
  g_free (entry);
}

static void
undo_free (gpointer data)
{
  Undo *undo = data;

  g_clear_pointer (&undo->value, g_bytes_unref);
  g_free (undo->index);
  g_free (undo->queue);
  g_free (undo->key);
  g_free (undo);
}

static void
queue_free (gpointer data)
{
  Queue *queue = data;

  g_hash_table_unref (queue->entries);
  g_sequence_free (queue->order);
  g_free (queue);
}

static int
compare_entries (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp (((const Entry *) a)->index, ((const Entry *) b)->index);
}

static Queue *
get_queue (ChihuoTable *table, const char *name)
{
  Queue *queue = g_hash_table_lookup (table->queues, name);

  if (queue == NULL)
    {
      queue = g_new0 (Queue, 1);
      queue->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
      queue->order = g_sequence_new (NULL);
      g_hash_table_insert (table->queues, g_strdup (name), queue);
    }

  return queue;
}

static void
put (Queue *queue, const char *key, const char *index, GBytes *value)
{
  Entry *entry = g_new0 (Entry, 1);

  g_hash_table_remove (queue->entries, key);
  entry->key = g_strdup (key);
  entry->index = g_strdup (index);
  entry->value = g_bytes_ref (value);
  if (index != NULL)
    entry->iter = g_sequence_insert_sorted (queue->order, entry, compare_entries, NULL);
  g_hash_table_insert (queue->entries, entry->key, entry);
}

static void
remember (ChihuoTable *table, const char *name, const char *key)
{
  Entry *entry = g_hash_table_lookup (get_queue (table, name)->entries, key);
  Undo *undo = g_new0 (Undo, 1);

  undo->queue = g_strdup (name);
  undo->key = g_strdup (key);
  if (entry != NULL)
    {
      undo->index = g_strdup (entry->index);
      undo->value = g_bytes_ref (entry->value);
    }
  g_ptr_array_add (table->undo, undo);
}

static gboolean
is_to_fail (ChihuoTable *table, GError **error)
{
  if (table->fail_at == 0 || --table->fail_at > 0)
    return FALSE;

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "the test wants it to fail");
  return TRUE;
}

static gboolean
chihuo_table_backend_begin (ChihuoSimpleBackend *backend, GError **error)
{
  ChihuoTable *table = CHIHUO_TABLE_BACKEND (backend)->table;

  g_assert_cmpuint (table->undo->len, ==, 0);
  return !is_to_fail (table, error);
}

static gboolean
chihuo_table_backend_roll_back (ChihuoSimpleBackend *backend, GError **error)
{
  ChihuoTable *table = CHIHUO_TABLE_BACKEND (backend)->table;

  for (guint i = table->undo->len; i > 0; i--)
    {
      Undo *undo = g_ptr_array_index (table->undo, i - 1);
      Queue *queue = get_queue (table, undo->queue);

      if (undo->value != NULL)
        put (queue, undo->key, undo->index, undo->value);
      else
        g_hash_table_remove (queue->entries, undo->key);
    }
  g_ptr_array_set_size (table->undo, 0);

  return TRUE;
}

static gboolean
chihuo_table_backend_commit (ChihuoSimpleBackend *backend, GError **error)
{
  ChihuoTable *table = CHIHUO_TABLE_BACKEND (backend)->table;

  if (is_to_fail (table, error))
    {
      chihuo_table_backend_roll_back (backend, NULL);
      return FALSE;
    }

  g_ptr_array_set_size (table->undo, 0);
  return TRUE;
}

static gboolean
chihuo_table_backend_load (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                           GBytes **value, GError **error)
{
  ChihuoTable *table = CHIHUO_TABLE_BACKEND (backend)->table;
  Entry *entry = g_hash_table_lookup (get_queue (table, queue)->entries, key);

  if (is_to_fail (table, error))
    return FALSE;

  if (entry != NULL)
    *value = g_bytes_ref (entry->value);
  return TRUE;
}

static gboolean
chihuo_table_backend_save (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                           const char *index, GBytes *value, GError **error)
{
  ChihuoTable *table = CHIHUO_TABLE_BACKEND (backend)->table;

  if (is_to_fail (table, error))
    return FALSE;

  remember (table, queue, key);
  put (get_queue (table, queue), key, index, value);
  return TRUE;
}

static gboolean
chihuo_table_backend_remove (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                             GError **error)
{
  ChihuoTable *table = CHIHUO_TABLE_BACKEND (backend)->table;

  if (is_to_fail (table, error))
    return FALSE;

  remember (table, queue, key);
  g_hash_table_remove (get_queue (table, queue)->entries, key);
  return TRUE;
}

static gboolean
chihuo_table_backend_next (ChihuoSimpleBackend *backend, const char *queue, const char *after,
                           const char *before, char **key, char **index, GError **error)
{
  ChihuoTable *table = CHIHUO_TABLE_BACKEND (backend)->table;
  Entry wanted = { .index = (char *) after };
  GSequenceIter *iter = g_sequence_search (get_queue (table, queue)->order, &wanted,
                                           compare_entries, NULL);
  Entry *entry;

  if (is_to_fail (table, error))
    return FALSE;
  if (g_sequence_iter_is_end (iter))
    return TRUE;

  entry = g_sequence_get (iter);
  if (strcmp (entry->index, before) < 0)
    {
      *key = g_strdup (entry->key);
      *index = g_strdup (entry->index);
    }

  return TRUE;
}

static void
chihuo_table_backend_class_init (ChihuoTableBackendClass *klass)
{
  ChihuoSimpleBackendClass *simple_class = CHIHUO_SIMPLE_BACKEND_CLASS (klass);

  simple_class->begin = chihuo_table_backend_begin;
  simple_class->commit = chihuo_table_backend_commit;
  simple_class->roll_back = chihuo_table_backend_roll_back;
  simple_class->load = chihuo_table_backend_load;
  simple_class->save = chihuo_table_backend_save;
  simple_class->remove = chihuo_table_backend_remove;
  simple_class->next = chihuo_table_backend_next;
}

static void
chihuo_table_backend_init (ChihuoTableBackend *self)
{
}

ChihuoTable *
chihuo_table_new (void)
{
  ChihuoTable *self = g_new0 (ChihuoTable, 1);

  self->queues = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, queue_free);
  self->undo = g_ptr_array_new_with_free_func (undo_free);

  return self;
}

void
chihuo_table_free (ChihuoTable *self)
{
  g_hash_table_unref (self->queues);
  g_ptr_array_unref (self->undo);
  g_free (self);
}

/* How many keys there are in all */
guint
chihuo_table_get_size (ChihuoTable *self)
{
  GHashTableIter iter;
  gpointer queue;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->queues);
  while (g_hash_table_iter_next (&iter, NULL, &queue))
    n += g_hash_table_size (((Queue *) queue)->entries);

  return n;
}

void
chihuo_table_fail_at (ChihuoTable *self, guint nth)
{
  self->fail_at = nth;
}

/* Another program writes junk over a value */
void
chihuo_table_spoil (ChihuoTable *self, const char *queue, const char *key)
{
  Entry *entry = g_hash_table_lookup (get_queue (self, queue)->entries, key);

  g_bytes_unref (entry->value);
  entry->value = g_bytes_new_static ("junk", 4);
}

ChihuoBackend *
chihuo_table_backend_new (ChihuoTable *table)
{
  ChihuoTableBackend *self = g_object_new (CHIHUO_TYPE_TABLE_BACKEND, NULL);

  self->table = table;

  return CHIHUO_BACKEND (self);
}
