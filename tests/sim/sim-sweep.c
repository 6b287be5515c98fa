/* sim-sweep.c - somebody works through all of a queue, one step after the other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-process.h"

/* What chihuo-sweeping.c does at its store: each step is an exchange of its own, so anything may
 * happen between two of them. While the store is away it waits; its last answer may be lost. */

#define MAX_SWEEPS 6

/* More than any sweep needs: a planted bug may leave for ever what has to go */
#define MAX_STEPS 50

typedef struct
{
  SimProcess      *process;
  guint            flags;
  guint64          number; /* of the call */
  ChihuoSweepWhat  sweeps[MAX_SWEEPS];
  guint            n_sweeps;
  guint            at;     /* the sweep that is being done */
  guint            n_steps;
  ChihuoSweep      sweep;  /* how far it has come */
} Sweeping;

/* In the order of chihuo-queue-rule.c */
static const struct
{
  guint           flag;
  ChihuoSweepWhat sweep;
} order[] = {
  { CHIHUO_CLEAR_FLAGS_WAITING, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED },
  { CHIHUO_CLEAR_FLAGS_WAITING, CHIHUO_SWEEP_WHAT_CLEAR_WAITING },
  { CHIHUO_CLEAR_FLAGS_RUNNING, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING },
  { CHIHUO_CLEAR_FLAGS_DEAD, CHIHUO_SWEEP_WHAT_CLEAR_DEAD },
  { CHIHUO_CLEAR_FLAGS_FINISHED, CHIHUO_SWEEP_WHAT_CLEAR_FINISHED },
  { HISTORY_SWEEP_RETRY, CHIHUO_SWEEP_WHAT_RETRY_DEAD },
};

G_STATIC_ASSERT (G_N_ELEMENTS (order) <= MAX_SWEEPS);

static void
tell (Sweeping *self, HistoryPhase phase)
{
  HistoryLine *line = sim_world_tell (self->process->world, HISTORY_EVENT_SWEEP, phase);

  line->process = self->process->name;
  line->op = self->number;
  line->flags = self->flags;
}

static void
spread_news (Sweeping *self)
{
  sim_process_news (self->process, (self->flags & CHIHUO_CLEAR_FLAGS_RUNNING) != 0);
  sim_process_poke (self->process);
  if ((self->flags & HISTORY_SWEEP_RETRY) != 0)
    sim_connection_notify (self->process->world, self->process);
}

static void step_cb (SimWorld *world, gpointer data);

static void
order_step (Sweeping *self, gint64 since)
{
  SimWorld *world = self->process->world;

  sim_world_at (world, since + sim_random_spread (&world->random, 50, MAX (world->plan.delay, 100)),
                self->process, step_cb, self, g_free);
}

static void
step_cb (SimWorld *world, gpointer data)
{
  Sweeping *self = data;
  gint64 away_until = MAX (world->store->frozen_until, world->store->down_until);

  if (away_until > world->now)
    {
      order_step (self, away_until);
      return;
    }

  self->sweep.what = self->sweeps[self->at];
  sim_store_sweep (world->store, world, &self->sweep);
  if (!self->sweep.more)
    {
      self->sweep = (ChihuoSweep) { .queue = sim_store_get_queue () };
      self->at++;
    }
  spread_news (self);
  if (self->at < self->n_sweeps && ++self->n_steps < MAX_STEPS)
    {
      order_step (self, world->now);
      return;
    }

  if (self->at == self->n_sweeps
      && !sim_random_chance (&world->random, world->plan.lose_reply))
    tell (self, HISTORY_PHASE_OK);
  g_free (self);
}

/* `flags`: as of the history */
void
sim_sweep_start (SimProcess *process, guint flags)
{
  Sweeping *self = g_new0 (Sweeping, 1);

  self->process = process;
  self->flags = flags;
  self->number = ++process->world->n_calls;
  self->sweep.queue = sim_store_get_queue ();
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if ((flags & order[i].flag) != 0)
      self->sweeps[self->n_sweeps++] = order[i].sweep;
  g_assert_cmpuint (self->n_sweeps, >, 0);

  tell (self, HISTORY_PHASE_INVOKE);
  order_step (self, process->world->now);
}
