/* sim-connection.c - how a simulated process talks to its store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-process.h"

/* The rounds of chihuo-store-round.c: one batch at a time; what certainly was not done is offered
 * again, what nobody knows of is repeated under its number. The net between is ours. */

#define MAX_MAILS (3 * CHIHUO_BATCH_MAX_ITEMS)
#define MAX_CALLS 16
#define REAP_INTERVAL (1 * SECONDS)
#define BACKOFF_MIN (20 * MILLISECONDS)
#define BACKOFF_MAX (1 * SECONDS)
#define BACKOFF_FLOOR (1 * MILLISECONDS)

static gint64
get_patience (SimWorld *world)
{
  return world->plan.lease / 4;
}

static gint64
choose_delay (SimWorld *world)
{
  return sim_random_spread (&world->random, 50, MAX (world->plan.delay, 100));
}

static gboolean
has_chance (SimWorld *world, double chance)
{
  return !world->healed && chance > 0 && sim_random_chance (&world->random, chance);
}

/* --- packing --- */

static void
tell_call (SimProcess *self, SimCall *call, HistoryPhase phase)
{
  HistoryLine *line;

  if (call->event == HISTORY_N_EVENTS || (phase == HISTORY_PHASE_INVOKE && call->told))
    return;

  line = sim_world_tell (self->world, call->event, phase);
  line->process = self->name;
  line->id = call->id;
  line->op = call->number;
  if (call->event == HISTORY_EVENT_ADD)
    {
      line->info = call->info;
      line->flags = call->item.add.flags;
      line->delay = call->item.add.delay;
      line->priority = call->item.add.priority;
    }
  if (call->event == HISTORY_EVENT_KEEP)
    {
      line->lease = call->item.retention.finished;
      line->delay = call->item.retention.dead;
      line->priority = call->item.retention.dead_max;
    }
  if (phase == HISTORY_PHASE_OK)
    line->answer = call->item.answer;
  call->told = TRUE;
}

static void
pack (SimProcess *self)
{
  SimCall *call;

  self->moment = sim_process_get_moment (self);
  self->n_shares = 0;
  while (self->sent->len < MAX_CALLS && (call = g_queue_pop_head (&self->calls)) != NULL)
    {
      tell_call (self, call, HISTORY_PHASE_INVOKE);
      g_ptr_array_add (self->sent, call);
    }

  for (guint i = 0, n_mails = 0; i < self->n_engines; i++)
    {
      SimShare *share = &self->shares[self->n_shares];

      if (sim_engine_is_over (self->engines[i]))
        continue;
      *share = (SimShare) { self->engines[i], n_mails, 0 };
      share->n = sim_engine_collect (share->engine, self->mails + n_mails, MAX_MAILS - n_mails);
      n_mails += share->n;
      if (share->n > 0)
        self->n_shares++;
    }
}

static guint
count_mails (SimProcess *self)
{
  const SimShare *last = self->n_shares > 0 ? &self->shares[self->n_shares - 1] : NULL;

  return last != NULL ? last->first + last->n : 0;
}

static void
clear_batch (SimProcess *self)
{
  guint n_mails = count_mails (self);

  for (guint i = 0; i < n_mails; i++)
    chihuo_item_clear (&self->mails[i].item);
  self->n_shares = 0;
  for (guint i = 0; i < self->sent->len; i++)
    sim_call_free (g_ptr_array_index (self->sent, i));
  g_ptr_array_set_size (self->sent, 0);
}

/* --- the answer --- */

static void
take_answer (ChihuoItem *item, ChihuoItem *answered)
{
  item->answer = answered->answer;
  if (item->op != CHIHUO_OP_CLAIM)
    return;

  item->claim = answered->claim;
  answered->claim.claimed = NULL;
  answered->claim.n_claimed = 0;
}

static void
spread_news (SimProcess *self, const SimMessage *message)
{
  for (guint i = 0; i < message->n_items; i++)
    switch ((int) message->items[i].op)
      {
      case CHIHUO_OP_ADD:
      case CHIHUO_OP_RETRY_DEAD:
      case CHIHUO_OP_SET_PAUSED:
        sim_process_news (self, FALSE);
        break;
      case CHIHUO_OP_SETTLE:
        if (message->items[i].settle.how != CHIHUO_SETTLE_DONE || self->n_engines > 1)
          sim_process_news (self, FALSE);
        break;
      case CHIHUO_OP_CANCEL:
      case CHIHUO_OP_REMOVE:
      case CHIHUO_OP_FINISH:
        sim_process_news (self, TRUE);
        break;
      default:
        break;
      }
}

