/* chihuo-conformance-order.c - who comes first
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-conformance-parts.h"

#define assert_claim(trial, n, expected) \
  G_STMT_START { \
    g_autofree char *ids_ = chihuo_trial_claim_ids (trial, n); \
    g_assert_cmpstr (ids_, ==, expected); \
  } G_STMT_END

#define assert_list(trial, state, expected) \
  G_STMT_START { \
    g_autofree char *ids_ = chihuo_trial_list_ids (trial, state); \
    g_assert_cmpstr (ids_, ==, expected); \
  } G_STMT_END

static void
add_with (ChihuoTrial *trial, const char *id, int priority, ChihuoAddFlags flags)
{
  g_auto (ChihuoItem) item = chihuo_trial_add_item (trial, id, "1");

  item.add.priority = priority;
  item.add.has_priority = TRUE;
  item.add.flags = flags;
  g_assert_cmpint (chihuo_trial_do (trial, &item), ==,
                   (flags & CHIHUO_ADD_FLAGS_REPLACE) ? CHIHUO_ANSWER_EXISTS
                                                      : CHIHUO_ANSWER_ADDED);
}

static void
test_fifo (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);

  for (const char *id = "edcba"; *id != '\0'; id++)
    {
      char text[] = { *id, '\0' };

      chihuo_trial_add (trial, text);
    }
  assert_claim (trial, 2, "e d");
  assert_claim (trial, 9, "c b a");
  assert_claim (trial, 9, "");
  chihuo_trial_check (trial);
}

static void
test_priority (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);

  add_with (trial, "zero", 0, 0);
  add_with (trial, "last", 127, 0);
  add_with (trial, "first", -128, 0);
  add_with (trial, "minus", -1, 0);
  add_with (trial, "zero-2", 0, 0);
  add_with (trial, "head", 0, CHIHUO_ADD_FLAGS_AT_HEAD);
  add_with (trial, "head-2", 0, CHIHUO_ADD_FLAGS_AT_HEAD);
  assert_list (trial, CHIHUO_TASK_STATE_WAITING, "first minus head-2 head zero zero-2 last");
  assert_claim (trial, 4, "first minus head-2 head");
  assert_claim (trial, 4, "zero zero-2 last");
}

/* REPLACE takes a new priority over, and the place stays */
static void
test_replace (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);

  add_with (trial, "a", 0, 0);
  add_with (trial, "b", 5, 0);
  add_with (trial, "c", 0, 0);
  add_with (trial, "d", 5, 0);
  add_with (trial, "c", 5, CHIHUO_ADD_FLAGS_REPLACE);
  assert_list (trial, CHIHUO_TASK_STATE_WAITING, "a b c d");
  add_with (trial, "b", 0, CHIHUO_ADD_FLAGS_REPLACE);
  add_with (trial, "d", 0, CHIHUO_ADD_FLAGS_REPLACE);
  assert_claim (trial, 9, "a b d c");
}

static void
return_shuffled (ChihuoTrial *trial, ChihuoItem *claim, GRand *rand)
{
  for (guint left = claim->claim.n_claimed; left > 0; left--)
    {
      guint i = g_rand_int_range (rand, 0, left);
      ChihuoClaimed chosen = claim->claim.claimed[i];

      claim->claim.claimed[i] = claim->claim.claimed[left - 1];
      claim->claim.claimed[left - 1] = chosen;
      g_assert_cmpint (chihuo_trial_settle (trial, &chosen, CHIHUO_SETTLE_RETURNED), ==,
                       CHIHUO_ANSWER_OK);
    }
}

/* In whatever order they come back, each has its old place */
static void
test_return (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  g_autofree char *before = NULL;

  chihuo_trial_add_many (trial, "t", 60);
  before = chihuo_trial_list_ids (trial, CHIHUO_TASK_STATE_WAITING);
  for (guint round = 0; round < 5; round++)
    {
      g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 10 + 10 * round);

      return_shuffled (trial, &claim, rand);
      assert_list (trial, CHIHUO_TASK_STATE_WAITING, before);
    }
  chihuo_trial_check (trial);
}

/* The earliest first, whenever they were added; what is due comes after what waits */
static void
test_delayed (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  gint64 start = trial->moment.now;

  chihuo_trial_add_later (trial, "c", 3 * G_USEC_PER_SEC);
  chihuo_trial_add_later (trial, "a", 1 * G_USEC_PER_SEC);
  chihuo_trial_add_later (trial, "d", 4 * G_USEC_PER_SEC);
  chihuo_trial_add_later (trial, "b", 2 * G_USEC_PER_SEC);
  chihuo_trial_add (trial, "waits");
  assert_list (trial, CHIHUO_TASK_STATE_DELAYED, "a b c d");

  trial->moment.now = start + 3 * G_USEC_PER_SEC;
  {
    g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 1);

    g_assert_cmpint (claim.claim.next_due, ==, start + 4 * G_USEC_PER_SEC);
    g_assert_cmpuint (claim.claim.n_waiting, ==, 3);
    g_assert_cmpstr (chihuo_payload_get_id (claim.claim.claimed[0].payload), ==, "waits");
  }
  assert_claim (trial, 9, "a b c");
  chihuo_trial_check (trial);

  trial->moment.now = start + 9 * G_USEC_PER_SEC;
  {
    g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 9);

    g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
    g_assert_cmpint (claim.claim.next_due, ==, 0);
  }
}

/* More than a call may touch is due at once: nothing is lost, and the order stays */
static void
test_many_due (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  guint n = 0;
  guint got;

  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *id = g_strdup_printf ("%04u", i);

      chihuo_trial_add_later (trial, id, G_USEC_PER_SEC + i);
    }
  chihuo_trial_advance (trial, CHIHUO_TRIAL_HOUR);
  do
    {
      g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 200);

      got = claim.claim.n_claimed;
      for (guint i = 0; i < got; i++)
        g_assert_cmpuint (g_ascii_strtoull (
                            chihuo_payload_get_id (claim.claim.claimed[i].payload), NULL, 10),
                          ==, n++);
    }
  while (got > 0);
  g_assert_cmpuint (n, ==, 1500);
}

static void
test_paused (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  ChihuoItem pause = chihuo_trial_item (trial, CHIHUO_OP_SET_PAUSED, NULL);
  ChihuoStats stats;

  chihuo_trial_add (trial, "a");
  pause.pause.paused = TRUE;
  g_assert_cmpint (chihuo_trial_do (trial, &pause), ==, CHIHUO_ANSWER_OK);
  {
    g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 1);

    g_assert_cmpuint (claim.claim.n_claimed, ==, 0);
    g_assert_cmpuint (claim.claim.n_waiting, ==, 1);
    g_assert_true (claim.claim.paused);
  }
  chihuo_trial_stats (trial, &stats);
  g_assert_true (stats.paused);

  pause.pause.paused = FALSE;
  chihuo_trial_do (trial, &pause);
  assert_claim (trial, 1, "a");
  chihuo_trial_stats (trial, &stats);
  g_assert_false (stats.paused);
}

const ChihuoConformanceEntry chihuo_conformance_order[] = {
  { "order/fifo", test_fifo },
  { "order/priority", test_priority },
  { "order/replace", test_replace },
  { "order/return", test_return },
  { "order/delayed", test_delayed },
  { "order/many-due", test_many_due },
  { "order/paused", test_paused },
  { NULL, NULL },
};
