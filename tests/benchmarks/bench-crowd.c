/* bench-crowd.c - many who want the same SQLite file at once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-child.h"
#include "bench-crowd.h"
#include "bench-database.h"
#include "bench-eater.h"
#include "bench.h"
#include "chihuo-store.h"

#define N_ADDS 2000     /* of each thread */
#define N_WAITING 400000
#define BUSY_SECONDS 2.0

/* --- threads that add one task at a time --- */

typedef struct
{
  ChihuoQueue *queue;
  guint        first;
  guint        n;
} Adder;

static gpointer
add_singly (gpointer data)
{
  Adder *adder = data;

  for (guint i = 0; i < adder->n; i++)
    bench_tasks_fill (adder->queue, adder->first + i, 1, 0);

  return NULL;
}

/* Tasks a second that so many threads add together, each of them one at a time */
double
bench_crowd_add (ChihuoQueue *queue, guint n_each)
{
  Adder adders[BENCH_CROWD];
  GThread *threads[BENCH_CROWD];
  gint64 before = g_get_monotonic_time ();

  for (guint i = 0; i < BENCH_CROWD; i++)
    {
      adders[i] = (Adder) { .queue = queue, .first = i * n_each, .n = n_each };
      threads[i] = g_thread_new ("adder", add_singly, &adders[i]);
    }
  for (guint i = 0; i < BENCH_CROWD; i++)
    g_thread_join (threads[i]);

  return BENCH_CROWD * n_each / bench_seconds_since (before);
}

static void
measure_add (BenchRun *run)
{
  guint n = bench_run_scale (run, N_ADDS);

  while (bench_run_next (run))
    {
      g_autofree char *bare_path = bench_run_dup_path (run, "bare");
      g_autofree char *path = bench_run_dup_path (run, "add");
      g_autofree char *config = g_strconcat ("sqlite:", path, NULL);
      g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, config);
      double commits = bench_database_commits (bare_path, n, BENCH_CROWD);

      if (!chihuo_queue_open (queue, NULL))
        g_error ("%s cannot be opened", config);
      bench_run_note_rate (run, bench_crowd_add (queue, n), BENCH_CROWD * commits);
      g_clear_object (&queue);
      chihuo_store_wait_closed ();
    }
}

/* --- processes that eat --- */

static void
fill_file (const char *config, guint n)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, config);

  bench_tasks_fill (queue, 0, n, 0);
  g_clear_object (&queue);
  chihuo_store_wait_closed ();
}

static double
measure_bare (BenchRun *run, guint n)
{
  g_autofree char *path = bench_run_dup_path (run, "bare");
  g_autoptr (BenchDatabase) bare = bench_database_new (path);

  bench_database_add (bare, n, 256);
  return bench_database_eat (bare, n);
}

/* Each one's rate, when all of them have begun */
static void
eat_together (BenchRun *run, const char *config, double seconds, double ceiling)
{
  BenchChild *children[BENCH_CROWD];
  double sum = 0;
  double least = G_MAXDOUBLE;
  double n_outages = 0;

  for (guint i = 0; i < BENCH_CROWD; i++)
    children[i] = bench_child_new (BENCH_CHILD_BUSY, config, seconds);
  for (guint i = 0; i < BENCH_CROWD; i++)
    g_free (bench_child_read_line (children[i]));
  for (guint i = 0; i < BENCH_CROWD; i++)
    bench_child_go (children[i]);
  for (guint i = 0; i < BENCH_CROWD; i++)
    {
      g_autofree char *line = bench_child_read_line (children[i]);
      char *rest;
      double rate = g_ascii_strtod (line, &rest);

      sum += rate;
      least = MIN (least, rate);
      n_outages += g_ascii_strtod (rest, NULL);
      bench_child_free (children[i]);
    }

  bench_run_note_rate (run, sum, ceiling);
  bench_run_note (run, "slowest", least * BENCH_CROWD / sum);
  bench_run_note (run, "busy", n_outages);
}

static void
measure_processes (BenchRun *run)
{
  double seconds = run->size == BENCH_SIZE_SMALL ? 0.2 : BUSY_SECONDS;
  guint n = run->size == BENCH_SIZE_SMALL ? N_WAITING / 10 : N_WAITING;

  while (bench_run_next (run))
    {
      g_autofree char *path = bench_run_dup_path (run, "busy");
      g_autofree char *config = g_strconcat ("sqlite:", path, NULL);
      double ceiling = measure_bare (run, n / 4);

      fill_file (config, n);
      eat_together (run, config, seconds, ceiling);
    }
}

const BenchCase bench_crowd_cases[] = {
  { .name = "sqlite-add-8",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_add,
    .ceiling = "8 x the commits of 8 rows each, one after another",
    .reach = { { "ratio", FALSE, 0.45 } } },
  { .name = "sqlite-8",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_processes,
    .ceiling = "one process alone with the same statements",
    .reach = { { "slowest", FALSE, 0.5 }, { "busy", TRUE, 0 } } },
  { 0 },
};
