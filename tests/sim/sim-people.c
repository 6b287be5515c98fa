/* sim-people.c - who adds tasks, finishes them, and changes his mind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-process.h"

#define MAX_FRESH_IDS 150

/* How long what was said before the end may stay unheard */
#define LONGEST_SILENCE (120 * SECONDS)

static const struct
{
  ChihuoOp op;
  HistoryEvent event;
} others[] = {
  { CHIHUO_OP_FINISH, HISTORY_EVENT_FINISH },    { CHIHUO_OP_UNFINISH, HISTORY_EVENT_UNFINISH },
  { CHIHUO_OP_REMOVE, HISTORY_EVENT_REMOVE },    { CHIHUO_OP_CANCEL, HISTORY_EVENT_CANCEL },
  { CHIHUO_OP_RETRY_DEAD, HISTORY_EVENT_RETRY },
};

static SimCall *
new_call (SimWorld *world, ChihuoOp op, HistoryEvent event, guint number, const char *info)
{
  SimCall *call = g_new0 (SimCall, 1);
  g_autofree char *id = g_strdup_printf ("t%u", number);

  call->event = event;
  call->id = sim_world_word (world, id);
  call->info = info;
  call->item.op = op;
  call->item.queue = sim_store_get_queue ();
  call->item.payload = chihuo_payload_new (id, -1, info, -1);

  return call;
}

static ChihuoAddFlags
choose_flags (SimWorld *world)
{
  static const ChihuoAddFlags all[] = {
    CHIHUO_ADD_FLAGS_AT_HEAD,      CHIHUO_ADD_FLAGS_EVEN_FINISHED, CHIHUO_ADD_FLAGS_EVEN_DEAD,
    CHIHUO_ADD_FLAGS_SKIP_RUNNING, CHIHUO_ADD_FLAGS_REPLACE,
  };
  ChihuoAddFlags flags = CHIHUO_ADD_FLAGS_NONE;

  if (sim_random_chance (&world->random, world->plan.with_flags))
    for (guint i = 0; i < G_N_ELEMENTS (all); i++)
      if (sim_random_chance (&world->random, 0.3))
        flags |= all[i];

  return flags;
}

static SimCall *
new_add (SimWorld *world, guint number)
{
  const SimPlan *plan = &world->plan;
  SimRandom *random = &world->random;
  g_autofree char *info = g_strdup_printf ("%" G_GUINT64_FORMAT, world->n_calls + 1);
  SimCall *call =
      new_call (world, CHIHUO_OP_ADD, HISTORY_EVENT_ADD, number, sim_world_word (world, info));

  call->item.add.flags = choose_flags (world);
  if (sim_random_chance (random, plan->delayed))
    call->item.add.delay = sim_random_spread (random, 1, 10000) * MILLISECONDS;
  if (sim_random_chance (random, plan->with_priority))
    {
      call->item.add.has_priority = TRUE;
      call->item.add.priority = sim_random_range (random, -2, 2);
    }
  if (sim_random_chance (random, plan->with_timeout))
    call->item.add.timeout = sim_random_spread (random, 100, 3000) * MILLISECONDS;
  if (sim_random_chance (random, 0.1))
    call->item.add.max_tries = sim_random_range (random, 1, 3);

  return call;
}

static SimCall *
new_pause (gboolean paused)
{
  SimCall *call = g_new0 (SimCall, 1);

  call->event = HISTORY_N_EVENTS;
  call->item.op = CHIHUO_OP_SET_PAUSED;
  call->item.queue = sim_store_get_queue ();
  call->item.pause.paused = paused;

  return call;
}

/* How long finished marks and dead tasks are kept, and how many of these; often for ever again */
static SimCall *
new_keep (SimWorld *world)
{
  SimRandom *random = &world->random;
  SimCall *call = g_new0 (SimCall, 1);

  call->event = HISTORY_EVENT_KEEP;
  call->item.op = CHIHUO_OP_SET_RETENTION;
  call->item.queue = sim_store_get_queue ();
  if (sim_random_chance (random, 0.6))
    call->item.retention.finished = sim_random_spread (random, 100, 20000) * MILLISECONDS;
  if (sim_random_chance (random, 0.3))
    call->item.retention.dead = sim_random_spread (random, 100, 20000) * MILLISECONDS;
  if (sim_random_chance (random, 0.3))
    call->item.retention.dead_max = sim_random_range (random, 1, 5);

  return call;
}

