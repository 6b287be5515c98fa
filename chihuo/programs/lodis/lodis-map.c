/* lodis-map.c - the commands of maps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-error.h"
#include "lodis-key.h"
#include "lodis-map.h"

/* Which half of a pair is answered */
typedef enum
{
  ANSWER_PAIR,
  ANSWER_FIELD,
  ANSWER_VALUE,
} Answer;

static LodisStructure *
get_map (LodisCall *call)
{
  return lodis_call_get_structure (call, LODIS_KIND_MAP, call->name);
}

gboolean
lodis_map_get (LodisStructure *map, LodisSpan field, LodisValue *value, GError **error)
{
  g_autoptr (GByteArray) key = NULL;

  lodis_value_clear (value);
  if (map->id == 0)
    return TRUE;

  key = lodis_key_new_part (map->id, LODIS_PART_FIELD, field);
  return lodis_store_get (map->store, lodis_span_of (key), value, error);
}

static void
put (LodisCall *call, LodisStructure *map, LodisSpan field, LodisSpan value, gboolean is_new)
{
  g_autoptr (GByteArray) key = NULL;

  lodis_structure_begin (map);
  key = lodis_key_new_part (map->id, LODIS_PART_FIELD, field);
  lodis_store_put (map->store, lodis_span_of (key), value);
  if (is_new)
    {
      map->count++;
      lodis_gaps_insert (call->gaps, map->id, field);
    }
}

gboolean
lodis_map_set (LodisCall *call, LodisStructure *map, LodisSpan field, LodisSpan value)
{
  g_auto (LodisValue) old = { NULL };

  if (!lodis_map_get (map, field, &old, call->error))
    return FALSE;

  put (call, map, field, value, old.data == NULL);
  return TRUE;
}

gboolean
lodis_map_delete (LodisCall *call, LodisStructure *map, LodisSpan field)
{
  g_autoptr (GByteArray) key = NULL;
  g_auto (LodisValue) old = { NULL };

  if (!lodis_map_get (map, field, &old, call->error))
    return FALSE;
  if (old.data == NULL)
    return TRUE;

  key = lodis_key_new_part (map->id, LODIS_PART_FIELD, field);
  lodis_store_delete (map->store, lodis_span_of (key));
  map->count--;
  map->changed = TRUE;
  return TRUE;
}

gboolean
lodis_map_hget (LodisCall *call)
{
  LodisStructure *map = get_map (call);
  g_auto (LodisValue) value = { NULL };

  if (map == NULL || !lodis_map_get (map, call->arguments[0], &value, call->error))
    return FALSE;

  lodis_reply_add_bytes (call->reply, lodis_value_span (&value));
  return TRUE;
}

gboolean
lodis_map_hset (LodisCall *call)
{
  LodisStructure *map = get_map (call);

  return map != NULL && lodis_map_set (call, map, call->arguments[0], call->arguments[1]);
}

gboolean
lodis_map_hsetnx (LodisCall *call)
{
  LodisStructure *map = get_map (call);
  g_auto (LodisValue) old = { NULL };

  if (map == NULL || !lodis_map_get (map, call->arguments[0], &old, call->error))
    return FALSE;

  if (old.data == NULL)
    put (call, map, call->arguments[0], call->arguments[1], TRUE);
  return TRUE;
}

gboolean
lodis_map_hmset (LodisCall *call)
{
  LodisStructure *map = get_map (call);

  for (guint i = 0; map != NULL && i < call->n_arguments; i += 2)
    if (!lodis_map_set (call, map, call->arguments[i], call->arguments[i + 1]))
      return FALSE;

  return map != NULL;
}

gboolean
lodis_map_hmget (LodisCall *call)
{
  LodisStructure *map = get_map (call);

  for (guint i = 0; map != NULL && i < call->n_arguments; i++)
    {
      g_auto (LodisValue) value = { NULL };
      LodisSpan span;

      if (!lodis_map_get (map, call->arguments[i], &value, call->error))
        return FALSE;
      span = lodis_value_span (&value);
      if (!lodis_reply_add_option (call->reply, value.data != NULL ? &span : NULL, call->error))
        return FALSE;
    }

  return map != NULL;
}

/* value: what is stored; what is missing counts as 0 */
gboolean
lodis_number_add (const LodisValue *value, gint64 more, char text[24], GError **error)
{
  LodisSpan span = lodis_value_span (value);
  gint64 number = 0;

  if (value->data != NULL && !lodis_frame_get_text (&span, &number, error))
    {
      g_prefix_error (error, "the stored value: ");
      return FALSE;
    }
  if (__builtin_add_overflow (number, more, &number))
    {
      g_set_error_literal (error, LODIS_ERROR, LODIS_ERROR_TYPE, "the sum has more than 64 bits");
      return FALSE;
    }

  g_snprintf (text, 24, "%" G_GINT64_FORMAT, number);
  return TRUE;
}

gboolean
lodis_map_hincrby (LodisCall *call)
{
  LodisStructure *map = get_map (call);
  g_auto (LodisValue) old = { NULL };
  char text[24];
  gint64 more;

  if (map == NULL || !lodis_frame_get_text (&call->arguments[1], &more, call->error)
      || !lodis_map_get (map, call->arguments[0], &old, call->error)
      || !lodis_number_add (&old, more, text, call->error))
    return FALSE;

  put (call, map, call->arguments[0], (LodisSpan) { (const guint8 *) text, strlen (text) },
       old.data == NULL);
  return TRUE;
}

/* --- fields in order --- */

