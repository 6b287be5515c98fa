/* bench-figure.h - figures and names as people read them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "bench.h"

G_BEGIN_DECLS

char *bench_figure_format (double           value,
                           const char      *unit);
char *bench_figure_name   (const BenchCase *bench);

G_END_DECLS
