/* chihuo-simple-backend.c - a backend over a handful of storage calls
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-record-codec.h"
#include "chihuo-simple-backend.h"
#include "chihuo-simple-claim.h"
#include "chihuo-simple-page.h"
#include "chihuo-simple-queue.h"
#include "chihuo-simple-storage.h"
#include "chihuo-simple-upkeep.h"

/**
 * ChihuoSimpleBackend:
 *
 * A backend for whoever has a place to keep keys and values.
 *
 * A subclass says how to load, save and remove a value and how to find the next
 * entry of an index, and, if its store has them, how to begin, commit and roll
 * back. Everything else is done here: a task's life, order, tokens, repeated
 * requests, lists, figures, retention. So a backend is written in an afternoon,
 * in Python or Vala, too; not in JavaScript, whose code can only run on the main
 * thread, which may be waiting for the store.
 *
 * Whether a worker is alive is told by its leases: a run that is not renewed
 * until its lease is over is taken for dead. The clock is that of the
 * process that asks, so all processes on one store must share one lease clock:
 * they run on one host, or the subclass is used by one process only.
 *
 * All vfuncs are called on the store's thread, one at a time. Each exchange is
 * one transaction. A store without transactions leaves out begin, commit and
 * roll_back; a crash between two calls can then leave an index entry too few.
 *
 * Since: 1.0
 */

/* What a client's last batch was answered: its request, and an answer for each item */
#define BATCH_TYPE "(yuay)"
#define VERSION    1

typedef struct
{
  GHashTable *queues;      /* (owned): name → (owned) ChihuoSimpleQueue; of a transaction */
  char       *reap_queue;  /* (owned) (nullable): the queue that the reap has come to */
  char       *reap_after;  /* (owned) (nullable): how far in there; NULL: only to trim */
} ChihuoSimpleBackendPrivate;

static void chihuo_simple_backend_backend_init (ChihuoBackendInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (ChihuoSimpleBackend, chihuo_simple_backend, G_TYPE_OBJECT,
                                  G_ADD_PRIVATE (ChihuoSimpleBackend)
                                  G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND,
                                                         chihuo_simple_backend_backend_init))

#define PRIVATE(self) \
  ((ChihuoSimpleBackendPrivate *) chihuo_simple_backend_get_instance_private (self))

/* The queue as this transaction sees it; loaded at the first touch */
static ChihuoSimpleQueue *
get_queue (ChihuoSimpleBackend *self, const char *name, GError **error)
{
  GHashTable *queues = PRIVATE (self)->queues;
  ChihuoSimpleQueue *queue = g_hash_table_lookup (queues, name);

  if (queue != NULL)
    return queue;

  queue = chihuo_simple_queue_load (self, name, error);
  if (queue != NULL)
    g_hash_table_insert (queues, (gpointer) queue->name, queue);

  return queue;
}

