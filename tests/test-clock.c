/* test-clock.c - the two clocks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <time.h>

#include "chihuo-clock.h"

/* The wall's is that of GLib, in the same unit */
static void
test_wall (void)
{
  gint64 before = g_get_real_time ();
  gint64 now = chihuo_clock_get_wall ();

  g_assert_cmpint (now, >=, before);
  g_assert_cmpint (now, <=, g_get_real_time ());
}

static gint64
seconds_of (clockid_t id)
{
  struct timespec ts;

  clock_gettime (id, &ts);

  return ts.tv_sec;
}

/* Never backwards, and with the time in which the machine slept */
static void
test_boot (void)
{
  gint64 last = chihuo_clock_get_boot ();

  g_assert_cmpint (last, >=, seconds_of (CLOCK_MONOTONIC) * G_USEC_PER_SEC - G_USEC_PER_SEC);
  for (int i = 0; i < 10000; i++)
    {
      gint64 now = chihuo_clock_get_boot ();

      g_assert_cmpint (now, >=, last);
      last = now;
    }
  g_assert_cmpint (last / G_USEC_PER_SEC, <=, seconds_of (CLOCK_BOOTTIME));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/wall", test_wall);
  g_test_add_func ("/clock/boot", test_boot);

  return g_test_run ();
}
