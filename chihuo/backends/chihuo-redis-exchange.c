/* chihuo-redis-exchange.c - a batch as calls of scripts, and their replies as its answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-redis-decode.h"
#include "chihuo-redis-exchange.h"

/* A batch is split into parts, a call of a script each, and all of them go out at once. Each part but
 * the first of its queue names the one before it, and is not carried out unless that was: so the
 * order holds whatever happens to one of them. What a server had no room for is answered REFUSED, and
 * what stands behind it is sent again without it.
 *
 * Where only some parts were carried out, and the others cannot be now, the outcome counts as
 * unknown: the store repeats the batch under its number, and the scripts know which parts they have
 * carried out. */

typedef struct
{
  ChihuoRedisCall      call; /* the first member: see write_send() */
  ChihuoRedisExchange *exchange;
  ChihuoRedisPart      part;
  gboolean             is_done;
  gboolean             is_refused;
} Send;

/* Junk of one claimant and queue: a part of its own, that nothing was asked for */
typedef struct
{
  ChihuoRedisCall        call; /* the first member: see write_burial() */
  ChihuoRedisExchange   *exchange;
  const ChihuoRedisJunk *junk;
  guint                  n_junk;
  guint                  number;
} Burial;

struct _ChihuoRedisExchange
{
  ChihuoRedisPipeline  *pipeline;   /* (not owned) */
  gboolean              own_clock;
  ChihuoRedisFindQueue  find_queue;
  gpointer              data;
  ChihuoBatch          *batch;      /* (not owned): while it is carried out */
  char                  moment[CHIHUO_REDIS_MOMENT_SIZE]; /* of the batch */
  GPtrArray            *items;      /* (owned): the batch's, in the order of their parts */
  GArray               *parts;      /* (owned) (element-type ChihuoRedisPart) */
  GArray               *sends;      /* (owned) (element-type Send): one for each part */
  GPtrArray            *calls;      /* (owned) (element-type ChihuoRedisCall): not done yet */
  GArray               *junk;       /* (owned) (element-type ChihuoRedisJunk) */
};

static Send *
get_send (ChihuoRedisExchange *self, guint i)
{
  return &g_array_index (self->sends, Send, i);
}

static void
write_send (const ChihuoRedisCall *call, ChihuoRedisConnection *connection)
{
  const Send *send = (const Send *) call;

  chihuo_redis_encode_part (&send->part, call->queue, send->exchange->batch,
                            send->exchange->moment, connection);
}

static void
write_burial (const ChihuoRedisCall *call, ChihuoRedisConnection *connection)
{
  const Burial *burial = (const Burial *) call;

  chihuo_redis_encode_junk (burial->junk, burial->n_junk, burial->number, call->queue,
                            burial->exchange->batch, burial->exchange->moment, connection);
}

static void
clear_send (gpointer data)
{
  Send *send = data;

  chihuo_redis_pipeline_spend (send->exchange->pipeline, &send->call);
}

/* What nobody may lose once it was answered */
static gboolean
is_precious (const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->op != CHIHUO_OP_CLAIM && batch->items[i]->op != CHIHUO_OP_RENEW)
      return TRUE;

  return FALSE;
}

static void
prepare (ChihuoRedisExchange *self, ChihuoBatch *batch)
{
  self->batch = batch;
  chihuo_redis_encode_moment (self->own_clock ? &batch->moment : NULL, self->moment);
  chihuo_batch_clear_answers (batch);
  g_array_set_size (self->parts, 0);
  g_array_set_size (self->sends, 0);
  g_array_set_size (self->junk, 0);

  chihuo_redis_encode_split (batch, self->items, self->parts);
  for (guint i = 0; i < self->parts->len; i++)
    {
      Send send = { .exchange = self, .part = g_array_index (self->parts, ChihuoRedisPart, i) };

      send.call.write = write_send;
      send.call.queue = self->find_queue (self->data, send.part.queue);
      g_array_append_val (self->sends, send);
    }
  self->pipeline->wait
    = chihuo_redis_checks_is_strict (self->pipeline->checks) && is_precious (batch);
}

/* The last part of the same queue that was not refused, before this one */
static guint
find_predecessor (ChihuoRedisExchange *self, guint i)
{
  const char *queue = get_send (self, i)->part.queue;

  while (i > 0 && get_send (self, i - 1)->part.queue == queue)
    {
      i--;
      if (!get_send (self, i)->is_refused)
        return get_send (self, i)->part.number;
    }

  return 0;
}

