/* test-memory-backend.c - tests of the queues in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <malloc.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-memory-backend.h"

#define START G_GINT64_CONSTANT (1700000000000000)
#define LEASE (30 * G_USEC_PER_SEC)
#define QUEUE (g_intern_static_string ("queue"))

typedef struct
{
  ChihuoBackend *backend;
  ChihuoMoment   moment;
  guint32        request;
  guint32        claim_request;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->backend = chihuo_memory_backend_new ();
  f->moment = (ChihuoMoment) { .now = START, .lease = 0 };
  g_assert_true (chihuo_backend_open (f->backend, NULL, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chihuo_backend_close (f->backend, &error));
  g_assert_no_error (error);
  g_assert_finalize_object (f->backend);
}

static void
pass (Fixture *f, gint64 duration)
{
  f->moment.now += duration;
  f->moment.lease += duration;
}

static void
exchange (Fixture *f, const char *client, ChihuoItem **items, guint n_items, guint32 request)
{
  g_autoptr (GError) error = NULL;
  ChihuoBatch batch = { .client = g_intern_string (client),
                        .request = request,
                        .moment = f->moment,
                        .items = items,
                        .n_items = n_items };

  g_assert_true (chihuo_backend_exchange (f->backend, &batch, &error));
  g_assert_no_error (error);
}

static ChihuoAnswer
send (Fixture *f, ChihuoItem *item)
{
  item->queue = QUEUE;
  exchange (f, "client", &item, 1, ++f->request);

  return item->answer;
}

static ChihuoItem
add_item (const char *id, ChihuoAddFlags flags, int priority, gint64 delay)
{
  ChihuoItem item = { .op = CHIHUO_OP_ADD,
                      .queue = QUEUE,
                      .payload = chihuo_payload_new (id, -1, "{\"n\":1}", -1) };

  item.add.flags = flags;
  item.add.priority = priority;
  item.add.has_priority = priority != 0;
  item.add.delay = delay;

  return item;
}

static ChihuoAnswer
add (Fixture *f, const char *id, ChihuoAddFlags flags, int priority, gint64 delay)
{
  ChihuoItem item = add_item (id, flags, priority, delay);
  ChihuoAnswer answer = send (f, &item);

  chihuo_item_clear (&item);
  return answer;
}

static void
add_all (Fixture *f, const char *ids)
{
  g_auto (GStrv) list = g_strsplit (ids, " ", -1);

  for (guint i = 0; list[i] != NULL; i++)
    g_assert_cmpint (add (f, list[i], 0, 0, 0), ==, CHIHUO_ANSWER_ADDED);
}

static ChihuoAnswer
act (Fixture *f, ChihuoOp op, const char *id)
{
  ChihuoItem item = { .op = op, .payload = chihuo_payload_new (id, -1, NULL, 0) };
  ChihuoAnswer answer = send (f, &item);

  chihuo_item_clear (&item);
  return answer;
}

static ChihuoItem
claim_item (guint n, guint suspects, guint32 request)
{
  ChihuoItem item = { .op = CHIHUO_OP_CLAIM,
                      .queue = QUEUE,
                      .claimant = g_intern_static_string ("engine") };

  item.claim.n = n;
  item.claim.suspects = suspects;
  item.claim.request = request;
  item.claim.max_tries = 25;
  item.claim.max_crashes = 3;
  item.claim.lease = LEASE;

  return item;
}

static ChihuoItem
claim_some (Fixture *f, guint n, guint suspects)
{
  ChihuoItem item = claim_item (n, suspects, ++f->claim_request);

  g_assert_cmpint (send (f, &item), ==, CHIHUO_ANSWER_OK);
  return item;
}

static char *
join_claimed (const ChihuoItem *item)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < item->claim.n_claimed; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "",
                            chihuo_payload_get_id (item->claim.claimed[i].payload));

  return g_string_free (ids, FALSE);
}

static void
assert_claimed (const ChihuoItem *item, const char *expected)
{
  g_autofree char *ids = join_claimed (item);

  g_assert_cmpstr (ids, ==, expected);
}

static ChihuoAnswer
settle (Fixture *f, const ChihuoClaimed *claimed, ChihuoSettle how, gint64 delay)
{
  ChihuoItem item = { .op = CHIHUO_OP_SETTLE,
                      .payload = chihuo_payload_ref (claimed->payload),
                      .claimant = g_intern_static_string ("engine"),
                      .token = claimed->token,
                      .handle = claimed->handle };
  ChihuoAnswer answer;

  item.settle.how = how;
  item.settle.delay = delay;
  answer = send (f, &item);
  chihuo_item_clear (&item);

  return answer;
}

static void
expect_claim (Fixture *f, guint n, guint suspects, const char *expected)
{
  ChihuoItem item = claim_some (f, n, suspects);

  assert_claimed (&item, expected);
  chihuo_item_clear (&item);
}

static ChihuoStats
get_stats (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats stats = { 0 };

  g_assert_true (chihuo_backend_stats (f->backend, QUEUE, f->moment.now, &stats, &error));
  g_assert_no_error (error);

  return stats;
}

static GPtrArray *
get_page (Fixture *f, ChihuoTaskState state, gboolean finished, const char *after, guint limit)
{
  g_autoptr (GError) error = NULL;
  ChihuoPage page = { .queue = QUEUE,
                      .state = state,
                      .finished = finished,
                      .after = after,
                      .limit = limit,
                      .records
                      = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free) };

  g_assert_true (chihuo_backend_page (f->backend, &page, &error));
  g_assert_no_error (error);

  return page.records;
}

static ChihuoRecord *
look (Fixture *f, const char *id)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new ();
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);
  g_autoptr (GError) error = NULL;
  ChihuoPage page = { .queue = QUEUE, .id = payload, .limit = 1, .records = records };

  g_assert_true (chihuo_backend_page (f->backend, &page, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);

  return g_ptr_array_index (records, 0);
}

/* All of a list, read in pages of the given size, each behind the cursor of the one before */
static char *
list_in_pages (Fixture *f, ChihuoTaskState state, gboolean finished, guint limit)
{
  GString *ids = g_string_new (NULL);
  g_autofree char *after = NULL;

  while (TRUE)
    {
      g_autoptr (GPtrArray) records = get_page (f, state, finished, after, limit);

      for (guint i = 0; i < records->len; i++)
        {
          ChihuoRecord *record = g_ptr_array_index (records, i);
          const char *id = chihuo_payload_get_id (record->payload);

          g_assert_cmpint (record->finished, ==, finished);
          g_string_append_printf (ids, "%s%s", ids->len > 0 ? " " : "", id);
          g_free (after);
          after = finished ? g_strdup (id) : chihuo_record_dup_cursor (record);
        }
      if (records->len < limit)
        return g_string_free (ids, FALSE);
    }
}

