/* chihuo-sqlite-claim.h - who claims gets the first tasks of a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-sqlite-queues.h"
#include "chihuo-sqlite-workers.h"

G_BEGIN_DECLS

void chihuo_sqlite_claim       (ChihuoSqliteQueues  *queues,
                                ChihuoSqliteWorkers *workers,
                                ChihuoItem          *item,
                                const ChihuoMoment  *moment);
void chihuo_sqlite_claim_again (ChihuoSqliteQueues  *queues,
                                ChihuoSqliteWorkers *workers,
                                ChihuoItem          *item,
                                const ChihuoMoment  *moment,
                                guint                given);

G_END_DECLS
