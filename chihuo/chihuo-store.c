/* chihuo-store.c - a thread, a backend and its batches: one for each configuration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>

#include "chihuo-clock.h"
#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-registry.h"
#include "chihuo-store-private.h"

/* A store collects what everybody has asked for since the last round and does it in one exchange.
 *
 * Whoever makes the round has *the turn*: a flag, not a lock, so no lock is held over a backend's call.
 * Mostly it is the store's thread; where the backend never blocks (memory) a caller who finds the store
 * idle takes it himself. Nothing in here touches an object that a binding can see: calls and clients
 * are plain C. The locks, from the outside in: stores_mutex, self->mutex. */

/* How many rounds a caller makes for others before the thread goes on */
#define MAX_CARRIED_TURNS 64

/* How long a process that ends waits for files to be closed, µs */
#define EXIT_PATIENCE (2 * G_USEC_PER_SEC)

static GMutex stores_mutex;
static GCond stores_cond;
static GHashTable *stores; /* identity → ChihuoStore, none owned */
static guint n_stores;     /* those that are not closed yet */
static guint n_living;     /* those of them that somebody has a reference to */
static gboolean closes_at_exit;

static void close_at_exit (void);

/* --- clients --- */

void
chihuo_store_snapshot_clients (ChihuoStore *self, GPtrArray *into, const char *queue)
{
  g_ptr_array_set_size (into, 0);
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->clients->len; i++)
    {
      ChihuoStoreClient *client = g_ptr_array_index (self->clients, i);

      if (queue == NULL || client->queue == queue)
        g_ptr_array_add (into, chihuo_store_client_ref (client));
    }
  g_mutex_unlock (&self->mutex);
}

/* The engines of a queue in this process */
GPtrArray *
chihuo_store_get_clients (ChihuoStore *self, const char *queue)
{
  GPtrArray *clients
      = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_store_client_unref);

  chihuo_store_snapshot_clients (self, clients, queue);

  return clients;
}

void
chihuo_store_add_client (ChihuoStore *self, ChihuoStoreClient *client)
{
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->clients, chihuo_store_client_ref (client));
  g_mutex_unlock (&self->mutex);
  g_atomic_int_set (&self->reap_wanted, TRUE);

  chihuo_store_kick (self);
}

void
chihuo_store_remove_client (ChihuoStore *self, ChihuoStoreClient *client)
{
  gboolean removed;

  g_mutex_lock (&self->mutex);
  g_ptr_array_set_free_func (self->clients, NULL);
  removed = g_ptr_array_remove (self->clients, client);
  g_ptr_array_set_free_func (self->clients, (GDestroyNotify) chihuo_store_client_unref);
  g_mutex_unlock (&self->mutex);

  if (removed)
    chihuo_store_client_unref (client);
}

/* --- whether the store answers --- */

gboolean
chihuo_store_get_online (ChihuoStore *self)
{
  return g_atomic_int_get (&self->online);
}

/* `func` is called when it changes, on any thread and under the store's lock: it may only attach a
 * source somewhere */
guint
chihuo_store_watch_online (ChihuoStore *self, ChihuoStoreOnlineFunc func, gpointer data,
                           GDestroyNotify data_free)
{
  ChihuoStoreWatch watch = { .func = func, .data = data, .data_free = data_free };

  g_mutex_lock (&self->mutex);
  watch.id = ++self->last_watch;
  g_array_append_val (self->watches, watch);
  g_mutex_unlock (&self->mutex);

  return watch.id;
}

void
chihuo_store_unwatch_online (ChihuoStore *self, guint id)
{
  ChihuoStoreWatch found = { 0 };

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->watches->len; i++)
    if (g_array_index (self->watches, ChihuoStoreWatch, i).id == id)
      {
        found = g_array_index (self->watches, ChihuoStoreWatch, i);
        g_array_remove_index (self->watches, i);
        break;
      }
  g_mutex_unlock (&self->mutex);

  if (found.data_free != NULL)
    found.data_free (found.data);
}

