/* fuzz-vfs.h - a file system for SQLite in memory, so that a fuzzer need not wait for the kernel
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

void        fuzz_vfs_install (void);
void        fuzz_vfs_clear   (void);
GByteArray *fuzz_vfs_get     (const char *path);
