/* sim-engine.c - a real engine in a simulated process, and the code that it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "sim-process.h"

/* What chihuo-runner.c does with threads and locks is done here with events of virtual time. */

struct _SimEngine
{
  SimProcess *process;
  const char *name;     /* a word of the world */
  ChihuoEngine *engine; /* (owned) */
  GPtrArray *codes;     /* of SimCode, owned: all there ever were */
  gboolean over;
};

/* The code of a run */
typedef struct
{
  SimEngine *engine;
  ChihuoRun *run; /* (nullable): NULL once it has ended */
  gint64 ends_at;
  ChihuoEndKind kind;
  gboolean deaf; /* does not hear that it is cancelled */
  gboolean takes_back;
} SimCode;

static void settle_down (SimEngine *self);

/* --- what the history is told --- */

static HistoryLine *
tell (SimEngine *self, HistoryEvent event, HistoryPhase phase, const ChihuoRun *run)
{
  HistoryLine *line = sim_world_tell (self->process->world, event, phase);

  line->process = self->process->name;
  line->worker = self->name;
  if (run != NULL)
    {
      line->id =
          sim_world_word (self->process->world, chihuo_payload_get_id (run->claimed.payload));
      line->token = run->claimed.token;
    }

  return line;
}

static void
tell_settle (SimEngine *self, HistoryPhase phase, const ChihuoMail *mail)
{
  HistoryLine *line = tell (self, HISTORY_EVENT_SETTLE, phase, mail->run);

  line->how = mail->item.settle.how;
  line->finish = mail->item.settle.finish;
  line->delay = mail->item.settle.delay;
  line->answer = phase == HISTORY_PHASE_OK ? mail->item.answer : CHIHUO_ANSWER_NONE;
}

static void
tell_claim (SimEngine *self, const ChihuoItem *item)
{
  SimWorld *world = self->process->world;

  for (guint i = 0; i < item->claim.n_claimed; i++)
    {
      const ChihuoClaimed *claimed = &item->claim.claimed[i];
      HistoryLine *line = tell (self, HISTORY_EVENT_CLAIM, HISTORY_PHASE_OK, NULL);

      line->id = sim_world_word (world, chihuo_payload_get_id (claimed->payload));
      line->info = sim_world_word (world, chihuo_payload_get_json (claimed->payload));
      line->token = claimed->token;
      line->since = self->process->first_sent_at;
      line->lease = item->claim.lease;
      line->priority = claimed->priority;
    }
}

static void
tell_answer (SimEngine *self, const ChihuoMail *mail)
{
  HistoryLine *line;

  switch ((int) mail->item.op)
    {
    case CHIHUO_OP_CLAIM:
      tell_claim (self, &mail->item);
      break;
    case CHIHUO_OP_SETTLE:
      tell_settle (self, HISTORY_PHASE_OK, mail);
      break;
    case CHIHUO_OP_RENEW:
    default:
      line = tell (self, HISTORY_EVENT_RENEW, HISTORY_PHASE_OK, mail->run);
      line->since = self->process->first_sent_at;
      line->answer = mail->item.answer;
      break;
    }
}

/* --- code --- */

static const SimPlan *
get_plan (SimEngine *self)
{
  return &self->process->world->plan;
}

static SimRandom *
get_random (SimEngine *self)
{
  return &self->process->world->random;
}

static void
end_code (SimCode *code, const ChihuoEnd *end)
{
  SimEngine *self = code->engine;
  ChihuoMoment moment = sim_process_get_moment (self->process);
  ChihuoRun *run = g_steal_pointer (&code->run);

  tell (self, HISTORY_EVENT_END, HISTORY_PHASE_NONE, run);
  if (code->takes_back)
    chihuo_engine_set_finish (self->engine, run, FALSE);
  if (!run->begun)
    chihuo_engine_note_pace (self->engine, moment.lease - run->started_at, 1);
  chihuo_engine_end (self->engine, &moment, run, end);
}

static void
end_cb (SimWorld *world, gpointer data)
{
  SimCode *code = data;
  ChihuoEnd end = { .kind = code->kind, .seconds = NAN, .error = "it failed" };

  if (code->run == NULL || code->ends_at > world->now)
    return;

  if (code->kind == CHIHUO_END_POSTPONED)
    end.seconds = sim_random_range (&world->random, 1, 5);
  else if (code->kind == CHIHUO_END_FAILED && sim_random_chance (&world->random, 0.1))
    end.seconds = sim_random_range (&world->random, 0, 3);
  if (code->run->cancel != CHIHUO_CANCEL_NONE && !code->deaf)
    end = (ChihuoEnd) { .kind = CHIHUO_END_FAILED, .seconds = NAN, .error = "cancelled" };

  end_code (code, &end);
  settle_down (code->engine);
  sim_process_check_over (code->engine->process);
  sim_process_poke (code->engine->process);
}