/* --- who makes the rounds, and when --- */

/* When the thread has to wake by itself. Only ever moved forwards: an alarm that is too early costs less
 * than setting it each time, which wakes the thread */
static void
set_alarm (ChihuoStore *self)
{
  gint64 now = chihuo_clock_get_boot ();
  gint64 at = self->retry_at > now ? self->retry_at : G_MAXINT64;
  gint64 monotonic;

  for (guint i = 0; self->retry_at <= now && i < self->round->len; i++)
    {
      ChihuoStoreClient *client = g_ptr_array_index (self->round, i);

      at = MIN (at, client->funcs->next (client));
    }
  if (self->opened && self->round->len > 0)
    at = MIN (at, MAX (self->reap_at, self->retry_at));
  if (at == G_MAXINT64)
    return;

  monotonic = g_get_monotonic_time () + MAX (at - now, 0);
  g_mutex_lock (&self->mutex);
  if (self->alarm < 0 || monotonic < self->alarm)
    {
      self->alarm = monotonic;
      g_source_set_ready_time (self->turn_source, monotonic);
    }
  g_mutex_unlock (&self->mutex);
}

static void
wake_thread (ChihuoStore *self)
{
  g_source_set_ready_time (self->turn_source, 0);
}

/* Makes rounds until there is nothing to do, or `max_turns` of them. Says whether it had the turn */
static gboolean
try_pump (ChihuoStore *self, guint max_turns)
{
  guint n_turns = 0;
  gboolean more = TRUE;

  g_mutex_lock (&self->mutex);
  if (self->busy)
    {
      self->again = TRUE;
      g_mutex_unlock (&self->mutex);
      return FALSE;
    }
  self->busy = TRUE;

  while (more)
    {
      self->again = FALSE;
      g_mutex_unlock (&self->mutex);

      while ((more = chihuo_store_take_turn (self)) && n_turns < max_turns)
        n_turns++;
      if (!more)
        set_alarm (self);
      /* a client that was removed has a reference to the store: neither may keep the other alive */
      g_ptr_array_set_size (self->round, 0);

      g_mutex_lock (&self->mutex);
      if (n_turns >= max_turns)
        break;
      more = self->again;
    }

  self->busy = FALSE;
  g_mutex_unlock (&self->mutex);

  if (n_turns >= max_turns)
    wake_thread (self);

  return TRUE;
}

void
chihuo_store_pump (ChihuoStore *self, guint max_turns)
{
  try_pump (self, max_turns);
}

/* There may be something to do. Returns at once */
void
chihuo_store_kick (ChihuoStore *self)
{
  gboolean busy;

  g_mutex_lock (&self->mutex);
  busy = self->busy;
  self->again = TRUE;
  g_mutex_unlock (&self->mutex);

  if (!busy)
    wake_thread (self);
}

/* As chihuo_store_kick(), but where nothing blocks the caller makes the round himself. Says whether he
 * did */
gboolean
chihuo_store_carry (ChihuoStore *self)
{
  if (self->can_carry)
    return try_pump (self, MAX_CARRIED_TURNS);

  chihuo_store_kick (self);
  return FALSE;
}

/* Whether others than this process may change what is in it */
gboolean
chihuo_store_is_shared (ChihuoStore *self)
{
  return !self->can_carry;
}

/* Whether it tells of all that they add */
gboolean
chihuo_store_can_notify (ChihuoStore *self)
{
  return self->can_notify;
}

/* --- the thread --- */

static gboolean
turn_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs turn_source_funcs = { .dispatch = turn_source_dispatch };

static gboolean
turn_cb (gpointer data)
{
  ChihuoStore *self = data;

  g_mutex_lock (&self->mutex);
  g_source_set_ready_time (self->turn_source, -1);
  self->alarm = -1;
  g_mutex_unlock (&self->mutex);
  chihuo_store_pump (self, G_MAXUINT);

  return G_SOURCE_CONTINUE;
}

