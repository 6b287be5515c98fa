/* chihuo-sqlite-statements.h - the prepared statements of a connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* What there is to say to the database; see the .c file for the SQL */
typedef enum
{
  CHIHUO_SQLITE_BEGIN,
  CHIHUO_SQLITE_BEGIN_READING,
  CHIHUO_SQLITE_COMMIT,

  CHIHUO_SQLITE_QUEUE_LOAD,
  CHIHUO_SQLITE_QUEUE_INSERT,
  CHIHUO_SQLITE_QUEUE_SAVE,
  CHIHUO_SQLITE_QUEUE_LIST,

  CHIHUO_SQLITE_TASK_LOAD_BY_ID,
  CHIHUO_SQLITE_TASK_LOAD,
  CHIHUO_SQLITE_TASK_ADD,
  CHIHUO_SQLITE_TASK_CLAIM,
  CHIHUO_SQLITE_TASK_UPDATE,
  CHIHUO_SQLITE_TASK_UPDATE_INFO,
  CHIHUO_SQLITE_TASK_DELETE,
  CHIHUO_SQLITE_TASK_DELETE_RUN,

  CHIHUO_SQLITE_PENDING_LOAD,
  CHIHUO_SQLITE_PENDING_SAVE,
  CHIHUO_SQLITE_PENDING_DELETE,

  CHIHUO_SQLITE_FINISHED_LOOK,
  CHIHUO_SQLITE_FINISHED_ADD,
  CHIHUO_SQLITE_FINISHED_DELETE,
  CHIHUO_SQLITE_FINISHED_CLEAR,
  CHIHUO_SQLITE_FINISHED_OLD,
  CHIHUO_SQLITE_FINISHED_TRIM,

  CHIHUO_SQLITE_FIRST_WAITING,
  CHIHUO_SQLITE_FIRST_SUSPECT,
  CHIHUO_SQLITE_DUE,
  CHIHUO_SQLITE_NEXT_DUE,
  CHIHUO_SQLITE_HELD,
  CHIHUO_SQLITE_OLDEST_WAITING,
  CHIHUO_SQLITE_COUNT_CLAIMANTS,

  CHIHUO_SQLITE_CLAIMANT_LOAD,
  CHIHUO_SQLITE_CLAIMANT_NAME,
  CHIHUO_SQLITE_CLAIMANT_INSERT,
  CHIHUO_SQLITE_CLAIMANT_SAVE,
  CHIHUO_SQLITE_CLAIMANT_DELETE,

  CHIHUO_SQLITE_WORKER_NUMBER,
  CHIHUO_SQLITE_WORKER_INSERT,
  CHIHUO_SQLITE_WORKER_DELETE,
  CHIHUO_SQLITE_WORKER_LIST,
  CHIHUO_SQLITE_WORKER_TASKS,

  CHIHUO_SQLITE_CLIENT_LOAD,
  CHIHUO_SQLITE_CLIENT_SAVE,
  CHIHUO_SQLITE_CLIENT_OLD,
  CHIHUO_SQLITE_CLIENT_TRIM,

  CHIHUO_SQLITE_ABANDONED,
  CHIHUO_SQLITE_OLDEST_DEAD,

  CHIHUO_SQLITE_SWEEP_WAITING,
  CHIHUO_SQLITE_SWEEP_DELAYED,
  CHIHUO_SQLITE_SWEEP_RUNNING,
  CHIHUO_SQLITE_SWEEP_DEAD,

  CHIHUO_SQLITE_PAGE_WAITING,
  CHIHUO_SQLITE_PAGE_DELAYED,
  CHIHUO_SQLITE_PAGE_RUNNING,
  CHIHUO_SQLITE_PAGE_DEAD,
  CHIHUO_SQLITE_PAGE_FINISHED,
  CHIHUO_SQLITE_LOOK,

  CHIHUO_SQLITE_N_STATEMENTS
} ChihuoSqliteStatement;

/* No time, place or counter of ours is further from 0: two of them can be added */
#define CHIHUO_SQLITE_MAX (G_MAXINT64 / 4)

typedef struct _ChihuoSqliteStatements ChihuoSqliteStatements;

struct _ChihuoSqliteStatements
{
  sqlite3      *db;      /* (not owned) */
  sqlite3_stmt *prepared[CHIHUO_SQLITE_N_STATEMENTS];
  int           rc;      /* the first error of this transaction: it sticks */
  char         *message; /* (owned) (nullable): what SQLite said then */
};

void          chihuo_sqlite_statements_init  (ChihuoSqliteStatements *self,
                                              sqlite3                *db);
void          chihuo_sqlite_statements_clear (ChihuoSqliteStatements *self);
void          chihuo_sqlite_statements_fail  (ChihuoSqliteStatements *self,
                                              int                     rc);
void          chihuo_sqlite_statements_heal  (ChihuoSqliteStatements *self);
sqlite3_stmt *chihuo_sqlite_statements_use   (ChihuoSqliteStatements *self,
                                              ChihuoSqliteStatement   which);
gboolean      chihuo_sqlite_statements_next  (ChihuoSqliteStatements *self,
                                              sqlite3_stmt           *statement);
gboolean      chihuo_sqlite_statements_run   (ChihuoSqliteStatements *self,
                                              sqlite3_stmt           *statement);
gint64        chihuo_sqlite_statements_read  (sqlite3_stmt           *row,
                                              int                     column,
                                              gint64                  min,
                                              gint64                  max);

G_END_DECLS
