/* chihuo-loop.c - the class that programs subclass: it has a queue and runs its tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-loop-private.h"

/**
 * ChihuoLoop:
 *
 * Has a queue and runs its tasks: the class that programs subclass.
 *
 * A subclass overrides [vfunc@Chihuo.Loop.make_task], which is called on worker
 * threads and may block, or [vfunc@Chihuo.Loop.begin_task], which is called on
 * the loop's context and answers later; and mostly
 * [vfunc@Chihuo.Loop.start], which adds the first tasks.
 *
 * A loop is run by [func@Chihuo.run], or, in a program that has a main loop of
 * its own, by [method@Chihuo.Loop.run_async]. Several running loops of one
 * name, in one process or in many, are workers of the same queue.
 *
 * The loop's context is the thread-default one at its construction: `start`,
 * the begin functions and all signals use it. A run holds a reference. Methods
 * may be called from any thread where they do not say otherwise.
 *
 * A bad name or configuration is the error of the first call.
 *
 * Since: 1.0
 */

typedef enum
{
  PROP_NAME = 1,
  PROP_SERVER_CONFIG,
  PROP_QUEUE,
  PROP_CONCURRENCY,
  PROP_RUN_FOREVER,
  PROP_LINGER,
  PROP_STOP,
  PROP_LEASE,
  PROP_MAX_TRIES,
  PROP_MAX_CRASHES,
  PROP_RETRY_POLICY,
  PROP_FINISH_ON_SUCCESS,
  PROP_DRAIN_TIMEOUT,
  PROP_SHUTDOWN_TIMEOUT,
  PROP_N_RUNNING,
  PROP_N_DONE,
  PROP_N_FAILED,
  PROP_ONLINE,
  N_PROPS,
} ChihuoLoopProperty;

static GParamSpec *properties[N_PROPS];
static guint notify_signal;
guint chihuo_loop_signals[CHIHUO_LOOP_N_SIGNALS];

G_DEFINE_TYPE_WITH_PRIVATE (ChihuoLoop, chihuo_loop, G_TYPE_OBJECT)

ChihuoLoopPrivate *
chihuo_loop_get_priv (ChihuoLoop *self)
{
  return chihuo_loop_get_instance_private (self);
}

/* --- vfuncs --- */

static gboolean
chihuo_loop_begin_task (ChihuoLoop *self, ChihuoTask *task, GError **error)
{
  return chihuo_loop_hand_over (self, task, error);
}

static gboolean
chihuo_loop_begin_tasks (ChihuoLoop *self, ChihuoTask **tasks, gsize n_tasks, GError **error)
{
  for (gsize i = 0; i < n_tasks; i++)
    {
      g_autoptr (GError) local = NULL;
      gboolean taken = CHIHUO_LOOP_GET_CLASS (self)->begin_task (self, tasks[i], &local);

      if (taken && local == NULL)
        continue;
      if (local == NULL)
        local = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_FAILED,
                             "begin_task() of %s returned FALSE without an error",
                             G_OBJECT_TYPE_NAME (self));
      chihuo_task_fail (tasks[i], local);
    }

  return TRUE;
}

/* --- for the other parts --- */

GMainContext *
chihuo_loop_get_context (ChihuoLoop *self)
{
  return chihuo_loop_get_priv (self)->context;
}

void
chihuo_loop_get_options (ChihuoLoop *self, ChihuoLoopOptions *options)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  g_mutex_lock (&priv->mutex);
  *options = priv->options;
  g_mutex_unlock (&priv->mutex);
}

void
chihuo_loop_set_options (ChihuoLoop *self, const ChihuoLoopOptions *options, const char *property)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  g_mutex_lock (&priv->mutex);
  priv->options = *options;
  g_mutex_unlock (&priv->mutex);

  chihuo_loop_options_changed (self);
  g_object_notify (G_OBJECT (self), property);
}

/* The runner, if it runs: (transfer full) (nullable) */
ChihuoRunner *
chihuo_loop_ref_runner (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  ChihuoRunner *runner;

  g_mutex_lock (&priv->mutex);
  runner = priv->runner;
  if (runner != NULL)
    chihuo_runner_ref (runner);
  g_mutex_unlock (&priv->mutex);

  return runner;
}

