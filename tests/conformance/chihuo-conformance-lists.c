/* chihuo-conformance-lists.c - looks, lists, sweeps and what is kept
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-conformance-parts.h"

#define N_RANDOM_IDS 10000

static void
assert_same_order (GPtrArray *records, GPtrArray *expected)
{
  g_assert_cmpuint (records->len, ==, expected->len);
  for (guint i = 0; i < records->len; i++)
    {
      ChihuoRecord *a = g_ptr_array_index (records, i);
      ChihuoRecord *b = g_ptr_array_index (expected, i);

      g_assert_true (chihuo_payload_equal (a->payload, b->payload));
    }
}

/* 30 tasks in each state, and as many marks */
static void
fill (ChihuoTrial *trial)
{
  chihuo_trial_add_many (trial, "x", 30);
  {
    g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 30);

    for (guint i = 0; i < 30; i++)
      chihuo_trial_settle (trial, &claim.claim.claimed[(i * 7) % 30], CHIHUO_SETTLE_REJECTED);
  }
  chihuo_trial_add_many (trial, "r", 30);
  {
    g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 30);

    g_assert_cmpuint (claim.claim.n_claimed, ==, 30);
  }
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *id = g_strdup_printf ("f%u", i);
      g_autofree char *delayed = g_strdup_printf ("d%u", i);

      chihuo_trial_simple (trial, CHIHUO_OP_FINISH, id);
      chihuo_trial_add_later (trial, delayed, CHIHUO_TRIAL_HOUR + (i % 5));
    }
  chihuo_trial_add_many (trial, "w", 30);
}

/* However long the pages are, the list is the same */
static void
test_pages (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autoptr (GPtrArray) marks = NULL;

  fill (trial);
  marks = chihuo_trial_finished (trial, 1024);
  g_assert_cmpuint (marks->len, ==, 30);
  for (guint limit = 1; limit <= 31; limit += 5)
    {
      g_autoptr (GPtrArray) some = chihuo_trial_finished (trial, limit);

      assert_same_order (some, marks);
      for (ChihuoTaskState state = CHIHUO_TASK_STATE_WAITING; state <= CHIHUO_TASK_STATE_DEAD;
           state++)
        {
          g_autoptr (GPtrArray) all = chihuo_trial_list (trial, state, 1024);
          g_autoptr (GPtrArray) paged = chihuo_trial_list (trial, state, limit);

          g_assert_cmpuint (all->len, ==, 30);
          assert_same_order (paged, all);
        }
    }
  chihuo_trial_check (trial);
}

static void
assert_ordered (GPtrArray *records)
{
  for (guint i = 1; i < records->len; i++)
    {
      gint64 major;
      gint64 minor;
      gint64 next_major;
      gint64 next_minor;

      chihuo_record_get_key (g_ptr_array_index (records, i - 1), &major, &minor);
      chihuo_record_get_key (g_ptr_array_index (records, i), &next_major, &next_minor);
      g_assert_true (major < next_major || (major == next_major && minor < next_minor));
    }
}

static void
test_keys (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autoptr (GPtrArray) marks = NULL;

  fill (trial);
  for (ChihuoTaskState state = CHIHUO_TASK_STATE_WAITING; state <= CHIHUO_TASK_STATE_DEAD; state++)
    {
      g_autoptr (GPtrArray) all = chihuo_trial_list (trial, state, 7);

      assert_ordered (all);
    }

  marks = chihuo_trial_finished (trial, 7);
  for (guint i = 1; i < marks->len; i++)
    {
      ChihuoRecord *a = g_ptr_array_index (marks, i - 1);
      ChihuoRecord *b = g_ptr_array_index (marks, i);

      g_assert_cmpint (strcmp (chihuo_payload_get_id (a->payload),
                               chihuo_payload_get_id (b->payload)), <, 0);
      g_assert_true (a->finished);
    }
}

static GPtrArray *
page_after (ChihuoTrial *trial, ChihuoTaskState state, gboolean finished, const char *after)
{
  ChihuoPage page = { .queue = trial->queue, .state = state, .finished = finished, .after = after,
                      .limit = 1024 };
  g_autoptr (GError) error = NULL;

  page.records = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  chihuo_backend_page (trial->backend, &page, &error);
  g_assert_no_error (error);

  return page.records;
}

