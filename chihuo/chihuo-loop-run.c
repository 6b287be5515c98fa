/* chihuo-loop-run.c - a run of a loop, from run_async to its end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-loop-private.h"
#include "chihuo-queue-private.h"

/* open → start() → runner → the end. All of it happens on the loop's context, but for what workers do.
 * The run is a GTask, whose reference to the loop keeps it alive until no code of it runs any more. */

/* So many events and tasks at a time, lest the context starves others */
#define EVENTS_AT_A_TIME 256
#define BEGUN_AT_A_TIME 256

/* How often work is looked for in a store that others change, should a notice be lost; and in one that
 * loses none, should the connection have died in silence */
#define POLL_INTERVAL      (1 * G_USEC_PER_SEC)
#define RARE_POLL_INTERVAL (5 * G_USEC_PER_SEC)

static gint64
to_us (double seconds)
{
  return MIN (seconds, 1e12) * G_USEC_PER_SEC;
}

static void
fill_engine_options (ChihuoLoop *self, ChihuoEngineOptions *into)
{
  ChihuoLoopOptions options;

  chihuo_loop_get_options (self, &options);
  into->concurrency = options.concurrency;
  into->max_tries = options.max_tries;
  into->max_crashes = options.max_crashes;
  into->lease = to_us (options.lease);
  into->linger = to_us (options.linger);
  into->drain_timeout = to_us (options.drain_timeout);
  into->retry_policy = options.retry_policy;
  into->run_forever = options.run_forever;
  into->finish_on_success = options.finish_on_success;
}

/* --- the user's functions --- */

/* Never trust a vfunc of another language: an error wins over TRUE, and FALSE may come without one */
static gboolean
check_result (ChihuoLoop *self, const char *vfunc, gboolean ok, GError *local, GError **error)
{
  if (ok && local == NULL)
    return TRUE;

  if (local == NULL)
    local = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_FAILED, "%s() of %s returned FALSE without an error",
                         vfunc, G_OBJECT_TYPE_NAME (self));
  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
call_start (ChihuoLoop *self, GError **error)
{
  ChihuoLoopClass *klass = CHIHUO_LOOP_GET_CLASS (self);
  GError *local = NULL;
  gboolean ok;

  if (klass->start == NULL)
    return TRUE;

  ok = klass->start (self, &local);

  return check_result (self, "start", ok, local, error);
}

static gboolean
runner_make_task (gpointer owner, ChihuoTask *task, GError **error)
{
  ChihuoLoop *self = owner;
  ChihuoLoopClass *klass = CHIHUO_LOOP_GET_CLASS (self);
  GError *local = NULL;
  gboolean ok;

  if (klass->make_task == NULL)
    return check_result (self, "begin_task", FALSE,
                         g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_FAILED, "%s has no make_task()",
                                      G_OBJECT_TYPE_NAME (self)),
                         error);

  ok = klass->make_task (self, task, &local);

  return check_result (self, "make_task", ok, local, error);
}

static guint
runner_get_listeners (gpointer owner)
{
  return chihuo_loop_get_listeners (owner);
}

static gboolean
overrides_begin (ChihuoLoop *self)
{
  ChihuoLoopClass *base = g_type_class_peek (CHIHUO_TYPE_LOOP);
  ChihuoLoopClass *klass = CHIHUO_LOOP_GET_CLASS (self);

  return klass->begin_task != base->begin_task || klass->begin_tasks != base->begin_tasks;
}

/* The default of begin_task: a worker thread runs make_task */
gboolean
chihuo_loop_hand_over (ChihuoLoop *self, ChihuoTask *task, GError **error)
{
  ChihuoRunner *runner = chihuo_loop_ref_runner (self);

  if (runner == NULL)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_FAILED, "loop “%s” does not run",
                   chihuo_loop_get_name (self));
      return FALSE;
    }

  chihuo_runner_hand (runner, task);
  chihuo_runner_unref (runner);

  return TRUE;
}

/* --- the end --- */

static void
return_run (ChihuoLoop *self, GError *error)
{
  g_autoptr (GTask) run = chihuo_loop_get_run (self);
  g_autoptr (GError) outweighed = chihuo_loop_steal_failure (self);

  g_cancellable_disconnect (g_task_get_cancellable (run),
                            GPOINTER_TO_SIZE (g_task_get_task_data (run)));
  chihuo_loop_set_run (self, NULL);
  if (error != NULL)
    g_task_return_error (run, error);
  else
    g_task_return_boolean (run, TRUE);
}

static gboolean
ended_by_itself (ChihuoLoop *self)
{
  return !chihuo_loop_get_stop (self);
}

/* What a loop that has eaten all leaves behind, in one line */
static void
stats_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChihuoStats) stats
      = chihuo_queue_get_stats_finish (CHIHUO_QUEUE (object), result, NULL);
  ChihuoLoop *self = data;

  if (stats != NULL && stats->delayed + stats->dead + stats->running > 0)
    g_message ("queue “%s” is eaten; left are %" G_GUINT64_FORMAT " delayed, %" G_GUINT64_FORMAT
               " dead, %" G_GUINT64_FORMAT " running elsewhere",
               chihuo_loop_get_name (self), stats->delayed, stats->dead, stats->running);

  return_run (self, chihuo_loop_steal_failure (self));
}