/* All of it, or one kind */
static guint
choose_sweep (SimWorld *world)
{
  static const guint all[] = { CHIHUO_CLEAR_FLAGS_WAITING,  CHIHUO_CLEAR_FLAGS_DEAD,
                               CHIHUO_CLEAR_FLAGS_FINISHED, CHIHUO_CLEAR_FLAGS_RUNNING,
                               CHIHUO_CLEAR_FLAGS_ALL,      HISTORY_SWEEP_RETRY };

  return all[sim_random_range (&world->random, 0, G_N_ELEMENTS (all) - 1)];
}

static SimProcess *
choose_process (SimWorld *world)
{
  guint i = sim_random_range (&world->random, 0, world->processes->len - 1);

  for (guint n = 0; n < world->processes->len; n++)
    {
      SimProcess *process = g_ptr_array_index (world->processes, (i + n) % world->processes->len);

      if (process->alive)
        return process;
    }

  g_assert_not_reached ();
}

static SimCall *
choose_call (SimWorld *world)
{
  const SimPlan *plan = &world->plan;
  SimRandom *random = &world->random;
  guint i;

  if (plan->fresh_ids)
    return new_add (world, world->n_calls);
  if (sim_random_chance (random, plan->pausing))
    return new_pause (sim_random_chance (random, 0.5));
  if (sim_random_chance (random, plan->keeping))
    return new_keep (world);
  if (!sim_random_chance (random, plan->other_calls))
    return new_add (world, sim_random_range (random, 1, plan->n_ids));

  i = sim_random_range (random, 0, G_N_ELEMENTS (others) - 1);
  return new_call (world, others[i].op, others[i].event, sim_random_range (random, 1, plan->n_ids),
                   NULL);
}

static void
call_cb (SimWorld *world, gpointer data)
{
  if (world->healed)
    return;

  if (sim_random_chance (&world->random, world->plan.sweeping))
    sim_sweep_start (choose_process (world), choose_sweep (world));
  else if (!world->plan.fresh_ids || world->n_calls < MAX_FRESH_IDS)
    sim_process_call (choose_process (world), choose_call (world));
  sim_world_at (world, world->now + sim_random_range (&world->random, 0, 2 * world->plan.call_gap),
                NULL, call_cb, NULL, NULL);
}

/* Somebody turns the knob of a worker */
static void
tune_cb (SimWorld *world, gpointer data)
{
  SimProcess *process = choose_process (world);

  if (world->healed)
    return;

  for (guint i = 0; i < process->n_engines && process->paused_until <= world->now; i++)
    if (!sim_engine_is_over (process->engines[i]))
      sim_engine_tune (process->engines[i], sim_random_spread (&world->random, 1, 8));
  sim_world_at (world, world->now + sim_random_range (&world->random, 1, 2 * world->plan.tune_gap),
                NULL, tune_cb, NULL, NULL);
}

void
sim_people_start (SimWorld *world)
{
  for (guint i = 0; i < world->plan.n_clients; i++)
    sim_process_new (world, i, 1, FALSE);
  call_cb (world, NULL);
  if (world->plan.tune_gap > 0)
    tune_cb (world, NULL);
}

/* What a loop's start does: it adds its tasks anew, each time */
void
sim_people_greet (SimProcess *process)
{
  SimWorld *world = process->world;

  for (guint i = 1; i <= world->plan.n_ids / 2 && !world->plan.fresh_ids; i++)
    {
      SimCall *call = new_add (world, i);

      call->item.add.flags = CHIHUO_ADD_FLAGS_NONE;
      sim_process_call (process, call);
    }
}

static void
unpause_cb (SimWorld *world, gpointer data)
{
  SimProcess *client = g_ptr_array_index (world->processes, 0);

  sim_process_call (client, new_pause (FALSE));
}

/* At the end nothing is held back any more; and once more, for what a process had still to send
 * when it was stopped, or cut off */
void
sim_people_unpause (SimWorld *world)
{
  unpause_cb (world, NULL);
  sim_world_at (world, world->now + LONGEST_SILENCE, NULL, unpause_cb, NULL, NULL);
}
