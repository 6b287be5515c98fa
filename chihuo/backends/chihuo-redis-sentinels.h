/* chihuo-redis-sentinels.h - those who know where the primary is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-options.h"
#include "chihuo-redis-refusals.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisSentinels ChihuoRedisSentinels;

ChihuoRedisSentinels *chihuo_redis_sentinels_new  (const ChihuoRedisOptions  *options,
                                                   ChihuoRedisRefusals       *refusals);
void                  chihuo_redis_sentinels_free (ChihuoRedisSentinels      *self);
/* (transfer full): blocks for a second at the most for each sentinel that does not answer */
GSocketConnectable   *chihuo_redis_sentinels_ask  (ChihuoRedisSentinels      *self,
                                                   GError                   **error);
void                  chihuo_redis_sentinels_doubt (ChihuoRedisSentinels     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisSentinels, chihuo_redis_sentinels_free)

G_END_DECLS
