/* test-backoff.c - how long to wait before something is tried again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backoff.h"

#define LONGEST G_USEC_PER_SEC
#define N_TRIES 2000

/* Each rest lies between the floor and a limit that doubles up to the longest */
static void
test_bounds (void)
{
  for (guint i = 0; i < N_TRIES; i++)
    {
      gint64 limit = CHIHUO_BACKOFF_FIRST;
      ChihuoBackoff backoff = { 0 };

      for (guint n = 0; n < 10; n++)
        {
          gint64 rest = chihuo_backoff_next (&backoff, LONGEST);

          g_assert_cmpint (rest, >=, CHIHUO_BACKOFF_FLOOR);
          g_assert_cmpint (rest, <=, limit);
          limit = MIN (2 * limit, LONGEST);
        }
    }
}

/* Of two thousand some lie in the lowest tenth, some in the highest: the chance that they do not is
 * 0.9²⁰⁰⁰ */
static void
test_full (void)
{
  ChihuoBackoff backoff = { .limit = LONGEST };
  guint n_low = 0;
  guint n_high = 0;

  for (guint i = 0; i < N_TRIES; i++)
    {
      gint64 rest = chihuo_backoff_next (&backoff, LONGEST);

      n_low += rest < LONGEST / 10;
      n_high += rest > LONGEST - LONGEST / 10;
    }
  g_assert_cmpuint (n_low, >, 0);
  g_assert_cmpuint (n_high, >, 0);
}

static void
test_reset (void)
{
  ChihuoBackoff backoff = { .limit = LONGEST };

  for (guint i = 0; i < N_TRIES; i++)
    {
      chihuo_backoff_reset (&backoff);
      g_assert_cmpint (chihuo_backoff_next (&backoff, LONGEST), <=, CHIHUO_BACKOFF_FIRST);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/backoff/bounds", test_bounds);
  g_test_add_func ("/backoff/full", test_full);
  g_test_add_func ("/backoff/reset", test_reset);

  return g_test_run ();
}
