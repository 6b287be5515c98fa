/* chihuo-clock.h - the two clocks: the wall's, and one that never jumps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gint64 chihuo_clock_get_wall (void);
gint64 chihuo_clock_get_boot (void);

G_END_DECLS
