/* test-redis-router.c - finds who serves a queue, and finds it again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-error.h"
#include "chihuo-redis-router.h"
#include "redis-fixture.h"
#include "redis-options-fixture.h"

typedef struct
{
  RedisFixture        *fixture; /* NULL: no redis-server here */
  ChihuoRedisOptions  *options;
  ChihuoRedisRefusals *refusals;
  ChihuoRedisRouter   *router;
  guint                n_welcomes;
  gboolean             unwelcome;
} Fixture;

static gboolean
welcome_cb (ChihuoRedisConnection *connection, gpointer data, GError **error)
{
  Fixture *self = data;

  self->n_welcomes++;
  if (!self->unwelcome)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME, "lost while it was checked");
  return FALSE;
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  if (redis_fixture_available ())
    self->fixture = redis_fixture_new ();
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->router, chihuo_redis_router_free);
  g_clear_pointer (&self->options, chihuo_redis_options_free);
  g_clear_pointer (&self->refusals, chihuo_redis_refusals_free);
  g_clear_pointer (&self->fixture, redis_fixture_free);
}

static void
use (Fixture *self, char *text)
{
  self->options = make_options (text);
  g_clear_pointer (&self->refusals, chihuo_redis_refusals_free);
  self->refusals = chihuo_redis_refusals_new ();
  self->router = chihuo_redis_router_new (self->options, self->refusals, welcome_cb, self);
}

static ChihuoRedisConnection *
get (Fixture *self, const char *key)
{
  g_autoptr (GError) error = NULL;
  ChihuoRedisConnection *connection = chihuo_redis_router_get (self->router, key, &error);

  g_assert_no_error (error);
  g_assert_nonnull (connection);

  return connection;
}

static void
assert_away (Fixture *self, const char *key, ChihuoError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_redis_router_get (self->router, key, &error));
  g_assert_error (error, CHIHUO_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
}

/* The reply as text */
static char *
ask (ChihuoRedisConnection *connection, const char *command, const char *key, const char *value)
{
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_redis_connection_add_command (connection, command, key, value, NULL);
  if (chihuo_redis_connection_send (connection, &error))
    reply = chihuo_redis_connection_receive (connection, &error);
  if (reply == NULL)
    return g_strdup (error->message);

  return g_strdup (reply->str != NULL ? reply->str : "");
}

static void
assert_ask (ChihuoRedisConnection *connection, const char *command, const char *key,
            const char *value, const char *expected)
{
  g_autofree char *text = ask (connection, command, key, value);

  g_assert_cmpstr (text, ==, expected);
}

static gboolean
redirect (Fixture *self, const char *key, const char *text, ChihuoRedisConnection **connection)
{
  g_autoptr (GError) error = NULL;
  gboolean found = chihuo_redis_router_redirect (self->router, key, text, connection, &error);

  if (!found)
    g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);

  return found;
}

static void
test_server (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection;
  RedisServer *server;

  if (self->fixture == NULL)
    return;

  server = redis_fixture_start (self->fixture, NULL);
  use (self, g_strdup (server->uri));
  connection = get (self, "{chihuo:a}:queue");
  g_assert_true (get (self, "{chihuo:b}:queue") == connection);
  g_assert_true (get (self, NULL) == connection);
  chihuo_redis_router_clean (self->router);
  g_assert_true (get (self, NULL) == connection);
  g_assert_cmpuint (self->n_welcomes, ==, 1);

  redis_server_signal (server, SIGKILL);
  g_free (ask (connection, "PING", NULL, NULL));
  assert_away (self, NULL, CHIHUO_ERROR_TIMED_OUT, "cannot connect");
  g_assert_true (chihuo_redis_connection_is_broken (connection));
  redis_server_restart (server);
  assert_ask (get (self, NULL), "PING", "back", NULL, "back");
  g_assert_true (chihuo_redis_connection_is_broken (connection));
  chihuo_redis_router_clean (self->router);
  g_assert_cmpuint (self->n_welcomes, ==, 2);
}