static void
expect_list (Fixture *f, ChihuoTaskState state, const char *expected)
{
  for (guint limit = 1; limit < 8; limit++)
    {
      g_autofree char *ids = list_in_pages (f, state, FALSE, limit);

      g_assert_cmpstr (ids, ==, expected);
    }
}

static void
expect_finished (Fixture *f, const char *expected)
{
  for (guint limit = 1; limit < 4; limit++)
    {
      g_autofree char *ids = list_in_pages (f, CHIHUO_TASK_STATE_ABSENT, TRUE, limit);

      g_assert_cmpstr (ids, ==, expected);
    }
}

static guint
reap (Fixture *f)
{
  gboolean more = TRUE;
  guint n = 0;

  while (more)
    {
      g_autoptr (GError) error = NULL;
      guint n_reaped;

      g_assert_true (chihuo_backend_reap (f->backend, &f->moment, &n_reaped, &more, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (n_reaped, <=, CHIHUO_BACKEND_MAX_TOUCHED);
      n += n_reaped;
    }

  return n;
}

static ChihuoSweep
begin_sweep (Fixture *f, ChihuoSweepWhat what)
{
  return (ChihuoSweep) { .queue = QUEUE, .what = what, .moment = f->moment, .more = TRUE };
}

static void
sweep_step (Fixture *f, ChihuoSweep *sweep)
{
  g_autoptr (GError) error = NULL;
  guint64 before = sweep->n_done;

  g_assert_true (chihuo_backend_sweep (f->backend, sweep, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sweep->n_done - before, <=, CHIHUO_BACKEND_MAX_TOUCHED);
}

static guint64
sweep_all (Fixture *f, ChihuoSweepWhat what)
{
  ChihuoSweep sweep = begin_sweep (f, what);

  while (sweep.more)
    sweep_step (f, &sweep);

  return sweep.n_done;
}

/* Adds n tasks in batches, named by a letter and a number */
static void
add_many (Fixture *f, const char *prefix, guint n, gint64 delay)
{
  for (guint done = 0; done < n; done += 1000)
    {
      ChihuoItem items[1000];
      ChihuoItem *pointers[1000];
      guint n_items = MIN (n - done, 1000);

      for (guint i = 0; i < n_items; i++)
        {
          g_autofree char *id = g_strdup_printf ("%s%07u", prefix, done + i);

          items[i] = add_item (id, 0, 0, delay);
          pointers[i] = &items[i];
        }
      exchange (f, "client", pointers, n_items, ++f->request);
      for (guint i = 0; i < n_items; i++)
        {
          g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_ADDED);
          chihuo_item_clear (&items[i]);
        }
    }
}

static void
test_order (Fixture *f, gconstpointer data)
{
  add_all (f, "a b c d");
  g_assert_cmpint (add (f, "b", 0, 0, 0), ==, CHIHUO_ANSWER_EXISTS);
  add (f, "h1", CHIHUO_ADD_FLAGS_AT_HEAD, 0, 0);
  add (f, "h2", CHIHUO_ADD_FLAGS_AT_HEAD, 0, 0);

  expect_list (f, CHIHUO_TASK_STATE_WAITING, "h2 h1 a b c d");
  expect_claim (f, 3, 0, "h2 h1 a");
  g_assert_cmpint (act (f, CHIHUO_OP_REMOVE, "c"), ==, CHIHUO_ANSWER_OK);
  expect_claim (f, 9, 0, "b d");
  expect_claim (f, 9, 0, "");
}

static void
test_priorities (Fixture *f, gconstpointer data)
{
  add (f, "low", 0, 127, 0);
  add (f, "mid1", 0, 0, 0);
  add (f, "high", 0, -128, 0);
  add (f, "minus", 0, -1, 0);
  add (f, "mid2", 0, 0, 0);
  add (f, "sixty", 0, 64, 0);
  add (f, "late", 0, 5, 0);

  expect_list (f, CHIHUO_TASK_STATE_WAITING, "high minus mid1 mid2 late sixty low");
  g_assert_cmpint (add (f, "late", CHIHUO_ADD_FLAGS_REPLACE, -1, 0), ==, CHIHUO_ANSWER_EXISTS);
  g_assert_cmpint (add (f, "mid1", CHIHUO_ADD_FLAGS_REPLACE, -1, 0), ==, CHIHUO_ANSWER_EXISTS);
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "high mid1 minus late mid2 sixty low");
  expect_claim (f, 9, 0, "high mid1 minus late mid2 sixty low");
}

/* Whatever goes back goes to its old place, in which order it may come */
static void
test_old_places (Fixture *f, gconstpointer data)
{
  add_all (f, "a b c d e f g h i j");

  for (guint round = 0; round < 200; round++)
    {
      ChihuoItem item = claim_some (f, 7, 0);
      guint n_left = item.claim.n_claimed;

      assert_claimed (&item, "a b c d e f g");
      while (n_left > 0)
        {
          guint i = g_test_rand_int_range (0, n_left);
          ChihuoClaimed one = item.claim.claimed[i];

          g_assert_cmpint (settle (f, &one, CHIHUO_SETTLE_RETURNED, 0), ==, CHIHUO_ANSWER_OK);
          item.claim.claimed[i] = item.claim.claimed[--n_left];
          item.claim.claimed[n_left] = one;
        }
      chihuo_item_clear (&item);
    }

  expect_list (f, CHIHUO_TASK_STATE_WAITING, "a b c d e f g h i j");
}

static void
test_suspects (Fixture *f, gconstpointer data)
{
  ChihuoItem item;

  add_all (f, "a b c");
  expect_claim (f, 3, 0, "a b c");
  add_all (f, "d");
  pass (f, LEASE);
  g_assert_cmpuint (reap (f), ==, 3);
  add (f, "urgent", 0, -5, 0);

  expect_list (f, CHIHUO_TASK_STATE_WAITING, "urgent a b c d");
  expect_claim (f, 1, 0, "urgent");
  item = claim_some (f, 9, 1);
  assert_claimed (&item, "a d");
  g_assert_cmpuint (item.claim.claimed[0].crashes, ==, 1);
  g_assert_cmpuint (item.claim.n_waiting, ==, 2);
  chihuo_item_clear (&item);

  expect_claim (f, 9, 0, "");
  expect_claim (f, 9, 1, "b");
  expect_claim (f, 9, 1, "c");
}

static void
test_delays (Fixture *f, gconstpointer data)
{
  ChihuoItem item;

  add (f, "three", 0, 0, 3 * G_USEC_PER_SEC);
  add (f, "one", 0, 0, 1 * G_USEC_PER_SEC);
  add (f, "two", 0, 0, 2 * G_USEC_PER_SEC);
  add (f, "two-b", 0, 0, 2 * G_USEC_PER_SEC);
  add_all (f, "now");

  expect_list (f, CHIHUO_TASK_STATE_DELAYED, "one two two-b three");
  item = claim_some (f, 1, 0);
  assert_claimed (&item, "now");
  g_assert_cmpint (item.claim.next_due, ==, START + 1 * G_USEC_PER_SEC);
  chihuo_item_clear (&item);

  pass (f, 2 * G_USEC_PER_SEC);
  item = claim_some (f, 2, 0);
  assert_claimed (&item, "one two");
  g_assert_cmpint (item.claim.next_due, ==, START + 3 * G_USEC_PER_SEC);
  g_assert_cmpuint (item.claim.n_waiting, ==, 1);

  g_assert_cmpint (settle (f, &item.claim.claimed[0], CHIHUO_SETTLE_FAILED, G_USEC_PER_SEC / 2), ==,
                   CHIHUO_ANSWER_OK);
  chihuo_item_clear (&item);
  expect_list (f, CHIHUO_TASK_STATE_DELAYED, "one three");
  pass (f, G_USEC_PER_SEC);
  expect_claim (f, 9, 0, "two-b one three");
}

/* More are due than one call may move: the rest follows with the next */
static void
test_many_due (Fixture *f, gconstpointer data)
{
  ChihuoItem item;

  add_many (f, "t", 3000, G_USEC_PER_SEC);
  pass (f, G_USEC_PER_SEC);

  item = claim_some (f, 1, 0);
  assert_claimed (&item, "t0000000");
  g_assert_cmpuint (item.claim.n_waiting, ==, CHIHUO_BACKEND_MAX_TOUCHED - 1);
  g_assert_cmpint (item.claim.next_due, ==, START + G_USEC_PER_SEC);
  chihuo_item_clear (&item);

  expect_claim (f, 1, 0, "t0000001");
  item = claim_some (f, 1, 0);
  g_assert_cmpuint (item.claim.n_waiting, ==, 2997);
  g_assert_cmpint (item.claim.next_due, ==, 0);
  chihuo_item_clear (&item);
}

static void
test_tokens (Fixture *f, gconstpointer data)
{
  guint64 last = 0;

  for (guint i = 0; i < 10; i++)
    {
      ChihuoItem item;

      add_all (f, "a b");
      item = claim_some (f, 2, 0);
      for (guint k = 0; k < 2; k++)
        {
          ChihuoClaimed *one = &item.claim.claimed[k];
          ChihuoClaimed old = *one;

          g_assert_cmpuint (one->token, >, last);
          last = one->token;
          old.token--;
          g_assert_cmpint (settle (f, &old, CHIHUO_SETTLE_DONE, 0), ==, CHIHUO_ANSWER_STALE);
          g_assert_cmpint (settle (f, one, CHIHUO_SETTLE_DONE, 0), ==, CHIHUO_ANSWER_OK);
          g_assert_cmpint (settle (f, one, CHIHUO_SETTLE_DONE, 0), ==, CHIHUO_ANSWER_STALE);
        }
      chihuo_item_clear (&item);
      pass (f, i % 2 == 0 ? -5 * G_USEC_PER_SEC : G_USEC_PER_SEC);
      sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_WAITING);
    }
  g_assert_cmpuint (last, >=, START);
}

