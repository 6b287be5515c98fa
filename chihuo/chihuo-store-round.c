/* chihuo-store-round.c - one round of a store: what was asked goes out, the answers go back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-clock.h"
#include "chihuo-error.h"
#include "chihuo-store-private.h"

/* All of this is only called by whoever has the turn. */

/* How often the tasks of dead workers are looked for */
#define REAP_INTERVAL (1 * G_USEC_PER_SEC)

/* How long to wait at the most before the store is tried again */
#define LONGEST_REST (1 * G_USEC_PER_SEC)

static void
spread_news (ChihuoStore *self, const char *queue, ChihuoStoreNews news)
{
  for (guint i = 0; i < self->round->len; i++)
    {
      ChihuoStoreClient *client = g_ptr_array_index (self->round, i);

      if (queue == NULL || client->queue == queue)
        client->funcs->news (client, news);
    }
}

/* What an answer means to the engines of this process: is there something to claim, or to look at? */
static void
spread_news_of_item (ChihuoStore *self, const ChihuoItem *item)
{
  switch (item->op)
    {
    case CHIHUO_OP_ADD:
    case CHIHUO_OP_RETRY_DEAD:
    case CHIHUO_OP_SET_PAUSED:
      spread_news (self, item->queue, CHIHUO_STORE_NEWS_WORK);
      break;

    case CHIHUO_OP_SETTLE:
      /* a task that is done may wait again, if it was added meanwhile. Its own engine looks anyway */
      if (item->settle.how != CHIHUO_SETTLE_DONE || self->round->len > 1)
        spread_news (self, item->queue, CHIHUO_STORE_NEWS_WORK);
      break;

    case CHIHUO_OP_CANCEL:
    case CHIHUO_OP_REMOVE:
    case CHIHUO_OP_FINISH:
      spread_news (self, item->queue, CHIHUO_STORE_NEWS_NOTICE);
      break;

    case CHIHUO_OP_UNFINISH:
    case CHIHUO_OP_RENEW:
    case CHIHUO_OP_CLAIM:
    case CHIHUO_OP_SET_RETENTION:
    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    case CHIHUO_OP_JUNK:
    default:
      break;
    }
}

/* Items mostly come in runs of one kind: one piece of news for each run */
static void
spread_news_of_batch (ChihuoStore *self)
{
  const ChihuoBatch *batch = self->parcel.batch;
  const ChihuoItem *last = NULL;

  if (self->round->len == 0)
    return;

  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];

      if (last != NULL && last->op == item->op && last->queue == item->queue
          && (item->op != CHIHUO_OP_SETTLE || last->settle.how == item->settle.how))
        continue;
      spread_news_of_item (self, item);
      last = item;
    }
}

static void
set_online (ChihuoStore *self, gboolean online, const GError *error)
{
  g_autofree char *old_trouble = NULL;

  g_mutex_lock (&self->mutex);
  if (!online)
    {
      old_trouble = self->trouble;
      self->trouble = g_strdup (error->message);
    }
  if (self->online != online)
    {
      g_atomic_int_set (&self->online, online);
      for (guint i = 0; i < self->watches->len; i++)
        {
          ChihuoStoreWatch *watch = &g_array_index (self->watches, ChihuoStoreWatch, i);

          watch->func (watch->data);
        }
    }
  g_mutex_unlock (&self->mutex);
}

/* --- the round: only whoever has the turn --- */

static gboolean
backend_source_cb (gpointer data)
{
  ChihuoStore *self = data;

  chihuo_store_snapshot_clients (self, self->round, NULL);
  spread_news (self, NULL, CHIHUO_STORE_NEWS_WORK);
  chihuo_store_pump (self, G_MAXUINT);

  return G_SOURCE_CONTINUE;
}

static gboolean
ensure_open (ChihuoStore *self, GError **error)
{
  if (self->opened)
    return TRUE;

  if (!chihuo_backend_open (self->backend, self->config, error))
    return FALSE;
  if (!chihuo_config_finish (self->config, error))
    {
      chihuo_backend_close (self->backend, NULL);
      return FALSE;
    }

  self->opened = TRUE;
  self->source = chihuo_backend_create_source (self->backend);
  if (self->source != NULL)
    {
      g_source_set_callback (self->source, backend_source_cb, self, NULL);
      g_source_attach (self->source, self->context);
    }

  return TRUE;
}

