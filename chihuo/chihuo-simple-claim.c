/* chihuo-simple-claim.c - how a simple backend's queue hands out tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-record-codec.h"
#include "chihuo-simple-claim.h"
#include "chihuo-simple-storage.h"

/* What a claimant's last claim got: its request, and the ids with their tokens */
#define CLAIM_TYPE "(yua(st))"
#define VERSION    1

static char *
claim_key (const ChihuoItem *item)
{
  return g_strconcat ("c", item->claimant, NULL);
}

static void
clear_answer (ChihuoItem *item)
{
  item->claim.claimed = g_new0 (ChihuoClaimed, MAX (item->claim.n, 1));
  item->claim.n_claimed = 0;
  item->claim.n_lost = 0;
  item->claim.next_due = 0;
  item->claim.n_waiting = 0;
  item->answer = CHIHUO_ANSWER_OK;
}

/* Delayed tasks whose time has come join the tail first, in the order of their times */
static gboolean
promote_due (ChihuoSimpleQueue *queue, const ChihuoMoment *moment, GError **error)
{
  const ChihuoItem event = { .op = CHIHUO_OP_DUE };

  for (guint i = 0; i < CHIHUO_BACKEND_MAX_TOUCHED; i++)
    {
      g_autofree char *key = NULL;
      g_autofree char *index = NULL;
      g_autoptr (ChihuoPayload) id = NULL;
      ChihuoAnswer answer;

      if (!chihuo_simple_queue_next (queue, "d", &key, &index, error))
        return FALSE;
      if (key == NULL || chihuo_record_codec_number (index, 1) > moment->now)
        return TRUE;

      id = chihuo_payload_new (key + 1, -1, NULL, 0);
      if (!chihuo_simple_queue_step (queue, id, &event, moment, &answer, NULL, error))
        return FALSE;
    }

  return TRUE;
}

/* Takes this one, or buries it. n_bytes: grows by its size */
static gboolean
take (ChihuoSimpleQueue *queue, ChihuoItem *item, ChihuoPayload *id, const ChihuoMoment *moment,
      gsize *n_bytes, GError **error)
{
  ChihuoItem event = *item;
  ChihuoItem burial = { .op = CHIHUO_OP_JUNK };
  g_autoptr (ChihuoRecord) before = NULL;
  g_autoptr (ChihuoRecord) after = NULL;
  ChihuoAnswer answer;
  gboolean junk;

  before = chihuo_simple_queue_look (queue, id, &junk, error);
  if (before == NULL)
    return FALSE;

  if (junk)
    {
      burial.junk.reason = before->error;
      return chihuo_simple_queue_step (queue, id, &burial, moment, &answer, NULL, error);
    }

  queue->token = MAX (queue->token + 1, (guint64) moment->now);
  event.token = queue->token;
  if (!chihuo_simple_queue_step (queue, id, &event, moment, &answer, &after, error))
    return FALSE;

  chihuo_record_hand_out (after, item);
  *n_bytes += chihuo_payload_get_json_length (after->payload);
  return TRUE;
}

static gboolean
take_all (ChihuoSimpleQueue *queue, ChihuoItem *item, const ChihuoMoment *moment, GError **error)
{
  guint n_suspects = 0;
  gsize n_bytes = 0;

  while (item->claim.n_claimed < item->claim.n && n_bytes < CHIHUO_BATCH_MAX_BYTES)
    {
      gboolean suspects = n_suspects < item->claim.suspects;
      g_autofree char *key = NULL;
      g_autofree char *index = NULL;
      g_autoptr (ChihuoPayload) id = NULL;

      if (!chihuo_simple_queue_waits (queue, "", suspects, &key, &index, error))
        return FALSE;
      if (key == NULL)
        return TRUE;

      id = chihuo_payload_new (key + 1, -1, NULL, 0);
      if (!take (queue, item, id, moment, &n_bytes, error))
        return FALSE;
      if (index[0] == 's')
        n_suspects++;
    }

  return TRUE;
}