static void
test_paused (Fixture *f, gconstpointer data)
{
  ChihuoItem pause = { .op = CHIHUO_OP_SET_PAUSED };
  ChihuoItem item;

  add_all (f, "a");
  pause.pause.paused = TRUE;
  g_assert_cmpint (send (f, &pause), ==, CHIHUO_ANSWER_OK);
  g_assert_true (get_stats (f).paused);

  item = claim_some (f, 9, 1);
  assert_claimed (&item, "");
  g_assert_true (item.claim.paused);
  g_assert_cmpuint (item.claim.n_waiting, ==, 1);
  chihuo_item_clear (&item);

  pause.pause.paused = FALSE;
  g_assert_cmpint (send (f, &pause), ==, CHIHUO_ANSWER_OK);
  expect_claim (f, 9, 1, "a");
}

static void
test_stats (Fixture *f, gconstpointer data)
{
  ChihuoStats stats = get_stats (f);

  g_assert_cmpuint (stats.waiting + stats.delayed + stats.running + stats.dead + stats.finished, ==,
                    0);
  add_all (f, "a b c");
  pass (f, 2 * G_USEC_PER_SEC);
  add (f, "d", 0, -7, 0);
  add (f, "e", 0, 0, 9 * G_USEC_PER_SEC);
  expect_claim (f, 2, 0, "d a");
  act (f, CHIHUO_OP_FINISH, "a");
  act (f, CHIHUO_OP_FINISH, "never-seen");

  stats = get_stats (f);
  g_assert_cmpuint (stats.waiting, ==, 2);
  g_assert_cmpuint (stats.delayed, ==, 1);
  g_assert_cmpuint (stats.running, ==, 2);
  g_assert_cmpuint (stats.dead, ==, 0);
  g_assert_cmpuint (stats.finished, ==, 2);
  g_assert_cmpuint (stats.workers, ==, 1);
  g_assert_cmpfloat (stats.oldest_waiting, ==, 2.0);
  g_assert_cmpint (stats.next_due, ==, START + 11 * G_USEC_PER_SEC);
}

