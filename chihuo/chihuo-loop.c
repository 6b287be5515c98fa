/* chihuo-loop.c - the class that programs subclass: it has a queue and runs its tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-bell.h"
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

/* What a class says for its instances: kept with the type, so that subclasses find it */
typedef struct
{
  char *name;          /* (nullable) */
  char *server_config; /* (nullable) */
  guint concurrency;   /* 0 = not said */
} ClassDefaults;

typedef struct
{
  GMainContext      *context;       /* (owned) */
  ChihuoQueue       *queue;         /* (owned) */
  char              *name;          /* (owned) (nullable): until the queue is made */
  char              *server_config; /* (owned) (nullable): until the queue is made */
  ChihuoBell        *bell;          /* (owned): brings notify about on the context */

  GMutex             mutex;
  /* under the mutex */
  ChihuoLoopOptions  options;
  ChihuoRunner      *runner;        /* (owned) (nullable): while it runs */
  GTask             *run;           /* (nullable): from run_async to its end */
  GError            *failure;       /* (owned) (nullable): from chihuo_loop_fail() */
  gboolean           stop;
  guint              hold_count;
  guint              n_stuck;       /* runs of the last run whose code had not returned */

  /* the context only */
  ChihuoRunnerCounts counts;        /* as they were told last */
  gboolean           told_stop;     /* as it was told last */
  gint64             told_at;
} ChihuoLoopPrivate;

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
  N_PROPS,
} ChihuoLoopProperty;

/* Counts are told at most ten times a second */
#define COUNTS_INTERVAL (G_USEC_PER_SEC / 10)

static GParamSpec *properties[N_PROPS];
guint chihuo_loop_signals[CHIHUO_LOOP_N_SIGNALS];

G_DEFINE_TYPE_WITH_PRIVATE (ChihuoLoop, chihuo_loop, G_TYPE_OBJECT)

static ChihuoLoopPrivate *
priv_of (ChihuoLoop *self)
{
  return chihuo_loop_get_instance_private (self);
}

/* --- what a class says --- */

static G_DEFINE_QUARK (chihuo-loop-defaults, defaults)

static ClassDefaults *
ensure_defaults (GType type)
{
  ClassDefaults *found = g_type_get_qdata (type, defaults_quark ());

  if (found == NULL)
    {
      found = g_new0 (ClassDefaults, 1);
      g_type_set_qdata (type, defaults_quark (), found);
    }

  return found;
}

/* From the instance's type up to ours; the nearest one that says something wins */
static void
take_class_defaults (ChihuoLoop *self, guint *concurrency)
{
  ChihuoLoopPrivate *priv = priv_of (self);

  for (GType type = G_OBJECT_TYPE (self); type != G_TYPE_OBJECT; type = g_type_parent (type))
    {
      ClassDefaults *found = g_type_get_qdata (type, defaults_quark ());

      if (found == NULL)
        continue;
      if (priv->name == NULL)
        priv->name = g_strdup (found->name);
      if (priv->server_config == NULL)
        priv->server_config = g_strdup (found->server_config);
      if (*concurrency == 0)
        *concurrency = found->concurrency;
    }
}

/**
 * chihuo_loop_class_set_default_name:
 * @klass: a class
 * @name: the queue's name: `[A-Za-z0-9._-]{1,64}`
 *
 * Sets the name of the queue for instances that are constructed without one.
 * Call it in the class's init function.
 *
 * Since: 1.0
 */
void
chihuo_loop_class_set_default_name (ChihuoLoopClass *klass, const char *name)
{
  ClassDefaults *defaults;

  g_return_if_fail (CHIHUO_IS_LOOP_CLASS (klass));

  defaults = ensure_defaults (G_TYPE_FROM_CLASS (klass));
  g_free (defaults->name);
  defaults->name = g_strdup (name);
}

/**
 * chihuo_loop_class_set_default_concurrency:
 * @klass: a class
 * @concurrency: 1 or more
 *
 * Sets the concurrency of instances that are constructed without one. Call it
 * in the class's init function.
 *
 * Since: 1.0
 */
