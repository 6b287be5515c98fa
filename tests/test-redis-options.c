/* test-redis-options.c - what is written in a configuration is what is meant
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include <gio/gunixsocketaddress.h>

#include "chihuo-error.h"
#include "redis-options-fixture.h"

static void
assert_address (ChihuoRedisOptions *options, guint index, const char *expected)
{
  g_autofree char *text = NULL;

  g_assert_cmpuint (index, <, options->addresses->len);
  text = chihuo_redis_options_describe (options->addresses->pdata[index]);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_defaults (void)
{
  const char *texts[] = { "redis://", "redis://127.0.0.1", "{\"backend\":\"redis\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (ChihuoRedisOptions) options = make_options (g_strdup (texts[i]));

      g_assert_cmpint (options->kind, ==, CHIHUO_REDIS_KIND_SERVER);
      g_assert_cmpuint (options->addresses->len, ==, 1);
      assert_address (options, 0, "redis 127.0.0.1:6379");
      g_assert_cmpstr (options->name, ==, "redis 127.0.0.1:6379");
      g_assert_cmpuint (options->db, ==, 0);
      g_assert_null (options->username);
      g_assert_null (options->password);
      g_assert_null (options->service);
      g_assert_false (options->tls);
      g_assert_cmpint (options->timeout, ==, 2 * G_USEC_PER_SEC);
      g_assert_false (options->insist);
      g_assert_false (options->strict);
      g_assert_false (options->batch_clock);
      g_assert_cmpuint (options->replicas, ==, 1);
    }
}

static void
test_uri (void)
{
  g_autoptr (ChihuoRedisOptions) options =
    make_options (g_strdup ("redis://ea%40ter:p%2F%3Aw%25@store.example:7000/5?timeout=0.25&"
                            "eviction=any&durable=strict&replicas=2&clock=batch"));

  assert_address (options, 0, "redis store.example:7000");
  g_assert_cmpstr (options->username, ==, "ea@ter");
  g_assert_cmpstr (options->password, ==, "p/:w%");
  g_assert_cmpuint (options->db, ==, 5);
  g_assert_cmpint (options->timeout, ==, G_USEC_PER_SEC / 4);
  g_assert_true (options->insist);
  g_assert_true (options->strict);
  g_assert_cmpuint (options->replicas, ==, 2);
  g_assert_true (options->batch_clock);
  g_assert_null (strstr (options->name, "p/"));
}

static void
test_ipv6 (void)
{
  g_autoptr (ChihuoRedisOptions) options = make_options (g_strdup ("redis://:secret@[::1]:7000"));

  g_assert_cmpstr (g_network_address_get_hostname (options->addresses->pdata[0]), ==, "::1");
  g_assert_cmpuint (g_network_address_get_port (options->addresses->pdata[0]), ==, 7000);
  g_assert_null (options->username);
  g_assert_cmpstr (options->password, ==, "secret");
}

static void
test_tls (void)
{
  g_autoptr (ChihuoRedisOptions) options =
    make_options (g_strdup ("rediss://host?tls-ca=/ca.pem&tls-cert=/me.pem"));
  g_autoptr (ChihuoRedisOptions) other =
    make_options (g_strdup ("redis+sentinel://host/eat?tls=true&tls-cert=/me.pem&tls-key=/me.key"));

  g_assert_true (options->tls);
  g_assert_cmpstr (options->tls_ca, ==, "/ca.pem");
  g_assert_cmpstr (options->tls_cert, ==, "/me.pem");
  g_assert_cmpstr (options->tls_key, ==, "/me.pem");
  g_assert_true (other->tls);
  g_assert_null (other->tls_ca);
  g_assert_cmpstr (other->tls_key, ==, "/me.key");
}

static void
test_unix (void)
{
  const char *texts[] = { "redis+unix:///run/redis.sock?db=3&password=secret",
                          "{\"backend\":\"redis\",\"path\":\"/run/redis.sock\",\"db\":3,"
                          "\"password\":\"secret\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (ChihuoRedisOptions) options = make_options (g_strdup (texts[i]));

      g_assert_true (G_IS_UNIX_SOCKET_ADDRESS (options->addresses->pdata[0]));
      assert_address (options, 0, "redis /run/redis.sock");
      g_assert_cmpuint (options->db, ==, 3);
      g_assert_cmpstr (options->password, ==, "secret");
    }
}

static void
test_sentinels (void)
{
  g_autoptr (ChihuoRedisOptions) options =
    make_options (g_strdup ("redis+sentinel://eater:secret@h1:1,h2,[::1]:3/eat/2?"
                            "sentinel-username=watcher&sentinel-password=watchword"));

  g_assert_cmpint (options->kind, ==, CHIHUO_REDIS_KIND_SENTINEL);
  g_assert_cmpuint (options->addresses->len, ==, 3);
  assert_address (options, 0, "redis h1:1");
  assert_address (options, 1, "redis h2:26379");
  g_assert_cmpstr (g_network_address_get_hostname (options->addresses->pdata[2]), ==, "::1");
  g_assert_cmpstr (options->service, ==, "eat");
  g_assert_cmpuint (options->db, ==, 2);
  g_assert_cmpstr (options->username, ==, "eater");
  g_assert_cmpstr (options->password, ==, "secret");
  g_assert_cmpstr (options->sentinel_username, ==, "watcher");
  g_assert_cmpstr (options->sentinel_password, ==, "watchword");
  g_assert_nonnull (strstr (options->name, "eat"));
  g_assert_null (strstr (options->name, "secret"));
}

/* Each error names the key and what was expected, and no value */
static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *words;
  } rows[] = {
    { "redis://h/secret", "key “db”" },
    { "redis://h/-1", "key “db”" },
    { "redis://h?timeout=secret", "key “timeout”" },
    { "redis://h?timeout=0", "key “timeout”" },
    { "redis://h?eviction=secret", "key “eviction”" },
    { "redis://h?durable=secret", "key “durable”" },
    { "redis://h?replicas=secret", "key “replicas”" },
    { "redis://h?clock=secret", "key “clock”" },
    { "redis://h?tls-ca=/secret", "key “tls-ca”" },
    { "redis://h?tls-cert=/secret", "key “tls-cert”" },
    { "rediss://h?tls-key=/secret", "key “tls-key”" },
    { "rediss://?path=/secret", "key “path”" },
    { "redis://h?path=/secret", "key “path”" },
    { "redis://h?service=secret", "key “service”" },
    { "redis+unix:", "key “path”" },
    { "redis+unix:secret", "key “path”" },
    { "redis+sentinel:///eat?password=secret", "key “ip”" },
    { "redis+sentinel://h1,secret:0/eat", "key “ip”" },
    { "redis+sentinel://h1,,secret/eat", "key “ip”" },
    { "redis+sentinel://secret", "key “service”" },
    { "redis+sentinel://h/eat/secret", "key “db”" },
    { "redis+sentinel://h/eat?path=/secret", "key “path”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ChihuoConfig) config = NULL;
      g_autoptr (GError) error = NULL;

      config = chihuo_config_new (rows[i].text, &error);
      g_assert_no_error (error);
      g_assert_null (chihuo_redis_options_new (config, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, rows[i].words));
      g_assert_nonnull (strstr (error->message, "expected"));
      g_assert_null (strstr (error->message, "secret"));
    }
}

