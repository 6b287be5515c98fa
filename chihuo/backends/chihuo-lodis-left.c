/* chihuo-lodis-left.c - what another program has left in a Lodis, as items
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-json.h"
#include "chihuo-lodis-left.h"

/* The first version stored a queue's waiting tasks in the array-map of its name, id → info, and its finished
 * ids in the map of that name. What is no task or no id is passed over. Nothing here changes anything. */

/* So many are found at once: what has to be read of them before they are stored fits into one request */
#define STEP 47

void
chihuo_lodis_left_free_item (gpointer data)
{
  chihuo_item_clear (data);
  g_free (data);
}

/* One of the other program's, as an item; NULL if it is no task */
static ChihuoItem *
item_of_pair (const char *queue, ChihuoOp op, GBytes *key, GBytes *value)
{
  gsize id_length;
  gsize json_length;
  const char *id = g_bytes_get_data (key, &id_length);
  const char *json = g_bytes_get_data (value, &json_length);
  g_autofree char *compact = NULL;
  ChihuoItem *item;

  if (id == NULL || !chihuo_id_check (id, id_length, NULL)
      || (op == CHIHUO_OP_ADD
          && (json == NULL || !chihuo_json_check (json, json_length, NULL))))
    return NULL;

  item = g_new0 (ChihuoItem, 1);
  item->op = op;
  item->queue = queue;
  if (op == CHIHUO_OP_ADD)
    compact = chihuo_json_compact (json, json_length, &json_length);
  item->payload = chihuo_payload_new (id, id_length, compact, compact != NULL ? json_length : 0);

  return item;
}

/* n_junk: grows by what is no task. last: (nullable): becomes the last key */
static gboolean
read_items (ChihuoLodisReader *reader, const char *queue, ChihuoOp op, GPtrArray *items,
            gint64 *n_junk, GBytes **last, GError **error)
{
  while (reader->left > 0)
    {
      g_autoptr (GBytes) key = NULL;
      g_autoptr (GBytes) value = NULL;
      ChihuoItem *item;

      if (!chihuo_lodis_frame_take_item (reader, &key, error)
          || !chihuo_lodis_frame_take_item (reader, &value, error))
        return FALSE;
      item = item_of_pair (queue, op, key, value);
      if (item != NULL)
        g_ptr_array_add (items, item);
      else
        *n_junk += 1;
      g_clear_pointer (last, g_bytes_unref);
      *last = g_steal_pointer (&key);
    }

  return TRUE;
}

/*
 * chihuo_lodis_left_find_marks:
 * @server: a server
 * @queue: a queue's name, interned
 * @items: (element-type ChihuoItem): items that finish ids; appended to
 * @n_junk: (inout): grows by what is no id
 * @error: return location for an error
 *
 * Finds the first finished ids behind those that are none.
 *
 * Returns: whether it could be read
 */
gboolean
chihuo_lodis_left_find_marks (ChihuoLodisServer *server, const char *queue, GPtrArray *items,
                              gint64 *n_junk, GError **error)
{
  g_autoptr (GBytes) last = g_bytes_new (NULL, 0);
  gint64 n_before;

  do
    {
      g_autoptr (GByteArray) arguments = g_byte_array_new ();
      g_autoptr (GBytes) body = NULL;
      ChihuoLodisReader reader;

      n_before = *n_junk;
      chihuo_lodis_frame_add_bytes (arguments, last);
      chihuo_lodis_frame_add_string (arguments, "");
      chihuo_lodis_frame_add_u32 (arguments, STEP);
      body = chihuo_lodis_server_call (server, "range", queue, arguments,
                                       CHIHUO_LODIS_READS, &reader, error);
      if (body == NULL
          || !read_items (&reader, queue, CHIHUO_OP_FINISH, items, n_junk, &last, error))
        return FALSE;
    }
  while (items->len == 0 && *n_junk > n_before);

  return TRUE;
}