/* Each task's cursor leads to the ones after it, the task itself being gone */
static void
test_cursor_of_gone (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);

  fill (trial);
  for (ChihuoTaskState state = CHIHUO_TASK_STATE_WAITING; state <= CHIHUO_TASK_STATE_DEAD; state++)
    {
      g_autoptr (GPtrArray) all = chihuo_trial_list (trial, state, 1024);

      if (state == CHIHUO_TASK_STATE_RUNNING)
        continue;
      while (all->len > 1)
        {
          g_autoptr (ChihuoRecord) first = g_ptr_array_steal_index (all, 0);
          g_autofree char *cursor = chihuo_record_dup_cursor (first);
          g_autoptr (GPtrArray) rest = NULL;

          g_assert_cmpint (chihuo_trial_simple (trial, CHIHUO_OP_REMOVE,
                                                chihuo_payload_get_id (first->payload)),
                           ==, CHIHUO_ANSWER_OK);
          rest = page_after (trial, state, FALSE, cursor);
          assert_same_order (rest, all);
        }
    }

  chihuo_trial_simple (trial, CHIHUO_OP_UNFINISH, "f10");
  {
    g_autoptr (GPtrArray) rest = page_after (trial, 0, TRUE, "f10");
    ChihuoRecord *next = g_ptr_array_index (rest, 0);

    g_assert_cmpstr (chihuo_payload_get_id (next->payload), ==, "f11");
  }
  chihuo_trial_check (trial);
}

/* Any UTF-8 text without NUL, of any length from 1 to 4,096 bytes, short ones more often */
static char *
random_id (GRand *rand)
{
  GString *id = g_string_new (NULL);
  guint length = 1 + (1 << g_rand_int_range (rand, 0, 12));

  for (;;)
    {
      static const guint32 ends[] = { 0x80, 0x80, 0x800, 0x10000, 0x110000 };
      gunichar character = g_rand_int_range (rand, 1, ends[g_rand_int_range (rand, 0, 5)]);
      char bytes[6];
      int n;

      if (!g_unichar_validate (character))
        continue;
      n = g_unichar_to_utf8 (character, bytes);
      if (id->len + n > length && id->len > 0)
        return g_string_free (id, FALSE);
      g_string_append_len (id, bytes, n);
    }
}

static void
add_random (ChihuoTrial *trial, GHashTable *ids, GRand *rand, guint n)
{
  g_autofree ChihuoItem *items = g_new0 (ChihuoItem, n);
  g_autofree ChihuoItem **pointers = g_new0 (ChihuoItem *, n);

  for (guint i = 0; i < n;)
    {
      g_autofree char *id = random_id (rand);
      g_autofree char *json = g_strdup_printf ("%u", g_str_hash (id));

      if (g_hash_table_contains (ids, id))
        continue;
      items[i] = chihuo_trial_add_item (trial, id, json);
      pointers[i] = &items[i];
      g_hash_table_add (ids, g_steal_pointer (&id));
      i++;
    }

  chihuo_trial_send (trial, pointers, n, ++trial->request, FALSE);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_ADDED);
      chihuo_item_clear (&items[i]);
    }
}

/* Finishes each of a claim, having looked at the id and the info */
static guint
eat_random (ChihuoTrial *trial, GHashTable *ids)
{
  g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 250);
  guint n = claim.claim.n_claimed;
  g_autofree ChihuoItem *items = g_new0 (ChihuoItem, MAX (n, 1));
  g_autofree ChihuoItem **pointers = g_new0 (ChihuoItem *, MAX (n, 1));

  for (guint i = 0; i < n; i++)
    {
      ChihuoClaimed *claimed = &claim.claim.claimed[i];
      const char *id = chihuo_payload_get_id (claimed->payload);
      g_autofree char *json = g_strdup_printf ("%u", g_str_hash (id));

      g_assert_true (g_hash_table_contains (ids, id));
      g_assert_cmpstr (chihuo_payload_get_json (claimed->payload), ==, json);
      items[i] = chihuo_trial_item (trial, CHIHUO_OP_SETTLE, id);
      items[i].claimant = trial->claimant;
      items[i].token = claimed->token;
      items[i].handle = claimed->handle;
      items[i].settle.how = CHIHUO_SETTLE_DONE;
      items[i].settle.finish = TRUE;
      pointers[i] = &items[i];
    }

  if (n > 0)
    chihuo_trial_send (trial, pointers, n, ++trial->request, FALSE);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_OK);
      chihuo_item_clear (&items[i]);
    }

  return n;
}