/* Takes the runner over */
void
chihuo_loop_set_runner (ChihuoLoop *self, ChihuoRunner *runner)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  ChihuoRunner *old;

  g_mutex_lock (&priv->mutex);
  old = priv->runner;
  priv->runner = runner;
  g_mutex_unlock (&priv->mutex);

  if (old != NULL)
    chihuo_runner_unref (old);
}

GTask *
chihuo_loop_get_run (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  GTask *run;

  g_mutex_lock (&priv->mutex);
  run = priv->run;
  g_mutex_unlock (&priv->mutex);

  return run;
}

/* A new run begins, or (NULL) ends. FALSE: it runs already */
gboolean
chihuo_loop_set_run (ChihuoLoop *self, GTask *run)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  gboolean ok;

  g_mutex_lock (&priv->mutex);
  ok = run == NULL || priv->run == NULL;
  if (ok)
    priv->run = run;
  g_mutex_unlock (&priv->mutex);

  return ok;
}

gboolean
chihuo_loop_counts_watched (ChihuoLoop *self)
{
  static const ChihuoLoopProperty watched[] = { PROP_N_RUNNING, PROP_N_DONE, PROP_N_FAILED };
  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    {
      GQuark detail = g_param_spec_get_name_quark (properties[watched[i]]);

      if (g_signal_has_handler_pending (self, notify_signal, detail, FALSE))
        return TRUE;
    }

  return FALSE;
}

/* --- GObject --- */

static void
chihuo_loop_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ChihuoLoop *self = CHIHUO_LOOP (object);
  ChihuoLoopOptions options;

  chihuo_loop_get_options (self, &options);
  switch ((ChihuoLoopProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, chihuo_loop_get_name (self));
      break;
    case PROP_SERVER_CONFIG:
      g_value_set_string (value, chihuo_loop_get_server_config (self));
      break;
    case PROP_QUEUE:
      g_value_set_object (value, chihuo_loop_get_queue (self));
      break;
    case PROP_CONCURRENCY:
      g_value_set_uint (value, options.concurrency);
      break;
    case PROP_RUN_FOREVER:
      g_value_set_boolean (value, options.run_forever);
      break;
    case PROP_LINGER:
      g_value_set_double (value, options.linger);
      break;
    case PROP_STOP:
      g_value_set_boolean (value, chihuo_loop_get_stop (self));
      break;
    case PROP_LEASE:
      g_value_set_double (value, options.lease);
      break;
    case PROP_MAX_TRIES:
      g_value_set_uint (value, options.max_tries);
      break;
    case PROP_MAX_CRASHES:
      g_value_set_uint (value, options.max_crashes);
      break;
    case PROP_RETRY_POLICY:
      g_value_set_enum (value, options.retry_policy);
      break;
    case PROP_FINISH_ON_SUCCESS:
      g_value_set_boolean (value, options.finish_on_success);
      break;
    case PROP_DRAIN_TIMEOUT:
      g_value_set_double (value, options.drain_timeout);
      break;
    case PROP_SHUTDOWN_TIMEOUT:
      g_value_set_double (value, options.shutdown_timeout);
      break;
    case PROP_N_RUNNING:
      g_value_set_uint (value, chihuo_loop_get_n_running (self));
      break;
    case PROP_N_DONE:
      g_value_set_uint64 (value, chihuo_loop_get_n_done (self));
      break;
    case PROP_N_FAILED:
      g_value_set_uint64 (value, chihuo_loop_get_n_failed (self));
      break;
    case PROP_ONLINE:
      g_value_set_boolean (value, chihuo_loop_get_online (self));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
chihuo_loop_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  ChihuoLoop *self = CHIHUO_LOOP (object);
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  switch ((ChihuoLoopProperty) prop_id)
    {
    case PROP_NAME:
      priv->name = g_value_dup_string (value);
      break;
    case PROP_SERVER_CONFIG:
      priv->server_config = g_value_dup_string (value);
      break;
    case PROP_QUEUE:
      priv->queue = g_value_dup_object (value);
      break;
    case PROP_CONCURRENCY:
      /* 0 is only for the construction: what the class says */
      if (g_value_get_uint (value) > 0)
        chihuo_loop_set_concurrency (self, g_value_get_uint (value));
      break;
    case PROP_RUN_FOREVER:
      chihuo_loop_set_run_forever (self, g_value_get_boolean (value));
      break;
    case PROP_LINGER:
      chihuo_loop_set_linger (self, g_value_get_double (value));
      break;
    case PROP_STOP:
      chihuo_loop_set_stop (self, g_value_get_boolean (value));
      break;
    case PROP_LEASE:
      chihuo_loop_set_lease (self, g_value_get_double (value));
      break;
    case PROP_MAX_TRIES:
      chihuo_loop_set_max_tries (self, g_value_get_uint (value));
      break;
    case PROP_MAX_CRASHES:
      chihuo_loop_set_max_crashes (self, g_value_get_uint (value));
      break;
    case PROP_RETRY_POLICY:
      chihuo_loop_set_retry_policy (self, g_value_get_enum (value));
      break;
    case PROP_FINISH_ON_SUCCESS:
      chihuo_loop_set_finish_on_success (self, g_value_get_boolean (value));
      break;
    case PROP_DRAIN_TIMEOUT:
      chihuo_loop_set_drain_timeout (self, g_value_get_double (value));
      break;
    case PROP_SHUTDOWN_TIMEOUT:
      chihuo_loop_set_shutdown_timeout (self, g_value_get_double (value));
      break;
    case PROP_N_RUNNING:
    case PROP_N_DONE:
    case PROP_N_FAILED:
    case PROP_ONLINE:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
online_changed_cb (ChihuoLoop *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ONLINE]);
}

