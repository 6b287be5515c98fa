/* chihuo-redis-error.h - what a Redis' refusal means to the store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  CHIHUO_REDIS_TROUBLE_OTHER,    /* a reply nobody expected: PROTOCOL */
  CHIHUO_REDIS_TROUBLE_AWAY,     /* not now: LOADING, READONLY, MASTERDOWN, MISCONF, CLUSTERDOWN, TRYAGAIN, BUSY… */
  CHIHUO_REDIS_TROUBLE_REFUSED,  /* credentials: NOAUTH, WRONGPASS, NOPERM */
  CHIHUO_REDIS_TROUBLE_FULL,     /* OOM */
  CHIHUO_REDIS_TROUBLE_MOVED,    /* MOVED, ASK */
  CHIHUO_REDIS_TROUBLE_NOSCRIPT,
  CHIHUO_REDIS_TROUBLE_ORDER,    /* ours: the part before was not done */
  CHIHUO_REDIS_TROUBLE_OUTDATED, /* ours: a later batch was done already */
  CHIHUO_REDIS_TROUBLE_SCHEMA,   /* ours: the queue is of a newer version */
} ChihuoRedisTrouble;

ChihuoRedisTrouble chihuo_redis_trouble_from_text (const char          *text);
/* What the store is told if certainly nothing was done */
gboolean           chihuo_redis_error_set         (GError             **error,
                                                   const char          *server,
                                                   const char          *text);

G_END_DECLS
