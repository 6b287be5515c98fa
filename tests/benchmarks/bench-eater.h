/* bench-eater.h - loops that eat, and what they eat
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-loop.h"

G_BEGIN_DECLS

/* Of all tasks here: an id of 20 bytes, an info of 30 */
#define BENCH_ID_FORMAT "task-number-%08u"
#define BENCH_INFO "{\"url\":\"http://example.org/a\"}"

#define BENCH_QUEUE "bench"

#define BENCH_TYPE_EATER (bench_eater_get_type ())
G_DECLARE_FINAL_TYPE (BenchEater, bench_eater, BENCH, EATER, ChihuoLoop)

#define BENCH_TYPE_BEGINNER (bench_beginner_get_type ())
G_DECLARE_FINAL_TYPE (BenchBeginner, bench_beginner, BENCH, BEGINNER, ChihuoLoop)

typedef void (* BenchEaterHook) (ChihuoTask *task,
                                 gpointer    data);

ChihuoLoop  *bench_eater_new        (const char     *server_config,
                                     guint           concurrency,
                                     gboolean        forever);
void         bench_eater_set_finish (ChihuoLoop     *loop,
                                     gboolean        finish);
void         bench_eater_set_hook   (ChihuoLoop     *loop,
                                     BenchEaterHook  hook,
                                     gpointer        data);
ChihuoLoop  *bench_beginner_new     (const char     *server_config,
                                     guint           concurrency);
double       bench_eater_run        (ChihuoLoop     *loop);

ChihuoTask **bench_tasks_new        (guint           first,
                                     guint           n);
void         bench_tasks_free       (ChihuoTask    **tasks,
                                     guint           n);
void         bench_tasks_add        (ChihuoQueue    *queue,
                                     ChihuoTask    **tasks,
                                     guint           n);
double       bench_tasks_time_add   (const char     *config,
                                     ChihuoTask    **tasks,
                                     guint           n);
void         bench_tasks_fill       (ChihuoQueue    *queue,
                                     guint           first,
                                     guint           n,
                                     double          delay);

G_END_DECLS
