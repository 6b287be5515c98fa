/* bench-lodis-server.h - a private Lodis to measure with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "bench.h"

G_BEGIN_DECLS

typedef struct
{
  GSubprocess *process; /* (owned) */
  char        *path;    /* (owned): of its folder */
  guint16      port;
} BenchLodis;

BenchLodis *bench_lodis_new       (BenchRun   *run,
                                   const char *sync);
void        bench_lodis_free      (BenchLodis *self);
double      bench_lodis_get_bytes (BenchLodis *self);
double      bench_lodis_push      (BenchLodis *self,
                                   guint       n);
char       *bench_lodis_dup_url   (guint16     port,
                                   const char *mode);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchLodis, bench_lodis_free)

G_END_DECLS
