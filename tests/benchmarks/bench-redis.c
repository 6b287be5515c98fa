/* bench-redis.c - what a queue in a Redis takes and gives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

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

/* Each program has a server of its own: one that has worked already may be about to write its append-only
 * file anew */
static double
measure_bare_add (BenchRun *run, BenchServerKind kind, guint n, guint per_call)
{
  g_autoptr (BenchServer) server = bench_server_new (run, kind);
  g_autoptr (BenchScript) bare = bench_script_new (server);

  return bench_script_add (bare, n, per_call);
}

static double
measure_own_add (BenchRun *run, BenchServerKind kind, ChihuoTask **tasks, guint n)
{
  g_autoptr (BenchServer) server = bench_server_new (run, kind);
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
      double bare_64 = measure_bare_add (run, kind, n, 64);
      double bare_256 = measure_bare_add (run, kind, n, 256);

      bench_run_note_rate (run, measure_own_add (run, kind, tasks, n), bare_256);
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
      double ceiling = measure_bare_add (run, BENCH_SERVER_TCP, n * BENCH_CROWD, BENCH_CROWD);
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_TCP);
      g_autofree char *url = bench_server_dup_url (server);
      g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, url);

      if (!chihuo_queue_open (queue, NULL))
        g_error ("%s cannot be opened", url);
      bench_run_note_rate (run, bench_crowd_add (queue, n), ceiling);
      g_clear_object (&queue);
      chihuo_store_wait_closed ();
    }
}

/* --- eating --- */

/* `delay`: one way through the network, µs */
static BenchServer *
new_server (BenchRun *run, BenchServerKind kind, guint delay)
{
  BenchServer *server = bench_server_new (run, kind);

  if (delay > 0)
    bench_server_go_far (server, delay);

  return server;
}

static double
measure_bare_eat (BenchRun *run, BenchServerKind kind, guint delay, guint n, guint per_call)
{
  g_autoptr (BenchServer) server = new_server (run, kind, delay);
  g_autoptr (BenchScript) bare = bench_script_new (server);

  bench_script_add (bare, n, 256);

  return bench_script_eat (bare, n, per_call);
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
measure_process (BenchRun *run, BenchServerKind kind, guint delay, guint n_tasks)
{
  guint n = bench_run_scale (run, n_tasks);

  while (bench_run_next (run))
    {
      double bare_64 = measure_bare_eat (run, kind, delay, n, 64);
      double bare_256 = measure_bare_eat (run, kind, delay, n, 256);
      g_autoptr (BenchServer) server = new_server (run, kind, delay);

      bench_run_note_rate (run, eat_all (server, n), bare_256);
      bench_run_note (run, "bare-64", bare_64);
    }
}

static void
measure_process_unix (BenchRun *run)
{
  measure_process (run, BENCH_SERVER_UNIX, 0, N_TASKS);
}

static void
measure_process_tcp (BenchRun *run)
{
  measure_process (run, BENCH_SERVER_TCP, 0, N_TASKS);
}

static void
measure_process_everysec (BenchRun *run)
{
  measure_process (run, BENCH_SERVER_EVERYSEC, 0, N_TASKS);
}

static void
measure_far (BenchRun *run)
{
  measure_process (run, BENCH_SERVER_TCP, FAR, N_FAR);
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

static const BenchPeer peers[] = {
  { "celery", "python3", ".py", 2000 },
  { "rq", "python3", ".py", 2000 },
  { "sidekiq", "ruby", ".rb", 20000 },
  { "bullmq", "node", ".cjs", 20000 },
  { "bee-queue", "node", ".cjs", 20000 },
};

static const BenchPeer *
find_peer (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    if (strcmp (peers[i].name, name) == 0)
      return &peers[i];

  g_assert_not_reached ();
}

/* Ours and theirs at the same server, one after the other */
static void
measure_peer (BenchRun *run)
{
  const BenchPeer *peer = find_peer (run->bench->variant);
  guint n = bench_run_scale (run, peer->n_jobs);
  guint n_ours = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      g_autoptr (BenchServer) server = bench_server_new (run, BENCH_SERVER_TCP);
      g_autofree char *url = bench_server_dup_url (server);
      g_autofree char *line = bench_server_ask_peer (peer, url, n);
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
    .variant = "sidekiq",
    .unit = "/s",
    .needs = "sidekiq",
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
