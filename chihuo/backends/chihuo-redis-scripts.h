/* chihuo-redis-scripts.h - the scripts that carry out what is asked of a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-connection.h"

G_BEGIN_DECLS

/* What KEYS[] is in each of them */
#define CHIHUO_REDIS_N_KEYS 14

typedef enum
{
  CHIHUO_REDIS_SCRIPT_ADD,
  CHIHUO_REDIS_SCRIPT_DO,
  CHIHUO_REDIS_SCRIPT_REAP,
  CHIHUO_REDIS_SCRIPT_SWEEP,
  CHIHUO_REDIS_SCRIPT_LOOK,
  CHIHUO_REDIS_SCRIPT_PAGE,
  CHIHUO_REDIS_SCRIPT_MARKS,
  CHIHUO_REDIS_SCRIPT_STATS,

  CHIHUO_REDIS_N_SCRIPTS,
} ChihuoRedisScript;

const char *chihuo_redis_script_get_text (ChihuoRedisScript        script);
const char *chihuo_redis_script_get_sha  (ChihuoRedisScript        script);
gboolean    chihuo_redis_scripts_load    (ChihuoRedisConnection   *connection,
                                          GError                 **error);

G_END_DECLS
