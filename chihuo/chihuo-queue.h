/* chihuo-queue.h - a client of one queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <gio/gio.h>

#include "chihuo-stats.h"
#include "chihuo-task.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_QUEUE (chihuo_queue_get_type ())

CHIHUO_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (ChihuoQueue, chihuo_queue, CHIHUO, QUEUE, GObject)

CHIHUO_AVAILABLE_IN_ALL
ChihuoQueue *chihuo_queue_new (const char *name,
                               const char *server_config);

G_END_DECLS
