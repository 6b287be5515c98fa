/* test-task-life.c - holds the pure function of a task's life against the table
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-task-life.h"
#include "conformance/chihuo-life-scene.h"

#define NOW      (1000 * (gint64) G_USEC_PER_SEC)
#define LEASE    (50 * (gint64) G_USEC_PER_SEC)
#define DELAY    (7 * (gint64) G_USEC_PER_SEC)
#define PLACE    42
#define TOKEN    77
#define FAILURES 2
#define CRASHES  1

static const ChihuoMoment moment = { .now = NOW, .lease = LEASE };

static ChihuoPayload *
payload (const char *json)
{
  return chihuo_payload_new ("id", -1, json, -1);
}

static ChihuoAddFlags
add_flags (guint when, guint shift_even_finished, guint shift_at_head)
{
  ChihuoAddFlags flags = CHIHUO_ADD_FLAGS_NONE;

  if (when & shift_even_finished)
    flags |= CHIHUO_ADD_FLAGS_EVEN_FINISHED;
  if (when & shift_at_head)
    flags |= CHIHUO_ADD_FLAGS_AT_HEAD;

  return flags;
}

static ChihuoPending *
make_pending (guint when)
{
  ChihuoPending *pending = g_new0 (ChihuoPending, 1);

  pending->payload = payload ("\"pending\"");
  pending->flags = add_flags (when, CHIHUO_WHEN_PENDING_EVEN_FINISHED, CHIHUO_WHEN_PENDING_AT_HEAD);
  pending->delay = (when & CHIHUO_WHEN_PENDING_DELAY) ? DELAY : 0;
  pending->max_tries = 9;
  pending->priority = 3;
  pending->timeout = 3000;

  return pending;
}

static void
make_record (ChihuoRecord *record, const ChihuoSituation *situation)
{
  memset (record, 0, sizeof *record);
  record->state = situation->state;
  record->finished = situation->finished;
  record->fate = situation->fate;
  record->token = TOKEN;
  record->place = PLACE;
  if (situation->state == CHIHUO_TASK_STATE_ABSENT)
    return;

  record->payload = payload ("\"old\"");
  record->error = g_strdup ("old error");
  record->failures = FAILURES;
  record->crashes = CRASHES;
  record->priority = 5;
  record->when = 1;
  record->max_tries = (situation->when & CHIHUO_WHEN_LAST_TRY) ? FAILURES + 1 : 25;
  record->max_crashes = (situation->when & CHIHUO_WHEN_LAST_CRASH) ? CRASHES + 1 : 9;
  if (situation->state == CHIHUO_TASK_STATE_RUNNING)
    record->claimant = "claimant";
  record->cancelled = (situation->when & CHIHUO_WHEN_CANCELLED) != 0;
  record->abandoned = (situation->when & CHIHUO_WHEN_ABANDONED) != 0;
  if (situation->fate == CHIHUO_FATE_AGAIN)
    record->pending = make_pending (situation->when);
}

static void
make_add (ChihuoItem *event, guint when)
{
  event->op = CHIHUO_OP_ADD;
  event->payload = payload ("\"new\"");
  event->add.flags = add_flags (when, CHIHUO_WHEN_EVEN_FINISHED, CHIHUO_WHEN_AT_HEAD);
  if (when & CHIHUO_WHEN_EVEN_DEAD)
    event->add.flags |= CHIHUO_ADD_FLAGS_EVEN_DEAD;
  if (when & CHIHUO_WHEN_SKIP_RUNNING)
    event->add.flags |= CHIHUO_ADD_FLAGS_SKIP_RUNNING;
  if (when & CHIHUO_WHEN_REPLACE)
    event->add.flags |= CHIHUO_ADD_FLAGS_REPLACE;
  event->add.delay = (when & CHIHUO_WHEN_DELAY) ? DELAY : 0;
  event->add.max_tries = 4;
  event->add.priority = -4;
  event->add.timeout = 2000;
}

static void
make_settle (ChihuoItem *event, const char *how, guint when)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (CHIHUO_TYPE_SETTLE);

  event->op = CHIHUO_OP_SETTLE;
  event->settle.how = g_enum_get_value_by_nick (klass, how)->value;
  event->settle.finish = (when & CHIHUO_WHEN_FINISH) != 0;
  event->settle.delay = (when & CHIHUO_WHEN_IN_PLACE) ? -1 : DELAY;
  event->settle.error = g_strdup ("given error");
}

static void
make_event (ChihuoItem *event, const ChihuoSituation *situation)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (CHIHUO_TYPE_OP);
  guint when = situation->when;

  memset (event, 0, sizeof *event);
  event->claimant = (when & CHIHUO_WHEN_STALE) ? "another" : "claimant";
  event->token = TOKEN;
  if (g_str_has_prefix (situation->event, "settle-"))
    {
      make_settle (event, situation->event + strlen ("settle-"), when);
      return;
    }

  event->op = g_enum_get_value_by_nick (klass, situation->event)->value;
  if (event->op == CHIHUO_OP_ADD)
    make_add (event, when);
  else if (event->op == CHIHUO_OP_REAP)
    event->reap.counted = (when & CHIHUO_WHEN_UNCOUNTED) == 0;
  else if (event->op == CHIHUO_OP_JUNK)
    event->junk.reason = g_strdup ("given error");
  else if (event->op == CHIHUO_OP_CLAIM)
    event->claim.lease = 30 * (gint64) G_USEC_PER_SEC;
}

static void
check_counter (guint now, guint before, int change)
{
  g_assert_cmpuint (now, ==, change < 0 ? 0 : before + change);
}

static void
check_info (const ChihuoRecord *record, const ChihuoRecord *before, ChihuoSource source)
{
  const char *json = NULL;

  if (source == CHIHUO_SOURCE_NEW)
    json = "\"new\"";
  else if (source == CHIHUO_SOURCE_PENDING)
    json = "\"pending\"";
  else if (source == CHIHUO_SOURCE_OLD && before->payload != NULL)
    json = "\"old\"";

  if (json != NULL)
    g_assert_cmpstr (chihuo_payload_get_json (record->payload), ==, json);
  if (source == CHIHUO_SOURCE_NEW)
    g_assert_cmpuint (record->own_tries, ==, 4);
  if (source == CHIHUO_SOURCE_PENDING)
    g_assert_cmpuint (record->own_tries, ==, 9);
}

static void
check_error (const ChihuoRecord *record, const ChihuoRecord *before, ChihuoSource source)
{
  switch (source)
    {
    case CHIHUO_SOURCE_OLD:
      g_assert_cmpstr (record->error, ==, before->error);
      break;
    case CHIHUO_SOURCE_NONE:
      g_assert_null (record->error);
      break;
    case CHIHUO_SOURCE_GIVEN:
      g_assert_cmpstr (record->error, ==, "given error");
      break;
    case CHIHUO_SOURCE_CANCELLED:
      g_assert_cmpstr (record->error, ==, "cancelled");
      break;
    case CHIHUO_SOURCE_CRASHED:
      g_assert_nonnull (strstr (record->error, "worker died"));
      break;
    case CHIHUO_SOURCE_NEW:
    case CHIHUO_SOURCE_PENDING:
    default:
      g_assert_not_reached ();
    }
}

static void
check_flags (const ChihuoRecord *record, const ChihuoRecord *before, const ChihuoLifeRow *row)
{
  gboolean cancelled = before->cancelled || (row->sets & CHIHUO_WHEN_CANCELLED);
  gboolean abandoned = before->abandoned || (row->sets & CHIHUO_WHEN_ABANDONED);

  g_assert_cmpint (record->cancelled, ==, cancelled && !row->clears);
  g_assert_cmpint (record->abandoned, ==, abandoned && !row->clears);
}

/* A pending add is there exactly while the fate is AGAIN, and it is the newest */
static void
check_pending (const ChihuoRecord *record, ChihuoAnswer answer)
{
  g_assert_cmpint (record->pending != NULL, ==, record->fate == CHIHUO_FATE_AGAIN);
  if (answer != CHIHUO_ANSWER_AGAIN)
    return;

  g_assert_cmpstr (chihuo_payload_get_json (record->pending->payload), ==, "\"new\"");
  g_assert_cmpint (record->pending->priority, ==, -4);
  g_assert_cmpuint (record->pending->max_tries, ==, 4);
}

