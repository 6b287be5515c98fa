/* chihuo-sqlite-workers.h - who claims, and whether he still lives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-sqlite-statements.h"

G_BEGIN_DECLS

typedef struct _ChihuoSqliteWorkers ChihuoSqliteWorkers;
typedef struct _ChihuoSqliteClaimant ChihuoSqliteClaimant;

struct _ChihuoSqliteWorkers
{
  ChihuoSqliteStatements *db;        /* (not owned) */
  int                     fd;        /* the lock file; -1 = closed */
  gint64                  number;    /* ours; 0 = we have claimed nothing yet */
  gboolean                is_new;    /* the number was taken in this transaction */
  char                   *boot;      /* (owned): which boot of the machine this is */
  GPtrArray              *claimants; /* (owned) (element-type ChihuoSqliteClaimant) */
};

/* An engine that claims through some worker */
struct _ChihuoSqliteClaimant
{
  const char *name;    /* interned */
  gint64      n;       /* 0: nobody knows it */
  gint64      worker;
  gint64      request; /* its last claim's */
  guint       given;   /* how many tasks that got */
  gboolean    is_dirty;
};

gboolean              chihuo_sqlite_workers_open     (ChihuoSqliteWorkers     *self,
                                                      ChihuoSqliteStatements  *db,
                                                      const char              *lock_path,
                                                      GError                 **error);
void                  chihuo_sqlite_workers_close    (ChihuoSqliteWorkers     *self);
void                  chihuo_sqlite_workers_forget   (ChihuoSqliteWorkers     *self);
void                  chihuo_sqlite_workers_end      (ChihuoSqliteWorkers     *self,
                                                      gboolean                 committed);
ChihuoSqliteClaimant *chihuo_sqlite_workers_claimant (ChihuoSqliteWorkers     *self,
                                                      const char              *name);
void                  chihuo_sqlite_workers_attach   (ChihuoSqliteWorkers     *self,
                                                      ChihuoSqliteClaimant    *claimant);
void                  chihuo_sqlite_workers_save     (ChihuoSqliteWorkers     *self);
gboolean              chihuo_sqlite_workers_is_alive (ChihuoSqliteWorkers     *self,
                                                      gint64                   number);
void                  chihuo_sqlite_workers_remove   (ChihuoSqliteWorkers     *self,
                                                      gint64                   number);

G_END_DECLS