void
chihuo_loop_class_set_default_concurrency (ChihuoLoopClass *klass, guint concurrency)
{
  g_return_if_fail (CHIHUO_IS_LOOP_CLASS (klass));
  g_return_if_fail (concurrency >= 1);

  ensure_defaults (G_TYPE_FROM_CLASS (klass))->concurrency = concurrency;
}

/**
 * chihuo_loop_class_set_default_server_config:
 * @klass: a class
 * @server_config: (nullable): where the queue lives: a URI, a path or JSON
 *
 * Sets the server configuration of instances that are constructed without one.
 * Call it in the class's init function.
 *
 * Since: 1.0
 */
void
chihuo_loop_class_set_default_server_config (ChihuoLoopClass *klass, const char *server_config)
{
  ClassDefaults *defaults;

  g_return_if_fail (CHIHUO_IS_LOOP_CLASS (klass));

  defaults = ensure_defaults (G_TYPE_FROM_CLASS (klass));
  g_free (defaults->server_config);
  defaults->server_config = g_strdup (server_config);
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
  return priv_of (self)->context;
}

void
chihuo_loop_get_options (ChihuoLoop *self, ChihuoLoopOptions *options)
{
  ChihuoLoopPrivate *priv = priv_of (self);

  g_mutex_lock (&priv->mutex);
  *options = priv->options;
  g_mutex_unlock (&priv->mutex);
}

void
chihuo_loop_set_options (ChihuoLoop *self, const ChihuoLoopOptions *options, const char *property)
{
  ChihuoLoopPrivate *priv = priv_of (self);

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
  ChihuoLoopPrivate *priv = priv_of (self);
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
  ChihuoLoopPrivate *priv = priv_of (self);
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
  ChihuoLoopPrivate *priv = priv_of (self);
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
  ChihuoLoopPrivate *priv = priv_of (self);
  gboolean ok;

  g_mutex_lock (&priv->mutex);
  ok = run == NULL || priv->run == NULL;
  if (ok)
    priv->run = run;
  g_mutex_unlock (&priv->mutex);

  return ok;
}

gboolean
chihuo_loop_is_held (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  gboolean held;

  g_mutex_lock (&priv->mutex);
  held = priv->hold_count > 0;
  g_mutex_unlock (&priv->mutex);

  return held;
}

GError *
chihuo_loop_steal_failure (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  GError *failure;

  g_mutex_lock (&priv->mutex);
  failure = g_steal_pointer (&priv->failure);
  g_mutex_unlock (&priv->mutex);

  return failure;
}

void
chihuo_loop_set_n_stuck (ChihuoLoop *self, guint n_stuck)
{
  ChihuoLoopPrivate *priv = priv_of (self);

  g_mutex_lock (&priv->mutex);
  priv->n_stuck = n_stuck;
  g_mutex_unlock (&priv->mutex);
}

/* How many runs were abandoned whose code had not returned when the last run ended */
guint
chihuo_loop_get_n_stuck (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  guint n_stuck;

  g_mutex_lock (&priv->mutex);
  n_stuck = priv->n_stuck;
  g_mutex_unlock (&priv->mutex);

  return n_stuck;
}

static void
get_counts (ChihuoLoop *self, ChihuoRunnerCounts *counts)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  ChihuoRunner *runner = chihuo_loop_ref_runner (self);

  if (runner == NULL)
    {
      g_mutex_lock (&priv->mutex);
      *counts = priv->counts;
      g_mutex_unlock (&priv->mutex);
      counts->n_running = 0;
      return;
    }

  chihuo_runner_get_counts (runner, counts);
  chihuo_runner_unref (runner);
}

