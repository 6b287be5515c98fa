/* sim-random.h - numbers that look random, the same for the same seed everywhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint64 state;
} SimRandom;

guint64  sim_random_next   (SimRandom *self);
gint64   sim_random_range  (SimRandom *self,
                            gint64     low,
                            gint64     high);
gint64   sim_random_spread (SimRandom *self,
                            gint64     low,
                            gint64     high);
gboolean sim_random_chance (SimRandom *self,
                            double     chance);
double   sim_random_share  (SimRandom *self,
                            double     chance,
                            double     max);

G_END_DECLS