/* Takes a call out of the queue, with the queue's reference. Under the mutex */
void
chihuo_store_unlink_call_locked (ChihuoStore *self, ChihuoCall *call)
{
  g_queue_unlink (&self->calls, &call->link);
  self->n_calls--;
}

/* The answer to a call: takes the queue's reference over. Not under the mutex */
void
chihuo_store_answer_call (ChihuoStore *self, ChihuoCall *call, const GError *error)
{
  g_mutex_lock (&self->mutex);
  if (error != NULL && call->error == NULL)
    call->error = g_error_copy (error);
  call->state = CHIHUO_CALL_STATE_DONE;
  if (call->waited_for)
    {
      self->n_returning++;
      g_cond_signal (&call->cond);
    }
  g_mutex_unlock (&self->mutex);

  chihuo_call_finish (call);
  chihuo_call_unref (call);
}

/* The first call, if it is work of its own; it leaves the queue */
static ChihuoCall *
pop_func_call (ChihuoStore *self)
{
  ChihuoCall *call;

  g_mutex_lock (&self->mutex);
  call = g_queue_peek_head (&self->calls);
  if (call != NULL && call->func != NULL)
    {
      chihuo_store_unlink_call_locked (self, call);
      call->state = CHIHUO_CALL_STATE_SENT;
    }
  else
    call = NULL;
  g_mutex_unlock (&self->mutex);

  return call;
}

/* It has more to do: after the others */
static void
push_call_behind (ChihuoStore *self, ChihuoCall *call)
{
  g_mutex_lock (&self->mutex);
  g_queue_push_tail_link (&self->calls, &call->link);
  self->n_calls++;
  g_mutex_unlock (&self->mutex);
}

/* It could not go on: before the others. If it was not begun yet, it can be taken back. Nobody may wait
 * any more */
static void
push_call_back (ChihuoStore *self, ChihuoCall *call)
{
  gboolean forsaken;

  g_mutex_lock (&self->mutex);
  forsaken = call->forsaken;
  if (!forsaken)
    {
      if (call->n_sent == 0)
        call->state = CHIHUO_CALL_STATE_QUEUED;
      g_queue_push_head_link (&self->calls, &call->link);
      self->n_calls++;
    }
  g_mutex_unlock (&self->mutex);

  if (forsaken)
    chihuo_call_unref (call);
}

static void
back_off (ChihuoStore *self)
{
  self->retry_at = chihuo_clock_get_boot () + chihuo_backoff_next (&self->backoff, LONGEST_REST);
}

static ChihuoMoment
get_moment (void)
{
  return (ChihuoMoment) { .now = chihuo_clock_get_wall (), .lease = chihuo_clock_get_boot () };
}

static void
run_func_call (ChihuoStore *self, ChihuoCall *call)
{
  g_autoptr (GError) error = NULL;
  ChihuoMoment moment = get_moment ();
  gboolean is_open = ensure_open (self, &error);
  gboolean again = FALSE;

  if (is_open)
    call->func (self->backend, &moment, call->func_data, &again, &error);

  if (error == NULL && again)
    {
      call->n_sent++;
      push_call_behind (self, call);
      return;
    }

  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT))
    {
      back_off (self);
      set_online (self, FALSE, error);
      push_call_back (self, call);
      return;
    }

  set_online (self, is_open, error);
  chihuo_store_answer_call (self, call, error);

  /* a sweep may have freed or revived what engines want to know of */
  if (error == NULL)
    {
      chihuo_store_snapshot_clients (self, self->round, NULL);
      spread_news (self, NULL, CHIHUO_STORE_NEWS_WORK);
      spread_news (self, NULL, CHIHUO_STORE_NEWS_NOTICE);
    }
}

/* Group commit: callers that the last exchange has answered mostly come back at once; waiting for them,
 * at most a quarter of what an exchange costs, makes one batch of them instead of two */
