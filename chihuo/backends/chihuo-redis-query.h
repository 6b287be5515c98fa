/* chihuo-redis-query.h - a call of a script that may be made twice
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-pipeline.h"

G_BEGIN_DECLS

#define CHIHUO_REDIS_QUERY_MAX_ARGUMENTS 5
#define CHIHUO_REDIS_QUERY_NUMBER_SIZE   24

typedef struct _ChihuoRedisQuery ChihuoRedisQuery;

/* Its arguments, the moment not counted. Private to the Redis backend's files */
struct _ChihuoRedisQuery
{
  ChihuoRedisCall    call; /* the first member */
  ChihuoRedisScript  script;
  const char        *moment;
  const char        *arguments[CHIHUO_REDIS_QUERY_MAX_ARGUMENTS]; /* (not owned) */
  guint              n_arguments;
};

void              chihuo_redis_query_init       (ChihuoRedisQuery     *self,
                                                 ChihuoRedisQueue     *queue,
                                                 ChihuoRedisScript     script,
                                                 const char           *moment);
void              chihuo_redis_query_add        (ChihuoRedisQuery     *self,
                                                 const char           *argument);
/* text: CHIHUO_REDIS_QUERY_NUMBER_SIZE bytes that live as long as the query */
void              chihuo_redis_query_add_number (ChihuoRedisQuery     *self,
                                                 char                 *text,
                                                 gint64                number);
gboolean          chihuo_redis_query_ask        (ChihuoRedisQuery     *self,
                                                 ChihuoRedisPipeline  *pipeline,
                                                 GError              **error);
gboolean          chihuo_redis_query_ask_all    (ChihuoRedisQuery     *queries,
                                                 guint                 n_queries,
                                                 ChihuoRedisPipeline  *pipeline,
                                                 GError              **error);
void              chihuo_redis_query_clear      (ChihuoRedisQuery     *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChihuoRedisQuery, chihuo_redis_query_clear)

G_END_DECLS
