/* chihuo-life-table.h - tests/task-life.csv in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-record.h"
#include "chihuo-task-life.h"

G_BEGIN_DECLS

/* What a row may ask for in its "when" column */
typedef enum
{
  CHIHUO_WHEN_AT_HEAD               = 1 << 0,
  CHIHUO_WHEN_EVEN_FINISHED         = 1 << 1,
  CHIHUO_WHEN_EVEN_DEAD             = 1 << 2,
  CHIHUO_WHEN_SKIP_RUNNING          = 1 << 3,
  CHIHUO_WHEN_REPLACE               = 1 << 4,
  CHIHUO_WHEN_DELAY                 = 1 << 5,
  CHIHUO_WHEN_STALE                 = 1 << 6,
  CHIHUO_WHEN_FINISH                = 1 << 7,
  CHIHUO_WHEN_LAST_TRY              = 1 << 8,
  CHIHUO_WHEN_IN_PLACE              = 1 << 9,
  CHIHUO_WHEN_LAST_CRASH            = 1 << 10,
  CHIHUO_WHEN_UNCOUNTED             = 1 << 11,
  CHIHUO_WHEN_CANCELLED             = 1 << 12,
  CHIHUO_WHEN_ABANDONED             = 1 << 13,
  CHIHUO_WHEN_PENDING_EVEN_FINISHED = 1 << 14,
  CHIHUO_WHEN_PENDING_AT_HEAD       = 1 << 15,
  CHIHUO_WHEN_PENDING_DELAY         = 1 << 16,
} ChihuoWhen;

/* Whose info, or whose text */
typedef enum
{
  CHIHUO_SOURCE_OLD,
  CHIHUO_SOURCE_NONE,
  CHIHUO_SOURCE_NEW,
  CHIHUO_SOURCE_PENDING,
  CHIHUO_SOURCE_GIVEN,
  CHIHUO_SOURCE_CANCELLED,
  CHIHUO_SOURCE_CRASHED,
} ChihuoSource;

/* What the left half of a row is held against */
typedef struct
{
  const char      *event; /* as in the file */
  ChihuoTaskState  state;
  ChihuoFate       fate;
  gboolean         finished;
  guint            when;  /* ChihuoWhen */
} ChihuoSituation;

/* A row: −1 stands for "=" in the fields that say so */
typedef struct
{
  guint         line;     /* in the file, from 1 */
  guint         n_used;   /* how often it was found */
  char        **events;   /* (owned) */
  guint         states;   /* a bit for each ChihuoTaskState */
  guint         marks;    /* a bit for no, a bit for finished */
  guint         fates;    /* a bit for each ChihuoFate */
  guint         wanted;   /* ChihuoWhen */
  guint         unwanted; /* ChihuoWhen */
  ChihuoAnswer  answer;
  int           state;    /* or −1 */
  int           finished; /* or −1 */
  int           fate;     /* or −1 */
  gboolean      clears;   /* the flags cancelled and abandoned */
  guint         sets;     /* ChihuoWhen: one of those flags */
  int           failures; /* added to the old ones; −1: none are left */
  int           crashes;  /* the same */
  ChihuoPlace   place;
  ChihuoSource  info;
  ChihuoSource  error;
} ChihuoLifeRow;

typedef struct
{
  GPtrArray *rows; /* (element-type ChihuoLifeRow) (owned) */
} ChihuoLifeTable;

ChihuoLifeTable *chihuo_life_table_new          (const char            *path);
void             chihuo_life_table_free         (ChihuoLifeTable       *self);
ChihuoLifeRow   *chihuo_life_table_find         (ChihuoLifeTable       *self,
                                                 const ChihuoSituation *situation);
char            *chihuo_situation_describe      (const ChihuoSituation *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoLifeTable, chihuo_life_table_free)

G_END_DECLS