static void
gather_locked (ChihuoStore *self)
{
  gint64 end;

  if (self->can_carry || self->n_returning < 2 || self->n_calls == 0)
    return;

  end = g_get_monotonic_time () + self->last_cost / 4;
  self->gathering = TRUE;
  while (self->n_calls < self->n_returning)
    if (!g_cond_wait_until (&self->gather_cond, &self->mutex, end))
      break;
  self->gathering = FALSE;
}

/* Packs what callers want done */
static void
pack_calls (ChihuoStore *self)
{
  ChihuoCall *call;

  g_mutex_lock (&self->mutex);
  gather_locked (self);
  self->n_returning = 0;
  while ((call = g_queue_peek_head (&self->calls)) != NULL && call->func == NULL
         && !chihuo_parcel_is_full (&self->parcel))
    {
      call->state = CHIHUO_CALL_STATE_SENT;
      call->n_sent += chihuo_parcel_add_call (&self->parcel, call);
      if (call->n_sent < call->n_items)
        break;
      chihuo_store_unlink_call_locked (self, call);
      chihuo_call_unref (call);
    }
  g_mutex_unlock (&self->mutex);
}

static void
pack (ChihuoStore *self)
{
  self->parcel.moment = get_moment ();
  pack_calls (self);
  /* each round another engine is the first, since busy ones may leave no room for the last */
  for (guint i = 0; i < self->round->len; i++)
    chihuo_parcel_collect (&self->parcel,
                           g_ptr_array_index (self->round, (self->request + i) % self->round->len));
}

/* (nullable): where the store has done the batch, but had no room for what this part adds */
static const GError *
get_refusal (ChihuoStore *self, const ChihuoParcelPart *part)
{
  const GError *refusal = self->parcel.batch->refusal;

  if (refusal == NULL)
    return NULL;

  for (guint i = 0; i < part->n; i++)
    if (part->call->items[part->first + i].answer == CHIHUO_ANSWER_REFUSED)
      return refusal;

  return NULL;
}

/* Each part holds a reference of its own; a call that is answered gives back the one of the queue only
 * if it is still there */
static void
answer_parts (ChihuoStore *self, const GError *error)
{
  GArray *parts = self->parcel.parts;

  for (guint i = 0; i < parts->len; i++)
    {
      ChihuoParcelPart *part = &g_array_index (parts, ChihuoParcelPart, i);
      const GError *trouble = error != NULL ? error : get_refusal (self, part);
      ChihuoCall *call = part->call;
      gboolean queued;

      if (trouble == NULL)
        call->n_answered += part->n;
      if (trouble == NULL && call->n_answered < call->n_items)
        continue;

      g_mutex_lock (&self->mutex);
      queued = call->state != CHIHUO_CALL_STATE_DONE && call->n_sent < call->n_items;
      if (queued)
        chihuo_store_unlink_call_locked (self, call);
      g_mutex_unlock (&self->mutex);

      if (queued)
        chihuo_call_unref (call);
      chihuo_store_answer_call (self, chihuo_call_ref (call), trouble);
    }
}

/* The store cannot be reached, and nothing was done: the calls wait on, at the head of the queue */
static void
put_parts_back (ChihuoStore *self)
{
  GArray *parts = self->parcel.parts;

  g_mutex_lock (&self->mutex);
  for (guint i = parts->len; i > 0; i--)
    {
      ChihuoParcelPart *part = &g_array_index (parts, ChihuoParcelPart, i - 1);
      ChihuoCall *call = part->call;

      if (call->n_sent == call->n_items)
        {
          g_queue_push_head_link (&self->calls, &chihuo_call_ref (call)->link);
          self->n_calls++;
        }
      call->n_sent -= part->n;
      if (call->n_sent == 0)
        call->state = CHIHUO_CALL_STATE_QUEUED;
      if (call->forsaken)
        {
          chihuo_store_unlink_call_locked (self, call);
          chihuo_call_unref (call);
        }
    }
  g_mutex_unlock (&self->mutex);
}

/* The repetition was refused. What the first attempt has done nobody knows */
static GError *
new_doubt (const GError *error)
{
  return g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME, "sent, and then refused: %s",
                      error->message);
}

