/* chihuo-conformance-life.c - walks task-life.csv through a real backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-conformance-parts.h"
#include "chihuo-life-scene.h"

/* For each situation an id is brought into it by real requests, the event is sent, and what a
 * look and the figures then say is held against the row. What cannot be asked for from outside
 * (junk, a reap that is not counted) is the unit tests' of each backend. */

#define ID "id"

typedef struct
{
  ChihuoTrial     *trial;
  ChihuoLifeTable *table;
  ChihuoClaimed    run;    /* (owned payload): while it runs */
  guint            n;      /* how many situations were walked */
} Walk;

static ChihuoAnswer
add (Walk *walk, const char *json, ChihuoAddFlags flags, gint64 delay, guint max_tries)
{
  g_auto (ChihuoItem) item = chihuo_trial_add_item (walk->trial, ID, json);

  item.add.flags = flags;
  item.add.delay = delay;
  item.add.max_tries = max_tries;

  return chihuo_trial_do (walk->trial, &item);
}

static void
start_run (Walk *walk)
{
  g_auto (ChihuoItem) item = chihuo_trial_claim (walk->trial, 1);

  g_assert_cmpuint (item.claim.n_claimed, ==, 1);
  walk->run = item.claim.claimed[0];
  chihuo_payload_ref (walk->run.payload);
}

static ChihuoAnswer
settle (Walk *walk, ChihuoSettle how, guint when)
{
  ChihuoTrial *trial = walk->trial;
  g_auto (ChihuoItem) item = chihuo_trial_item (trial, CHIHUO_OP_SETTLE, ID);

  item.claimant = trial->claimant;
  item.token = walk->run.token;
  item.handle = walk->run.handle;
  if (when & CHIHUO_WHEN_STALE)
    {
      if (walk->n % 2 == 0)
        item.token--;
      else
        item.claimant = g_intern_static_string ("another");
    }
  item.settle.how = how;
  item.settle.finish = (when & CHIHUO_WHEN_FINISH) != 0;
  item.settle.delay = (when & CHIHUO_WHEN_IN_PLACE) ? -1 : CHIHUO_TRIAL_HOUR;
  item.settle.error = g_strdup ("given error");

  return chihuo_trial_do (trial, &item);
}

static ChihuoAnswer
renew (Walk *walk, guint when)
{
  ChihuoTrial *trial = walk->trial;
  g_auto (ChihuoItem) item = chihuo_trial_item (trial, CHIHUO_OP_RENEW, ID);

  item.claimant = trial->claimant;
  item.token = (when & CHIHUO_WHEN_STALE) ? walk->run.token - 1 : walk->run.token;
  item.handle = walk->run.handle;
  item.renew.lease = CHIHUO_TRIAL_LEASE;

  return chihuo_trial_do (trial, &item);
}

static ChihuoAddFlags
pending_flags (guint when)
{
  ChihuoAddFlags flags = CHIHUO_ADD_FLAGS_NONE;

  if (when & CHIHUO_WHEN_PENDING_EVEN_FINISHED)
    flags |= CHIHUO_ADD_FLAGS_EVEN_FINISHED;
  if (when & CHIHUO_WHEN_PENDING_AT_HEAD)
    flags |= CHIHUO_ADD_FLAGS_AT_HEAD;

  return flags;
}

static void
bring_into_run (Walk *walk, const ChihuoSituation *situation)
{
  guint when = situation->when;

  walk->trial->max_crashes = (when & CHIHUO_WHEN_LAST_CRASH) ? 1 : 9;
  add (walk, "\"old\"", 0, 0, (when & CHIHUO_WHEN_LAST_TRY) ? 1 : 25);
  start_run (walk);

  if (situation->fate == CHIHUO_FATE_AGAIN)
    add (walk, "\"pending\"", pending_flags (when),
         (when & CHIHUO_WHEN_PENDING_DELAY) ? CHIHUO_TRIAL_HOUR : 0, 9);
  else if (situation->fate == CHIHUO_FATE_DROP)
    chihuo_trial_simple (walk->trial, situation->finished ? CHIHUO_OP_FINISH : CHIHUO_OP_REMOVE,
                         ID);
  if (when & CHIHUO_WHEN_CANCELLED)
    chihuo_trial_simple (walk->trial, CHIHUO_OP_CANCEL, ID);
  if (when & CHIHUO_WHEN_ABANDONED)
    settle (walk, CHIHUO_SETTLE_ABANDONED, 0);
}

static void
bring_into (Walk *walk, const ChihuoSituation *situation)
{
  switch (situation->state)
    {
    case CHIHUO_TASK_STATE_ABSENT:
      if (situation->finished)
        chihuo_trial_simple (walk->trial, CHIHUO_OP_FINISH, ID);
      break;
    case CHIHUO_TASK_STATE_WAITING:
      add (walk, "\"old\"", 0, 0, 25);
      break;
    case CHIHUO_TASK_STATE_DELAYED:
      add (walk, "\"old\"", 0, CHIHUO_TRIAL_HOUR, 25);
      break;
    case CHIHUO_TASK_STATE_RUNNING:
      bring_into_run (walk, situation);
      break;
    case CHIHUO_TASK_STATE_DEAD:
      add (walk, "\"old\"", 0, 0, 25);
      start_run (walk);
      settle (walk, CHIHUO_SETTLE_REJECTED, 0);
      break;
    default:
      g_assert_not_reached ();
    }
}