static void
test_finished (Fixture *f, gconstpointer data)
{
  ChihuoRecord *record;

  add_all (f, "b a c");
  expect_finished (f, "");
  expect_claim (f, 1, 0, "b");
  for (const char *id = "b\0c\0x\0ab\0"; *id != '\0'; id += strlen (id) + 1)
    g_assert_cmpint (act (f, CHIHUO_OP_FINISH, id), ==, CHIHUO_ANSWER_FINISHED);
  expect_finished (f, "ab b c x");
  g_assert_cmpint (add (f, "c", 0, 0, 0), ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (add (f, "c", CHIHUO_ADD_FLAGS_EVEN_FINISHED, 0, 0), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (act (f, CHIHUO_OP_UNFINISH, "x"), ==, CHIHUO_ANSWER_OK);
  expect_finished (f, "ab b");
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "a c");

  record = look (f, "b");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_RUNNING);
  g_assert_true (record->finished);
  chihuo_record_free (record);
  record = look (f, "nobody");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_ABSENT);
  g_assert_cmpstr (chihuo_payload_get_id (record->payload), ==, "nobody");
  chihuo_record_free (record);
}

/* A long info is not kept for a mark */
static void
test_finished_info (Fixture *f, gconstpointer data)
{
  g_autofree char *json = g_strnfill (5000, '1');
  ChihuoItem item = { .op = CHIHUO_OP_ADD, .payload = chihuo_payload_new ("a", -1, json, -1) };
  ChihuoRecord *record;

  send (f, &item);
  chihuo_item_clear (&item);
  act (f, CHIHUO_OP_FINISH, "a");
  record = look (f, "a");
  g_assert_true (record->finished);
  g_assert_cmpint (record->when, ==, START);
  g_assert_cmpuint (chihuo_payload_get_json_length (record->payload), ==, 0);
  chihuo_record_free (record);
}

