/* chihuo-sqlite-queues.h - the rows of the queues that a transaction touches
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-sqlite-statements.h"
#include "chihuo-stats.h"
#include "chihuo-task-life.h"

G_BEGIN_DECLS

typedef struct _ChihuoSqliteQueue ChihuoSqliteQueue;
typedef struct _ChihuoSqliteQueues ChihuoSqliteQueues;

struct _ChihuoSqliteQueue
{
  const char *name;          /* interned */
  gint64      q;             /* 0: it has no row yet */
  gint64      head;          /* the next place at the head is one less */
  gint64      tail;          /* the next place at the tail */
  guint64     token;         /* the last one */
  gint64      counts[CHIHUO_TASK_STATE_DEAD + 1];
  gint64      finished;
  gboolean    paused;
  gint64      keep_finished; /* µs; 0 = for ever */
  gint64      keep_dead;     /* µs; 0 = for ever */
  gint64      keep_dead_max; /* 0 = any number */
  gboolean    is_dirty;
  gboolean    was_empty;     /* nothing waited when the transaction began */
};

/* What others should hear of a transaction */
typedef enum
{
  CHIHUO_SQLITE_NEWS_NONE,
  CHIHUO_SQLITE_NEWS_MORE, /* there is more to claim, but there was some before */
  CHIHUO_SQLITE_NEWS_WAKE, /* whoever sleeps must look */
} ChihuoSqliteNews;

struct _ChihuoSqliteQueues
{
  ChihuoSqliteStatements *db;     /* (not owned) */
  GHashTable             *loaded; /* (owned) (element-type utf8 ChihuoSqliteQueue) */
  ChihuoSqliteQueue      *last;   /* (not owned) (nullable): most batches are about one */
  ChihuoSqliteNews        news;
};

void               chihuo_sqlite_queues_init   (ChihuoSqliteQueues      *self,
                                                ChihuoSqliteStatements  *db);
void               chihuo_sqlite_queues_clear  (ChihuoSqliteQueues      *self);
void               chihuo_sqlite_queues_forget (ChihuoSqliteQueues      *self);
ChihuoSqliteQueue *chihuo_sqlite_queues_get    (ChihuoSqliteQueues      *self,
                                                const char              *name);
void               chihuo_sqlite_queues_ensure (ChihuoSqliteQueues      *self,
                                                ChihuoSqliteQueue       *queue);
void               chihuo_sqlite_queues_count  (ChihuoSqliteQueues      *self,
                                                ChihuoSqliteQueue       *queue,
                                                guint                    from,
                                                guint                    to);
void               chihuo_sqlite_queues_tell   (ChihuoSqliteQueues      *self,
                                                ChihuoSqliteNews         news);
void               chihuo_sqlite_queues_save   (ChihuoSqliteQueues      *self);
gint64             chihuo_sqlite_queue_place   (ChihuoSqliteQueue       *queue,
                                                gint64                   place,
                                                ChihuoPlace              where);
guint64            chihuo_sqlite_queue_token   (ChihuoSqliteQueue       *queue,
                                                gint64                   now);

G_END_DECLS
