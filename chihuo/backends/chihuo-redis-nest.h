/* chihuo-redis-nest.h - a main context as a source of another one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether there are news since it was asked last */
typedef gboolean (* ChihuoRedisNestFunc) (gpointer data);

/* (transfer full): runs what is ready in `inner`, which nobody else may run; its callback is called when there
 * are news then. `inner` has been made with G_MAIN_CONTEXT_FLAGS_OWNERLESS_POLLING */
GSource *chihuo_redis_nest_new (GMainContext        *inner,
                                ChihuoRedisNestFunc  take_news,
                                gpointer             data,
                                GDestroyNotify       free_data);

G_END_DECLS
