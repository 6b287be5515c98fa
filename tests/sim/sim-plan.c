/* sim-plan.c - what a seed means: a random choice of faults and of their measure
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-plan.h"

/* One seed in eight has no faults at all, so that what is promised without faults is tried, too. Of
 * the others each has a subset of its own: faults together hide what each of them alone would show.
 */

static void
choose_engines (SimPlan *self, SimRandom *random)
{
  self->n_processes = sim_random_range (random, 1, 4);
  self->n_engines = sim_random_chance (random, 0.2) ? 2 : 1;
  self->n_clients = sim_random_range (random, 1, 2);
  self->n_ids = sim_random_spread (random, 4, 48);
  self->duration = sim_random_range (random, 10, 60) * SECONDS;
  self->concurrency = sim_random_spread (random, 1, 8);
  self->max_tries = sim_random_range (random, 1, 5);
  self->max_crashes = sim_random_range (random, 0, 4);
  self->lease = sim_random_range (random, 2000, 8000) * MILLISECONDS;
  self->notifies = sim_random_chance (random, 0.4);
  if (!self->notifies || sim_random_chance (random, 0.5))
    self->poll = sim_random_spread (random, 200, 2000) * MILLISECONDS;
  self->drain_timeout =
      sim_random_chance (random, 0.5) ? 0 : sim_random_range (random, 1, 3000) * MILLISECONDS;
  self->linger = sim_random_chance (random, 0.5) ? 0 : 2 * SECONDS;
  self->retry_policy =
      sim_random_range (random, CHIHUO_RETRY_POLICY_EXPONENTIAL, CHIHUO_RETRY_POLICY_IMMEDIATE);
  self->run_forever = sim_random_chance (random, 0.8);
  self->finish_on_success = sim_random_chance (random, 0.15);
}

static void
choose_code (SimPlan *self, SimRandom *random)
{
  self->begun = sim_random_chance (random, 0.4);
  self->long_runs = sim_random_share (random, 0.6, 0.3);
  self->quick_runs = sim_random_share (random, 0.7, 0.9);
  self->fail = sim_random_share (random, 0.6, 0.4);
  self->reject = sim_random_share (random, 0.3, 0.1);
  self->postpone = sim_random_share (random, 0.3, 0.2);
  self->finish = sim_random_share (random, 0.4, 0.3);
  self->deaf = sim_random_share (random, 0.4, 0.6);
}

static void
choose_calls (SimPlan *self, SimRandom *random)
{
  self->call_gap = sim_random_spread (random, 100, 1500) * MILLISECONDS;
  self->fresh_ids = sim_random_chance (random, 0.25);
  if (self->fresh_ids)
    return;

  self->delayed = sim_random_share (random, 0.4, 0.4);
  self->with_priority = sim_random_share (random, 0.3, 0.5);
  self->with_flags = sim_random_share (random, 0.5, 0.5);
  self->with_timeout = sim_random_share (random, 0.3, 0.4);
  self->other_calls = sim_random_share (random, 0.7, 0.5);
  self->pausing = sim_random_share (random, 0.15, 0.05);
}

static gint64
choose_gap (SimRandom *random, double chance, gint64 low, gint64 high)
{
  return sim_random_chance (random, chance) ? sim_random_spread (random, low, high) * SECONDS : 0;
}

static void
choose_faults (SimPlan *self, SimRandom *random)
{
  self->delay = sim_random_spread (random, 1, 100) * MILLISECONDS;
  self->stop_gap = choose_gap (random, 0.4, 3, 30);
  self->has_faults = sim_random_chance (random, 0.875);
  if (!self->has_faults)
    return;

  self->lose_request = sim_random_share (random, 0.4, 0.15);
  self->lose_reply = sim_random_share (random, 0.5, 0.2);
  self->duplicate = sim_random_share (random, 0.3, 0.2);
  self->late = sim_random_share (random, 0.3, 0.1);
  self->kill_gap = choose_gap (random, 0.5, 2, 20);
  self->pause_gap = choose_gap (random, 0.5, 3, 30);
  self->suspend_gap = choose_gap (random, 0.2, 10, 40);
  self->jump_gap = choose_gap (random, 0.3, 4, 40);
  self->drift_gap = choose_gap (random, 0.3, 4, 40);
  self->outage_gap = choose_gap (random, 0.3, 5, 40);
}