static gboolean
save_queues (ChihuoSimpleBackend *self, GError **error)
{
  GHashTableIter iter;
  gpointer queue;

  g_hash_table_iter_init (&iter, PRIVATE (self)->queues);
  while (g_hash_table_iter_next (&iter, NULL, &queue))
    {
      if (!chihuo_simple_queue_save (queue, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
begin (ChihuoSimpleBackend *self, GError **error)
{
  g_hash_table_remove_all (PRIVATE (self)->queues);
  return chihuo_simple_storage_begin (self, error);
}

/* Stores it all, or undoes it all */
static gboolean
end (ChihuoSimpleBackend *self, gboolean ok, GError **error)
{
  ok = ok && save_queues (self, error);
  g_hash_table_remove_all (PRIVATE (self)->queues);

  if (!ok)
    {
      chihuo_simple_storage_roll_back (self);
      return FALSE;
    }

  return chihuo_simple_storage_commit (self, error);
}

static void
set_retention (ChihuoSimpleQueue *queue, const ChihuoItem *item)
{
  queue->keep_finished = item->retention.finished;
  queue->keep_dead = item->retention.dead;
  queue->dead_max = item->retention.dead_max;
  queue->changed = TRUE;
}

static gboolean
do_item (ChihuoSimpleBackend *self, ChihuoItem *item, const ChihuoMoment *moment, gboolean repeated,
         GError **error)
{
  ChihuoSimpleQueue *queue = get_queue (self, item->queue, error);

  if (queue == NULL)
    return FALSE;

  switch (item->op)
    {
    case CHIHUO_OP_CLAIM:
      return chihuo_simple_claim (queue, item, moment, repeated, error);

    case CHIHUO_OP_SET_PAUSED:
      queue->paused = item->pause.paused;
      queue->changed = TRUE;
      item->answer = CHIHUO_ANSWER_OK;
      return TRUE;

    case CHIHUO_OP_SET_RETENTION:
      set_retention (queue, item);
      item->answer = CHIHUO_ANSWER_OK;
      return TRUE;

    case CHIHUO_OP_ADD:
    case CHIHUO_OP_FINISH:
    case CHIHUO_OP_UNFINISH:
    case CHIHUO_OP_REMOVE:
    case CHIHUO_OP_CANCEL:
    case CHIHUO_OP_RETRY_DEAD:
    case CHIHUO_OP_SETTLE:
    case CHIHUO_OP_RENEW:
      return chihuo_simple_queue_step (queue, item->payload, item, moment, &item->answer, NULL,
                                       error);

    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    case CHIHUO_OP_JUNK:
    default:
      g_assert_not_reached ();
    }
}

/* The answers to this very batch, if it was answered before; NULL without an error if not */
static GBytes *
load_answers (ChihuoSimpleBackend *self, ChihuoBatch *batch, GError **error)
{
  g_autofree char *key = g_strconcat ("b", batch->client, NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) answers = NULL;
  guint32 request;

  if (!chihuo_simple_storage_load (self, CHIHUO_SIMPLE_STORE, key, &bytes, error) || bytes == NULL)
    return NULL;

  value = chihuo_record_codec_unpack (bytes, BATCH_TYPE, error);
  if (value == NULL)
    return NULL;

  g_variant_get (value, "(yu@ay)", NULL, &request, &answers);
  if (request != batch->request || g_variant_n_children (answers) != batch->n_items)
    return NULL;

  return g_variant_get_data_as_bytes (answers);
}

static gboolean
save_answers (ChihuoSimpleBackend *self, ChihuoBatch *batch, GError **error)
{
  g_autofree char *key = g_strconcat ("b", batch->client, NULL);
  g_autofree char *index = chihuo_record_codec_index_order ('b', batch->moment.now, batch->client);
  g_autofree guint8 *answers = g_new (guint8, batch->n_items);
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < batch->n_items; i++)
    answers[i] = batch->items[i]->answer;
  bytes = chihuo_record_codec_pack (g_variant_new ("(yu@ay)", VERSION, batch->request,
                                                   g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, answers,
                                                                              batch->n_items, 1)));

  return chihuo_simple_storage_save (self, CHIHUO_SIMPLE_STORE, key, index, bytes, error);
}

static gboolean
answer_again (ChihuoSimpleBackend *self, ChihuoBatch *batch, GBytes *bytes, GError **error)
{
  const guint8 *answers = g_bytes_get_data (bytes, NULL);

  for (guint i = 0; i < batch->n_items; i++)
    {
      ChihuoItem *item = batch->items[i];

      if (item->op == CHIHUO_OP_CLAIM && !do_item (self, item, &batch->moment, TRUE, error))
        return FALSE;
      item->answer = answers[i];
    }

  return TRUE;
}

static gboolean
do_items (ChihuoSimpleBackend *self, ChihuoBatch *batch, GError **error)
{
  GError *local = NULL;
  g_autoptr (GBytes) answers = load_answers (self, batch, &local);

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (answers != NULL)
    return answer_again (self, batch, answers, error);

  for (guint i = 0; i < batch->n_items; i++)
    {
      if (!do_item (self, batch->items[i], &batch->moment, FALSE, error))
        return FALSE;
    }

  return save_answers (self, batch, error);
}

static gboolean
chihuo_simple_backend_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ChihuoSimpleBackend *self = CHIHUO_SIMPLE_BACKEND (backend);

  if (!begin (self, error))
    return FALSE;
  if (end (self, do_items (self, batch, error), error))
    return TRUE;

  chihuo_batch_clear_answers (batch);
  return FALSE;
}

static gboolean
chihuo_simple_backend_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  ChihuoSimpleBackend *self = CHIHUO_SIMPLE_BACKEND (backend);
  ChihuoSimpleQueue *queue;

  if (!begin (self, error))
    return FALSE;

  queue = get_queue (self, page->queue, error);
  return end (self, queue != NULL && chihuo_simple_page (queue, page, error), error);
}

static gboolean
chihuo_simple_backend_stats (ChihuoBackend *backend, const char *name, gint64 now,
                             ChihuoStats *stats, GError **error)
{
  ChihuoSimpleBackend *self = CHIHUO_SIMPLE_BACKEND (backend);
  ChihuoSimpleQueue *queue;

  if (!begin (self, error))
    return FALSE;

  queue = get_queue (self, name, error);
  return end (self, queue != NULL && chihuo_simple_stats (queue, now, stats, error), error);
}

static gboolean
chihuo_simple_backend_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  ChihuoSimpleBackend *self = CHIHUO_SIMPLE_BACKEND (backend);
  ChihuoSweep undone = *sweep;
  ChihuoSimpleQueue *queue;

  if (!begin (self, error))
    return FALSE;

  queue = get_queue (self, sweep->queue, error);
  if (end (self, queue != NULL && chihuo_simple_sweep (queue, sweep, error), error))
    return TRUE;

  *sweep = undone;
  return FALSE;
}

