/* chihuo-memory-backend.c - queues in this process's memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-memory-backend.h"
#include "chihuo-memory-claim.h"
#include "chihuo-memory-page.h"
#include "chihuo-memory-queue.h"
#include "chihuo-memory-reap.h"
#include "chihuo-memory-sweep.h"
#include "chihuo-mutant.h"

/**
 * ChihuoMemoryBackend:
 *
 * Queues in this process's memory: the reference for what the others do.
 *
 * They live until the backend is closed. Nothing in it blocks, so a caller who
 * finds the store idle may make the call himself; like every backend it is
 * called one call at a time, on any thread, and has no lock. It takes no keys
 * of the configuration.
 *
 * Since: 1.0
 */

/* Who has sent a batch, and what the last one was answered */
typedef struct
{
  guint32  request;
  guint    n_answers;
  guint    n_allocated;
  guint32 *answers; /* (owned): a ChihuoAnswer each; how many tasks, where that was to a claim */
} Client;

struct _ChihuoMemoryBackend
{
  GObject parent_instance;

  GHashTable        *queues;  /* interned name → (owned) ChihuoMemoryQueue */
  GHashTable        *clients; /* interned uuid → (owned) Client */
  ChihuoMemoryQueue *queue;   /* (not owned) (nullable): the last one looked up */
};

static void chihuo_memory_backend_iface_init (ChihuoBackendInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChihuoMemoryBackend, chihuo_memory_backend, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND,
                                                      chihuo_memory_backend_iface_init))

static void
client_free (gpointer data)
{
  Client *client = data;

  g_free (client->answers);
  g_free (client);
}

static ChihuoMemoryQueue *
find_queue (ChihuoMemoryBackend *self, const char *name)
{
  if (self->queue == NULL || self->queue->name != name)
    self->queue = g_hash_table_lookup (self->queues, name);

  return self->queue;
}

static ChihuoMemoryQueue *
ensure_queue (ChihuoMemoryBackend *self, const char *name)
{
  if (find_queue (self, name) == NULL)
    {
      self->queue = chihuo_memory_queue_new (name);
      g_hash_table_insert (self->queues, (gpointer) name, self->queue);
    }

  return self->queue;
}

static Client *
ensure_client (ChihuoMemoryBackend *self, const char *name)
{
  Client *client = g_hash_table_lookup (self->clients, name);

  if (client == NULL)
    {
      client = g_new0 (Client, 1);
      g_hash_table_insert (self->clients, (gpointer) name, client);
    }

  return client;
}

static void
keep_answers (Client *client, ChihuoBatch *batch)
{
  if (client->n_allocated < batch->n_items)
    {
      g_free (client->answers);
      client->answers = g_new (guint32, batch->n_items);
      client->n_allocated = batch->n_items;
    }

  client->request = batch->request;
  client->n_answers = batch->n_items;
  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];

      client->answers[i] = item->op == CHIHUO_OP_CLAIM ? item->claim.n_claimed : item->answer;
    }
}

static void
set_retention (ChihuoMemoryQueue *queue, const ChihuoItem *item)
{
  queue->keep_finished = item->retention.finished;
  queue->keep_dead = item->retention.dead;
  queue->max_dead = item->retention.dead_max;
}

static ChihuoAnswer
answer_item (ChihuoMemoryQueue *queue, ChihuoItem *item, const ChihuoMoment *moment, guint *n_left)
{
  switch (item->op)
    {
    case CHIHUO_OP_CLAIM:
      chihuo_memory_claim (queue, item, moment, CHIHUO_MEMORY_CLAIM_UNKNOWN, n_left);
      return CHIHUO_ANSWER_OK;

    case CHIHUO_OP_SET_PAUSED:
      queue->paused = item->pause.paused;
      return CHIHUO_ANSWER_OK;

    case CHIHUO_OP_SET_RETENTION:
      set_retention (queue, item);
      return CHIHUO_ANSWER_OK;

    case CHIHUO_OP_ADD:
    case CHIHUO_OP_FINISH:
    case CHIHUO_OP_UNFINISH:
    case CHIHUO_OP_REMOVE:
    case CHIHUO_OP_CANCEL:
    case CHIHUO_OP_RETRY_DEAD:
    case CHIHUO_OP_SETTLE:
    case CHIHUO_OP_RENEW:
    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    case CHIHUO_OP_JUNK:
    default:
      return chihuo_memory_queue_do (queue, item, moment);
    }
}

static void
prefetch_batch (ChihuoMemoryBackend *self, ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    chihuo_memory_queue_prefetch (ensure_queue (self, batch->items[i]->queue), batch->items[i]);
}

static void
answer_batch (ChihuoMemoryBackend *self, ChihuoBatch *batch)
{
  guint n_left = CHIHUO_BACKEND_MAX_TOUCHED;

  prefetch_batch (self, batch);
  for (guint i = 0; i < batch->n_items; i++)
    {
      ChihuoItem *item = batch->items[i];

      item->answer = answer_item (ensure_queue (self, item->queue), item, &batch->moment, &n_left);
    }
}