static void
watch_clear (gpointer data)
{
  ChihuoStoreWatch *watch = data;

  if (watch->data_free != NULL)
    watch->data_free (watch->data);
}

static void
store_free (ChihuoStore *self)
{
  chihuo_parcel_free (&self->parcel);
  g_ptr_array_unref (self->round);
  g_ptr_array_unref (self->clients);
  for (guint i = 0; i < self->watches->len; i++)
    watch_clear (&g_array_index (self->watches, ChihuoStoreWatch, i));
  g_array_unref (self->watches);
  g_source_destroy (self->turn_source);
  g_source_unref (self->turn_source);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->config, chihuo_config_unref);
  g_clear_pointer (&self->identity, g_free);
  g_clear_pointer (&self->trouble, g_free);
  g_cond_clear (&self->gather_cond);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static void
close_backend (ChihuoStore *self)
{
  g_autoptr (GError) error = NULL;

  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
  if (self->opened && !chihuo_backend_close (self->backend, &error))
    g_debug ("closing: %s", error->message);
  g_clear_object (&self->backend);
}

static gboolean
is_quitting (ChihuoStore *self)
{
  gboolean quit;

  g_mutex_lock (&self->mutex);
  quit = self->quit;
  g_mutex_unlock (&self->mutex);

  return quit;
}

static gpointer
thread_main (gpointer data)
{
  ChihuoStore *self = data;

  g_main_context_push_thread_default (self->context);
  while (!is_quitting (self))
    g_main_context_iteration (self->context, TRUE);
  close_backend (self);
  g_main_context_pop_thread_default (self->context);

  store_free (self);
  chihuo_fork_release ();

  g_mutex_lock (&stores_mutex);
  n_stores--;
  g_cond_broadcast (&stores_cond);
  g_mutex_unlock (&stores_mutex);

  return NULL;
}

/* --- life --- */

static gboolean
check_process (GError **error)
{
  if (!chihuo_fork_is_child ())
    return TRUE;

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED,
                       "this is a forked child: it has no store of its parent's");
  return FALSE;
}

/* For stores that are in no table: tests, and backends that were made by hand. Takes the backend over */
ChihuoStore *
chihuo_store_new (ChihuoBackend *backend, ChihuoConfig *config)
{
  ChihuoStore *self = g_new0 (ChihuoStore, 1);
  g_autofree char *uuid = g_uuid_string_random ();

  self->ref_count = 1;
  self->config = chihuo_config_ref (config);
  self->backend = backend;
  self->can_carry = chihuo_backend_can_carry (backend);
  self->can_notify = chihuo_backend_can_notify (backend);
  self->context = g_main_context_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->gather_cond);
  g_queue_init (&self->calls);
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_store_client_unref);
  self->round = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_store_client_unref);
  self->watches = g_array_new (FALSE, FALSE, sizeof (ChihuoStoreWatch));
  self->alarm = -1;
  self->online = TRUE;
  chihuo_parcel_init (&self->parcel, g_intern_string (uuid));

  self->turn_source = g_source_new (&turn_source_funcs, sizeof (GSource));
  g_source_set_static_name (self->turn_source, "chihuo store");
  g_source_set_callback (self->turn_source, turn_cb, self, NULL);
  g_source_attach (self->turn_source, self->context);

  chihuo_fork_hold ();
  g_mutex_lock (&stores_mutex);
  if (!closes_at_exit)
    atexit (close_at_exit);
  closes_at_exit = TRUE;
  n_stores++;
  n_living++;
  g_mutex_unlock (&stores_mutex);
  g_thread_unref (g_thread_new ("chihuo-store", thread_main, self));

  return self;
}

static ChihuoStore *
get_known_locked (const char *identity)
{
  ChihuoStore *self = stores != NULL ? g_hash_table_lookup (stores, identity) : NULL;

  if (self != NULL)
    g_atomic_int_inc (&self->ref_count);

  return self;
}

