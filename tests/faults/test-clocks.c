/* test-clocks.c - two processes at one database, and one of them has a clock that is wrong
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "chihuo-loop.h"
#include "chihuo-run.h"
#include "chihuo-store.h"
#include "fault-scene.h"

/* The program is its own worker, started twice: once as it is, once under libfaketime. Some tasks run
 * longer than their lease, every third fails once and comes back at once. Each run writes a line:
 * the worker, the id, the token. Nobody may be taken for dead, so there is no run but these; tokens
 * grow, whoever's clock they were made with; and all is finished in the end. */

#define N_TASKS 60
#define LEASE 1.0
#define LIBRARY "/usr/$LIB/faketime/libfaketimeMT.so.1"

typedef struct
{
  const char *name;
  const char *faketime;
  const char *later;      /* (nullable): what the clock jumps to meanwhile */
  double      rate;       /* of all clocks; 1 = only the wall clock is wrong */
} Fault;

static const Fault faults[] = {
  { "an-hour-ahead", "+3600s", NULL, 1 },
  { "an-hour-behind", "-3600s", NULL, 1 },
  { "jumps", "+3600s", "-3600s", 1 },
  { "half-as-fast", "+0 x0.5", NULL, 0.5 },
  { "twice-as-fast", "+0 x2", NULL, 2 },
};

/* --- the worker --- */

typedef struct
{
  ChihuoLoop parent_instance;
} Worker;

typedef ChihuoLoopClass WorkerClass;

GType worker_get_type (void);

G_DEFINE_TYPE (Worker, worker, CHIHUO_TYPE_LOOP)

static int log_fd;
static const char *worker_name;

static void
write_line (const char *word, guint64 number)
{
  g_autofree char *line = g_strdup_printf ("%s %s %" G_GUINT64_FORMAT "\n", worker_name, word,
                                           number);

  g_assert_cmpint (write (log_fd, line, strlen (line)), ==, strlen (line));
}

static gboolean
worker_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);
  int n = atoi (id);

  write_line (id, chihuo_task_get_token (task));
  g_usleep (n % 15 == 0 ? 1.5 * LEASE * G_USEC_PER_SEC : 20 * 1000);
  if (n % 3 == 0 && chihuo_task_get_tries (task) == 1)
    return FALSE;

  return TRUE;
}

static void
worker_class_init (WorkerClass *klass)
{
  klass->make_task = worker_make_task;
}

static void
worker_init (Worker *self)
{
}

/* Past whoever stands before the C library */
static gint64
get_true_time (clockid_t clock)
{
  struct timespec now;

  g_assert_cmpint (syscall (SYS_clock_gettime, clock, &now), ==, 0);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* How wrong the clocks are, so that a fault that does not happen is seen */
static void
write_error (void)
{
  gint64 wrong = g_get_real_time () - get_true_time (CLOCK_REALTIME);

  write_line (wrong > 0 ? "ahead" : "behind", ABS (wrong) / G_USEC_PER_SEC);
}

static void
write_rate (gint64 since, gint64 true_since)
{
  gint64 true_duration = get_true_time (CLOCK_MONOTONIC) - true_since;

  write_line ("percent", (g_get_monotonic_time () - since) * 100 / true_duration);
}

static int
be_worker (const char *name, const char *uri, const char *log)
{
  gint64 since = g_get_monotonic_time ();
  gint64 true_since = get_true_time (CLOCK_MONOTONIC);
  g_autoptr (ChihuoLoop) loop
    = g_object_new (worker_get_type (), "name", "eat", "server-config", uri, "run-forever", FALSE,
                    "concurrency", 2, "finish-on-success", TRUE, "lease", LEASE, "linger", 1.0,
                    "retry-policy", CHIHUO_RETRY_POLICY_IMMEDIATE, NULL);
  g_autoptr (GError) error = NULL;
  int status;

  worker_name = name;
  log_fd = open (log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  g_assert_cmpint (log_fd, >=, 0);
  write_error ();
  status = chihuo_run_loops (&loop, 1, &error);
  g_assert_no_error (error);
  write_error ();
  write_rate (since, true_since);
  close (log_fd);

  return status;
}

/* --- the test --- */

static const char *program;

typedef struct
{
  char *folder;
  char *path;
  char *uri;
  char *log;
  char *clock; /* the file that libfaketime reads */
} Scene;

static void
set_up (Scene *self, gconstpointer data)
{
  self->folder = fault_make_folder ();
  self->path = g_build_filename (self->folder, "tasks.db", NULL);
  self->uri = g_strconcat ("sqlite://", self->path, NULL);
  self->log = g_build_filename (self->folder, "log", NULL);
  self->clock = g_build_filename (self->folder, "clock", NULL);
}

static void
tear_down (Scene *self, gconstpointer data)
{
  fault_remove_folder (self->folder);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->uri);
  g_free (self->log);
  g_free (self->clock);
}

static void
set_clock (Scene *self, const char *faketime)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (self->clock, faketime, -1, &error);
  g_assert_no_error (error);
}

static void
add_tasks (Scene *self)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new ("eat", self->uri);

  for (guint n = 0; n < N_TASKS; n++)
    {
      g_autofree char *id = g_strdup_printf ("%02u", n);
      g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (chihuo_queue_add (queue, task, 0, &error), ==, CHIHUO_ADD_RESULT_ADDED);
      g_assert_no_error (error);
    }
  g_assert_finalize_object (g_steal_pointer (&queue));
  chihuo_store_wait_closed ();
}

