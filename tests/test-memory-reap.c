/* test-memory-reap.c - tests of reaping and cutting in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "memory-fixture.h"

static void
test_leases (Fixture *f, gconstpointer data)
{
  ChihuoItem item;
  ChihuoItem renew;

  add_many (f, "t", 2500, 0);
  item = claim_some (f, 2500, 0);
  g_assert_cmpuint (reap (f), ==, 0);

  pass (f, LEASE / 2);
  renew = (ChihuoItem) { .op = CHIHUO_OP_RENEW,
                         .payload = chihuo_payload_ref (item.claim.claimed[1].payload),
                         .claimant = g_intern_static_string ("engine"),
                         .token = item.claim.claimed[1].token };
  renew.renew.lease = LEASE;
  g_assert_cmpint (send (f, &renew), ==, CHIHUO_ANSWER_OK);
  chihuo_item_clear (&renew);

  pass (f, LEASE / 2 - 1);
  g_assert_cmpuint (reap (f), ==, 0);
  pass (f, 1);
  g_assert_cmpuint (reap (f), ==, 2499);
  expect_list (f, CHIHUO_TASK_STATE_RUNNING, "t0000001");
  pass (f, LEASE / 2 - 1);
  g_assert_cmpuint (reap (f), ==, 0);
  pass (f, 1);
  g_assert_cmpuint (reap (f), ==, 1);
  g_assert_cmpint (settle (f, &item.claim.claimed[1], CHIHUO_SETTLE_DONE, 0), ==,
                   CHIHUO_ANSWER_STALE);
  g_assert_cmpuint (get_stats (f).waiting, ==, 2500);
  chihuo_item_clear (&item);
}

/* Abandoned ones are free after a second, and nothing is counted */
static void
test_abandoned (Fixture *f, gconstpointer data)
{
  ChihuoItem item;
  ChihuoRecord *record;

  add_all (f, "a b");
  item = claim_some (f, 2, 0);
  settle (f, &item.claim.claimed[0], CHIHUO_SETTLE_ABANDONED, 0);
  chihuo_item_clear (&item);
  g_assert_cmpuint (reap (f), ==, 0);
  pass (f, CHIHUO_ABANDONED_LEASE);
  g_assert_cmpuint (reap (f), ==, 1);
  record = look (f, "a");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpuint (record->crashes, ==, 0);
  chihuo_record_free (record);
}

/* A killer is dead when it has crashed often enough */
static void
test_killer (Fixture *f, gconstpointer data)
{
  add_all (f, "killer");
  for (guint i = 0; i < 3; i++)
    {
      expect_list (f, CHIHUO_TASK_STATE_WAITING, "killer");
      expect_claim (f, 1, 1, "killer");
      pass (f, LEASE);
      g_assert_cmpuint (reap (f), ==, 1);
    }
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "killer");
}

static void
set_retention (Fixture *f, gint64 finished, gint64 dead, guint64 dead_max)
{
  ChihuoItem item = { .op = CHIHUO_OP_SET_RETENTION };

  item.retention.finished = finished;
  item.retention.dead = dead;
  item.retention.dead_max = dead_max;
  g_assert_cmpint (send (f, &item), ==, CHIHUO_ANSWER_OK);
}

static void
test_retention (Fixture *f, gconstpointer data)
{
  add_all (f, "a b c d");
  kill_all (f, 4);
  act (f, CHIHUO_OP_FINISH, "x");
  pass (f, 10);
  act (f, CHIHUO_OP_FINISH, "w");
  reap (f);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "a b c d");

  set_retention (f, 9, 0, 3);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*“queue”*1 dead*1 finished*");
  g_assert_cmpuint (reap (f), ==, 0);
  g_test_assert_expected_messages ();
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "b c d");
  expect_finished (f, "w");

  set_retention (f, 0, 9, 0);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*3 dead*0 finished*");
  reap (f);
  g_test_assert_expected_messages ();
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "");
  expect_finished (f, "w");
}

/* What is kept where nobody has said anything: 10,000 dead, for 90 days */
static void
test_default_retention (Fixture *f, gconstpointer data)
{
  add_many (f, "t", 10001, 0);
  kill_all (f, 10001);
  act (f, CHIHUO_OP_FINISH, "x");
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*1 dead*0 finished*");
  reap (f);
  g_assert_cmpuint (get_stats (f).dead, ==, 10000);
  pass (f, 90 * G_TIME_SPAN_DAY);
  reap (f);
  g_assert_cmpuint (get_stats (f).dead, ==, 10000);
  pass (f, 1);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*10000 dead*0 finished*");
  reap (f);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (get_stats (f).dead, ==, 0);
  g_assert_cmpuint (get_stats (f).finished, ==, 1);
}

#define ADD_TEST(path, func) \
  g_test_add ("/memory-reap/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD_TEST ("leases", test_leases);
  ADD_TEST ("abandoned", test_abandoned);
  ADD_TEST ("killer", test_killer);
  ADD_TEST ("retention", test_retention);
  ADD_TEST ("default-retention", test_default_retention);

  return g_test_run ();
}