static ChihuoAnswer
send_add (Walk *walk, guint when)
{
  ChihuoAddFlags flags = CHIHUO_ADD_FLAGS_NONE;

  if (when & CHIHUO_WHEN_AT_HEAD)
    flags |= CHIHUO_ADD_FLAGS_AT_HEAD;
  if (when & CHIHUO_WHEN_EVEN_FINISHED)
    flags |= CHIHUO_ADD_FLAGS_EVEN_FINISHED;
  if (when & CHIHUO_WHEN_EVEN_DEAD)
    flags |= CHIHUO_ADD_FLAGS_EVEN_DEAD;
  if (when & CHIHUO_WHEN_SKIP_RUNNING)
    flags |= CHIHUO_ADD_FLAGS_SKIP_RUNNING;
  if (when & CHIHUO_WHEN_REPLACE)
    flags |= CHIHUO_ADD_FLAGS_REPLACE;

  return add (walk, "\"new\"", flags, (when & CHIHUO_WHEN_DELAY) ? CHIHUO_TRIAL_HOUR : 0, 4);
}

static ChihuoAnswer
send_claim (Walk *walk)
{
  g_auto (ChihuoItem) item = chihuo_trial_claim (walk->trial, 1);

  if (item.claim.n_claimed == 0)
    return CHIHUO_ANSWER_ABSENT;

  g_assert_cmpstr (chihuo_payload_get_id (item.claim.claimed[0].payload), ==, ID);
  walk->run = item.claim.claimed[0];
  chihuo_payload_ref (walk->run.payload);
  return CHIHUO_ANSWER_OK;
}

/* A reap answers nobody, so what the row says is taken for granted, and the look judges */
static ChihuoAnswer
send_reap (Walk *walk, const ChihuoSituation *situation, ChihuoAnswer answer)
{
  chihuo_trial_kill (walk->trial);
  g_assert_cmpuint (chihuo_trial_reap (walk->trial), ==,
                    situation->state == CHIHUO_TASK_STATE_RUNNING ? 1 : 0);

  return answer;
}

static ChihuoAnswer
send_event (Walk *walk, const ChihuoSituation *situation, ChihuoAnswer answer)
{
  g_autoptr (GEnumClass) ops = g_type_class_ref (CHIHUO_TYPE_OP);
  g_autoptr (GEnumClass) settles = g_type_class_ref (CHIHUO_TYPE_SETTLE);
  const char *event = situation->event;

  if (g_str_has_prefix (event, "settle-"))
    return settle (walk, g_enum_get_value_by_nick (settles, event + strlen ("settle-"))->value,
                   situation->when);
  if (strcmp (event, "add") == 0)
    return send_add (walk, situation->when);
  if (strcmp (event, "renew") == 0)
    return renew (walk, situation->when);
  if (strcmp (event, "claim") == 0)
    return send_claim (walk);
  if (strcmp (event, "reap") == 0)
    return send_reap (walk, situation, answer);

  return chihuo_trial_simple (walk->trial, g_enum_get_value_by_nick (ops, event)->value, ID);
}

static void
check_texts (const ChihuoRecord *now, const ChihuoRecord *before, const ChihuoLifeRow *row)
{
  const char *json = row->info == CHIHUO_SOURCE_NEW ? "\"new\"" : "\"pending\"";

  if (now->state != CHIHUO_TASK_STATE_ABSENT)
    {
      if (row->info == CHIHUO_SOURCE_OLD)
        json = chihuo_payload_get_json (before->payload);
      g_assert_cmpstr (chihuo_payload_get_json (now->payload), ==, json);
    }

  if (row->error == CHIHUO_SOURCE_OLD)
    g_assert_cmpstr (now->error, ==, before->error);
  else if (row->error == CHIHUO_SOURCE_NONE)
    g_assert_null (now->error);
  else if (row->error == CHIHUO_SOURCE_GIVEN)
    g_assert_cmpstr (now->error, ==, "given error");
  else if (row->error == CHIHUO_SOURCE_CANCELLED)
    g_assert_cmpstr (now->error, ==, "cancelled");
  else
    g_assert_nonnull (strstr (now->error, "worker died"));
}

/* The delayed task beside it has a place that was given before the event's */
static void
check_place (const ChihuoRecord *now, const ChihuoRecord *before, const ChihuoRecord *beside,
             const ChihuoLifeRow *row)
{
  if (now->state == CHIHUO_TASK_STATE_ABSENT)
    return;
  if (row->place == CHIHUO_PLACE_TAIL)
    g_assert_cmpint (now->place, >, MAX (before->place, beside->place));
  else if (row->place == CHIHUO_PLACE_HEAD)
    g_assert_cmpint (now->place, <, beside->place);
  else
    g_assert_cmpint (now->place, ==, before->place);
}

