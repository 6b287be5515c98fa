/* bench-child.c - other processes that take part in a measurement
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench-child.h"
#include "bench-eater.h"
#include "bench.h"
#include "chihuo-run.h"

/* Each says "ready" when it is, and goes on when it is given a line. A process of its own, not a fork: a
 * forked child has no stores. */

static void
say_ready (void)
{
  printf ("ready\n");
  fflush (stdout);
}

/* --- busy --- */

typedef struct
{
  ChihuoLoop *loop;
  double      seconds;
  guint64     n_before;
  guint       n_outages;
} Busy;

static gboolean
end_cb (gpointer data)
{
  Busy *busy = data;

  printf ("%f %u\n", (chihuo_loop_get_n_done (busy->loop) - busy->n_before) / busy->seconds,
          busy->n_outages);
  chihuo_loop_set_stop (busy->loop, TRUE);

  return G_SOURCE_REMOVE;
}

static gboolean
go_cb (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  Busy *busy = data;

  busy->n_before = chihuo_loop_get_n_done (busy->loop);
  g_timeout_add (busy->seconds * 1000, end_cb, busy);

  return G_SOURCE_REMOVE;
}

static void
online_cb (GObject *queue, GParamSpec *pspec, gpointer data)
{
  Busy *busy = data;

  busy->n_outages += !chihuo_queue_get_online (CHIHUO_QUEUE (queue));
}

/* The first task is the sign that it takes part */
static void
first_task_cb (ChihuoTask *task, gpointer data)
{
  static int n_seen;

  if (g_atomic_int_add (&n_seen, 1) == 0)
    say_ready ();
}

static int
be_busy (const char *server_config, double seconds)
{
  g_autoptr (ChihuoLoop) loop = bench_eater_new (server_config, 2, TRUE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (STDIN_FILENO);
  Busy busy = { .loop = loop, .seconds = seconds };

  bench_eater_set_finish (loop, TRUE);
  bench_eater_set_hook (loop, first_task_cb, NULL);
  g_signal_connect (chihuo_loop_get_queue (loop), "notify::online", G_CALLBACK (online_cb), &busy);
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, go_cb, &busy);

  return chihuo_run (loop, NULL);
}

/* --- prompt --- */

static void
tell_time_cb (ChihuoTask *task, gpointer data)
{
  printf ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time ());
  fflush (stdout);
}

static gboolean
closed_cb (GIOChannel *channel, GIOCondition condition, gpointer loop)
{
  chihuo_loop_set_stop (loop, TRUE);

  return G_SOURCE_REMOVE;
}

static int
be_prompt (const char *server_config)
{
  g_autoptr (ChihuoLoop) loop = bench_eater_new (server_config, 1, TRUE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (STDIN_FILENO);

  bench_eater_set_hook (loop, tell_time_cb, NULL);
  g_io_add_watch (input, G_IO_HUP, closed_cb, loop);

  return chihuo_run (loop, NULL);
}

/* --- idle --- */

static double
get_cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
         + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double
get_resident_bytes (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  words = g_strsplit (text, " ", 3);

  return g_ascii_strtod (words[1], NULL) * sysconf (_SC_PAGESIZE);
}

typedef struct
{
  ChihuoLoop *loop;
  double      seconds;
  double      cpu_before; /* < 0: it has not settled down yet */
} Idle;

static gboolean
look_cb (gpointer data)
{
  Idle *idle = data;

  if (idle->cpu_before < 0)
    {
      idle->cpu_before = get_cpu_seconds ();
      g_timeout_add (idle->seconds * 1000, look_cb, idle);
      return G_SOURCE_REMOVE;
    }

  printf ("%f %f\n", get_resident_bytes (), (get_cpu_seconds () - idle->cpu_before) / idle->seconds);
  chihuo_loop_set_stop (idle->loop, TRUE);

  return G_SOURCE_REMOVE;
}

static int
be_idle (const char *server_config, double seconds)
{
  g_autoptr (ChihuoLoop) loop = bench_eater_new (server_config, 2, TRUE);
  Idle idle = { .loop = loop, .seconds = seconds, .cpu_before = -1 };

  g_timeout_add (MIN (seconds, 0.5) * 1000, look_cb, &idle);

  return chihuo_run (loop, NULL);
}

/* --- waiting --- */

static double
get_used_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* The first thousand is not counted: what is made once is no part of a task */
static int
be_waiting (const char *server_config, guint n)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new (BENCH_QUEUE, server_config);
  double before;

  bench_tasks_fill (queue, 0, 1000, 0);
  before = get_used_bytes ();
  bench_tasks_fill (queue, 1000, n, 0);
  printf ("%f\n", (get_used_bytes () - before) / n);

  return 0;
}

/* --- adding, eating --- */

static int
be_counted (const char *server_config, guint n, gboolean eats)
{
  g_autoptr (ChihuoLoop) loop = bench_eater_new (server_config, 1, FALSE);

  bench_eater_set_finish (loop, TRUE);
  bench_tasks_fill (chihuo_loop_get_queue (loop), 0, n, 0);
  if (eats)
    bench_eater_run (loop);

  return chihuo_loop_get_n_done (loop) == (eats ? n : 0) ? 0 : 1;
}

int
bench_child_main (const char *role, char **arguments)
{
  const char *server_config = arguments[0];
  double number = g_ascii_strtod (arguments[1], NULL);

  if (g_str_equal (role, BENCH_CHILD_BUSY))
    return be_busy (server_config, number);
  if (g_str_equal (role, BENCH_CHILD_PROMPT))
    return be_prompt (server_config);
  if (g_str_equal (role, BENCH_CHILD_IDLE))
    return be_idle (server_config, number);
  if (g_str_equal (role, BENCH_CHILD_WAITING))
    return be_waiting (server_config, number);
  if (g_str_equal (role, BENCH_CHILD_ADDING))
    return be_counted (server_config, number, FALSE);
  if (g_str_equal (role, BENCH_CHILD_EATING))
    return be_counted (server_config, number, TRUE);

  return 64;
}

/* --- the parent's side --- */

BenchChild *
bench_child_new (const char *role, const char *server_config, double number)
{
  BenchChild *self = g_new0 (BenchChild, 1);
  g_autoptr (GError) error = NULL;
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_dtostr (text, sizeof text, number);
  self->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                    &error, "/proc/self/exe", BENCH_CHILD_OPTION, role,
                                    server_config, text, NULL);
  if (self->process == NULL)
    g_error ("%s", error->message);
  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));

  return self;
}

void
bench_child_go (BenchChild *self)
{
  g_output_stream_write_all (g_subprocess_get_stdin_pipe (self->process), "go\n", 3, NULL, NULL,
                             NULL);
}

char *
bench_child_read_line (BenchChild *self)
{
  char *line = g_data_input_stream_read_line (self->output, NULL, NULL, NULL);

  if (line == NULL)
    g_error ("a child has ended without an answer");

  return line;
}

/* Lets it end, and waits for that */
void
bench_child_free (BenchChild *self)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (self->process), NULL, NULL);
  g_subprocess_wait (self->process, NULL, NULL);
  g_object_unref (self->output);
  g_object_unref (self->process);
  g_free (self);
}
