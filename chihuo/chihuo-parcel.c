/* chihuo-parcel.c - a batch, and who wants its answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-parcel.h"

/* Callers' items come first and engines' mails after them, so that an add and the claim that it makes
 * possible travel in one exchange. Each engine may claim a whole batch of its own, as long as all
 * together touch no more records than a backend has to bear. Only whoever has the store's turn
 * touches a parcel. */

#define MAX_MAILS (CHIHUO_BACKEND_MAX_TOUCHED - CHIHUO_BATCH_MAX_ITEMS)

/* What one engine has put in */
typedef struct
{
  ChihuoStoreClient *client; /* (owned) */
  guint              first;  /* in mails */
  guint              n;
  guint              used;   /* room up to its end: a claim of n counts as n */
} Share;

static void
part_clear (gpointer data)
{
  chihuo_call_unref (((ChihuoParcelPart *) data)->call);
}

static void
share_clear (gpointer data)
{
  chihuo_store_client_unref (((Share *) data)->client);
}

void
chihuo_parcel_init (ChihuoParcel *self, const char *client)
{
  self->batch = g_new0 (ChihuoBatch, 1);
  g_atomic_ref_count_init (&self->batch->ref_count);
  self->batch->client = client;
  self->batch->items = g_new (ChihuoItem *, CHIHUO_BATCH_MAX_ITEMS + MAX_MAILS);
  self->n_bytes = 0;
  self->parts = g_array_new (FALSE, FALSE, sizeof (ChihuoParcelPart));
  g_array_set_clear_func (self->parts, part_clear);
  self->shares = g_array_new (FALSE, FALSE, sizeof (Share));
  g_array_set_clear_func (self->shares, share_clear);
  self->mails = g_new (ChihuoMail, MAX_MAILS);
}

void
chihuo_parcel_free (ChihuoParcel *self)
{
  chihuo_parcel_clear (self);
  g_array_unref (self->parts);
  g_array_unref (self->shares);
  g_free (self->mails);
  chihuo_batch_unref (self->batch);
}

static gsize
item_bytes (const ChihuoItem *item)
{
  if (item->payload == NULL)
    return 0;

  return chihuo_payload_get_id_length (item->payload)
         + chihuo_payload_get_json_length (item->payload);
}

/* Whether no more of a caller's items fit in */
gboolean
chihuo_parcel_is_full (ChihuoParcel *self)
{
  return self->batch->n_items >= CHIHUO_BATCH_MAX_ITEMS || self->n_bytes >= CHIHUO_BATCH_MAX_BYTES;
}

gboolean
chihuo_parcel_is_empty (ChihuoParcel *self)
{
  return self->batch->n_items == 0;
}

/* Takes as many of the call's unsent items as fit in: at least one, unless it is full */
guint
chihuo_parcel_add_call (ChihuoParcel *self, ChihuoCall *call)
{
  ChihuoParcelPart part = { .call = call, .first = call->n_sent };

  while (part.first + part.n < call->n_items && !chihuo_parcel_is_full (self))
    {
      ChihuoItem *item = &call->items[part.first + part.n];

      self->batch->items[self->batch->n_items++] = item;
      self->n_bytes += item_bytes (item);
      part.n++;
    }

  if (part.n > 0)
    {
      chihuo_call_ref (call);
      g_array_append_val (self->parts, part);
    }

  return part.n;
}

/* Asks an engine for its mails */
void
chihuo_parcel_collect (ChihuoParcel *self, ChihuoStoreClient *client)
{
  Share share = { .client = client };
  ChihuoMail *mails;

  if (self->shares->len > 0)
    {
      Share *last = &g_array_index (self->shares, Share, self->shares->len - 1);

      share.first = last->first + last->n;
      share.used = last->used;
    }
  if (share.used >= MAX_MAILS)
    return;

  mails = self->mails + share.first;
  share.n = client->funcs->collect (client, &self->moment, mails, MAX_MAILS - share.used);
  if (share.n == 0)
    return;

  for (guint i = 0; i < share.n; i++)
    {
      share.used += mails[i].item.op == CHIHUO_OP_CLAIM ? mails[i].item.claim.n : 1;
      self->batch->items[self->batch->n_items++] = &mails[i].item;
    }
  chihuo_store_client_ref (client);
  g_array_append_val (self->shares, share);
}

/* Gives the engines their answers */
void
chihuo_parcel_deliver (ChihuoParcel *self)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      Share *share = &g_array_index (self->shares, Share, i);

      share->client->funcs->deliver (share->client, &self->moment,
                                     self->mails + share->first, share->n);
    }
}

/* Gives the engines their mails back: nothing was done */
void
chihuo_parcel_undone (ChihuoParcel *self, const GError *error)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      Share *share = &g_array_index (self->shares, Share, i);

      share->client->funcs->undone (share->client, &self->moment,
                                    self->mails + share->first, share->n, error);
    }
}

/* Ready for the next one */
void
chihuo_parcel_clear (ChihuoParcel *self)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      Share *share = &g_array_index (self->shares, Share, i);

      for (guint j = 0; j < share->n; j++)
        chihuo_item_clear (&self->mails[share->first + j].item);
    }
  g_array_set_size (self->shares, 0);
  g_array_set_size (self->parts, 0);
  self->batch->n_items = 0;
  self->batch->repeated = FALSE;
  g_clear_error (&self->batch->refusal);
  self->n_bytes = 0;
}
