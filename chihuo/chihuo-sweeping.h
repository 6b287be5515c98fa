/* chihuo-sweeping.h - a call that works through all of a queue in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-call.h"

G_BEGIN_DECLS

/* How many kinds of work one call can do, one after another */
#define CHIHUO_SWEEPING_MAX 6

ChihuoCall *chihuo_sweeping_new_call (const char            *queue,
                                      const ChihuoSweepWhat *sweeps,
                                      guint                  n_sweeps);

G_END_DECLS
