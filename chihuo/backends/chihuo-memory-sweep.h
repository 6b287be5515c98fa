/* chihuo-memory-sweep.h - work on all of a queue in memory, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-memory-queue.h"

G_BEGIN_DECLS

void chihuo_memory_sweep (ChihuoMemoryQueue *queue,
                          ChihuoSweep       *sweep);

G_END_DECLS
