/* chihuo-redis-upkeep.h - work on all of a queue in a Redis, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-redis-pipeline.h"

G_BEGIN_DECLS

/* moment: from chihuo_redis_encode_moment() */
gboolean chihuo_redis_upkeep_sweep (ChihuoRedisPipeline  *pipeline,
                                    ChihuoRedisQueue     *queue,
                                    const char           *moment,
                                    ChihuoSweep          *sweep,
                                    GError              **error);
gboolean chihuo_redis_upkeep_reap  (ChihuoRedisPipeline  *pipeline,
                                    GPtrArray            *queues,
                                    const char           *moment,
                                    guint                *n_reaped,
                                    gboolean             *more,
                                    GError              **error);

G_END_DECLS