/* Its reply was lost: nothing is done twice, and claims give what is still held */
static void
answer_batch_again (ChihuoMemoryBackend *self, ChihuoBatch *batch, const Client *client)
{
  guint n_left = CHIHUO_BACKEND_MAX_TOUCHED;

  for (guint i = 0; i < batch->n_items; i++)
    {
      ChihuoItem *item = batch->items[i];

      if (item->op == CHIHUO_OP_CLAIM)
        {
          chihuo_memory_claim (ensure_queue (self, item->queue), item, &batch->moment,
                               client->answers[i], &n_left);
          item->answer = CHIHUO_ANSWER_OK;
        }
      else
        item->answer = client->answers[i];
    }
}

/* It was held up somewhere, and its sender has gone on meanwhile: he knows the answers already, from a
 * repetition. The difference survives an overflow */
static gboolean
is_outdated (const Client *client, const ChihuoBatch *batch)
{
  return client->n_answers > 0 && (gint32) (batch->request - client->request) < 0;
}

static gboolean
chihuo_memory_backend_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ChihuoMemoryBackend *self = CHIHUO_MEMORY_BACKEND (backend);
  Client *client = ensure_client (self, batch->client);

  if (CHIHUO_MUTANT ("wall-clock"))
    batch->moment.lease = batch->moment.now;

  if (is_outdated (client, batch))
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                   "batch %u of client %s came after batch %u: it was not carried out",
                   batch->request, batch->client, client->request);
      return FALSE;
    }

  if (client->n_answers > 0 && client->n_answers == batch->n_items
      && client->request == batch->request)
    {
      answer_batch_again (self, batch, client);
      return TRUE;
    }

  answer_batch (self, batch);
  keep_answers (client, batch);

  return TRUE;
}

static gboolean
chihuo_memory_backend_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  ChihuoMemoryBackend *self = CHIHUO_MEMORY_BACKEND (backend);

  return chihuo_memory_page_fill (ensure_queue (self, page->queue), page, error);
}

static gboolean
chihuo_memory_backend_stats (ChihuoBackend *backend, const char *name, gint64 now,
                             ChihuoStats *stats, GError **error)
{
  ChihuoMemoryBackend *self = CHIHUO_MEMORY_BACKEND (backend);
  ChihuoMemoryQueue *queue = find_queue (self, name);

  if (queue != NULL)
    chihuo_memory_queue_get_stats (queue, now, stats);

  return TRUE;
}

static gboolean
chihuo_memory_backend_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  ChihuoMemoryBackend *self = CHIHUO_MEMORY_BACKEND (backend);

  chihuo_memory_sweep (ensure_queue (self, sweep->queue), sweep);

  return TRUE;
}

static gboolean
chihuo_memory_backend_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                            gboolean *more, GError **error)
{
  ChihuoMemoryBackend *self = CHIHUO_MEMORY_BACKEND (backend);
  guint n_left = CHIHUO_BACKEND_MAX_TOUCHED;
  ChihuoMoment clocks = *moment;
  GHashTableIter iter;
  gpointer queue;

  if (CHIHUO_MUTANT ("wall-clock"))
    clocks.lease = clocks.now;

  *n_reaped = 0;
  *more = FALSE;
  g_hash_table_iter_init (&iter, self->queues);
  while (!*more && g_hash_table_iter_next (&iter, NULL, &queue))
    *more = chihuo_memory_reap (queue, &clocks, n_reaped, &n_left);

  return TRUE;
}

static void
forget_all (ChihuoMemoryBackend *self)
{
  self->queue = NULL;
  g_hash_table_remove_all (self->queues);
  g_hash_table_remove_all (self->clients);
}

/* The name in memory:NAME only tells one store from another. Tests come without a configuration */
static gboolean
chihuo_memory_backend_open (ChihuoBackend *backend, ChihuoConfig *config, GError **error)
{
  g_autofree char *name = NULL;

  return config == NULL || chihuo_config_take_string (config, "path", &name, error);
}

static gboolean
chihuo_memory_backend_close (ChihuoBackend *backend, GError **error)
{
  forget_all (CHIHUO_MEMORY_BACKEND (backend));

  return TRUE;
}

static void
chihuo_memory_backend_iface_init (ChihuoBackendInterface *iface)
{
  iface->can_carry = TRUE;
  iface->open = chihuo_memory_backend_open;
  iface->close = chihuo_memory_backend_close;
  iface->exchange = chihuo_memory_backend_exchange;
  iface->page = chihuo_memory_backend_page;
  iface->stats = chihuo_memory_backend_stats;
  iface->sweep = chihuo_memory_backend_sweep;
  iface->reap = chihuo_memory_backend_reap;
}

static void
chihuo_memory_backend_finalize (GObject *object)
{
  ChihuoMemoryBackend *self = CHIHUO_MEMORY_BACKEND (object);

  g_hash_table_unref (self->queues);
  g_hash_table_unref (self->clients);

  G_OBJECT_CLASS (chihuo_memory_backend_parent_class)->finalize (object);
}

static void
chihuo_memory_backend_class_init (ChihuoMemoryBackendClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chihuo_memory_backend_finalize;
}

static void
free_queue (gpointer queue)
{
  chihuo_memory_queue_free (queue);
}

static void
chihuo_memory_backend_init (ChihuoMemoryBackend *self)
{
  self->queues = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, free_queue);
  self->clients = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, client_free);
}

ChihuoBackend *
chihuo_memory_backend_new (void)
{
  return g_object_new (CHIHUO_TYPE_MEMORY_BACKEND, NULL);
}
