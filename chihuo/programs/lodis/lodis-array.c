/* lodis-array.c - the commands of array-maps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-array.h"
#include "lodis-error.h"
#include "lodis-key.h"
#include "lodis-map.h"
#include "lodis-sequence.h"

/* A sequence of pairs, each written as the length of its key, the key and the value; and an index from
 * the whole key to the position. */

typedef enum
{
  ANSWER_PAIR,
  ANSWER_KEY,
  ANSWER_VALUE,
} Answer;

typedef enum
{
  PRESENT_REPLACE, /* what is there keeps its place and gets the new value */
  PRESENT_KEEP,
} Present;

static LodisStructure *
get_array (LodisCall *call)
{
  return lodis_call_get_structure (call, LODIS_KIND_ARRAY, call->name);
}

/* --- pairs --- */

static GByteArray *
join (LodisSpan key, LodisSpan value)
{
  GByteArray *element = g_byte_array_sized_new (4 + key.length + value.length);

  lodis_reply_add_u32 (element, key.length);
  lodis_reply_add_bytes (element, key);
  lodis_reply_add_bytes (element, value);
  return element;
}

static gboolean
split (LodisSpan element, LodisSpan *key, LodisSpan *value, GError **error)
{
  if (element.length < 4 || element.length - 4 < lodis_read_u32 (element.data))
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_DATABASE,
                   "an element of an array-map has %" G_GSIZE_FORMAT " bytes, too few for its key",
                   element.length);
      return FALSE;
    }

  key->length = lodis_read_u32 (element.data);
  key->data = element.data + 4;
  value->length = element.length - 4 - key->length;
  value->data = key->data + key->length;
  return TRUE;
}

static gboolean
add_answer (LodisCall *call, Answer answer, LodisSpan element)
{
  LodisSpan key;
  LodisSpan value;

  if (!split (element, &key, &value, call->error))
    return FALSE;

  switch (answer)
    {
    case ANSWER_PAIR:
      return lodis_reply_add_pair (call->reply, key, value, call->error);

    case ANSWER_KEY:
      return lodis_reply_add_item (call->reply, key, call->error);

    case ANSWER_VALUE:
      return lodis_reply_add_item (call->reply, value, call->error);

    default:
      g_assert_not_reached ();
    }
}

/* --- index --- */

static gboolean
find (LodisCall *call, LodisStructure *array, LodisSpan key, guint64 *position, gboolean *found)
{
  g_autoptr (GByteArray) index = NULL;
  g_auto (LodisValue) value = { NULL };

  *found = FALSE;
  if (array->id == 0)
    return TRUE;

  index = lodis_key_new_part (array->id, LODIS_PART_INDEX, key);
  if (!lodis_store_get (call->store, lodis_span_of (index), &value, call->error))
    return FALSE;

  *found = value.length == 8;
  if (*found)
    *position = lodis_read_u64 ((const guint8 *) value.data);
  return TRUE;
}

static void
put_index (LodisStructure *array, LodisSpan key, guint64 position)
{
  g_autoptr (GByteArray) index = lodis_key_new_part (array->id, LODIS_PART_INDEX, key);
  guint64 bytes = GUINT64_TO_BE (position);

  lodis_store_put (array->store, lodis_span_of (index),
                   (LodisSpan) { (const guint8 *) &bytes, sizeof bytes });
}

static gboolean
remove_at (LodisCall *call, LodisStructure *array, LodisSpan key, guint64 position)
{
  g_autoptr (GByteArray) index = lodis_key_new_part (array->id, LODIS_PART_INDEX, key);

  lodis_store_delete (call->store, lodis_span_of (index));
  return lodis_sequence_remove (array, position, call->error);
}

/* --- pushing --- */