static void
test_unknown_key (void)
{
  g_autoptr (ChihuoConfig) config = chihuo_config_new ("redis://h?pasword=secret", NULL);
  g_autoptr (ChihuoRedisOptions) options = NULL;
  g_autoptr (GError) error = NULL;

  options = chihuo_redis_options_new (config, &error);
  g_assert_no_error (error);
  g_assert_false (chihuo_config_finish (config, &error));
  g_assert_nonnull (strstr (error->message, "pasword"));
  g_assert_nonnull (strstr (error->message, "sentinel-password"));
  g_assert_null (strstr (error->message, "secret"));
}

static void
test_long_path (void)
{
  g_autofree char *name = g_strnfill (107, 'x');
  g_autofree char *text = g_strdup_printf ("redis+unix:///%s", name);
  g_autoptr (ChihuoConfig) config = chihuo_config_new (text, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_redis_options_new (config, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  chihuo_redis_options_free (make_options (g_strdup_printf ("redis+unix:///%s", name + 1)));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-options/defaults", test_defaults);
  g_test_add_func ("/redis-options/uri", test_uri);
  g_test_add_func ("/redis-options/ipv6", test_ipv6);
  g_test_add_func ("/redis-options/tls", test_tls);
  g_test_add_func ("/redis-options/unix", test_unix);
  g_test_add_func ("/redis-options/sentinels", test_sentinels);
  g_test_add_func ("/redis-options/refused", test_refused);
  g_test_add_func ("/redis-options/unknown-key", test_unknown_key);
  g_test_add_func ("/redis-options/long-path", test_long_path);

  return g_test_run ();
}
