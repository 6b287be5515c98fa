/* test-memory-queue.c - a queue in memory against a naive model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-task-life.h"
#include "memory-fixture.h"

/* The model has an array of records and looks through all of it for everything. That a step itself
 * is right is for other tests to show; here it is order, places, tokens, counts and lists. */

#define N_IDS        30
#define N_OPERATIONS 20000

typedef struct
{
  Fixture      *fixture;
  ChihuoRecord  records[N_IDS];
  gint64        head;
  gint64        tail;
  guint64       token;
  ChihuoClaimed held[N_IDS]; /* the last run of each id */
  const char   *holders[N_IDS];
} Model;

static ChihuoPayload *
make_payload (guint index)
{
  g_autofree char *id = g_strdup_printf ("id%02u", index);

  return chihuo_payload_new (id, -1, "{\"n\":1}", -1);
}

static ChihuoAnswer
model_step (Model *model, guint index, const ChihuoItem *event)
{
  ChihuoRecord *record = &model->records[index];
  ChihuoPlace place;
  ChihuoAnswer answer;

  if (record->payload == NULL)
    record->payload = make_payload (index);
  answer = chihuo_task_life_step (record, event, &model->fixture->moment, &place);
  if (place == CHIHUO_PLACE_TAIL)
    record->place = ++model->tail;
  else if (place == CHIHUO_PLACE_HEAD)
    record->place = --model->head;
  if (record->state == CHIHUO_TASK_STATE_ABSENT && !record->finished)
    chihuo_record_clear (record);

  return answer;
}

/* Negative, 0 or positive, by key */
static int
compare_records (const ChihuoRecord *a, const ChihuoRecord *b)
{
  gint64 a_major, a_minor, b_major, b_minor;

  chihuo_record_get_key (a, &a_major, &a_minor);
  chihuo_record_get_key (b, &b_major, &b_minor);
  if (a_major != b_major)
    return a_major < b_major ? -1 : 1;
  return (a_minor > b_minor) - (a_minor < b_minor);
}

/* The first one in a state, behind a given one; suspects may be left out */
static int
model_first (Model *model, ChihuoTaskState state, const ChihuoRecord *after, gboolean suspects)
{
  int found = -1;

  for (int i = 0; i < N_IDS; i++)
    {
      const ChihuoRecord *record = &model->records[i];

      if (record->state != state || (record->crashes > 0 && !suspects)
          || (after != NULL && compare_records (record, after) <= 0))
        continue;
      if (found < 0 || compare_records (record, &model->records[found]) < 0)
        found = i;
    }

  return found;
}

/* The same in both; the answers must be the same */
static void
do_both (Model *model, guint index, ChihuoItem *item)
{
  ChihuoAnswer expected;

  item->payload = make_payload (index);
  expected = model_step (model, index, item);
  g_assert_cmpint (send (model->fixture, item), ==, expected);
  chihuo_item_clear (item);
}

static void
random_add (Model *model, guint index)
{
  ChihuoItem item = { .op = CHIHUO_OP_ADD };

  item.add.flags = g_test_rand_bit () ? 0 : g_test_rand_int_range (0, 32);
  item.add.has_priority = g_test_rand_bit ();
  if (item.add.has_priority)
    item.add.priority = g_test_rand_int_range (-2, 3);
  if (g_test_rand_int_range (0, 4) == 0)
    item.add.delay = g_test_rand_int_range (1, 20) * G_USEC_PER_SEC;
  do_both (model, index, &item);
}

static void
random_plain (Model *model, guint index)
{
  const ChihuoOp ops[] = { CHIHUO_OP_FINISH, CHIHUO_OP_UNFINISH, CHIHUO_OP_UNFINISH,
                           CHIHUO_OP_REMOVE, CHIHUO_OP_CANCEL,   CHIHUO_OP_RETRY_DEAD };
  ChihuoItem item = { .op = ops[g_test_rand_int_range (0, G_N_ELEMENTS (ops))] };

  do_both (model, index, &item);
}

/* Of a run that may be over already */
static void
random_settle (Model *model, guint index)
{
  ChihuoItem item = { .op = CHIHUO_OP_SETTLE,
                      .claimant = model->holders[index],
                      .token = model->held[index].token,
                      .handle = model->held[index].handle };

  if (g_test_rand_int_range (0, 4) == 0)
    {
      item.op = CHIHUO_OP_RENEW;
      item.renew.lease = LEASE;
      do_both (model, index, &item);
      return;
    }

  item.settle.how = g_test_rand_int_range (CHIHUO_SETTLE_DONE, CHIHUO_SETTLE_ABANDONED + 1);
  item.settle.finish = g_test_rand_int_range (0, 8) == 0;
  item.settle.delay = g_test_rand_int_range (-1, 9) * G_USEC_PER_SEC;
  if (item.settle.delay < 0)
    item.settle.delay = -1;
  item.settle.error = g_strdup ("no luck");
  do_both (model, index, &item);
}