gboolean
chihuo_loop_counts_watched (ChihuoLoop *self)
{
  static const ChihuoLoopProperty watched[] = { PROP_N_RUNNING, PROP_N_DONE, PROP_N_FAILED };
  guint notify_id = g_signal_lookup ("notify", G_TYPE_OBJECT);

  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    {
      GQuark detail = g_quark_from_string (properties[watched[i]]->name);

      if (g_signal_has_handler_pending (self, notify_id, detail, FALSE))
        return TRUE;
    }

  return FALSE;
}

/* Tells who watches, on the context; µs until it may be told again, 0 = it was told now */
gint64
chihuo_loop_notify_counts (ChihuoLoop *self, gboolean at_once)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  gint64 now = g_get_monotonic_time ();
  ChihuoRunnerCounts counts;
  ChihuoRunnerCounts old;

  if (!at_once && now < priv->told_at + COUNTS_INTERVAL)
    return priv->told_at + COUNTS_INTERVAL - now;

  get_counts (self, &counts);
  priv->told_at = now;
  g_mutex_lock (&priv->mutex);
  old = priv->counts;
  priv->counts = counts;
  g_mutex_unlock (&priv->mutex);

  if (counts.n_running != old.n_running)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_RUNNING]);
  if (counts.n_done != old.n_done)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_DONE]);
  if (counts.n_failed != old.n_failed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_FAILED]);

  return 0;
}

/* On the context: stop was changed, on whatever thread */
static void
stop_bell_cb (gpointer object)
{
  ChihuoLoop *self = object;
  ChihuoLoopPrivate *priv = priv_of (self);
  gboolean stop = chihuo_loop_get_stop (self);

  if (priv->told_stop == stop)
    return;

  priv->told_stop = stop;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STOP]);
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
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
chihuo_loop_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  ChihuoLoop *self = CHIHUO_LOOP (object);
  ChihuoLoopPrivate *priv = priv_of (self);

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
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
chihuo_loop_constructed (GObject *object)
{
  ChihuoLoop *self = CHIHUO_LOOP (object);
  ChihuoLoopPrivate *priv = priv_of (self);
  guint concurrency = priv->options.concurrency;

  G_OBJECT_CLASS (chihuo_loop_parent_class)->constructed (object);

  take_class_defaults (self, &concurrency);
  priv->options.concurrency = MAX (concurrency, 1);
  if (priv->queue == NULL)
    priv->queue = chihuo_queue_new (priv->name, priv->server_config);
  g_clear_pointer (&priv->name, g_free);
  g_clear_pointer (&priv->server_config, g_free);
  priv->bell = chihuo_bell_new (self, priv->context, stop_bell_cb);
}

static void
chihuo_loop_dispose (GObject *object)
{
  ChihuoLoopPrivate *priv = priv_of (CHIHUO_LOOP (object));

  g_clear_object (&priv->queue);

  G_OBJECT_CLASS (chihuo_loop_parent_class)->dispose (object);
}

