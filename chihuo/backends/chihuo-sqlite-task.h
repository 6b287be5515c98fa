/* chihuo-sqlite-task.h - a task's row as a record, and back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-record.h"
#include "chihuo-sqlite-queues.h"

G_BEGIN_DECLS

typedef struct _ChihuoSqliteTask ChihuoSqliteTask;

struct _ChihuoSqliteTask
{
  ChihuoSqliteQueues *queues;       /* (not owned) */
  ChihuoSqliteQueue  *queue;        /* (not owned) */
  ChihuoRecord        record;
  gint64              n;            /* 0 = it has no row */
  gint64              claimant;     /* the number of who runs it; 0 = nobody */
  ChihuoTaskState     old_state;    /* as it was loaded: what differs is stored */
  gboolean            had_pending;
  gboolean            was_finished; /* only if the mark was loaded, too */
};

void         chihuo_sqlite_task_init       (ChihuoSqliteTask    *self,
                                            ChihuoSqliteQueues  *queues,
                                            ChihuoSqliteQueue   *queue);
void         chihuo_sqlite_task_clear      (ChihuoSqliteTask    *self);
gboolean     chihuo_sqlite_task_load       (ChihuoSqliteTask    *self,
                                            gint64               n,
                                            ChihuoPayload       *id);
gboolean     chihuo_sqlite_task_load_by_id (ChihuoSqliteTask    *self,
                                            ChihuoPayload       *id);
void         chihuo_sqlite_task_load_mark  (ChihuoSqliteTask    *self,
                                            ChihuoPayload       *id);
void         chihuo_sqlite_task_read_row   (ChihuoSqliteTask    *self,
                                            sqlite3_stmt        *row);
ChihuoAnswer chihuo_sqlite_task_step       (ChihuoSqliteTask    *self,
                                            const ChihuoItem    *event,
                                            const ChihuoMoment  *moment);
ChihuoAnswer chihuo_sqlite_task_end        (ChihuoSqliteTask    *self,
                                            gint64               claimant,
                                            const ChihuoItem    *event,
                                            const ChihuoMoment  *moment);
ChihuoAnswer chihuo_sqlite_task_add        (ChihuoSqliteTask    *self,
                                            const ChihuoItem    *event,
                                            const ChihuoMoment  *moment);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChihuoSqliteTask, chihuo_sqlite_task_clear)

G_END_DECLS
