/* bench-latency.h - from the add in a process that idles to the task's first line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "bench.h"

G_BEGIN_DECLS

GArray *bench_latency_sample (const char *config,
                              guint       n);
void    bench_latency_note   (BenchRun   *run,
                              GArray     *values,
                              double      bare);

G_END_DECLS