static void
gather_calls (ChihuoRedisExchange *self)
{
  g_ptr_array_set_size (self->calls, 0);
  for (guint i = 0; i < self->sends->len; i++)
    {
      Send *send = get_send (self, i);

      if (send->is_done || send->is_refused)
        continue;
      send->part.after = find_predecessor (self, i);
      chihuo_redis_pipeline_clear_reply (&send->call);
      g_ptr_array_add (self->calls, &send->call);
    }
}

/* A server that is full does not look whether it has done a repeated part before: a script that may add is
 * not even begun */
static void
refuse (ChihuoRedisExchange *self, Send *send)
{
  ChihuoError code = self->batch->repeated ? CHIHUO_ERROR_UNKNOWN_OUTCOME : CHIHUO_ERROR_BACKEND;

  send->is_refused = TRUE;
  for (guint i = 0; i < send->part.n_items; i++)
    send->part.items[i]->answer = CHIHUO_ANSWER_REFUSED;
  if (self->batch->refusal == NULL)
    self->batch->refusal
      = g_error_new (CHIHUO_ERROR, code, "queue “%s”: the server is full: %s", send->part.queue,
                     send->call.reply->str);
}

static gboolean
refuse_outdated (ChihuoRedisExchange *self, GError **error)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "batch %u of client %s came after a later one: it was not carried out",
               self->batch->request, self->batch->client);
  return FALSE;
}

/* FALSE: it cannot be carried out now */
static gboolean
judge_failure (ChihuoRedisExchange *self, Send *send, ChihuoRedisTrouble trouble,
               gboolean *progress, GError **error)
{
  switch (trouble)
    {
    case CHIHUO_REDIS_TROUBLE_FULL:
      if (send->part.script == CHIHUO_REDIS_SCRIPT_ADD)
        {
          refuse (self, send);
          *progress = TRUE;
          return TRUE;
        }
      break;
    case CHIHUO_REDIS_TROUBLE_ORDER:
      return TRUE;
    case CHIHUO_REDIS_TROUBLE_OUTDATED:
      return refuse_outdated (self, error);
    case CHIHUO_REDIS_TROUBLE_OTHER:
    case CHIHUO_REDIS_TROUBLE_AWAY:
    case CHIHUO_REDIS_TROUBLE_REFUSED:
    case CHIHUO_REDIS_TROUBLE_MOVED:
    case CHIHUO_REDIS_TROUBLE_NOSCRIPT:
    case CHIHUO_REDIS_TROUBLE_SCHEMA:
    default:
      break;
    }

  chihuo_redis_pipeline_explain (&send->call, error);
  return FALSE;
}

static gboolean
judge (ChihuoRedisExchange *self, Send *send, gboolean *progress, GError **error)
{
  ChihuoRedisTrouble trouble;

  if (chihuo_redis_pipeline_has_failed (&send->call, &trouble))
    return judge_failure (self, send, trouble, progress, error);

  if (!chihuo_redis_decode_part (send->call.reply, send->part.items, send->part.n_items, self->junk,
                                 error))
    {
      g_prefix_error (error, "%s: ", chihuo_redis_connection_get_name (send->call.connection));
      chihuo_redis_connection_drop (send->call.connection);
      self->pipeline->sent = TRUE;
      return FALSE;
    }
  send->is_done = TRUE;
  *progress = TRUE;

  return TRUE;
}

/* Looks at all replies, so that it is known what was done; the first error counts */
static gboolean
judge_all (ChihuoRedisExchange *self, gboolean *progress, GError **error)
{
  gboolean ok = TRUE;

  for (guint i = 0; i < self->sends->len; i++)
    {
      Send *send = get_send (self, i);

      if (send->is_done || send->is_refused || send->call.reply == NULL)
        continue;
      ok = judge (self, send, progress, ok ? error : NULL) && ok;
    }

  return ok;
}

static gboolean
run_round (ChihuoRedisExchange *self, gboolean *progress, GError **error)
{
  gboolean ok = chihuo_redis_pipeline_run (self->pipeline, (ChihuoRedisCall **) self->calls->pdata,
                                           self->calls->len, error);

  *progress = FALSE;
  return judge_all (self, progress, ok ? error : NULL) && ok;
}

static gboolean
send_all (ChihuoRedisExchange *self, GError **error)
{
  gboolean progress = TRUE;

  for (gather_calls (self); self->calls->len > 0 && progress; gather_calls (self))
    if (!run_round (self, &progress, error))
      return FALSE;

  if (self->calls->len == 0)
    return TRUE;

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                       "a part of a batch waits for one that was carried out");
  return FALSE;
}

static guint
count_parts (ChihuoRedisExchange *self, const char *queue)
{
  guint n = 0;

  for (guint i = 0; i < self->parts->len; i++)
    if (g_array_index (self->parts, ChihuoRedisPart, i).queue == queue)
      n++;

  return n;
}

