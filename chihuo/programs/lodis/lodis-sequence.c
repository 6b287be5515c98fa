/* lodis-sequence.c - elements in order, at positions that may have holes between them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-error.h"
#include "lodis-key.h"
#include "lodis-sequence.h"

/* Elements lie at positions head … tail - 1, both of which are taken, unless there is none at all. What
 * is removed in between leaves a hole, whose first position knows its last and the other way round;
 * neighbouring holes become one. So an element goes without the others moving, the order stays, and a
 * walk knows how far to jump: it never looks for the next element by walking over deleted ones. A queue
 * that is only pushed and popped has no holes and reads none of this. */

/* No sequence ever gets there */
#define NOWHERE 0

static gboolean
get_number (LodisStructure *self, LodisPart part, guint64 position, guint64 *number, GError **error)
{
  g_autoptr (GByteArray) key = lodis_key_new_number (self->id, part, position);
  g_auto (LodisValue) value = { NULL };

  if (!lodis_store_get (self->store, lodis_span_of (key), &value, error))
    return FALSE;
  if (value.length == 8)
    *number = lodis_read_u64 ((const guint8 *) value.data);

  return TRUE;
}

static void
put_number (LodisStructure *self, LodisPart part, guint64 position, guint64 number)
{
  g_autoptr (GByteArray) key = lodis_key_new_number (self->id, part, position);
  guint64 bytes = GUINT64_TO_BE (number);

  lodis_store_put (self->store, lodis_span_of (key),
                   (LodisSpan) { (const guint8 *) &bytes, sizeof bytes });
}

static void
delete_at (LodisStructure *self, LodisPart part, guint64 position)
{
  g_autoptr (GByteArray) key = lodis_key_new_number (self->id, part, position);

  lodis_store_delete (self->store, lodis_span_of (key));
}

static void
put_hole (LodisStructure *self, guint64 first, guint64 last)
{
  put_number (self, LODIS_PART_HOLE, first, last);
  put_number (self, LODIS_PART_EDGE, last, first);
  self->n_holes++;
}

static void
delete_hole (LodisStructure *self, guint64 first, guint64 last)
{
  delete_at (self, LODIS_PART_HOLE, first);
  delete_at (self, LODIS_PART_EDGE, last);
  self->n_holes--;
}

/* Makes the positions around one hole; both are the position itself if nothing lies beside it */
static gboolean
take_neighbours (LodisStructure *self, guint64 *first, guint64 *last, GError **error)
{
  guint64 position = *first;

  if (self->n_holes == 0)
    return TRUE;

  if (!get_number (self, LODIS_PART_EDGE, position - 1, first, error)
      || !get_number (self, LODIS_PART_HOLE, position + 1, last, error))
    return FALSE;
  if (*first < position)
    delete_hole (self, *first, position - 1);
  if (*last > position)
    delete_hole (self, position + 1, *last);

  return TRUE;
}

/* The position at that end of a sequence that has elements */
guint64
lodis_sequence_end (LodisStructure *self, LodisSide side)
{
  return side == LODIS_SIDE_LEFT ? self->head : self->tail - 1;
}

void
lodis_sequence_put (LodisStructure *self, guint64 position, LodisSpan element)
{
  g_autoptr (GByteArray) key = lodis_key_new_number (self->id, LODIS_PART_ITEM, position);

  self->changed = TRUE;
  lodis_store_put (self->store, lodis_span_of (key), element);
}

/* Where it now is */
guint64
lodis_sequence_push (LodisStructure *self, LodisSide side, LodisSpan element)
{
  guint64 position;

  lodis_structure_begin (self);
  position = side == LODIS_SIDE_LEFT ? --self->head : self->tail++;
  self->count++;
  lodis_sequence_put (self, position, element);

  return position;
}

static gboolean
missing (guint64 position, GError **error)
{
  g_set_error (error, LODIS_ERROR, LODIS_ERROR_DATABASE,
               "no element at position %" G_GUINT64_FORMAT ", where there has to be one", position);
  return FALSE;
}

gboolean
lodis_sequence_get (LodisStructure *self, guint64 position, LodisValue *value, GError **error)
{
  g_autoptr (GByteArray) key = lodis_key_new_number (self->id, LODIS_PART_ITEM, position);

  return lodis_store_get (self->store, lodis_span_of (key), value, error)
         && (value->data != NULL || missing (position, error));
}

