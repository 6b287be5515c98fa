/* chihuo-memory-reap.h - takes runs from dead workers, and cuts what is kept too long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-memory-queue.h"

G_BEGIN_DECLS

gboolean chihuo_memory_reap (ChihuoMemoryQueue  *queue,
                             const ChihuoMoment *moment,
                             guint              *n_reaped,
                             guint              *n_left);

G_END_DECLS