static void
chihuo_loop_finalize (GObject *object)
{
  ChihuoLoopPrivate *priv = priv_of (CHIHUO_LOOP (object));

  g_clear_pointer (&priv->bell, chihuo_bell_unref);
  g_clear_pointer (&priv->context, g_main_context_unref);
  g_clear_error (&priv->failure);
  g_mutex_clear (&priv->mutex);

  G_OBJECT_CLASS (chihuo_loop_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags constructed = flags | G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY;
  const GParamFlags writable = flags | G_PARAM_READWRITE;
  const GParamFlags readable = flags | G_PARAM_READABLE;

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
   * ChihuoLoop:stop: (getter get_stop) (setter set_stop)
   *
   * Whether the run is to end, or has.
   *
   * Since: 1.0
   */
  properties[PROP_STOP] = g_param_spec_boolean ("stop", NULL, NULL, FALSE, writable);
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

  g_object_class_install_properties (object_class, N_PROPS, properties);
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

  install_properties (object_class);
  chihuo_loop_install_signals (klass);
}

static void
chihuo_loop_init (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = priv_of (self);

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

  return priv_of (self)->queue;
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

  return chihuo_queue_get_name (priv_of (self)->queue);
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

  return chihuo_queue_get_server_config (priv_of (self)->queue);
}

/**
 * chihuo_loop_get_stop: (get-property stop)
 * @self: a loop
 *
 * Gets whether the run is to end, or has.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_get_stop (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  gboolean stop;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);

  g_mutex_lock (&priv->mutex);
  stop = priv->stop;
  g_mutex_unlock (&priv->mutex);

  return stop;
}

/**
 * chihuo_loop_set_stop: (set-property stop)
 * @self: a loop
 * @stop: whether the run is to end; %FALSE only counts before the next run
 *
 * Ends the run: nothing more is claimed, tasks that have not started go back,
 * and after [property@Chihuo.Loop:drain-timeout] the running ones are cancelled.
 * Whatever of them is then no success goes back to its old place. May be called
 * from any thread, from a running task, too.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_stop (ChihuoLoop *self, gboolean stop)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  gboolean changed;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  g_mutex_lock (&priv->mutex);
  changed = priv->stop != !!stop;
  priv->stop = !!stop;
  g_mutex_unlock (&priv->mutex);

  if (!changed)
    return;

  chihuo_loop_stop_changed (self);
  if (g_main_context_is_owner (priv->context))
    stop_bell_cb (self);
  else
    chihuo_bell_ring (priv->bell);
}

/**
 * chihuo_loop_hold:
 * @self: a loop
 *
 * Keeps a loop that does not run forever from ending by itself, until
 * [method@Chihuo.Loop.release] is called as often: for a start that goes on
 * after it has returned.
 *
 * Since: 1.0
 */
void
chihuo_loop_hold (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = priv_of (self);

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  g_mutex_lock (&priv->mutex);
  priv->hold_count++;
  g_mutex_unlock (&priv->mutex);

  chihuo_loop_hold_changed (self);
}

/**
 * chihuo_loop_release:
 * @self: a loop that is held
 *
 * Takes back one [method@Chihuo.Loop.hold].
 *
 * Since: 1.0
 */
void
chihuo_loop_release (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = priv_of (self);
  gboolean was_held;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  g_mutex_lock (&priv->mutex);
  was_held = priv->hold_count > 0;
  if (was_held)
    priv->hold_count--;
  g_mutex_unlock (&priv->mutex);

  g_return_if_fail (was_held);
  chihuo_loop_hold_changed (self);
}

/**
 * chihuo_loop_fail:
 * @self: a loop that runs
 * @error: why
 *
 * Ends the run as a stop does; its result is then @error. The first one counts.
 *
 * Since: 1.0
 */
void
chihuo_loop_fail (ChihuoLoop *self, const GError *error)
{
  ChihuoLoopPrivate *priv = priv_of (self);

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (error != NULL);

  g_mutex_lock (&priv->mutex);
  if (priv->failure == NULL)
    priv->failure = g_error_copy (error);
  g_mutex_unlock (&priv->mutex);

  chihuo_loop_set_stop (self, TRUE);
}

/**
 * chihuo_loop_get_n_running: (get-property n-running)
 * @self: a loop
 *
 * Gets how many tasks run now.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
chihuo_loop_get_n_running (ChihuoLoop *self)
{
  ChihuoRunnerCounts counts;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  get_counts (self, &counts);

  return counts.n_running;
}

/**
 * chihuo_loop_get_n_done: (get-property n-done)
 * @self: a loop
 *
 * Gets how many tasks were done or finished in this run, or the last one.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint64
chihuo_loop_get_n_done (ChihuoLoop *self)
{
  ChihuoRunnerCounts counts;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  get_counts (self, &counts);

  return counts.n_done;
}

/**
 * chihuo_loop_get_n_failed: (get-property n-failed)
 * @self: a loop
 *
 * Gets how many tasks failed or died in this run, or the last one.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint64
chihuo_loop_get_n_failed (ChihuoLoop *self)
{
  ChihuoRunnerCounts counts;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  get_counts (self, &counts);

  return counts.n_failed;
}
