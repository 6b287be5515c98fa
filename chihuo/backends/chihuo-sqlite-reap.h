/* chihuo-sqlite-reap.h - sends the tasks of the dead back, trims what is kept too long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-sqlite-file.h"
#include "chihuo-sqlite-queues.h"
#include "chihuo-sqlite-workers.h"

G_BEGIN_DECLS

gboolean chihuo_sqlite_reap_is_needed (ChihuoSqliteFile    *file,
                                       ChihuoSqliteQueues  *queues,
                                       ChihuoSqliteWorkers *workers,
                                       const ChihuoMoment  *moment);
guint    chihuo_sqlite_reap           (ChihuoSqliteQueues  *queues,
                                       ChihuoSqliteWorkers *workers,
                                       const ChihuoMoment  *moment,
                                       gboolean            *more);

G_END_DECLS