static void
exchange_done (SimProcess *self, SimMessage *message)
{
  guint n_calls = self->sent->len;

  self->backoff = 0;
  self->retry_at = 0;
  self->doubtful = FALSE;
  for (guint i = 0; i < n_calls; i++)
    {
      SimCall *call = g_ptr_array_index (self->sent, i);

      take_answer (&call->item, &message->items[i]);
      tell_call (self, call, HISTORY_PHASE_OK);
    }
  for (guint i = 0; i < count_mails (self); i++)
    take_answer (&self->mails[i].item, &message->items[n_calls + i]);
  for (guint i = 0; i < self->n_shares; i++)
    sim_engine_deliver (self->shares[i].engine, self->mails + self->shares[i].first,
                        self->shares[i].n);

  clear_batch (self);
  spread_news (self, message);
}

static void
back_off (SimProcess *self)
{
  self->backoff = CLAMP (self->backoff * 2, BACKOFF_MIN, BACKOFF_MAX);
  self->retry_at =
      self->world->now + sim_random_range (&self->world->random, BACKOFF_FLOOR, self->backoff);
}

static void
tell_cut (SimProcess *self)
{
  HistoryLine *line = sim_world_tell (self->world, HISTORY_EVENT_CUT, HISTORY_PHASE_NONE);

  line->process = self->name;
  line->since = self->first_sent_at;
}

/* Certainly nothing was done: calls wait on, engines get their mails back */
static void
exchange_undone (SimProcess *self)
{
  self->doubtful = FALSE;
  for (guint i = self->sent->len; i > 0; i--)
    g_queue_push_head (&self->calls, g_ptr_array_index (self->sent, i - 1));
  g_ptr_array_set_size (self->sent, 0);
  for (guint i = 0; i < self->n_shares; i++)
    sim_engine_undone (self->shares[i].engine, self->mails + self->shares[i].first,
                       self->shares[i].n);
  clear_batch (self);
}

static void
reply_cb (SimWorld *world, gpointer data)
{
  SimMessage *message = data;
  SimProcess *self = message->process;

  if (self->in_flight && self->number == message->number)
    {
      self->in_flight = FALSE;
      if (!message->refused)
        exchange_done (self, message);
      else
        {
          back_off (self);
          tell_cut (self);
          if (!self->doubtful)
            exchange_undone (self);
        }
      sim_process_check_over (self);
      sim_process_poke (self);
    }
  sim_message_unref (message);
}

static void
patience_cb (SimWorld *world, gpointer data)
{
  SimMessage *message = data;
  SimProcess *self = message->process;

  if (self->in_flight && self->number == message->number)
    {
      self->in_flight = FALSE;
      self->doubtful = TRUE;
      back_off (self);
      tell_cut (self);
      sim_process_poke (self);
    }
  sim_message_unref (message);
}

/* --- the store's end --- */

static void
message_free (gpointer data)
{
  sim_message_unref (data);
}

static void
send_reply (SimWorld *world, SimMessage *message)
{
  if (has_chance (world, world->plan.lose_reply))
    return;

  sim_world_at (world, world->now + choose_delay (world), message->process, reply_cb,
                sim_message_ref (message), message_free);
}

static void
notice_cb (SimWorld *world, gpointer data)
{
  SimProcess *process = data;

  sim_process_news (process, FALSE);
  sim_process_poke (process);
}

/* Tells all processes but the one that did it, which knows */
void
sim_connection_notify (SimWorld *world, SimProcess *who)
{
  if (!world->plan.notifies)
    return;

  for (guint i = 0; i < world->processes->len; i++)
    {
      SimProcess *process = g_ptr_array_index (world->processes, i);

      if (process != who && process->alive && process->n_engines > 0)
        sim_world_at (world, world->now + choose_delay (world), process, notice_cb, process, NULL);
    }
}

/* Whether others may find something to claim after it */
static gboolean
brings_work (const SimMessage *message)
{
  for (guint i = 0; i < message->n_items; i++)
    {
      const ChihuoItem *item = &message->items[i];

      if (item->op == CHIHUO_OP_ADD || item->op == CHIHUO_OP_RETRY_DEAD
          || item->op == CHIHUO_OP_SET_PAUSED || item->op == CHIHUO_OP_SETTLE)
        return TRUE;
    }

  return FALSE;
}

static void
arrive_cb (SimWorld *world, gpointer data)
{
  SimMessage *message = data;
  SimStore *store = world->store;

  if (store->frozen_until > world->now)
    {
      sim_world_at (world, store->frozen_until, NULL, arrive_cb, message, message_free);
      return;
    }

  if (store->down_until > world->now)
    message->refused = TRUE;
  else
    sim_store_exchange (store, world, message);
  if (store->down_until <= world->now || (!store->down_silent && !message->doubled))
    send_reply (world, message);
  if (!message->refused && brings_work (message))
    sim_connection_notify (world, message->process);
  sim_message_unref (message);
}