static void
model_due (Model *model)
{
  const ChihuoItem due = { .op = CHIHUO_OP_DUE };
  int first;

  while ((first = model_first (model, CHIHUO_TASK_STATE_DELAYED, NULL, TRUE)) >= 0
         && model->records[first].when <= model->fixture->moment.now)
    model_step (model, first, &due);
}

static void
check_claimed (Model *model, ChihuoItem *item, const ChihuoClaimed *claimed, guint *n_suspects)
{
  gboolean suspects = *n_suspects < item->claim.suspects;
  int first = model_first (model, CHIHUO_TASK_STATE_WAITING, NULL, suspects);

  g_assert_cmpint (first, >=, 0);
  model->token = MAX (model->token + 1, (guint64) model->fixture->moment.now);
  item->token = model->token;
  g_assert_cmpint (model_step (model, first, item), ==, CHIHUO_ANSWER_OK);
  g_assert_true (chihuo_payload_equal (claimed->payload, model->records[first].payload));
  g_assert_cmpuint (claimed->token, ==, model->token);
  g_assert_cmpuint (claimed->failures, ==, model->records[first].failures);
  g_assert_cmpuint (claimed->crashes, ==, model->records[first].crashes);
  g_assert_cmpuint (claimed->max_tries, ==, model->records[first].max_tries);

  if (claimed->crashes > 0)
    (*n_suspects)++;
  model->held[first] = *claimed;
  model->held[first].payload = NULL;
  model->holders[first] = item->claimant;
}

static void
random_claim (Model *model)
{
  ChihuoItem item = claim_item (g_test_rand_int_range (1, 6), g_test_rand_int_range (0, 2),
                                ++model->fixture->claim_request);
  guint n_suspects = 0;

  item.claimant = g_intern_static_string (g_test_rand_bit () ? "engine" : "motor");
  item.claim.max_tries = 3;
  model_due (model);
  send (model->fixture, &item);

  for (guint i = 0; i < item.claim.n_claimed; i++)
    check_claimed (model, &item, &item.claim.claimed[i], &n_suspects);
  if (item.claim.n_claimed < item.claim.n)
    g_assert_cmpint (model_first (model, CHIHUO_TASK_STATE_WAITING, NULL,
                                  n_suspects < item.claim.suspects),
                     <, 0);
  chihuo_item_clear (&item);
}

static void
reap_both (Model *model)
{
  const ChihuoItem event = { .op = CHIHUO_OP_REAP, .reap.counted = TRUE };
  ChihuoRecord after = { .state = CHIHUO_TASK_STATE_RUNNING, .place = G_MININT64 };
  guint n = 0;
  int next;

  while ((next = model_first (model, CHIHUO_TASK_STATE_RUNNING, &after, TRUE)) >= 0)
    {
      after.place = model->records[next].place;
      if (model->records[next].when > model->fixture->moment.lease)
        continue;
      model_step (model, next, &event);
      n++;
    }

  g_assert_cmpuint (reap (model->fixture), ==, n);
}

static void
sweep_both (Model *model, ChihuoSweepWhat what, ChihuoTaskState state, ChihuoOp op)
{
  const ChihuoItem event = { .op = op };
  ChihuoRecord after = { .state = state, .place = G_MININT64 };
  guint64 n = 0;
  int next;

  after.when = G_MININT64;
  after.priority = G_MININT8;
  while ((next = model_first (model, state, &after, TRUE)) >= 0)
    {
      after.when = model->records[next].when;
      after.priority = model->records[next].priority;
      after.place = model->records[next].place;
      if (model_step (model, next, &event) == CHIHUO_ANSWER_OK)
        n++;
    }

  g_assert_cmpuint (sweep_all (model->fixture, what), ==, n);
}

static void
random_sweep (Model *model)
{
  switch (g_test_rand_int_range (0, 5))
    {
    case 0:
      sweep_both (model, CHIHUO_SWEEP_WHAT_CLEAR_WAITING, CHIHUO_TASK_STATE_WAITING,
                  CHIHUO_OP_REMOVE);
      break;
    case 1:
      sweep_both (model, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED, CHIHUO_TASK_STATE_DELAYED,
                  CHIHUO_OP_REMOVE);
      break;
    case 2:
      sweep_both (model, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING, CHIHUO_TASK_STATE_RUNNING,
                  CHIHUO_OP_REMOVE);
      break;
    case 3:
      sweep_both (model, CHIHUO_SWEEP_WHAT_CLEAR_DEAD, CHIHUO_TASK_STATE_DEAD, CHIHUO_OP_REMOVE);
      break;
    default:
      sweep_both (model, CHIHUO_SWEEP_WHAT_RETRY_DEAD, CHIHUO_TASK_STATE_DEAD,
                  CHIHUO_OP_RETRY_DEAD);
      break;
    }
}

