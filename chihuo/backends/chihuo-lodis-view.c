/* chihuo-lodis-view.c - looks at a plain queue and changes nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-json.h"
#include "chihuo-lodis-view.h"

/* What waits is numbered from the head of the queue. While others take tasks the numbers change, so a
 * list that is read page by page may miss some or show some twice. */

/* A number: how many there are, by a command that says so */
gboolean
chihuo_lodis_view_count (ChihuoLodisServer *server, const char *command, const char *queue,
                         guint32 *n, GError **error)
{
  ChihuoLodisReader reader;
  g_autoptr (GBytes) body = chihuo_lodis_server_call (server, command, queue, NULL,
                                                      CHIHUO_LODIS_READS, &reader, error);

  return body != NULL && chihuo_lodis_frame_take_u32 (&reader, n, error);
}

/* How many wait; a guess where the server does not say */
guint32
chihuo_lodis_view_guess_waiting (ChihuoLodisServer *server, const char *queue)
{
  guint32 n = 0;

  return chihuo_lodis_view_count (server, "alen", queue, &n, NULL) ? n : 0;
}

/* NULL if another program wrote what is no task of ours */
static ChihuoRecord *
record_of_pair (GBytes *key, GBytes *value, gint64 place)
{
  gsize id_length;
  gsize json_length;
  const char *id = g_bytes_get_data (key, &id_length);
  const char *json = g_bytes_get_data (value, &json_length);
  ChihuoRecord *record;

  if (id == NULL || json == NULL || !chihuo_id_check (id, id_length, NULL)
      || !chihuo_json_check (json, json_length, NULL))
    return NULL;

  record = g_new0 (ChihuoRecord, 1);
  record->payload = chihuo_payload_new (id, id_length, json, json_length);
  record->state = CHIHUO_TASK_STATE_WAITING;
  record->place = place;

  return record;
}

static GBytes *
ask_about (ChihuoLodisServer *server, const char *command, const char *queue, const char *id,
           ChihuoLodisReader *reader, GError **error)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();

  chihuo_lodis_frame_add_string (arguments, id);
  return chihuo_lodis_server_call (server, command, queue, arguments, CHIHUO_LODIS_READS, reader,
                                   error);
}

static gboolean
look (ChihuoLodisServer *server, ChihuoLodisShelf *shelf, ChihuoPage *page, GError **error)
{
  const char *id = chihuo_payload_get_id (page->id);
  ChihuoRecord *held = chihuo_lodis_shelf_get (shelf, id);
  g_autoptr (ChihuoRecord) record = NULL;
  ChihuoLodisReader mark;
  ChihuoLodisReader value;
  g_autoptr (GBytes) mark_body = ask_about (server, "hexists", shelf->name, id, &mark, error);
  g_autoptr (GBytes) value_body = NULL;

  if (mark_body == NULL || !chihuo_lodis_frame_take_u8 (&mark, &(guint8) { 0 }, error))
    return FALSE;
  value_body = ask_about (server, "aget", shelf->name, id, &value, error);
  if (value_body == NULL)
    return FALSE;

  record = held != NULL ? chihuo_record_copy (held) : g_new0 (ChihuoRecord, 1);
  if (held == NULL && value.left > 0 && chihuo_json_check ((const char *) value.at, value.left, NULL))
    {
      record->payload = chihuo_payload_new (id, -1, (const char *) value.at, value.left);
      record->state = CHIHUO_TASK_STATE_WAITING;
      record->failures = GPOINTER_TO_UINT (g_hash_table_lookup (shelf->failures, id));
    }
  if (record->payload == NULL)
    record->payload = chihuo_payload_ref (page->id);
  record->finished = mark.at[-1] == 1;
  g_ptr_array_add (page->records, g_steal_pointer (&record));

  return TRUE;
}

static gboolean
list_waiting (ChihuoLodisServer *server, ChihuoLodisShelf *shelf, ChihuoPage *page, gint64 first,
              GError **error)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autoptr (GBytes) body = NULL;
  ChihuoLodisReader reader;

  chihuo_lodis_frame_add_u32 (arguments, first);
  chihuo_lodis_frame_add_u32 (arguments, first + page->limit);
  body = chihuo_lodis_server_call (server, "alrange", shelf->name, arguments, CHIHUO_LODIS_READS,
                                   &reader, error);
  if (body == NULL)
    return FALSE;

  for (gint64 place = first; reader.left > 0; place++)
    {
      g_autoptr (GBytes) key = NULL;
      g_autoptr (GBytes) value = NULL;
      ChihuoRecord *record;

      if (!chihuo_lodis_frame_take_item (&reader, &key, error)
          || !chihuo_lodis_frame_take_item (&reader, &value, error))
        return FALSE;
      record = record_of_pair (key, value, place);
      if (record != NULL)
        g_ptr_array_add (page->records, record);
    }

  return TRUE;
}