/* Moves on to the next queue of the store; FALSE without an error after the last one */
static gboolean
next_queue (ChihuoSimpleBackend *self, char **name, GError **error)
{
  ChihuoSimpleBackendPrivate *priv = PRIVATE (self);
  g_autofree char *after = priv->reap_queue != NULL ? g_steal_pointer (&priv->reap_queue)
                                                    : g_strdup ("n");

  if (!chihuo_simple_storage_next (self, CHIHUO_SIMPLE_STORE, after, "o", name, &priv->reap_queue,
                                   error))
    return FALSE;

  g_clear_pointer (&priv->reap_after, g_free);
  priv->reap_after = *name != NULL ? g_strdup ("r") : NULL;

  return *name != NULL;
}

static gboolean
reap_queue (ChihuoSimpleBackend *self, const char *name, const ChihuoMoment *moment, guint *left,
            guint *n_reaped, GError **error)
{
  ChihuoSimpleBackendPrivate *priv = PRIVATE (self);
  ChihuoSimpleQueue *queue = get_queue (self, name, error);

  if (queue == NULL)
    return FALSE;
  if (priv->reap_after != NULL
      && !chihuo_simple_reap (queue, moment, &priv->reap_after, left, n_reaped, error))
    return FALSE;

  return chihuo_simple_trim (queue, moment, left, error);
}

/* A round goes through all queues, over as many calls as it needs */
static gboolean
reap_queues (ChihuoSimpleBackend *self, const ChihuoMoment *moment, guint *n_reaped, gboolean *more,
             GError **error)
{
  ChihuoSimpleBackendPrivate *priv = PRIVATE (self);
  guint left = CHIHUO_BACKEND_MAX_TOUCHED;
  g_autofree char *name = g_strdup (priv->reap_queue);
  GError *local = NULL;

  *more = TRUE;
  for (;;)
    {
      if (name != NULL && !reap_queue (self, name + 1, moment, &left, n_reaped, error))
        return FALSE;
      if (left == 0)
        return TRUE;

      g_clear_pointer (&name, g_free);
      if (!next_queue (self, &name, &local))
        break;
    }

  *more = FALSE;
  if (local == NULL)
    return chihuo_simple_forget (self, CHIHUO_SIMPLE_STORE, 'b', moment->now, &left, error);

  g_propagate_error (error, local);
  return FALSE;
}

static gboolean
chihuo_simple_backend_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                            gboolean *more, GError **error)
{
  ChihuoSimpleBackend *self = CHIHUO_SIMPLE_BACKEND (backend);
  ChihuoSimpleBackendPrivate *priv = PRIVATE (self);

  if (!begin (self, error))
    return FALSE;
  if (end (self, reap_queues (self, moment, n_reaped, more, error), error))
    return TRUE;

  *n_reaped = 0;
  g_clear_pointer (&priv->reap_queue, g_free);
  g_clear_pointer (&priv->reap_after, g_free);
  return FALSE;
}

static gboolean
chihuo_simple_backend_open (ChihuoBackend *backend, ChihuoConfig *config, GError **error)
{
  ChihuoSimpleBackend *self = CHIHUO_SIMPLE_BACKEND (backend);
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (self);

  return klass->open == NULL || klass->open (self, config, error);
}

static gboolean
chihuo_simple_backend_close (ChihuoBackend *backend, GError **error)
{
  ChihuoSimpleBackend *self = CHIHUO_SIMPLE_BACKEND (backend);
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (self);

  return klass->close == NULL || klass->close (self, error);
}

static void
chihuo_simple_backend_backend_init (ChihuoBackendInterface *iface)
{
  iface->open = chihuo_simple_backend_open;
  iface->close = chihuo_simple_backend_close;
  iface->exchange = chihuo_simple_backend_exchange;
  iface->page = chihuo_simple_backend_page;
  iface->stats = chihuo_simple_backend_stats;
  iface->sweep = chihuo_simple_backend_sweep;
  iface->reap = chihuo_simple_backend_reap;
}

static void
chihuo_simple_backend_finalize (GObject *object)
{
  ChihuoSimpleBackendPrivate *priv = PRIVATE (CHIHUO_SIMPLE_BACKEND (object));

  g_hash_table_unref (priv->queues);
  g_free (priv->reap_queue);
  g_free (priv->reap_after);

  G_OBJECT_CLASS (chihuo_simple_backend_parent_class)->finalize (object);
}

static void
chihuo_simple_backend_class_init (ChihuoSimpleBackendClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chihuo_simple_backend_finalize;
}

static void
chihuo_simple_backend_init (ChihuoSimpleBackend *self)
{
  PRIVATE (self)->queues = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                                  (GDestroyNotify) chihuo_simple_queue_free);
}