/* Nothing of a batch was sent when a server is looked at */
static void
test_unwelcome (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  use (self, g_strdup (redis_fixture_start (self->fixture, NULL)->uri));
  self->unwelcome = TRUE;
  assert_away (self, NULL, CHIHUO_ERROR_TIMED_OUT, "while it was checked");
  self->unwelcome = FALSE;
  assert_ask (get (self, NULL), "PING", "well", NULL, "well");
}

/* How often somebody was refused here */
static guint64
count_refusals (RedisServer *server)
{
  g_autofree char *text = redis_server_text (server, "INFO errorstats");
  const char *count = strstr (text, "errorstat_WRONGPASS:count=");

  return count != NULL ? g_ascii_strtoull (strchr (count, '=') + 1, NULL, 10) : 0;
}

/* To be refused more often than MANY_LOGINS, with limits that double up to 30 s, takes several minutes */
#define N_ATTEMPTS 10000
#define MANY_LOGINS 40

/* Whoever asks all the time is answered all the time, but the server is left in peace */
static void
test_refused (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection = NULL;
  RedisServer *server;

  if (self->fixture == NULL)
    return;

  server = redis_fixture_start (self->fixture, "--user", "eater", "on", ">old", "~*", "+@all", NULL);
  use (self, g_strdup_printf ("redis://eater:new@127.0.0.1:%u", server->port));
  for (guint i = 0; i < N_ATTEMPTS; i++)
    assert_away (self, NULL, CHIHUO_ERROR_BACKEND, "WRONGPASS");
  g_assert_cmpuint (count_refusals (server), >, 0);
  g_assert_cmpuint (count_refusals (server), <=, MANY_LOGINS);

  g_free (redis_server_text (server, "ACL SETUSER eater >new"));
  while (connection == NULL)
    connection = chihuo_redis_router_get (self->router, NULL, NULL);
  assert_ask (connection, "PING", "well", NULL, "well");
  g_assert_cmpuint (count_refusals (server), <=, MANY_LOGINS);
}

/* READONLY: the next time it connects anew, since a name may lead elsewhere by then */
static void
test_readonly (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection, *from;
  g_autofree char *text = NULL;
  RedisServer *server;

  if (self->fixture == NULL)
    return;

  server = redis_fixture_start (self->fixture, NULL);
  use (self, g_strdup (server->uri));
  from = connection = get (self, NULL);
  g_free (redis_server_text (server, "REPLICAOF 127.0.0.1 1"));
  text = ask (connection, "SET", "key", "value");
  g_assert_true (g_str_has_prefix (text, "READONLY"));
  g_assert_false (redirect (self, "key", text, &connection));
  g_assert_true (connection == from);
  assert_ask (from, "PING", "lives until clean", NULL, "lives until clean");

  g_free (redis_server_text (server, "REPLICAOF NO ONE"));
  assert_ask (get (self, NULL), "SET", "key", "value", "OK");
  g_assert_cmpuint (self->n_welcomes, ==, 2);
  chihuo_redis_router_clean (self->router);
}

typedef struct
{
  RedisServer *primary;
  RedisServer *replica;
  RedisServer *sentinels[3];
} Watched;

static void
start_sentinels (Fixture *self, Watched *watched)
{
  redis_server_wait (watched->replica, "master_link_status:up", "INFO replication");
  for (guint i = 0; i < 3; i++)
    watched->sentinels[i] = redis_fixture_start_sentinel (self->fixture, "eat", watched->primary, 2);
  for (guint i = 0; i < 3; i++)
    {
      redis_server_wait (watched->sentinels[i], "num-other-sentinels 2", "SENTINEL MASTER eat");
      redis_server_wait (watched->sentinels[i], "num-slaves 1", "SENTINEL MASTER eat");
    }
}

static void
start_watched (Fixture *self, Watched *watched)
{
  g_autofree char *port = NULL;

  watched->primary = redis_fixture_start (self->fixture, NULL);
  port = g_strdup_printf ("%u", watched->primary->port);
  watched->replica = redis_fixture_start (self->fixture, "--replicaof", "127.0.0.1", port, NULL);
  start_sentinels (self, watched);
}