static gboolean
push (LodisCall *call, LodisStructure *array, LodisSide side, Present present, LodisSpan key,
      LodisSpan value)
{
  g_autoptr (GByteArray) element = NULL;
  guint64 position;
  gboolean found;

  if (!find (call, array, key, &position, &found))
    return FALSE;
  if (found && present == PRESENT_KEEP)
    return TRUE;

  element = join (key, value);
  if (found)
    lodis_sequence_put (array, position, lodis_span_of (element));
  else
    put_index (array, key, lodis_sequence_push (array, side, lodis_span_of (element)));
  return TRUE;
}

static gboolean
push_all (LodisCall *call, LodisSide side, Present present)
{
  LodisStructure *array = get_array (call);

  for (guint i = 0; array != NULL && i < call->n_arguments; i += 2)
    if (!push (call, array, side, present, call->arguments[i], call->arguments[i + 1]))
      return FALSE;

  return array != NULL;
}

gboolean
lodis_array_alpush (LodisCall *call)
{
  return push_all (call, LODIS_SIDE_LEFT, PRESENT_REPLACE);
}

gboolean
lodis_array_alpushnx (LodisCall *call)
{
  return push_all (call, LODIS_SIDE_LEFT, PRESENT_KEEP);
}

gboolean
lodis_array_arpush (LodisCall *call)
{
  return push_all (call, LODIS_SIDE_RIGHT, PRESENT_REPLACE);
}

gboolean
lodis_array_arpushnx (LodisCall *call)
{
  return push_all (call, LODIS_SIDE_RIGHT, PRESENT_KEEP);
}

gboolean
lodis_array_push_new (LodisCall *call, LodisStructure *array, LodisSpan key, LodisSpan value)
{
  return push (call, array, LODIS_SIDE_RIGHT, PRESENT_KEEP, key, value);
}

/* The value of a key; without data if there is none */
static gboolean
get (LodisCall *call, LodisStructure *array, LodisSpan key, LodisValue *value)
{
  g_auto (LodisValue) element = { NULL };
  LodisSpan parts[2];
  guint64 position;
  gboolean found;

  if (!find (call, array, key, &position, &found))
    return FALSE;
  if (!found)
    return TRUE;
  if (!lodis_sequence_get (array, position, &element, call->error)
      || !split (lodis_value_span (&element), &parts[0], &parts[1], call->error))
    return FALSE;

  /* the value is the end of the element, which is handed on with it in front */
  memmove (element.data, parts[1].data, parts[1].length);
  element.length = parts[1].length;
  *value = element;
  element.data = NULL;
  return TRUE;
}

/* A key that is not there is pushed to the right with the number itself */
gboolean
lodis_array_aincrby (LodisCall *call)
{
  LodisStructure *array = get_array (call);
  g_auto (LodisValue) old = { NULL };
  char text[24];
  gint64 more;

  if (array == NULL || !lodis_frame_get_text (&call->arguments[1], &more, call->error)
      || !get (call, array, call->arguments[0], &old)
      || !lodis_number_add (&old, more, text, call->error))
    return FALSE;

  return push (call, array, LODIS_SIDE_RIGHT, PRESENT_REPLACE, call->arguments[0],
               (LodisSpan) { (const guint8 *) text, strlen (text) });
}

/* --- taking --- */

static gboolean
answer_at (LodisCall *call, LodisStructure *array, guint64 position, gboolean take)
{
  g_auto (LodisValue) element = { NULL };
  LodisSpan key;
  LodisSpan value;

  if (!lodis_sequence_get (array, position, &element, call->error)
      || !split (lodis_value_span (&element), &key, &value, call->error)
      || !lodis_reply_add_pair (call->reply, key, value, call->error))
    return FALSE;

  return !take || remove_at (call, array, key, position);
}

static gboolean
pop (LodisCall *call, LodisSide side)
{
  LodisStructure *array = get_array (call);

  if (array == NULL || array->count == 0)
    return array != NULL;

  return answer_at (call, array, lodis_sequence_end (array, side), TRUE);
}

gboolean
lodis_array_alpop (LodisCall *call)
{
  return pop (call, LODIS_SIDE_LEFT);
}

