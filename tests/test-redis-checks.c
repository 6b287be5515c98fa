/* test-redis-checks.c - what a Redis has to be like to hold queues
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-redis-checks.h"
#include "redis-fake-server.h"

typedef struct
{
  FakeServer          server;
  ChihuoRedisOptions *options;
  ChihuoRedisChecks  *checks;
} Fixture;

static void
set_up (Fixture *self, const char *version, const char *policy, const char *log)
{
  g_autofree char *text = NULL;
  g_autoptr (ChihuoConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  fake_server_start (&self->server, version, policy, log);
  text = g_strdup_printf ("redis+unix://%s", self->server.path);
  config = chihuo_config_new (text, &error);
  g_assert_no_error (error);
  self->options = chihuo_redis_options_new (config, &error);
  g_assert_no_error (error);
  self->checks = chihuo_redis_checks_new (self->options);
}

static void
tear_down (Fixture *self)
{
  chihuo_redis_checks_free (self->checks);
  chihuo_redis_options_free (self->options);
  fake_server_stop (&self->server);
}

/* On a new connection */
static gboolean
run (Fixture *self, GError **error)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;

  connection = chihuo_redis_connection_new (self->options, self->options->addresses->pdata[0],
                                            error);
  g_assert_nonnull (connection);

  return chihuo_redis_checks_run (self->checks, connection, error);
}

static void
assert_good (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  run (self, &error);
  g_assert_no_error (error);
  g_test_assert_expected_messages ();
}

static void
assert_bad (Fixture *self, int code, const char *word)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (run (self, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_nonnull (strstr (error->message, word));
}

static void
expect (const char *pattern)
{
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, pattern);
}

/* A good server is not talked about, and asked once for each run of it */
static void
test_good (void)
{
  Fixture self = { 0 };

  set_up (&self, "7.0.0", "noeviction", "always");
  for (guint i = 0; i < 3; i++)
    assert_good (&self);
  g_assert_cmpuint (fake_server_count (&self.server, "CONFIG"), ==, 1);

  fake_server_set_info (&self.server, "redis_version:7.0.0\r\nrun_id:two\r\n"
                                      "maxmemory_policy:noeviction\r\naof_enabled:1\r\n");
  assert_good (&self);
  g_assert_cmpuint (fake_server_count (&self.server, "CONFIG"), ==, 2);
  tear_down (&self);
}

static void
test_too_old (void)
{
  static const char *const versions[] = { "6.2.14", "2.8", "6.99.99", "rubbish", "" };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      Fixture self = { 0 };

      set_up (&self, versions[i], "noeviction", "always");
      assert_bad (&self, CHIHUO_ERROR_BACKEND, "too old");
      tear_down (&self);
    }
}

static void
test_new_enough (void)
{
  static const char *const versions[] = { "7.0.0", "7.4.1", "8", "10.0.0-rc1", "255.255.255" };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      Fixture self = { 0 };

      set_up (&self, versions[i], "noeviction", "always");
      assert_good (&self);
      tear_down (&self);
    }
}

static void
test_policy (void)
{
  Fixture self = { 0 };

  set_up (&self, "7.0.0", "volatile-ttl", "always");
  assert_bad (&self, CHIHUO_ERROR_CONFIG, "volatile-ttl");
  self.options->insist = TRUE;
  assert_good (&self);
  tear_down (&self);
}

/* Whoever does not tell by INFO may by CONFIG */
static void
test_policy_by_config (void)
{
  Fixture self = { 0 };

  set_up (&self, "7.0.0", "allkeys-lru", "always");
  fake_server_set_info (&self.server, NULL);
  assert_bad (&self, CHIHUO_ERROR_CONFIG, "allkeys-lru");

  fake_server_set_policy (&self.server, NULL);
  expect ("*unchecked*maxmemory-policy*");
  expect ("*does not tell whether*");
  assert_good (&self);
  tear_down (&self);
}

static void
test_log (void)
{
  Fixture self = { 0 };

  set_up (&self, "7.0.0", "noeviction", NULL);
  expect ("*keeps no append-only file*since its last snapshot*");
  assert_good (&self);
  tear_down (&self);

  self = (Fixture) { 0 };
  set_up (&self, "7.0.0", "noeviction", "everysec");
  expect ("*everysec*last second*");
  assert_good (&self);
  tear_down (&self);
}

static void
assert_wait (const char *version, const char *log, const char *command)
{
  Fixture self = { 0 };
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;

  set_up (&self, version, "noeviction", log);
  if (log == NULL)
    expect ("*keeps no append-only file*");
  assert_good (&self);
  connection = chihuo_redis_connection_new (self.options, self.options->addresses->pdata[0],
                                            &error);
  fake_server_will_say (&self.server, ":1\r\n");
  chihuo_redis_checks_add_wait (self.checks, connection);
  chihuo_redis_connection_send (connection, &error);
  g_assert_no_error (error);
  reply = chihuo_redis_connection_receive (connection, &error);
  g_assert_no_error (error);
  chihuo_redis_checks_judge (self.checks, reply, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_server_count (&self.server, command), ==, 1);
  g_clear_pointer (&connection, chihuo_redis_connection_free);
  tear_down (&self);
}

/* WAITAOF where it is known and there is a log, else WAIT */
static void
test_wait (void)
{
  assert_wait ("7.0.15", "always", "WAIT");
  assert_wait ("7.2.0", "always", "WAITAOF");
  assert_wait ("7.2.0", NULL, "WAIT");
}

static void
test_judge (void)
{
  static const struct
  {
    const char *reply;
    gboolean    is_enough;
  } cases[] = {
    { ":2\r\n", TRUE },
    { ":1\r\n", FALSE },
    { "*2\r\n:1\r\n:2\r\n", TRUE },
    { "*2\r\n:0\r\n:2\r\n", FALSE },
    { "*2\r\n:1\r\n:1\r\n", FALSE },
    { "*1\r\n:1\r\n", FALSE },
    { "+OK\r\n", FALSE },
    { "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n", FALSE },
  };
  ChihuoRedisOptions options = { .replicas = 2 };
  g_autoptr (ChihuoRedisChecks) checks = chihuo_redis_checks_new (&options);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      redisReader *reader = redisReaderCreate ();
      g_autoptr (GError) error = NULL;
      void *reply = NULL;

      redisReaderFeed (reader, cases[i].reply, strlen (cases[i].reply));
      g_assert_cmpint (redisReaderGetReply (reader, &reply), ==, REDIS_OK);
      g_assert_cmpint (chihuo_redis_checks_judge (checks, reply, &error), ==, cases[i].is_enough);
      if (!cases[i].is_enough)
        g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
      freeReplyObject (reply);
      redisReaderFree (reader);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-checks/good", test_good);
  g_test_add_func ("/redis-checks/too-old", test_too_old);
  g_test_add_func ("/redis-checks/new-enough", test_new_enough);
  g_test_add_func ("/redis-checks/policy", test_policy);
  g_test_add_func ("/redis-checks/policy-by-config", test_policy_by_config);
  g_test_add_func ("/redis-checks/log", test_log);
  g_test_add_func ("/redis-checks/wait", test_wait);
  g_test_add_func ("/redis-checks/judge", test_judge);

  return g_test_run ();
}