/*
 * chihuo_lodis_left_find_tasks:
 * @server: a server
 * @queue: a queue's name, interned
 * @items: (element-type ChihuoItem): items that add tasks; appended to
 * @n_junk: (inout): what is passed over; grows by what is no task
 * @error: return location for an error
 *
 * Finds the first waiting tasks.
 *
 * Returns: whether it could be read
 */
gboolean
chihuo_lodis_left_find_tasks (ChihuoLodisServer *server, const char *queue, GPtrArray *items,
                              gint64 *n_junk, GError **error)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GBytes) last = NULL;
  ChihuoLodisReader reader;

  chihuo_lodis_frame_add_u32 (arguments, *n_junk);
  chihuo_lodis_frame_add_u32 (arguments, *n_junk + STEP);
  body = chihuo_lodis_server_call (server, "alrange", queue, arguments, CHIHUO_LODIS_READS,
                                   &reader, error);

  return body != NULL
         && read_items (&reader, queue, CHIHUO_OP_ADD, items, n_junk, &last, error);
}

/* All in one request: which of these ids are finished, and what waits */
static gboolean
ask_about (ChihuoLodisServer *server, const char *queue, GPtrArray *ids, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint i = 0; i < ids->len; i++)
    chihuo_lodis_frame_add_string (all, g_ptr_array_index (ids, i));
  chihuo_lodis_server_ask (server, "hmget", queue, all);
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GByteArray) one = g_byte_array_new ();

      chihuo_lodis_frame_add_string (one, g_ptr_array_index (ids, i));
      chihuo_lodis_server_ask (server, "aget", queue, one);
    }

  return chihuo_lodis_server_send (server, error);
}

static void
add_found (GPtrArray *items, const char *queue, ChihuoOp op, const char *id, GBytes *value)
{
  g_autoptr (GBytes) key = g_bytes_new_static (id, strlen (id));
  ChihuoItem *item = item_of_pair (queue, op, key, value);

  if (item != NULL)
    g_ptr_array_add (items, item);
}

static gboolean
receive_found (ChihuoLodisServer *server, const char *queue, GPtrArray *ids, GPtrArray *marks,
               GPtrArray *tasks, GError **error)
{
  ChihuoLodisReader reader;
  g_autoptr (GBytes) all
    = chihuo_lodis_server_receive (server, CHIHUO_LODIS_READS, &reader, error);

  for (guint i = 0; all != NULL && i < ids->len; i++)
    {
      const char *id = g_ptr_array_index (ids, i);
      g_autoptr (GBytes) mark = NULL;

      if (!chihuo_lodis_frame_take_option (&reader, &mark, error))
        return FALSE;
      if (mark != NULL)
        add_found (marks, queue, CHIHUO_OP_FINISH, id, mark);
    }

  for (guint i = 0; all != NULL && i < ids->len; i++)
    {
      g_autoptr (GBytes) one
        = chihuo_lodis_server_receive (server, CHIHUO_LODIS_READS, &reader, error);
      g_autoptr (GBytes) value = NULL;

      if (one == NULL)
        return FALSE;
      value = g_bytes_new_from_bytes (one, 1, reader.left);
      add_found (tasks, queue, CHIHUO_OP_ADD, g_ptr_array_index (ids, i), value);
    }

  return all != NULL;
}

/*
 * chihuo_lodis_left_find_own:
 * @server: a server
 * @queue: a queue's name, interned
 * @ids: (element-type utf8): ids
 * @marks: (element-type ChihuoItem): items that finish those that are finished;
 *   appended to
 * @tasks: (element-type ChihuoItem): items that add those that wait; appended to
 * @error: return location for an error
 *
 * Finds what is left of these ids.
 *
 * Returns: whether it could be read
 */
gboolean
chihuo_lodis_left_find_own (ChihuoLodisServer *server, const char *queue, GPtrArray *ids,
                            GPtrArray *marks, GPtrArray *tasks, GError **error)
{
  if (!ask_about (server, queue, ids, error))
    return FALSE;
  if (receive_found (server, queue, ids, marks, tasks, error))
    return TRUE;

  /* answers that nobody waits for any more must not be taken for those of the next request */
  chihuo_lodis_server_drop (server);
  return FALSE;
}
