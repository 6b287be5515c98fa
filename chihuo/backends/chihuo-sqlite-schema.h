/* chihuo-sqlite-schema.h - the tables of a database
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* "chho": written into the file's header, so that file(1) and we know whose it is */
#define CHIHUO_SQLITE_APPLICATION_ID 0x6368686f
#define CHIHUO_SQLITE_SCHEMA_VERSION 1

gboolean chihuo_sqlite_schema_check  (sqlite3     *db,
                                      const char  *path,
                                      gboolean    *is_empty,
                                      GError     **error);
int      chihuo_sqlite_schema_create (sqlite3     *db);

G_END_DECLS
