/* chihuo-conformance-workers.c - workers that die, and several on one store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-conformance-parts.h"

static guint
count_suspects (const ChihuoItem *claim)
{
  guint n = 0;

  for (guint i = 0; i < claim->claim.n_claimed; i++)
    n += claim->claim.claimed[i].crashes > 0;

  return n;
}

/* What a dead worker held stands in its old places; of those that may be killers one is handed
 * out */
static void
test_suspects (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  chihuo_trial_add_many (trial, "t", 9);
  before = chihuo_trial_list_ids (trial, CHIHUO_TASK_STATE_WAITING);
  g_free (chihuo_trial_claim_ids (trial, 4));
  chihuo_trial_kill (trial);
  g_assert_cmpuint (chihuo_trial_reap (trial), ==, 4);
  g_assert_cmpuint (chihuo_trial_reap (trial), ==, 0);
  after = chihuo_trial_list_ids (trial, CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpstr (after, ==, before);
  chihuo_trial_check (trial);

  {
    g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 9);

    g_assert_cmpuint (claim.claim.n_claimed, ==, 6);
    g_assert_cmpuint (count_suspects (&claim), ==, 1);
    g_assert_cmpstr (chihuo_payload_get_id (claim.claim.claimed[0].payload), ==, "t0000");
    g_assert_cmpuint (claim.claim.n_waiting, ==, 3);
  }
}

/* Who holds a suspect asks for none */
static void
test_no_suspects (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_auto (ChihuoItem) claim = { 0 };

  chihuo_trial_add_many (trial, "t", 3);
  g_free (chihuo_trial_claim_ids (trial, 2));
  chihuo_trial_kill (trial);
  chihuo_trial_reap (trial);

  claim = chihuo_trial_item (trial, CHIHUO_OP_CLAIM, NULL);
  claim.claimant = trial->claimant;
  claim.claim.n = 9;
  claim.claim.request = ++trial->claim_request;
  claim.claim.lease = CHIHUO_TRIAL_LEASE;
  chihuo_trial_do (trial, &claim);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  g_assert_cmpstr (chihuo_payload_get_id (claim.claim.claimed[0].payload), ==, "t0002");
}

/* After max-crashes it is dead, and its neighbours are not */
static void
test_killer (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autoptr (ChihuoRecord) killer = NULL;
  g_autoptr (ChihuoRecord) neighbour = NULL;

  chihuo_trial_add (trial, "killer");
  chihuo_trial_add (trial, "neighbour");
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *ids = chihuo_trial_claim_ids (trial, 1);

      g_assert_cmpstr (ids, ==, "killer");
      chihuo_trial_add (trial, "killer");
      chihuo_trial_kill (trial);
      g_assert_cmpuint (chihuo_trial_reap (trial), ==, 1);
    }

  killer = chihuo_trial_look (trial, "killer");
  g_assert_cmpint (killer->state, ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpuint (killer->crashes, ==, 3);
  neighbour = chihuo_trial_look (trial, "neighbour");
  g_assert_cmpint (neighbour->state, ==, CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpint (chihuo_trial_add (trial, "killer"), ==, CHIHUO_ANSWER_DEAD);
  chihuo_trial_check (trial);
}

/* More runs than a call may touch end by one death */
static void
test_many_reaped (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  ChihuoStats stats;

  chihuo_trial_add_many (trial, "t", 2300);
  for (guint i = 0; i < 10; i++)
    g_free (chihuo_trial_claim_ids (trial, 230));
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.running, ==, 2300);
  g_assert_cmpuint (stats.workers, ==, 1);

  chihuo_trial_kill (trial);
  g_assert_cmpuint (chihuo_trial_reap (trial), ==, 2300);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.waiting, ==, 2300);
  g_assert_cmpuint (stats.workers, ==, 0);
}

/* A run that is renewed is not reaped */
static void
test_renewed (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_auto (ChihuoItem) claim = { 0 };
  g_auto (ChihuoItem) renewal = chihuo_trial_item (trial, CHIHUO_OP_RENEW, "id");

  chihuo_trial_add (trial, "id");
  claim = chihuo_trial_claim (trial, 1);
  renewal.claimant = trial->claimant;
  renewal.token = claim.claim.claimed[0].token;
  renewal.handle = claim.claim.claimed[0].handle;
  renewal.renew.lease = CHIHUO_TRIAL_LEASE;
  for (guint i = 0; i < 10; i++)
    {
      chihuo_trial_advance (trial, 10 * G_USEC_PER_SEC);
      g_assert_cmpint (chihuo_trial_do (trial, &renewal), ==, CHIHUO_ANSWER_OK);
      g_assert_cmpuint (chihuo_trial_reap (trial), ==, 0);
    }
}

