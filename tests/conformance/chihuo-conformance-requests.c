/* chihuo-conformance-requests.c - batches, tokens and repeated requests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-conformance-parts.h"

/* Each item sees what those before it did, and the answers stand in their order */
static void
test_batch (const ChihuoConformanceFactory *factory)
{
  static const struct
  {
    ChihuoOp     op;
    ChihuoAnswer answer;
  } steps[] = {
    { CHIHUO_OP_UNFINISH, CHIHUO_ANSWER_ABSENT },  { CHIHUO_OP_ADD, CHIHUO_ANSWER_ADDED },
    { CHIHUO_OP_ADD, CHIHUO_ANSWER_EXISTS },       { CHIHUO_OP_CANCEL, CHIHUO_ANSWER_ABSENT },
    { CHIHUO_OP_CLAIM, CHIHUO_ANSWER_OK },         { CHIHUO_OP_ADD, CHIHUO_ANSWER_AGAIN },
    { CHIHUO_OP_CANCEL, CHIHUO_ANSWER_OK },        { CHIHUO_OP_FINISH, CHIHUO_ANSWER_FINISHED },
    { CHIHUO_OP_ADD, CHIHUO_ANSWER_FINISHED },     { CHIHUO_OP_UNFINISH, CHIHUO_ANSWER_OK },
    { CHIHUO_OP_RETRY_DEAD, CHIHUO_ANSWER_ABSENT }, { CHIHUO_OP_REMOVE, CHIHUO_ANSWER_OK },
  };
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  ChihuoItem items[G_N_ELEMENTS (steps)];
  ChihuoItem *pointers[G_N_ELEMENTS (steps)];

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      items[i] = chihuo_trial_item (trial, steps[i].op,
                                    steps[i].op == CHIHUO_OP_CLAIM ? NULL : "id");
      pointers[i] = &items[i];
      if (steps[i].op == CHIHUO_OP_ADD)
        {
          chihuo_item_clear (&items[i]);
          items[i] = chihuo_trial_add_item (trial, "id", "1");
        }
      else if (steps[i].op == CHIHUO_OP_CLAIM)
        {
          items[i].claimant = trial->claimant;
          items[i].claim.n = 3;
          items[i].claim.request = ++trial->claim_request;
          items[i].claim.lease = CHIHUO_TRIAL_LEASE;
          items[i].claim.max_tries = 25;
        }
    }
  chihuo_trial_send (trial, pointers, G_N_ELEMENTS (steps), ++trial->request, FALSE);
  g_assert_cmpuint (items[4].claim.n_claimed, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_assert_cmpint (items[i].answer, ==, steps[i].answer);
      chihuo_item_clear (&items[i]);
    }
  chihuo_trial_check (trial);
}

static void
assert_unchanged (ChihuoTrial *trial, const ChihuoRecord *before)
{
  g_autoptr (ChihuoRecord) now = chihuo_trial_look (trial, "id");

  g_assert_cmpint (now->state, ==, before->state);
  g_assert_cmpuint (now->token, ==, before->token);
  g_assert_cmpint (now->place, ==, before->place);
  g_assert_cmpuint (now->failures, ==, before->failures);
  g_assert_cmpint (now->finished, ==, before->finished);
}

/* Tokens only grow, also when the clock goes back and the task is a new one; old ones change
 * nothing */
