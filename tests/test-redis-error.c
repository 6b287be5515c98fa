/* test-redis-error.c - what a server says becomes what the store understands
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-error.h"
#include "redis-fixture.h"

static void
test_texts (void)
{
  static const struct
  {
    const char         *text;
    ChihuoRedisTrouble  trouble;
    ChihuoError         code;
  } rows[] = {
    { "LOADING Redis is loading the dataset in memory", CHIHUO_REDIS_TROUBLE_AWAY,
      CHIHUO_ERROR_TIMED_OUT },
    { "READONLY You can't write against a read only replica.", CHIHUO_REDIS_TROUBLE_AWAY,
      CHIHUO_ERROR_TIMED_OUT },
    { "MASTERDOWN Link with MASTER is down", CHIHUO_REDIS_TROUBLE_AWAY, CHIHUO_ERROR_TIMED_OUT },
    { "MISCONF Errors writing to the AOF file: No space left on device", CHIHUO_REDIS_TROUBLE_AWAY,
      CHIHUO_ERROR_TIMED_OUT },
    { "CLUSTERDOWN Hash slot not served", CHIHUO_REDIS_TROUBLE_AWAY, CHIHUO_ERROR_TIMED_OUT },
    { "TRYAGAIN Multiple keys request during rehashing of slot", CHIHUO_REDIS_TROUBLE_AWAY,
      CHIHUO_ERROR_TIMED_OUT },
    { "BUSY Redis is busy running a script.", CHIHUO_REDIS_TROUBLE_AWAY, CHIHUO_ERROR_TIMED_OUT },
    { "BUSYGROUP Consumer Group name already exists", CHIHUO_REDIS_TROUBLE_OTHER,
      CHIHUO_ERROR_PROTOCOL },
    { "NOREPLICAS Not enough good replicas to write.", CHIHUO_REDIS_TROUBLE_AWAY,
      CHIHUO_ERROR_TIMED_OUT },
    { "ERR max number of clients reached", CHIHUO_REDIS_TROUBLE_AWAY, CHIHUO_ERROR_TIMED_OUT },
    { "NOAUTH Authentication required.", CHIHUO_REDIS_TROUBLE_REFUSED, CHIHUO_ERROR_BACKEND },
    { "WRONGPASS invalid username-password pair", CHIHUO_REDIS_TROUBLE_REFUSED,
      CHIHUO_ERROR_BACKEND },
    { "NOPERM this user has no permissions", CHIHUO_REDIS_TROUBLE_REFUSED, CHIHUO_ERROR_BACKEND },
    { "OOM command not allowed when used memory > 'maxmemory'.", CHIHUO_REDIS_TROUBLE_FULL,
      CHIHUO_ERROR_TIMED_OUT },
    { "MOVED 3999 127.0.0.1:6381", CHIHUO_REDIS_TROUBLE_MOVED, CHIHUO_ERROR_TIMED_OUT },
    { "ASK 3999 127.0.0.1:6381", CHIHUO_REDIS_TROUBLE_MOVED, CHIHUO_ERROR_TIMED_OUT },
    { "ASKING", CHIHUO_REDIS_TROUBLE_OTHER, CHIHUO_ERROR_PROTOCOL },
    { "NOSCRIPT No matching script.", CHIHUO_REDIS_TROUBLE_NOSCRIPT, CHIHUO_ERROR_TIMED_OUT },
    { "ORDER", CHIHUO_REDIS_TROUBLE_ORDER, CHIHUO_ERROR_TIMED_OUT },
    { "OUTDATED 7", CHIHUO_REDIS_TROUBLE_OUTDATED, CHIHUO_ERROR_BACKEND },
    { "SCHEMA 2", CHIHUO_REDIS_TROUBLE_SCHEMA, CHIHUO_ERROR_BACKEND },
    { "ERR unknown command", CHIHUO_REDIS_TROUBLE_OTHER, CHIHUO_ERROR_PROTOCOL },
    { "", CHIHUO_REDIS_TROUBLE_OTHER, CHIHUO_ERROR_PROTOCOL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (chihuo_redis_trouble_from_text (rows[i].text), ==, rows[i].trouble);
      g_assert_false (chihuo_redis_error_set (&error, "redis here", rows[i].text));
      g_assert_error (error, CHIHUO_ERROR, (int) rows[i].code);
      g_assert_true (g_str_has_prefix (error->message, "redis here: "));
    }
}

/* Whatever a server says, the message can be printed */
static void
test_message (void)
{
  g_autofree char *longest = g_strnfill (100000, 'x');
  g_autoptr (GError) error = NULL;

  chihuo_redis_error_set (&error, "redis here", "ERR \xff\x1b[31m\a");
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strpbrk (error->message, "\x1b\a"));
  g_clear_error (&error);
  chihuo_redis_error_set (&error, "redis here", longest);
  g_assert_cmpuint (strlen (error->message), <, 300);
}

