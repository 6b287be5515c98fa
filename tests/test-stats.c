/* test-stats.c - figures that can be copied
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-stats.h"

static void
test_copy (void)
{
  ChihuoStats stats = { .waiting = 1, .delayed = 2, .paused = TRUE, .oldest_waiting = 0.5,
                        .workers = 3 };
  g_autoptr (ChihuoStats) copy = chihuo_stats_copy (&stats);
  ChihuoStats *boxed = g_boxed_copy (CHIHUO_TYPE_STATS, copy);

  g_assert_true (boxed != copy);
  g_assert_cmpmem (copy, sizeof *copy, &stats, sizeof stats);
  g_assert_cmpmem (boxed, sizeof *boxed, &stats, sizeof stats);
  g_boxed_free (CHIHUO_TYPE_STATS, boxed);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/copy", test_copy);

  return g_test_run ();
}
