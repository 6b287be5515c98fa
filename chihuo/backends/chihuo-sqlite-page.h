/* chihuo-sqlite-page.h - looks at a queue and changes nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-sqlite-queues.h"

G_BEGIN_DECLS

gboolean chihuo_sqlite_page       (ChihuoSqliteQueues *queues,
                                   ChihuoPage         *page,
                                   GError            **error);
void     chihuo_sqlite_page_stats (ChihuoSqliteQueues *queues,
                                   const char         *name,
                                   gint64              now,
                                   ChihuoStats        *stats);

G_END_DECLS