static void
assert_says (RedisServer *server, ChihuoRedisTrouble trouble, const char *command,
             const char *argument)
{
  g_autofree char *text = redis_server_text (server, command, argument);

  g_test_message ("%s", text);
  g_assert_cmpint (chihuo_redis_trouble_from_text (text), ==, trouble);
}

/* The server's own words, from within scripts and without */
static void
test_server (void)
{
  const char *writes = "return redis.call ('SET', 'key', 'value')";
  const char *flags = "#!lua\nreturn redis.call ('SET', 'key', 'value')";
  g_autoptr (RedisFixture) fixture = NULL;
  RedisServer *server;

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  server = redis_fixture_start (fixture, NULL);
  assert_says (server, CHIHUO_REDIS_TROUBLE_NOSCRIPT, "EVALSHA %s 0",
               "0000000000000000000000000000000000000000");
  g_free (redis_server_text (server, "CONFIG SET maxmemory 1"));
  assert_says (server, CHIHUO_REDIS_TROUBLE_FULL, "SET %s value", "key");
  assert_says (server, CHIHUO_REDIS_TROUBLE_FULL, "EVAL %s 0", writes);
  assert_says (server, CHIHUO_REDIS_TROUBLE_FULL, "EVAL %s 0", flags);
  g_free (redis_server_text (server, "CONFIG SET maxmemory 0"));

  g_free (redis_server_text (server, "CONFIG SET min-replicas-to-write 1"));
  assert_says (server, CHIHUO_REDIS_TROUBLE_AWAY, "SET %s value", "key");
  assert_says (server, CHIHUO_REDIS_TROUBLE_AWAY, "EVAL %s 0", writes);
  assert_says (server, CHIHUO_REDIS_TROUBLE_AWAY, "EVAL %s 0", flags);
  g_free (redis_server_text (server, "CONFIG SET min-replicas-to-write 0"));

  g_free (redis_server_text (server, "REPLICAOF 127.0.0.1 1"));
  assert_says (server, CHIHUO_REDIS_TROUBLE_AWAY, "SET %s value", "key");
  assert_says (server, CHIHUO_REDIS_TROUBLE_AWAY, "EVAL %s 0", writes);
  assert_says (server, CHIHUO_REDIS_TROUBLE_AWAY, "EVAL %s 0", flags);
  g_free (redis_server_text (server, "CONFIG SET replica-serve-stale-data no"));
  assert_says (server, CHIHUO_REDIS_TROUBLE_AWAY, "GET %s", "key");
  g_free (redis_server_text (server, "REPLICAOF NO ONE"));

  g_free (redis_server_text (server, "ACL SETUSER default -set"));
  assert_says (server, CHIHUO_REDIS_TROUBLE_REFUSED, "SET %s value", "key");
  assert_says (server, CHIHUO_REDIS_TROUBLE_REFUSED, "EVAL %s 0", writes);
  assert_says (server, CHIHUO_REDIS_TROUBLE_REFUSED, "EVAL %s 0", flags);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-error/texts", test_texts);
  g_test_add_func ("/redis-error/message", test_message);
  g_test_add_func ("/redis-error/server", test_server);

  return g_test_run ();
}
