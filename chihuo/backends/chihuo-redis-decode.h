/* chihuo-redis-decode.h - replies of the scripts as answers and records
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-record.h"
#include "chihuo-redis-encode.h"

G_BEGIN_DECLS

/* What a reply says is believed only where its types and sizes are right: all of them give
 * CHIHUO_ERROR_PROTOCOL else. No I/O in here */

/* The answers to the items of a part, and what its claims got; `junk` (element-type ChihuoRedisJunk) gets
 * what is not handed out. If it fails, the items are as they were */
gboolean chihuo_redis_decode_part    (const ChihuoRedisReply  *reply,
                                      ChihuoItem             **items,
                                      guint                    n_items,
                                      GArray                  *junk,
                                      GError                 **error);
gboolean chihuo_redis_decode_look    (const ChihuoRedisReply  *reply,
                                      ChihuoPayload           *id,
                                      GPtrArray               *records,
                                      GError                 **error);
gboolean chihuo_redis_decode_page    (const ChihuoRedisReply  *reply,
                                      ChihuoTaskState          state,
                                      guint                    limit,
                                      GPtrArray               *records,
                                      GError                 **error);
gboolean chihuo_redis_decode_marks   (const ChihuoRedisReply  *reply,
                                      guint                    limit,
                                      gboolean                *ready,
                                      GPtrArray               *records,
                                      GError                 **error);
gboolean chihuo_redis_decode_numbers (const ChihuoRedisReply  *reply,
                                      gint64                  *numbers,
                                      guint                    n_numbers,
                                      GError                 **error);
void     chihuo_redis_decode_clear_junk     (gpointer                 junk);

G_END_DECLS