static void
finish_run (ChihuoLoop *self, ChihuoRunner *runner)
{
  guint n_stuck = chihuo_runner_get_n_stuck (runner);

  /* whoever stopped it on another thread may not have come to ring yet */
  chihuo_loop_tell_stop (self);
  chihuo_loop_notify_counts (self, TRUE);
  chihuo_runner_detach (runner);
  chihuo_loop_set_runner (self, NULL);
  if (n_stuck > 0)
    {
      /* code of the loop's still runs: nothing of it may be freed any more */
      chihuo_loop_set_n_stuck (self, n_stuck);
      g_object_ref (self);
    }

  if (ended_by_itself (self))
    chihuo_queue_get_stats_async (chihuo_loop_get_queue (self), NULL, stats_cb, self);
  else
    return_run (self, chihuo_loop_steal_failure (self));
}

/* --- the context's part --- */

static void
fail_unanswered (GPtrArray *tasks, const GError *error)
{
  for (guint i = 0; i < tasks->len; i++)
    chihuo_task_fail (g_ptr_array_index (tasks, i), error);
}

/* How many were begun */
static guint
begin_some (ChihuoLoop *self, ChihuoRunner *runner)
{
  g_autoptr (GPtrArray) tasks = chihuo_runner_take_begun (runner);
  g_autoptr (GError) error = NULL;
  GError *local = NULL;
  gboolean ok;

  if (tasks == NULL)
    return 0;

  ok = CHIHUO_LOOP_GET_CLASS (self)->begin_tasks (self, (ChihuoTask **) tasks->pdata, tasks->len,
                                                  &local);
  if (!check_result (self, "begin_tasks", ok, local, &error))
    fail_unanswered (tasks, error);

  return tasks->len;
}

/* Those that are answered at once make room for the next ones: these need not wait until the context
 * has been round all its sources, unless others have waited long enough */
static void
begin_tasks (ChihuoLoop *self, ChihuoRunner *runner)
{
  guint n_begun = 0;
  guint n;

  do
    n_begun += n = begin_some (self, runner);
  while (n > 0 && n_begun < BEGUN_AT_A_TIME);
  if (n > 0)
    chihuo_runner_poke (runner);
}

static void
emit_events (ChihuoLoop *self, ChihuoRunner *runner)
{
  guint64 n_dropped;
  ChihuoEvent *event;
  guint n = 0;

  while (n++ < EVENTS_AT_A_TIME && (event = chihuo_runner_pop_event (runner)) != NULL)
    {
      chihuo_loop_emit_event (self, runner, event);
      chihuo_event_free (event);
    }

  n_dropped = chihuo_runner_steal_dropped (runner);
  if (n_dropped > 0)
    g_signal_emit (self, chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_EVENTS_MISSED], 0, n_dropped);
  if (n > EVENTS_AT_A_TIME)
    chihuo_runner_poke (runner);
}

static void
runner_dispatch (gpointer owner)
{
  g_autoptr (ChihuoLoop) self = g_object_ref (owner);
  ChihuoRunner *runner = chihuo_loop_ref_runner (self);
  GMainContext *context = chihuo_loop_get_context (self);
  gint64 wait = 0;

  if (runner == NULL)
    return;

  /* what user code starts here shall come back here */
  g_main_context_push_thread_default (context);
  emit_events (self, runner);
  if (chihuo_loop_counts_watched (self))
    wait = chihuo_loop_notify_counts (self, FALSE);
  if (wait > 0)
    chihuo_runner_poke_in (runner, wait);
  begin_tasks (self, runner);
  if (chihuo_runner_is_over (runner))
    finish_run (self, runner);
  g_main_context_pop_thread_default (context);

  chihuo_runner_unref (runner);
}

static const ChihuoRunnerFuncs runner_funcs = {
  .make_task = runner_make_task,
  .get_listeners = runner_get_listeners,
  .dispatch = runner_dispatch,
};

/* --- the beginning --- */

static gint64
choose_poll (ChihuoStore *store)
{
  if (!chihuo_store_is_shared (store))
    return 0;

  return chihuo_store_can_notify (store) ? RARE_POLL_INTERVAL : POLL_INTERVAL;
}

static void
start_runner (ChihuoLoop *self, ChihuoStore *store)
{
  g_autofree char *uuid = g_uuid_string_random ();
  ChihuoEngineOptions options = { 0 };
  ChihuoRunner *runner;

  fill_engine_options (self, &options);
  options.queue = g_intern_string (chihuo_loop_get_name (self));
  options.claimant = g_intern_string (uuid);
  options.poll = choose_poll (store);
  options.seed = g_random_int ();

  runner = chihuo_runner_new (store, &options, &runner_funcs, self, chihuo_loop_get_context (self),
                              overrides_begin (self));
  chihuo_loop_set_runner (self, chihuo_runner_ref (runner));
  chihuo_runner_set_held (runner, chihuo_loop_is_held (self));
  chihuo_runner_start (runner);
  if (chihuo_loop_get_stop (self))
    chihuo_runner_stop (runner);
  chihuo_runner_unref (runner);
}