static void
chihuo_loop_constructed (GObject *object)
{
  ChihuoLoop *self = CHIHUO_LOOP (object);
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  guint concurrency = priv->options.concurrency;

  G_OBJECT_CLASS (chihuo_loop_parent_class)->constructed (object);

  chihuo_loop_take_class_defaults (self, &concurrency);
  priv->options.concurrency = MAX (concurrency, 1);
  if (priv->queue == NULL)
    priv->queue = chihuo_queue_new (priv->name, priv->server_config);
  g_signal_connect_object (priv->queue, "notify::online", G_CALLBACK (online_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_clear_pointer (&priv->name, g_free);
  g_clear_pointer (&priv->server_config, g_free);
  priv->bell = chihuo_bell_new (self, priv->context, chihuo_loop_tell_stop);
}

static void
chihuo_loop_dispose (GObject *object)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (CHIHUO_LOOP (object));

  g_clear_object (&priv->queue);

  G_OBJECT_CLASS (chihuo_loop_parent_class)->dispose (object);
}

static void
chihuo_loop_finalize (GObject *object)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (CHIHUO_LOOP (object));

  g_clear_pointer (&priv->bell, chihuo_bell_unref);
  g_clear_pointer (&priv->context, g_main_context_unref);
  g_clear_error (&priv->failure);
  g_mutex_clear (&priv->mutex);

  G_OBJECT_CLASS (chihuo_loop_parent_class)->finalize (object);
}

#define PROPERTY_FLAGS (G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)

/* What it is */
static void
make_identity_properties (void)
{
  const GParamFlags constructed = PROPERTY_FLAGS | G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY;

  /**
   * ChihuoLoop:name: (getter get_name)
   *
   * The queue's name: `[A-Za-z0-9._-]{1,64}`. Without one, what the class says.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, constructed);
  /**
   * ChihuoLoop:server-config: (getter get_server_config)
   *
   * Where the queue lives: a URI, the path of a file, or JSON. Without one, what
   * the class says, and then `$CHIHUO_URL`, and then `memory:`.
   *
   * Since: 1.0
   */
  properties[PROP_SERVER_CONFIG]
      = g_param_spec_string ("server-config", NULL, NULL, NULL, constructed);
  /**
   * ChihuoLoop:queue: (getter get_queue)
   *
   * The queue. A loop that is constructed with one shares it, and takes its name
   * and place from it.
   *
   * Since: 1.0
   */
  properties[PROP_QUEUE]
      = g_param_spec_object ("queue", NULL, NULL, CHIHUO_TYPE_QUEUE, constructed);
}