/* The cursor's task is gone, has moved, or stands elsewhere */
static void
test_cursors (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  ChihuoPage bad = { .queue = QUEUE,
                     .state = CHIHUO_TASK_STATE_WAITING,
                     .after = "no cursor",
                     .limit = 1,
                     .records = none };

  add_all (f, "a b c d e");
  first = get_page (f, CHIHUO_TASK_STATE_WAITING, FALSE, NULL, 3);
  after = chihuo_record_dup_cursor (g_ptr_array_index (first, 2));

  for (guint round = 0; round < 4; round++)
    {
      g_autoptr (GPtrArray) rest = NULL;
      ChihuoRecord *record;

      if (round == 1)
        act (f, CHIHUO_OP_REMOVE, "c");
      else if (round == 2)
        add (f, "c", 0, 0, 0);
      else if (round == 3)
        add (f, "d", CHIHUO_ADD_FLAGS_REPLACE, 0, G_USEC_PER_SEC);

      rest = get_page (f, CHIHUO_TASK_STATE_WAITING, FALSE, after, 9);
      g_assert_cmpuint (rest->len, ==, round < 2 ? 2 : round == 2 ? 3 : 2);
      record = g_ptr_array_index (rest, 0);
      g_assert_cmpstr (chihuo_payload_get_id (record->payload), ==, round < 3 ? "d" : "e");
    }

  g_assert_false (chihuo_backend_page (f->backend, &bad, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_repeated_claim (Fixture *f, gconstpointer data)
{
  ChihuoItem first;
  ChihuoItem again;
  ChihuoRecord *record;

  add_all (f, "a b c d");
  first = claim_some (f, 3, 0);
  assert_claimed (&first, "a b c");
  settle (f, &first.claim.claimed[1], CHIHUO_SETTLE_RETURNED, 0);

  pass (f, G_USEC_PER_SEC);
  again = claim_item (3, 0, f->claim_request);
  g_assert_cmpint (send (f, &again), ==, CHIHUO_ANSWER_OK);
  assert_claimed (&again, "a c");
  g_assert_cmpuint (again.claim.n_lost, ==, 1);
  g_assert_cmpuint (again.claim.n_waiting, ==, 2);
  g_assert_cmpuint (again.claim.claimed[0].token, ==, first.claim.claimed[0].token);
  record = look (f, "c");
  g_assert_cmpint (record->when, ==, f->moment.lease + LEASE);
  chihuo_record_free (record);

  chihuo_item_clear (&first);
  chihuo_item_clear (&again);
  expect_claim (f, 9, 0, "b d");
}

static void
exchange_again (Fixture *f, ChihuoItem **items, guint n_items)
{
  for (guint i = 0; i < n_items; i++)
    {
      items[i]->answer = CHIHUO_ANSWER_NONE;
      if (items[i]->op == CHIHUO_OP_CLAIM)
        chihuo_item_clear (items[i]);
    }
  exchange (f, "other", items, n_items, 7);
}

static void
test_repeated_batch (Fixture *f, gconstpointer data)
{
  ChihuoItem items[4];
  ChihuoItem *pointers[] = { &items[0], &items[1], &items[2], &items[3] };

  add_all (f, "a b");
  items[0] = add_item ("c", 0, 0, 0);
  items[1] = claim_item (2, 0, 100);
  items[2] = claim_item (1, 0, 101);
  items[3] = add_item ("c", CHIHUO_ADD_FLAGS_SKIP_RUNNING, 0, 0);
  exchange (f, "other", pointers, 4, 7);

  for (guint round = 0; round < 3; round++)
    {
      g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);
      g_assert_cmpint (items[1].answer, ==, CHIHUO_ANSWER_OK);
      assert_claimed (&items[1], round < 2 ? "a b" : "b");
      g_assert_cmpuint (items[1].claim.n_lost, ==, round < 2 ? 0 : 1);
      assert_claimed (&items[2], "c");
      g_assert_cmpuint (items[2].claim.n_lost, ==, 0);
      g_assert_cmpint (items[3].answer, ==, CHIHUO_ANSWER_RUNNING);
      g_assert_cmpuint (get_stats (f).waiting, ==, 0);

      if (round == 1)
        settle (f, &items[1].claim.claimed[0], CHIHUO_SETTLE_DONE, 0);
      exchange_again (f, pointers, 4);
    }

  /* A new number is a new batch */
  exchange (f, "other", pointers, 1, 8);
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_AGAIN);

  for (guint i = 0; i < 4; i++)
    chihuo_item_clear (&items[i]);
}

static void
test_sweep_while_adding (Fixture *f, gconstpointer data)
{
  ChihuoSweep sweep;
  guint n_steps = 0;

  add_many (f, "w", 2500, 0);
  add (f, "urgent", 0, -3, 0);
  sweep = begin_sweep (f, CHIHUO_SWEEP_WHAT_CLEAR_WAITING);
  for (; sweep.more; n_steps++)
    {
      g_autofree char *new_id = g_strdup_printf ("new%u", n_steps);
      g_autofree char *head_id = g_strdup_printf ("head%u", n_steps);

      sweep_step (f, &sweep);
      add (f, new_id, 0, 0, 0);
      add (f, head_id, CHIHUO_ADD_FLAGS_AT_HEAD, 0, 0);
    }

  g_assert_cmpuint (n_steps, ==, 3);
  g_assert_cmpuint (sweep.n_done, ==, 2501);
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "head2 head1 head0 new0 new1 new2");
}

