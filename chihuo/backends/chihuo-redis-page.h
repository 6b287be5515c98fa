/* chihuo-redis-page.h - looks at a queue in a Redis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-redis-pipeline.h"

G_BEGIN_DECLS

gboolean chihuo_redis_page_fill  (ChihuoRedisPipeline  *pipeline,
                                  ChihuoRedisQueue     *queue,
                                  ChihuoPage           *page,
                                  GError              **error);
/* now: for the times since; 0 = the server's own time */
gboolean chihuo_redis_page_stats (ChihuoRedisPipeline  *pipeline,
                                  ChihuoRedisQueue     *queue,
                                  gint64                now,
                                  ChihuoStats          *stats,
                                  GError              **error);

G_END_DECLS
