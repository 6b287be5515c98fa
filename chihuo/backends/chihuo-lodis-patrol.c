/* chihuo-lodis-patrol.c - when to look for dead workers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-lodis-patrol.h"
#include "chihuo-record-codec.h"

/* A look costs a request, so an idle process does it rarely: at intervals, and when a lease ends that it
 * knows of from the last look. What was claimed since then is found by the next one, since nobody's
 * lease is shorter than that; whoever claims for a shorter time rings the bell of all others. They
 * find a queue that has changed, and nothing to claim in it, and look. Nothing in here does I/O. */

#define INTERVAL (5 * G_TIME_SPAN_SECOND)

static void
version_free (gpointer version)
{
  if (version != NULL)
    g_bytes_unref (version);
}

void
chihuo_lodis_patrol_init (ChihuoLodisPatrol *self)
{
  *self = (ChihuoLodisPatrol) { NULL };
  self->versions = g_hash_table_new_full (NULL, NULL, NULL, version_free);
}

void
chihuo_lodis_patrol_clear (ChihuoLodisPatrol *self)
{
  g_clear_pointer (&self->versions, g_hash_table_unref);
}

/* Whether a lease is to end before the next look would find it */
gboolean
chihuo_lodis_patrol_is_short (const ChihuoItem *item)
{
  return (item->op == CHIHUO_OP_CLAIM && item->claim.lease < INTERVAL)
         || (item->op == CHIHUO_OP_SETTLE && item->settle.how == CHIHUO_SETTLE_ABANDONED);
}

/* now: by the lease clock of the caller, who asks every second */
gboolean
chihuo_lodis_patrol_is_due (ChihuoLodisPatrol *self, gint64 now)
{
  return self->has_short || now >= self->next;
}

static gboolean
is_changed (ChihuoLodisPatrol *self, const ChihuoLodisSpace *space)
{
  GBytes *before = g_hash_table_lookup (self->versions, space->queue);

  if (before == NULL || space->version == NULL)
    return before != space->version;

  return !g_bytes_equal (before, space->version);
}

/* A batch is done: did it make a short lease, or was it woken by somebody who has? */
void
chihuo_lodis_patrol_note_batch (ChihuoLodisPatrol *self, ChihuoLodisTxn *txn,
                                const ChihuoBatch *batch)
{
  gboolean is_idle = TRUE;

  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];

      self->has_short = self->has_short || chihuo_lodis_patrol_is_short (item);
      is_idle = is_idle && item->op == CHIHUO_OP_CLAIM && item->claim.n_claimed == 0;
    }

  for (guint i = 0; is_idle && i < batch->n_items; i++)
    self->has_short = self->has_short
                      || is_changed (self, chihuo_lodis_txn_get_space (txn, batch->items[i]->queue));
}

/* The end of the first lease that is known of a queue */
static gint64
find_first_end (ChihuoLodisSpace *space)
{
  gint64 first = G_MAXINT64;
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, space->entries);
  while (g_hash_table_iter_next (&iter, NULL, &data))
    {
      ChihuoLodisEntry *entry = data;
      g_autoptr (ChihuoPayload) id = NULL;
      g_autoptr (ChihuoRecord) record = NULL;

      if (entry->index == NULL || entry->index[0] != 'r' || entry->value == NULL)
        continue;
      id = chihuo_payload_new (entry->key + 1, -1, NULL, 0);
      record = g_new0 (ChihuoRecord, 1);
      if (chihuo_record_decode (record, id, entry->value, NULL))
        first = MIN (first, record->when);
    }

  return first;
}

/*
 * chihuo_lodis_patrol_note_look:
 * @self: a patrol
 * @txn: what the look has read
 * @now: the time, by the caller's lease clock
 * @lease: the same, by the clock of the leases
 *
 * A look is done: notes how the queues were, and when to look again.
 */
void
chihuo_lodis_patrol_note_look (ChihuoLodisPatrol *self, ChihuoLodisTxn *txn, gint64 now,
                               gint64 lease)
{
  gint64 first = lease + INTERVAL;
  GHashTableIter iter;
  gpointer data;

  g_hash_table_remove_all (self->versions);
  g_hash_table_iter_init (&iter, txn->spaces);
  while (g_hash_table_iter_next (&iter, NULL, &data))
    {
      ChihuoLodisSpace *space = data;

      if (chihuo_lodis_space_is_store (space))
        continue;
      first = MIN (first, find_first_end (space));
      g_hash_table_insert (self->versions, (gpointer) space->queue,
                           space->version != NULL ? g_bytes_ref (space->version) : NULL);
    }

  self->has_short = FALSE;
  self->next = now + MAX (first - lease, 0);
}