static void
test_random_ids (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GPtrArray) marks = NULL;
  guint n = 0;
  guint got;

  while (g_hash_table_size (ids) < N_RANDOM_IDS)
    add_random (trial, ids, rand, 250);
  do
    {
      got = eat_random (trial, ids);
      n += got;
    }
  while (got > 0);
  g_assert_cmpuint (n, ==, N_RANDOM_IDS);

  marks = chihuo_trial_finished (trial, 777);
  g_assert_cmpuint (marks->len, ==, N_RANDOM_IDS);
  for (guint i = 0; i < marks->len; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (marks, i);

      g_assert_true (g_hash_table_remove (ids, chihuo_payload_get_id (record->payload)));
    }
}

/* 4,096 bytes of id, 1 MiB of info, 4 KiB of error */
static void
test_limits (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autofree char *id = g_strnfill (4096, 'i');
  g_autofree char *json = g_strnfill (1024 * 1024, '1');
  g_autoptr (ChihuoRecord) record = NULL;
  g_auto (ChihuoItem) item = chihuo_trial_add_item (trial, id, json);
  g_auto (ChihuoItem) claim = { 0 };
  g_auto (ChihuoItem) settle = chihuo_trial_item (trial, CHIHUO_OP_SETTLE, id);

  g_assert_cmpint (chihuo_trial_do (trial, &item), ==, CHIHUO_ANSWER_ADDED);
  claim = chihuo_trial_claim (trial, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  g_assert_cmpstr (chihuo_payload_get_json (claim.claim.claimed[0].payload), ==, json);

  settle.claimant = trial->claimant;
  settle.token = claim.claim.claimed[0].token;
  settle.handle = claim.claim.claimed[0].handle;
  settle.settle.how = CHIHUO_SETTLE_REJECTED;
  settle.settle.error = g_strnfill (5000, 'e');
  g_assert_cmpint (chihuo_trial_do (trial, &settle), ==, CHIHUO_ANSWER_DEAD);
  record = chihuo_trial_look (trial, id);
  g_assert_cmpuint (strlen (record->error), <=, CHIHUO_ERROR_MAX_LENGTH);
  g_assert_cmpuint (strlen (record->error), >, CHIHUO_ERROR_MAX_LENGTH - 4);
  g_assert_cmpstr (chihuo_payload_get_json (record->payload), ==, json);
}

/* Queues do not know of each other */
static void
test_queues (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autofree char *ids = NULL;

  chihuo_trial_add (trial, "a");
  trial->queue = g_intern_static_string ("Another.queue_2-x");
  g_assert_cmpint (chihuo_trial_add (trial, "a"), ==, CHIHUO_ANSWER_ADDED);
  chihuo_trial_simple (trial, CHIHUO_OP_FINISH, "a");
  trial->queue = g_intern_static_string ("queue");
  ids = chihuo_trial_claim_ids (trial, 5);
  g_assert_cmpstr (ids, ==, "a");
  chihuo_trial_check (trial);
}

static void
test_sweeps (const ChihuoConformanceFactory *factory)
{
  static const ChihuoSweepWhat whats[] = {
    CHIHUO_SWEEP_WHAT_CLEAR_WAITING, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED,
    CHIHUO_SWEEP_WHAT_CLEAR_DEAD, CHIHUO_SWEEP_WHAT_CLEAR_FINISHED
  };
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  ChihuoStats stats;

  fill (trial);
  for (guint i = 0; i < G_N_ELEMENTS (whats); i++)
    {
      g_assert_cmpuint (chihuo_trial_sweep (trial, whats[i]), ==, 30);
      g_assert_cmpuint (chihuo_trial_sweep (trial, whats[i]), ==, 0);
      chihuo_trial_check (trial);
    }
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.waiting + stats.delayed + stats.dead + stats.finished, ==, 0);
  g_assert_cmpuint (stats.running, ==, 30);

  g_assert_cmpuint (chihuo_trial_sweep (trial, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING), ==, 30);
  chihuo_trial_kill (trial);
  chihuo_trial_reap (trial);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.running + stats.waiting, ==, 0);
}