gboolean
lodis_sequence_remove (LodisStructure *self, guint64 position, GError **error)
{
  guint64 first = position;
  guint64 last = position;

  if (!take_neighbours (self, &first, &last, error))
    return FALSE;

  delete_at (self, LODIS_PART_ITEM, position);
  self->changed = TRUE;
  self->count--;
  if (first == self->head)
    self->head = last + 1;
  else if (last == self->tail - 1)
    self->tail = first;
  else
    put_hole (self, first, last);

  return TRUE;
}

/* One element further; the caller knows that there is one */
static gboolean
step (LodisStructure *self, LodisSide side, guint64 *position, GError **error)
{
  guint64 end = NOWHERE;

  *position += side == LODIS_SIDE_LEFT ? 1 : -1;
  if (self->n_holes == 0)
    return TRUE;

  if (!get_number (self, side == LODIS_SIDE_LEFT ? LODIS_PART_HOLE : LODIS_PART_EDGE, *position, &end,
                   error))
    return FALSE;
  if (end != NOWHERE)
    *position = end + (side == LODIS_SIDE_LEFT ? 1 : -1);

  return TRUE;
}

/* The position of the element with that index, counted from a side; it has to be there. Without holes
 * that is a sum; with holes it is a walk */
gboolean
lodis_sequence_find (LodisStructure *self, LodisSide side, guint64 index, guint64 *position,
                     GError **error)
{
  g_assert (index < self->count);

  *position = lodis_sequence_end (self, side);
  if (self->n_holes == 0)
    {
      *position = side == LODIS_SIDE_LEFT ? *position + index : *position - index;
      return TRUE;
    }

  if (index > self->count / 2)
    {
      side = side == LODIS_SIDE_LEFT ? LODIS_SIDE_RIGHT : LODIS_SIDE_LEFT;
      index = self->count - 1 - index;
      *position = lodis_sequence_end (self, side);
    }
  for (; index > 0; index--)
    if (!step (self, side, position, error))
      return FALSE;

  return TRUE;
}

/* Any element, each as likely as the others; there has to be one */
gboolean
lodis_sequence_choose (LodisStructure *self, guint64 *position, GError **error)
{
  guint64 number = (guint64) g_random_int () << 32 | g_random_int ();

  return lodis_sequence_find (self, LODIS_SIDE_LEFT, number % self->count, position, error);
}

/* --- cursor --- */

static void
seek (LodisCursor *self)
{
  g_autoptr (GByteArray) key = lodis_key_new_number (self->structure->id, LODIS_PART_ITEM,
                                                     self->position);

  lodis_scan_seek (self->scan, lodis_span_of (key));
}

/* Elements start … end - 1, counted from a side */
gboolean
lodis_cursor_init (LodisCursor *self, LodisStructure *structure, LodisSide side, guint64 start,
                   guint64 end, GError **error)
{
  g_autoptr (GByteArray) lower = NULL;
  g_autoptr (GByteArray) upper = NULL;

  self->structure = structure;
  self->side = side;
  end = MIN (end, structure->count);
  self->left = end > start ? end - start : 0;
  if (self->left == 0)
    return TRUE;
  if (!lodis_sequence_find (structure, side, start, &self->position, error))
    return FALSE;

  lower = lodis_key_new_number (structure->id, LODIS_PART_ITEM, self->position);
  upper = lodis_key_new_part (structure->id, LODIS_PART_ITEM + 1, (LodisSpan) { NULL, 0 });
  self->scan = lodis_scan_new (structure->store, lodis_span_of (lower), lodis_span_of (upper));
  return TRUE;
}

void
lodis_cursor_clear (LodisCursor *self)
{
  g_clear_pointer (&self->scan, lodis_scan_free);
}

/* The element here; the caller has looked at `left` */
gboolean
lodis_cursor_get (LodisCursor *self, LodisSpan *element, GError **error)
{
  LodisSpan key;

  if (!lodis_scan_get (self->scan, &key, element))
    return lodis_scan_check (self->scan, error) && missing (self->position, error);
  if (key.length != LODIS_PART_PREFIX + 8
      || lodis_read_u64 (key.data + LODIS_PART_PREFIX) != self->position)
    return missing (self->position, error);

  return TRUE;
}

/* Where the next position is taken the scan goes on to it; else it is told where to */
gboolean
lodis_cursor_next (LodisCursor *self, GError **error)
{
  guint64 before = self->position;

  if (--self->left == 0)
    return TRUE;
  if (!step (self->structure, self->side, &self->position, error))
    return FALSE;

  if (self->position == before + 1)
    lodis_scan_next (self->scan);
  else if (self->position == before - 1)
    lodis_scan_previous (self->scan);
  else
    seek (self);

  return TRUE;
}
