/* chihuo-redis-resp.h - commands to bytes, bytes to replies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <stdarg.h>

#include <glib.h>
#include <hiredis/hiredis.h>

G_BEGIN_DECLS

/* What a reply may have at most: more is no answer to anything that is asked here */
#define CHIHUO_REDIS_MAX_REPLY (512 * 1024 * 1024)
#define CHIHUO_REDIS_MAX_ELEMENTS (1024 * 1024)

typedef redisReply ChihuoRedisReply;
typedef struct _ChihuoRedisResp ChihuoRedisResp;

/* Both ends of a connection, without any I/O. Belongs to one thread */
ChihuoRedisResp *chihuo_redis_resp_new         (void);
void             chihuo_redis_resp_free        (ChihuoRedisResp   *self);

void             chihuo_redis_resp_begin       (ChihuoRedisResp   *self,
                                                guint              n_arguments);
void             chihuo_redis_resp_add         (ChihuoRedisResp   *self,
                                                const void        *data,
                                                gsize              length);
void             chihuo_redis_resp_add_string  (ChihuoRedisResp   *self,
                                                const char        *text);
void             chihuo_redis_resp_add_int     (ChihuoRedisResp   *self,
                                                gint64             number);
void             chihuo_redis_resp_add_raw     (ChihuoRedisResp   *self,
                                                GBytes            *resp);
void             chihuo_redis_resp_add_list    (ChihuoRedisResp   *self,
                                                va_list            arguments);
void             chihuo_redis_resp_add_command (ChihuoRedisResp   *self,
                                                ...) G_GNUC_NULL_TERMINATED;
const guint8    *chihuo_redis_resp_get_output  (ChihuoRedisResp   *self,
                                                gsize             *length);
void             chihuo_redis_resp_drop        (ChihuoRedisResp   *self,
                                                gsize              length);
void             chihuo_redis_resp_forget      (ChihuoRedisResp   *self);

void             chihuo_redis_resp_feed        (ChihuoRedisResp   *self,
                                                const void        *data,
                                                gsize              length);
gboolean         chihuo_redis_resp_next        (ChihuoRedisResp   *self,
                                                ChihuoRedisReply **reply,
                                                GError           **error);
/* Whether something came in that is no reply yet */
gboolean         chihuo_redis_resp_has_input   (ChihuoRedisResp   *self);

static inline void
chihuo_redis_reply_free (ChihuoRedisReply *self)
{
  freeReplyObject (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisResp, chihuo_redis_resp_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisReply, chihuo_redis_reply_free)

G_END_DECLS