static void
order_end (SimCode *code, gint64 duration)
{
  SimProcess *process = code->engine->process;

  code->ends_at = process->world->now + duration;
  sim_world_at (process->world, code->ends_at, process, end_cb, code, NULL);
}

static gint64
choose_duration (SimEngine *self)
{
  const SimPlan *plan = get_plan (self);
  SimRandom *random = get_random (self);

  if (sim_random_chance (random, plan->quick_runs))
    return sim_random_spread (random, 10, 5000);
  if (self->process->world->healed)
    return sim_random_range (random, 1, 1000) * MILLISECONDS;
  if (sim_random_chance (random, plan->long_runs))
    return sim_random_range (random, plan->lease / 2, 2 * plan->lease);
  return sim_random_spread (random, 5, 2000) * MILLISECONDS;
}

static ChihuoEndKind
choose_kind (SimEngine *self)
{
  const SimPlan *plan = get_plan (self);
  SimRandom *random = get_random (self);

  if (self->process->world->healed)
    return CHIHUO_END_DONE;
  if (sim_random_chance (random, plan->fail))
    return CHIHUO_END_FAILED;
  if (sim_random_chance (random, plan->reject))
    return CHIHUO_END_REJECTED;
  if (sim_random_chance (random, plan->postpone))
    return CHIHUO_END_POSTPONED;
  return CHIHUO_END_DONE;
}

static void
start_code (SimEngine *self)
{
  const SimPlan *plan = get_plan (self);
  ChihuoMoment moment = sim_process_get_moment (self->process);
  SimCode *code = g_new0 (SimCode, 1);

  code->engine = self;
  code->run = chihuo_engine_take (self->engine, &moment);
  g_assert_cmpuint (chihuo_engine_get_n_running (self->engine), <=,
                    chihuo_engine_get_concurrency (self->engine));
  code->run->begun = plan->begun;
  code->run->runner_data = code;
  code->kind = choose_kind (self);
  code->deaf = !self->process->world->healed && sim_random_chance (get_random (self), plan->deaf);
  g_ptr_array_add (self->codes, code);
  tell (self, HISTORY_EVENT_START, HISTORY_PHASE_NONE, code->run);

  if (sim_random_chance (get_random (self), plan->finish))
    {
      chihuo_engine_set_finish (self->engine, code->run, TRUE);
      code->takes_back = sim_random_chance (get_random (self), 0.2);
    }
  order_end (code, choose_duration (self));
}

/* --- after whatever may have changed the engine's state --- */

static void
cancel_code (SimCode *code)
{
  if (code->deaf || code->ends_at <= code->engine->process->world->now)
    return;

  order_end (code, sim_random_range (get_random (code->engine), 0, 50) * MILLISECONDS);
}

/* A begun task was told a lease ago and has not answered */
static void
end_overdue (SimCode *code)
{
  ChihuoEnd end = { .kind = CHIHUO_END_FAILED, .seconds = NAN, .error = "no answer" };
  ChihuoRun *run = code->run;

  if (run->begun && (run->cancel == CHIHUO_CANCEL_TIMED_OUT || run->cancel == CHIHUO_CANCEL_LOST))
    end_code (code, &end);
}

static void
do_actions (SimEngine *self)
{
  ChihuoAction action;
  ChihuoRun *run;

  while ((action = chihuo_engine_pop_action (self->engine, &run)) != CHIHUO_ACTION_NONE)
    if (run->runner_data != NULL && action == CHIHUO_ACTION_CANCEL)
      cancel_code (run->runner_data);
    else if (run->runner_data != NULL)
      end_overdue (run->runner_data);
}

static void
settle_down (SimEngine *self)
{
  ChihuoRun *run;

  do_actions (self);
  while ((run = chihuo_engine_pop_over (self->engine)) != NULL)
    chihuo_engine_free_run (run);
  if (self->process->permit == self && !chihuo_engine_holds_suspect (self->engine))
    self->process->permit = NULL;

  while (chihuo_engine_get_n_startable (self->engine) > 0)
    start_code (self);

  if (!self->over && chihuo_engine_is_over (self->engine))
    {
      self->over = TRUE;
      tell (self, HISTORY_EVENT_EXIT, HISTORY_PHASE_NONE, NULL);
      sim_process_check_over (self->process);
    }
}

/* --- the connection's side --- */

