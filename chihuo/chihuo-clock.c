/* chihuo-clock.c - the two clocks: the wall's, and one that never jumps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <time.h>

#include "chihuo-clock.h"

/* µs since the epoch: for what is stored and shown. It may jump */
gint64
chihuo_clock_get_wall (void)
{
  return g_get_real_time ();
}

/* µs since the machine was started, suspended time included: for leases, time-outs and pauses */
gint64
chihuo_clock_get_boot (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_BOOTTIME, &ts);

  return ts.tv_sec * G_USEC_PER_SEC + ts.tv_nsec / 1000;
}
