/* chihuo-redis-pipeline.h - calls of scripts that go out together
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-checks.h"
#include "chihuo-redis-error.h"
#include "chihuo-redis-queue.h"
#include "chihuo-redis-router.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisCall ChihuoRedisCall;
typedef struct _ChihuoRedisPipeline ChihuoRedisPipeline;

/* One call. Whoever asks embeds it, and finds its reply in it */
struct _ChihuoRedisCall
{
  ChihuoRedisQueue      *queue;      /* (not owned) */
  void                (* write)      (const ChihuoRedisCall *call,
                                      ChihuoRedisConnection *connection);
  ChihuoRedisReply      *reply;      /* out (owned) (nullable): may be an error */
  ChihuoRedisConnection *connection; /* (not owned) (nullable): where its reply will come from */
};

/* Private to the Redis backend's files */
struct _ChihuoRedisPipeline
{
  ChihuoRedisRouter *router; /* (not owned) */
  ChihuoRedisChecks *checks; /* (not owned) */
  gboolean           wait;   /* what is done must not be lost */
  gboolean           sent;   /* out: something went out whose reply never came */
  GPtrArray         *spent;  /* (owned) (element-type ChihuoRedisReply): nobody needs them any more */
};

void     chihuo_redis_pipeline_init        (ChihuoRedisPipeline    *self,
                                            ChihuoRedisRouter      *router,
                                            ChihuoRedisChecks      *checks);
void     chihuo_redis_pipeline_clear       (ChihuoRedisPipeline    *self);

gboolean chihuo_redis_pipeline_run         (ChihuoRedisPipeline    *self,
                                            ChihuoRedisCall       **calls,
                                            guint                   n_calls,
                                            GError                **error);
/* Whether the reply is an error, and what that means */
gboolean chihuo_redis_pipeline_has_failed  (const ChihuoRedisCall  *call,
                                            ChihuoRedisTrouble     *trouble);
/* The error of a call that has failed, as if nothing had been done */
void     chihuo_redis_pipeline_explain     (const ChihuoRedisCall  *call,
                                            GError                **error);
/* To be asked again */
void     chihuo_redis_pipeline_clear_reply (ChihuoRedisCall        *call);
/* Never again: its reply is freed later, while the server is at work on the next calls */
void     chihuo_redis_pipeline_spend       (ChihuoRedisPipeline    *self,
                                            ChihuoRedisCall        *call);

G_END_DECLS
