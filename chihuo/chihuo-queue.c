/* chihuo-queue.c - a client of one queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-bell.h"
#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-json.h"
#include "chihuo-queue-private.h"

/**
 * ChihuoQueue:
 *
 * A client of one queue: adds tasks, looks at them and mends.
 *
 * Any number of clients, in any number of processes, may share a queue. What a
 * queue and its tasks go through is the store's: a client keeps nothing but the
 * way there.
 *
 * The first call opens the store, so a bad name or a bad configuration is the
 * error of the first call, or of [method@Chihuo.Queue.open]. In one process
 * all queues and loops of the same configuration share a store, which sends
 * what many have asked for in one go.
 *
 * ## Threads
 *
 * All methods may be called from any thread, at once too. Each call has a
 * blocking form and an asynchronous pair. A blocking one waits for
 * [property@Chihuo.Queue:call-timeout] at the most. An asynchronous one never
 * waits; its callback runs on the thread-default context of the caller. `notify`
 * is emitted on the context that was the thread-default when the queue was made.
 *
 * ## What every call may answer
 *
 * All arguments are checked before anything is sent: one that is no good is
 * %CHIHUO_ERROR_INVALID or %CHIHUO_ERROR_TOO_LARGE, the message names its index
 * and its id, and nothing was done. Beside it each call can end with
 * %CHIHUO_ERROR_CONFIG, %CHIHUO_ERROR_BACKEND (certainly not done),
 * %CHIHUO_ERROR_UNKNOWN_OUTCOME (done or not; an add may be repeated safely),
 * %CHIHUO_ERROR_PROTOCOL, %CHIHUO_ERROR_NOT_SUPPORTED and, after a
 * [method@Chihuo.Queue.close] or in a forked child, %CHIHUO_ERROR_CLOSED.
 *
 * Cancelling an asynchronous call takes back what was not sent yet:
 * %G_IO_ERROR_CANCELLED means that certainly nothing was done. A call that was
 * sent ends as if nobody had cancelled it.
 *
 * Calls on many ids do one after another in the order of the array. Each of
 * these steps is atomic; the call is not a transaction.
 *
 * Since: 1.0
 */

#define CALL_TIMEOUT_MIN     0.001
#define CALL_TIMEOUT_MAX     1e9
#define CALL_TIMEOUT_DEFAULT 10

struct _ChihuoQueue
{
  GObject      parent_instance;

  const char  *name;          /* interned: as it was given, good or not */
  char        *server_config; /* (owned) (nullable) */
  ChihuoBell  *bell;          /* (owned): rung where `online` may have changed */
  gboolean     shown_online;  /* as it was last notified; the bell's context only */

  GMutex       mutex;         /* guards what follows */
  double       call_timeout;  /* s */
  ChihuoStore *store;         /* (owned) (nullable): from the first use to the close; set atomically */
  guint        watch;         /* on the store's `online` */
  gboolean     closed;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_SERVER_CONFIG,
  PROP_CALL_TIMEOUT,
  PROP_ONLINE,
} ChihuoQueueProperty;

static GParamSpec *properties[PROP_ONLINE + 1];

G_DEFINE_FINAL_TYPE (ChihuoQueue, chihuo_queue, G_TYPE_OBJECT)

static void
online_changed (gpointer object)
{
  ChihuoQueue *self = object;
  gboolean online = chihuo_queue_get_online (self);

  if (online == self->shown_online)
    return;

  self->shown_online = online;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ONLINE]);
}

/* On the store's thread: plain C */
static void
store_online_cb (gpointer data)
{
  chihuo_bell_ring (data);
}

/* In a forked child no lock may be taken, neither one of ours nor of GLib's: another thread of the parent
 * may have held it, and is not there to let it go */
static gboolean
check_process (ChihuoQueue *self, GError **error)
{
  if (!chihuo_fork_is_child ())
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED,
               "queue “%s” is closed: this is a forked child, it has no store of its parent's",
               self->name);
  return FALSE;
}

/* Gives the store that is open, if one is. FALSE = closed */
static gboolean
ref_open_store (ChihuoQueue *self, ChihuoStore **store, GError **error)
{
  gboolean closed;

  *store = NULL;
  if (!check_process (self, error))
    return FALSE;

  g_mutex_lock (&self->mutex);
  closed = self->closed;
  *store = self->store != NULL ? chihuo_store_ref (self->store) : NULL;
  g_mutex_unlock (&self->mutex);

  if (closed)
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED, "queue “%s” is closed", self->name);

  return !closed;
}

