/* chihuo-redis-backend.c - queues in a Redis, for many machines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-redis-backend.h"
#include "chihuo-redis-bell.h"
#include "chihuo-redis-exchange.h"
#include "chihuo-redis-page.h"
#include "chihuo-redis-upkeep.h"

/* The glue between the contract and the files beside this one:
 *
 *   options, connection, router, error   a server, and how to reach it
 *   refusals                             when not to ask it
 *   checks                               what it has to be like
 *   scripts (redis/ *.lua)               the life of a task, once more
 *   queue, encode, decode                calls of scripts and their replies
 *   pipeline, query, exchange            many calls in one round trip
 *   page, upkeep                         what the other vfuncs ask
 *   bell                                 being woken by others
 *
 * All that counts is in the server. What stands here is how to reach it, and the names of the queues
 * that were asked for. A worker that dies leaves leases, which run out on a clock in the server. */

struct _ChihuoRedisBackend
{
  GObject              parent_instance;
  ChihuoRedisRefusals *refusals; /* (owned) */
  ChihuoRedisOptions  *options;  /* (owned) (nullable): while open, as the next five */
  ChihuoRedisChecks   *checks;   /* (owned) (nullable) */
  ChihuoRedisRouter   *router;   /* (owned) (nullable) */
  ChihuoRedisBell     *bell;     /* (owned) (nullable) */
  ChihuoRedisExchange *exchange; /* (owned) (nullable) */
  ChihuoRedisPipeline  pipeline;
  GHashTable          *queues;   /* (owned): interned name → (owned by `list`) ChihuoRedisQueue */
  GPtrArray           *list;     /* (owned) (element-type ChihuoRedisQueue): those of `queues` */
};

static void chihuo_redis_backend_iface_init (ChihuoBackendInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChihuoRedisBackend, chihuo_redis_backend, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND,
                                                      chihuo_redis_backend_iface_init))

/* In a forked child the connections are the parent's: a byte from here would be taken for his */
static gboolean
check_process (GError **error)
{
  if (!chihuo_fork_is_child ())
    return TRUE;

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED,
                       "redis: this process was forked off while a store was open: it can use "
                       "none before it executes a program of its own");
  return FALSE;
}

static gboolean
check_open (ChihuoRedisBackend *self, GError **error)
{
  if (self->router != NULL)
    return check_process (error);

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED, "redis: the store is closed");
  return FALSE;
}

static ChihuoRedisQueue *
find_queue (gpointer data, const char *name)
{
  ChihuoRedisBackend *self = data;
  ChihuoRedisQueue *queue = g_hash_table_lookup (self->queues, name);

  if (queue == NULL)
    {
      queue = chihuo_redis_queue_new (name);
      g_hash_table_insert (self->queues, (gpointer) name, queue);
      g_ptr_array_add (self->list, queue);
    }

  return queue;
}

/* Before the claim, so that no news that it asks for are missed */
static void
listen_for_claims (ChihuoRedisBackend *self, const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    {
      ChihuoRedisQueue *queue;

      if (batch->items[i]->op != CHIHUO_OP_CLAIM)
        continue;
      queue = find_queue (self, batch->items[i]->queue);
      if (queue->listens)
        continue;
      queue->listens = TRUE;
      chihuo_redis_bell_listen (self->bell, queue->channel);
    }
}

static const char *
get_moment (ChihuoRedisBackend *self, const ChihuoMoment *moment, char *text)
{
  chihuo_redis_encode_moment (self->options->batch_clock ? moment : NULL, text);

  return text;
}

static gboolean
chihuo_redis_backend_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);

  if (!check_open (self, error))
    return FALSE;

  listen_for_claims (self, batch);
  return chihuo_redis_exchange_run (self->exchange, batch, error);
}

static gboolean
chihuo_redis_backend_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);

  return check_open (self, error)
         && chihuo_redis_page_fill (&self->pipeline, find_queue (self, page->queue), page, error);
}

/* The server's times are by its own clock, which `now` is not */
static gboolean
chihuo_redis_backend_stats (ChihuoBackend *backend, const char *queue, gint64 now,
                            ChihuoStats *stats, GError **error)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);

  return check_open (self, error)
         && chihuo_redis_page_stats (&self->pipeline, find_queue (self, queue),
                                     self->options->batch_clock ? now : 0, stats, error);
}

