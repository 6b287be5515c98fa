/* battery-worker.c - a process that eats tasks, disturbs others, and tells all that happens to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "battery-people.h"
#include "battery-recorder.h"
#include "battery-story.h"
#include "chihuo-clock.h"
#include "chihuo-loop.h"
#include "chihuo-run.h"

/* SIGINT and SIGTERM stop it, as every program; at SIGUSR1 it adds nothing any more, and its tasks
 * succeed, so that the queue can drain. */

/* How often a task looks whether it may go on, and how long a deaf one does not, µs */
#define LOOK_INTERVAL 1000
#define LONGEST_DEAFNESS 120000

/* How often it is looked whether all code has begun that was under way at the stop, ms */
#define STOP_INTERVAL 1

static char *path;
static char *config;
static char *history;
static char *process;
static int seed = 1;
static int concurrency = 3;
static int work = 50;
static int depth = 60;
static int n_ids = 2000;
static int gap = 15;
static double lease = 1;
static double doubt = 0.02;
static double deaf = 0.04;
static int n_add;
static int max_crashes = G_MAXINT;
static char *killer;
static gboolean plain;

static const GOptionEntry entries[] = {
  { "db", 0, 0, G_OPTION_ARG_FILENAME, &path, "The database", "FILE" },
  { "config", 0, 0, G_OPTION_ARG_STRING, &config, "Any other store", "CONFIG" },
  { "history", 0, 0, G_OPTION_ARG_FILENAME, &history, "Where its story goes", "FILE" },
  { "process", 0, 0, G_OPTION_ARG_STRING, &process, "What it is called, in this life", "NAME" },
  { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "For all that it chooses", "N" },
  { "concurrency", 0, 0, G_OPTION_ARG_INT, &concurrency, "Tasks at a time", "N" },
  { "work", 0, 0, G_OPTION_ARG_INT, &work, "The longest task", "MS" },
  { "depth", 0, 0, G_OPTION_ARG_INT, &depth, "So many shall wait; 0 = nobody adds", "N" },
  { "add", 0, 0, G_OPTION_ARG_INT, &n_add, "New ones that it adds itself, at first", "N" },
  { "killer", 0, 0, G_OPTION_ARG_STRING, &killer, "This task kills whoever runs it", "ID" },
  { "max-crashes", 0, 0, G_OPTION_ARG_INT, &max_crashes, "A killer is dead by then", "N" },
  { "ids", 0, 0, G_OPTION_ARG_INT, &n_ids, "How many ids there are", "N" },
  { "gap", 0, 0, G_OPTION_ARG_INT, &gap, "The longest pause of who adds", "MS" },
  { "lease", 0, 0, G_OPTION_ARG_DOUBLE, &lease, "The loop's lease", "SECONDS" },
  { "doubt", 0, 0, G_OPTION_ARG_DOUBLE, &doubt, "Commits of unknown outcome", "SHARE" },
  { "deaf", 0, 0, G_OPTION_ARG_DOUBLE, &deaf, "Tasks that hear no cancellation", "SHARE" },
  { "plain", 0, 0, G_OPTION_ARG_NONE, &plain, "Tasks do nothing but succeed", NULL },
  G_OPTION_ENTRY_NULL,
};

#define BATTERY_TYPE_LOOP (battery_loop_get_type ())
G_DECLARE_FINAL_TYPE (BatteryLoop, battery_loop, BATTERY, LOOP, ChihuoLoop)

struct _BatteryLoop
{
  ChihuoLoop parent_instance;
  SimRandom  random;    /* under the mutex */
  GMutex     mutex;
  int        n_in_code; /* atomic */
  int        is_calm;   /* atomic */
};

G_DEFINE_FINAL_TYPE (BatteryLoop, battery_loop, CHIHUO_TYPE_LOOP)

/* --- a task --- */

typedef enum
{
  ENDING_DONE,
  ENDING_FINISHED,
  ENDING_FAILED,
  ENDING_REJECTED,
  ENDING_POSTPONED,
} Ending;

/* What a task will have done, from its beginning */
typedef struct
{
  SimRandom random;
  Ending    ending;
  gint64    duration; /* µs */
  gboolean  is_deaf;
  gboolean  adds_itself;
  gboolean  adds_another;
} Plan;

static Ending
choose_ending (SimRandom *random)
{
  gint64 what = sim_random_range (random, 1, 100);

  if (what <= 4)
    return ENDING_FAILED;
  if (what <= 8)
    return ENDING_POSTPONED;
  if (what <= 9)
    return ENDING_REJECTED;

  return what <= 15 ? ENDING_FINISHED : ENDING_DONE;
}

