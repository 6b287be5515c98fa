/* chihuo-redis-slot.h - where a key is in a cluster
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHIHUO_REDIS_N_SLOTS 16384

typedef struct
{
  gboolean  ask;  /* only this once */
  guint     slot;
  char     *host; /* (owned): empty = the host that said it */
  guint16   port;
} ChihuoRedisRedirect;

guint    chihuo_redis_slot_from_key       (const char           *key);
gboolean chihuo_redis_slot_parse_redirect (const char           *text,
                                           ChihuoRedisRedirect  *redirect);

static inline void
chihuo_redis_redirect_clear (ChihuoRedisRedirect *self)
{
  g_clear_pointer (&self->host, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChihuoRedisRedirect, chihuo_redis_redirect_clear)

G_END_DECLS