static GSubprocess *
start_worker (Scene *self, const char *name, const Fault *fault)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  if (fault != NULL)
    {
      g_subprocess_launcher_setenv (launcher, "LD_PRELOAD", LIBRARY, TRUE);
      g_subprocess_launcher_setenv (launcher, "FAKETIME_TIMESTAMP_FILE", self->clock, TRUE);
      g_subprocess_launcher_setenv (launcher, "FAKETIME_NO_CACHE", "1", TRUE);
      if (fault->rate == 1)
        g_subprocess_launcher_setenv (launcher, "FAKETIME_DONT_FAKE_MONOTONIC", "1", TRUE);
    }
  process = g_subprocess_launcher_spawn (launcher, &error, program, "--worker", name, self->uri,
                                         self->log, NULL);
  g_assert_no_error (error);

  return process;
}

static void
wait_for (GSubprocess *process)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
}

/* The first task is a long one: there is work left for the other worker */
static void
wait_until_running (Scene *self)
{
  g_autofree char *text = NULL;

  while (text == NULL || strstr (text, "wrong 00") == NULL)
    {
      g_clear_pointer (&text, g_free);
      g_usleep (10 * 1000);
      g_file_get_contents (self->log, &text, NULL, NULL);
    }
}

typedef struct
{
  guint   runs[N_TASKS];
  guint64 tokens[N_TASKS];
  guint   n_wrong; /* tasks that the worker with the wrong clock has run */
  guint   n_right;
  guint   ahead; /* by how much its clock was wrong, at the most, s */
  guint   behind;
  guint   percent;
} Log;

/* How wrong a clock was. Whether the line was about that */
static gboolean
read_error (Log *self, const char *word, guint number)
{
  if (g_str_equal (word, "ahead"))
    self->ahead = MAX (self->ahead, number);
  else if (g_str_equal (word, "behind"))
    self->behind = MAX (self->behind, number);
  else if (g_str_equal (word, "percent"))
    self->percent = number;
  else
    return FALSE;

  return TRUE;
}

/* One line of the log. It was appended before the run went on, so the order of an id's lines is
 * that of its runs */
static void
read_line (Log *self, const char *line)
{
  char worker[16];
  char word[16];
  guint64 number;
  gboolean is_wrong;
  guint n;

  g_assert_cmpint (sscanf (line, "%15s %15s %" G_GUINT64_FORMAT, worker, word, &number), ==, 3);
  is_wrong = g_str_equal (worker, "wrong");
  if (read_error (is_wrong ? self : &(Log) { 0 }, word, number))
    return;

  n = atoi (word);
  g_assert_cmpuint (n, <, N_TASKS);
  g_assert_cmpuint (number, >, self->tokens[n]);
  self->tokens[n] = number;
  self->runs[n]++;
  self->n_wrong += is_wrong;
  self->n_right += !is_wrong;
}

static Log
read_log (Scene *self)
{
  Log log = { 0 };
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (self->log, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    read_line (&log, lines[i]);

  return log;
}

static void
check_fault (const Log *log, const Fault *fault)
{
  gboolean is_ahead = g_str_has_prefix (fault->faketime, "+3600");
  gboolean is_behind = g_str_has_prefix (fault->faketime, "-3600") || fault->later != NULL;

  g_test_message ("%u runs by the right clock, %u by the one that was up to %u s ahead and %u s "
                  "behind and ran at %u %%",
                  log->n_right, log->n_wrong, log->ahead, log->behind, log->percent);
  g_assert_cmpuint (log->n_right, >=, 2);
  g_assert_cmpuint (log->n_wrong, >=, 2);
  g_assert_cmpuint (log->ahead, >=, is_ahead ? 3000 : 0);
  g_assert_cmpuint (log->behind, >=, is_behind ? 3000 : 0);
  g_assert_cmpfloat_with_epsilon (log->percent / 100.0, fault->rate, 0.1 * fault->rate);
}

static void
test_clock (Scene *self, gconstpointer data)
{
  const Fault *fault = data;
  g_autoptr (GSubprocess) wrong = NULL;
  g_autoptr (GSubprocess) right = NULL;
  g_autofree char *left = NULL;
  g_autofree char *finished = NULL;
  Log log;

  add_tasks (self);
  set_clock (self, fault->faketime);
  wrong = start_worker (self, "wrong", fault);
  wait_until_running (self);
  right = start_worker (self, "right", NULL);
  if (fault->later != NULL)
    set_clock (self, fault->later);
  wait_for (wrong);
  wait_for (right);

  log = read_log (self);
  check_fault (&log, fault);
  for (guint n = 0; n < N_TASKS; n++)
    g_assert_cmpuint (log.runs[n], ==, n % 3 == 0 ? 2 : 1);
  left = fault_read_plain (self->path, "SELECT id FROM task");
  g_assert_cmpstr (left, ==, "");
  finished = fault_read_plain (self->path, "SELECT count (*) FROM finished");
  g_assert_cmpint (atoi (finished), ==, N_TASKS);
}

int
main (int argc, char *argv[])
{
  if (argc == 5 && g_str_equal (argv[1], "--worker"))
    return be_worker (argv[2], argv[3], argv[4]);

  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *test = g_strconcat ("/faults/clocks/", faults[i].name, NULL);

      g_test_add (test, Scene, &faults[i], set_up, test_clock, tear_down);
    }

  return g_test_run ();
}
