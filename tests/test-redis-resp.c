/* test-redis-resp.c - our commands are those that hiredis would write, our replies those that it would read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-resp.h"

static void
assert_output (ChihuoRedisResp *resp, const char *expected, gsize expected_length)
{
  gsize length;
  const guint8 *data = chihuo_redis_resp_get_output (resp, &length);

  g_assert_cmpmem (data, length, expected, expected_length);
}

/* hiredis is the oracle */
static void
assert_command (int n, const char **arguments, const gsize *lengths)
{
  g_autoptr (ChihuoRedisResp) resp = chihuo_redis_resp_new ();
  char *expected = NULL;
  int length;

  length = redisFormatCommandArgv (&expected, n, arguments, lengths);
  g_assert_cmpint (length, >, 0);
  chihuo_redis_resp_begin (resp, n);
  for (int i = 0; i < n; i++)
    chihuo_redis_resp_add (resp, arguments[i], lengths[i]);
  assert_output (resp, expected, length);
  redisFreeCommand (expected);
}

static void
test_commands (void)
{
  static const gsize sizes[] = { 0, 1, 9, 10, 11, 99, 100, 1000, 65535, 1024 * 1024 };
  g_autofree char *bytes = g_malloc (1024 * 1024);

  for (gsize i = 0; i < 1024 * 1024; i++)
    bytes[i] = g_test_rand_int_range (0, 256);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const char *arguments[] = { "SET", bytes, "", bytes };
      gsize lengths[] = { 3, sizes[i], 0, sizes[G_N_ELEMENTS (sizes) - 1 - i] };

      for (int n = 1; n <= 4; n++)
        assert_command (n, arguments, lengths);
    }
}

static void
test_many_arguments (void)
{
  g_autofree const char **arguments = g_new (const char *, 3000);
  g_autofree gsize *lengths = g_new (gsize, 3000);

  for (guint i = 0; i < 3000; i++)
    {
      arguments[i] = "argument";
      lengths[i] = i % 9;
    }
  assert_command (3000, arguments, lengths);
}

static void
test_kinds (void)
{
  const char all[] = "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$20\r\n-9223372036854775808\r\n$1\r\n0\r\n"
                     "$19\r\n9223372036854775807\r\n*1\r\n$4\r\nPING\r\n";
  g_autoptr (ChihuoRedisResp) resp = chihuo_redis_resp_new ();
  g_autoptr (GBytes) raw = g_bytes_new_static ("$3\r\nSET\r\n$1\r\nk\r\n", 16);

  chihuo_redis_resp_begin (resp, 5);
  chihuo_redis_resp_add_raw (resp, raw);
  chihuo_redis_resp_add_int (resp, G_MININT64);
  chihuo_redis_resp_add_int (resp, 0);
  chihuo_redis_resp_add_int (resp, G_MAXINT64);
  chihuo_redis_resp_add_command (resp, "PING", NULL);
  assert_output (resp, all, strlen (all));

  chihuo_redis_resp_drop (resp, 4);
  assert_output (resp, all + 4, strlen (all) - 4);
  chihuo_redis_resp_drop (resp, strlen (all) - 4);
  assert_output (resp, "", 0);
  chihuo_redis_resp_add_command (resp, "PING", NULL);
  chihuo_redis_resp_forget (resp);
  assert_output (resp, "", 0);
}

static ChihuoRedisReply *
next (ChihuoRedisResp *resp)
{
  g_autoptr (GError) error = NULL;
  ChihuoRedisReply *reply;

  g_assert_true (chihuo_redis_resp_next (resp, &reply, &error));
  g_assert_no_error (error);

  return reply;
}

/* However it is cut */
static void
test_replies (void)
{
  const char text[] = "*6\r\n$5\r\nhello\r\n:-42\r\n$-1\r\n*0\r\n-ERR no\r\n+OK\r\n";
  gsize length = strlen (text);

  for (gsize step = 1; step <= length; step++)
    {
      g_autoptr (ChihuoRedisResp) resp = chihuo_redis_resp_new ();
      g_autoptr (ChihuoRedisReply) reply = NULL;

      for (gsize i = 0; i < length; i += step)
        {
          g_assert_null (next (resp));
          chihuo_redis_resp_feed (resp, text + i, MIN (step, length - i));
          g_assert_true (chihuo_redis_resp_has_input (resp));
        }
      reply = next (resp);
      g_assert_cmpuint (reply->elements, ==, 6);
      g_assert_cmpstr (reply->element[0]->str, ==, "hello");
      g_assert_cmpint (reply->element[1]->integer, ==, -42);
      g_assert_cmpint (reply->element[2]->type, ==, REDIS_REPLY_NIL);
      g_assert_cmpint (reply->element[4]->type, ==, REDIS_REPLY_ERROR);
      g_assert_cmpint (reply->element[5]->type, ==, REDIS_REPLY_STATUS);
      g_assert_null (next (resp));
      g_assert_false (chihuo_redis_resp_has_input (resp));
    }
}

/* Two at once: the second is there without another byte */
static void
test_two (void)
{
  g_autoptr (ChihuoRedisResp) resp = chihuo_redis_resp_new ();
  g_autoptr (ChihuoRedisReply) first = NULL;
  g_autoptr (ChihuoRedisReply) second = NULL;

  chihuo_redis_resp_feed (resp, ":1\r\n:2\r\n", 8);
  first = next (resp);
  g_assert_cmpint (first->integer, ==, 1);
  g_assert_true (chihuo_redis_resp_has_input (resp));
  second = next (resp);
  g_assert_cmpint (second->integer, ==, 2);
  g_assert_false (chihuo_redis_resp_has_input (resp));
}

static void
test_nonsense (void)
{
  const char *texts[] = { "hello\r\n", "*1048577\r\n", "*2147483647\r\n", "*-2\r\n",
                          "$-2\r\n", "$x\r\n", ":\r\n", ":1.5\r\n", "\r\n",
                          "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (ChihuoRedisResp) resp = chihuo_redis_resp_new ();
      g_autoptr (GError) error = NULL;
      ChihuoRedisReply *reply;

      chihuo_redis_resp_feed (resp, texts[i], strlen (texts[i]));
      g_assert_false (chihuo_redis_resp_next (resp, &reply, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
      g_assert_null (reply);
    }
}

/* Nobody waits for the end of what has none */
static void
test_too_large (void)
{
  g_autoptr (ChihuoRedisResp) resp = chihuo_redis_resp_new ();
  g_autofree char *bytes = g_malloc0 (16 * 1024 * 1024);
  g_autoptr (GError) error = NULL;
  ChihuoRedisReply *reply;
  guint n = 0;

  chihuo_redis_resp_feed (resp, "$2000000000\r\n", 13);
  while (chihuo_redis_resp_next (resp, &reply, &error))
    {
      g_assert_null (reply);
      chihuo_redis_resp_feed (resp, bytes, 16 * 1024 * 1024);
      n++;
    }
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  g_assert_cmpuint (n, ==, 32);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-resp/commands", test_commands);
  g_test_add_func ("/redis-resp/many-arguments", test_many_arguments);
  g_test_add_func ("/redis-resp/kinds", test_kinds);
  g_test_add_func ("/redis-resp/replies", test_replies);
  g_test_add_func ("/redis-resp/two", test_two);
  g_test_add_func ("/redis-resp/nonsense", test_nonsense);
  g_test_add_func ("/redis-resp/too-large", test_too_large);

  return g_test_run ();
}
