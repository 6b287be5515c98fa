/* bench-server.h - a private Redis to measure with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <hiredis/hiredis.h>

#include "bench.h"

G_BEGIN_DECLS

#define BENCH_SERVER_PROGRAM "redis-server"

typedef enum
{
  BENCH_SERVER_UNIX,     /* a socket in the file system, nothing on the disk */
  BENCH_SERVER_TCP,      /* loopback, nothing on the disk */
  BENCH_SERVER_EVERYSEC, /* loopback, appendfsync everysec */
} BenchServerKind;

typedef struct
{
  GSubprocess     *process;   /* (owned) */
  char            *folder;    /* (owned): all that it writes */
  char            *socket;    /* (owned) */
  BenchServerKind  kind;
  guint            port;
  GSubprocess     *proxy;     /* (owned) (nullable) */
  char            *proxy_url; /* (owned) (nullable) */
} BenchServer;

BenchServer  *bench_server_new       (BenchRun        *run,
                                      BenchServerKind  kind);
void          bench_server_free      (BenchServer     *self);
char         *bench_server_dup_url   (BenchServer     *self);
redisContext *bench_server_connect   (BenchServer     *self);
void          bench_server_clear     (BenchServer     *self);
double        bench_server_get_bytes (BenchServer     *self);
void          bench_server_go_far    (BenchServer     *self,
                                      guint            delay);
char         *bench_server_ask_peer  (const char      *peer,
                                      const char      *url,
                                      const char      *n_jobs,
                                      gboolean         of_node);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchServer, bench_server_free)

G_END_DECLS