/* Gets the store of a configuration, the same one for all who name it alike */
ChihuoStore *
chihuo_store_get (const char *server_config, GError **error)
{
  g_autoptr (ChihuoConfig) config = NULL;
  ChihuoBackend *backend;
  ChihuoStore *self;
  ChihuoStore *known;
  const char *identity;

  if (!check_process (error))
    return NULL;
  config = chihuo_config_new (server_config, error);
  if (config == NULL)
    return NULL;

  identity = chihuo_config_get_identity (config);
  g_mutex_lock (&stores_mutex);
  known = get_known_locked (identity);
  g_mutex_unlock (&stores_mutex);
  if (known != NULL)
    return known;

  backend = chihuo_registry_create (chihuo_config_get_backend (config), error);
  if (backend == NULL)
    return NULL;
  self = chihuo_store_new (backend, config);

  g_mutex_lock (&stores_mutex);
  known = get_known_locked (identity);
  if (known == NULL)
    {
      if (stores == NULL)
        stores = g_hash_table_new (g_str_hash, g_str_equal);
      self->identity = g_strdup (identity);
      g_hash_table_insert (stores, self->identity, self);
    }
  g_mutex_unlock (&stores_mutex);

  if (known == NULL)
    return self;

  chihuo_store_unref (self); /* somebody else was quicker */
  return known;
}

/* Whoever takes a reference has one, or holds stores_mutex */
ChihuoStore *
chihuo_store_ref (ChihuoStore *self)
{
  g_atomic_int_inc (&self->ref_count);

  return self;
}

/* Not the last one: no lock. Each call on a queue comes by here */
static gboolean
drop_one_of_several (ChihuoStore *self)
{
  int n = g_atomic_int_get (&self->ref_count);

  while (n > 1)
    {
      if (g_atomic_int_compare_and_exchange (&self->ref_count, n, n - 1))
        return TRUE;
      n = g_atomic_int_get (&self->ref_count);
    }

  return FALSE;
}

/* The last one tells the thread to close the backend and go. It does not wait for that: a dispose may be
 * what called us */
void
chihuo_store_unref (ChihuoStore *self)
{
  gboolean last;

  if (drop_one_of_several (self))
    return;

  g_mutex_lock (&stores_mutex);
  last = g_atomic_int_dec_and_test (&self->ref_count);
  n_living -= last;
  if (last && self->identity != NULL)
    g_hash_table_remove (stores, self->identity);
  if (last && stores != NULL && g_hash_table_size (stores) == 0)
    g_clear_pointer (&stores, g_hash_table_unref);
  g_mutex_unlock (&stores_mutex);

  if (!last)
    return;

  /* the thread frees all of this as soon as it can see the flag */
  g_mutex_lock (&self->mutex);
  self->quit = TRUE;
  g_main_context_wakeup (self->context);
  g_mutex_unlock (&self->mutex);
}

static guint
count_closing_locked (void)
{
  return n_stores - n_living;
}

/* Waits until the backends of all stores that nobody uses any more are closed */
void
chihuo_store_wait_closed (void)
{
  g_mutex_lock (&stores_mutex);
  while (count_closing_locked () > 0)
    g_cond_wait (&stores_cond, &stores_mutex);
  g_mutex_unlock (&stores_mutex);
}

/* main() has returned, mostly just after the last reference went: files want to be closed well. What
 * hangs is not waited for: a store survives being killed */
static void
close_at_exit (void)
{
  gint64 end = g_get_monotonic_time () + EXIT_PATIENCE;

  if (chihuo_fork_is_child ())
    return;

  g_mutex_lock (&stores_mutex);
  while (count_closing_locked () > 0)
    if (!g_cond_wait_until (&stores_cond, &stores_mutex, end))
      break;
  g_mutex_unlock (&stores_mutex);
}

/* --- calls --- */