/* All of them speak TLS with each other */
static void
start_watched_tls (Fixture *self, Watched *watched)
{
  RedisServer *servers[2];

  for (guint i = 0; i < 2; i++)
    {
      servers[i] = redis_fixture_start_tls (self->fixture, "good", FALSE);
      g_free (redis_server_text (servers[i], "CONFIG SET tls-replication yes"));
    }
  watched->primary = servers[0];
  watched->replica = servers[1];
  g_free (redis_server_text (servers[1], "REPLICAOF 127.0.0.1 %u", servers[0]->tls_port));
  start_sentinels (self, watched);
}

static guint
get_port (RedisServer *server)
{
  return server->tls_port != 0 ? server->tls_port : server->port;
}

static void
assert_port (Fixture *self, guint port)
{
  g_autoptr (GError) error = NULL;
  GSocketConnectable *address = chihuo_redis_router_get_address (self->router, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_network_address_get_port (G_NETWORK_ADDRESS (address)), ==, port);
}

/* Only the last sentinel of the configuration lives at the end, and it was not in the configuration */
static void
follow_failover (Fixture *self, Watched *watched, const char *more)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  ChihuoRedisConnection *connection = NULL;
  g_autoptr (GError) error = NULL;

  use (self, g_strdup_printf ("redis+sentinel://127.0.0.1:1,127.0.0.1:%u/eat?%s",
                              get_port (watched->sentinels[0]), more));
  g_assert_null (chihuo_redis_router_get_address (self->router, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
  assert_ask (get (self, NULL), "SET", "key", "value", "OK");
  assert_port (self, get_port (watched->primary));

  redis_server_signal (watched->primary, SIGKILL);
  g_free (ask (get (self, NULL), "PING", NULL, NULL));
  while (connection == NULL && g_get_monotonic_time () < end)
    {
      chihuo_redis_router_clean (self->router);
      connection = chihuo_redis_router_get (self->router, NULL, NULL);
    }
  g_assert_nonnull (connection);
  assert_ask (connection, "SET", "key", "value", "OK");
  assert_port (self, get_port (watched->replica));

  /* The others are known by now, and some of them may have heard of it later: they are asked in turn */
  redis_server_signal (watched->sentinels[0], SIGKILL);
  g_free (redis_server_text (watched->replica, "CLIENT KILL TYPE normal"));
  g_free (ask (connection, "PING", NULL, NULL));
  connection = NULL;
  while (connection == NULL && g_get_monotonic_time () < end)
    {
      chihuo_redis_router_clean (self->router);
      connection = chihuo_redis_router_get (self->router, NULL, NULL);
    }
  g_assert_nonnull (connection);
  assert_ask (connection, "SET", "key", "value", "OK");
}

static void
test_sentinel (Fixture *self, gconstpointer data)
{
  Watched watched;

  if (self->fixture == NULL)
    return;

  start_watched (self, &watched);
  follow_failover (self, &watched, "timeout=0.5");
}

/* The certificate is for the addresses that the sentinels tell; who speaks in the clear gets no answer */
static void
test_sentinel_tls (Fixture *self, gconstpointer data)
{
  g_autofree char *more = NULL;
  Watched watched;

  if (self->fixture == NULL)
    return;

  start_watched_tls (self, &watched);
  use (self, g_strdup_printf ("redis+sentinel://127.0.0.1:%u/eat?tls=true",
                              watched.sentinels[0]->tls_port));
  assert_away (self, NULL, CHIHUO_ERROR_BACKEND, "authority that is not trusted");
  chihuo_redis_router_free (self->router);
  chihuo_redis_options_free (self->options);

  more = g_strdup_printf ("tls=true&timeout=5&tls-ca=%s/ca.pem", self->fixture->folder);
  follow_failover (self, &watched, more);
}

/* A primary that was turned into a replica says READONLY */
static void
test_sentinel_readonly (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection, *from;
  g_autofree char *port = NULL;
  Watched watched;

  if (self->fixture == NULL)
    return;

  start_watched (self, &watched);
  use (self, g_strdup_printf ("redis+sentinel://127.0.0.1:%u/eat", watched.sentinels[0]->port));
  from = connection = get (self, NULL);
  port = g_strdup_printf ("%u", watched.replica->port);
  g_free (redis_server_text (watched.sentinels[0], "SENTINEL FAILOVER eat"));
  for (guint i = 0; i < 3; i++)
    redis_server_wait (watched.sentinels[i], port, "SENTINEL GET-MASTER-ADDR-BY-NAME eat");
  g_assert_true (redirect (self, "key", "READONLY You can't write against a read only replica.",
                           &connection));
  g_assert_true (connection != from);
  assert_ask (connection, "SET", "key", "value", "OK");
  assert_port (self, watched.replica->port);
}

static void
test_sentinel_unknown (Fixture *self, gconstpointer data)
{
  Watched watched;

  if (self->fixture == NULL)
    return;

  start_watched (self, &watched);
  use (self, g_strdup_printf ("redis+sentinel://127.0.0.1:%u/drink", watched.sentinels[0]->port));
  assert_away (self, NULL, CHIHUO_ERROR_CONFIG, "key “service”");
  redis_server_signal (watched.sentinels[0], SIGKILL);
  assert_away (self, NULL, CHIHUO_ERROR_TIMED_OUT, "no sentinel knows");
}

/* They have passwords of their own; a wrong one is refused */
static void
test_sentinel_password (Fixture *self, gconstpointer data)
{
  Watched watched;
  guint port;

  if (self->fixture == NULL)
    return;

  start_watched (self, &watched);
  port = watched.sentinels[0]->port;
  g_free (redis_server_text (watched.sentinels[0], "ACL SETUSER default resetpass >watchword"));
  use (self, g_strdup_printf ("redis+sentinel://127.0.0.1:%u/eat", port));
  assert_away (self, NULL, CHIHUO_ERROR_BACKEND, "NOAUTH");
  chihuo_redis_router_free (self->router);
  chihuo_redis_options_free (self->options);
  use (self, g_strdup_printf ("redis+sentinel://127.0.0.1:%u/eat?sentinel-password=watchword", port));
  assert_ask (get (self, NULL), "SET", "key", "value", "OK");
}

/* The least that a sentinel's user needs to find the primary, and the other sentinels */
static void
test_sentinel_rights (Fixture *self, gconstpointer data)
{
  g_autofree char *rights = redis_fixture_read_page ("\nuser chihuo on >PASSWORD +");
  g_autofree char *command = g_strdup_printf ("ACL SETUSER chihuo on >watchword +%s", rights);
  Watched watched;

  if (self->fixture == NULL)
    return;

  start_watched (self, &watched);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *done = redis_server_text (watched.sentinels[i], command, NULL);

      g_assert_cmpstr (done, ==, "OK");
      g_free (redis_server_text (watched.sentinels[i], "ACL SETUSER default off"));
    }
  use (self, g_strdup_printf ("redis+sentinel://127.0.0.1:%u/eat?sentinel-username=chihuo"
                              "&sentinel-password=watchword", watched.sentinels[0]->port));
  assert_ask (get (self, NULL), "SET", "key", "value", "OK");

  redis_server_signal (watched.sentinels[0], SIGKILL);
  g_free (redis_server_text (watched.primary, "CLIENT KILL TYPE normal"));
  g_free (ask (get (self, NULL), "PING", NULL, NULL));
  chihuo_redis_router_clean (self->router);
  assert_ask (get (self, NULL), "SET", "key", "value", "OK");
}