static void
test_retry_all (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autofree char *dead = NULL;
  g_autofree char *waiting = NULL;

  fill (trial);
  chihuo_trial_sweep (trial, CHIHUO_SWEEP_WHAT_CLEAR_WAITING);
  dead = chihuo_trial_list_ids (trial, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpuint (chihuo_trial_sweep (trial, CHIHUO_SWEEP_WHAT_RETRY_DEAD), ==, 30);
  waiting = chihuo_trial_list_ids (trial, CHIHUO_TASK_STATE_WAITING);
  g_assert_cmpstr (waiting, ==, dead);
  chihuo_trial_check (trial);
}

/* What is added while a sweep is on its way stays, and all that was there before goes */
static void
test_sweep_while_adding (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  ChihuoSweep sweep = { .queue = trial->queue, .what = CHIHUO_SWEEP_WHAT_CLEAR_WAITING,
                        .moment = trial->moment };
  guint steps = 0;
  ChihuoStats stats;

  chihuo_trial_add_many (trial, "old", 2500);
  do
    {
      g_autofree char *prefix = g_strdup_printf ("new%u-", steps++);
      g_autoptr (GError) error = NULL;

      chihuo_backend_sweep (trial->backend, &sweep, &error);
      g_assert_no_error (error);
      chihuo_trial_add_many (trial, prefix, 10);
      g_assert_cmpuint (steps, <, 10);
    }
  while (sweep.more);

  g_assert_cmpuint (steps, >, 2);
  g_assert_cmpuint (sweep.n_done, ==, 2500);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.waiting, ==, 10 * steps);
}

static void
set_retention (ChihuoTrial *trial, gint64 finished, gint64 dead, guint64 dead_max)
{
  ChihuoItem item = chihuo_trial_item (trial, CHIHUO_OP_SET_RETENTION, NULL);

  item.retention.finished = finished;
  item.retention.dead = dead;
  item.retention.dead_max = dead_max;
  g_assert_cmpint (chihuo_trial_do (trial, &item), ==, CHIHUO_ANSWER_OK);
}

/* Too many dead ones: the oldest go; too old ones go; so do marks */
static void
test_retention (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (factory);
  g_autoptr (GPtrArray) dead = NULL;
  g_autoptr (GPtrArray) kept = NULL;
  ChihuoStats stats;

  fill (trial);
  dead = chihuo_trial_list (trial, CHIHUO_TASK_STATE_DEAD, 1024);
  set_retention (trial, 0, 0, 10);
  chihuo_trial_reap (trial);
  kept = chihuo_trial_list (trial, CHIHUO_TASK_STATE_DEAD, 1024);
  g_ptr_array_remove_range (dead, 0, 20);
  assert_same_order (kept, dead);

  set_retention (trial, 24 * CHIHUO_TRIAL_HOUR, 20 * CHIHUO_TRIAL_HOUR, 0);
  trial->moment.now += 21 * CHIHUO_TRIAL_HOUR;
  chihuo_trial_reap (trial);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.dead, ==, 0);
  g_assert_cmpuint (stats.finished, ==, 30);

  chihuo_trial_simple (trial, CHIHUO_OP_FINISH, "young");
  trial->moment.now += 4 * CHIHUO_TRIAL_HOUR;
  chihuo_trial_reap (trial);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.finished, ==, 1);
  chihuo_trial_check (trial);
}

const ChihuoConformanceEntry chihuo_conformance_lists[] = {
  { "lists/pages", test_pages },
  { "lists/keys", test_keys },
  { "lists/cursor-of-gone", test_cursor_of_gone },
  { "lists/random-ids", test_random_ids },
  { "lists/limits", test_limits },
  { "lists/queues", test_queues },
  { "lists/sweeps", test_sweeps },
  { "lists/retry-all", test_retry_all },
  { "lists/sweep-while-adding", test_sweep_while_adding },
  { "lists/retention", test_retention },
  { NULL, NULL },
};