/* This task was given under the request before: is it still held? */
static gboolean
hold (ChihuoSimpleQueue *queue, ChihuoItem *item, const char *text, guint64 token,
      const ChihuoMoment *moment, GError **error)
{
  g_autoptr (ChihuoPayload) id = chihuo_payload_new (text, -1, NULL, 0);
  g_autoptr (ChihuoRecord) after = NULL;
  ChihuoItem renewal = { .op = CHIHUO_OP_RENEW, .claimant = item->claimant, .token = token };
  ChihuoAnswer answer;

  renewal.renew.lease = item->claim.lease;
  if (!chihuo_simple_queue_step (queue, id, &renewal, moment, &answer, &after, error))
    return FALSE;

  if (answer == CHIHUO_ANSWER_STALE || item->claim.n_claimed == item->claim.n)
    item->claim.n_lost++;
  else
    chihuo_record_hand_out (after, item);

  return TRUE;
}

/* Answers a claim that was answered before; found says whether it was one */
static gboolean
answer_again (ChihuoSimpleQueue *queue, ChihuoItem *item, const ChihuoMoment *moment,
              gboolean *found, GError **error)
{
  g_autofree char *key = claim_key (item);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariantIter) ids = NULL;
  const char *id;
  guint64 token;
  guint32 request;

  *found = FALSE;
  if (!chihuo_simple_storage_load (queue->backend, queue->name, key, &bytes, error))
    return FALSE;
  if (bytes == NULL)
    return TRUE;

  value = chihuo_record_codec_unpack (bytes, CLAIM_TYPE, error);
  if (value == NULL)
    return FALSE;
  g_variant_get (value, CLAIM_TYPE, NULL, &request, &ids);
  *found = request == item->claim.request;
  while (*found && g_variant_iter_next (ids, "(&st)", &id, &token))
    {
      if (!hold (queue, item, id, token, moment, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
remember (ChihuoSimpleQueue *queue, const ChihuoItem *item, gint64 now, GError **error)
{
  g_autofree char *key = claim_key (item);
  g_autofree char *index = chihuo_record_codec_index_order ('c', now, item->claimant);
  g_autoptr (GBytes) bytes = NULL;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(st)"));
  for (guint i = 0; i < item->claim.n_claimed; i++)
    g_variant_builder_add (&builder, "(st)", chihuo_payload_get_id (item->claim.claimed[i].payload),
                           item->claim.claimed[i].token);
  bytes = chihuo_record_codec_pack (
    g_variant_new (CLAIM_TYPE, VERSION, item->claim.request, &builder));

  return chihuo_simple_storage_save (queue->backend, queue->name, key, index, bytes, error);
}

static gboolean
fill_in (ChihuoSimpleQueue *queue, ChihuoItem *item, GError **error)
{
  g_autofree char *key = NULL;
  g_autofree char *index = NULL;

  if (!chihuo_simple_queue_next (queue, "d", &key, &index, error))
    return FALSE;

  item->claim.next_due = index != NULL ? chihuo_record_codec_number (index, 1) : 0;
  item->claim.n_waiting = queue->counts[CHIHUO_TASK_STATE_WAITING];
  item->claim.paused = queue->paused;

  return TRUE;
}

/* Answers a claim. A repeated one gets nothing that it was not given the first time */
gboolean
chihuo_simple_claim (ChihuoSimpleQueue *queue, ChihuoItem *item, const ChihuoMoment *moment,
                     gboolean repeated, GError **error)
{
  gboolean found;

  clear_answer (item);
  if (!promote_due (queue, moment, error) || !answer_again (queue, item, moment, &found, error))
    return FALSE;

  if (!found && !repeated && !queue->paused)
    {
      if (!take_all (queue, item, moment, error))
        return FALSE;
      if (item->claim.n_claimed > 0 && !remember (queue, item, moment->now, error))
        return FALSE;
    }

  return fill_in (queue, item, error);
}
