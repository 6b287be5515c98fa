/* chihuo-redis-backend.h - queues in a Redis, for many machines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_REDIS_BACKEND (chihuo_redis_backend_get_type ())

/* private to the library: it is reached through the extension point */
G_DECLARE_FINAL_TYPE (ChihuoRedisBackend, chihuo_redis_backend, CHIHUO, REDIS_BACKEND, GObject)

G_END_DECLS
