/* chihuo-memory-page.h - looks into a queue in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-memory-queue.h"

G_BEGIN_DECLS

gboolean chihuo_memory_page_fill (ChihuoMemoryQueue  *queue,
                                  ChihuoPage         *page,
                                  GError            **error);

G_END_DECLS
