/* test-redis-fixture.c - the servers that the tests start are what they say
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include "redis-fixture.h"

static void
assert_text (RedisServer *server, const char *command, const char *expected)
{
  g_autofree char *text = redis_server_text (server, command, NULL);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_restart (void)
{
  g_autoptr (RedisFixture) fixture = NULL;
  RedisServer *server;

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  server = redis_fixture_start (fixture, "--appendonly", "yes", "--appendfsync", "always", NULL);
  assert_text (server, "SET key value", "OK");
  redis_server_signal (server, SIGKILL);
  redis_server_restart (server);
  assert_text (server, "GET key", "value");
  g_assert_true (g_file_test (server->socket, G_FILE_TEST_EXISTS));
}

static void
test_user (void)
{
  g_autoptr (RedisFixture) fixture = NULL;
  RedisServer *server;

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  server = redis_fixture_start (fixture, "--user", "eater", "on", ">secret", "~*", "&*", "+@all",
                                NULL);
  assert_text (server, "AUTH eater secret", "OK");
  assert_text (server, "AUTH eater wrong",
               "WRONGPASS invalid username-password pair or user is disabled.");
}

static void
test_sentinel (void)
{
  g_autoptr (RedisFixture) fixture = NULL;
  g_autofree char *port = NULL;
  RedisServer *primary, *sentinel, *replica;

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  primary = redis_fixture_start (fixture, NULL);
  port = g_strdup_printf ("%u", primary->port);
  replica = redis_fixture_start (fixture, "--replicaof", "127.0.0.1", port, NULL);
  sentinel = redis_fixture_start_sentinel (fixture, "eat", primary, 1);
  redis_server_wait (replica, "master_link_status:up", "INFO replication");
  redis_server_wait (sentinel, port, "SENTINEL get-master-addr-by-name eat");
}

static void
test_cluster (void)
{
  g_autoptr (RedisFixture) fixture = NULL;
  RedisServer *nodes[3];
  char *names[3];

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  redis_fixture_start_cluster (fixture, nodes, 3);
  for (guint i = 0; i < 3; i++)
    names[i] = redis_server_find_queue (nodes[i]);
  g_assert_cmpstr (names[0], !=, names[1]);
  g_assert_cmpstr (names[1], !=, names[2]);
  g_assert_cmpstr (names[2], !=, names[0]);
  for (guint i = 0; i < 3; i++)
    g_free (names[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-fixture/restart", test_restart);
  g_test_add_func ("/redis-fixture/user", test_user);
  g_test_add_func ("/redis-fixture/sentinel", test_sentinel);
  g_test_add_func ("/redis-fixture/cluster", test_cluster);

  return g_test_run ();
}
