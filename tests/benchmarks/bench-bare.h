/* bench-bare.h - what is done without chihuo, in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-task.h"

G_BEGIN_DECLS

double bench_bare_add       (ChihuoTask **tasks,
                             guint        n,
                             guint        per_lock);
double bench_bare_gtask     (guint        n);
double bench_bare_pool      (guint        n);
double bench_bare_context   (guint        n);
double bench_bare_hand_over (guint        n,
                             double       pause);

G_END_DECLS
