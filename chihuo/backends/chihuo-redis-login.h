/* chihuo-redis-login.h - who we are, which database we mean
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-options.h"
#include "chihuo-redis-resp.h"

G_BEGIN_DECLS

/* Adds the commands; returns how many replies there will be */
guint    chihuo_redis_login_ask   (const ChihuoRedisOptions  *options,
                                   ChihuoRedisResp           *resp);
/* One of the replies, the first is 0 */
gboolean chihuo_redis_login_check (const ChihuoRedisOptions  *options,
                                   guint                      index,
                                   const ChihuoRedisReply    *reply,
                                   const char                *server,
                                   GError                   **error);

G_END_DECLS
