/* chihuo-sqlite-backend.h - queues in an SQLite file, for many processes of one host
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_SQLITE_BACKEND (chihuo_sqlite_backend_get_type ())

/* private to the library: it is reached through the extension point */
G_DECLARE_FINAL_TYPE (ChihuoSqliteBackend, chihuo_sqlite_backend, CHIHUO, SQLITE_BACKEND, GObject)

gboolean chihuo_sqlite_backend_open_path (ChihuoSqliteBackend  *self,
                                          const char           *path,
                                          gboolean              synchronous_full,
                                          GError              **error);

G_END_DECLS
