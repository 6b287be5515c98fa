/* test-enums.c - the words of a task's life, as other languages see them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-enums.h"

/* A value that is missing in the type could not be shown, or set as a property */
static void
assert_enum (GType type, int first, int last, const char *first_nick, const char *last_nick)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  g_assert_cmpint (klass->minimum, ==, first);
  g_assert_cmpint (klass->maximum, ==, last);
  for (int i = first; i <= last; i++)
    g_assert_nonnull (g_enum_get_value (klass, i));
  g_assert_cmpstr (g_enum_get_value (klass, first)->value_nick, ==, first_nick);
  g_assert_cmpstr (g_enum_get_value (klass, last)->value_nick, ==, last_nick);
}

static void
test_enums (void)
{
  assert_enum (CHIHUO_TYPE_TASK_STATE, 0, CHIHUO_TASK_STATE_DEAD, "absent", "dead");
  assert_enum (CHIHUO_TYPE_FATE, 0, CHIHUO_FATE_DROP, "plain", "drop");
  assert_enum (CHIHUO_TYPE_ADD_RESULT, 0, CHIHUO_ADD_RESULT_FINISHED, "error", "finished");
  assert_enum (CHIHUO_TYPE_OUTCOME, 1, CHIHUO_OUTCOME_LOST, "done", "lost");
  assert_enum (CHIHUO_TYPE_RETRY_POLICY, 1, CHIHUO_RETRY_POLICY_IMMEDIATE, "exponential",
               "immediate");
}

static void
test_flags (void)
{
  g_autoptr (GFlagsClass) add = g_type_class_ref (CHIHUO_TYPE_ADD_FLAGS);
  g_autoptr (GFlagsClass) clear = g_type_class_ref (CHIHUO_TYPE_CLEAR_FLAGS);

  g_assert_cmpuint (add->mask, ==,
                    CHIHUO_ADD_FLAGS_AT_HEAD | CHIHUO_ADD_FLAGS_EVEN_FINISHED
                        | CHIHUO_ADD_FLAGS_EVEN_DEAD | CHIHUO_ADD_FLAGS_SKIP_RUNNING
                        | CHIHUO_ADD_FLAGS_REPLACE);
  g_assert_cmpuint (clear->mask, ==, CHIHUO_CLEAR_FLAGS_ALL);
  g_assert_cmpuint (CHIHUO_CLEAR_FLAGS_ALL, ==,
                    CHIHUO_CLEAR_FLAGS_WAITING | CHIHUO_CLEAR_FLAGS_DEAD | CHIHUO_CLEAR_FLAGS_FINISHED
                        | CHIHUO_CLEAR_FLAGS_RUNNING);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/enums/enums", test_enums);
  g_test_add_func ("/enums/flags", test_flags);

  return g_test_run ();
}
