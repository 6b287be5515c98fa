/* sim-store.c - the store of the simulation: the real memory backend behind a net
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-memory-backend.h"
#include "sim-store.h"

#define MAX_CLOCK_STEP (2 * SECONDS)

/* So many steps in a row: a planted bug may leave for ever what has to go */
#define MAX_STEPS 4

const char *
sim_store_get_queue (void)
{
  return g_intern_static_string ("sim");
}

/* --- messages --- */

SimMessage *
sim_message_new (guint n_items)
{
  SimMessage *self = g_new0 (SimMessage, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->items = g_new0 (ChihuoItem, n_items);
  self->n_items = n_items;

  return self;
}

SimMessage *
sim_message_ref (SimMessage *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
sim_message_unref (SimMessage *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  for (guint i = 0; i < self->n_items; i++)
    chihuo_item_clear (&self->items[i]);
  g_free (self->items);
  g_free (self);
}

/* Copies what is asked, not what was answered */
void
sim_message_set (SimMessage *self, guint index, const ChihuoItem *item)
{
  ChihuoItem *copy = &self->items[index];

  *copy = *item;
  copy->answer = CHIHUO_ANSWER_NONE;
  if (item->payload != NULL)
    copy->payload = chihuo_payload_ref (item->payload);
  if (item->op == CHIHUO_OP_SETTLE)
    copy->settle.error = g_strdup (item->settle.error);
  if (item->op == CHIHUO_OP_CLAIM)
    {
      copy->claim.claimed = NULL;
      copy->claim.n_claimed = 0;
    }
}

/* --- the store --- */

SimStore *
sim_store_new (void)
{
  SimStore *self = g_new0 (SimStore, 1);

  self->backend = chihuo_memory_backend_new ();
  self->requests = g_hash_table_new (g_direct_hash, g_direct_equal);
  self->lease_clock = SIM_BEGIN;
  self->called_at = SIM_BEGIN;

  return self;
}

void
sim_store_free (SimStore *self)
{
  chihuo_backend_close (self->backend, NULL);
  g_object_unref (self->backend);
  g_hash_table_unref (self->requests);
  g_free (self);
}

static ChihuoMoment
get_moment (SimStore *self, SimWorld *world)
{
  self->lease_clock += CLAMP (world->now - self->called_at, 0, MAX_CLOCK_STEP);
  self->called_at = world->now;

  return (ChihuoMoment) { .now = SIM_WALL_BEGIN + world->now + self->wall_offset,
                          .lease = self->lease_clock };
}

/* A snapshot of an id */
ChihuoRecord *
sim_store_look (SimStore *self, const char *id)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);
  g_autoptr (GPtrArray) records =
      g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  ChihuoPage page = {
    .queue = sim_store_get_queue (), .id = payload, .limit = 1, .records = records
  };

  if (!chihuo_backend_page (self->backend, &page, NULL) || records->len != 1)
    g_error ("the memory backend does not find “%s”", id);

  return g_ptr_array_steal_index (records, 0);
}

/* What kind of an end it is going to be, if it is one */
static void
count_settle (SimStore *self, SimWorld *world, const ChihuoItem *item)
{
  g_autoptr (ChihuoRecord) record = sim_store_look (self, chihuo_payload_get_id (item->payload));

  if (record->state != CHIHUO_TASK_STATE_RUNNING || record->token != item->token)
    return;

  if (record->fate == CHIHUO_FATE_AGAIN)
    sim_world_count (world, SIM_EFFECT_AGAIN_ENDS);
  if (record->fate == CHIHUO_FATE_DROP)
    sim_world_count (world, SIM_EFFECT_DROPPED_ENDS);
  if (item->settle.finish)
    sim_world_count (world, SIM_EFFECT_FINISHING_ENDS);
  if (item->settle.how == CHIHUO_SETTLE_RETURNED)
    sim_world_count (world, SIM_EFFECT_RETURNS);
  if (item->settle.how == CHIHUO_SETTLE_ABANDONED)
    sim_world_count (world, SIM_EFFECT_ABANDONS);
}

