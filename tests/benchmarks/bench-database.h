/* bench-database.h - the bare program for SQLite: the same schema, the same statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-sqlite-statements.h"

G_BEGIN_DECLS

typedef struct
{
  sqlite3               *db;         /* (owned) */
  ChihuoSqliteStatements statements;
  gint64                 tail;
  gint64                 token;
} BenchDatabase;

BenchDatabase *bench_database_new      (const char    *path);
void           bench_database_free     (BenchDatabase *self);
double         bench_database_add      (BenchDatabase *self,
                                        guint          n,
                                        guint          per_commit);
double         bench_database_eat      (BenchDatabase *self,
                                        guint          n);
double         bench_database_commits  (const char    *path,
                                        guint          n_commits,
                                        guint          rows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchDatabase, bench_database_free)

G_END_DECLS
