/* lodis-list.c - the commands of lists
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "lodis-list.h"
#include "lodis-sequence.h"

static LodisStructure *
get_list (LodisCall *call)
{
  return lodis_call_get_structure (call, LODIS_KIND_LIST, call->name);
}

static gboolean
push (LodisCall *call, LodisSide side)
{
  LodisStructure *list = get_list (call);

  for (guint i = 0; list != NULL && i < call->n_arguments; i++)
    lodis_sequence_push (list, side, call->arguments[i]);

  return list != NULL;
}

gboolean
lodis_list_lpush (LodisCall *call)
{
  return push (call, LODIS_SIDE_LEFT);
}

gboolean
lodis_list_rpush (LodisCall *call)
{
  return push (call, LODIS_SIDE_RIGHT);
}

/* Answers the element, and takes it out if it is to */
static gboolean
answer (LodisCall *call, LodisStructure *list, guint64 position, gboolean take)
{
  g_auto (LodisValue) value = { NULL };

  if (!lodis_sequence_get (list, position, &value, call->error)
      || (take && !lodis_sequence_remove (list, position, call->error)))
    return FALSE;

  lodis_reply_add_bytes (call->reply, lodis_value_span (&value));
  return TRUE;
}

static gboolean
pop (LodisCall *call, LodisSide side)
{
  LodisStructure *list = get_list (call);

  if (list == NULL || list->count == 0)
    return list != NULL;

  return answer (call, list, lodis_sequence_end (list, side), TRUE);
}

gboolean
lodis_list_lpop (LodisCall *call)
{
  return pop (call, LODIS_SIDE_LEFT);
}

gboolean
lodis_list_rpop (LodisCall *call)
{
  return pop (call, LODIS_SIDE_RIGHT);
}

static gboolean
choose (LodisCall *call, gboolean take)
{
  LodisStructure *list = get_list (call);
  guint64 position;

  if (list == NULL || list->count == 0)
    return list != NULL;

  return lodis_sequence_choose (list, &position, call->error) && answer (call, list, position, take);
}

gboolean
lodis_list_randpop (LodisCall *call)
{
  return choose (call, TRUE);
}

gboolean
lodis_list_lrand (LodisCall *call)
{
  return choose (call, FALSE);
}

static gboolean
range (LodisCall *call, LodisSide side)
{
  g_auto (LodisCursor) cursor = { NULL };
  LodisStructure *list;
  LodisSpan element;
  guint32 start;
  guint32 end;

  if (!lodis_frame_get_u32 (&call->arguments[0], &start, call->error)
      || !lodis_frame_get_u32 (&call->arguments[1], &end, call->error)
      || (list = get_list (call)) == NULL
      || !lodis_cursor_init (&cursor, list, side, start, end, call->error))
    return FALSE;

  while (cursor.left > 0)
    if (!lodis_cursor_get (&cursor, &element, call->error)
        || !lodis_reply_add_item (call->reply, element, call->error)
        || !lodis_cursor_next (&cursor, call->error))
      return FALSE;

  return TRUE;
}

gboolean
lodis_list_lrange (LodisCall *call)
{
  return range (call, LODIS_SIDE_LEFT);
}

gboolean
lodis_list_rrange (LodisCall *call)
{
  return range (call, LODIS_SIDE_RIGHT);
}

gboolean
lodis_list_lindex (LodisCall *call)
{
  LodisStructure *list;
  LodisSide side = LODIS_SIDE_LEFT;
  guint64 index;
  guint64 position;

  if (!lodis_frame_get_u64 (&call->arguments[0], &index, call->error) || (list = get_list (call)) == NULL)
    return FALSE;

  if ((gint64) index < 0)
    {
      side = LODIS_SIDE_RIGHT;
      index = ~index;
    }
  if (index >= list->count)
    return TRUE;

  return lodis_sequence_find (list, side, index, &position, call->error)
         && answer (call, list, position, FALSE);
}

gboolean
lodis_list_llen (LodisCall *call)
{
  LodisStructure *list = get_list (call);

  if (list == NULL)
    return FALSE;

  lodis_reply_add_u32 (call->reply, lodis_structure_get_length (list));
  return TRUE;
}

gboolean
lodis_list_ldel (LodisCall *call)
{
  LodisStructure *list;
  guint32 index;
  guint64 position;

  if (!lodis_frame_get_u32 (&call->arguments[0], &index, call->error) || (list = get_list (call)) == NULL)
    return FALSE;
  if (index >= list->count)
    return TRUE;

  return lodis_sequence_find (list, LODIS_SIDE_LEFT, index, &position, call->error)
         && lodis_sequence_remove (list, position, call->error);
}

gboolean
lodis_list_lrm (LodisCall *call)
{
  LodisStructure *list = get_list (call);

  if (list != NULL)
    lodis_structure_remove (list);

  return list != NULL;
}
