/* chihuo-sqlite-exchange.h - carries out the items of a batch
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-batch.h"
#include "chihuo-sqlite-queues.h"
#include "chihuo-sqlite-workers.h"

G_BEGIN_DECLS

void     chihuo_sqlite_exchange_items (ChihuoSqliteQueues   *queues,
                                       ChihuoSqliteWorkers  *workers,
                                       ChihuoBatch          *batch);
gboolean chihuo_sqlite_exchange_again (ChihuoSqliteQueues   *queues,
                                       ChihuoSqliteWorkers  *workers,
                                       ChihuoBatch          *batch,
                                       GBytes               *answers,
                                       GError              **error);

G_END_DECLS
