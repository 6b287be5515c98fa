/* bench-redis.c - what a queue in a Redis takes and gives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-crowd.h"
#include "bench-eater.h"
#include "bench-script.h"
#include "bench-server.h"
#include "chihuo-store.h"

#define N_TASKS 200000
#define N_FAR 100000
#define N_ADDS 4000 /* of each thread */
#define N_KEPT 100000
#define CONCURRENCY 8

/* One way through the network, µs */
#define FAR 1000

/* --- adding --- */

static double
measure_bare_add (BenchServer *server, guint n, guint per_call)
{
  g_autoptr (BenchScript) bare = bench_script_new (server);
  double rate = bench_script_add (bare, n, per_call);

  bench_server_clear (server);

  return rate;
}

static double
add_all (BenchServer *server, ChihuoTask **tasks, guint n)
{
  g_autofree char *url = bench_server_dup_url (server);

  return bench_tasks_time_add (url, tasks, n);
}

static void
measure_add (BenchRun *run, BenchServerKind kind)
{
  guint n = bench_run_scale (run, N_TASKS);
  ChihuoTask **tasks = bench_tasks_new (0, n);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, kind);
      double bare_64 = measure_bare_add (server, n, 64);
      double bare_256 = measure_bare_add (server, n, 256);

      bench_run_note_rate (run, add_all (server, tasks, n), bare_256);
      bench_run_note (run, "bare-64", bare_64);
    }

  bench_tasks_free (tasks, n);
}

static void
measure_add_unix (BenchRun *run)
{
  measure_add (run, BENCH_SERVER_UNIX);
}

static void
measure_add_tcp (BenchRun *run)
{
  measure_add (run, BENCH_SERVER_TCP);
}

static void
measure_add_everysec (BenchRun *run)
{
  measure_add (run, BENCH_SERVER_EVERYSEC);
}

static void
measure_add_8 (BenchRun *run)
{
  guint n = bench_run_scale (run, N_ADDS);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_TCP);
      g_autofree char *url = bench_server_dup_url (server);
      g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, url);
      double ceiling = measure_bare_add (server, n * BENCH_CROWD, BENCH_CROWD);

      if (!chihuo_queue_open (queue, NULL))
        g_error ("%s cannot be opened", url);
      bench_run_note_rate (run, bench_crowd_add (queue, n), ceiling);
      g_clear_object (&queue);
      chihuo_store_wait_closed ();
    }
}

/* --- eating --- */

static double
measure_bare_eat (BenchServer *server, guint n, guint per_call)
{
  g_autoptr (BenchScript) bare = bench_script_new (server);
  double rate;

  bench_script_add (bare, n, 256);
  rate = bench_script_eat (bare, n, per_call);
  bench_server_clear (server);

  return rate;
}

static double
eat_all (BenchServer *server, guint n)
{
  g_autofree char *url = bench_server_dup_url (server);
  g_autoptr (ChihuoLoop) loop = bench_eater_new (url, CONCURRENCY, FALSE);
  double seconds;

  bench_eater_set_finish (loop, TRUE);
  bench_tasks_fill (chihuo_loop_get_queue (loop), 0, n, 0);
  seconds = bench_eater_run (loop);
  g_clear_object (&loop);
  chihuo_store_wait_closed ();

  return n / seconds;
}

static void
note_process (BenchRun *run, BenchServer *server, guint n)
{
  double bare_64 = measure_bare_eat (server, n, 64);
  double bare_256 = measure_bare_eat (server, n, 256);

  bench_run_note_rate (run, eat_all (server, n), bare_256);
  bench_run_note (run, "bare-64", bare_64);
}

static void
measure_process (BenchRun *run, BenchServerKind kind)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, kind);

      note_process (run, server, n);
    }
}

static void
measure_process_unix (BenchRun *run)
{
  measure_process (run, BENCH_SERVER_UNIX);
}

static void
measure_process_tcp (BenchRun *run)
{
  measure_process (run, BENCH_SERVER_TCP);
}

static void
measure_process_everysec (BenchRun *run)
{
  measure_process (run, BENCH_SERVER_EVERYSEC);
}

static void
measure_far (BenchRun *run)
{
  guint n = bench_run_scale (run, N_FAR);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_TCP);

      bench_server_go_far (server, FAR);
      note_process (run, server, n);
    }
}

/* --- keeping --- */

/* What is made once, by the first thousand, is no part of a task */
static void
measure_waiting (BenchRun *run)
{
  guint n = bench_run_scale (run, N_KEPT);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_UNIX);
      g_autofree char *url = bench_server_dup_url (server);
      g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, url);
      double before;

      bench_tasks_fill (queue, n, 1000, 0);
      before = bench_server_get_bytes (server);
      bench_tasks_fill (queue, 0, n, 0);
      bench_run_note (run, "rate", (bench_server_get_bytes (server) - before) / n);
      g_clear_object (&queue);
      chihuo_store_wait_closed ();
    }
}