static void
check_always_true (const ChihuoRecord *record)
{
  if (record->finished)
    g_assert_true (record->state == CHIHUO_TASK_STATE_ABSENT
                   || (record->state == CHIHUO_TASK_STATE_RUNNING
                       && record->fate == CHIHUO_FATE_DROP));
  if (record->state != CHIHUO_TASK_STATE_RUNNING)
    {
      g_assert_cmpint (record->fate, ==, CHIHUO_FATE_PLAIN);
      g_assert_null (record->claimant);
    }
  g_assert_cmpuint (record->token, ==, TOKEN);
  g_assert_cmpint (record->place, ==, PLACE);
}

static void
check_situation (const ChihuoSituation *situation, gpointer user_data)
{
  ChihuoLifeRow *row = chihuo_life_table_find (user_data, situation);
  g_autofree char *text = chihuo_situation_describe (situation);
  g_autoptr (ChihuoRecord) before = NULL;
  ChihuoRecord record;
  ChihuoItem event;
  ChihuoPlace place;

  make_record (&record, situation);
  make_event (&event, situation);
  if (event.op == CHIHUO_OP_CLAIM)
    event.token = TOKEN;
  before = chihuo_record_copy (&record);
  g_test_message ("line %u: %s", row->line, text);

  g_assert_cmpint (chihuo_task_life_step (&record, &event, &moment, &place), ==, row->answer);
  g_assert_cmpint (place, ==, row->place);
  g_assert_cmpint (record.state, ==, row->state < 0 ? before->state : row->state);
  g_assert_cmpint (record.finished, ==, row->finished < 0 ? before->finished : row->finished);
  g_assert_cmpint (record.fate, ==, row->fate < 0 ? before->fate : row->fate);
  check_flags (&record, before, row);
  check_counter (record.failures, before->failures, row->failures);
  check_counter (record.crashes, before->crashes, row->crashes);
  check_info (&record, before, row->info);
  check_error (&record, before, row->error);
  check_pending (&record, row->answer);
  check_always_true (&record);

  chihuo_item_clear (&event);
  chihuo_record_clear (&record);
}