/* Nobody asks the sentinels where somebody is who refuses us; they themselves may do so, too */
static void
test_sentinel_refused (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection = NULL;
  RedisServer *server, *sentinel;

  if (self->fixture == NULL)
    return;

  server = redis_fixture_start (self->fixture, "--user", "eater", "on", ">old", "~*", "+@all", NULL);
  sentinel = redis_fixture_start_sentinel (self->fixture, "eat", server, 1);
  g_free (redis_server_text (sentinel, "ACL SETUSER watcher on >old +@all"));
  use (self, g_strdup_printf ("redis+sentinel://eater:new@127.0.0.1:%u/eat?sentinel-username=watcher"
                              "&sentinel-password=new", sentinel->port));
  for (guint i = 0; i < N_ATTEMPTS; i++)
    assert_away (self, NULL, CHIHUO_ERROR_BACKEND, "WRONGPASS");
  g_assert_cmpuint (count_refusals (sentinel), <=, MANY_LOGINS);
  g_assert_cmpuint (count_refusals (server), ==, 0);

  g_free (redis_server_text (sentinel, "ACL SETUSER watcher >new"));
  while (count_refusals (server) == 0)
    assert_away (self, NULL, CHIHUO_ERROR_BACKEND, "WRONGPASS");
  for (guint i = 0; i < N_ATTEMPTS; i++)
    assert_away (self, NULL, CHIHUO_ERROR_BACKEND, "WRONGPASS");
  g_assert_cmpuint (count_refusals (server), <=, MANY_LOGINS);

  g_free (redis_server_text (server, "ACL SETUSER eater >new"));
  while (connection == NULL)
    connection = chihuo_redis_router_get (self->router, NULL, NULL);
  assert_ask (connection, "PING", "well", NULL, "well");
}

