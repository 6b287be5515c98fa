/* bench-sqlite.c - what a queue in an SQLite file takes and gives, each commit on the disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-database.h"
#include "bench-eater.h"
#include "bench.h"
#include "chihuo-store.h"

#define N_TASKS 200000
#define CONCURRENCY 2

static char *
dup_config (BenchRun *run, const char *name)
{
  g_autofree char *path = bench_run_dup_path (run, name);

  return g_strconcat ("sqlite:", path, NULL);
}

static BenchDatabase *
open_bare (BenchRun *run)
{
  g_autofree char *path = bench_run_dup_path (run, "bare");

  return bench_database_new (path);
}

static void
measure_add (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);
  ChihuoTask **tasks = bench_tasks_new (0, n);

  while (bench_run_next (run))
    {
      g_autofree char *config = dup_config (run, "add");
      g_autoptr (BenchDatabase) bare = open_bare (run);
      double ceiling = bench_database_add (bare, n, 256);

      bench_run_note_rate (run, bench_tasks_time_add (config, tasks, n), ceiling);
    }

  bench_tasks_free (tasks, n);
}

static void
measure_process (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      g_autofree char *config = dup_config (run, "process");
      g_autoptr (ChihuoLoop) loop = bench_eater_new (config, CONCURRENCY, FALSE);
      g_autoptr (BenchDatabase) bare = open_bare (run);
      double ceiling;

      bench_database_add (bare, n, 256);
      ceiling = bench_database_eat (bare, n);

      bench_eater_set_finish (loop, TRUE);
      bench_tasks_fill (chihuo_loop_get_queue (loop), 0, n, 0);
      bench_run_note_rate (run, n / bench_eater_run (loop), ceiling);
      g_clear_object (&loop);
      chihuo_store_wait_closed ();
    }
}

const BenchCase bench_sqlite_cases[] = {
  { .name = "sqlite-add",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_add,
    .ceiling = "the same statements, 256 a transaction, synchronous=FULL",
    .reach = { { "ratio", FALSE, 0.8 } } },
  { .name = "sqlite-process",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_process,
    .ceiling = "the same statements, 256 a transaction, synchronous=FULL",
    .reach = { { "ratio", FALSE, 0.8 } } },
  { 0 },
};