static void
test_tokens (const ChihuoConformanceFactory *factory)
{
  static const ChihuoSettle ends[] = {
    CHIHUO_SETTLE_RETURNED, CHIHUO_SETTLE_DONE, CHIHUO_SETTLE_RETURNED, CHIHUO_SETTLE_REJECTED,
  };
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  ChihuoClaimed old = { .token = 0 };

  for (guint i = 0; i < 12; i++)
    {
      g_auto (ChihuoItem) claim = { 0 };
      g_autoptr (ChihuoRecord) before = NULL;

      chihuo_trial_simple (trial, CHIHUO_OP_REMOVE, "id");
      chihuo_trial_add (trial, "id");
      claim = chihuo_trial_claim (trial, 1);
      g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
      g_assert_cmpuint (claim.claim.claimed[0].token, >, old.token);

      before = chihuo_trial_look (trial, "id");
      if (old.payload != NULL)
        {
          for (guint j = CHIHUO_SETTLE_DONE; j <= CHIHUO_SETTLE_ABANDONED; j++)
            {
              g_assert_cmpint (chihuo_trial_settle (trial, &old, j), ==, CHIHUO_ANSWER_STALE);
              assert_unchanged (trial, before);
            }
          chihuo_payload_unref (old.payload);
        }
      old = claim.claim.claimed[0];
      chihuo_payload_ref (old.payload);
      chihuo_trial_settle (trial, &old, ends[i % G_N_ELEMENTS (ends)]);
      trial->moment.now -= CHIHUO_TRIAL_HOUR;
    }
  chihuo_payload_unref (old.payload);
}

/* The reply was lost: the same batch again gets the same answers, and nothing is done twice */
static void
test_repeated_batch (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_auto (ChihuoItem) add = chihuo_trial_add_item (trial, "a", "1");
  g_auto (ChihuoItem) finish = chihuo_trial_item (trial, CHIHUO_OP_FINISH, "b");
  g_auto (ChihuoItem) unfinish = chihuo_trial_item (trial, CHIHUO_OP_UNFINISH, "b");
  ChihuoItem *items[] = { &add, &finish, &unfinish };

  for (guint i = 0; i < 3; i++)
    {
      add.answer = finish.answer = unfinish.answer = CHIHUO_ANSWER_NONE;
      chihuo_trial_send (trial, items, 3, 100, i > 0);
      g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_ADDED);
      g_assert_cmpint (finish.answer, ==, CHIHUO_ANSWER_FINISHED);
      g_assert_cmpint (unfinish.answer, ==, CHIHUO_ANSWER_OK);
      chihuo_trial_check (trial);
    }

  chihuo_trial_send (trial, items, 3, 101, FALSE);
  g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_EXISTS);
}

/* A settle that is repeated says ok again, and a second failure is not counted */
static void
test_repeated_settle (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_auto (ChihuoItem) claim = { 0 };
  g_auto (ChihuoItem) settle = chihuo_trial_item (trial, CHIHUO_OP_SETTLE, "id");
  ChihuoItem *items[] = { &settle };
  g_autoptr (ChihuoRecord) record = NULL;

  chihuo_trial_add (trial, "id");
  claim = chihuo_trial_claim (trial, 1);
  settle.claimant = trial->claimant;
  settle.token = claim.claim.claimed[0].token;
  settle.handle = claim.claim.claimed[0].handle;
  settle.settle.how = CHIHUO_SETTLE_FAILED;
  settle.settle.delay = -1;
  for (guint i = 0; i < 2; i++)
    {
      chihuo_trial_send (trial, items, 1, 50, i > 0);
      g_assert_cmpint (settle.answer, ==, CHIHUO_ANSWER_OK);
    }
  record = chihuo_trial_look (trial, "id");
  g_assert_cmpuint (record->failures, ==, 1);

  chihuo_trial_send (trial, items, 1, 51, FALSE);
  g_assert_cmpint (settle.answer, ==, CHIHUO_ANSWER_STALE);
}

static ChihuoItem
same_claim (ChihuoTrial *trial, guint n)
{
  ChihuoItem item;

  trial->claim_request--;
  item = chihuo_trial_claim (trial, n);

  return item;
}

/* The same task with the same token, wherever it stands */
static void
assert_claimed (const ChihuoItem *claim, const ChihuoClaimed *wanted)
{
  for (guint i = 0; i < claim->claim.n_claimed; i++)
    {
      ChihuoClaimed *claimed = &claim->claim.claimed[i];

      if (claimed->token == wanted->token
          && chihuo_payload_equal (claimed->payload, wanted->payload))
        return;
    }
  g_assert_not_reached ();
}

/* A claim that is repeated gets what is still held under it, renewed, and hears how many are
 * lost */
