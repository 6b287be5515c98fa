/* chihuo-redis-exchange.h - a batch as calls of scripts, and their replies as its answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-encode.h"
#include "chihuo-redis-pipeline.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisExchange ChihuoRedisExchange;

/* Finds the queue of a name, interned */
typedef ChihuoRedisQueue *(* ChihuoRedisFindQueue) (gpointer    data,
                                                    const char *name);

/* pipeline: (not owned). own_clock: the times are the batches' */
ChihuoRedisExchange *chihuo_redis_exchange_new  (ChihuoRedisPipeline   *pipeline,
                                                 gboolean               own_clock,
                                                 ChihuoRedisFindQueue   find_queue,
                                                 gpointer               data);
void                 chihuo_redis_exchange_free (ChihuoRedisExchange   *self);
gboolean             chihuo_redis_exchange_run  (ChihuoRedisExchange   *self,
                                                 ChihuoBatch           *batch,
                                                 GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisExchange, chihuo_redis_exchange_free)

G_END_DECLS
