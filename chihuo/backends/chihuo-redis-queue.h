/* chihuo-redis-queue.h - a queue's keys, as a Redis is told them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-connection.h"
#include "chihuo-redis-scripts.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisQueue ChihuoRedisQueue;

/* Private to the Redis backend's files */
struct _ChihuoRedisQueue
{
  const char *name;       /* interned */
  char       *key;        /* (owned): the first of its keys, by which its server is found */
  char       *channel;    /* (owned): where its news are published */
  GBytes     *keys;       /* (owned): how many, and all but the last, as RESP */
  const char *client;     /* interned (nullable): whose the last key is */
  char       *client_key; /* (owned): the last key */
  gboolean    listens;    /* its news are wanted here */
};

ChihuoRedisQueue *chihuo_redis_queue_new        (const char             *name);
void              chihuo_redis_queue_free       (ChihuoRedisQueue       *self);
/* Begins the call of a script: n_arguments are to follow, of which the moment is none */
void              chihuo_redis_queue_begin_call (ChihuoRedisQueue       *self,
                                                 ChihuoRedisConnection  *connection,
                                                 ChihuoRedisScript       script,
                                                 const char             *client,
                                                 const char             *moment,
                                                 guint                   n_arguments);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisQueue, chihuo_redis_queue_free)

G_END_DECLS
