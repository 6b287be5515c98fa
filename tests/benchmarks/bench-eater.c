/* bench-eater.c - loops that eat, and what they eat
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdio.h>

#include "bench-eater.h"
#include "bench.h"
#include "chihuo-run.h"
#include "chihuo-store.h"

/* As the issue of speed counts: adds come by the thousand */
#define PER_CALL 1000

struct _BenchEater
{
  ChihuoLoop     parent_instance;
  gboolean       finish;
  BenchEaterHook hook; /* (nullable): on the workers' threads */
  gpointer       hook_data;
};

G_DEFINE_FINAL_TYPE (BenchEater, bench_eater, CHIHUO_TYPE_LOOP)

struct _BenchBeginner
{
  ChihuoLoop parent_instance;
};

G_DEFINE_FINAL_TYPE (BenchBeginner, bench_beginner, CHIHUO_TYPE_LOOP)

static gboolean
bench_eater_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  BenchEater *self = (BenchEater *) loop;

  if (self->hook != NULL)
    self->hook (task, self->hook_data);
  if (self->finish)
    return chihuo_loop_task_finish (loop, chihuo_task_get_id (task), error);

  return TRUE;
}

static void
bench_eater_class_init (BenchEaterClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->make_task = bench_eater_make_task;
}

static void
bench_eater_init (BenchEater *self)
{
}

static gboolean
bench_beginner_begin_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  chihuo_task_complete (task);

  return TRUE;
}

static void
bench_beginner_class_init (BenchBeginnerClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->begin_task = bench_beginner_begin_task;
}

static void
bench_beginner_init (BenchBeginner *self)
{
}

ChihuoLoop *
bench_eater_new (const char *server_config, guint concurrency, gboolean forever)
{
  return g_object_new (BENCH_TYPE_EATER, "name", BENCH_QUEUE, "server-config", server_config,
                       "concurrency", concurrency, "run-forever", forever, NULL);
}

void
bench_eater_set_finish (ChihuoLoop *loop, gboolean finish)
{
  BENCH_EATER (loop)->finish = finish;
}

void
bench_eater_set_hook (ChihuoLoop *loop, BenchEaterHook hook, gpointer data)
{
  BENCH_EATER (loop)->hook = hook;
  BENCH_EATER (loop)->hook_data = data;
}

ChihuoLoop *
bench_beginner_new (const char *server_config, guint concurrency)
{
  return g_object_new (BENCH_TYPE_BEGINNER, "name", BENCH_QUEUE, "server-config", server_config,
                       "concurrency", concurrency, "run-forever", FALSE, NULL);
}

/* Eats all there is. Says how many seconds that took, with the start and the end of the loop */
double
bench_eater_run (ChihuoLoop *loop)
{
  gint64 before = g_get_monotonic_time ();

  if (chihuo_run (loop, NULL) != 0 || chihuo_loop_get_n_failed (loop) > 0)
    g_error ("the loop has failed");

  return bench_seconds_since (before);
}

ChihuoTask **
bench_tasks_new (guint first, guint n)
{
  ChihuoTask **tasks = g_new (ChihuoTask *, n);

  for (guint i = 0; i < n; i++)
    {
      char id[32];

      snprintf (id, sizeof id, BENCH_ID_FORMAT, first + i);
      tasks[i] = chihuo_task_new_from_json (id, BENCH_INFO, NULL);
    }

  return tasks;
}

void
bench_tasks_free (ChihuoTask **tasks, guint n)
{
  for (guint i = 0; i < n; i++)
    g_object_unref (tasks[i]);
  g_free (tasks);
}

void
bench_tasks_add (ChihuoQueue *queue, ChihuoTask **tasks, guint n)
{
  for (guint i = 0; i < n; i += PER_CALL)
    {
      g_autoptr (GError) error = NULL;

      if (!chihuo_queue_add_tasks (queue, tasks + i, MIN (PER_CALL, n - i), CHIHUO_ADD_FLAGS_NONE,
                                   NULL, &error))
        g_error ("%s", error->message);
    }
}

/* Tasks a second, into the queue of a store that is open already; at the end it is closed */
double
bench_tasks_time_add (const char *config, ChihuoTask **tasks, guint n)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, config);
  gint64 before;
  double seconds;

  if (!chihuo_queue_open (queue, NULL))
    g_error ("%s cannot be opened", config);
  before = g_get_monotonic_time ();
  bench_tasks_add (queue, tasks, n);
  seconds = bench_seconds_since (before);
  g_clear_object (&queue);
  chihuo_store_wait_closed ();

  return n / seconds;
}

/* Adds tasks that nobody keeps: their objects are gone before the next ones are made */
void
bench_tasks_fill (ChihuoQueue *queue, guint first, guint n, double delay)
{
  for (guint i = 0; i < n; i += PER_CALL)
    {
      guint part = MIN (PER_CALL, n - i);
      ChihuoTask **tasks = bench_tasks_new (first + i, part);

      for (guint t = 0; delay > 0 && t < part; t++)
        chihuo_task_set_delay (tasks[t], delay);
      bench_tasks_add (queue, tasks, part);
      bench_tasks_free (tasks, part);
    }
}
