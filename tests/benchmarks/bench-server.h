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

/* Another task queue of Redis */
typedef struct
{
  const char *name;
  const char *interpreter;
  const char *ending; /* of the script that knows it */
  guint       n_jobs; /* what it does in a second or some */
} BenchPeer;

BenchServer  *bench_server_new       (BenchRun        *run,
                                      BenchServerKind  kind);
void          bench_server_free      (BenchServer     *self);
char         *bench_server_dup_url   (BenchServer     *self);
redisContext *bench_server_connect   (BenchServer     *self);
double        bench_server_get_bytes (BenchServer     *self);
void          bench_server_go_far    (BenchServer     *self,
                                      guint            delay);
char         *bench_server_ask_peer  (const BenchPeer *peer,
                                      const char      *url,
                                      guint            n_jobs);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchServer, bench_server_free)

G_END_DECLS
