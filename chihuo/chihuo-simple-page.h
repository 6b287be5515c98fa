/* chihuo-simple-page.h - how a simple backend's queue shows itself
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-simple-queue.h"

G_BEGIN_DECLS

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
gboolean chihuo_simple_page  (ChihuoSimpleQueue  *queue,
                              ChihuoPage         *page,
                              GError            **error);
gboolean chihuo_simple_stats (ChihuoSimpleQueue  *queue,
                              gint64              now,
                              ChihuoStats        *stats,
                              GError            **error);

G_END_DECLS
