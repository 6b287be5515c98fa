/* test-error.c - the one domain of errors
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"

static void
test_domain (void)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (CHIHUO_TYPE_ERROR);

  /* other languages find the codes of a domain by its name */
  g_assert_cmpstr (g_quark_to_string (CHIHUO_ERROR), ==, "chihuo-error-quark");
  g_assert_cmpint (klass->maximum, ==, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  for (int i = 0; i <= klass->maximum; i++)
    g_assert_nonnull (g_enum_get_value (klass, i));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/domain", test_domain);

  return g_test_run ();
}