static gboolean
belong_together (const ChihuoRedisJunk *a, const ChihuoRedisJunk *b)
{
  return a->claim->queue == b->claim->queue && a->claim->claimant == b->claim->claimant;
}

static gboolean
bury (ChihuoRedisExchange *self, const ChihuoRedisJunk *junk, guint n_junk, guint number,
      GError **error)
{
  const ChihuoItem *claim = junk->claim;
  Burial burial = { .exchange = self, .junk = junk, .n_junk = n_junk, .number = number };
  ChihuoRedisCall *call = &burial.call;
  ChihuoRedisTrouble trouble;
  gboolean ok;

  call->write = write_burial;
  call->queue = self->find_queue (self->data, claim->queue);
  ok = chihuo_redis_pipeline_run (self->pipeline, &call, 1, error);
  if (ok && chihuo_redis_pipeline_has_failed (call, &trouble))
    {
      chihuo_redis_pipeline_explain (call, error);
      ok = FALSE;
    }
  chihuo_redis_pipeline_clear_reply (call);

  return ok;
}

/* What another program wrote, and nobody is to be handed: rare, so one call after the other */
static gboolean
bury_junk (ChihuoRedisExchange *self, GError **error)
{
  const ChihuoRedisJunk *junk = (const ChihuoRedisJunk *) self->junk->data;
  guint n_calls = 0;

  for (guint i = 0; i < self->junk->len;)
    {
      guint n = 1;

      while (i + n < self->junk->len && belong_together (&junk[i], &junk[i + n]))
        n++;
      n_calls++;
      if (!bury (self, &junk[i], n, count_parts (self, junk[i].claim->queue) + n_calls, error))
        return FALSE;
      i += n;
    }

  return TRUE;
}

static gboolean
was_any_done (ChihuoRedisExchange *self)
{
  for (guint i = 0; i < self->sends->len; i++)
    if (get_send (self, i)->is_done)
      return TRUE;

  return FALSE;
}

/* A refusal that is repeated is one. The store knows itself that something was sent before */
static gboolean
is_final (const ChihuoBatch *batch, const GError *error)
{
  return batch->repeated && error->domain == CHIHUO_ERROR && error->code != CHIHUO_ERROR_TIMED_OUT;
}

static void
fail (ChihuoRedisExchange *self, GError *trouble, GError **error)
{
  gboolean in_doubt = self->pipeline->sent || was_any_done (self);

  chihuo_batch_clear_answers (self->batch);
  if (in_doubt && !is_final (self->batch, trouble)
      && !g_error_matches (trouble, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME, "%s", trouble->message);
      g_error_free (trouble);
      return;
    }

  g_propagate_error (error, trouble);
}

/*
 * chihuo_redis_exchange_run:
 * @self: an exchange
 * @batch: a batch
 * @error: return location for what [vfunc@Chihuo.Backend.exchange] gives
 *
 * Carries out a batch. Its queues are found by the function that the exchange
 * was made with.
 *
 * Returns: whether all of it was answered
 */
gboolean
chihuo_redis_exchange_run (ChihuoRedisExchange *self, ChihuoBatch *batch, GError **error)
{
  GError *trouble = NULL;

  prepare (self, batch);
  if (send_all (self, &trouble) && bury_junk (self, &trouble))
    return TRUE;

  fail (self, trouble, error);
  return FALSE;
}

ChihuoRedisExchange *
chihuo_redis_exchange_new (ChihuoRedisPipeline *pipeline, gboolean own_clock,
                           ChihuoRedisFindQueue find_queue, gpointer data)
{
  ChihuoRedisExchange *self = g_new0 (ChihuoRedisExchange, 1);

  self->pipeline = pipeline;
  self->own_clock = own_clock;
  self->find_queue = find_queue;
  self->data = data;
  self->items = g_ptr_array_new ();
  self->parts = g_array_new (FALSE, FALSE, sizeof (ChihuoRedisPart));
  self->sends = g_array_new (FALSE, FALSE, sizeof (Send));
  g_array_set_clear_func (self->sends, clear_send);
  self->calls = g_ptr_array_new ();
  self->junk = g_array_new (FALSE, FALSE, sizeof (ChihuoRedisJunk));
  g_array_set_clear_func (self->junk, chihuo_redis_decode_clear_junk);

  return self;
}

void
chihuo_redis_exchange_free (ChihuoRedisExchange *self)
{
  g_ptr_array_unref (self->items);
  g_array_unref (self->parts);
  g_array_unref (self->sends);
  g_ptr_array_unref (self->calls);
  g_array_unref (self->junk);
  g_free (self);
}
