/* bench-crowd.h - many who add to the same queue at once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-queue.h"

G_BEGIN_DECLS

#define BENCH_CROWD 8

double bench_crowd_add (ChihuoQueue *queue,
                        guint        n_each);

G_END_DECLS
