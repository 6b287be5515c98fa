/* chihuo-redis-checks.h - what a Redis has to be like to hold queues
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-connection.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisChecks ChihuoRedisChecks;

ChihuoRedisChecks *chihuo_redis_checks_new       (const ChihuoRedisOptions  *options);
void               chihuo_redis_checks_free      (ChihuoRedisChecks         *self);
/* Asks a new connection's server what it is like; once for each run of it */
gboolean           chihuo_redis_checks_run       (ChihuoRedisChecks         *self,
                                                  ChihuoRedisConnection     *connection,
                                                  GError                   **error);
/* “durable=strict”: writes the command that waits until enough servers know, and judges its reply */
gboolean           chihuo_redis_checks_is_strict (ChihuoRedisChecks         *self);
void               chihuo_redis_checks_add_wait  (ChihuoRedisChecks         *self,
                                                  ChihuoRedisConnection     *connection);
gboolean           chihuo_redis_checks_judge     (ChihuoRedisChecks         *self,
                                                  const ChihuoRedisReply    *reply,
                                                  GError                   **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisChecks, chihuo_redis_checks_free)

G_END_DECLS