static void
test_table (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "task-life.csv", NULL);
  g_autoptr (ChihuoLifeTable) table = chihuo_life_table_new (path);
  guint n = chihuo_scene_walk (check_situation, table);

  g_assert_cmpuint (n, >, 1000);
  for (guint i = 0; i < table->rows->len; i++)
    {
      ChihuoLifeRow *row = g_ptr_array_index (table->rows, i);

      if (row->n_used == 0)
        g_error ("task-life.csv:%u: no situation uses this row", row->line);
    }
}

/* The runs below start from here */
static void
make_running (ChihuoRecord *record)
{
  ChihuoSituation situation = { "renew", CHIHUO_TASK_STATE_RUNNING, CHIHUO_FATE_PLAIN, FALSE, 0 };

  make_record (record, &situation);
}

static ChihuoAnswer
step (ChihuoRecord *record, ChihuoItem *event)
{
  ChihuoPlace place;
  ChihuoAnswer answer = chihuo_task_life_step (record, event, &moment, &place);

  chihuo_item_clear (event);
  return answer;
}

static void
test_claim (void)
{
  ChihuoRecord record = { .state = CHIHUO_TASK_STATE_WAITING, .own_tries = 2 };
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM, .claimant = "me", .token = 5 };

  claim.claim.lease = 3;
  claim.claim.request = 8;
  claim.claim.max_tries = 25;
  claim.claim.max_crashes = 6;
  g_assert_cmpint (step (&record, &claim), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (record.when, ==, LEASE + 3);
  g_assert_cmpuint (record.token, ==, 5);
  g_assert_cmpstr (record.claimant, ==, "me");
  g_assert_cmpuint (record.request, ==, 8);
  g_assert_cmpuint (record.max_tries, ==, 2);
  g_assert_cmpuint (record.max_crashes, ==, 6);

  record.state = CHIHUO_TASK_STATE_WAITING;
  record.own_tries = 0;
  g_assert_cmpint (step (&record, &claim), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpuint (record.max_tries, ==, 25);
}

static void
test_times (void)
{
  ChihuoRecord record;
  ChihuoItem renew = { .op = CHIHUO_OP_RENEW, .claimant = "claimant", .token = TOKEN };
  ChihuoItem settle = { .op = CHIHUO_OP_SETTLE, .claimant = "claimant", .token = TOKEN };

  make_running (&record);
  renew.renew.lease = 11;
  g_assert_cmpint (step (&record, &renew), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (record.when, ==, LEASE + 11);

  settle.settle.how = CHIHUO_SETTLE_ABANDONED;
  g_assert_cmpint (step (&record, &settle), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (record.when, ==, LEASE + CHIHUO_ABANDONED_LEASE);

  settle.settle.how = CHIHUO_SETTLE_POSTPONED;
  settle.settle.delay = 13;
  g_assert_cmpint (step (&record, &settle), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (record.when, ==, NOW + 13);
  chihuo_record_clear (&record);
}

static void
test_stale (void)
{
  ChihuoRecord record;
  ChihuoItem renew = { .op = CHIHUO_OP_RENEW, .claimant = "claimant", .token = TOKEN - 1 };
  g_autofree char *equal = g_strdup ("claimant");

  make_running (&record);
  g_assert_cmpint (step (&record, &renew), ==, CHIHUO_ANSWER_STALE);
  renew.token = TOKEN + 1;
  g_assert_cmpint (step (&record, &renew), ==, CHIHUO_ANSWER_STALE);
  renew.token = TOKEN;
  renew.claimant = NULL;
  g_assert_cmpint (step (&record, &renew), ==, CHIHUO_ANSWER_STALE);
  renew.claimant = equal;
  g_assert_cmpint (step (&record, &renew), ==, CHIHUO_ANSWER_OK);
  chihuo_record_clear (&record);
}

/* 0 = never start again after a crash, and so does 1 */
static void
test_max_crashes (void)
{
  for (guint max_crashes = 0; max_crashes < 3; max_crashes++)
    {
      ChihuoRecord record;
      ChihuoItem reap = { .op = CHIHUO_OP_REAP };

      make_running (&record);
      record.crashes = 0;
      record.max_crashes = max_crashes;
      reap.reap.counted = TRUE;
      g_assert_cmpint (step (&record, &reap), ==,
                       max_crashes < 2 ? CHIHUO_ANSWER_DEAD : CHIHUO_ANSWER_OK);
      chihuo_record_clear (&record);
    }
}

/* A text over the limit is cut between two characters */
static void
test_error_length (void)
{
  ChihuoRecord record;
  ChihuoItem settle = { .op = CHIHUO_OP_SETTLE, .claimant = "claimant", .token = TOKEN };
  GString *text = g_string_new ("x");

  while (text->len < 2 * CHIHUO_ERROR_MAX_LENGTH)
    g_string_append (text, "ü");

  make_running (&record);
  settle.settle.how = CHIHUO_SETTLE_REJECTED;
  settle.settle.error = g_string_free (text, FALSE);
  g_assert_cmpint (step (&record, &settle), ==, CHIHUO_ANSWER_DEAD);
  g_assert_cmpuint (strlen (record.error), ==, CHIHUO_ERROR_MAX_LENGTH - 1);
  g_assert_true (g_utf8_validate (record.error, -1, NULL));
  chihuo_record_clear (&record);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/task-life/table", test_table);
  g_test_add_func ("/task-life/claim", test_claim);
  g_test_add_func ("/task-life/times", test_times);
  g_test_add_func ("/task-life/stale", test_stale);
  g_test_add_func ("/task-life/max-crashes", test_max_crashes);
  g_test_add_func ("/task-life/error-length", test_error_length);
  return g_test_run ();
}
