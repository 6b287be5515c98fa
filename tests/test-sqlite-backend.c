/* test-sqlite-backend.c - queues in an SQLite file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sqlite-fixture.h"

static void
test_life (Fixture *self, gconstpointer data)
{
  ChihuoItem claim;
  g_autofree char *ids = NULL;

  g_assert_cmpint (add (self, "one"), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (add (self, "two"), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (add (self, "one"), ==, CHIHUO_ANSWER_EXISTS);
  g_assert_cmpint (get_stats (self).waiting, ==, 2);

  claim = make_claim (self, 5);
  exchange (self, &claim, 1);
  ids = claimed_ids (&claim);
  g_assert_cmpstr (ids, ==, "one two");
  g_assert_cmpstr (chihuo_payload_get_json (claim.claim.claimed[0].payload), ==, "{\"a\":1}");
  g_assert_cmpint (claim.claim.claimed[0].token, ==, NOW);
  g_assert_cmpint (claim.claim.claimed[1].token, ==, NOW + 1);
  g_assert_cmpint (claim.claim.n_waiting, ==, 0);
  g_assert_cmpint (get_stats (self).running, ==, 2);
  g_assert_cmpint (get_stats (self).workers, ==, 1);

  g_assert_cmpint (add (self, "two"), ==, CHIHUO_ANSWER_AGAIN);
  for (guint i = 0; i < 2; i++)
    {
      ChihuoItem settle = make_settle (self, &claim.claim.claimed[i], CHIHUO_SETTLE_DONE);

      settle.settle.finish = i == 0;
      g_assert_cmpint (do_item (self, settle), ==, CHIHUO_ANSWER_OK);
    }
  chihuo_item_clear (&claim);

  g_assert_cmpint (add (self, "one"), ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (get_stats (self).waiting, ==, 1);
  g_assert_cmpint (get_stats (self).finished, ==, 1);
  assert_plain (self, "SELECT id || ' ' || state FROM task", "two 1");
  assert_plain (self, "SELECT id FROM finished", "one");
  assert_plain (self, "PRAGMA integrity_check", "ok");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define TEST(path, function) \
  g_test_add ("/sqlite-backend/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  TEST ("life", test_life);

  return g_test_run ();
}
