/* lodis-clock.h - a clock that runs while the server does
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In µs. A look at it that comes late finds at most LODIS_CLOCK_STEP gone by */
#define LODIS_CLOCK_STEP (2 * G_USEC_PER_SEC)

typedef struct
{
  gint64 now;
  gint64 last; /* of CLOCK_BOOTTIME */
} LodisClock;

void   lodis_clock_init (LodisClock *self,
                         gint64      now);
gint64 lodis_clock_tick (LodisClock *self);

G_END_DECLS
