/* chihuo-redis-router.h - which connection serves a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-connection.h"
#include "chihuo-redis-refusals.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisRouter ChihuoRedisRouter;

/* Called for each new connection to a server that holds queues: checks it, loads the scripts */
typedef gboolean (* ChihuoRedisWelcome) (ChihuoRedisConnection  *connection,
                                         gpointer                data,
                                         GError                **error);

ChihuoRedisRouter     *chihuo_redis_router_new      (const ChihuoRedisOptions  *options,
                                                     ChihuoRedisRefusals       *refusals,
                                                     ChihuoRedisWelcome         welcome,
                                                     gpointer                   data);
void                   chihuo_redis_router_free     (ChihuoRedisRouter         *self);

/* (transfer none): the connection of whoever holds the key's slot: one server, a Sentinel's primary, a
 * cluster's node. Connects where it must. `key` = a queue's key with its hash tag; NULL = any node */
ChihuoRedisConnection *chihuo_redis_router_get      (ChihuoRedisRouter         *self,
                                                     const char                *key,
                                                     GError                   **error);

/* A reply was MOVED, ASK or READONLY: learns from it. `*connection` = whom it came from. TRUE: ask again now, at
 * `*connection`, which has got ASKING already where that is wanted: it is for the very next command only, so one
 * command at a time. FALSE: not now */
gboolean               chihuo_redis_router_redirect (ChihuoRedisRouter         *self,
                                                     const char                *key,
                                                     const char                *error_text,
                                                     ChihuoRedisConnection    **connection,
                                                     GError                   **error);

/* Frees broken connections, and those that a redirection left: before each exchange, page, …; until then all that
 * were given out live. Where a Sentinel is asked, what was learnt from it is forgotten, too */
void                   chihuo_redis_router_clean    (ChihuoRedisRouter         *self);

/* (transfer none): where the bell connects to: the current primary, or any node. Asks nobody, never blocks */
GSocketConnectable    *chihuo_redis_router_get_address (ChihuoRedisRouter      *self,
                                                        GError                **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisRouter, chihuo_redis_router_free)

G_END_DECLS
