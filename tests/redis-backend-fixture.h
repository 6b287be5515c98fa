/* redis-backend-fixture.h - a server and a backend on it, for the tests of the Redis backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-error.h"
#include "chihuo-redis-backend.h"
#include "redis-fixture.h"

#define NOW G_GINT64_CONSTANT (1800000000000000)

typedef struct
{
  RedisFixture  *servers;
  RedisServer   *server;
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

/* more: further members of the configuration, each with a comma before it */
static inline ChihuoBackend *
try_open (RedisServer *server, const char *more, GError **error)
{
  g_autofree char *text = g_strdup_printf (
    "{\"backend\":\"redis+unix\",\"path\":\"%s\",\"clock\":\"batch\"%s}", server->socket, more);
  g_autoptr (ChihuoConfig) config = chihuo_config_new (text, error);
  g_autoptr (ChihuoBackend) backend = g_object_new (CHIHUO_TYPE_REDIS_BACKEND, NULL);

  if (config == NULL || !chihuo_backend_open (backend, config, error)
      || !chihuo_config_finish (config, error))
    return NULL;

  return g_steal_pointer (&backend);
}

static inline ChihuoBackend *
open_backend (RedisServer *server)
{
  g_autoptr (GError) error = NULL;
  ChihuoBackend *backend = try_open (server, "", &error);

  g_assert_no_error (error);
  return backend;
}

static inline void
close_backend (ChihuoBackend **backend)
{
  g_autoptr (GError) error = NULL;

  chihuo_backend_close (*backend, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (g_steal_pointer (backend));
}

static inline void
fixture_set_up (Fixture *self, gconstpointer data)
{
  self->servers = redis_fixture_new ();
  self->server = redis_fixture_start (self->servers, NULL);
  self->queue = g_intern_static_string ("eat");
  self->claimant = g_intern_static_string ("engine-1");
  self->client = g_intern_static_string ("client-1");
  self->moment = (ChihuoMoment) { .now = NOW, .lease = 1000000 };
  self->request = 1;
  self->claim = 1;
  self->backend = open_backend (self->server);
}

static inline void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  if (self->backend != NULL)
    close_backend (&self->backend);
  g_free (self->refusal);
  redis_fixture_free (self->servers);
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

static inline ChihuoRecord *
look (Fixture *self, const char *id)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);
  g_autoptr (GPtrArray) records
    = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  ChihuoPage page = { .queue = self->queue, .id = payload, .records = records };
  g_autoptr (GError) error = NULL;

  chihuo_backend_page (self->backend, &page, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);

  return g_ptr_array_steal_index (records, 0);
}

/* As another program would */
static inline void
tell_server (Fixture *self, const char *command)
{
  g_autofree char *text = redis_server_text (self->server, command, NULL);

  g_assert_nonnull (text);
}
