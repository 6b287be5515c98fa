/* test-batch.c - a batch as other languages see it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-batch.h"
#include "chihuo-error.h"
#include "chihuo-record.h"

static void
test_accessors (void)
{
  ChihuoBatch *batch = g_new0 (ChihuoBatch, 1);
  ChihuoItem add = { .op = CHIHUO_OP_ADD, .queue = "q" };
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM, .queue = "other" };
  ChihuoBatch *boxed;

  add.payload = chihuo_payload_new ("a", -1, "1", -1);
  g_atomic_ref_count_init (&batch->ref_count);
  batch->items = g_new (ChihuoItem *, 2);
  batch->items[0] = &add;
  batch->items[1] = &claim;
  batch->n_items = 2;

  g_assert_cmpuint (chihuo_batch_get_n_items (batch), ==, 2);
  g_assert_cmpint (chihuo_batch_get_op (batch, 1), ==, CHIHUO_OP_CLAIM);
  g_assert_cmpstr (chihuo_batch_get_queue (batch, 1), ==, "other");
  g_assert_true (chihuo_batch_get_payload (batch, 0) == add.payload);
  g_assert_null (chihuo_batch_get_payload (batch, 1));
  chihuo_batch_answer (batch, 0, CHIHUO_ANSWER_EXISTS);
  g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_EXISTS);
  g_assert_cmpint (claim.answer, ==, CHIHUO_ANSWER_NONE);

  boxed = g_boxed_copy (CHIHUO_TYPE_BATCH, batch);
  g_assert_true (boxed == batch);
  chihuo_batch_unref (batch);
  g_assert_cmpuint (chihuo_batch_get_n_items (boxed), ==, 2);
  g_boxed_free (CHIHUO_TYPE_BATCH, boxed);
  chihuo_item_clear (&add);
}

/* A backend that fails in the middle has given nobody a task. A leak is seen by AddressSanitizer */
static void
test_clear_answers (void)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new ("a", -1, "1", -1);
  ChihuoRecord record = { .payload = payload, .token = 7, .timeout = 1500, .failures = 1,
                          .crashes = 2, .max_tries = 3, .priority = -4 };
  ChihuoItem add = { .op = CHIHUO_OP_ADD, .answer = CHIHUO_ANSWER_REFUSED };
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM, .answer = CHIHUO_ANSWER_OK };
  ChihuoItem *items[] = { &add, &claim };
  ChihuoBatch batch = { .items = items, .n_items = 2 };

  batch.refusal = g_error_new_literal (CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "full");
  claim.claim.claimed = g_new (ChihuoClaimed, 2);
  chihuo_record_hand_out (&record, &claim);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  g_assert_true (claim.claim.claimed[0].payload == payload);
  g_assert_cmpuint (claim.claim.claimed[0].token, ==, 7);
  g_assert_cmpint (claim.claim.claimed[0].timeout, ==, 1500 * 1000);
  g_assert_cmpint (claim.claim.claimed[0].failures, ==, 1);
  g_assert_cmpint (claim.claim.claimed[0].crashes, ==, 2);
  g_assert_cmpint (claim.claim.claimed[0].max_tries, ==, 3);
  g_assert_cmpint (claim.claim.claimed[0].priority, ==, -4);
  claim.claim.n_lost = 1;
  claim.claim.paused = TRUE;

  chihuo_batch_clear_answers (&batch);
  g_assert_null (batch.refusal);
  g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_NONE);
  g_assert_cmpint (claim.answer, ==, CHIHUO_ANSWER_NONE);
  g_assert_null (claim.claim.claimed);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 0);
  g_assert_cmpuint (claim.claim.n_lost, ==, 0);
  g_assert_false (claim.claim.paused);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/batch/accessors", test_accessors);
  g_test_add_func ("/batch/clear-answers", test_clear_answers);

  return g_test_run ();
}
