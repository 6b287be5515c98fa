/* battery-recorder.h - a real backend, with somebody who writes down what passes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-item.h"

G_BEGIN_DECLS

void         battery_recorder_install     (const char *scheme,
                                           double      doubt,
                                           guint       seed);
gboolean     battery_recorder_had_since   (const char *id,
                                           gint64      since);
ChihuoAnswer battery_recorder_get_removal (void);

G_END_DECLS