static void
test_sweep_delayed (Fixture *f, gconstpointer data)
{
  ChihuoSweep sweep;

  add_many (f, "d", 1500, G_USEC_PER_SEC);
  sweep = begin_sweep (f, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED);
  sweep_step (f, &sweep);
  g_assert_cmpuint (sweep.n_done, ==, CHIHUO_BACKEND_MAX_TOUCHED);
  add_many (f, "same", 1500, G_USEC_PER_SEC);
  add_many (f, "soon", 1500, G_USEC_PER_SEC / 2);
  add (f, "later", 0, 0, 2 * G_USEC_PER_SEC);
  while (sweep.more)
    sweep_step (f, &sweep);

  g_assert_cmpuint (sweep.n_done, ==, 1500);
  g_assert_cmpuint (get_stats (f).delayed, ==, 3001);
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED), ==, 3001);
  g_assert_cmpuint (get_stats (f).delayed, ==, 0);
}

static void
test_sweep_running (Fixture *f, gconstpointer data)
{
  ChihuoItem item;

  add_many (f, "r", 2000, 0);
  item = claim_some (f, 2000, 0);
  g_assert_cmpuint (item.claim.n_claimed, ==, 2000);
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING), ==, 2000);
  g_assert_cmpuint (get_stats (f).running, ==, 2000);
  for (guint i = 0; i < item.claim.n_claimed; i++)
    g_assert_cmpint (settle (f, &item.claim.claimed[i], CHIHUO_SETTLE_RETURNED, 0), ==,
                     CHIHUO_ANSWER_OK);
  chihuo_item_clear (&item);

  g_assert_cmpuint (get_stats (f).running, ==, 0);
  g_assert_cmpuint (get_stats (f).waiting, ==, 0);
  g_assert_cmpuint (get_stats (f).workers, ==, 0);
}

