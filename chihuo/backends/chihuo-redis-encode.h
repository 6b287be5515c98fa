/* chihuo-redis-encode.h - items as arguments of the scripts that carry them out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-batch.h"
#include "chihuo-redis-queue.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisPart ChihuoRedisPart;

/* What of a batch one call of a script carries out: items of one queue, in order */
struct _ChihuoRedisPart
{
  const char        *queue;   /* interned */
  ChihuoRedisScript  script;  /* adds, or all else: a full Redis refuses adds only */
  ChihuoItem       **items;   /* (not owned) (array length=n_items) */
  guint              n_items;
  guint              number;  /* 1…, among the parts of this queue */
  guint              after;   /* the part that must have been done before; 0 = none */
};

/* A task that turned out to be none when it was claimed */
typedef struct
{
  ChihuoItem *claim;  /* (not owned): whose answer it stood in */
  GBytes     *id;     /* (owned) */
  gint64      token;  /* of the run that it got by this claim */
  char       *reason; /* (owned) */
} ChihuoRedisJunk;

#define CHIHUO_REDIS_MOMENT_SIZE 48

/* How long what a client was answered is remembered, in seconds */
#define CHIHUO_REDIS_CLIENT_LIFE 3600

/* Into parts; `items` gets the batch's items in the order of their parts, and lends them to those */
void chihuo_redis_encode_split  (const ChihuoBatch      *batch,
                                 GPtrArray              *items,
                                 GArray                 *parts);
void chihuo_redis_encode_part   (const ChihuoRedisPart  *part,
                                 ChihuoRedisQueue       *queue,
                                 const ChihuoBatch      *batch,
                                 const char             *moment,
                                 ChihuoRedisConnection  *connection);
void chihuo_redis_encode_junk   (const ChihuoRedisJunk  *junk,
                                 guint                   n_junk,
                                 guint                   number,
                                 ChihuoRedisQueue       *queue,
                                 const ChihuoBatch      *batch,
                                 const char             *moment,
                                 ChihuoRedisConnection  *connection);
/* text: CHIHUO_REDIS_MOMENT_SIZE bytes. clock: NULL = the server's own clocks count */
void chihuo_redis_encode_moment (const ChihuoMoment     *clock,
                                 char                   *text);

G_END_DECLS