static void
check_record (const ChihuoRecord *now, const ChihuoRecord *before, const ChihuoLifeRow *row)
{
  gboolean cancelled = before->cancelled || (row->sets & CHIHUO_WHEN_CANCELLED);

  g_assert_cmpint (now->state, ==, row->state < 0 ? before->state : (guint8) row->state);
  g_assert_cmpint (now->finished, ==, row->finished < 0 ? before->finished
                                                         : (guint8) row->finished);
  g_assert_cmpint (now->fate, ==, row->fate < 0 ? before->fate : (guint8) row->fate);
  g_assert_cmpint (now->cancelled, ==, cancelled && !row->clears);
  g_assert_cmpuint (now->failures, ==, row->failures < 0 ? 0 : before->failures + row->failures);
  g_assert_cmpuint (now->crashes, ==, row->crashes < 0 ? 0 : before->crashes + row->crashes);
}

static void
check_figures (Walk *walk, const ChihuoRecord *now)
{
  ChihuoStats stats;

  chihuo_trial_stats (walk->trial, &stats);
  g_assert_cmpuint (stats.waiting, ==, now->state == CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpuint (stats.delayed, ==, 1 + (now->state == CHIHUO_TASK_STATE_DELAYED));
  g_assert_cmpuint (stats.running, ==, now->state == CHIHUO_TASK_STATE_RUNNING);
  g_assert_cmpuint (stats.dead, ==, now->state == CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpuint (stats.finished, ==, now->finished);
  g_assert_cmpuint (stats.workers, ==, now->state == CHIHUO_TASK_STATE_RUNNING);
}

/* Nothing of the id is left for the next situation */
static void
clean_up (Walk *walk)
{
  if (walk->run.payload != NULL)
    settle (walk, CHIHUO_SETTLE_DONE, 0);
  chihuo_trial_simple (walk->trial, CHIHUO_OP_REMOVE, ID);
  chihuo_trial_simple (walk->trial, CHIHUO_OP_UNFINISH, ID);
  g_clear_pointer (&walk->run.payload, chihuo_payload_unref);
  memset (&walk->run, 0, sizeof walk->run);
}

/* What the pure function's own test walks in full; here it would only be the same requests again */
static gboolean
is_out_of_reach (const ChihuoSituation *situation)
{
  guint of_record = CHIHUO_WHEN_CANCELLED | CHIHUO_WHEN_ABANDONED
                    | CHIHUO_WHEN_PENDING_EVEN_FINISHED | CHIHUO_WHEN_PENDING_AT_HEAD
                    | CHIHUO_WHEN_PENDING_DELAY;

  if (strcmp (situation->event, "due") == 0 || strcmp (situation->event, "junk") == 0)
    return TRUE;
  if (strcmp (situation->event, "reap") == 0)
    return (situation->when & CHIHUO_WHEN_UNCOUNTED) != 0;

  return strcmp (situation->event, "add") == 0 && (situation->when & of_record) != 0;
}

static void
walk_one (const ChihuoSituation *situation, gpointer user_data)
{
  Walk *walk = user_data;
  ChihuoLifeRow *row;
  g_autofree char *text = chihuo_situation_describe (situation);
  g_autoptr (ChihuoRecord) beside = NULL;
  g_autoptr (ChihuoRecord) before = NULL;
  g_autoptr (ChihuoRecord) now = NULL;

  if (is_out_of_reach (situation))
    return;

  row = chihuo_life_table_find (walk->table, situation);
  walk->n++;
  bring_into (walk, situation);
  chihuo_trial_add_later (walk->trial, "beside", 1000 * CHIHUO_TRIAL_HOUR);
  beside = chihuo_trial_look (walk->trial, "beside");
  before = chihuo_trial_look (walk->trial, ID);
  g_assert_cmpint (before->state, ==, situation->state);
  g_assert_cmpint (before->fate, ==, situation->fate);
  g_assert_cmpint (before->finished, ==, situation->finished);

  if (g_test_verbose ())
    g_test_message ("line %u: %s", row->line, text);
  g_assert_cmpint (send_event (walk, situation, row->answer), ==, row->answer);
  now = chihuo_trial_look (walk->trial, ID);
  check_record (now, before, row);
  check_texts (now, before, row);
  check_place (now, before, beside, row);
  check_figures (walk, now);

  clean_up (walk);
  chihuo_trial_simple (walk->trial, CHIHUO_OP_REMOVE, "beside");
}

static void
test_table (const ChihuoConformanceFactory *factory)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "task-life.csv", NULL);
  g_autoptr (ChihuoLifeTable) table = chihuo_life_table_new (path);
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  Walk walk = { .trial = trial, .table = table };

  chihuo_scene_walk (walk_one, &walk);
  g_assert_cmpuint (walk.n, >, 1000);
  chihuo_trial_check (trial);
}

const ChihuoConformanceEntry chihuo_conformance_life[] = {
  { "task-life", test_table },
  { NULL, NULL },
};
