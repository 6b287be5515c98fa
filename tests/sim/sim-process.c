/* sim-process.c - a process of the simulation: engines, and a connection to the store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-process.h"

#define MAX_MAILS (3 * CHIHUO_BATCH_MAX_ITEMS)

void
sim_call_free (SimCall *call)
{
  chihuo_item_clear (&call->item);
  g_free (call);
}

SimProcess *
sim_process_new (SimWorld *world, guint place, guint life, gboolean has_engines)
{
  SimProcess *self = g_new0 (SimProcess, 1);
  g_autofree char *name = g_strdup_printf ("%s%u.%u", has_engines ? "p" : "c", place, life);

  self->name = sim_world_word (world, name);
  self->client = self->name;
  self->place = place;
  self->life = life;
  self->alive = TRUE;
  self->world = world;
  self->rate = 1;
  self->clock_base = world->now;
  self->clock_since = world->now;
  g_queue_init (&self->calls);
  self->sent = g_ptr_array_new ();
  self->mails = g_new (ChihuoMail, MAX_MAILS);
  self->wake_at = G_MAXINT64;
  self->reap_at = world->now;
  g_ptr_array_add (world->processes, self);

  self->n_engines = has_engines ? world->plan.n_engines : 0;
  for (guint i = 0; i < self->n_engines; i++)
    self->engines[i] = sim_engine_new (self, i);
  sim_process_poke (self);

  return self;
}

void
sim_process_free (SimProcess *self)
{
  SimCall *call;

  sim_connection_drop (self);
  while ((call = g_queue_pop_head (&self->calls)) != NULL)
    sim_call_free (call);
  g_ptr_array_unref (self->sent);
  for (guint i = 0; i < self->n_engines; i++)
    sim_engine_free (self->engines[i]);
  g_free (self->mails);
  g_free (self);
}

static double
get_lease_clock (SimProcess *self)
{
  return self->clock_base + (double) (self->world->now - self->clock_since) * self->rate;
}

/* Its own two clocks */
ChihuoMoment
sim_process_get_moment (SimProcess *self)
{
  return (ChihuoMoment) { .now = SIM_WALL_BEGIN + self->world->now + self->wall_offset,
                          .lease = (gint64) get_lease_clock (self) };
}

void
sim_process_set_rate (SimProcess *self, double rate)
{
  self->clock_base = get_lease_clock (self);
  self->clock_since = self->world->now;
  self->rate = rate;
}

static void
poke_cb (SimWorld *world, gpointer data)
{
  SimProcess *self = data;

  self->poked = FALSE;
  sim_connection_pump (self);
}

/* Something has changed: a round is due */
void
sim_process_poke (SimProcess *self)
{
  if (self->poked || !self->alive)
    return;

  self->poked = TRUE;
  sim_world_at (self->world, self->world->now, self, poke_cb, self, NULL);
}

/* Takes the call over */
void
sim_process_call (SimProcess *self, SimCall *call)
{
  call->number = ++self->world->n_calls;
  g_queue_push_tail (&self->calls, call);
  sim_process_poke (self);
}

void
sim_process_news (SimProcess *self, gboolean notice)
{
  for (guint i = 0; i < self->n_engines; i++)
    sim_engine_news (self->engines[i], notice);
}

/* kill -9 */
void
sim_process_kill (SimProcess *self)
{
  gboolean runs = FALSE;

  for (guint i = 0; i < self->n_engines; i++)
    runs = runs || sim_engine_runs_code (self->engines[i]);
  sim_world_count (self->world, SIM_EFFECT_KILLS);
  if (runs)
    sim_world_count (self->world, SIM_EFFECT_KILLED_RUNS);

  sim_world_tell (self->world, HISTORY_EVENT_KILL, HISTORY_PHASE_NONE)->process = self->name;
  sim_connection_drop (self);
  self->alive = FALSE;
}

/* The first time as at SIGINT; the second time what still runs is given up */
void
sim_process_stop (SimProcess *self)
{
  gboolean again = self->stopping;

  if (again)
    sim_world_count (self->world, SIM_EFFECT_SECOND_STOPS);
  self->stopping = TRUE;
  for (guint i = 0; i < self->n_engines && self->alive; i++)
    {
      if (sim_engine_is_over (self->engines[i]))
        continue;
      if (again)
        sim_engine_abandon (self->engines[i]);
      else
        sim_engine_stop (self->engines[i]);
    }
}

/* It ends when nothing runs in it, nothing waits to be sent, and no answer is awaited */
void
sim_process_check_over (SimProcess *self)
{
  if (!self->alive || self->n_engines == 0 || self->in_flight || self->doubtful
      || self->calls.length > 0)
    return;

  for (guint i = 0; i < self->n_engines; i++)
    if (!sim_engine_is_over (self->engines[i]) || sim_engine_has_left (self->engines[i]))
      return;

  sim_connection_drop (self);
  self->alive = FALSE;
  sim_faults_restart (self->world, self);
}