static char *
make_key (RedisServer *node)
{
  g_autofree char *queue = redis_server_find_queue (node);

  return g_strdup_printf ("{chihuo:%s}:queue", queue);
}

/* Asks as the backend does: goes where it is sent, once */
static void
set (Fixture *self, const char *key)
{
  ChihuoRedisConnection *connection = get (self, key);
  g_autofree char *text = ask (connection, "SET", key, "value");

  if (!g_str_equal (text, "OK"))
    {
      g_assert_true (redirect (self, key, text, &connection));
      assert_ask (connection, "SET", key, "value", "OK");
    }
}

static void
test_moved (Fixture *self, gconstpointer data)
{
  RedisServer *nodes[3];

  if (self->fixture == NULL)
    return;

  redis_fixture_start_cluster (self->fixture, nodes, 3);
  use (self, g_strdup (nodes[1]->uri));
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *key = make_key (nodes[i]);

      set (self, key);
      /* Learnt */
      assert_ask (get (self, key), "SET", key, "value", "OK");
    }
  g_assert_cmpuint (self->n_welcomes, ==, 3);
}

/* While a slot moves, keys that are not there any more are asked for at its new place, each time */
static void
test_ask (Fixture *self, gconstpointer data)
{
  g_autofree char *key = NULL, *from = NULL, *to = NULL, *slot = NULL, *text = NULL;
  ChihuoRedisConnection *connection;
  RedisServer *nodes[3];

  if (self->fixture == NULL)
    return;

  redis_fixture_start_cluster (self->fixture, nodes, 3);
  use (self, g_strdup (nodes[0]->uri));
  key = make_key (nodes[0]);
  slot = redis_server_text (nodes[0], "CLUSTER KEYSLOT %s", key);
  from = redis_server_text (nodes[0], "CLUSTER MYID");
  to = redis_server_text (nodes[1], "CLUSTER MYID");
  g_free (redis_server_text (nodes[1], "CLUSTER SETSLOT %s IMPORTING %s", slot, from));
  g_free (redis_server_text (nodes[0], "CLUSTER SETSLOT %s MIGRATING %s", slot, to));

  for (guint i = 0; i < 2; i++)
    {
      connection = get (self, key);
      g_clear_pointer (&text, g_free);
      text = ask (connection, "SET", key, "value");
      g_assert_true (g_str_has_prefix (text, "ASK "));
      g_assert_true (redirect (self, key, text, &connection));
      assert_ask (connection, "SET", key, "value", "OK");
    }

  /* At last it is there */
  g_free (redis_server_text (nodes[1], "CLUSTER SETSLOT %s NODE %s", slot, to));
  g_free (redis_server_text (nodes[0], "CLUSTER SETSLOT %s NODE %s", slot, to));
  set (self, key);
  assert_ask (get (self, key), "GET", key, NULL, "value");
}

