/* bench-growth.c - whether a long queue is as quick as a short one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-eater.h"
#include "bench.h"
#include "chihuo-run.h"
#include "chihuo-store.h"

/* A loop runs all the time; the queue is filled while it is paused. The clock runs from the end of the
 * pause until enough is eaten. */

#define SHORT 10000
#define LONG 1000000
#define VERY_LONG 10000000
#define MEASURED 100000 /* tasks, each round */
#define FAR 86400.0     /* when what is delayed is due, s */

typedef struct
{
  BenchRun   *run;
  const char *config;
  ChihuoLoop *loop;
  int         n_eaten; /* atomic */
  int         target;
  GMutex      mutex;
  GCond       cond;
  gboolean    reached;
  guint       n_added; /* so far: no id comes twice */
} Growth;

static void
count_cb (ChihuoTask *task, gpointer data)
{
  Growth *self = data;

  if (g_atomic_int_add (&self->n_eaten, 1) + 1 != g_atomic_int_get (&self->target))
    return;

  g_mutex_lock (&self->mutex);
  self->reached = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static void
set_paused (Growth *self, gboolean paused)
{
  if (!chihuo_queue_set_paused (chihuo_loop_get_queue (self->loop), paused, NULL))
    g_error ("the queue cannot be paused");
}

static void
fill (Growth *self, guint n, double delay)
{
  bench_tasks_fill (chihuo_loop_get_queue (self->loop), self->n_added, n, delay);
  self->n_added += n;
}

/* Seconds until n of those that wait are eaten */
static double
eat (Growth *self, guint n)
{
  gint64 before;
  double seconds;

  self->reached = FALSE;
  g_atomic_int_set (&self->target, g_atomic_int_get (&self->n_eaten) + n);
  before = g_get_monotonic_time ();
  set_paused (self, FALSE);
  g_mutex_lock (&self->mutex);
  while (!self->reached)
    g_cond_wait (&self->cond, &self->mutex);
  seconds = bench_seconds_since (before);
  g_mutex_unlock (&self->mutex);
  set_paused (self, TRUE);

  return seconds;
}

/* As many short queues, one after another, as make a measurement */
static double
eat_short (Growth *self)
{
  guint n = bench_run_scale (self->run, SHORT);
  guint times = MAX (bench_run_scale (self->run, MEASURED) / n, 1);
  double seconds = 0;

  for (guint i = 0; i < times; i++)
    {
      fill (self, n, 0);
      seconds += eat (self, n);
    }

  return times * n / seconds;
}

/* What was eaten is put back behind the rest */
static double
eat_long (Growth *self)
{
  guint n = bench_run_scale (self->run, MEASURED);
  double rate = n / eat (self, n);

  fill (self, n, 0);
  return rate;
}

/* Those that were handed out when the pause began are still to be run */
static void
empty (Growth *self)
{
  if (!chihuo_queue_clear (chihuo_loop_get_queue (self->loop), CHIHUO_CLEAR_FLAGS_ALL, NULL))
    g_error ("the queue cannot be cleared");
}

static guint
get_long (const Growth *self)
{
  if (self->run->size == BENCH_SIZE_LARGE)
    return VERY_LONG;

  return bench_run_scale (self->run, LONG);
}

/* Three passes, so that the long ones are filled only once */
static gpointer
measure_all (gpointer data)
{
  Growth *self = data;
  BenchRun *run = self->run;
  guint rounds = run->rounds;
  g_autoptr (GArray) shorts = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) longs = g_array_new (FALSE, FALSE, sizeof (double));

  set_paused (self, TRUE);
  for (guint i = 0; i < rounds; i++)
    {
      double rate = eat_short (self);

      g_array_append_val (shorts, rate);
    }

  fill (self, get_long (self), 0);
  for (guint i = 0; i < rounds; i++)
    {
      double rate = eat_long (self);

      g_array_append_val (longs, rate);
    }
  empty (self);

  fill (self, get_long (self), FAR);
  while (bench_run_next (run))
    {
      double least = g_array_index (shorts, double, run->round - 1);
      double most = g_array_index (longs, double, run->round - 1);
      double delayed = eat_short (self);

      bench_run_note_rate (run, most, least);
      bench_run_note (run, "delayed", delayed);
      bench_run_note (run, "delayed-ratio", delayed / least);
    }

  set_paused (self, FALSE);
  chihuo_loop_set_stop (self->loop, TRUE);
  return NULL;
}

static void
measure (BenchRun *run, const char *config)
{
  g_autoptr (ChihuoLoop) loop = bench_eater_new (config, 2, TRUE);
  Growth self = { .run = run, .config = config, .loop = loop };
  GThread *thread;

  g_mutex_init (&self.mutex);
  g_cond_init (&self.cond);
  bench_eater_set_hook (loop, count_cb, &self);
  thread = g_thread_new ("growth", measure_all, &self);
  if (chihuo_run (loop, NULL) != 0)
    g_error ("the loop has failed");
  g_thread_join (thread);
  g_cond_clear (&self.cond);
  g_mutex_clear (&self.mutex);

  g_clear_object (&loop);
  chihuo_store_wait_closed ();
}

static void
measure_memory (BenchRun *run)
{
  measure (run, "memory:bench");
}

static void
measure_sqlite (BenchRun *run)
{
  g_autofree char *path = bench_run_dup_path (run, "growth");
  g_autofree char *config = g_strconcat ("sqlite:", path, NULL);

  measure (run, config);
}

#define CEILING "the same with 10,000 waiting tasks"

const BenchCase bench_growth_cases[] = {
  { .name = "growth",
    .variant = "memory",
    .unit = "/s",
    .func = measure_memory,
    .ceiling = CEILING,
    .reach = { { "ratio", FALSE, 0.8 }, { "delayed-ratio", FALSE, 0.8 } } },
  { .name = "growth",
    .variant = "sqlite",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_sqlite,
    .ceiling = CEILING,
    .reach = { { "ratio", FALSE, 0.6 }, { "delayed-ratio", FALSE, 0.6 } } },
  { 0 },
};
