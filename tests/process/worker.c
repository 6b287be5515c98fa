/* worker.c - a process that eats tasks as it is told, and writes down what happens to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * worker --config CONFIG --log FILE [OPTION…]               runs a loop
 * worker --config CONFIG --log FILE VERB [ID [SECONDS]]     asks its queue for one thing
 *
 * A line of the log is one write(): time (monotonic µs), pid, event, id, token, number.
 */

#include <chihuo/chihuo.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that its test has lost ends by itself */
#define CHILD_LIFE 300

/* How often a task looks whether it may go on, µs */
#define LOOK_INTERVAL 500

static const char *name = "q";
static const char *config;
static const char *log_path;
static const char *gate;
static const char *trap;
static const char *crash_on;
static const char *fork_on;
static int concurrency = 1;
static int work;
static int gate_from;
static int n_add;
static int max_crashes = 3;
static int trap_signal = SIGSTOP;
static int raise_after;
static double lease = 30;
static double shutdown_timeout = 25;
static gboolean deaf;
static gboolean finish;
static gboolean fork_each;
static gboolean once;
static gboolean twice;
static gboolean own_handler;
static int log_fd = -1;

static const GOptionEntry entries[] = {
  { "name", 0, 0, G_OPTION_ARG_STRING, &name, "The queue", "NAME" },
  { "config", 0, 0, G_OPTION_ARG_STRING, &config, "Its store", "CONFIG" },
  { "log", 0, 0, G_OPTION_ARG_FILENAME, &log_path, "Where events go", "FILE" },
  { "concurrency", 0, 0, G_OPTION_ARG_INT, &concurrency, "Tasks at a time", "N" },
  { "work", 0, 0, G_OPTION_ARG_INT, &work, "A task takes so long", "MS" },
  { "gate", 0, 0, G_OPTION_ARG_FILENAME, &gate, "A task ends when this file is there", "FILE" },
  { "gate-from", 0, 0, G_OPTION_ARG_INT, &gate_from, "The first id that waits at it", "N" },
  { "add", 0, 0, G_OPTION_ARG_INT, &n_add, "Add the ids 0 to N - 1", "N" },
  { "lease", 0, 0, G_OPTION_ARG_DOUBLE, &lease, "The loop's lease", "SECONDS" },
  { "max-crashes", 0, 0, G_OPTION_ARG_INT, &max_crashes, "A killer is dead by then", "N" },
  { "shutdown-timeout", 0, 0, G_OPTION_ARG_DOUBLE, &shutdown_timeout, "The loop's", "SECONDS" },
  { "deaf", 0, 0, G_OPTION_ARG_NONE, &deaf, "Ignore cancellation", NULL },
  { "finish", 0, 0, G_OPTION_ARG_NONE, &finish, "Each task finishes its id", NULL },
  { "once", 0, 0, G_OPTION_ARG_NONE, &once, "End when all is eaten", NULL },
  { "twice", 0, 0, G_OPTION_ARG_NONE, &twice, "Run two loops of the name", NULL },
  { "crash-on", 0, 0, G_OPTION_ARG_STRING, &crash_on, "This task is a killer", "ID" },
  { "fork-on", 0, 0, G_OPTION_ARG_STRING, &fork_on, "This task leaves a child", "ID" },
  { "fork-each", 0, 0, G_OPTION_ARG_NONE, &fork_each, "Each task waits for a child", NULL },
  { "trap", 0, 0, G_OPTION_ARG_FILENAME, &trap, "A commit takes this file away and", "FILE" },
  { "trap-signal", 0, 0, G_OPTION_ARG_INT, &trap_signal, "sends itself this", "SIGNAL" },
  { "own-handler", 0, 0, G_OPTION_ARG_NONE, &own_handler, "Handle SIGINT outside the run", NULL },
  { "raise-after", 0, 0, G_OPTION_ARG_INT, &raise_after, "Raise this after the run", "SIGNAL" },
  G_OPTION_ENTRY_NULL,
};

static void
note (const char *event, const char *id, guint64 token, gint64 number)
{
  char line[512];
  int length = g_snprintf (line, sizeof line,
                           "%" G_GINT64_FORMAT " %d %s %s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT
                           "\n",
                           g_get_monotonic_time (), getpid (), event, id, token, number);

  if (write (log_fd, line, length) != length)
    g_error ("cannot write to the log");
}

/* --- a worker that stops or dies inside a transaction --- */

static int
commit_cb (void *data)
{
  if (unlink (trap) == 0)
    {
      note ("trap", "-", 0, trap_signal);
      raise (trap_signal);
    }

  return 0;
}

