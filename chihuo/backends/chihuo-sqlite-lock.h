/* chihuo-sqlite-lock.h - bytes of a lock file, as locks between processes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which byte stands for what */
#define CHIHUO_SQLITE_LOCK_NEXT   0
#define CHIHUO_SQLITE_LOCK_MAIN   1
#define CHIHUO_SQLITE_LOCK_WORKER 1024 /* plus the worker's number */

int      chihuo_sqlite_lock_open    (const char  *path,
                                     GError     **error);
void     chihuo_sqlite_lock_close   (int          fd);
gboolean chihuo_sqlite_lock_try     (int          fd,
                                     gint64       byte);
gboolean chihuo_sqlite_lock_wait    (int          fd,
                                     gint64       byte);
void     chihuo_sqlite_lock_release (int          fd,
                                     gint64       byte);
gboolean chihuo_sqlite_lock_is_held (int          fd,
                                     gint64       byte);

G_END_DECLS