gboolean
lodis_array_arpop (LodisCall *call)
{
  return pop (call, LODIS_SIDE_RIGHT);
}

static gboolean
choose (LodisCall *call, gboolean take)
{
  LodisStructure *array = get_array (call);
  guint64 position;

  if (array == NULL || array->count == 0)
    return array != NULL;

  return lodis_sequence_choose (array, &position, call->error)
         && answer_at (call, array, position, take);
}

gboolean
lodis_array_arandpop (LodisCall *call)
{
  return choose (call, TRUE);
}

gboolean
lodis_array_arand (LodisCall *call)
{
  return choose (call, FALSE);
}

gboolean
lodis_array_delete (LodisCall *call, LodisStructure *array, LodisSpan key)
{
  guint64 position;
  gboolean found;

  return find (call, array, key, &position, &found)
         && (!found || remove_at (call, array, key, position));
}

gboolean
lodis_array_adel (LodisCall *call)
{
  LodisStructure *array = get_array (call);

  return array != NULL && lodis_array_delete (call, array, call->arguments[0]);
}

gboolean
lodis_array_arm (LodisCall *call)
{
  LodisStructure *array = get_array (call);

  if (array != NULL)
    lodis_structure_remove (array);

  return array != NULL;
}

/* --- looking --- */

gboolean
lodis_array_aget (LodisCall *call)
{
  LodisStructure *array = get_array (call);
  g_auto (LodisValue) value = { NULL };

  if (array == NULL || !get (call, array, call->arguments[0], &value))
    return FALSE;

  lodis_reply_add_bytes (call->reply, lodis_value_span (&value));
  return TRUE;
}

gboolean
lodis_array_aexists (LodisCall *call)
{
  LodisStructure *array = get_array (call);
  guint64 position;
  gboolean found;

  if (array == NULL || !find (call, array, call->arguments[0], &position, &found))
    return FALSE;

  lodis_reply_add_byte (call->reply, found);
  return TRUE;
}

gboolean
lodis_array_alen (LodisCall *call)
{
  LodisStructure *array = get_array (call);

  if (array == NULL)
    return FALSE;

  lodis_reply_add_u32 (call->reply, lodis_structure_get_length (array));
  return TRUE;
}

static gboolean
walk (LodisCall *call, LodisSide side, guint64 start, guint64 end, Answer answer)
{
  LodisStructure *array = get_array (call);
  g_auto (LodisCursor) cursor = { NULL };
  LodisSpan element;

  if (array == NULL || !lodis_cursor_init (&cursor, array, side, start, end, call->error))
    return FALSE;

  while (cursor.left > 0)
    if (!lodis_cursor_get (&cursor, &element, call->error) || !add_answer (call, answer, element)
        || !lodis_cursor_next (&cursor, call->error))
      return FALSE;

  return TRUE;
}

static gboolean
range (LodisCall *call, LodisSide side)
{
  guint32 start;
  guint32 end;

  return lodis_frame_get_u32 (&call->arguments[0], &start, call->error)
         && lodis_frame_get_u32 (&call->arguments[1], &end, call->error)
         && walk (call, side, start, end, ANSWER_PAIR);
}

gboolean
lodis_array_alrange (LodisCall *call)
{
  return range (call, LODIS_SIDE_LEFT);
}

gboolean
lodis_array_arrange (LodisCall *call)
{
  return range (call, LODIS_SIDE_RIGHT);
}

gboolean
lodis_array_akeys (LodisCall *call)
{
  return walk (call, LODIS_SIDE_LEFT, 0, G_MAXUINT64, ANSWER_KEY);
}

gboolean
lodis_array_avals (LodisCall *call)
{
  return walk (call, LODIS_SIDE_LEFT, 0, G_MAXUINT64, ANSWER_VALUE);
}

gboolean
lodis_array_aall (LodisCall *call)
{
  return walk (call, LODIS_SIDE_LEFT, 0, G_MAXUINT64, ANSWER_PAIR);
}
