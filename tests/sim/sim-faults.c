/* sim-faults.c - what goes wrong, and when all is well again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-process.h"

typedef void (*Fault) (SimWorld *world, SimProcess *process);

/* A fault that comes again and again, to a random process */
typedef struct
{
  Fault fault;
  gint64 gap;
} Series;

/* --- lives --- */

static void
start_worker (SimWorld *world, guint place, guint life)
{
  sim_people_greet (sim_process_new (world, place, life, TRUE));
}

static void
restart_cb (SimWorld *world, gpointer data)
{
  SimProcess *last = data;

  start_worker (world, last->place, last->life + 1);
}

/* Somebody, systemd maybe, starts it again */
void
sim_faults_restart (SimWorld *world, SimProcess *process)
{
  sim_world_at (world, world->now + sim_random_spread (&world->random, 1, 3000) * MILLISECONDS,
                NULL, restart_cb, process, NULL);
}

/* --- the faults --- */

static void
kill_one (SimWorld *world, SimProcess *process)
{
  sim_process_kill (process);
  sim_faults_restart (world, process);
}

static void
resume_cb (SimWorld *world, gpointer data)
{
  sim_world_tell (world, HISTORY_EVENT_RESUME, HISTORY_PHASE_NONE)->process =
      ((SimProcess *) data)->name;
}

static void
pause_for (SimWorld *world, SimProcess *process, gint64 duration)
{
  if (process->paused_until > world->now)
    return;

  sim_world_tell (world, HISTORY_EVENT_PAUSE, HISTORY_PHASE_NONE)->process = process->name;
  sim_world_count (world, SIM_EFFECT_PAUSES);
  process->paused_until = world->now + duration;
  sim_world_at (world, process->paused_until, process, resume_cb, process, NULL);
}

static void
pause_one (SimWorld *world, SimProcess *process)
{
  pause_for (world, process,
             sim_random_spread (&world->random, 10, 2 * world->plan.lease / MILLISECONDS)
                 * MILLISECONDS);
}

/* The lid is closed: all stand still, the store too, and the clocks go on */
static void
suspend_all (SimWorld *world, SimProcess *process)
{
  gint64 duration = sim_random_spread (&world->random, 1, 60) * SECONDS;

  for (guint i = 0; i < world->processes->len; i++)
    {
      process = g_ptr_array_index (world->processes, i);
      if (process->alive)
        pause_for (world, process, duration);
    }
  world->store->frozen_until = world->now + duration;
}

/* Somebody sets a wall clock: that of a process's host, or the store's */
static void
jump_clock (SimWorld *world, SimProcess *process)
{
  gint64 offset = sim_random_spread (&world->random, 1, 3600) * SECONDS;

  if (sim_random_chance (&world->random, 0.5))
    offset = -offset;
  if (sim_random_chance (&world->random, 0.5))
    world->store->wall_offset = offset;
  else
    process->wall_offset = offset;
  sim_world_tell (world, HISTORY_EVENT_JUMP, HISTORY_PHASE_NONE)->process = process->name;
  sim_world_count (world, SIM_EFFECT_JUMPS);
}

/* A clock that runs at half or twice the speed */
static void
drift_clock (SimWorld *world, SimProcess *process)
{
  sim_process_set_rate (process, sim_random_range (&world->random, 50, 200) / 100.0);
  sim_world_tell (world, HISTORY_EVENT_JUMP, HISTORY_PHASE_NONE)->process = process->name;
}

static void
take_store_away (SimWorld *world, SimProcess *process)
{
  world->store->down_until =
      world->now + sim_random_spread (&world->random, 50, 10000) * MILLISECONDS;
  world->store->down_silent = sim_random_chance (&world->random, 0.5);
  sim_world_count (world, SIM_EFFECT_OUTAGES);
}

static void
stop_again_cb (SimWorld *world, gpointer data)
{
  sim_process_stop (data);
}

/* One signal, mostly; if its code is deaf the second one comes sometime */
static void
stop_one (SimWorld *world, SimProcess *process)
{
  gint64 again =
      sim_random_chance (&world->random, 0.4) ? sim_random_spread (&world->random, 1, 3000) : 25000;

  if (process->stopping)
    return;

  sim_process_stop (process);
  sim_world_at (world, world->now + again * MILLISECONDS, process, stop_again_cb, process, NULL);
}

/* --- when --- */

static void
series_cb (SimWorld *world, gpointer data)
{
  Series *series = data;
  guint n = 0;
  SimProcess *chosen = NULL;

  if (world->healed)
    {
      g_free (series);
      return;
    }

  for (guint i = 0; i < world->processes->len; i++)
    {
      SimProcess *process = g_ptr_array_index (world->processes, i);

      if (process->alive && process->n_engines > 0
          && sim_random_range (&world->random, 0, n++) == 0)
        chosen = process;
    }
  if (chosen != NULL)
    series->fault (world, chosen);
  sim_world_at (world, world->now + sim_random_range (&world->random, 1, 2 * series->gap), NULL,
                series_cb, series, g_free);
}

static void
start_series (SimWorld *world, Fault fault, gint64 gap)
{
  Series *series;

  if (gap == 0)
    return;

  series = g_new (Series, 1);
  *series = (Series) { fault, gap };
  sim_world_at (world, world->now + sim_random_range (&world->random, 1, 2 * gap), NULL, series_cb,
                series, g_free);
}

void
sim_faults_start (SimWorld *world)
{
  const SimPlan *plan = &world->plan;

  for (guint i = 0; i < plan->n_processes; i++)
    start_worker (world, i, 1);
  start_series (world, kill_one, plan->kill_gap);
  start_series (world, pause_one, plan->pause_gap);
  start_series (world, suspend_all, plan->suspend_gap);
  start_series (world, jump_clock, plan->jump_gap);
  start_series (world, drift_clock, plan->drift_gap);
  start_series (world, take_store_away, plan->outage_gap);
  start_series (world, stop_one, plan->stop_gap);
}

/* From now on nothing new goes wrong; what is paused goes on at its time, what is dead is started
 * again */
void
sim_faults_heal (SimWorld *world)
{
  world->healed = TRUE;
  world->store->wall_offset = 0;
  for (guint i = 0; i < world->processes->len; i++)
    {
      SimProcess *process = g_ptr_array_index (world->processes, i);

      if (!process->alive)
        continue;
      process->wall_offset = 0;
      sim_process_set_rate (process, 1);
      sim_process_poke (process);
    }
  sim_people_unpause (world);
}
