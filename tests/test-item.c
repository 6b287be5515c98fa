/* test-item.c - what an item owns
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-item.h"

/* What is left over is a leak, which AddressSanitizer sees */
static void
test_clear (void)
{
  ChihuoItem settle = { .op = CHIHUO_OP_SETTLE };
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM };
  ChihuoItem junk = { .op = CHIHUO_OP_JUNK };

  settle.payload = chihuo_payload_new ("a", -1, NULL, 0);
  settle.settle.error = g_strdup ("why");
  chihuo_item_clear (&settle);
  g_assert_null (settle.payload);
  g_assert_null (settle.settle.error);

  /* the engine takes payloads out of the answer */
  claim.claim.claimed = g_new0 (ChihuoClaimed, 2);
  claim.claim.n_claimed = 2;
  claim.claim.claimed[1].payload = chihuo_payload_new ("a", -1, NULL, 0);
  chihuo_item_clear (&claim);
  chihuo_item_clear (&claim);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 0);
  g_assert_null (claim.claim.claimed);

  junk.junk.reason = g_strdup ("why");
  chihuo_item_clear (&junk);
  g_assert_null (junk.junk.reason);
}

static void
test_claimed_size (void)
{
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM };

  g_assert_cmpuint (chihuo_item_get_claimed_size (&claim), ==, 0);
  claim.claim.claimed = g_new0 (ChihuoClaimed, 2);
  claim.claim.n_claimed = 2;
  claim.claim.claimed[0].payload = chihuo_payload_new ("a", -1, "[1]", -1);
  claim.claim.claimed[1].payload = chihuo_payload_new ("b", -1, "22", -1);
  g_assert_cmpuint (chihuo_item_get_claimed_size (&claim), ==, 5);
  chihuo_item_clear (&claim);
}

/* Both lists say the same with the same numbers, which the calls rely on */
static void
test_answers (void)
{
  g_autoptr (GEnumClass) answers = g_type_class_ref (CHIHUO_TYPE_ANSWER);
  g_autoptr (GEnumClass) results = g_type_class_ref (CHIHUO_TYPE_ADD_RESULT);

  g_assert_cmpuint (results->n_values, ==, 7);
  for (guint i = 1; i < results->n_values; i++)
    g_assert_cmpstr (g_enum_get_value (answers, i)->value_nick, ==,
                     g_enum_get_value (results, i)->value_nick);
  g_assert_cmpint (CHIHUO_ANSWER_NONE, ==, CHIHUO_ADD_RESULT_ERROR);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/item/clear", test_clear);
  g_test_add_func ("/item/claimed-size", test_claimed_size);
  g_test_add_func ("/item/answers", test_answers);

  return g_test_run ();
}
