/* test-redis-slot.c - a key's slot is what the server says it is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-redis-slot.h"
#include "redis-fixture.h"

static void
test_known (void)
{
  /* From the cluster specification */
  g_assert_cmpuint (chihuo_redis_slot_from_key ("123456789"), ==, 0x31c3);
  g_assert_cmpuint (chihuo_redis_slot_from_key ("{user1000}.following"), ==,
                    chihuo_redis_slot_from_key ("{user1000}.followers"));
  g_assert_cmpuint (chihuo_redis_slot_from_key ("foo{bar}{zap}"), ==,
                    chihuo_redis_slot_from_key ("bar"));
  g_assert_cmpuint (chihuo_redis_slot_from_key ("foo{{bar}}zap"), ==,
                    chihuo_redis_slot_from_key ("{bar"));
}

static void
test_server (void)
{
  const char *keys[] = { "", "a", "{", "}", "{}", "{}a", "{a", "a}", "}{a}", "a{b}c{d}", "{chihuo:eat}:queue",
                         "{chihuo:A.b_c-9}:client:0123", "\xff\x80{\xfe}", "foo{}{bar}" };
  g_autoptr (RedisFixture) fixture = NULL;
  RedisServer *server;

  if (!redis_fixture_available ())
    return;

  fixture = redis_fixture_new ();
  server = redis_fixture_start (fixture, "--cluster-enabled", "yes", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *slot = redis_server_text (server, "CLUSTER KEYSLOT %s", keys[i]);
      g_autofree char *ours = g_strdup_printf ("%u", chihuo_redis_slot_from_key (keys[i]));

      g_assert_cmpstr (slot, ==, ours);
    }
}

static void
assert_redirect (const char *text, gboolean ask, guint slot, const char *host, guint16 port)
{
  g_auto (ChihuoRedisRedirect) redirect = { 0 };

  g_assert_true (chihuo_redis_slot_parse_redirect (text, &redirect));
  g_assert_cmpint (redirect.ask, ==, ask);
  g_assert_cmpuint (redirect.slot, ==, slot);
  g_assert_cmpstr (redirect.host, ==, host);
  g_assert_cmpuint (redirect.port, ==, port);
}

static void
test_redirect (void)
{
  const char *others[] = { "", "MOVED", "MOVED 1", "MOVED 16384 a:1", "MOVED -1 a:1", "MOVED 1 a",
                           "MOVED 1 a:0", "MOVED 1 a:65536", "MOVED 1 a:", "moved 1 a:1",
                           "ASKING 1 a:1", "READONLY You can't write against a read only replica." };

  assert_redirect ("MOVED 3999 127.0.0.1:6381", FALSE, 3999, "127.0.0.1", 6381);
  assert_redirect ("ASK 16383 node-2.example:1", TRUE, 16383, "node-2.example", 1);
  assert_redirect ("MOVED 0 ::1:65535", FALSE, 0, "::1", 65535);
  assert_redirect ("MOVED 0 :6379", FALSE, 0, "", 6379);
  assert_redirect ("MOVED 0 ?:6379", FALSE, 0, "", 6379);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      ChihuoRedisRedirect redirect = { 0 };

      g_assert_false (chihuo_redis_slot_parse_redirect (others[i], &redirect));
      g_assert_null (redirect.host);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-slot/known", test_known);
  g_test_add_func ("/redis-slot/server", test_server);
  g_test_add_func ("/redis-slot/redirect", test_redirect);

  return g_test_run ();
}
