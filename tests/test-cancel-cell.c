/* test-cancel-cell.c - a cancellable in plain C
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-cancel-cell.h"

static void
test_life (void)
{
  ChihuoCancelCell *cell = chihuo_cancel_cell_new ();
  gpointer watched = cell->cancellable;

  g_object_add_weak_pointer (G_OBJECT (cell->cancellable), &watched);
  g_assert_false (g_cancellable_is_cancelled (cell->cancellable));
  g_assert_true (chihuo_cancel_cell_ref (cell) == cell);
  chihuo_cancel_cell_unref (cell);
  g_assert_nonnull (watched);
  chihuo_cancel_cell_unref (cell);
  g_assert_null (watched);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cancel-cell/life", test_life);

  return g_test_run ();
}