static void
make_plan (BatteryLoop *self, Plan *plan)
{
  gboolean is_calm = g_atomic_int_get (&self->is_calm);

  g_mutex_lock (&self->mutex);
  *plan = (Plan) { .random = { sim_random_next (&self->random) } };
  g_mutex_unlock (&self->mutex);

  plan->duration = sim_random_range (&plan->random, 1, is_calm ? 5 : work) * 1000;
  plan->is_deaf = !is_calm && sim_random_chance (&plan->random, deaf);
  if (plan->is_deaf)
    plan->duration = sim_random_range (&plan->random, 0, LONGEST_DEAFNESS);
  if (is_calm || plain)
    return;

  plan->ending = choose_ending (&plan->random);
  plan->adds_itself = sim_random_chance (&plan->random, 0.1);
  plan->adds_another = sim_random_chance (&plan->random, 0.05);
}

static void
tell_of (ChihuoTask *task, HistoryEvent event)
{
  HistoryLine line = battery_story_line (event, HISTORY_PHASE_NONE);

  line.id = chihuo_task_get_id (task);
  line.token = chihuo_task_get_token (task);
  battery_story_tell (&line);
}

/* FALSE: it was cancelled before its end */
static gboolean
do_work (ChihuoTask *task, const Plan *plan)
{
  gint64 end = g_get_monotonic_time () + plan->duration;

  while (g_get_monotonic_time () < end)
    {
      if (!plan->is_deaf && chihuo_task_is_cancelled (task))
        return FALSE;
      g_usleep (LOOK_INTERVAL);
    }

  return TRUE;
}

static void
add_others (ChihuoLoop *loop, ChihuoTask *task, Plan *plan)
{
  g_autofree char *another = battery_people_any_id (&plan->random, n_ids);

  if (plan->adds_itself)
    battery_people_add (chihuo_loop_get_queue (loop), &plan->random, chihuo_task_get_id (task));
  if (plan->adds_another)
    battery_people_add (chihuo_loop_get_queue (loop), &plan->random, another);
}

static gboolean
end_task (ChihuoLoop *loop, ChihuoTask *task, Plan *plan, GError **error)
{
  g_autoptr (GError) refusal = NULL;

  switch (plan->ending)
    {
    case ENDING_FAILED:
      chihuo_task_fail_message (task, "it was to fail");
      return FALSE;
    case ENDING_REJECTED:
      refusal = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "it was to die");
      chihuo_task_reject (task, refusal);
      return FALSE;
    case ENDING_POSTPONED:
      chihuo_task_postpone (task, sim_random_range (&plan->random, 1, 300) / 1000.0);
      return FALSE;
    case ENDING_FINISHED:
      return chihuo_loop_task_finish (loop, chihuo_task_get_id (task), error);
    case ENDING_DONE:
    default:
      return TRUE;
    }
}

static void
die (void)
{
  HistoryLine line = battery_story_line (HISTORY_EVENT_KILL, HISTORY_PHASE_NONE);

  battery_story_tell (&line);
  kill (getpid (), SIGKILL);
  pause ();
}

static gboolean
battery_loop_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  BatteryLoop *self = BATTERY_LOOP (loop);
  gboolean ok;
  Plan plan;

  g_atomic_int_inc (&self->n_in_code);
  tell_of (task, HISTORY_EVENT_START);
  if (g_strcmp0 (chihuo_task_get_id (task), killer) == 0)
    die ();
  make_plan (self, &plan);
  add_others (loop, task, &plan);
  ok = do_work (task, &plan);
  if (ok)
    ok = end_task (loop, task, &plan, error);
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
  tell_of (task, HISTORY_EVENT_END);
  g_atomic_int_add (&self->n_in_code, -1);

  return ok;
}

static gboolean
battery_loop_start (ChihuoLoop *loop, GError **error)
{
  for (int i = 0; i < n_add; i++)
    {
      g_autofree char *id = g_strdup_printf ("%s-%d", process, i);

      battery_people_add (chihuo_loop_get_queue (loop), NULL, id);
    }

  battery_story_note ("ready");

  return TRUE;
}

static void
battery_loop_finalize (GObject *object)
{
  g_mutex_clear (&BATTERY_LOOP (object)->mutex);

  G_OBJECT_CLASS (battery_loop_parent_class)->finalize (object);
}

static void
battery_loop_class_init (BatteryLoopClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = battery_loop_finalize;
  CHIHUO_LOOP_CLASS (klass)->make_task = battery_loop_make_task;
  CHIHUO_LOOP_CLASS (klass)->start = battery_loop_start;
}