/* The dead is asked no more: the others say where it was, and that is no way to go */
static void
lose (Fixture *self, RedisServer *node, const char *key)
{
  ChihuoRedisConnection *connection;
  g_autofree char *text = NULL;

  redis_server_signal (node, SIGKILL);
  g_free (ask (get (self, key), "PING", NULL, NULL));
  chihuo_redis_router_clean (self->router);
  if (chihuo_redis_router_get (self->router, key, NULL) == NULL)
    g_assert_nonnull (chihuo_redis_router_get (self->router, key, NULL));

  connection = get (self, key);
  text = ask (connection, "SET", key, "value");
  g_assert_cmpstr (text, !=, "OK");
  if (g_str_has_prefix (text, "MOVED"))
    g_assert_false (redirect (self, key, text, &connection));
}

static void
test_node_gone (Fixture *self, gconstpointer data)
{
  char *keys[3];
  RedisServer *nodes[3];

  if (self->fixture == NULL)
    return;

  redis_fixture_start_cluster (self->fixture, nodes, 3);
  use (self, g_strdup (nodes[0]->uri));
  for (guint i = 0; i < 3; i++)
    {
      g_free (redis_server_text (nodes[i], "CONFIG SET cluster-require-full-coverage no"));
      keys[i] = make_key (nodes[i]);
      set (self, keys[i]);
    }

  lose (self, nodes[1], keys[1]);
  set (self, keys[0]);
  set (self, keys[2]);
  lose (self, nodes[0], keys[0]);
  redis_server_restart (nodes[0]);
  redis_server_restart (nodes[1]);
  for (guint i = 0; i < 3; i++)
    redis_server_wait (nodes[i], "cluster_state:ok", "CLUSTER INFO");
  for (guint i = 0; i < 3; i++)
    {
      set (self, keys[i]);
      g_free (keys[i]);
    }
}

/* A redirection to nowhere is an error, and no reason to forget the one who said it */
static void
test_nowhere (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection, *from;

  if (self->fixture == NULL)
    return;

  use (self, g_strdup (redis_fixture_start (self->fixture, NULL)->uri));
  from = connection = get (self, NULL);
  g_assert_false (redirect (self, "key", "MOVED 1 127.0.0.1:1", &connection));
  g_assert_true (connection == from);
  g_assert_true (get (self, "key") == from);
}

static void
test_same_host (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  ChihuoRedisConnection *connection;
  RedisServer *other;

  if (self->fixture == NULL)
    return;

  use (self, g_strdup (redis_fixture_start (self->fixture, NULL)->uri));
  other = redis_fixture_start (self->fixture, NULL);
  connection = get (self, NULL);
  text = g_strdup_printf ("MOVED 1 :%u", other->port);
  g_assert_true (redirect (self, "key", text, &connection));
  assert_ask (connection, "SET", "key", "there", "OK");
  g_clear_pointer (&text, g_free);
  text = redis_server_text (other, "GET key");
  g_assert_cmpstr (text, ==, "there");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/redis-router/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  TEST ("server", test_server);
  TEST ("unwelcome", test_unwelcome);
  TEST ("refused", test_refused);
  TEST ("readonly", test_readonly);
  TEST ("sentinel/failover", test_sentinel);
  TEST ("sentinel/readonly", test_sentinel_readonly);
  TEST ("sentinel/unknown", test_sentinel_unknown);
  TEST ("sentinel/password", test_sentinel_password);
  TEST ("sentinel/rights", test_sentinel_rights);
  TEST ("sentinel/refused", test_sentinel_refused);
  TEST ("cluster/moved", test_moved);
  TEST ("cluster/ask", test_ask);
  TEST ("cluster/node-gone", test_node_gone);
  TEST ("cluster/nowhere", test_nowhere);
  TEST ("cluster/same-host", test_same_host);

  if (!CAN_WATCH_GIO)
    return g_test_run ();

  TEST ("sentinel/tls", test_sentinel_tls);

  return g_test_run ();
}
