/* chihuo-redis-connection.h - one connection to a Redis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-options.h"
#include "chihuo-redis-resp.h"

G_BEGIN_DECLS

typedef struct _ChihuoRedisConnection ChihuoRedisConnection;

/* Connects, speaks TLS, logs in, selects the database. Blocks for the options' timeout at the most; the options
 * have to live as long as the connection */
ChihuoRedisConnection *chihuo_redis_connection_new        (const ChihuoRedisOptions  *options,
                                                           GSocketConnectable        *address,
                                                           GError                   **error);
void                   chihuo_redis_connection_free       (ChihuoRedisConnection     *self);

/* Commands are gathered, and go out together */
void                   chihuo_redis_connection_begin      (ChihuoRedisConnection     *self,
                                                           guint                      n_arguments);
void                   chihuo_redis_connection_add        (ChihuoRedisConnection     *self,
                                                           const void                *data,
                                                           gsize                      length);
void                   chihuo_redis_connection_add_string (ChihuoRedisConnection     *self,
                                                           const char                *text);
void                   chihuo_redis_connection_add_int    (ChihuoRedisConnection     *self,
                                                           gint64                     number);
/* Arguments that are RESP already, n of them: what is the same in each command */
void                   chihuo_redis_connection_add_raw    (ChihuoRedisConnection     *self,
                                                           GBytes                    *resp);
void                   chihuo_redis_connection_add_command (ChihuoRedisConnection    *self,
                                                            ...) G_GNUC_NULL_TERMINATED;
void                   chihuo_redis_connection_forget     (ChihuoRedisConnection     *self);
gboolean               chihuo_redis_connection_send       (ChihuoRedisConnection     *self,
                                                           GError                   **error);

/* The next reply, in the order of the commands; an error reply is a reply. NULL: the connection is of no
 * use any more */
ChihuoRedisReply      *chihuo_redis_connection_receive    (ChihuoRedisConnection     *self,
                                                           GError                   **error);
/* Sends one command and waits for its reply; an error reply becomes an error */
ChihuoRedisReply      *chihuo_redis_connection_call       (ChihuoRedisConnection     *self,
                                                           GError                   **error,
                                                           ...) G_GNUC_NULL_TERMINATED;

/* Whoever cannot make sense of a reply does not trust the next one either */
void                   chihuo_redis_connection_drop       (ChihuoRedisConnection     *self);
gboolean               chihuo_redis_connection_is_broken  (ChihuoRedisConnection     *self);
const char            *chihuo_redis_connection_get_name   (ChihuoRedisConnection     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisConnection, chihuo_redis_connection_free)

G_END_DECLS
