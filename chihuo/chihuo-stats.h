/* chihuo-stats.h - how a queue stands
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <glib-object.h>

#include "chihuo-version.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_STATS (chihuo_stats_get_type ())

typedef struct _ChihuoStats ChihuoStats;

/**
 * ChihuoStats:
 * @waiting: tasks that wait
 * @delayed: tasks that will wait from a known time on
 * @running: tasks that are claimed, wherever that is
 * @dead: dead tasks
 * @finished: finished marks
 * @paused: whether the queue is paused
 * @oldest_waiting: how long the first waiting task has waited, in seconds; 0
 *   where none waits
 * @next_due: when the next delayed task is due, µs since the epoch; 0 where
 *   none is delayed
 * @workers: how many engines hold tasks of this queue
 *
 * How a queue stands. Fields are only ever appended.
 *
 * Since: 1.0
 */
struct _ChihuoStats
{
  guint64  waiting;
  guint64  delayed;
  guint64  running;
  guint64  dead;
  guint64  finished;
  gboolean paused;
  double   oldest_waiting;
  gint64   next_due;
  guint    workers;
};

CHIHUO_AVAILABLE_IN_ALL
GType        chihuo_stats_get_type (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
ChihuoStats *chihuo_stats_copy     (const ChihuoStats *self);
CHIHUO_AVAILABLE_IN_ALL
void         chihuo_stats_free     (ChihuoStats       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoStats, chihuo_stats_free)

G_END_DECLS
