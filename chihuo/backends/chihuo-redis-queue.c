/* chihuo-redis-queue.c - a queue's keys, as a Redis is told them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-redis-queue.h"

/* All keys of a queue have its name as their hash tag, so they stand in one slot of a cluster. They
 * are the same in each call, and so are their bytes. Only the last one, what a client was answered,
 * goes by who asks. */

/* In the order of KEYS[] in the scripts */
static const char *const key_names[] = {
  "queue", "tasks", "waiting", "suspects", "delayed", "runs", "leases",
  "pending", "dead", "finished", "workers", "claims", "marks",
};

G_STATIC_ASSERT (G_N_ELEMENTS (key_names) + 1 == CHIHUO_REDIS_N_KEYS);

/* What comes before the keys of each call of a script: the command, its SHA1, the number of keys; and
 * behind them the moment */
#define N_AROUND (2 + 1 + CHIHUO_REDIS_N_KEYS + 1)

static void
append_argument (GString *resp, const char *text)
{
  g_string_append_printf (resp, "$%" G_GSIZE_FORMAT "\r\n%s\r\n", strlen (text), text);
}

static GBytes *
make_keys (const char *name)
{
  g_autoptr (GString) resp = g_string_new (NULL);

  append_argument (resp, G_STRINGIFY (CHIHUO_REDIS_N_KEYS));
  for (guint i = 0; i < G_N_ELEMENTS (key_names); i++)
    {
      g_autofree char *key = g_strdup_printf ("{chihuo:%s}:%s", name, key_names[i]);

      append_argument (resp, key);
    }

  return g_string_free_to_bytes (g_steal_pointer (&resp));
}

static void
set_client (ChihuoRedisQueue *self, const char *client)
{
  if (self->client_key != NULL && self->client == client)
    return;

  g_free (self->client_key);
  self->client = client;
  self->client_key
    = g_strdup_printf ("{chihuo:%s}:client:%s", self->name, client != NULL ? client : "");
}

/* name: interned */
ChihuoRedisQueue *
chihuo_redis_queue_new (const char *name)
{
  ChihuoRedisQueue *self = g_new0 (ChihuoRedisQueue, 1);

  self->name = name;
  self->key = g_strdup_printf ("{chihuo:%s}:%s", name, key_names[0]);
  self->channel = g_strdup_printf ("{chihuo:%s}:news", name);
  self->keys = make_keys (name);

  return self;
}

void
chihuo_redis_queue_free (ChihuoRedisQueue *self)
{
  g_free (self->key);
  g_free (self->channel);
  g_free (self->client_key);
  g_bytes_unref (self->keys);
  g_free (self);
}

/* client: interned (nullable), for scripts that remember nothing of who asks */
void
chihuo_redis_queue_begin_call (ChihuoRedisQueue *self, ChihuoRedisConnection *connection,
                               ChihuoRedisScript script, const char *client, const char *moment,
                               guint n_arguments)
{
  set_client (self, client);
  chihuo_redis_connection_begin (connection, N_AROUND + n_arguments);
  chihuo_redis_connection_add_string (connection, "EVALSHA");
  chihuo_redis_connection_add_string (connection, chihuo_redis_script_get_sha (script));
  chihuo_redis_connection_add_raw (connection, self->keys);
  chihuo_redis_connection_add_string (connection, self->client_key);
  chihuo_redis_connection_add_string (connection, moment);
}