static void
battery_loop_init (BatteryLoop *self)
{
  g_mutex_init (&self->mutex);
  self->random = (SimRandom) { seed };
}

/* --- the run --- */

/* What a thread had taken before the stop may begin after it. The stop is told when there is no such
 * thing: what is counted as running since before we look is in its code when we look. From then on
 * nothing may start */
static gboolean
stopped_cb (gpointer data)
{
  BatteryLoop *self = data;
  guint n_running = chihuo_loop_get_n_running (CHIHUO_LOOP (self));
  HistoryLine line = battery_story_line (HISTORY_EVENT_STOP, HISTORY_PHASE_NONE);

  if (n_running != (guint) g_atomic_int_get (&self->n_in_code))
    return G_SOURCE_CONTINUE;

  battery_story_tell (&line);
  return G_SOURCE_REMOVE;
}

static void
stop_cb (ChihuoLoop *loop)
{
  if (chihuo_loop_get_stop (loop) && stopped_cb (loop))
    g_timeout_add_full (G_PRIORITY_HIGH, STOP_INTERVAL, stopped_cb, g_object_ref (loop),
                        g_object_unref);
}

typedef struct
{
  BatteryLoop   *loop;
  BatteryPeople *people; /* (nullable) */
} Calm;

static gboolean
calm_cb (gpointer data)
{
  Calm *calm = data;

  g_atomic_int_set (&calm->loop->is_calm, TRUE);
  if (calm->people != NULL)
    battery_people_rest (calm->people);
  else
    battery_story_note ("calm");

  return G_SOURCE_REMOVE;
}

static void
online_cb (ChihuoQueue *queue)
{
  battery_story_note ("online %d %" G_GINT64_FORMAT, chihuo_queue_get_online (queue),
                      chihuo_clock_get_boot ());
}

static BatteryLoop *
make_loop (void)
{
  BatteryLoop *self = g_object_new (BATTERY_TYPE_LOOP, "name", "battery", "server-config", config,
                                    "concurrency", concurrency, "lease", lease, "max-crashes",
                                    max_crashes, "max-tries", G_MAXINT, "retry-policy",
                                    CHIHUO_RETRY_POLICY_IMMEDIATE, NULL);

  g_signal_connect (self, "notify::stop", G_CALLBACK (stop_cb), NULL);
  g_signal_connect (chihuo_loop_get_queue (CHIHUO_LOOP (self)), "notify::online",
                    G_CALLBACK (online_cb), NULL);

  return self;
}

/* Code that was given up may still run: nothing of this process counts from here on, and nothing of it
 * is freed */
static void
end_abandoned (int status)
{
  HistoryLine line = battery_story_line (HISTORY_EVENT_KILL, HISTORY_PHASE_NONE);

  battery_story_tell (&line);
  _exit (status);
}

static int
eat (void)
{
  g_autoptr (BatteryLoop) self = make_loop ();
  ChihuoLoop *loops[] = { CHIHUO_LOOP (self) };
  g_autoptr (BatteryPeople) people
    = depth > 0 ? battery_people_new (chihuo_loop_get_queue (loops[0]), depth, n_ids, gap * 1000,
                                      seed + 1)
                : NULL;
  Calm calm = { self, people };
  guint calm_source = g_unix_signal_add (SIGUSR1, calm_cb, &calm);
  HistoryLine line = battery_story_line (HISTORY_EVENT_EXIT, HISTORY_PHASE_NONE);
  g_autoptr (GError) error = NULL;
  int status = chihuo_run_loops (loops, 1, &error);

  battery_story_note ("over %d", status);
  if (error != NULL)
    g_printerr ("%s: %s\n", process, error->message);
  if (status != 0)
    end_abandoned (status);

  battery_story_tell (&line);
  if (!g_atomic_int_get (&self->is_calm))
    g_source_remove (calm_source);

  return status;
}

static void
ignore_cb (int number)
{
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  struct sigaction action = { .sa_handler = ignore_cb };
  g_autofree char *scheme = NULL;
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || (path == NULL && config == NULL)
      || history == NULL || process == NULL)
    {
      g_printerr ("%s\n", error != NULL ? error->message
                                        : "expected --db or --config, --history, --process");
      return 64;
    }
  if (config == NULL)
    config = g_strconcat ("sqlite:", path, NULL);

  /* a signal that comes after the run finds this handler again: the process ends as it would */
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  setrlimit (RLIMIT_CORE, &(struct rlimit) { 0, 0 });
  battery_story_open (history, process);
  scheme = g_uri_parse_scheme (config);
  battery_recorder_install (scheme, doubt, seed + 2);

  return eat ();
}
