/* bench-script.h - the bare program for Redis: our own scripts, one call after another
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "bench-server.h"

G_BEGIN_DECLS

typedef struct _BenchScript BenchScript;

BenchScript *bench_script_new   (BenchServer *server);
void         bench_script_free  (BenchScript *self);
double       bench_script_add   (BenchScript *self,
                                 guint        n,
                                 guint        per_call);
double       bench_script_eat   (BenchScript *self,
                                 guint        n,
                                 guint        per_call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchScript, bench_script_free)

G_END_DECLS