guint
sim_engine_collect (SimEngine *self, ChihuoMail *mails, guint max)
{
  SimProcess *process = self->process;
  gboolean may_claim_suspect = process->permit == NULL;
  guint n;

  if (may_claim_suspect)
    process->permit = self;
  n = chihuo_engine_collect (self->engine, &process->moment, may_claim_suspect, mails, max);
  for (guint i = 0; i < n; i++)
    if (mails[i].item.op == CHIHUO_OP_SETTLE)
      tell_settle (self, HISTORY_PHASE_INVOKE, &mails[i]);
  do_actions (self);
  if (n == 0)
    settle_down (self);

  return n;
}

void
sim_engine_deliver (SimEngine *self, ChihuoMail *mails, guint n)
{
  for (guint i = 0; i < n; i++)
    tell_answer (self, &mails[i]);
  chihuo_engine_deliver (self->engine, &self->process->moment, mails, n);
  settle_down (self);
}

void
sim_engine_undone (SimEngine *self, ChihuoMail *mails, guint n)
{
  for (guint i = 0; i < n; i++)
    if (mails[i].item.op == CHIHUO_OP_SETTLE)
      tell_settle (self, HISTORY_PHASE_FAIL, &mails[i]);
  chihuo_engine_undone (self->engine, mails, n);
  settle_down (self);
}

void
sim_engine_news (SimEngine *self, gboolean notice)
{
  if (notice)
    chihuo_engine_note_notice (self->engine);
  else
    chihuo_engine_note_work (self->engine);
}

/* Somebody wants it to run more tasks at a time, or fewer: what runs goes on */
void
sim_engine_tune (SimEngine *self, guint concurrency)
{
  chihuo_engine_set_concurrency (self->engine, concurrency);
  sim_world_count (self->process->world, SIM_EFFECT_TUNINGS);
  settle_down (self);
  sim_process_poke (self->process);
}

/* When it wants to be asked, on its process's lease clock */
gint64
sim_engine_get_next (SimEngine *self)
{
  if (chihuo_engine_wants_exchange (self->engine))
    return 0;

  return chihuo_engine_get_next_time (self->engine);
}

/* --- life --- */

void
sim_engine_stop (SimEngine *self)
{
  ChihuoMoment moment = sim_process_get_moment (self->process);

  tell (self, HISTORY_EVENT_STOP, HISTORY_PHASE_NONE, NULL);
  chihuo_engine_stop (self->engine, &moment);
  settle_down (self);
  sim_process_poke (self->process);
}

/* The second signal: stop again, and give up what still runs */
void
sim_engine_abandon (SimEngine *self)
{
  ChihuoMoment moment = sim_process_get_moment (self->process);

  chihuo_engine_stop (self->engine, &moment);
  chihuo_engine_abandon (self->engine);
  settle_down (self);
  sim_process_poke (self->process);
}

gboolean
sim_engine_is_over (SimEngine *self)
{
  return self->over;
}

/* Whether code that was given up has not returned yet: the process cannot end well before it has */
gboolean
sim_engine_has_left (SimEngine *self)
{
  return chihuo_engine_get_n_left (self->engine) > 0;
}

gboolean
sim_engine_runs_code (SimEngine *self)
{
  return chihuo_engine_get_n_running (self->engine) > 0;
}

static ChihuoEngineOptions
get_options (SimProcess *process, const char *name)
{
  const SimPlan *plan = &process->world->plan;

  return (ChihuoEngineOptions) { .queue = sim_store_get_queue (),
                                 .claimant = name,
                                 .concurrency = plan->concurrency,
                                 .max_tries = plan->max_tries,
                                 .max_crashes = plan->max_crashes,
                                 .lease = plan->lease,
                                 .linger = plan->linger,
                                 .drain_timeout = plan->drain_timeout,
                                 .poll = plan->poll,
                                 .retry_policy = plan->retry_policy,
                                 .run_forever = plan->run_forever || process->world->healed,
                                 .finish_on_success = plan->finish_on_success,
                                 .seed = (guint32) sim_random_next (&process->world->random) };
}

SimEngine *
sim_engine_new (SimProcess *process, guint number)
{
  SimEngine *self = g_new0 (SimEngine, 1);
  g_autofree char *name = g_strdup_printf ("%s/%u", process->name, number);
  ChihuoEngineOptions options;

  self->process = process;
  self->name = sim_world_word (process->world, name);
  options = get_options (process, self->name);
  self->engine = chihuo_engine_new (&options);
  self->codes = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
sim_engine_free (SimEngine *self)
{
  g_ptr_array_unref (self->codes);
  chihuo_engine_free (self->engine);
  g_free (self);
}
