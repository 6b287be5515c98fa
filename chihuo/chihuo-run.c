/* chihuo-run.c - the one main loop of a process that only eats tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

#include "chihuo-error.h"
#include "chihuo-loop-private.h"
#include "chihuo-run.h"

/* All loops stop together: at SIGINT or SIGTERM, or when one of them fails. After the longest
 * shutdown-timeout, or at a second signal, what still runs is abandoned, which the store is told within
 * FLUSH_TIMEOUT, if it answers. */

#define FLUSH_TIMEOUT 2.0

static const int signals[] = { SIGINT, SIGTERM };

/* Reference counted: a run that was given up may end after chihuo_run_loops() has returned, in a program
 * that goes on to iterate the context. On that context's thread only */
typedef struct
{
  guint             ref_count;
  gboolean          returned;                        /* nobody wants to know any more */
  GMainLoop        *main_loop;                       /* (owned) */
  ChihuoLoop      **loops;                           /* until it has returned */
  gsize             n_loops;
  gsize             n_running;                       /* runs that are not over */
  gboolean          stopping;
  gboolean          abandoned;
  GError           *error;                           /* (owned) (nullable): the first one */
  GSource          *deadline;                        /* (owned) (nullable) */
  struct sigaction  old_actions[G_N_ELEMENTS (signals)];
  GSource          *sources[G_N_ELEMENTS (signals)]; /* (owned) (nullable) */
} Process;

static void
process_unref (Process *self)
{
  if (--self->ref_count > 0)
    return;

  g_clear_error (&self->error);
  g_main_loop_unref (self->main_loop);
  g_free (self);
}

/* --- stopping --- */

static gboolean
flush_over_cb (gpointer data)
{
  Process *self = data;

  g_main_loop_quit (self->main_loop);

  return G_SOURCE_REMOVE;
}

static void
set_deadline (Process *self, double seconds, GSourceFunc func)
{
  if (self->deadline != NULL)
    {
      g_source_destroy (self->deadline);
      g_source_unref (self->deadline);
    }
  self->deadline = g_timeout_source_new (MIN (seconds * 1000, G_MAXINT));
  g_source_set_callback (self->deadline, func, self, NULL);
  g_source_attach (self->deadline, g_main_loop_get_context (self->main_loop));
}

static void
abandon (Process *self)
{
  if (self->abandoned)
    return;

  self->abandoned = TRUE;
  for (gsize i = 0; i < self->n_loops; i++)
    chihuo_loop_abandon (self->loops[i]);
  set_deadline (self, FLUSH_TIMEOUT, flush_over_cb);
}

static gboolean
shutdown_over_cb (gpointer data)
{
  abandon (data);

  return G_SOURCE_REMOVE;
}

static void
stop (Process *self)
{
  double timeout = 0;

  if (self->stopping)
    return;

  self->stopping = TRUE;
  for (gsize i = 0; i < self->n_loops; i++)
    {
      timeout = MAX (timeout, chihuo_loop_get_shutdown_timeout (self->loops[i]));
      chihuo_loop_set_stop (self->loops[i], TRUE);
    }
  set_deadline (self, timeout, shutdown_over_cb);
}

static gboolean
signal_cb (gpointer data)
{
  Process *self = data;

  if (self->stopping)
    abandon (self);
  else
    stop (self);

  return G_SOURCE_CONTINUE;
}

/* --- signals --- */

/* GLib does not restore the old handlers, so we do; and what was ignored by whoever started us (a shell's
 * background job) stays ignored */
static void
catch_signals (Process *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      sigaction (signals[i], NULL, &self->old_actions[i]);
      if (self->old_actions[i].sa_handler == SIG_IGN)
        continue;
      self->sources[i] = g_unix_signal_source_new (signals[i]);
      g_source_set_callback (self->sources[i], signal_cb, self, NULL);
      g_source_attach (self->sources[i], g_main_loop_get_context (self->main_loop));
    }
}

static void
restore_signals (Process *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      if (self->sources[i] == NULL)
        continue;
      g_source_destroy (self->sources[i]);
      g_source_unref (self->sources[i]);
      sigaction (signals[i], &self->old_actions[i], NULL);
    }
}

/* --- the run --- */

static void
run_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Process *self = data;
  GError *error = NULL;

  if (!chihuo_loop_run_finish (CHIHUO_LOOP (object), result, &error) && self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_clear_error (&error);

  self->n_running--;
  if (!self->returned && self->error != NULL)
    stop (self);
  if (!self->returned && self->n_running == 0)
    g_main_loop_quit (self->main_loop);
  process_unref (self);
}

static guint
count_stuck (Process *self)
{
  guint n = 0;

  for (gsize i = 0; i < self->n_loops; i++)
    n += chihuo_loop_get_n_stuck (self->loops[i]);

  return n;
}

/**
 * chihuo_run_get_exit_status:
 * @error: (nullable): what has ended a run
 *
 * Gets the exit status of sysexits.h that goes with an error: for programs, and
 * for languages in which [func@Chihuo.run] throws and so gives none.
 *
 * May be called from any thread.
 *
 * Returns: 78 for a bad configuration, 69 for a store that does not answer, 76
 *   for one that answers nonsense, 65 for bad data, 70 for all else, 0 for %NULL
 *
 * Since: 1.0
 */