static void
exchange_failed (ChihuoStore *self, const GError *error)
{
  g_autoptr (GError) doubt = NULL;

  back_off (self);
  set_online (self, FALSE, error);

  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    {
      self->doubtful = TRUE;
      return;
    }
  if (self->doubtful && g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT))
    return;

  if (self->doubtful)
    doubt = new_doubt (error);
  self->doubtful = FALSE;
  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT))
    put_parts_back (self);
  else
    answer_parts (self, doubt != NULL ? doubt : error);
  chihuo_parcel_undone (&self->parcel, error);
  chihuo_parcel_clear (&self->parcel);
}

static void
exchange_done (ChihuoStore *self)
{
  chihuo_backoff_reset (&self->backoff);
  self->retry_at = 0;
  self->doubtful = FALSE;
  set_online (self, TRUE, NULL);
  answer_parts (self, NULL);
  chihuo_parcel_deliver (&self->parcel);
  spread_news_of_batch (self);
  chihuo_parcel_clear (&self->parcel);
}

static void
exchange (ChihuoStore *self)
{
  g_autoptr (GError) error = NULL;
  gint64 before = g_get_monotonic_time ();

  self->parcel.batch->moment = self->parcel.moment;
  if (self->doubtful)
    self->parcel.batch->repeated = TRUE;
  else
    self->parcel.batch->request = ++self->request;

  if (ensure_open (self, &error)
      && chihuo_backend_exchange (self->backend, self->parcel.batch, &error))
    {
      self->last_cost = g_get_monotonic_time () - before;
      exchange_done (self);
      return;
    }

  exchange_failed (self, error);
}

static void
reap (ChihuoStore *self, gint64 now)
{
  g_autoptr (GError) error = NULL;
  ChihuoMoment moment = get_moment ();
  gboolean more = FALSE;
  guint n_reaped = 0;

  if (!chihuo_backend_reap (self->backend, &moment, &n_reaped, &more, &error))
    {
      g_debug ("looking for dead workers: %s", error->message);
      more = FALSE;
    }
  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT))
    {
      back_off (self);
      set_online (self, FALSE, error);
      return;
    }

  if (!more)
    {
      self->reap_at = now + REAP_INTERVAL;
      g_atomic_int_set (&self->reap_wanted, FALSE);
    }
  if (n_reaped > 0)
    {
      chihuo_store_snapshot_clients (self, self->round, NULL);
      spread_news (self, NULL, CHIHUO_STORE_NEWS_WORK);
    }
}

/* Whether no lease of this process waits for its renewal: after a pause (SIGSTOP, a suspended machine) our
 * own tasks must not be taken for those of a dead worker */
static gboolean
is_up_to_date (ChihuoStore *self, gint64 now)
{
  for (guint i = 0; i < self->round->len; i++)
    {
      ChihuoStoreClient *client = g_ptr_array_index (self->round, i);

      if (client->funcs->next (client) <= now)
        return FALSE;
    }

  return TRUE;
}

/* Whether it is time to look for dead workers: for each new engine before it claims, so that what a dead
 * process has left stands in its old place by then, and between the rounds, however busy they are */
static gboolean
is_reap_due (ChihuoStore *self, gint64 now)
{
  if (!self->opened || self->doubtful || self->retry_at > now || self->round->len == 0)
    return FALSE;
  if (self->reap_at == 0)
    return TRUE;

  return (now >= self->reap_at || g_atomic_int_get (&self->reap_wanted))
         && is_up_to_date (self, now);
}

/* One round. Says whether there may be more to do at once */
gboolean
chihuo_store_take_turn (ChihuoStore *self)
{
  gint64 now = chihuo_clock_get_boot ();
  ChihuoCall *call;

  if (self->retry_at > now)
    return FALSE;

  chihuo_store_snapshot_clients (self, self->round, NULL);
  if (!self->doubtful)
    {
      call = pop_func_call (self);
      if (call != NULL)
        {
          run_func_call (self, call);
          return TRUE;
        }
      if (g_atomic_int_get (&self->reap_wanted) && is_reap_due (self, now))
        {
          reap (self, now);
          return TRUE;
        }
      pack (self);
    }

  if (!chihuo_parcel_is_empty (&self->parcel))
    {
      exchange (self);
      if (is_reap_due (self, now))
        reap (self, now);
      return TRUE;
    }

  if (!is_reap_due (self, now))
    return FALSE;

  reap (self, now);
  return TRUE;
}