/* How it runs */
static void
make_option_properties (void)
{
  const GParamFlags writable = PROPERTY_FLAGS | G_PARAM_READWRITE;

  /**
   * ChihuoLoop:concurrency: (getter get_concurrency) (setter set_concurrency)
   *
   * How many tasks may run at the same time. 0 at the construction means what
   * the class says, else 1.
   *
   * Since: 1.0
   */
  properties[PROP_CONCURRENCY]
      = g_param_spec_uint ("concurrency", NULL, NULL, 0, G_MAXUINT, 0, writable);
  /**
   * ChihuoLoop:run-forever: (getter get_run_forever) (setter set_run_forever)
   *
   * Whether the loop waits for more when its queue is empty.
   *
   * Since: 1.0
   */
  properties[PROP_RUN_FOREVER] = g_param_spec_boolean ("run-forever", NULL, NULL, TRUE, writable);
  /**
   * ChihuoLoop:linger: (getter get_linger) (setter set_linger)
   *
   * How long, in seconds, a loop that does not run forever waits for a delayed
   * task.
   *
   * Since: 1.0
   */
  properties[PROP_LINGER]
      = g_param_spec_double ("linger", NULL, NULL, 0, G_MAXDOUBLE, 0, writable);
  /**
   * ChihuoLoop:lease: (getter get_lease) (setter set_lease)
   *
   * How long, in seconds, a claim lasts without a renewal.
   *
   * Since: 1.0
   */
  properties[PROP_LEASE] = g_param_spec_double ("lease", NULL, NULL, 0.05, 86400, 30, writable);
  /**
   * ChihuoLoop:max-tries: (getter get_max_tries) (setter set_max_tries)
   *
   * At how many failures a task is dead.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_TRIES]
      = g_param_spec_uint ("max-tries", NULL, NULL, 1, G_MAXUINT, 25, writable);
  /**
   * ChihuoLoop:max-crashes: (getter get_max_crashes) (setter set_max_crashes)
   *
   * At how many deaths of its worker a task is dead.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_CRASHES]
      = g_param_spec_uint ("max-crashes", NULL, NULL, 0, G_MAXUINT, 3, writable);
  /**
   * ChihuoLoop:retry-policy: (getter get_retry_policy) (setter set_retry_policy)
   *
   * When a failed task is tried again.
   *
   * Since: 1.0
   */
  properties[PROP_RETRY_POLICY]
      = g_param_spec_enum ("retry-policy", NULL, NULL, CHIHUO_TYPE_RETRY_POLICY,
                           CHIHUO_RETRY_POLICY_EXPONENTIAL, writable);
  /**
   * ChihuoLoop:finish-on-success: (getter get_finish_on_success) (setter set_finish_on_success)
   *
   * Whether a task that is done is also marked as finished.
   *
   * Since: 1.0
   */
  properties[PROP_FINISH_ON_SUCCESS]
      = g_param_spec_boolean ("finish-on-success", NULL, NULL, FALSE, writable);
  /**
   * ChihuoLoop:drain-timeout: (getter get_drain_timeout) (setter set_drain_timeout)
   *
   * How long, in seconds, running tasks may go on at a stop before they are
   * cancelled.
   *
   * Since: 1.0
   */
  properties[PROP_DRAIN_TIMEOUT]
      = g_param_spec_double ("drain-timeout", NULL, NULL, 0, G_MAXDOUBLE, 0, writable);
  /**
   * ChihuoLoop:shutdown-timeout: (getter get_shutdown_timeout) (setter set_shutdown_timeout)
   *
   * How long, in seconds, [func@Chihuo.run] waits for running tasks after a
   * stop.
   *
   * Since: 1.0
   */
  properties[PROP_SHUTDOWN_TIMEOUT]
      = g_param_spec_double ("shutdown-timeout", NULL, NULL, 0, G_MAXDOUBLE, 25, writable);
}

