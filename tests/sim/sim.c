/* sim.c - plays many workers' lives under faults, each from a seed, and has them judged
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>

#include "checker.h"
#include "sim-process.h"

/* How long it may take to drain when the faults are over: the longest retry, the longest pause,
 * leases */
#define DRAIN_TIME (600 * SECONDS)
#define JUMP_TIME (3700 * SECONDS)

#define SAME_SEEDS 25 /* so many are played twice */

static guint64 first_seed = 1;
static gint64 only_seed = -1;
static int n_seeds = 2000;
static int demand = 20;
static gboolean print_log;
static char *until;

static const GOptionEntry entries[] = {
  { "seed", 's', 0, G_OPTION_ARG_INT64, &only_seed, "Play this seed only", "N" },
  { "log", 'l', 0, G_OPTION_ARG_NONE, &print_log, "Print the history", NULL },
  { "first", 'f', 0, G_OPTION_ARG_INT64, &first_seed, "Begin with this seed", "N" },
  { "seeds", 'n', 0, G_OPTION_ARG_INT, &n_seeds, "How many seeds", "N" },
  { "demand", 'd', 0, G_OPTION_ARG_INT, &demand, "The fewest effects of each kind", "N" },
  { "until", 'u', 0, G_OPTION_ARG_STRING, &until,
    "End with the first seed that breaks this invariant", "NAME" },
  { NULL },
};

/* What must have happened so often that the battery means something */
static const SimEffect demanded[] = {
  SIM_EFFECT_KILLED_RUNS,   SIM_EFFECT_PAUSES,          SIM_EFFECT_JUMPS,
  SIM_EFFECT_OUTAGES,       SIM_EFFECT_REPEATED_CLAIMS, SIM_EFFECT_REAPS,
  SIM_EFFECT_STALE_SETTLES, SIM_EFFECT_LOST_LEASES,     SIM_EFFECT_AGAIN_ENDS,
  SIM_EFFECT_DROPPED_ENDS,  SIM_EFFECT_RETURNS,         SIM_EFFECT_ABANDONS,
  SIM_EFFECT_DEAD_ENDS,     SIM_EFFECT_FINISHING_ENDS,  SIM_EFFECT_SECOND_STOPS,
  SIM_EFFECT_SWEPT,         SIM_EFFECT_CUT_MARKS,       SIM_EFFECT_TUNINGS,
  SIM_EFFECT_ORDERED_SEEDS,
};

/* --- one seed --- */

static void
heal (SimWorld *world)
{
  HistoryLine *line = sim_world_tell (world, HISTORY_EVENT_HEAL, HISTORY_PHASE_NONE);

  line->lease = DRAIN_TIME + (world->plan.jump_gap > 0 ? JUMP_TIME : 0);
  sim_faults_heal (world);
}

static gboolean
is_drained (SimWorld *world)
{
  for (guint i = 0; i < world->processes->len; i++)
    {
      SimProcess *process = g_ptr_array_index (world->processes, i);

      if (process->alive
          && (process->calls.length > 0 || process->sent->len > 0 || process->n_shares > 0
              || process->paused_until > world->now))
        return FALSE;
    }

  return sim_store_is_empty (world->store, world);
}

static void
drain (SimWorld *world)
{
  gint64 end = world->now + DRAIN_TIME + (world->plan.jump_gap > 0 ? JUMP_TIME : 0);

  while (world->now < end && !is_drained (world))
    {
      gint64 next = MIN (world->now + 1 * SECONDS, end);

      while (sim_world_step (world, next))
        ;
    }
  if (is_drained (world))
    sim_world_tell (world, HISTORY_EVENT_DRAINED, HISTORY_PHASE_NONE);
}

static void
look_at (SimWorld *world, const char *id)
{
  g_autoptr (ChihuoRecord) record = sim_store_look (world->store, id);
  HistoryLine *line = sim_world_tell (world, HISTORY_EVENT_FINAL, HISTORY_PHASE_NONE);

  line->id = id;
  line->state = record->state;
  line->finish = record->finished;
}

static void
look_at_all (SimWorld *world)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);
  guint n = world->history->len;

  for (guint i = 0; i < n; i++)
    {
      const char *id = g_array_index (world->history, HistoryLine, i).id;

      if (id != NULL && g_hash_table_add (seen, (gpointer) id))
        look_at (world, id);
    }
}

static gboolean
has_order_faults (SimWorld *world)
{
  for (guint i = 0; i < world->history->len; i++)
    {
      HistoryEvent event = g_array_index (world->history, HistoryLine, i).event;

      if (event >= HISTORY_EVENT_KILL && event <= HISTORY_EVENT_CUT)
        return TRUE;
    }

  return FALSE;
}

static void
play (SimWorld *world, guint64 seed, guint64 *effects)
{
  gint64 end;

  sim_world_init (world, seed, effects);
  sim_people_start (world);
  sim_faults_start (world);
  end = world->now + world->plan.duration;
  while (sim_world_step (world, end))
    ;
  heal (world);
  drain (world);
  look_at_all (world);
  if (world->plan.fresh_ids && !has_order_faults (world))
    sim_world_count (world, SIM_EFFECT_ORDERED_SEEDS);
}

