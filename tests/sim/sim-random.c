/* sim-random.c - numbers that look random, the same for the same seed everywhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-random.h"

/* SplitMix64 */
guint64
sim_random_next (SimRandom *self)
{
  guint64 z = self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return z ^ (z >> 31);
}

/* From `low` to `high`, both included */
gint64
sim_random_range (SimRandom *self, gint64 low, gint64 high)
{
  return low + (gint64) (sim_random_next (self) % (guint64) (high - low + 1));
}

/* As sim_random_range(), but each order of magnitude is as likely as the next. `low` is above 0 */
gint64
sim_random_spread (SimRandom *self, gint64 low, gint64 high)
{
  int n_doublings = 0;
  gint64 floor;

  while (low << n_doublings < high)
    n_doublings++;
  if (n_doublings == 0)
    return low;

  floor = low << sim_random_range (self, 0, n_doublings - 1);

  return sim_random_range (self, floor, MIN (2 * floor, high));
}

gboolean
sim_random_chance (SimRandom *self, double chance)
{
  return (double) (sim_random_next (self) >> 11) / (double) (G_GUINT64_CONSTANT (1) << 53) < chance;
}

/* A share of up to `max`, or, but for a chance, none */
double
sim_random_share (SimRandom *self, double chance, double max)
{
  if (!sim_random_chance (self, chance))
    return 0;

  return max * (double) sim_random_range (self, 1, 100) / 100;
}