/* On the context: the store is open, or not */
static void
opened_cb (ChihuoCall *call, gpointer data)
{
  /* the end of the run drops a reference that may be the last */
  g_autoptr (ChihuoLoop) self = g_object_ref (call->func_data);
  g_autoptr (ChihuoStore) store = data;
  GMainContext *context = chihuo_loop_get_context (self);
  GError *error = NULL;

  if (call->error != NULL)
    {
      return_run (self, g_error_copy (call->error));
      return;
    }

  g_main_context_push_thread_default (context);
  if (call_start (self, &error))
    start_runner (self, store);
  else
    return_run (self, error);
  g_main_context_pop_thread_default (context);
}

static gboolean
open_store (ChihuoBackend *backend, const ChihuoMoment *moment, gpointer data, gboolean *again,
            GError **error)
{
  return TRUE; /* the store has opened the backend before it calls */
}

static gboolean
check_class (ChihuoLoop *self, GError **error)
{
  if (CHIHUO_LOOP_GET_CLASS (self)->make_task != NULL || overrides_begin (self))
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED,
               "%s cannot run: expected a subclass with make_task() or begin_task()",
               G_OBJECT_TYPE_NAME (self));
  return FALSE;
}

static void
run_cancelled_cb (GCancellable *cancellable, gpointer data)
{
  chihuo_loop_set_stop (data, TRUE);
}

/**
 * chihuo_loop_run_async:
 * @self: a loop
 * @cancellable: (nullable): cancelling it stops the loop
 * @callback: (scope async) (nullable): called when the run is over
 * @user_data: data for @callback
 *
 * Runs the loop inside a program that iterates the loop's context: opens the
 * queue, calls `start`, and then eats tasks until it is stopped or, unless
 * [property@Chihuo.Loop:run-forever] is set, there is nothing left.
 *
 * A task whose code does not end keeps its lease, and the run goes on until it
 * has ended. Running a loop that runs already is an error; a run after a stop is
 * allowed, and sets [property@Chihuo.Loop:stop] back.
 *
 * Call it on the thread of the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_run_async (ChihuoLoop *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (ChihuoCall) call = NULL;
  ChihuoStore *store;
  GError *error = NULL;
  GTask *run;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  run = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (run, chihuo_loop_run_async);
  g_task_set_check_cancellable (run, FALSE);

  if (!chihuo_loop_set_run (self, run))
    {
      g_task_return_new_error (run, CHIHUO_ERROR, CHIHUO_ERROR_FAILED, "loop “%s” runs already",
                               chihuo_loop_get_name (self));
      g_object_unref (run);
      return;
    }

  chihuo_loop_set_stop (self, FALSE);
  store = check_class (self, &error)
              ? chihuo_queue_ref_store (chihuo_loop_get_queue (self), &error)
              : NULL;
  if (store == NULL)
    {
      return_run (self, error);
      return;
    }

  if (cancellable != NULL)
    g_task_set_task_data (run,
                          GSIZE_TO_POINTER (g_cancellable_connect (
                              cancellable, G_CALLBACK (run_cancelled_cb), self, NULL)),
                          NULL);

  call = chihuo_call_new_func (open_store, self, NULL);
  chihuo_store_send (store, call, chihuo_loop_get_context (self), opened_cb, store);
}

/**
 * chihuo_loop_run_finish:
 * @self: a loop
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the result of a run.
 *
 * Errors: what kept it from starting, what `start` said, and what
 * [method@Chihuo.Loop.fail] was given. A task that fails is no error of the run.
 *
 * Returns: whether the run ended well
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_run_finish (ChihuoLoop *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- what changes meanwhile --- */

void
chihuo_loop_options_changed (ChihuoLoop *self)
{
  ChihuoRunner *runner = chihuo_loop_ref_runner (self);
  ChihuoEngineOptions options = { 0 };

  if (runner == NULL)
    return;

  fill_engine_options (self, &options);
  chihuo_runner_set_options (runner, &options);
  chihuo_runner_unref (runner);
}

void
chihuo_loop_hold_changed (ChihuoLoop *self)
{
  ChihuoRunner *runner = chihuo_loop_ref_runner (self);

  if (runner == NULL)
    return;

  chihuo_runner_set_held (runner, chihuo_loop_is_held (self));
  chihuo_runner_unref (runner);
}

void
chihuo_loop_stop_changed (ChihuoLoop *self)
{
  ChihuoRunner *runner = chihuo_loop_ref_runner (self);

  if (runner == NULL)
    return;

  if (chihuo_loop_get_stop (self))
    chihuo_runner_stop (runner);
  chihuo_runner_unref (runner);
}

/* Gives up what still runs: the process must exit soon */
void
chihuo_loop_abandon (ChihuoLoop *self)
{
  ChihuoRunner *runner;

  chihuo_loop_set_stop (self, TRUE);
  runner = chihuo_loop_ref_runner (self);
  if (runner == NULL)
    return;

  chihuo_runner_abandon (runner);
  chihuo_runner_unref (runner);
}
