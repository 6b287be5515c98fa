/* test-parcel.c - who wants which answers of a batch
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-parcel.h"

#define N_MAILS (CHIHUO_BACKEND_MAX_TOUCHED - CHIHUO_BATCH_MAX_ITEMS)

typedef struct
{
  ChihuoStoreClient client;
  guint             n_wanted;
  guint             n_claim;     /* what its claims are for */
  guint             n_delivered;
  guint             n_undone;
  guint             room;        /* what it was offered last */
} Client;

static guint
client_collect (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails, guint max)
{
  Client *self = (Client *) client;
  guint n = MIN (self->n_wanted, max);

  self->room = max;
  for (guint i = 0; i < n; i++)
    {
      mails[i] = (ChihuoMail) { .run = self };
      mails[i].item.op = self->n_claim > 0 ? CHIHUO_OP_CLAIM : CHIHUO_OP_RENEW;
      mails[i].item.claim.n = self->n_claim;
      mails[i].item.payload = chihuo_payload_new ("m", -1, NULL, 0);
    }

  return n;
}

static void
client_deliver (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails,
                guint n_mails)
{
  for (guint i = 0; i < n_mails; i++)
    g_assert_true (mails[i].run == client);
  ((Client *) client)->n_delivered += n_mails;
}

static void
client_undone (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails,
               guint n_mails, const GError *error)
{
  g_assert_nonnull (error);
  ((Client *) client)->n_undone += n_mails;
}

static const ChihuoStoreClientFuncs client_funcs = {
  .collect = client_collect,
  .deliver = client_deliver,
  .undone = client_undone,
};

static void
client_freed (ChihuoStoreClient *client)
{
  g_assert_not_reached (); /* the test keeps its own reference */
}

static void
client_init (Client *self, guint n_wanted)
{
  *self = (Client) { .n_wanted = n_wanted };
  self->client.funcs = &client_funcs;
  self->client.free_func = client_freed;
  g_atomic_ref_count_init (&self->client.ref_count);
}

/* Nobody but the test holds it */
static void
client_over (Client *self)
{
  g_assert_true (g_atomic_ref_count_compare (&self->client.ref_count, 1));
}

static ChihuoCall *
call_of (guint n, gsize size)
{
  ChihuoCall *call = chihuo_call_new_items (n);
  g_autofree char *json = g_strnfill (size, '1');

  for (guint i = 0; i < n; i++)
    call->items[i].payload = chihuo_payload_new ("a", -1, json, size);

  return call;
}

static void
test_calls (void)
{
  g_autoptr (ChihuoCall) first = call_of (2, 4);
  g_autoptr (ChihuoCall) second = call_of (300, 4);
  ChihuoParcel parcel;
  ChihuoParcelPart *part;

  chihuo_parcel_init (&parcel, "me");
  g_assert_true (chihuo_parcel_is_empty (&parcel));
  g_assert_cmpstr (parcel.batch->client, ==, "me");
  g_assert_cmpuint (chihuo_parcel_add_call (&parcel, first), ==, 2);
  g_assert_cmpuint (parcel.n_bytes, ==, 10);
  g_assert_false (chihuo_parcel_is_full (&parcel));
  g_assert_cmpuint (chihuo_parcel_add_call (&parcel, second), ==, 254);
  g_assert_true (chihuo_parcel_is_full (&parcel));
  g_assert_true (parcel.batch->items[1] == &first->items[1]);
  g_assert_true (parcel.batch->items[2] == &second->items[0]);
  g_assert_cmpuint (parcel.parts->len, ==, 2);
  part = &g_array_index (parcel.parts, ChihuoParcelPart, 1);
  g_assert_true (part->call == second);
  g_assert_cmpuint (part->first, ==, 0);
  g_assert_cmpuint (part->n, ==, 254);

  /* the rest travels in the next one */
  parcel.batch->repeated = TRUE;
  chihuo_parcel_clear (&parcel);
  g_assert_true (chihuo_parcel_is_empty (&parcel));
  g_assert_false (parcel.batch->repeated);
  second->n_sent = 254;
  g_assert_cmpuint (chihuo_parcel_add_call (&parcel, second), ==, 46);
  g_assert_true (parcel.batch->items[0] == &second->items[254]);
  second->n_sent = 300;
  g_assert_cmpuint (chihuo_parcel_add_call (&parcel, second), ==, 0);
  g_assert_cmpuint (parcel.parts->len, ==, 1);
  chihuo_parcel_free (&parcel);
}

static void
test_bytes (void)
{
  g_autoptr (ChihuoCall) call = call_of (3, CHIHUO_BATCH_MAX_BYTES - 1);
  ChihuoParcel parcel;

  chihuo_parcel_init (&parcel, "me");
  g_assert_cmpuint (chihuo_parcel_add_call (&parcel, call), ==, 1);
  g_assert_true (chihuo_parcel_is_full (&parcel));
  g_assert_cmpuint (chihuo_parcel_add_call (&parcel, call), ==, 0);
  chihuo_parcel_free (&parcel);
}

static void
test_mails (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no");
  g_autoptr (ChihuoCall) call = call_of (256, 4);
  Client clients[4];
  ChihuoParcel parcel;

  client_init (&clients[0], 0);
  client_init (&clients[1], 3);
  client_init (&clients[2], 5000);
  client_init (&clients[3], 1);
  chihuo_parcel_init (&parcel, "me");
  chihuo_parcel_add_call (&parcel, call);
  for (guint i = 0; i < 4; i++)
    chihuo_parcel_collect (&parcel, &clients[i].client);
  g_assert_cmpuint (parcel.batch->n_items, ==, CHIHUO_BACKEND_MAX_TOUCHED);
  g_assert_cmpuint (clients[0].room, ==, N_MAILS);
  g_assert_cmpuint (clients[2].room, ==, N_MAILS - 3);
  g_assert_cmpuint (clients[3].room, ==, 0); /* it was not asked */

  chihuo_parcel_deliver (&parcel);
  g_assert_cmpuint (clients[0].n_delivered, ==, 0);
  g_assert_cmpuint (clients[1].n_delivered, ==, 3);
  g_assert_cmpuint (clients[2].n_delivered, ==, N_MAILS - 3);
  chihuo_parcel_undone (&parcel, error);
  g_assert_cmpuint (clients[1].n_undone, ==, 3);
  chihuo_parcel_clear (&parcel);
  chihuo_parcel_deliver (&parcel);
  g_assert_cmpuint (clients[1].n_delivered, ==, 3);
  chihuo_parcel_free (&parcel);
  for (guint i = 0; i < 4; i++)
    client_over (&clients[i]);
}

/* A claim of n counts as n */
static void
test_claims (void)
{
  Client clients[3];
  ChihuoParcel parcel;

  chihuo_parcel_init (&parcel, "me");
  for (guint i = 0; i < 3; i++)
    {
      client_init (&clients[i], 1);
      clients[i].n_claim = CHIHUO_BATCH_MAX_ITEMS - 1;
      chihuo_parcel_collect (&parcel, &clients[i].client);
    }
  g_assert_cmpuint (clients[2].room, ==, N_MAILS - 2 * (CHIHUO_BATCH_MAX_ITEMS - 1));
  g_assert_cmpuint (parcel.batch->n_items, ==, 3);
  chihuo_parcel_free (&parcel);
  for (guint i = 0; i < 3; i++)
    client_over (&clients[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/parcel/calls", test_calls);
  g_test_add_func ("/parcel/bytes", test_bytes);
  g_test_add_func ("/parcel/mails", test_mails);
  g_test_add_func ("/parcel/claims", test_claims);

  return g_test_run ();
}
