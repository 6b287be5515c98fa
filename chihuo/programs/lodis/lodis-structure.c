/* lodis-structure.c - the head of a list, a map or an array-map
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "lodis-error.h"
#include "lodis-key.h"
#include "lodis-structure.h"

/* Positions begin in the middle of the numbers, so that both ends can grow for ever */
#define MIDDLE (G_GUINT64_CONSTANT (1) << 63)
#define HEAD_LENGTH 40

static GByteArray *
new_key (LodisStructure *self)
{
  LodisSpan name;

  name.data = g_bytes_get_data (self->name, &name.length);
  return lodis_key_new_head (self->kind, name);
}

static gboolean
read_head (LodisStructure *self, const LodisValue *value, GError **error)
{
  const guint8 *at = (const guint8 *) value->data;

  if (value->length != HEAD_LENGTH)
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_DATABASE,
                   "the head of a structure has %" G_GSIZE_FORMAT " bytes, %d were expected",
                   value->length, HEAD_LENGTH);
      return FALSE;
    }

  self->id = lodis_read_u64 (at);
  self->count = lodis_read_u64 (at + 8);
  self->head = lodis_read_u64 (at + 16);
  self->tail = lodis_read_u64 (at + 24);
  self->n_holes = lodis_read_u64 (at + 32);
  return TRUE;
}

/* Gets the structure of that name, or an empty one */
LodisStructure *
lodis_structure_load (LodisStore *store, char kind, LodisSpan name, GError **error)
{
  g_autoptr (LodisStructure) self = g_new0 (LodisStructure, 1);
  g_autoptr (GByteArray) key = NULL;
  g_auto (LodisValue) value = { NULL };

  self->store = store;
  self->kind = kind;
  self->name = g_bytes_new (name.data, name.length);
  self->head = MIDDLE;
  self->tail = MIDDLE;
  key = new_key (self);
  if (!lodis_store_get (store, lodis_span_of (key), &value, error))
    return NULL;
  if (value.data != NULL && !read_head (self, &value, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
lodis_structure_free (LodisStructure *self)
{
  g_bytes_unref (self->name);
  g_free (self);
}

/* Before the first element is put into one */
void
lodis_structure_begin (LodisStructure *self)
{
  self->changed = TRUE;
  if (self->id == 0)
    self->id = lodis_store_take_id (self->store);
}

static void
reset (LodisStructure *self)
{
  self->id = 0;
  self->count = 0;
  self->head = MIDDLE;
  self->tail = MIDDLE;
  self->n_holes = 0;
  self->changed = TRUE;
}

/* Puts what was changed into the running command's batch. One without elements is no more, and its
 * number is never used again */
void
lodis_structure_save (LodisStructure *self)
{
  g_autoptr (GByteArray) key = NULL;
  g_autoptr (GByteArray) head = NULL;

  if (!self->changed)
    return;

  key = new_key (self);
  if (self->count == 0)
    {
      lodis_store_delete (self->store, lodis_span_of (key));
      return;
    }

  head = g_byte_array_sized_new (HEAD_LENGTH);
  lodis_reply_add_u64 (head, self->id);
  lodis_reply_add_u64 (head, self->count);
  lodis_reply_add_u64 (head, self->head);
  lodis_reply_add_u64 (head, self->tail);
  lodis_reply_add_u64 (head, self->n_holes);
  lodis_store_put (self->store, lodis_span_of (key), lodis_span_of (head));
}

/* All elements at once */
void
lodis_structure_remove (LodisStructure *self)
{
  if (self->id == 0)
    return;

  lodis_store_abandon (self->store, self->id);
  reset (self);
}

guint32
lodis_structure_get_length (LodisStructure *self)
{
  return MIN (self->count, G_MAXUINT32);
}