static gboolean
chihuo_redis_backend_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);
  char moment[CHIHUO_REDIS_MOMENT_SIZE];

  return check_open (self, error)
         && chihuo_redis_upkeep_sweep (&self->pipeline, find_queue (self, sweep->queue),
                                       get_moment (self, &sweep->moment, moment), sweep, error);
}

static gboolean
chihuo_redis_backend_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                           gboolean *more, GError **error)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);
  char text[CHIHUO_REDIS_MOMENT_SIZE];

  *n_reaped = 0;
  *more = FALSE;

  return check_open (self, error)
         && chihuo_redis_upkeep_reap (&self->pipeline, self->list,
                                      get_moment (self, moment, text), n_reaped, more, error);
}

static GSource *
chihuo_redis_backend_create_source (ChihuoBackend *backend)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);

  return self->bell != NULL ? chihuo_redis_bell_create_source (self->bell) : NULL;
}

/* Each new connection to a server that holds queues */
static gboolean
welcome_cb (ChihuoRedisConnection *connection, gpointer data, GError **error)
{
  ChihuoRedisBackend *self = data;

  return chihuo_redis_checks_run (self->checks, connection, error)
         && chihuo_redis_scripts_load (connection, error);
}

/* What is claimed stays so: its lease runs out, as that of a worker that has died */
static void
shut (ChihuoRedisBackend *self)
{
  g_clear_pointer (&self->exchange, chihuo_redis_exchange_free);
  chihuo_redis_pipeline_clear (&self->pipeline);
  g_clear_pointer (&self->bell, chihuo_redis_bell_free);
  g_clear_pointer (&self->router, chihuo_redis_router_free);
  g_clear_pointer (&self->checks, chihuo_redis_checks_free);
  g_clear_pointer (&self->options, chihuo_redis_options_free);
  g_hash_table_remove_all (self->queues);
  g_ptr_array_set_size (self->list, 0);
}

/* In a forked child all of it is the parent's: it is left as it is */
static gboolean
chihuo_redis_backend_close (ChihuoBackend *backend, GError **error)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);

  if (!chihuo_fork_is_child ())
    shut (self);

  return TRUE;
}

static void
build (ChihuoRedisBackend *self)
{
  self->checks = chihuo_redis_checks_new (self->options);
  self->router = chihuo_redis_router_new (self->options, self->refusals, welcome_cb, self);
  self->bell = chihuo_redis_bell_new (self->options, self->router);
  chihuo_redis_pipeline_init (&self->pipeline, self->router, self->checks);
  self->exchange = chihuo_redis_exchange_new (&self->pipeline, self->options->batch_clock,
                                              find_queue, self);
}

static gboolean
chihuo_redis_backend_open (ChihuoBackend *backend, ChihuoConfig *config, GError **error)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (backend);

  g_return_val_if_fail (self->router == NULL, FALSE);

  if (!check_process (error))
    return FALSE;
  self->options = chihuo_redis_options_new (config, error);
  if (self->options == NULL)
    return FALSE;

  build (self);
  if (chihuo_redis_router_get (self->router, NULL, error) != NULL)
    return TRUE;

  shut (self);
  return FALSE;
}

static void
chihuo_redis_backend_iface_init (ChihuoBackendInterface *iface)
{
  iface->can_carry = FALSE;
  iface->open = chihuo_redis_backend_open;
  iface->close = chihuo_redis_backend_close;
  iface->exchange = chihuo_redis_backend_exchange;
  iface->page = chihuo_redis_backend_page;
  iface->stats = chihuo_redis_backend_stats;
  iface->sweep = chihuo_redis_backend_sweep;
  iface->reap = chihuo_redis_backend_reap;
  iface->create_source = chihuo_redis_backend_create_source;
}

static void
chihuo_redis_backend_finalize (GObject *object)
{
  ChihuoRedisBackend *self = CHIHUO_REDIS_BACKEND (object);

  if (!chihuo_fork_is_child ())
    shut (self);
  chihuo_redis_refusals_free (self->refusals);
  g_hash_table_unref (self->queues);
  g_ptr_array_unref (self->list);

  G_OBJECT_CLASS (chihuo_redis_backend_parent_class)->finalize (object);
}

static void
chihuo_redis_backend_class_init (ChihuoRedisBackendClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chihuo_redis_backend_finalize;
}

static void
chihuo_redis_backend_init (ChihuoRedisBackend *self)
{
  self->refusals = chihuo_redis_refusals_new ();
  self->queues = g_hash_table_new (g_direct_hash, g_direct_equal);
  self->list = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_redis_queue_free);
}
