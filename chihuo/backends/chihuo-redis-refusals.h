/* chihuo-redis-refusals.h - who has refused us, and when we may ask again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So long a rest is at the most, µs */
#define CHIHUO_REDIS_REFUSALS_LONGEST (30 * G_USEC_PER_SEC)

typedef struct _ChihuoRedisRefusals ChihuoRedisRefusals;

ChihuoRedisRefusals *chihuo_redis_refusals_new   (void);
void                 chihuo_redis_refusals_free  (ChihuoRedisRefusals  *self);

/* FALSE: it refused us a moment ago, and said the same. `now` = µs of any clock that never jumps */
gboolean             chihuo_redis_refusals_check (ChihuoRedisRefusals  *self,
                                                  const char           *server,
                                                  gint64                now,
                                                  GError              **error);
/* An attempt has failed: whether by a refusal, the error says */
void                 chihuo_redis_refusals_note  (ChihuoRedisRefusals  *self,
                                                  const char           *server,
                                                  gint64                now,
                                                  const GError         *error);
/* It took us in */
void                 chihuo_redis_refusals_forget (ChihuoRedisRefusals *self,
                                                   const char          *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisRefusals, chihuo_redis_refusals_free)

G_END_DECLS
