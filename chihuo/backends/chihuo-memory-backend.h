/* chihuo-memory-backend.h - queues in this process's memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_MEMORY_BACKEND (chihuo_memory_backend_get_type ())

G_DECLARE_FINAL_TYPE (ChihuoMemoryBackend, chihuo_memory_backend, CHIHUO, MEMORY_BACKEND, GObject)

ChihuoBackend *chihuo_memory_backend_new (void);

G_END_DECLS
