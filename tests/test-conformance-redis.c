/* test-conformance-redis.c - runs the Redis backend through the conformance suite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-redis-backend.h"
#include "conformance/chihuo-conformance.h"
#include "redis-fixture.h"

/* As many as a server has */
#define N_DATABASES 16

/* One server for all tests of the process; each store is a database of it. Other processes only know
 * the address. All are the user of doc/redis.md */
static RedisFixture *fixture;
static RedisServer *server;
static guint n_stores;

static char *
create (void)
{
  guint db = n_stores++ % N_DATABASES;
  redisContext *connection;

  if (fixture == NULL)
    {
      fixture = redis_fixture_new ();
      server = redis_fixture_start_as_told (fixture);
    }

  connection = redisConnectUnix (server->socket);
  freeReplyObject (redisCommand (connection, "SELECT %u", db));
  freeReplyObject (redisCommand (connection, "FLUSHDB"));
  redisFree (connection);

  return g_strdup_printf ("{\"backend\":\"redis+unix\",\"path\":\"%s\",\"db\":%u,"
                          "\"clock\":\"batch\",\"username\":\"chihuo\","
                          "\"password\":\"" REDIS_FIXTURE_PASSWORD "\"}", server->socket, db);
}

static ChihuoBackend *
open_backend (const char *address, GError **error)
{
  return chihuo_conformance_open (CHIHUO_TYPE_REDIS_BACKEND, address, error);
}

static void
destroy (const char *address)
{
}

int
main (int argc, char *argv[])
{
  const ChihuoConformanceFactory factory = {
    .name = "redis",
    .create = create,
    .open = open_backend,
    .destroy = destroy,
    .can_share = TRUE,
    .can_spawn = TRUE,
  };
  int status = chihuo_conformance_run (&factory, argc, argv);

  g_clear_pointer (&fixture, redis_fixture_free);
  return status;
}
