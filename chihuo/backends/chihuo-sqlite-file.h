/* chihuo-sqlite-file.h - a database and its transactions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "chihuo-sqlite-statements.h"
#include "chihuo-sqlite-turnstile.h"

G_BEGIN_DECLS

typedef struct _ChihuoSqliteFile ChihuoSqliteFile;

struct _ChihuoSqliteFile
{
  char                   *path;       /* (owned): absolute */
  sqlite3                *db;         /* (owned) */
  ChihuoSqliteStatements  statements;
  ChihuoSqliteTurnstile  *turnstile;  /* (owned) */
  int                     wal_pages;  /* after the last commit */
  int                     wal_left;   /* what the last checkpoint could not do */
  int                     changes;    /* sqlite3_total_changes() at the transaction's begin */
};

ChihuoSqliteFile *chihuo_sqlite_file_open          (const char        *path,
                                                    gboolean           synchronous_full,
                                                    GError           **error);
void              chihuo_sqlite_file_close         (ChihuoSqliteFile  *self);
gboolean          chihuo_sqlite_file_begin         (ChihuoSqliteFile  *self,
                                                    GError           **error);
gboolean          chihuo_sqlite_file_commit        (ChihuoSqliteFile  *self,
                                                    GError           **error);
void              chihuo_sqlite_file_leave         (ChihuoSqliteFile  *self);
gboolean          chihuo_sqlite_file_has_changed   (ChihuoSqliteFile  *self);
gboolean          chihuo_sqlite_file_begin_reading (ChihuoSqliteFile  *self,
                                                    GError           **error);
gboolean          chihuo_sqlite_file_end_reading   (ChihuoSqliteFile  *self,
                                                    GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoSqliteFile, chihuo_sqlite_file_close)

G_END_DECLS