int
chihuo_run_get_exit_status (const GError *error)
{
  if (error == NULL)
    return EX_OK;
  if (error->domain != CHIHUO_ERROR)
    return EX_SOFTWARE;

  switch ((ChihuoError) error->code)
    {
    case CHIHUO_ERROR_CONFIG:
      return EX_CONFIG;
    case CHIHUO_ERROR_BACKEND:
    case CHIHUO_ERROR_TIMED_OUT:
    case CHIHUO_ERROR_UNKNOWN_OUTCOME:
      return EX_UNAVAILABLE;
    case CHIHUO_ERROR_PROTOCOL:
      return EX_PROTOCOL;
    case CHIHUO_ERROR_INVALID:
    case CHIHUO_ERROR_TOO_LARGE:
      return EX_DATAERR;
    case CHIHUO_ERROR_FAILED:
    case CHIHUO_ERROR_NOT_SUPPORTED:
    case CHIHUO_ERROR_CLOSED:
    case CHIHUO_ERROR_STALE:
    case CHIHUO_ERROR_ABANDONED:
    default:
      return EX_SOFTWARE;
    }
}

/* Who has to wait for what runs when the process ends: the stores close their files */
static void
close_queues (Process *self)
{
  for (gsize i = 0; i < self->n_loops; i++)
    chihuo_queue_flush (chihuo_loop_get_queue (self->loops[i]), NULL);
}

/**
 * chihuo_run_loops: (rename-to chihuo_run)
 * @loops: (array length=n_loops): the loops
 * @n_loops: how many
 * @error: return location for an error
 *
 * Runs loops until all of them are over, as the one main loop of the process:
 * for programs that do nothing else.
 *
 * SIGINT and SIGTERM stop the loops: nothing more is claimed; after
 * [property@Chihuo.Loop:drain-timeout] the running tasks are cancelled, and what
 * is then no success goes back to its old place. What still runs after the
 * longest [property@Chihuo.Loop:shutdown-timeout], or at a second signal, is
 * abandoned: the lease is cut to a second, nothing is counted, and the program
 * must exit, since its code still runs. A signal that was ignored at the start
 * stays ignored; the handlers from before are restored afterwards.
 *
 * The loops must have been constructed on the calling thread, with its
 * thread-default context.
 *
 * Returns: the exit status for the process: 0, or 75 (`EX_TEMPFAIL`) when
 *   something was abandoned, or with @error set another one of sysexits.h: 78
 *   for a bad configuration, 69 for a store that does not answer, 76 for one
 *   that answers nonsense, 65 for bad data, else 70
 *
 * Since: 1.0
 */
int
chihuo_run_loops (ChihuoLoop **loops, gsize n_loops, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  Process *self;
  int status = 0;

  g_return_val_if_fail (loops != NULL || n_loops == 0, EX_USAGE);
  g_return_val_if_fail (error == NULL || *error == NULL, EX_USAGE);

  self = g_new0 (Process, 1);
  self->ref_count = 1 + n_loops;
  self->main_loop = g_main_loop_new (context, FALSE);
  self->loops = loops;
  self->n_loops = n_loops;
  self->n_running = n_loops;

  for (gsize i = 0; i < n_loops; i++)
    g_object_ref (loops[i]);
  catch_signals (self);
  for (gsize i = 0; i < n_loops; i++)
    chihuo_loop_run_async (loops[i], NULL, run_cb, self);
  if (n_loops > 0)
    g_main_loop_run (self->main_loop);
  restore_signals (self);
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);

  if (self->error != NULL)
    status = chihuo_run_get_exit_status (self->error);
  else if (self->n_running > 0 || count_stuck (self) > 0)
    status = EX_TEMPFAIL;
  if (status != EX_TEMPFAIL)
    close_queues (self);
  if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  for (gsize i = 0; i < n_loops; i++)
    g_object_unref (loops[i]);

  self->returned = TRUE;
  process_unref (self);

  return status;
}

/**
 * chihuo_run: (skip)
 * @first: (nullable): a loop
 * @...: more loops, ending with %NULL
 *
 * Runs loops as [func@Chihuo.run_loops] does. An error is printed to the
 * standard error.
 *
 * Returns: the exit status for the process
 *
 * Since: 1.0
 */
int
chihuo_run (ChihuoLoop *first, ...)
{
  g_autoptr (GPtrArray) loops = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  va_list args;
  int status;

  va_start (args, first);
  for (ChihuoLoop *loop = first; loop != NULL; loop = va_arg (args, ChihuoLoop *))
    g_ptr_array_add (loops, loop);
  va_end (args);

  status = chihuo_run_loops ((ChihuoLoop **) loops->pdata, loops->len, &error);
  /* as it is: in a program without setlocale() g_printerr() would make a “?” of each quotation mark */
  if (error != NULL)
    fprintf (stderr, "%s\n", error->message);

  return status;
}
