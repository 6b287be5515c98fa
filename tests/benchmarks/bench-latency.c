/* bench-latency.c - from the add in a process that idles to the task's first line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-bare.h"
#include "bench-child.h"
#include "bench-database.h"
#include "bench-eater.h"
#include "bench-latency.h"
#include "bench-script.h"
#include "chihuo-run.h"
#include "chihuo-store.h"

#define N_SAMPLES 1000
#define PAUSE 0.001 /* between two tasks, s: all fall asleep again */

/* What SQLite may take: 3 bare commits, and this */
#define ALLOWANCE 200.0 /* us */

typedef struct
{
  ChihuoLoop *loop;
  GArray     *values; /* (owned): us */
  GMutex      mutex;
  GCond       cond;
  gint64      begun;  /* 0 = not yet */
  guint       n;
} Stopwatch;

static void
stop_cb (ChihuoTask *task, gpointer data)
{
  Stopwatch *self = data;

  g_mutex_lock (&self->mutex);
  self->begun = g_get_monotonic_time ();
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static gint64
wait_for_begin (Stopwatch *self)
{
  gint64 begun;

  g_mutex_lock (&self->mutex);
  while (self->begun == 0)
    g_cond_wait (&self->cond, &self->mutex);
  begun = self->begun;
  self->begun = 0;
  g_mutex_unlock (&self->mutex);

  return begun;
}

/* The first one finds nothing open yet, and is not counted */
static gpointer
add_slowly (gpointer data)
{
  Stopwatch *self = data;

  for (guint i = 0; i <= self->n; i++)
    {
      gint64 before;
      double passed;

      g_usleep (PAUSE * G_USEC_PER_SEC);
      before = g_get_monotonic_time ();
      bench_tasks_fill (chihuo_loop_get_queue (self->loop), i, 1, 0);
      passed = wait_for_begin (self) - before;
      if (i > 0)
        g_array_append_val (self->values, passed);
    }

  chihuo_loop_set_stop (self->loop, TRUE);
  return NULL;
}

static GArray *
sample_here (const char *config, guint n)
{
  g_autoptr (ChihuoLoop) loop = bench_eater_new (config, 1, TRUE);
  Stopwatch self = { .loop = loop, .n = n };
  GThread *thread;

  self.values = g_array_new (FALSE, FALSE, sizeof (double));
  g_mutex_init (&self.mutex);
  g_cond_init (&self.cond);
  bench_eater_set_hook (loop, stop_cb, &self);
  thread = g_thread_new ("adder", add_slowly, &self);
  if (chihuo_run (loop, NULL) != 0)
    g_error ("the loop has failed");
  g_thread_join (thread);
  g_cond_clear (&self.cond);
  g_mutex_clear (&self.mutex);

  g_clear_object (&loop);
  chihuo_store_wait_closed ();

  return self.values;
}

/* (element-type double): of so many tasks that one process adds and another one begins, us */
GArray *
bench_latency_sample (const char *config, guint n)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, config);
  g_autoptr (BenchChild) child = bench_child_new (BENCH_CHILD_PROMPT, config, 0);

  for (guint i = 0; i <= n; i++)
    {
      g_autofree char *line = NULL;
      gint64 before;
      double passed;

      g_usleep (PAUSE * G_USEC_PER_SEC);
      before = g_get_monotonic_time ();
      bench_tasks_fill (queue, i, 1, 0);
      line = bench_child_read_line (child);
      passed = g_ascii_strtoll (line, NULL, 10) - before;
      if (i > 0)
        g_array_append_val (values, passed);
    }

  g_clear_object (&queue);
  chihuo_store_wait_closed ();

  return values;
}

void
bench_latency_note (BenchRun *run, GArray *values, double bare)
{
  bench_run_note_rate (run, bench_median (values), bare);
  bench_run_note (run, "p50", bench_median (values));
  bench_run_note (run, "p99", bench_percentile (values, 0.99));
}

static double
measure_commit (BenchRun *run)
{
  g_autofree char *path = bench_run_dup_path (run, "bare");

  return 1e6 / bench_database_commits (path, bench_run_scale (run, N_SAMPLES), 1);
}

static void
measure_memory (BenchRun *run)
{
  guint n = bench_run_scale (run, N_SAMPLES);

  while (bench_run_next (run))
    {
      double bare = 1e6 * bench_bare_hand_over (n, PAUSE);
      g_autoptr (GArray) values = sample_here ("memory:bench", n);

      bench_latency_note (run, values, bare);
    }
}

static void
measure_sqlite (BenchRun *run)
{
  guint n = bench_run_scale (run, N_SAMPLES);

  while (bench_run_next (run))
    {
      g_autofree char *path = bench_run_dup_path (run, "here");
      g_autofree char *config = g_strconcat ("sqlite:", path, NULL);
      double commit = measure_commit (run);
      g_autoptr (GArray) values = sample_here (config, n);

      bench_latency_note (run, values, 2 * commit);
      bench_run_note (run, "allowed", 3 * commit + ALLOWANCE);
      bench_run_note (run, "of-allowed", bench_median (values) / (3 * commit + ALLOWANCE));
    }
}

static void
measure_process (BenchRun *run)
{
  guint n = bench_run_scale (run, N_SAMPLES);

  while (bench_run_next (run))
    {
      g_autofree char *path = bench_run_dup_path (run, "there");
      g_autofree char *config = g_strconcat ("sqlite:", path, NULL);
      double commit = measure_commit (run);
      g_autoptr (GArray) values = bench_latency_sample (config, n);

      bench_latency_note (run, values, 2 * commit);
    }
}

static void
measure_redis (BenchRun *run)
{
  guint n = bench_run_scale (run, N_SAMPLES);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_UNIX);
      g_autoptr (BenchScript) bare = bench_script_new (server);
      g_autofree char *url = bench_server_dup_url (server);
      double call = 1e6 / bench_script_add (bare, n, 1);
      g_autoptr (GArray) values = bench_latency_sample (url, n);

      bench_latency_note (run, values, 2 * call);
    }
}

const BenchCase bench_latency_cases[] = {
  { .name = "latency",
    .variant = "memory",
    .unit = "us",
    .less_is_better = TRUE,
    .func = measure_memory,
    .ceiling = "a condition variable, from one thread to another",
    .reach = { { "p50", TRUE, 50 } } },
  { .name = "latency",
    .variant = "sqlite",
    .unit = "us",
    .less_is_better = TRUE,
    .on_disk = TRUE,
    .func = measure_sqlite,
    .ceiling = "two commits of one row, one after another",
    .reach = { { "of-allowed", TRUE, 1 } } },
  { .name = "latency",
    .variant = "sqlite-process",
    .unit = "us",
    .less_is_better = TRUE,
    .on_disk = TRUE,
    .func = measure_process,
    .ceiling = "two commits of one row, one after another",
    .reach = { { "p50", TRUE, 5000 } } },
  { .name = "redis-latency",
    .unit = "us",
    .less_is_better = TRUE,
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_redis,
    .ceiling = "two calls of the bare program with one task, one after another",
    .reach = { { "p50", TRUE, 500 }, { "p99", TRUE, 2000 } } },
  { 0 },
};