static gboolean
add_answer (LodisCall *call, Answer answer, LodisSpan key, LodisSpan value)
{
  LodisSpan field = { key.data + LODIS_PART_PREFIX, key.length - LODIS_PART_PREFIX };

  switch (answer)
    {
    case ANSWER_PAIR:
      return lodis_reply_add_pair (call->reply, field, value, call->error);

    case ANSWER_FIELD:
      return lodis_reply_add_item (call->reply, field, call->error);

    case ANSWER_VALUE:
      return lodis_reply_add_item (call->reply, value, call->error);

    default:
      g_assert_not_reached ();
    }
}

/* What a walk behind `after` has found first; or where it ended, if that was at a field */
static void
learn (LodisCall *call, LodisStructure *map, LodisSpan after, LodisSpan before, gboolean found,
       LodisSpan key)
{
  if (found)
    lodis_gaps_learn (call->gaps, map->id, after,
                      (LodisSpan) { key.data + LODIS_PART_PREFIX, key.length - LODIS_PART_PREFIX });
  else if (before.length > 0)
    lodis_gaps_learn (call->gaps, map->id, after, before);
}

static LodisScan *
new_scan (LodisCall *call, LodisStructure *map, LodisSpan after, LodisSpan before)
{
  LodisSpan first = lodis_gaps_skip (call->gaps, map->id, after);
  g_autoptr (GByteArray) lower = lodis_key_new_part (map->id, LODIS_PART_FIELD,
                                                     first.length > 0 ? first : after);
  g_autoptr (GByteArray) upper = NULL;

  /* the next key in the order of bytes; `after` itself is not asked for */
  if (first.length == 0 && after.length > 0)
    lodis_reply_add_byte (lower, 0);
  if (before.length > 0)
    upper = lodis_key_new_part (map->id, LODIS_PART_FIELD, before);
  else
    upper = lodis_key_new_part (map->id, LODIS_PART_FIELD + 1, (LodisSpan) { NULL, 0 });

  return lodis_scan_new (call->store, lodis_span_of (lower), lodis_span_of (upper));
}

/* Fields behind `after` (from the first one on if that is empty) and before `before` (to the last one);
 * n: how many at most, and how many there were */
static gboolean
walk (LodisCall *call, LodisStructure *map, LodisSpan after, LodisSpan before, Answer answer, guint64 *n)
{
  g_autoptr (LodisScan) scan = NULL;
  LodisSpan key;
  LodisSpan value;
  guint64 limit = *n;
  gboolean found;

  *n = 0;
  if (map->id == 0 || limit == 0 || (before.length > 0 && lodis_span_compare (after, before) >= 0))
    return TRUE;

  scan = new_scan (call, map, after, before);
  found = lodis_scan_get (scan, &key, &value);
  if (!found && !lodis_scan_check (scan, call->error))
    return FALSE;
  learn (call, map, after, before, found, key);

  for (; found && *n < limit; found = lodis_scan_get (scan, &key, &value))
    {
      if (!add_answer (call, answer, key, value))
        return FALSE;
      ++*n;
      lodis_scan_next (scan);
    }

  return lodis_scan_check (scan, call->error);
}

static gboolean
answer_all (LodisCall *call, Answer answer)
{
  const LodisSpan all = { NULL, 0 };
  LodisStructure *map = get_map (call);
  guint64 n = G_MAXUINT64;

  return map != NULL && walk (call, map, all, all, answer, &n);
}

gboolean
lodis_map_hgetall (LodisCall *call)
{
  return answer_all (call, ANSWER_PAIR);
}

gboolean
lodis_map_hkeys (LodisCall *call)
{
  return answer_all (call, ANSWER_FIELD);
}

gboolean
lodis_map_hvals (LodisCall *call)
{
  return answer_all (call, ANSWER_VALUE);
}

/* bounds: after, before, limit */
gboolean
lodis_map_read (LodisCall *call, LodisStructure *map, LodisSpan *bounds, guint32 *n)
{
  guint32 limit;
  guint64 count;

  if (!lodis_frame_get_u32 (&bounds[2], &limit, call->error))
    return FALSE;

  count = limit;
  if (!walk (call, map, bounds[0], bounds[1], ANSWER_PAIR, &count))
    return FALSE;

  *n = count;
  return TRUE;
}

gboolean
lodis_map_range (LodisCall *call)
{
  LodisStructure *map = get_map (call);
  guint32 n;

  return map != NULL && lodis_map_read (call, map, call->arguments, &n);
}

/* --- the rest --- */

gboolean
lodis_map_hexists (LodisCall *call)
{
  LodisStructure *map = get_map (call);
  g_auto (LodisValue) value = { NULL };

  if (map == NULL || !lodis_map_get (map, call->arguments[0], &value, call->error))
    return FALSE;

  lodis_reply_add_byte (call->reply, value.data != NULL);
  return TRUE;
}

gboolean
lodis_map_hdel (LodisCall *call)
{
  LodisStructure *map = get_map (call);

  return map != NULL && lodis_map_delete (call, map, call->arguments[0]);
}

gboolean
lodis_map_hlen (LodisCall *call)
{
  LodisStructure *map = get_map (call);

  if (map == NULL)
    return FALSE;

  lodis_reply_add_u32 (call->reply, lodis_structure_get_length (map));
  return TRUE;
}

gboolean
lodis_map_hrm (LodisCall *call)
{
  LodisStructure *map = get_map (call);

  if (map == NULL)
    return FALSE;

  lodis_gaps_forget (call->gaps, map->id);
  lodis_structure_remove (map);
  return TRUE;
}