static void
kill_all (Fixture *f, guint n)
{
  ChihuoItem item = claim_some (f, n, 0);

  g_assert_cmpuint (item.claim.n_claimed, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (settle (f, &item.claim.claimed[i], CHIHUO_SETTLE_REJECTED, 0), ==,
                     CHIHUO_ANSWER_DEAD);
  chihuo_item_clear (&item);
}

static void
test_sweep_dead (Fixture *f, gconstpointer data)
{
  add_all (f, "b a c");
  kill_all (f, 3);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "b a c");
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_RETRY_DEAD), ==, 3);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "");
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "b a c");
  kill_all (f, 2);
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_DEAD), ==, 2);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "");
  g_assert_cmpint (act (f, CHIHUO_OP_RETRY_DEAD, "b"), ==, CHIHUO_ANSWER_ABSENT);
}

static void
test_sweep_finished (Fixture *f, gconstpointer data)
{
  add_all (f, "a b c");
  expect_claim (f, 1, 0, "a");
  act (f, CHIHUO_OP_FINISH, "a");
  act (f, CHIHUO_OP_FINISH, "c");
  act (f, CHIHUO_OP_FINISH, "x");
  expect_finished (f, "a c x");

  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_FINISHED), ==, 3);
  expect_finished (f, "");
  g_assert_cmpuint (get_stats (f).finished, ==, 0);
  expect_list (f, CHIHUO_TASK_STATE_RUNNING, "a");
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "b");
}

static void
test_reap (Fixture *f, gconstpointer data)
{
  ChihuoItem item;
  ChihuoItem renew;

  add_many (f, "t", 2500, 0);
  item = claim_some (f, 2500, 0);
  g_assert_cmpuint (reap (f), ==, 0);

  pass (f, LEASE / 2);
  renew = (ChihuoItem) { .op = CHIHUO_OP_RENEW,
                         .payload = chihuo_payload_ref (item.claim.claimed[1].payload),
                         .claimant = g_intern_static_string ("engine"),
                         .token = item.claim.claimed[1].token };
  renew.renew.lease = LEASE;
  g_assert_cmpint (send (f, &renew), ==, CHIHUO_ANSWER_OK);
  chihuo_item_clear (&renew);

  pass (f, LEASE / 2 - 1);
  g_assert_cmpuint (reap (f), ==, 0);
  pass (f, 1);
  g_assert_cmpuint (reap (f), ==, 2499);
  expect_list (f, CHIHUO_TASK_STATE_RUNNING, "t0000001");
  pass (f, LEASE / 2 - 1);
  g_assert_cmpuint (reap (f), ==, 0);
  pass (f, 1);
  g_assert_cmpuint (reap (f), ==, 1);
  g_assert_cmpint (settle (f, &item.claim.claimed[1], CHIHUO_SETTLE_DONE, 0), ==,
                   CHIHUO_ANSWER_STALE);
  g_assert_cmpuint (get_stats (f).waiting, ==, 2500);
  chihuo_item_clear (&item);
}

/* Abandoned ones are free after a second, and nothing is counted */
static void
test_reap_abandoned (Fixture *f, gconstpointer data)
{
  ChihuoItem item;
  ChihuoRecord *record;

  add_all (f, "a b");
  item = claim_some (f, 2, 0);
  settle (f, &item.claim.claimed[0], CHIHUO_SETTLE_ABANDONED, 0);
  chihuo_item_clear (&item);
  g_assert_cmpuint (reap (f), ==, 0);
  pass (f, CHIHUO_ABANDONED_LEASE);
  g_assert_cmpuint (reap (f), ==, 1);
  record = look (f, "a");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpuint (record->crashes, ==, 0);
  chihuo_record_free (record);
}

/* A killer is dead when it has crashed often enough */
static void
test_reap_killer (Fixture *f, gconstpointer data)
{
  add_all (f, "killer");
  for (guint i = 0; i < 3; i++)
    {
      expect_list (f, CHIHUO_TASK_STATE_WAITING, "killer");
      expect_claim (f, 1, 1, "killer");
      pass (f, LEASE);
      g_assert_cmpuint (reap (f), ==, 1);
    }
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "killer");
}

static void
set_retention (Fixture *f, gint64 finished, gint64 dead, guint64 dead_max)
{
  ChihuoItem item = { .op = CHIHUO_OP_SET_RETENTION };

  item.retention.finished = finished;
  item.retention.dead = dead;
  item.retention.dead_max = dead_max;
  g_assert_cmpint (send (f, &item), ==, CHIHUO_ANSWER_OK);
}

