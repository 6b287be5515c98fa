/* backend-fixture.h - what the tests of a backend ask it, item by item
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"

/* Whoever includes this has said in FIXTURE_STORE which members of a fixture the store itself needs */

#define NOW G_GINT64_CONSTANT (1800000000000000)

typedef struct
{
  FIXTURE_STORE
  ChihuoBackend *backend;
  ChihuoMoment   moment;
  const char    *queue;
  const char    *claimant;
  const char    *client;
  guint32        request;  /* of the next batch */
  guint32        claim;    /* of the next claim */
  gboolean       repeated; /* the next batch was sent before */
  char          *refusal;  /* (owned) (nullable): why adds of the last batch were refused */
} Fixture;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChihuoItem, chihuo_item_clear)

static inline void
close_backend (ChihuoBackend **backend)
{
  g_autoptr (GError) error = NULL;

  chihuo_backend_close (*backend, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (g_steal_pointer (backend));
}

static inline void
fixture_init (Fixture *self)
{
  self->queue = g_intern_static_string ("eat");
  self->claimant = g_intern_static_string ("engine-1");
  self->client = g_intern_static_string ("client-1");
  self->moment = (ChihuoMoment) { .now = NOW, .lease = 1000000 };
  self->request = 1;
  self->claim = 1;
}

static inline void
fixture_clear (Fixture *self)
{
  if (self->backend != NULL)
    close_backend (&self->backend);
  g_free (self->refusal);
}

/* One batch with these items */
static inline gboolean
try_exchange (Fixture *self, ChihuoItem *items, guint n, GError **error)
{
  g_autofree ChihuoItem **pointers = g_new (ChihuoItem *, n);
  ChihuoBatch batch = { .client = self->client,
                        .request = self->request,
                        .repeated = self->repeated,
                        .moment = self->moment,
                        .items = pointers,
                        .n_items = n };
  gboolean ok;

  for (guint i = 0; i < n; i++)
    pointers[i] = &items[i];

  ok = chihuo_backend_exchange (self->backend, &batch, error);
  g_clear_pointer (&self->refusal, g_free);
  if (batch.refusal != NULL)
    self->refusal = g_strdup (batch.refusal->message);
  g_clear_error (&batch.refusal);

  return ok;
}

static inline void
exchange (Fixture *self, ChihuoItem *items, guint n)
{
  g_autoptr (GError) error = NULL;

  try_exchange (self, items, n, &error);
  g_assert_no_error (error);
  self->request++;
}

static inline void
clear_items (ChihuoItem *items, guint n)
{
  for (guint i = 0; i < n; i++)
    chihuo_item_clear (&items[i]);
}

static inline ChihuoItem
make_item (Fixture *self, ChihuoOp op, const char *id, const char *json)
{
  return (ChihuoItem) { .op = op,
                        .queue = self->queue,
                        .claimant = self->claimant,
                        .payload = id != NULL ? chihuo_payload_new (id, -1, json, -1) : NULL };
}

static inline ChihuoItem
make_add (Fixture *self, const char *id)
{
  return make_item (self, CHIHUO_OP_ADD, id, "{\"a\":1}");
}

/* What happens to one id; the item is cleared */
static inline ChihuoAnswer
do_item (Fixture *self, ChihuoItem item)
{
  ChihuoAnswer answer;

  exchange (self, &item, 1);
  answer = item.answer;
  chihuo_item_clear (&item);

  return answer;
}

static inline ChihuoAnswer
do_op (Fixture *self, ChihuoOp op, const char *id)
{
  return do_item (self, make_item (self, op, id, NULL));
}

static inline ChihuoAnswer
add (Fixture *self, const char *id)
{
  return do_item (self, make_add (self, id));
}

static inline ChihuoItem
make_claim (Fixture *self, guint n)
{
  ChihuoItem item = make_item (self, CHIHUO_OP_CLAIM, NULL, NULL);

  item.claim.n = n;
  item.claim.request = self->claim++;
  item.claim.max_tries = 3;
  item.claim.max_crashes = 3;
  item.claim.lease = 30 * G_USEC_PER_SEC;

  return item;
}

/* The ids that a claim got, with spaces between them */
static inline char *
claimed_ids (const ChihuoItem *item)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < item->claim.n_claimed; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "",
                            chihuo_payload_get_id (item->claim.claimed[i].payload));

  return g_string_free (ids, FALSE);
}

static inline ChihuoItem
make_settle (Fixture *self, const ChihuoClaimed *claimed, ChihuoSettle how)
{
  ChihuoItem item = make_item (self, CHIHUO_OP_SETTLE, NULL, NULL);

  item.payload = chihuo_payload_ref (claimed->payload);
  item.token = claimed->token;
  item.handle = claimed->handle;
  item.settle.how = how;

  return item;
}

static inline ChihuoStats
get_stats (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats stats = { 0 };

  chihuo_backend_stats (self->backend, self->queue, self->moment.now, &stats, &error);
  g_assert_no_error (error);

  return stats;
}
