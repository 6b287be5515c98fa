/* bench-lodis-queue.c - what queues in a Lodis take and give
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-child.h"
#include "bench-eater.h"
#include "bench-latency.h"
#include "bench-lodis-server.h"
#include "bench-relay.h"
#include "chihuo-store.h"

#define N_TASKS 40000
#define N_SAMPLES 500
#define CONCURRENCY 8

/* A loop asks at intervals of seconds: less than some of them say nothing */
#define IDLE_SECONDS 12.0
#define IDLE_START 2.0
#define IDLE_SMALL 0.5

/* --- adding --- */

static double
add_all (guint16 port, ChihuoTask **tasks, guint n)
{
  g_autofree char *url = bench_lodis_dup_url (port, "safe");

  return bench_tasks_time_add (url, tasks, n);
}

/* The library's own requests, by a program that only sends them */
static double
measure_bare_add (BenchRun *run, const char *sync, ChihuoTask **tasks, guint n)
{
  BenchLodis *server = bench_lodis_new (run, sync);
  g_autoptr (BenchRelay) relay = bench_relay_new (server->port);
  double seconds;

  add_all (bench_relay_get_port (relay), tasks, n);
  bench_lodis_free (server);

  server = bench_lodis_new (run, sync);
  seconds = bench_relay_replay (relay, server->port, 0);
  bench_lodis_free (server);

  return n / seconds;
}

static void
measure_add (BenchRun *run, const char *sync)
{
  guint n = bench_run_scale (run, N_TASKS);
  ChihuoTask **tasks = bench_tasks_new (0, n);

  while (bench_run_next (run))
    {
      double bare = measure_bare_add (run, sync, tasks, n);
      g_autoptr (BenchLodis) server = bench_lodis_new (run, sync);

      bench_run_note_rate (run, add_all (server->port, tasks, n), bare);
    }

  bench_tasks_free (tasks, n);
}

static void
measure_add_unsynced (BenchRun *run)
{
  measure_add (run, "none");
}

static void
measure_add_synced (BenchRun *run)
{
  measure_add (run, "always");
}

/* --- eating --- */

/* relay: (nullable): eaten is how many bytes had passed through it before */
static double
eat_all (guint16 port, const char *mode, guint n, BenchRelay *relay, gsize *eaten)
{
  g_autofree char *url = bench_lodis_dup_url (port, mode);
  g_autoptr (ChihuoLoop) loop = bench_eater_new (url, CONCURRENCY, FALSE);
  double seconds;

  bench_eater_set_finish (loop, TRUE);
  bench_tasks_fill (chihuo_loop_get_queue (loop), 0, n, 0);
  if (relay != NULL)
    *eaten = bench_relay_get_length (relay);
  seconds = bench_eater_run (loop);
  g_clear_object (&loop);
  chihuo_store_wait_closed ();

  return n / seconds;
}

static double
measure_bare_eat (BenchRun *run, const char *sync, const char *mode, guint n)
{
  BenchLodis *server = bench_lodis_new (run, sync);
  g_autoptr (BenchRelay) relay = bench_relay_new (server->port);
  gsize eaten;
  double seconds;

  eat_all (bench_relay_get_port (relay), mode, n, relay, &eaten);
  bench_lodis_free (server);

  server = bench_lodis_new (run, sync);
  seconds = bench_relay_replay (relay, server->port, eaten);
  bench_lodis_free (server);

  return n / seconds;
}

static void
measure_process (BenchRun *run, const char *sync, const char *mode)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      double bare = measure_bare_eat (run, sync, mode, n);
      g_autoptr (BenchLodis) server = bench_lodis_new (run, sync);

      bench_run_note_rate (run, eat_all (server->port, mode, n, NULL, NULL), bare);
    }
}

static void
measure_process_unsynced (BenchRun *run)
{
  measure_process (run, "none", "safe");
}

static void
measure_process_synced (BenchRun *run)
{
  measure_process (run, "always", "safe");
}

static void
measure_process_plain (BenchRun *run)
{
  measure_process (run, "none", "plain");
}

/* --- waiting --- */