/* --- sending --- */

static SimMessage *
make_message (SimProcess *self)
{
  guint n_calls = self->sent->len;
  guint n_mails = count_mails (self);
  SimMessage *message = sim_message_new (n_calls + n_mails);

  message->process = self;
  message->client = self->client;
  message->number = ++self->number;
  message->request = self->request;
  message->repeated = self->doubtful;
  for (guint i = 0; i < n_calls; i++)
    sim_message_set (message, i, &((SimCall *) g_ptr_array_index (self->sent, i))->item);
  for (guint i = 0; i < n_mails; i++)
    sim_message_set (message, n_calls + i, &self->mails[i].item);

  return message;
}

/* Each delivery has a message of its own, since the store writes into it */
static void
deliver (SimProcess *self, const SimMessage *message, gint64 delay)
{
  SimMessage *copy = sim_message_new (message->n_items);

  copy->process = message->process;
  copy->client = message->client;
  copy->number = message->number;
  copy->request = message->request;
  copy->repeated = message->repeated;
  copy->doubled = message->doubled;
  for (guint i = 0; i < message->n_items; i++)
    sim_message_set (copy, i, &message->items[i]);
  sim_world_at (self->world, self->world->now + delay, NULL, arrive_cb, copy, message_free);
}

static void
send_batch (SimProcess *self)
{
  SimWorld *world = self->world;
  SimMessage *message;

  if (!self->doubtful)
    {
      self->request++;
      self->first_sent_at = world->now;
    }
  message = make_message (self);
  message->doubled = has_chance (world, world->plan.duplicate);
  self->in_flight = TRUE;
  if (has_chance (world, world->plan.late))
    deliver (self, message,
             get_patience (world) + sim_random_spread (&world->random, 1, 3000) * MILLISECONDS);
  else if (!has_chance (world, world->plan.lose_request))
    deliver (self, message, choose_delay (world));
  if (message->doubled)
    deliver (self, message, sim_random_spread (&world->random, 1, 2000) * MILLISECONDS);

  sim_world_at (world, world->now + get_patience (world), self, patience_cb, message, message_free);
}

/* --- rounds --- */

static void
reap_cb (SimWorld *world, gpointer data)
{
  SimStore *store = world->store;

  if (store->frozen_until > world->now || store->down_until > world->now)
    return;

  if (sim_store_reap (store, world) > 0)
    {
      sim_process_news (data, FALSE);
      sim_process_poke (data);
      sim_connection_notify (world, data);
    }
}

static void
wake_cb (SimWorld *world, gpointer data)
{
  SimProcess *self = data;

  if (self->wake_at <= world->now)
    self->wake_at = G_MAXINT64;
  sim_connection_pump (self);
}

static gint64
get_next_time (SimProcess *self)
{
  gint64 next = self->n_engines > 0 ? self->reap_at : G_MAXINT64;
  ChihuoMoment moment = sim_process_get_moment (self);

  if (self->retry_at > self->world->now)
    return self->retry_at;

  for (guint i = 0; i < self->n_engines; i++)
    {
      gint64 at = sim_engine_is_over (self->engines[i]) ? G_MAXINT64
                                                        : sim_engine_get_next (self->engines[i]);

      if (at != G_MAXINT64)
        next =
            MIN (next, self->world->now + 1 + (gint64) (MAX (at - moment.lease, 0) / self->rate));
    }

  return next;
}

static void
order_wake_up (SimProcess *self)
{
  gint64 next = get_next_time (self);

  if (next >= self->wake_at || next == G_MAXINT64)
    return;

  self->wake_at = next;
  sim_world_at (self->world, next, self, wake_cb, self, NULL);
}

/* One round, if it is not waiting for an answer */
void
sim_connection_pump (SimProcess *self)
{
  SimWorld *world = self->world;

  if (self->in_flight)
    return;

  if (self->retry_at <= world->now)
    {
      if (!self->doubtful)
        pack (self);
      if (self->sent->len + self->n_shares > 0)
        {
          send_batch (self);
          return;
        }
      if (self->n_engines > 0 && world->now >= self->reap_at)
        {
          self->reap_at = world->now + REAP_INTERVAL;
          sim_world_at (world, world->now + choose_delay (world), self, reap_cb, self, NULL);
        }
    }
  order_wake_up (self);
}

/* The process is gone: nobody will hear what became of the batch */
void
sim_connection_drop (SimProcess *self)
{
  for (guint i = 0; i < self->sent->len; i++)
    tell_call (self, g_ptr_array_index (self->sent, i), HISTORY_PHASE_INFO);
  clear_batch (self);
  self->in_flight = FALSE;
}
