/* fuzz-memory.h - memory for SQLite, cheap, and watched by the sanitizer all the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

void  fuzz_memory_install  (void);
guint fuzz_memory_count    (void);