static void
measure_finished (BenchRun *run)
{
  guint n = bench_run_scale (run, N_KEPT);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_UNIX);
      double before;

      eat_all (server, 1000);
      before = bench_server_get_bytes (server);
      eat_all (server, n + 1000);
      bench_run_note (run, "rate", (bench_server_get_bytes (server) - before) / n);
    }
}

/* --- others --- */

/* Their workers are slow to begin and slow to end: fewer jobs */
#define N_PEER_JOBS 2000

/* Ours and theirs at the same server, one after the other */
static void
measure_peer (BenchRun *run)
{
  guint n = bench_run_scale (run, run->bench->module != NULL ? 10 * N_PEER_JOBS : N_PEER_JOBS);
  guint n_ours = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_TCP);
      g_autofree char *url = bench_server_dup_url (server);
      g_autofree char *number = g_strdup_printf ("%u", n);
      g_autofree char *line
        = bench_server_ask_peer (run->bench->variant, url, number, run->bench->module != NULL);
      double ours = eat_all (server, n_ours);
      char *rest;
      double added = g_ascii_strtod (line, &rest);

      bench_run_note_rate (run, ours, g_ascii_strtod (rest, NULL));
      bench_run_note (run, "they-add", added);
    }
}

#define PEER "one worker of theirs, jobs that do nothing"
#define BARE "the same scripts, 256 tasks a call, one call after another"

const BenchCase bench_redis_cases[] = {
  { .name = "redis-add",
    .variant = "unix",
    .unit = "/s",
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_add_unix,
    .ceiling = BARE,
    .reach = { { "ratio", FALSE, 0.9 }, { "rate", FALSE, 250e3 } } },
  { .name = "redis-add",
    .variant = "tcp",
    .unit = "/s",
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_add_tcp,
    .ceiling = BARE,
    .reach = { { "ratio", FALSE, 0.9 } } },
  { .name = "redis-add",
    .variant = "everysec",
    .unit = "/s",
    .on_disk = TRUE,
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_add_everysec,
    .ceiling = BARE,
    .reach = { { "ratio", FALSE, 0.9 } } },
  { .name = "redis-process",
    .variant = "unix",
    .unit = "/s",
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_process_unix,
    .ceiling = BARE,
    .reach = { { "ratio", FALSE, 0.9 }, { "rate", FALSE, 150e3 } } },
  { .name = "redis-process",
    .variant = "tcp",
    .unit = "/s",
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_process_tcp,
    .ceiling = BARE,
    .reach = { { "ratio", FALSE, 0.9 } } },
  { .name = "redis-process",
    .variant = "everysec",
    .unit = "/s",
    .on_disk = TRUE,
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_process_everysec,
    .ceiling = BARE,
    .reach = { { "ratio", FALSE, 0.9 } } },
  { .name = "redis-add-8",
    .unit = "/s",
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_add_8,
    .ceiling = "8 x the calls of 8 tasks each, one after another",
    .reach = { { "ratio", FALSE, 0.5 } } },
  { .name = "redis-rtt",
    .unit = "/s",
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_far,
    .ceiling = BARE " of 2 ms",
    .reach = { { "rate", FALSE, 50e3 } } },
  { .name = "redis-footprint",
    .variant = "waiting-task",
    .unit = "B",
    .less_is_better = TRUE,
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_waiting,
    .reach = { { "rate", TRUE, 350 } } },
  { .name = "redis-footprint",
    .variant = "finished-id",
    .unit = "B",
    .less_is_better = TRUE,
    .needs = BENCH_SERVER_PROGRAM,
    .func = measure_finished,
    .reach = { { "rate", TRUE, 90 } } },
  { .name = "redis-peers",
    .variant = "celery",
    .unit = "/s",
    .needs = "celery",
    .func = measure_peer,
    .ceiling = PEER },
  { .name = "redis-peers",
    .variant = "rq",
    .unit = "/s",
    .needs = "rq",
    .func = measure_peer,
    .ceiling = PEER },
  { .name = "redis-peers",
    .variant = "bullmq",
    .unit = "/s",
    .needs = "node",
    .module = "bullmq",
    .func = measure_peer,
    .ceiling = PEER },
  { .name = "redis-peers",
    .variant = "bee-queue",
    .unit = "/s",
    .needs = "node",
    .module = "bee-queue",
    .func = measure_peer,
    .ceiling = PEER },
  { 0 },
};
