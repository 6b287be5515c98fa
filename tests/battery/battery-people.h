/* battery-people.h - who adds tasks to a queue under load, and changes his mind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-queue.h"
#include "sim-random.h"

G_BEGIN_DECLS

typedef struct _BatteryPeople BatteryPeople;

BatteryPeople *battery_people_new    (ChihuoQueue   *queue,
                                      guint          depth,
                                      guint          n_ids,
                                      gint64         longest_pause,
                                      guint64        seed);
void           battery_people_free   (BatteryPeople *self);
void           battery_people_rest   (BatteryPeople *self);

void           battery_people_add    (ChihuoQueue   *queue,
                                      SimRandom     *random,
                                      const char    *id);
char          *battery_people_any_id (SimRandom     *random,
                                      guint          n_ids);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatteryPeople, battery_people_free)

G_END_DECLS
