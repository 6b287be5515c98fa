/* chihuo-memory-claim.h - hands tasks of a queue in memory out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-memory-queue.h"

G_BEGIN_DECLS

/* As n_first: nobody has kept how many the first answer gave */
#define CHIHUO_MEMORY_CLAIM_UNKNOWN G_MAXUINT

void chihuo_memory_claim (ChihuoMemoryQueue  *queue,
                          ChihuoItem         *item,
                          const ChihuoMoment *moment,
                          guint               n_first,
                          guint              *n_left);

G_END_DECLS
