/* chihuo-simple-page.c - how a simple backend's queue shows itself
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-record-codec.h"
#include "chihuo-simple-page.h"

static char
kind_of (ChihuoTaskState state)
{
  switch (state)
    {
    case CHIHUO_TASK_STATE_WAITING:
      return 'w';
    case CHIHUO_TASK_STATE_DELAYED:
      return 'd';
    case CHIHUO_TASK_STATE_RUNNING:
      return 'r';
    case CHIHUO_TASK_STATE_DEAD:
      return 'x';
    case CHIHUO_TASK_STATE_ABSENT:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
look (ChihuoSimpleQueue *queue, ChihuoPage *page, GError **error)
{
  gboolean junk;
  ChihuoRecord *record = chihuo_simple_queue_look (queue, page->id, &junk, error);

  if (record == NULL)
    return FALSE;

  g_ptr_array_add (page->records, record);
  return TRUE;
}

static gboolean
list_finished (ChihuoSimpleQueue *queue, ChihuoPage *page, GError **error)
{
  g_autofree char *after = g_strconcat ("f", page->after, NULL);

  for (guint i = 0; i < page->limit; i++)
    {
      g_autofree char *key = NULL;
      g_autofree char *index = NULL;
      ChihuoRecord *record;

      if (!chihuo_simple_queue_next (queue, after, &key, &index, error))
        return FALSE;
      if (key == NULL)
        return TRUE;

      record = g_new0 (ChihuoRecord, 1);
      record->payload = chihuo_payload_new (key + 1, -1, NULL, 0);
      record->finished = TRUE;
      g_ptr_array_add (page->records, record);
      g_free (after);
      after = g_steal_pointer (&index);
    }

  return TRUE;
}

/* Where a page begins, as an index */
static char *
page_start (const ChihuoPage *page, GError **error)
{
  char kind = kind_of (page->state);
  const char *id;
  gint64 major;
  gint64 minor;

  if (page->after == NULL)
    return g_strdup_printf ("%c", kind);
  if (!chihuo_cursor_parse (page->after, &major, &minor, &id, error))
    return NULL;

  return chihuo_record_codec_index (kind, major, minor);
}

static gboolean
next_of_state (ChihuoSimpleQueue *queue, ChihuoTaskState state, const char *after, char **key,
               char **index, GError **error)
{
  if (state == CHIHUO_TASK_STATE_WAITING)
    return chihuo_simple_queue_waits (queue, after + 1, TRUE, key, index, error);

  return chihuo_simple_queue_next (queue, after, key, index, error);
}

static gboolean
list_state (ChihuoSimpleQueue *queue, ChihuoPage *page, GError **error)
{
  g_autofree char *after = page_start (page, error);

  if (after == NULL)
    return FALSE;

  for (guint i = 0; i < page->limit; i++)
    {
      g_autofree char *key = NULL;
      g_autofree char *index = NULL;
      g_autoptr (ChihuoPayload) id = NULL;
      ChihuoRecord *record;
      gboolean junk;

      if (!next_of_state (queue, page->state, after, &key, &index, error))
        return FALSE;
      if (key == NULL)
        return TRUE;

      id = chihuo_payload_new (key + 1, -1, NULL, 0);
      record = chihuo_simple_queue_look (queue, id, &junk, error);
      if (record == NULL)
        return FALSE;
      g_ptr_array_add (page->records, record);
      g_free (after);
      after = g_steal_pointer (&index);
    }

  return TRUE;
}

gboolean
chihuo_simple_page (ChihuoSimpleQueue *queue, ChihuoPage *page, GError **error)
{
  if (page->id != NULL)
    return look (queue, page, error);
  if (page->finished)
    return list_finished (queue, page, error);

  return list_state (queue, page, error);
}

static gboolean
find_oldest (ChihuoSimpleQueue *queue, gint64 now, ChihuoStats *stats, GError **error)
{
  g_autofree char *key = NULL;
  g_autofree char *index = NULL;
  g_autoptr (ChihuoPayload) id = NULL;
  g_autoptr (ChihuoRecord) record = NULL;
  gboolean junk;

  if (!chihuo_simple_queue_waits (queue, "", TRUE, &key, &index, error))
    return FALSE;
  if (key == NULL)
    return TRUE;

  id = chihuo_payload_new (key + 1, -1, NULL, 0);
  record = chihuo_simple_queue_look (queue, id, &junk, error);
  if (record == NULL)
    return FALSE;

  if (!junk)
    stats->oldest_waiting = MAX (now - record->when, 0) / (double) G_USEC_PER_SEC;
  return TRUE;
}

gboolean
chihuo_simple_stats (ChihuoSimpleQueue *queue, gint64 now, ChihuoStats *stats, GError **error)
{
  g_autofree char *key = NULL;
  g_autofree char *index = NULL;

  stats->waiting = queue->counts[CHIHUO_TASK_STATE_WAITING];
  stats->delayed = queue->counts[CHIHUO_TASK_STATE_DELAYED];
  stats->running = queue->counts[CHIHUO_TASK_STATE_RUNNING];
  stats->dead = queue->counts[CHIHUO_TASK_STATE_DEAD];
  stats->finished = queue->finished;
  stats->paused = queue->paused;
  stats->workers = g_hash_table_size (queue->workers);

  if (!chihuo_simple_queue_next (queue, "d", &key, &index, error))
    return FALSE;
  stats->next_due = index != NULL ? chihuo_record_codec_number (index, 1) : 0;

  return find_oldest (queue, now, stats, error);
}