static int
hook_commits (sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
  sqlite3_commit_hook (db, commit_cb, NULL);

  return SQLITE_OK;
}

/* --- a task --- */

static gboolean
is_closed (const char *call, const GError *error)
{
  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED))
    return TRUE;

  g_printerr ("%s: expected CLOSED, got %s\n", call, error != NULL ? error->message : "no error");
  return FALSE;
}

/* Whatever the child asks for, its parent's queue and another one alike */
static gboolean
is_all_closed (ChihuoLoop *loop, ChihuoQueue *other, ChihuoTask *task, const char *id)
{
  GError *look_error = NULL;
  GError *add_error = NULL;
  GError *finish_error = NULL;
  GError *open_error = NULL;

  chihuo_queue_look (chihuo_loop_get_queue (loop), id, &look_error);
  chihuo_queue_add (chihuo_loop_get_queue (loop), task, 0, &add_error);
  chihuo_loop_task_finish (loop, id, &finish_error);
  chihuo_queue_open (other, &open_error);

  return is_closed ("look", look_error) && is_closed ("add", add_error)
         && is_closed ("finish", finish_error) && is_closed ("open", open_error);
}

/* Forks while the other threads go on; the child stays, or is waited for. It makes and frees no objects:
 * another thread may have held GObject's locks */
static void
have_child (ChihuoLoop *loop, const char *id, gboolean stays)
{
  g_autoptr (ChihuoQueue) other = chihuo_queue_new (name, config);
  g_autoptr (ChihuoTask) task = chihuo_task_new ("child's", NULL);
  pid_t pid = fork ();

  if (pid != 0 && !stays)
    waitpid (pid, NULL, 0);
  if (pid != 0)
    return;

  alarm (CHILD_LIFE);
  note ("child", id, 0, getppid ());
  note (is_all_closed (loop, other, task, id) ? "closed" : "open", id, 0, 0);
  while (stays)
    pause ();
  _exit (0);
}

static void
crash (void)
{
  struct sigaction action = { .sa_handler = SIG_DFL };

  sigaction (SIGSEGV, &action, NULL);
  raise (SIGSEGV);
}

static gboolean
is_at_gate (ChihuoTask *task)
{
  return gate != NULL && atoi (chihuo_task_get_id (task)) >= gate_from && access (gate, F_OK) != 0;
}

/* Works until its time is over and its gate is open; FALSE if it was cancelled before */
static gboolean
do_work (ChihuoTask *task)
{
  gint64 end = g_get_monotonic_time () + work * G_TIME_SPAN_MILLISECOND;

  while (g_get_monotonic_time () < end || is_at_gate (task))
    {
      if (!deaf && chihuo_task_is_cancelled (task))
        return FALSE;
      g_usleep (LOOK_INTERVAL);
    }

  return TRUE;
}

#define TEST_TYPE_LOOP (test_loop_get_type ())
G_DECLARE_FINAL_TYPE (TestLoop, test_loop, TEST, LOOP, ChihuoLoop)

struct _TestLoop
{
  ChihuoLoop parent_instance;
  int        number;
};

G_DEFINE_FINAL_TYPE (TestLoop, test_loop, CHIHUO_TYPE_LOOP)

static gboolean
test_loop_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  const char *id = chihuo_task_get_id (task);
  guint64 token = chihuo_task_get_token (task);

  note ("start", id, token, TEST_LOOP (loop)->number);
  if (g_strcmp0 (id, crash_on) == 0)
    crash ();
  if (fork_each || g_strcmp0 (id, fork_on) == 0)
    have_child (loop, id, !fork_each);

  if (!do_work (task))
    {
      note ("cancelled", id, token, 0);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
      return FALSE;
    }
  if (finish && !chihuo_loop_task_finish (loop, id, error))
    return FALSE;

  note ("done", id, token, 0);
  return TRUE;
}

static gboolean
test_loop_start (ChihuoLoop *loop, GError **error)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (int i = 0; i < n_add; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      g_ptr_array_add (tasks, chihuo_task_new (id, NULL));
    }
  if (tasks->len > 0
      && !chihuo_loop_add_tasks (loop, (ChihuoTask **) tasks->pdata, tasks->len, 0, NULL, error))
    return FALSE;

  note ("run", "-", 0, 0);
  return TRUE;
}

static void
test_loop_class_init (TestLoopClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->make_task = test_loop_make_task;
  CHIHUO_LOOP_CLASS (klass)->start = test_loop_start;
}

