/* chihuo-run.h - the one main loop of a process that only eats tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include "chihuo-loop.h"

G_BEGIN_DECLS

CHIHUO_AVAILABLE_IN_ALL
int chihuo_run                 (ChihuoLoop   *first,
                                ...) G_GNUC_NULL_TERMINATED;
CHIHUO_AVAILABLE_IN_ALL
int chihuo_run_loops           (ChihuoLoop  **loops,
                                gsize         n_loops,
                                GError      **error);
CHIHUO_AVAILABLE_IN_ALL
int chihuo_run_get_exit_status (const GError *error);

G_END_DECLS
