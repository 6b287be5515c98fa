/* chihuo-sqlite-sweep.h - work on all of a queue, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-sqlite-queues.h"

G_BEGIN_DECLS

void chihuo_sqlite_sweep (ChihuoSqliteQueues *queues,
                          ChihuoSweep        *sweep);

G_END_DECLS