/* Two who come first at once both bring the store: the same one */
static void
keep_store (ChihuoQueue *self, ChihuoStore *store)
{
  g_mutex_lock (&self->mutex);
  if (self->store == NULL && !self->closed)
    {
      g_atomic_pointer_set (&self->store, chihuo_store_ref (store));
      self->watch = chihuo_store_watch_online (store, store_online_cb, chihuo_bell_ref (self->bell),
                                               (GDestroyNotify) chihuo_bell_unref);
    }
  g_mutex_unlock (&self->mutex);

  /* it may have been online all along, for others */
  chihuo_bell_ring (self->bell);
}

/* The store, found at the first use. The lock is not held while it is looked for: that may make a
 * backend, which may be written in another language */
ChihuoStore *
chihuo_queue_ref_store (ChihuoQueue *self, GError **error)
{
  g_autoptr (ChihuoStore) store = NULL;

  if (!ref_open_store (self, &store, error))
    return NULL;
  if (store != NULL)
    return g_steal_pointer (&store);

  if (!chihuo_name_check (self->name, error))
    return NULL;
  store = chihuo_store_get (self->server_config, error);
  if (store == NULL)
    return NULL;
  keep_store (self, store);

  return g_steal_pointer (&store);
}

/* Closes the queue to others, and gives the store, if it has one, to who closes it */
ChihuoStore *
chihuo_queue_steal_store (ChihuoQueue *self)
{
  ChihuoStore *store;
  guint watch;

  g_mutex_lock (&self->mutex);
  self->closed = TRUE;
  store = self->store;
  g_atomic_pointer_set (&self->store, NULL);
  watch = self->watch;
  self->watch = 0;
  g_mutex_unlock (&self->mutex);

  if (store != NULL)
    {
      chihuo_store_unwatch_online (store, watch);
      chihuo_bell_ring (self->bell);
    }

  return store;
}

/* Without a lock or a reference: to be compared, never to be followed. NULL = none, or closed */
ChihuoStore *
chihuo_queue_peek_store (ChihuoQueue *self)
{
  return g_atomic_pointer_get (&self->store);
}

/* No name is one that breaks the rule: the first call says so */
static const char *
intern_name (const char *name)
{
  return g_intern_string (name != NULL ? name : "");
}