/* What concerns all of a queue, or all of a worker */
static void
choose_rules (SimPlan *self, SimRandom *random)
{
  self->tune_gap = choose_gap (random, 0.3, 1, 20);
  if (self->fresh_ids)
    return;

  self->sweeping = sim_random_share (random, 0.25, 0.05);
  self->keeping = sim_random_share (random, 0.2, 0.05);
}

void
sim_plan_init (SimPlan *self, SimRandom *random)
{
  *self = (SimPlan) { 0 };
  choose_engines (self, random);
  choose_code (self, random);
  choose_calls (self, random);
  choose_faults (self, random);
  choose_rules (self, random);
}

static void
print_seconds (GString *text, const char *name, gint64 time)
{
  if (time != 0)
    g_string_append_printf (text, " %s=%gs", name, time / (double) SECONDS);
}

static void
print_share (GString *text, const char *name, double share)
{
  if (share > 0)
    g_string_append_printf (text, " %s=%g", name, share);
}

static void
print_number (GString *text, const char *name, guint number)
{
  if (number != 0)
    g_string_append_printf (text, " %s=%u", name, number);
}

/* All of it in one line: a seed alone means something else as soon as this file changes */
void
sim_plan_print (const SimPlan *self, GString *text)
{
  print_number (text, "processes", self->n_processes);
  print_number (text, "engines", self->n_engines);
  print_number (text, "clients", self->n_clients);
  print_number (text, "ids", self->n_ids);
  print_seconds (text, "duration", self->duration);
  print_number (text, "concurrency", self->concurrency);
  print_number (text, "max-tries", self->max_tries);
  print_number (text, "max-crashes", self->max_crashes);
  print_seconds (text, "lease", self->lease);
  print_seconds (text, "poll", self->poll);
  print_number (text, "notifies", self->notifies);
  print_seconds (text, "drain-timeout", self->drain_timeout);
  print_number (text, "retry-policy", self->retry_policy);
  print_number (text, "run-forever", self->run_forever);
  print_seconds (text, "linger", self->linger);
  print_number (text, "finish-on-success", self->finish_on_success);
  print_number (text, "begun", self->begun);
  print_share (text, "long", self->long_runs);
  print_share (text, "quick", self->quick_runs);
  print_share (text, "fail", self->fail);
  print_share (text, "reject", self->reject);
  print_share (text, "postpone", self->postpone);
  print_share (text, "finish", self->finish);
  print_share (text, "deaf", self->deaf);
  print_seconds (text, "call-gap", self->call_gap);
  print_number (text, "fresh-ids", self->fresh_ids);
  print_share (text, "delayed", self->delayed);
  print_share (text, "priority", self->with_priority);
  print_share (text, "flags", self->with_flags);
  print_share (text, "timeout", self->with_timeout);
  print_share (text, "other-calls", self->other_calls);
  print_share (text, "pausing", self->pausing);
  print_share (text, "sweeping", self->sweeping);
  print_share (text, "keeping", self->keeping);
  print_seconds (text, "tune-gap", self->tune_gap);
  print_seconds (text, "delay", self->delay);
  print_share (text, "lose-request", self->lose_request);
  print_share (text, "lose-reply", self->lose_reply);
  print_share (text, "duplicate", self->duplicate);
  print_share (text, "late", self->late);
  print_seconds (text, "kill-gap", self->kill_gap);
  print_seconds (text, "pause-gap", self->pause_gap);
  print_seconds (text, "suspend-gap", self->suspend_gap);
  print_seconds (text, "jump-gap", self->jump_gap);
  print_seconds (text, "drift-gap", self->drift_gap);
  print_seconds (text, "outage-gap", self->outage_gap);
  print_seconds (text, "stop-gap", self->stop_gap);
}
