/* test-redis-scripts.c - the scripts as the library has them, and their way to a server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-scripts.h"
#include "redis-fixture.h"
#include "redis-options-fixture.h"

/* What they do is test-redis-scripts.py's */

/* The options live as long as the connection */
static ChihuoRedisConnection *
open_connection (const ChihuoRedisOptions *options)
{
  g_autoptr (GError) error = NULL;
  ChihuoRedisConnection *connection;

  connection = chihuo_redis_connection_new (options, options->addresses->pdata[0], &error);
  g_assert_no_error (error);

  return connection;
}

static void
test_texts (void)
{
  for (guint i = 0; i < CHIHUO_REDIS_N_SCRIPTS; i++)
    {
      const char *text = chihuo_redis_script_get_text (i);

      g_assert_true (g_str_has_prefix (text, "#!lua"));
      g_assert_cmpuint (strlen (chihuo_redis_script_get_sha (i)), ==, 40);
#ifndef CHIHUO_MUTANTS
      g_assert_null (strstr (text, "mutant"));
#endif
      for (guint j = 0; j < i; j++)
        g_assert_cmpstr (chihuo_redis_script_get_sha (i), !=, chihuo_redis_script_get_sha (j));
    }
}

static void
test_load (void)
{
  g_autoptr (RedisFixture) fixture = NULL;
  g_autoptr (ChihuoRedisOptions) options = NULL;
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  RedisServer *server;

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  server = redis_fixture_start (fixture, NULL);
  options = make_options (g_strdup (server->uri));
  connection = open_connection (options);
  for (guint i = 0; i < 2; i++)
    {
      gboolean loaded = chihuo_redis_scripts_load (connection, &error);

      g_assert_no_error (error);
      g_assert_true (loaded);
    }
  for (guint i = 0; i < CHIHUO_REDIS_N_SCRIPTS; i++)
    {
      g_autofree char *known = redis_server_text (server, "SCRIPT EXISTS %s",
                                                  chihuo_redis_script_get_sha (i));

      g_assert_cmpstr (known, ==, "1");
    }
}

/* Who may not load them hears so, and the connection has read all the replies */
static void
test_refused (void)
{
  g_autoptr (RedisFixture) fixture = NULL;
  g_autoptr (ChihuoRedisOptions) options = NULL;
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;
  RedisServer *server;

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  server = redis_fixture_start (fixture, "--user", "default", "on", "nopass", "~*", "&*", "+@all",
                                "-script", NULL);
  options = make_options (g_strdup (server->uri));
  connection = open_connection (options);
  g_assert_false (chihuo_redis_scripts_load (connection, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
  g_assert_nonnull (strstr (error->message, "NOPERM"));
  g_clear_error (&error);

  reply = chihuo_redis_connection_call (connection, &error, "ECHO", "still here", NULL);
  g_assert_no_error (error);
  g_assert_cmpstr (reply->str, ==, "still here");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/redis-scripts/texts", test_texts);
  g_test_add_func ("/redis-scripts/load", test_load);
  g_test_add_func ("/redis-scripts/refused", test_refused);

  return g_test_run ();
}
