/* chihuo-redis-bell.h - a source that fires when there are news of a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-router.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisBell ChihuoRedisBell;

/* It has a connection of its own, which it makes and mends by itself without ever blocking. All of it
 * belongs to the store's thread. It fires when news come in, and each time it could connect, since something
 * may have been missed */
ChihuoRedisBell *chihuo_redis_bell_new           (const ChihuoRedisOptions *options,
                                                  ChihuoRedisRouter        *router);
void             chihuo_redis_bell_free          (ChihuoRedisBell          *self);
void             chihuo_redis_bell_listen        (ChihuoRedisBell          *self,
                                                  const char               *channel);
/* (transfer full): may outlive the bell, and is silent then */
GSource         *chihuo_redis_bell_create_source (ChihuoRedisBell          *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisBell, chihuo_redis_bell_free)

G_END_DECLS