static void
check_list (Model *model, ChihuoTaskState state)
{
  g_autofree char *ids = list_in_pages (model->fixture, state, FALSE, g_test_rand_int_range (1, 9));
  g_autoptr (GString) expected = g_string_new (NULL);
  int next = -1;

  while ((next = model_first (model, state, next < 0 ? NULL : &model->records[next], TRUE)) >= 0)
    g_string_append_printf (expected, "%sid%02d", expected->len > 0 ? " " : "", next);

  g_assert_cmpstr (ids, ==, expected->str);
}

static void
check_finished (Model *model)
{
  g_autofree char *ids = list_in_pages (model->fixture, CHIHUO_TASK_STATE_ABSENT, TRUE, 7);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (int i = 0; i < N_IDS; i++)
    if (model->records[i].finished)
      g_string_append_printf (expected, "%sid%02d", expected->len > 0 ? " " : "", i);

  g_assert_cmpstr (ids, ==, expected->str);
}

static void
check_record (Model *model, guint index)
{
  g_autofree char *id = g_strdup_printf ("id%02u", index);
  g_autoptr (ChihuoRecord) record = look (model->fixture, id);
  const ChihuoRecord *expected = &model->records[index];

  g_assert_cmpint (record->state, ==, expected->state);
  g_assert_cmpint (record->finished, ==, expected->finished);
  if (expected->state == CHIHUO_TASK_STATE_ABSENT)
    return;

  g_assert_cmpint (record->fate, ==, expected->fate);
  g_assert_cmpint (record->priority, ==, expected->priority);
  g_assert_cmpint (record->when, ==, expected->when);
  g_assert_cmpuint (record->failures, ==, expected->failures);
  g_assert_cmpuint (record->crashes, ==, expected->crashes);
  g_assert_cmpstr (record->claimant, ==, expected->claimant);
  g_assert_cmpstr (record->error, ==, expected->error);
}

static guint
count_holders (Model *model)
{
  gboolean engine = FALSE;
  gboolean motor = FALSE;

  for (guint i = 0; i < N_IDS; i++)
    {
      engine |= g_strcmp0 (model->records[i].claimant, "engine") == 0;
      motor |= g_strcmp0 (model->records[i].claimant, "motor") == 0;
    }

  return engine + motor;
}

static void
check_stats (Model *model)
{
  ChihuoStats stats = get_stats (model->fixture);
  guint64 counts[CHIHUO_TASK_STATE_DEAD + 1] = { 0 };
  guint64 n_finished = 0;
  gint64 next_due = 0;

  for (guint i = 0; i < N_IDS; i++)
    {
      const ChihuoRecord *record = &model->records[i];

      counts[record->state]++;
      n_finished += record->finished;
      if (record->state == CHIHUO_TASK_STATE_DELAYED && (next_due == 0 || record->when < next_due))
        next_due = record->when;
    }

  g_assert_cmpuint (stats.waiting, ==, counts[CHIHUO_TASK_STATE_WAITING]);
  g_assert_cmpuint (stats.delayed, ==, counts[CHIHUO_TASK_STATE_DELAYED]);
  g_assert_cmpuint (stats.running, ==, counts[CHIHUO_TASK_STATE_RUNNING]);
  g_assert_cmpuint (stats.dead, ==, counts[CHIHUO_TASK_STATE_DEAD]);
  g_assert_cmpuint (stats.finished, ==, n_finished);
  g_assert_cmpint (stats.next_due, ==, next_due);
  g_assert_cmpuint (stats.workers, ==, count_holders (model));
}

static void
check_all (Model *model)
{
  for (ChihuoTaskState state = CHIHUO_TASK_STATE_WAITING; state <= CHIHUO_TASK_STATE_DEAD; state++)
    check_list (model, state);
  check_finished (model);
  check_stats (model);
  for (guint i = 0; i < N_IDS; i++)
    check_record (model, i);
}

static void
random_operation (Model *model)
{
  guint index = g_test_rand_int_range (0, N_IDS);
  int dice = g_test_rand_int_range (0, 100);

  if (dice < 40)
    random_add (model, index);
  else if (dice < 50)
    random_plain (model, index);
  else if (dice < 60)
    random_claim (model);
  else if (dice < 90)
    random_settle (model, index);
  else if (dice < 97)
    pass (model->fixture, g_test_rand_int_range (0, 8) * G_USEC_PER_SEC);
  else if (dice < 99)
    reap_both (model);
  else if (g_test_rand_int_range (0, 4) == 0)
    random_sweep (model);
}

static void
test_model (Fixture *f, gconstpointer data)
{
  Model model = { .fixture = f };
  guint seen[CHIHUO_TASK_STATE_DEAD + 1] = { 0 };

  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      random_operation (&model);
      seen[model.records[i % N_IDS].state]++;
      if (i % 5 == 0)
        check_all (&model);
    }

  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    g_assert_cmpuint (seen[i], >, N_OPERATIONS / 200);
  for (guint i = 0; i < N_IDS; i++)
    chihuo_record_clear (&model.records[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/memory-queue/model", Fixture, NULL, set_up, test_model, tear_down);

  return g_test_run ();
}
