/* lodis-clock.c - a clock that runs while the server does
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <time.h>

#include "lodis-clock.h"

/* Leases are counted on it. While the server is stopped, or the machine asleep, nobody can renew a
 * lease, so that time must not count: the server looks at its clock each second, and a look advances
 * it by two seconds at most. */

static gint64
get_boot_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_BOOTTIME, &time);
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

void
lodis_clock_init (LodisClock *self, gint64 now)
{
  self->now = now;
  self->last = get_boot_time ();
}

gint64
lodis_clock_tick (LodisClock *self)
{
  gint64 time = get_boot_time ();

  self->now += CLAMP (time - self->last, 0, LODIS_CLOCK_STEP);
  self->last = time;

  return self->now;
}