static void
test_retention (Fixture *f, gconstpointer data)
{
  add_all (f, "a b c d");
  kill_all (f, 4);
  act (f, CHIHUO_OP_FINISH, "x");
  pass (f, 10);
  act (f, CHIHUO_OP_FINISH, "w");
  reap (f);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "a b c d");

  set_retention (f, 9, 0, 3);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*“queue”*1 dead*1 finished*");
  g_assert_cmpuint (reap (f), ==, 0);
  g_test_assert_expected_messages ();
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "b c d");
  expect_finished (f, "w");

  set_retention (f, 0, 9, 0);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*3 dead*0 finished*");
  reap (f);
  g_test_assert_expected_messages ();
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "");
  expect_finished (f, "w");
}

/* What is kept where nobody has said anything: 10,000 dead, for 90 days */
static void
test_default_retention (Fixture *f, gconstpointer data)
{
  add_many (f, "t", 10001, 0);
  kill_all (f, 10001);
  act (f, CHIHUO_OP_FINISH, "x");
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*1 dead*0 finished*");
  reap (f);
  g_assert_cmpuint (get_stats (f).dead, ==, 10000);
  pass (f, 90 * G_TIME_SPAN_DAY);
  reap (f);
  g_assert_cmpuint (get_stats (f).dead, ==, 10000);
  pass (f, 1);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*10000 dead*0 finished*");
  reap (f);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (get_stats (f).dead, ==, 0);
  g_assert_cmpuint (get_stats (f).finished, ==, 1);
}

static void
test_close (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chihuo_backend_can_carry (f->backend));
  add_all (f, "a");
  g_assert_true (chihuo_backend_close (f->backend, &error));
  g_assert_no_error (error);
  g_assert_true (chihuo_backend_open (f->backend, NULL, &error));
  g_assert_no_error (error);
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "");
  g_assert_cmpint (add (f, "a", 0, 0, 0), ==, CHIHUO_ANSWER_ADDED);
}

/* Id 20 bytes, info 30 bytes: payload, record, links and their share of the table */
static void
test_bytes_per_task (Fixture *f, gconstpointer data)
{
#if defined (__SANITIZE_ADDRESS__) || !defined (__GLIBC__)
  g_test_skip ("the allocator says nothing of its size");
#else
  const guint n = 1000000;
  struct mallinfo2 before = mallinfo2 ();
  struct mallinfo2 after;
  double bytes;

  for (guint i = 0; i < n; i++)
    {
      char id[21];
      ChihuoItem item;

      g_snprintf (id, sizeof id, "task-%015u", i);
      item = (ChihuoItem) { .op = CHIHUO_OP_ADD,
                            .payload
                            = chihuo_payload_new (id, 20, "{\"url\":\"http://example.com/1\"}", 30) };
      g_assert_cmpint (send (f, &item), ==, CHIHUO_ANSWER_ADDED);
      chihuo_item_clear (&item);
    }

  after = mallinfo2 ();
  bytes = ((double) after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / n;
  g_test_message ("%.1f bytes for a waiting task", bytes);
  g_assert_cmpfloat (bytes, <=, 250);
#endif
}

#define ADD_TEST(path, func) \
  g_test_add ("/memory-backend/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD_TEST ("order", test_order);
  ADD_TEST ("priorities", test_priorities);
  ADD_TEST ("old-places", test_old_places);
  ADD_TEST ("suspects", test_suspects);
  ADD_TEST ("delays", test_delays);
  ADD_TEST ("many-due", test_many_due);
  ADD_TEST ("tokens", test_tokens);
  ADD_TEST ("paused", test_paused);
  ADD_TEST ("stats", test_stats);
  ADD_TEST ("finished", test_finished);
  ADD_TEST ("finished-info", test_finished_info);
  ADD_TEST ("cursors", test_cursors);
  ADD_TEST ("repeated-claim", test_repeated_claim);
  ADD_TEST ("repeated-batch", test_repeated_batch);
  ADD_TEST ("sweep-while-adding", test_sweep_while_adding);
  ADD_TEST ("sweep-delayed", test_sweep_delayed);
  ADD_TEST ("sweep-running", test_sweep_running);
  ADD_TEST ("sweep-dead", test_sweep_dead);
  ADD_TEST ("sweep-finished", test_sweep_finished);
  ADD_TEST ("reap", test_reap);
  ADD_TEST ("reap-abandoned", test_reap_abandoned);
  ADD_TEST ("reap-killer", test_reap_killer);
  ADD_TEST ("retention", test_retention);
  ADD_TEST ("default-retention", test_default_retention);
  ADD_TEST ("close", test_close);
  ADD_TEST ("bytes-per-task", test_bytes_per_task);

  return g_test_run ();
}