static char *
print_history (GArray *history)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < history->len; i++)
    history_line_print (&g_array_index (history, HistoryLine, i), text);

  return g_string_free (text, FALSE);
}

static char *
hash_of_seed (guint64 seed)
{
  guint64 effects[SIM_N_EFFECTS] = { 0 };
  g_autofree char *text = NULL;
  SimWorld world;

  play (&world, seed, effects);
  text = print_history (world.history);
  sim_world_clear (&world);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

/* --- what is said --- */

/* For the mutants: whether the one invariant is among those that were broken */
static gboolean
is_until (GPtrArray *violations)
{
  for (guint i = 0; until != NULL && i < violations->len; i++)
    {
      const Violation *violation = g_ptr_array_index (violations, i);

      if (g_str_equal (invariant_get_name (violation->invariant), until))
        return TRUE;
    }

  return FALSE;
}

static void
print_violations (SimWorld *world, guint64 seed, GPtrArray *violations)
{
  g_autoptr (GString) plan = g_string_new (NULL);

  sim_plan_print (&world->plan, plan);
  g_print ("seed %" G_GUINT64_FORMAT ":%s\n", seed, plan->str);
  for (guint i = 0; i < violations->len; i++)
    {
      const Violation *violation = g_ptr_array_index (violations, i);

      g_print ("  %s: %s\n", invariant_get_name (violation->invariant), violation->text);
    }
}

/* Plays and judges one seed: whether all was kept */
static gboolean
judge_seed (guint64 seed, guint64 *effects, guint64 *n_lines)
{
  g_autoptr (GPtrArray) violations = NULL;
  SimWorld world;

  play (&world, seed, effects);
  violations = checker_judge (world.history);
  *n_lines += world.history->len;
  if (print_log)
    {
      g_autoptr (GString) plan = g_string_new (NULL);
      g_autofree char *text = print_history (world.history);

      sim_plan_print (&world.plan, plan);
      g_print ("# seed %" G_GUINT64_FORMAT ":%s\n%s", seed, plan->str, text);
    }
  if (violations->len > 0 && (until == NULL || is_until (violations)))
    print_violations (&world, seed, violations);
  if (is_until (violations))
    exit (EXIT_FAILURE);
  sim_world_clear (&world);

  return violations->len == 0;
}

static gboolean
print_effects (const guint64 *effects)
{
  gboolean enough = TRUE;

  for (guint i = 0; i < SIM_N_EFFECTS; i++)
    g_print ("%s%" G_GUINT64_FORMAT " %s", i > 0 ? ", " : "", effects[i], sim_effect_get_name (i));
  g_print ("\n");

  for (guint i = 0; i < G_N_ELEMENTS (demanded); i++)
    if (effects[demanded[i]] < (guint64) demand)
      {
        g_print ("too few %s: %" G_GUINT64_FORMAT ", at least %d are needed to prove anything\n",
                 sim_effect_get_name (demanded[i]), effects[demanded[i]], demand);
        enough = FALSE;
      }

  return enough;
}

static gboolean
check_same (void)
{
  for (guint64 seed = first_seed; seed < first_seed + MIN (SAME_SEEDS, n_seeds); seed++)
    {
      g_autofree char *first = hash_of_seed (seed);
      g_autofree char *second = hash_of_seed (seed);

      if (g_strcmp0 (first, second) != 0)
        {
          g_print ("seed %" G_GUINT64_FORMAT ": its history is another one the second time\n",
                   seed);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
judge_all (void)
{
  guint64 effects[SIM_N_EFFECTS] = { 0 };
  guint64 n_lines = 0;
  guint n_bad = 0;
  gboolean enough;

  for (guint64 seed = first_seed; seed < first_seed + n_seeds; seed++)
    n_bad += !judge_seed (seed, effects, &n_lines);

  enough = print_effects (effects);
  g_print ("%d seeds, %" G_GUINT64_FORMAT " lines, %u seeds with violations\n", n_seeds, n_lines,
           n_bad);
  if (n_bad > 0)
    g_print ("play one again with: sim --seed N --log\n");

  return n_bad == 0 && enough && check_same ();
}

/* What a store says when it cuts is no news here */
static GLogWriterOutput
log_writer (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & G_LOG_LEVEL_MESSAGE) != 0)
    return G_LOG_WRITER_HANDLED;

  return g_log_writer_default (level, fields, n_fields, data);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- the simulation");
  g_autoptr (GError) error = NULL;
  guint64 effects[SIM_N_EFFECTS] = { 0 };
  guint64 n_lines = 0;

  g_log_set_writer_func (log_writer, NULL, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  if (only_seed >= 0)
    return judge_seed (only_seed, effects, &n_lines) ? EXIT_SUCCESS : EXIT_FAILURE;

  return judge_all () ? EXIT_SUCCESS : EXIT_FAILURE;
}