static void
enqueue (ChihuoStore *self, ChihuoCall *call)
{
  gboolean busy;

  g_mutex_lock (&self->mutex);
  call->state = CHIHUO_CALL_STATE_QUEUED;
  g_queue_push_tail_link (&self->calls, &chihuo_call_ref (call)->link);
  self->n_calls++;
  if (self->gathering)
    g_cond_signal (&self->gather_cond);
  busy = self->busy;
  self->again = TRUE;
  g_mutex_unlock (&self->mutex);

  if (!busy && !(self->can_carry && call->waited_for))
    wake_thread (self);
}

/* Waits for the answer; at the time-out it gives up */
static void
wait_for (ChihuoStore *self, ChihuoCall *call, double timeout, GError **error)
{
  gint64 end = g_get_monotonic_time () + timeout * G_USEC_PER_SEC;

  g_mutex_lock (&self->mutex);
  while (call->state != CHIHUO_CALL_STATE_DONE)
    if (!g_cond_wait_until (&call->cond, &self->mutex, end))
      break;

  if (call->state == CHIHUO_CALL_STATE_DONE)
    {
      if (call->error != NULL)
        g_propagate_error (error, g_error_copy (call->error));
    }
  else if (call->state == CHIHUO_CALL_STATE_QUEUED)
    {
      chihuo_store_unlink_call_locked (self, call);
      call->state = CHIHUO_CALL_STATE_DONE;
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "not sent within %g s%s%s", timeout,
                   self->trouble != NULL ? ": " : "", self->trouble != NULL ? self->trouble : "");
      chihuo_call_unref (call);
    }
  else
    {
      call->forsaken = TRUE;
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME,
                   "sent, but no answer within %g s%s%s", timeout,
                   self->trouble != NULL ? ": " : "", self->trouble != NULL ? self->trouble : "");
    }
  g_mutex_unlock (&self->mutex);
}

typedef struct
{
  ChihuoStore *store;
  ChihuoCall  *call;
} Cancellation;

static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  Cancellation *cancellation = data;

  chihuo_store_take_back (cancellation->store, cancellation->call);
}

/* Asks, and waits for the answer. `timeout` in seconds */
gboolean
chihuo_store_call (ChihuoStore *self, ChihuoCall *call, double timeout, GCancellable *cancellable,
                   GError **error)
{
  Cancellation cancellation = { self, call };
  GError *local = NULL;
  gulong handler = 0;

  if (!check_process (error) || g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  call->waited_for = TRUE;
  enqueue (self, call);
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), &cancellation, NULL);
  if (self->can_carry)
    chihuo_store_pump (self, MAX_CARRIED_TURNS);
  wait_for (self, call, timeout, &local);
  if (handler != 0)
    g_cancellable_disconnect (cancellable, handler);

  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

/* Asks, and returns at once; `done` is called on `context` */
void
chihuo_store_send (ChihuoStore *self, ChihuoCall *call, GMainContext *context, ChihuoCallDone done,
                   gpointer data)
{
  call->context = context != NULL ? g_main_context_ref (context) : NULL;
  call->done = done;
  call->done_data = data;

  if (check_process (&call->error))
    {
      enqueue (self, call);
      return;
    }

  call->state = CHIHUO_CALL_STATE_DONE;
  chihuo_call_finish (call);
}

/* Takes a call back that was not sent yet: certainly nothing was done. Its answer is then
 * G_IO_ERROR_CANCELLED. Says whether it came in time */
gboolean
chihuo_store_take_back (ChihuoStore *self, ChihuoCall *call)
{
  g_autoptr (GError) error = NULL;
  gboolean queued;

  g_mutex_lock (&self->mutex);
  queued = call->state == CHIHUO_CALL_STATE_QUEUED;
  if (queued)
    chihuo_store_unlink_call_locked (self, call);
  g_mutex_unlock (&self->mutex);

  if (!queued)
    return FALSE;

  g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled before it was sent");
  chihuo_store_answer_call (self, call, error);

  return TRUE;
}
