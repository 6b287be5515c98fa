/* bench-memory.c - what a queue in memory takes and gives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-bare.h"
#include "bench-eater.h"
#include "bench.h"
#include "chihuo-store.h"

#define CONFIG "memory:bench"
#define N_TASKS 1000000
#define N_SINGLE 300000
#define CONCURRENCY 2

static void
measure_add (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);
  ChihuoTask **tasks = bench_tasks_new (0, n);

  while (bench_run_next (run))
    {
      g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, CONFIG);
      double bare = bench_bare_add (tasks, n, 1000);
      gint64 before = g_get_monotonic_time ();

      bench_tasks_add (queue, tasks, n);
      bench_run_note_rate (run, n / bench_seconds_since (before), bare);
      g_clear_object (&queue);
      chihuo_store_wait_closed ();
    }

  bench_tasks_free (tasks, n);
}

static void
add_one (ChihuoLoop *loop, guint number)
{
  char id[32];

  g_snprintf (id, sizeof id, BENCH_ID_FORMAT, number);
  if (chihuo_loop_add_task_json (loop, id, BENCH_INFO, NULL) != CHIHUO_ADD_RESULT_ADDED)
    g_error ("%s was not added", id);
}

static void
measure_add_single (BenchRun *run)
{
  guint n = bench_run_scale (run, N_SINGLE);
  ChihuoTask **tasks = bench_tasks_new (0, n);

  while (bench_run_next (run))
    {
      g_autoptr (ChihuoLoop) loop = bench_eater_new (CONFIG, 1, FALSE);
      double bare = bench_bare_add (tasks, n, 1);
      gint64 before = g_get_monotonic_time ();

      for (guint i = 0; i < n; i++)
        add_one (loop, i);
      bench_run_note_rate (run, n / bench_seconds_since (before), bare);
      g_clear_object (&loop);
      chihuo_store_wait_closed ();
    }

  bench_tasks_free (tasks, n);
}

/* Tasks a second of a loop that eats all there is */
static double
eat (ChihuoLoop *loop, guint n)
{
  double rate;

  bench_tasks_fill (chihuo_loop_get_queue (loop), 0, n, 0);
  rate = n / bench_eater_run (loop);
  if (chihuo_loop_get_n_done (loop) != n)
    g_error ("%" G_GUINT64_FORMAT " were eaten, not %u", chihuo_loop_get_n_done (loop), n);
  g_object_unref (loop);
  chihuo_store_wait_closed ();

  return rate;
}

static double
process (guint n, gboolean finish)
{
  ChihuoLoop *loop = bench_eater_new (CONFIG, CONCURRENCY, FALSE);

  bench_eater_set_finish (loop, finish);
  return eat (loop, n);
}

static void
measure_process (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      double gtask = bench_bare_gtask (n / 4);

      bench_run_note_rate (run, process (n, FALSE), gtask);
      bench_run_note (run, "pool", bench_bare_pool (n));
    }
}

static void
measure_finish (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      double plain = process (n, FALSE);

      bench_run_note_rate (run, process (n, TRUE), plain);
    }
}

static void
measure_begin (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      double bare = bench_bare_context (n / 4);

      bench_run_note_rate (run, eat (bench_beginner_new (CONFIG, CONCURRENCY), n), bare);
    }
}

const BenchCase bench_memory_cases[] = {
  { .name = "memory-add",
    .unit = "/s",
    .func = measure_add,
    .ceiling = "a hash table and a list under a lock, 1,000 at a time",
    .reach = { { "rate", FALSE, 2e6 } } },
  { .name = "memory-add-single",
    .unit = "/s",
    .func = measure_add_single,
    .ceiling = "a hash table and a list under a lock, one at a time",
    .reach = { { "rate", FALSE, 4e5 } } },
  { .name = "memory-process",
    .unit = "/s",
    .func = measure_process,
    .ceiling = "GTask in threads, answered on the main context",
    .reach = { { "ratio", FALSE, 3 }, { "rate", FALSE, 2e6 } } },
  { .name = "memory-finish",
    .unit = "/s",
    .func = measure_finish,
    .ceiling = "chihuo itself without the finished marks (memory-process)",
    .reach = { { "ratio", FALSE, 0.7 } } },
  { .name = "memory-begin",
    .unit = "/s",
    .func = measure_begin,
    .ceiling = "GTask on the main context",
    .reach = { { "rate", FALSE, 8e5 } } },
  { 0 },
};