/* What it does and has done */
static void
make_state_properties (void)
{
  const GParamFlags writable = PROPERTY_FLAGS | G_PARAM_READWRITE;
  const GParamFlags readable = PROPERTY_FLAGS | G_PARAM_READABLE;

  /**
   * ChihuoLoop:stop: (getter get_stop) (setter set_stop)
   *
   * Whether the run is to end, or has.
   *
   * Since: 1.0
   */
  properties[PROP_STOP] = g_param_spec_boolean ("stop", NULL, NULL, FALSE, writable);
  /**
   * ChihuoLoop:n-running: (getter get_n_running)
   *
   * How many tasks run now. Notified at most ten times a second.
   *
   * Since: 1.0
   */
  properties[PROP_N_RUNNING]
      = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0, readable);
  /**
   * ChihuoLoop:n-done: (getter get_n_done)
   *
   * How many tasks were done or finished in this run. Notified at most ten
   * times a second.
   *
   * Since: 1.0
   */
  properties[PROP_N_DONE]
      = g_param_spec_uint64 ("n-done", NULL, NULL, 0, G_MAXUINT64, 0, readable);
  /**
   * ChihuoLoop:n-failed: (getter get_n_failed)
   *
   * How many tasks failed or died in this run. Notified at most ten times a
   * second.
   *
   * Since: 1.0
   */
  properties[PROP_N_FAILED]
      = g_param_spec_uint64 ("n-failed", NULL, NULL, 0, G_MAXUINT64, 0, readable);

  /**
   * ChihuoLoop:online: (getter get_online)
   *
   * Whether the store answers: the queue's [property@Chihuo.Queue:online], for
   * whoever asks a worker whether it is ready. It is %FALSE within two
   * heartbeats (a third of the lease each) of an outage.
   *
   * It is notified where the queue notifies its own.
   *
   * Since: 1.0
   */
  properties[PROP_ONLINE] = g_param_spec_boolean ("online", NULL, NULL, FALSE, readable);
}

static void
chihuo_loop_class_init (ChihuoLoopClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = chihuo_loop_get_property;
  object_class->set_property = chihuo_loop_set_property;
  object_class->constructed = chihuo_loop_constructed;
  object_class->dispose = chihuo_loop_dispose;
  object_class->finalize = chihuo_loop_finalize;
  klass->begin_task = chihuo_loop_begin_task;
  klass->begin_tasks = chihuo_loop_begin_tasks;

  make_identity_properties ();
  make_option_properties ();
  make_state_properties ();
  g_object_class_install_properties (object_class, N_PROPS, properties);
  notify_signal = g_signal_lookup ("notify", G_TYPE_OBJECT);
  chihuo_loop_install_signals (klass);
}

static void
chihuo_loop_init (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  g_mutex_init (&priv->mutex);
  priv->context = g_main_context_ref_thread_default ();
  priv->options = (ChihuoLoopOptions) { .max_tries = 25,
                                        .max_crashes = 3,
                                        .lease = 30,
                                        .shutdown_timeout = 25,
                                        .retry_policy = CHIHUO_RETRY_POLICY_EXPONENTIAL,
                                        .run_forever = TRUE };
}

/* --- public --- */

/**
 * chihuo_loop_new:
 * @name: (nullable): the queue's name: `[A-Za-z0-9._-]{1,64}`
 * @server_config: (nullable): where it lives: a URI, the path of a file, or
 *   JSON; %NULL: `$CHIHUO_URL`, else `memory:`
 *
 * Creates a loop that can add and look, but not run: for that there has to be a
 * subclass.
 *
 * Returns: (transfer full): a new loop
 *
 * Since: 1.0
 */
ChihuoLoop *
chihuo_loop_new (const char *name, const char *server_config)
{
  return g_object_new (CHIHUO_TYPE_LOOP, "name", name, "server-config", server_config, NULL);
}

/**
 * chihuo_loop_get_queue: (get-property queue)
 * @self: a loop
 *
 * Gets the queue.
 *
 * Returns: (transfer none): the queue
 *
 * Since: 1.0
 */
ChihuoQueue *
chihuo_loop_get_queue (ChihuoLoop *self)
{
  g_return_val_if_fail (CHIHUO_IS_LOOP (self), NULL);

  return chihuo_loop_get_priv (self)->queue;
}

/**
 * chihuo_loop_get_name: (get-property name)
 * @self: a loop
 *
 * Gets the queue's name.
 *
 * Returns: (transfer none) (nullable): the name
 *
 * Since: 1.0
 */
const char *
chihuo_loop_get_name (ChihuoLoop *self)
{
  g_return_val_if_fail (CHIHUO_IS_LOOP (self), NULL);

  return chihuo_queue_get_name (chihuo_loop_get_priv (self)->queue);
}

/**
 * chihuo_loop_get_server_config: (get-property server-config)
 * @self: a loop
 *
 * Gets where the queue lives, as it was given.
 *
 * Returns: (transfer none) (nullable): the configuration
 *
 * Since: 1.0
 */
const char *
chihuo_loop_get_server_config (ChihuoLoop *self)
{
  g_return_val_if_fail (CHIHUO_IS_LOOP (self), NULL);

  return chihuo_queue_get_server_config (chihuo_loop_get_priv (self)->queue);
}
