/* chihuo-redis-link.h - the way to a server: a socket, and TLS around it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-options.h"

G_BEGIN_DECLS

/* Nothing blocks; all of it happens on the thread-default main context. The options have to live as long */
void       chihuo_redis_link_async  (const ChihuoRedisOptions  *options,
                                     GSocketConnectable        *address,
                                     GCancellable              *cancellable,
                                     GAsyncReadyCallback        callback,
                                     gpointer                   data);
GIOStream *chihuo_redis_link_finish (GAsyncResult              *result,
                                     GSocket                  **socket,
                                     GError                   **error);

G_END_DECLS