static void
count_answers (SimWorld *world, const SimMessage *message, gboolean again)
{
  if (again)
    sim_world_count (world, SIM_EFFECT_REPEATED_BATCHES);
  for (guint i = 0; i < message->n_items; i++)
    {
      const ChihuoItem *item = &message->items[i];

      if (item->op == CHIHUO_OP_CLAIM && again && item->claim.n_claimed > 0)
        sim_world_count (world, SIM_EFFECT_REPEATED_CLAIMS);
      if (item->op == CHIHUO_OP_SETTLE && item->answer == CHIHUO_ANSWER_STALE && !again)
        sim_world_count (world, SIM_EFFECT_STALE_SETTLES);
      if (item->op == CHIHUO_OP_SETTLE && item->answer == CHIHUO_ANSWER_DEAD && !again)
        sim_world_count (world, SIM_EFFECT_DEAD_ENDS);
      if (item->op == CHIHUO_OP_RENEW && item->answer == CHIHUO_ANSWER_STALE && !again)
        sim_world_count (world, SIM_EFFECT_LOST_LEASES);
    }
}

/* Carries a batch out, and answers its items */
void
sim_store_exchange (SimStore *self, SimWorld *world, SimMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree ChihuoItem **items = g_new (ChihuoItem *, message->n_items);
  ChihuoBatch batch = { .client = message->client,
                        .request = message->request,
                        .repeated = message->repeated,
                        .moment = get_moment (self, world),
                        .items = items,
                        .n_items = message->n_items };
  gboolean again =
      GPOINTER_TO_UINT (g_hash_table_lookup (self->requests, message->client)) == message->request;

  for (guint i = 0; i < message->n_items; i++)
    {
      items[i] = &message->items[i];
      if (items[i]->op == CHIHUO_OP_SETTLE && !again)
        count_settle (self, world, items[i]);
    }

  g_atomic_ref_count_init (&batch.ref_count);
  if (!chihuo_backend_exchange (self->backend, &batch, &error))
    {
      sim_world_count (world, SIM_EFFECT_REFUSED_OLD);
      message->refused = TRUE;
      return;
    }

  message->refused = FALSE;
  count_answers (world, message, again);
  g_hash_table_insert (self->requests, (gpointer) message->client,
                       GUINT_TO_POINTER (message->request));
}

static ChihuoStats
get_stats (SimStore *self, SimWorld *world)
{
  ChihuoStats stats = { 0 };

  if (!chihuo_backend_stats (self->backend, sim_store_get_queue (), world->now, &stats, NULL))
    g_error ("the memory backend has no figures");

  return stats;
}

/* One step of work on all of the queue */
void
sim_store_sweep (SimStore *self, SimWorld *world, ChihuoSweep *sweep)
{
  guint64 n_before = sweep->n_done;

  sweep->moment = get_moment (self, world);
  sweep->more = FALSE;
  if (!chihuo_backend_sweep (self->backend, sweep, NULL))
    g_error ("the memory backend does not sweep");
  world->effects[SIM_EFFECT_SWEPT] += sweep->n_done - n_before;
}

/* Takes the runs of dead workers away; how many. What has been kept for too long is cut */
guint
sim_store_reap (SimStore *self, SimWorld *world)
{
  guint64 n_marks = get_stats (self, world).finished;
  ChihuoMoment moment = get_moment (self, world);
  gboolean more = TRUE;
  guint n_all = 0;

  for (guint i = 0; more && i < MAX_STEPS; i++)
    {
      guint n = 0;

      if (!chihuo_backend_reap (self->backend, &moment, &n, &more, NULL))
        g_error ("the memory backend does not reap");
      n_all += n;
    }
  world->effects[SIM_EFFECT_REAPS] += n_all;
  world->effects[SIM_EFFECT_CUT_MARKS] += n_marks - get_stats (self, world).finished;

  return n_all;
}

/* Whether nothing waits, is delayed, or runs */
gboolean
sim_store_is_empty (SimStore *self, SimWorld *world)
{
  ChihuoStats stats = get_stats (self, world);

  return stats.waiting == 0 && stats.delayed == 0 && stats.running == 0;
}
