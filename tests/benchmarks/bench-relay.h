/* bench-relay.h - stands between a client and a server, and remembers what was asked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _BenchRelay BenchRelay;

BenchRelay *bench_relay_new            (guint16     server_port);
void        bench_relay_free           (BenchRelay *self);
guint16     bench_relay_get_port       (BenchRelay *self);
guint       bench_relay_get_n_requests (BenchRelay *self);
gsize       bench_relay_get_length     (BenchRelay *self);
double      bench_relay_replay         (BenchRelay *self,
                                        guint16     server_port,
                                        gsize       from);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchRelay, bench_relay_free)

G_END_DECLS
