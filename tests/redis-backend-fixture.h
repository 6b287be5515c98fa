/* redis-backend-fixture.h - a server and a backend on it, for the tests of the Redis backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-error.h"
#include "chihuo-redis-backend.h"
#include "redis-fixture.h"

#define FIXTURE_STORE \
  RedisFixture *servers; \
  RedisServer  *server;

#include "backend-fixture.h"

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
fixture_set_up (Fixture *self, gconstpointer data)
{
  fixture_init (self);
  self->servers = redis_fixture_new ();
  self->server = redis_fixture_start (self->servers, NULL);
  self->backend = open_backend (self->server);
}

static inline void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  fixture_clear (self);
  redis_fixture_free (self->servers);
}

/* Until enough servers know it: on a busy machine a replica may need longer than the server waits */
static inline void
exchange_known (Fixture *self, ChihuoItem *item)
{
  g_autoptr (GError) error = NULL;

  while (!try_exchange (self, item, 1, &error))
    {
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
      g_clear_error (&error);
      self->repeated = TRUE;
    }
  self->repeated = FALSE;
  self->request++;
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