static void
chihuo_queue_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ChihuoQueue *self = CHIHUO_QUEUE (object);

  switch ((ChihuoQueueProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;

    case PROP_SERVER_CONFIG:
      g_value_set_string (value, self->server_config);
      break;

    case PROP_CALL_TIMEOUT:
      g_value_set_double (value, chihuo_queue_get_call_timeout (self));
      break;

    case PROP_ONLINE:
      g_value_set_boolean (value, chihuo_queue_get_online (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
chihuo_queue_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  ChihuoQueue *self = CHIHUO_QUEUE (object);

  switch ((ChihuoQueueProperty) prop_id)
    {
    case PROP_NAME:
      self->name = intern_name (g_value_get_string (value));
      break;

    case PROP_SERVER_CONFIG:
      self->server_config = g_value_dup_string (value);
      break;

    case PROP_CALL_TIMEOUT:
      chihuo_queue_set_call_timeout (self, g_value_get_double (value));
      break;

    case PROP_ONLINE:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/* Hands over and returns: what is under way holds a reference on the queue, so there is nothing to
 * wait for */
static void
chihuo_queue_dispose (GObject *object)
{
  ChihuoQueue *self = CHIHUO_QUEUE (object);
  g_autoptr (ChihuoStore) store = chihuo_queue_steal_store (self);

  G_OBJECT_CLASS (chihuo_queue_parent_class)->dispose (object);
}

static void
chihuo_queue_finalize (GObject *object)
{
  ChihuoQueue *self = CHIHUO_QUEUE (object);

  chihuo_bell_unref (self->bell);
  g_mutex_clear (&self->mutex);
  g_free (self->server_config);

  G_OBJECT_CLASS (chihuo_queue_parent_class)->finalize (object);
}

static void
chihuo_queue_class_init (ChihuoQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = chihuo_queue_get_property;
  object_class->set_property = chihuo_queue_set_property;
  object_class->dispose = chihuo_queue_dispose;
  object_class->finalize = chihuo_queue_finalize;

  /**
   * ChihuoQueue:name: (getter get_name)
   *
   * The queue's name: `[A-Za-z0-9._-]`, 1 to 64 of them.
   *
   * Since: 1.0
   */
  properties[PROP_NAME]
      = g_param_spec_string ("name", NULL, NULL, "",
                             flags | G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY);

  /**
   * ChihuoQueue:server-config: (getter get_server_config)
   *
   * Where the queue is: a URI, the path of a file, or a JSON object as text.
   * %NULL means what `$CHIHUO_URL` says, else `memory:`.
   *
   * Since: 1.0
   */
  properties[PROP_SERVER_CONFIG]
      = g_param_spec_string ("server-config", NULL, NULL, NULL,
                             flags | G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY);

  /**
   * ChihuoQueue:call-timeout: (getter get_call_timeout) (setter set_call_timeout)
   *
   * How long a blocking call waits for its answer, in seconds: 0.001 to
   * 1,000,000,000. Asynchronous calls wait as long as it takes.
   *
   * Since: 1.0
   */
  properties[PROP_CALL_TIMEOUT]
      = g_param_spec_double ("call-timeout", NULL, NULL, CALL_TIMEOUT_MIN, CALL_TIMEOUT_MAX,
                             CALL_TIMEOUT_DEFAULT, flags | G_PARAM_READWRITE);

  /**
   * ChihuoQueue:online: (getter get_online)
   *
   * Whether the store answers. It is %FALSE before the first call and after a
   * close. `notify` is emitted on the context that was the thread-default when
   * the queue was made.
   *
   * Since: 1.0
   */
  properties[PROP_ONLINE]
      = g_param_spec_boolean ("online", NULL, NULL, FALSE, flags | G_PARAM_READABLE);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
chihuo_queue_init (ChihuoQueue *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  g_mutex_init (&self->mutex);
  self->call_timeout = CALL_TIMEOUT_DEFAULT;
  self->bell = chihuo_bell_new (self, context, online_changed);
}

/**
 * chihuo_queue_new:
 * @name: the queue's name: `[A-Za-z0-9._-]`, 1 to 64 of them
 * @server_config: (nullable): where it is: a URI, the path of a file, or a JSON
 *   object as text; %NULL means what `$CHIHUO_URL` says, else `memory:`
 *
 * Creates a client of a queue.
 *
 * Nothing is checked or opened here: the first call does that, or
 * [method@Chihuo.Queue.open].
 *
 * Returns: (transfer full): a new client
 *
 * Since: 1.0
 */
ChihuoQueue *
chihuo_queue_new (const char *name, const char *server_config)
{
  g_return_val_if_fail (name != NULL, NULL);

  return g_object_new (CHIHUO_TYPE_QUEUE, "name", name, "server-config", server_config, NULL);
}

/**
 * chihuo_queue_get_name: (get-property name)
 * @self: a queue
 *
 * Gets the queue's name. May be called from any thread.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
chihuo_queue_get_name (ChihuoQueue *self)
{
  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), NULL);

  return self->name;
}

/**
 * chihuo_queue_get_server_config: (get-property server-config)
 * @self: a queue
 *
 * Gets where the queue is, as it was given. May be called from any thread.
 *
 * Returns: (transfer none) (nullable): the configuration
 *
 * Since: 1.0
 */
const char *
chihuo_queue_get_server_config (ChihuoQueue *self)
{
  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), NULL);

  return self->server_config;
}

/**
 * chihuo_queue_get_call_timeout: (get-property call-timeout)
 * @self: a queue
 *
 * Gets how long a blocking call waits. May be called from any thread.
 *
 * Returns: seconds
 *
 * Since: 1.0
 */
double
chihuo_queue_get_call_timeout (ChihuoQueue *self)
{
  double seconds;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), 0);

  g_mutex_lock (&self->mutex);
  seconds = self->call_timeout;
  g_mutex_unlock (&self->mutex);

  return seconds;
}

/**
 * chihuo_queue_set_call_timeout: (set-property call-timeout)
 * @self: a queue
 * @seconds: 0.001 to 1,000,000,000; the default is 10
 *
 * Sets how long a blocking call waits: then it ends with %CHIHUO_ERROR_BACKEND
 * where it was not sent, else with %CHIHUO_ERROR_UNKNOWN_OUTCOME. May be called
 * from any thread; it counts for the calls that follow.
 *
 * Since: 1.0
 */
void
chihuo_queue_set_call_timeout (ChihuoQueue *self, double seconds)
{
  gboolean changed;

  g_return_if_fail (CHIHUO_IS_QUEUE (self));
  g_return_if_fail (seconds >= CALL_TIMEOUT_MIN && seconds <= CALL_TIMEOUT_MAX);

  g_mutex_lock (&self->mutex);
  changed = self->call_timeout != seconds;
  self->call_timeout = seconds;
  g_mutex_unlock (&self->mutex);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CALL_TIMEOUT]);
}

/**
 * chihuo_queue_get_online: (get-property online)
 * @self: a queue
 *
 * Gets whether the store answers. May be called from any thread.
 *
 * Returns: whether it does; %FALSE before the first call and after a close
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_get_online (ChihuoQueue *self)
{
  g_autoptr (ChihuoStore) store = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);

  return ref_open_store (self, &store, NULL) && store != NULL && chihuo_store_get_online (store);
}