static void
test_repeated_claim (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_auto (ChihuoItem) first = { 0 };
  g_auto (ChihuoItem) second = { 0 };
  g_auto (ChihuoItem) third = { 0 };
  ChihuoStats stats;

  chihuo_trial_add_many (trial, "t", 10);
  first = chihuo_trial_claim (trial, 4);
  second = same_claim (trial, 4);
  g_assert_cmpuint (second.claim.n_claimed, ==, 4);
  g_assert_cmpuint (second.claim.n_lost, ==, 0);
  for (guint i = 0; i < 4; i++)
    assert_claimed (&second, &first.claim.claimed[i]);

  chihuo_trial_settle (trial, &first.claim.claimed[1], CHIHUO_SETTLE_DONE);
  chihuo_trial_settle (trial, &first.claim.claimed[2], CHIHUO_SETTLE_RETURNED);
  third = same_claim (trial, 4);
  g_assert_cmpuint (third.claim.n_claimed, ==, 2);
  g_assert_cmpuint (third.claim.n_lost, ==, 2);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.running, ==, 2);
  g_assert_cmpuint (stats.waiting, ==, 7);
  chihuo_trial_check (trial);
}

/* The whole batch again, with its claim: no second helping */
static void
test_repeated_batch_with_claim (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  guint64 tokens[2] = { 0, 0 };
  ChihuoStats stats;

  chihuo_trial_add_many (trial, "t", 10);
  for (guint i = 0; i < 2; i++)
    {
      g_auto (ChihuoItem) claim = chihuo_trial_item (trial, CHIHUO_OP_CLAIM, NULL);
      g_auto (ChihuoItem) add = chihuo_trial_add_item (trial, "more", "1");
      ChihuoItem *items[] = { &add, &claim };

      claim.claimant = trial->claimant;
      claim.claim.n = 3;
      claim.claim.request = 77;
      claim.claim.lease = CHIHUO_TRIAL_LEASE;
      claim.claim.max_tries = 25;
      chihuo_trial_send (trial, items, 2, 500, i > 0);
      g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_ADDED);
      g_assert_cmpint (claim.answer, ==, CHIHUO_ANSWER_OK);
      g_assert_cmpuint (claim.claim.n_claimed, ==, 3);
      tokens[i] = claim.claim.claimed[0].token;
    }
  g_assert_cmpuint (tokens[0], ==, tokens[1]);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.running, ==, 3);
}

/* What a claim says of a task is what its add said */
static void
test_claim_fields (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_auto (ChihuoItem) add = chihuo_trial_add_item (trial, "id", "{\"a\":[1,2]}");
  g_auto (ChihuoItem) claim = { 0 };
  ChihuoClaimed *claimed;

  add.add.priority = -7;
  add.add.timeout = 1500 * 1000;
  add.add.max_tries = 6;
  chihuo_trial_do (trial, &add);
  chihuo_trial_add (trial, "other");
  claim = chihuo_trial_claim (trial, 1);
  claimed = &claim.claim.claimed[0];
  g_assert_cmpstr (chihuo_payload_get_id (claimed->payload), ==, "id");
  g_assert_cmpstr (chihuo_payload_get_json (claimed->payload), ==, "{\"a\":[1,2]}");
  g_assert_cmpint (claimed->timeout, ==, 1500 * 1000);
  g_assert_cmpuint (claimed->max_tries, ==, 6);
  g_assert_cmpint (claimed->priority, ==, -7);
  g_assert_cmpuint (claimed->failures, ==, 0);
  g_assert_cmpuint (claim.claim.n_waiting, ==, 1);
  g_assert_false (claim.claim.paused);
}

const ChihuoConformanceEntry chihuo_conformance_requests[] = {
  { "requests/batch", test_batch },
  { "requests/claim-fields", test_claim_fields },
  { "requests/tokens", test_tokens },
  { "requests/repeated-batch", test_repeated_batch },
  { "requests/repeated-settle", test_repeated_settle },
  { "requests/repeated-claim", test_repeated_claim },
  { "requests/repeated-batch-with-claim", test_repeated_batch_with_claim },
  { NULL, NULL },
};