static void
test_loop_init (TestLoop *self)
{
}

/* --- the run --- */

static void
stop_cb (ChihuoLoop *loop)
{
  note ("stop", "-", 0, chihuo_loop_get_stop (loop));
}

static void
online_cb (ChihuoQueue *queue)
{
  note ("online", "-", 0, chihuo_queue_get_online (queue));
}

static void
ended_cb (ChihuoLoop *loop, ChihuoTask *task, ChihuoOutcome outcome)
{
  note ("ended", chihuo_task_get_id (task), chihuo_task_get_token (task), outcome);
}

static ChihuoLoop *
make_loop (int number)
{
  TestLoop *self = g_object_new (TEST_TYPE_LOOP, "name", name, "server-config", config, NULL);

  self->number = number;
  g_object_set (self, "concurrency", concurrency, "lease", lease, "max-crashes", max_crashes,
                "shutdown-timeout", shutdown_timeout, "run-forever", !once, NULL);
  g_signal_connect (self, "notify::stop", G_CALLBACK (stop_cb), NULL);
  g_signal_connect (self, "task-ended", G_CALLBACK (ended_cb), NULL);
  g_signal_connect (chihuo_loop_get_queue (CHIHUO_LOOP (self)), "notify::online",
                    G_CALLBACK (online_cb), NULL);

  return CHIHUO_LOOP (self);
}

static void
handler_cb (int number)
{
  note ("handler", "-", 0, number);
}

/* Two loops, for those who want them: chihuo_run() ends its list where the second is missing */
static int
eat (void)
{
  struct sigaction action = { .sa_handler = handler_cb };
  g_autoptr (ChihuoLoop) first = make_loop (1);
  g_autoptr (ChihuoLoop) second = twice ? make_loop (2) : NULL;
  int status;

  if (own_handler)
    sigaction (SIGINT, &action, NULL);
  if (trap != NULL)
    sqlite3_auto_extension ((void (*) (void)) hook_commits);

  status = chihuo_run (first, second, NULL);
  note ("over", "-", 0, status);
  if (raise_after != 0)
    raise (raise_after);

  return status;
}

/* --- one thing asked of a queue --- */

static gboolean
ask_to_add (ChihuoQueue *queue, const char *id, double delay, GError **error)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);

  if (delay > 0)
    chihuo_task_set_delay (task, delay);
  return chihuo_queue_add (queue, task, 0, error) == CHIHUO_ADD_RESULT_ADDED;
}

static gboolean
ask (ChihuoQueue *queue, const char *verb, const char *id, double seconds, GError **error)
{
  const char *ids[] = { id, NULL };

  if (strcmp (verb, "pause") == 0 || strcmp (verb, "go-on") == 0)
    return chihuo_queue_set_paused (queue, strcmp (verb, "pause") == 0, error);
  if (id != NULL && strcmp (verb, "add") == 0)
    return ask_to_add (queue, id, seconds, error);
  if (id != NULL && strcmp (verb, "cancel") == 0)
    return chihuo_queue_cancel (queue, ids, error);
  if (id != NULL && strcmp (verb, "remove") == 0)
    return chihuo_queue_remove (queue, ids, error);
  if (id != NULL && strcmp (verb, "mark") == 0)
    return chihuo_queue_mark_finished (queue, ids, error);

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "cannot ask to %s", verb);
  return FALSE;
}

/* The store is open before, so that the times in the log are those of the request alone */
static int
ask_once (int argc, char **argv)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new (name, config);
  const char *id = argc > 2 ? argv[2] : NULL;
  g_autoptr (GError) error = NULL;

  if (!chihuo_queue_open (queue, &error))
    return g_printerr ("%s\n", error->message), 1;

  note ("asked", id != NULL ? id : "-", 0, 0);
  if (!ask (queue, argv[1], id, argc > 3 ? g_ascii_strtod (argv[3], NULL) : 0, &error))
    return g_printerr ("%s\n", error != NULL ? error->message : "not done"), 1;
  note ("answered", id != NULL ? id : "-", 0, 0);

  return chihuo_queue_close (queue, &error) ? 0 : 1;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new ("[VERB [ID [SECONDS]]]");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || config == NULL
      || log_path == NULL)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "expected --config and --log");
      return 64;
    }

  /* the killers are wanted, their core files are not */
  setrlimit (RLIMIT_CORE, &(struct rlimit) { 0, 0 });
  log_fd = open (log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  return argc > 1 ? ask_once (argc, argv) : eat ();
}
