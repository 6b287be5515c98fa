/* bench-footprint.c - what waiting and idling cost
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-child.h"
#include "bench-eater.h"
#include "bench.h"

#define N_TASKS 500000
#define IDLE_SECONDS 3.0

/* In a process of its own: nobody else's memory is in between */
static void
measure_task (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      g_autoptr (BenchChild) child = bench_child_new (BENCH_CHILD_WAITING, "memory:bench", n);
      g_autofree char *line = bench_child_read_line (child);

      bench_run_note (run, "rate", g_ascii_strtod (line, NULL));
    }
}

static void
note_idle (BenchRun *run, const char *config)
{
  double seconds = run->size == BENCH_SIZE_SMALL ? 0.2 : IDLE_SECONDS;
  g_autoptr (BenchChild) child = bench_child_new (BENCH_CHILD_IDLE, config, seconds);
  g_autofree char *line = bench_child_read_line (child);
  char *rest;

  bench_run_note (run, "rate", g_ascii_strtod (line, &rest));
  bench_run_note (run, "cpu-ms", g_ascii_strtod (rest, NULL) * 1000);
}

static void
measure_idle_memory (BenchRun *run)
{
  while (bench_run_next (run))
    note_idle (run, "memory:bench");
}

static void
measure_idle_sqlite (BenchRun *run)
{
  while (bench_run_next (run))
    {
      g_autofree char *path = bench_run_dup_path (run, "idle");
      g_autofree char *config = g_strconcat ("sqlite:", path, NULL);

      note_idle (run, config);
    }
}

const BenchCase bench_footprint_cases[] = {
  { .name = "footprint",
    .variant = "waiting-task",
    .unit = "B",
    .less_is_better = TRUE,
    .func = measure_task,
    .reach = { { "rate", TRUE, 250 } } },
  { .name = "footprint",
    .variant = "idle-memory",
    .unit = "B",
    .less_is_better = TRUE,
    .func = measure_idle_memory,
    .reach = { { "rate", TRUE, 12e6 }, { "cpu-ms", TRUE, 3 } } },
  { .name = "footprint",
    .variant = "idle-sqlite",
    .unit = "B",
    .less_is_better = TRUE,
    .on_disk = TRUE,
    .func = measure_idle_sqlite,
    .reach = { { "rate", TRUE, 12e6 }, { "cpu-ms", TRUE, 3 } } },
  { 0 },
};