/* In plain mode nobody is asked what the original server does not know: there is nothing to wait with */
static void
measure_latency (BenchRun *run, const char *mode)
{
  guint n = bench_run_scale (run, N_SAMPLES);

  while (bench_run_next (run))
    {
      g_autoptr (BenchLodis) server = bench_lodis_new (run, "always");
      g_autofree char *url = bench_lodis_dup_url (server->port, mode);
      double call = 1e6 / bench_lodis_push (server, n);
      g_autoptr (GArray) values = bench_latency_sample (url, n);

      bench_latency_note (run, values, 2 * call);
    }
}

static void
measure_latency_safe (BenchRun *run)
{
  measure_latency (run, "safe");
}

static void
measure_latency_plain (BenchRun *run)
{
  measure_latency (run, "plain");
}

/* Requests a second, those of the long poll too; in a small run with those at the start */
static void
measure_idle (BenchRun *run, const char *mode)
{
  gboolean is_small = run->size == BENCH_SIZE_SMALL;
  double start = is_small ? 0 : IDLE_START;
  double seconds = is_small ? IDLE_SMALL : IDLE_SECONDS;

  while (bench_run_next (run))
    {
      g_autoptr (BenchLodis) server = bench_lodis_new (run, "always");
      g_autoptr (BenchRelay) relay = bench_relay_new (server->port);
      g_autofree char *url = bench_lodis_dup_url (bench_relay_get_port (relay), mode);
      g_autoptr (BenchChild) child = bench_child_new (BENCH_CHILD_IDLE, url, start + seconds);
      g_autofree char *line = NULL;
      guint n_before;

      g_usleep (start * G_USEC_PER_SEC);
      n_before = bench_relay_get_n_requests (relay);
      g_usleep (seconds * G_USEC_PER_SEC);
      bench_run_note (run, "rate", (bench_relay_get_n_requests (relay) - n_before) / seconds);
      line = bench_child_read_line (child);
    }
}

static void
measure_idle_safe (BenchRun *run)
{
  measure_idle (run, "safe");
}

static void
measure_idle_plain (BenchRun *run)
{
  measure_idle (run, "plain");
}

static void
measure_footprint (BenchRun *run)
{
  while (bench_run_next (run))
    {
      g_autoptr (BenchLodis) server = bench_lodis_new (run, "always");

      bench_run_note (run, "rate", bench_lodis_get_bytes (server));
    }
}

#define BARE "the library's own requests, sent again by a program that does nothing else"
#define PUSHES "two pushes of one task, one after another"

const BenchCase bench_lodis_queue_cases[] = {
  { .name = "lodis-add",
    .variant = "safe",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_add_unsynced,
    .ceiling = BARE,
    .reach = { { "rate", FALSE, 80e3 } } },
  { .name = "lodis-add",
    .variant = "safe-synced",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_add_synced,
    .ceiling = BARE,
    .reach = { { "rate", FALSE, 80e3 } } },
  { .name = "lodis-process",
    .variant = "safe",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_process_unsynced,
    .ceiling = BARE,
    .reach = { { "rate", FALSE, 20e3 } } },
  { .name = "lodis-process",
    .variant = "safe-synced",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_process_synced,
    .ceiling = BARE,
    .reach = { { "rate", FALSE, 20e3 } } },
  { .name = "lodis-process",
    .variant = "plain",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_process_plain,
    .ceiling = BARE,
    .reach = { { "rate", FALSE, 5e3 } } },
  { .name = "lodis-latency",
    .variant = "safe",
    .unit = "us",
    .less_is_better = TRUE,
    .on_disk = TRUE,
    .func = measure_latency_safe,
    .ceiling = PUSHES,
    .reach = { { "p50", TRUE, 3000 } } },
  { .name = "lodis-latency",
    .variant = "plain",
    .unit = "us",
    .less_is_better = TRUE,
    .on_disk = TRUE,
    .func = measure_latency_plain,
    .ceiling = PUSHES,
    .reach = { { "p50", TRUE, 60000 } } },
  { .name = "lodis-idle",
    .variant = "safe",
    .unit = "/s",
    .less_is_better = TRUE,
    .func = measure_idle_safe,
    .reach = { { "rate", TRUE, 1 } } },
  { .name = "lodis-idle",
    .variant = "plain",
    .unit = "/s",
    .less_is_better = TRUE,
    .func = measure_idle_plain,
    .reach = { { "rate", TRUE, 10 } } },
  { .name = "lodis-footprint",
    .unit = "B",
    .less_is_better = TRUE,
    .func = measure_footprint,
    .reach = { { "rate", TRUE, 30e6 } } },
  { 0 },
};