static void
list_held (ChihuoLodisShelf *shelf, ChihuoPage *page, gint64 major, gint64 minor)
{
  g_autoptr (GPtrArray) held = chihuo_lodis_shelf_list (shelf, page->state);
  guint n = 0;

  for (guint i = 0; i < held->len && n < page->limit; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (held, i);
      gint64 its_major;
      gint64 its_minor;

      chihuo_record_get_key (record, &its_major, &its_minor);
      if (page->after != NULL
          && (its_major < major || (its_major == major && its_minor <= minor)))
        continue;
      g_ptr_array_add (page->records, chihuo_record_copy (record));
      n++;
    }
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static gboolean
list_finished (ChihuoLodisServer *server, ChihuoLodisShelf *shelf, ChihuoPage *page,
               GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  ChihuoLodisReader reader;
  g_autoptr (GBytes) body = chihuo_lodis_server_call (server, "hkeys", shelf->name, NULL,
                                                      CHIHUO_LODIS_READS, &reader, error);

  if (body == NULL)
    return FALSE;
  while (reader.left > 0)
    {
      g_autoptr (GBytes) item = NULL;
      gsize length;
      const char *id;

      if (!chihuo_lodis_frame_take_item (&reader, &item, error))
        return FALSE;
      id = g_bytes_get_data (item, &length);
      if (id != NULL && chihuo_id_check (id, length, NULL))
        g_ptr_array_add (ids, g_strndup (id, length));
    }

  g_ptr_array_sort (ids, compare_texts);
  for (guint i = 0, n = 0; i < ids->len && n < page->limit; i++)
    {
      const char *id = g_ptr_array_index (ids, i);
      ChihuoRecord *record;

      if (page->after != NULL && strcmp (id, page->after) <= 0)
        continue;
      record = g_new0 (ChihuoRecord, 1);
      record->payload = chihuo_payload_new (id, -1, NULL, 0);
      record->finished = TRUE;
      g_ptr_array_add (page->records, record);
      n++;
    }

  return TRUE;
}

/* Looks at an id, or lists */
gboolean
chihuo_lodis_view_page (ChihuoLodisServer *server, ChihuoLodisShelf *shelf, ChihuoPage *page,
                        GError **error)
{
  const char *id;
  gint64 major = 0;
  gint64 minor = -1;

  if (page->id != NULL)
    return look (server, shelf, page, error);
  if (page->finished)
    return list_finished (server, shelf, page, error);
  if (page->after != NULL && !chihuo_cursor_parse (page->after, &major, &minor, &id, error))
    return FALSE;
  if (page->state == CHIHUO_TASK_STATE_WAITING)
    return list_waiting (server, shelf, page, CLAMP (minor + 1, 0, G_MAXINT32), error);

  list_held (shelf, page, major, minor);
  return TRUE;
}

/* The server's figures, and those of this process */
gboolean
chihuo_lodis_view_stats (ChihuoLodisServer *server, ChihuoLodisShelf *shelf, ChihuoStats *stats,
                         GError **error)
{
  guint32 waiting;
  guint32 finished;

  if (!chihuo_lodis_view_count (server, "alen", shelf->name, &waiting, error)
      || !chihuo_lodis_view_count (server, "hlen", shelf->name, &finished, error))
    return FALSE;

  stats->waiting = waiting;
  stats->finished = finished;
  stats->delayed = chihuo_lodis_shelf_count (shelf, CHIHUO_TASK_STATE_DELAYED);
  stats->running = chihuo_lodis_shelf_count (shelf, CHIHUO_TASK_STATE_RUNNING);
  stats->dead = chihuo_lodis_shelf_count (shelf, CHIHUO_TASK_STATE_DEAD);
  stats->next_due = chihuo_lodis_shelf_next_due (shelf);
  stats->paused = shelf->paused;
  stats->workers = stats->running > 0 ? 1 : 0;

  return TRUE;
}