/* Not counted: the code was only slow to stop */
static void
test_abandoned (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_auto (ChihuoItem) claim = { 0 };
  g_autoptr (ChihuoRecord) record = NULL;

  chihuo_trial_add (trial, "id");
  claim = chihuo_trial_claim (trial, 1);
  g_assert_cmpint (chihuo_trial_settle (trial, &claim.claim.claimed[0], CHIHUO_SETTLE_ABANDONED),
                   ==, CHIHUO_ANSWER_OK);
  g_assert_cmpuint (chihuo_trial_reap (trial), ==, 1);
  record = chihuo_trial_look (trial, "id");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpuint (record->crashes, ==, 0);
}

/* Two connections see one queue, and neither gets or settles what the other holds */
static void
test_two_connections (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) a = NULL;
  g_autoptr (ChihuoTrial) b = NULL;
  g_auto (ChihuoItem) of_a = { 0 };
  g_auto (ChihuoItem) of_b = { 0 };

  a = chihuo_trial_new (factory);
  b = chihuo_trial_new_other (a, "claimant-B");
  chihuo_trial_add_many (a, "t", 6);
  of_a = chihuo_trial_claim (a, 2);
  of_b = chihuo_trial_claim (b, 2);
  g_assert_cmpstr (chihuo_payload_get_id (of_a.claim.claimed[1].payload), ==, "t0001");
  g_assert_cmpstr (chihuo_payload_get_id (of_b.claim.claimed[0].payload), ==, "t0002");
  g_assert_cmpuint (of_b.claim.claimed[0].token, >, of_a.claim.claimed[1].token);

  g_assert_cmpint (chihuo_trial_settle (b, &of_a.claim.claimed[0], CHIHUO_SETTLE_DONE), ==,
                   CHIHUO_ANSWER_STALE);
  g_assert_cmpint (chihuo_trial_simple (b, CHIHUO_OP_CANCEL, "t0001"), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (chihuo_trial_simple (b, CHIHUO_OP_FINISH, "t0000"), ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (chihuo_trial_settle (a, &of_a.claim.claimed[0], CHIHUO_SETTLE_FAILED), ==,
                   CHIHUO_ANSWER_OK);
  g_assert_cmpint (chihuo_trial_settle (a, &of_a.claim.claimed[1], CHIHUO_SETTLE_RETURNED), ==,
                   CHIHUO_ANSWER_DEAD);
  g_assert_cmpint (chihuo_trial_add (b, "t0000"), ==, CHIHUO_ANSWER_FINISHED);
  chihuo_trial_check (a);
  chihuo_trial_check (b);
}

/* The one reaps what the other held when it died, and nothing of its own */
static void
test_reap_the_other (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) a = NULL;
  g_autoptr (ChihuoTrial) b = NULL;
  g_auto (ChihuoItem) of_a = { 0 };
  g_autofree char *waiting = NULL;

  a = chihuo_trial_new (factory);
  b = chihuo_trial_new_other (a, "claimant-B");
  chihuo_trial_add_many (a, "t", 4);
  g_free (chihuo_trial_claim_ids (b, 2));
  chihuo_trial_kill (b);
  chihuo_trial_advance (a, CHIHUO_TRIAL_HOUR);
  of_a = chihuo_trial_claim (a, 1);
  g_assert_cmpstr (chihuo_payload_get_id (of_a.claim.claimed[0].payload), ==, "t0002");
  g_assert_cmpuint (chihuo_trial_reap (a), ==, 2);
  waiting = chihuo_trial_list_ids (a, CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpstr (waiting, ==, "t0000 t0001 t0003");
  g_assert_cmpint (chihuo_trial_settle (a, &of_a.claim.claimed[0], CHIHUO_SETTLE_DONE), ==,
                   CHIHUO_ANSWER_OK);
  chihuo_trial_check (a);
}

const ChihuoConformanceEntry chihuo_conformance_workers[] = {
  { "workers/suspects", test_suspects },
  { "workers/no-suspects", test_no_suspects },
  { "workers/killer", test_killer },
  { "workers/many-reaped", test_many_reaped },
  { "workers/renewed", test_renewed },
  { "workers/abandoned", test_abandoned },
  { "workers/two-connections", test_two_connections, CHIHUO_CONFORMANCE_NEEDS_SHARE },
  { "workers/reap-the-other", test_reap_the_other, CHIHUO_CONFORMANCE_NEEDS_SHARE },
  { NULL, NULL },
};
