/* test-sqlite-backend.c - queues in an SQLite file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sqlite-fixture.h"

static void
test_life (Fixture *self, gconstpointer data)
{
  ChihuoItem claim;
  g_autofree char *ids = NULL;

  g_assert_cmpint (add (self, "one"), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (add (self, "two"), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (add (self, "one"), ==, CHIHUO_ANSWER_EXISTS);
  g_assert_cmpint (get_stats (self).waiting, ==, 2);

  claim = make_claim (self, 5);
  exchange (self, &claim, 1);
  ids = claimed_ids (&claim);
  g_assert_cmpstr (ids, ==, "one two");
  g_assert_cmpstr (chihuo_payload_get_json (claim.claim.claimed[0].payload), ==, "{\"a\":1}");
  g_assert_cmpint (claim.claim.claimed[0].token, ==, NOW);
  g_assert_cmpint (claim.claim.claimed[1].token, ==, NOW + 1);
  g_assert_cmpint (claim.claim.n_waiting, ==, 0);
  g_assert_cmpint (get_stats (self).running, ==, 2);
  g_assert_cmpint (get_stats (self).workers, ==, 1);

  g_assert_cmpint (add (self, "two"), ==, CHIHUO_ANSWER_AGAIN);
  for (guint i = 0; i < 2; i++)
    {
      ChihuoItem settle = make_settle (self, &claim.claim.claimed[i], CHIHUO_SETTLE_DONE);

      settle.settle.finish = i == 0;
      g_assert_cmpint (do_item (self, settle), ==, CHIHUO_ANSWER_OK);
    }
  chihuo_item_clear (&claim);

  g_assert_cmpint (add (self, "one"), ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (get_stats (self).waiting, ==, 1);
  g_assert_cmpint (get_stats (self).finished, ==, 1);
  assert_plain (self, "SELECT id || ' ' || state FROM task", "two 1");
  assert_plain (self, "SELECT id FROM finished", "one");
  assert_plain (self, "PRAGMA integrity_check", "ok");
}

/* Claims, and says which ids that were; they are settled like that, or left running */
static char *
eat (Fixture *self, guint n, guint suspects, ChihuoSettle how)
{
  ChihuoItem claim = make_claim (self, n);
  char *ids;

  claim.claim.suspects = suspects;
  exchange (self, &claim, 1);
  ids = claimed_ids (&claim);
  for (guint i = 0; how != 0 && i < claim.claim.n_claimed; i++)
    {
      ChihuoAnswer answer = do_item (self, make_settle (self, &claim.claim.claimed[i], how));

      g_assert_true (answer == CHIHUO_ANSWER_OK || answer == CHIHUO_ANSWER_DEAD);
    }
  chihuo_item_clear (&claim);

  return ids;
}

static void
assert_eaten (Fixture *self, guint n, ChihuoSettle how, const char *expected)
{
  g_autofree char *ids = eat (self, n, 1, how);

  g_assert_cmpstr (ids, ==, expected);
}

static void
test_order (Fixture *self, gconstpointer data)
{
  ChihuoItem item;

  add (self, "a");
  add (self, "b");
  item = make_item (self, CHIHUO_OP_ADD, "head", "1");
  item.add.flags = CHIHUO_ADD_FLAGS_AT_HEAD;
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_ADDED);
  item = make_item (self, CHIHUO_OP_ADD, "first", "1");
  item.add.priority = -5;
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_ADDED);
  item = make_item (self, CHIHUO_OP_ADD, "last", "1");
  item.add.priority = 5;
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_ADDED);
  add (self, "c");

  assert_plain (self, "SELECT id FROM task WHERE state = 1 ORDER BY priority, place",
                "first head a b c last");
  assert_eaten (self, 3, CHIHUO_SETTLE_RETURNED, "first head a");
  assert_plain (self, "SELECT id FROM task WHERE state = 1 ORDER BY priority, place",
                "first head a b c last");
  assert_eaten (self, 9, CHIHUO_SETTLE_DONE, "first head a b c last");
  g_assert_cmpint (get_stats (self).waiting, ==, 0);
}

static ChihuoAnswer
add_later (Fixture *self, const char *id, gint64 delay)
{
  ChihuoItem item = make_item (self, CHIHUO_OP_ADD, id, "1");

  item.add.delay = delay;
  return do_item (self, item);
}

static void
test_delay (Fixture *self, gconstpointer data)
{
  ChihuoItem claim;

  g_assert_cmpint (add_later (self, "late", 20), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (add_later (self, "soon", 10), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (get_stats (self).delayed, ==, 2);
  g_assert_cmpint (get_stats (self).next_due, ==, NOW + 10);

  claim = make_claim (self, 5);
  exchange (self, &claim, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 0);
  g_assert_cmpint (claim.claim.next_due, ==, NOW + 10);
  chihuo_item_clear (&claim);

  self->moment.now += 20;
  assert_eaten (self, 5, CHIHUO_SETTLE_DONE, "soon late");
  g_assert_cmpint (get_stats (self).delayed, ==, 0);
}

static void
test_failures (Fixture *self, gconstpointer data)
{
  ChihuoItem claim;
  ChihuoItem settle;

  add (self, "x");
  for (guint i = 0; i < 3; i++)
    {
      claim = make_claim (self, 1);
      exchange (self, &claim, 1);
      g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
      g_assert_cmpuint (claim.claim.claimed[0].failures, ==, i);
      settle = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_FAILED);
      settle.settle.error = g_strdup ("it broke");
      settle.settle.delay = -1;
      g_assert_cmpint (do_item (self, settle), ==,
                       i < 2 ? CHIHUO_ANSWER_OK : CHIHUO_ANSWER_DEAD);
      settle = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
      g_assert_cmpint (do_item (self, settle), ==, CHIHUO_ANSWER_STALE);
      chihuo_item_clear (&claim);
    }

  assert_plain (self, "SELECT id || ' ' || state || ' ' || error FROM task", "x 4 it broke");
  g_assert_cmpint (get_stats (self).dead, ==, 1);
  g_assert_cmpint (add (self, "x"), ==, CHIHUO_ANSWER_DEAD);
  g_assert_cmpint (do_op (self, CHIHUO_OP_RETRY_DEAD, "x"), ==, CHIHUO_ANSWER_OK);
  assert_plain (self, "SELECT state || ' ' || failures || ' ' || ifnull (error, '-') FROM task",
                "1 0 -");
}

static void
test_marks (Fixture *self, gconstpointer data)
{
  ChihuoItem item;

  g_assert_cmpint (do_op (self, CHIHUO_OP_UNFINISH, "m"), ==, CHIHUO_ANSWER_ABSENT);
  g_assert_cmpint (do_op (self, CHIHUO_OP_FINISH, "m"), ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (do_op (self, CHIHUO_OP_FINISH, "m"), ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (get_stats (self).finished, ==, 1);
  g_assert_cmpint (add (self, "m"), ==, CHIHUO_ANSWER_FINISHED);
  item = make_item (self, CHIHUO_OP_ADD, "m", "1");
  item.add.flags = CHIHUO_ADD_FLAGS_EVEN_FINISHED;
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (get_stats (self).finished, ==, 0);
  g_assert_cmpint (get_stats (self).waiting, ==, 1);
  g_assert_cmpint (do_op (self, CHIHUO_OP_FINISH, "m"), ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (get_stats (self).waiting, ==, 0);
  g_assert_cmpint (do_op (self, CHIHUO_OP_UNFINISH, "m"), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (add (self, "m"), ==, CHIHUO_ANSWER_ADDED);
}

/* An add to a running task is kept whole and carried out at the end */
static void
test_pending (Fixture *self, gconstpointer data)
{
  ChihuoItem claim = make_claim (self, 1);
  ChihuoItem again;

  add (self, "p");
  exchange (self, &claim, 1);
  again = make_item (self, CHIHUO_OP_ADD, "p", "\"new\"");
  again.add.priority = 7;
  again.add.delay = 50;
  g_assert_cmpint (do_item (self, again), ==, CHIHUO_ANSWER_AGAIN);
  assert_plain (self, "SELECT info FROM pending", "\"new\"");

  g_assert_cmpint (do_item (self, make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE)),
                   ==, CHIHUO_ANSWER_OK);
  chihuo_item_clear (&claim);
  assert_plain (self, "SELECT count (*) FROM pending", "0");
  assert_plain (self, "SELECT id || state || priority || info FROM task", "p27\"new\"");
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  ChihuoItem claim = make_claim (self, 2);
  ChihuoItem renew;

  add (self, "c");
  add (self, "d");
  g_assert_cmpint (do_op (self, CHIHUO_OP_CANCEL, "c"), ==, CHIHUO_ANSWER_ABSENT);
  exchange (self, &claim, 1);
  g_assert_cmpint (do_op (self, CHIHUO_OP_CANCEL, "c"), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (do_op (self, CHIHUO_OP_REMOVE, "d"), ==, CHIHUO_ANSWER_OK);

  for (guint i = 0; i < 2; i++)
    {
      renew = make_settle (self, &claim.claim.claimed[i], 0);
      renew.op = CHIHUO_OP_RENEW;
      renew.renew.lease = 1;
      g_assert_cmpint (do_item (self, renew), ==,
                       i == 0 ? CHIHUO_ANSWER_CANCELLED : CHIHUO_ANSWER_DROPPED);
      do_item (self, make_settle (self, &claim.claim.claimed[i], CHIHUO_SETTLE_RETURNED));
    }
  chihuo_item_clear (&claim);
  assert_plain (self, "SELECT id || ' ' || state || ' ' || error FROM task", "c 4 cancelled");
}

/* Whose run it is: another claimant, another token, another row are all stale */
static void
test_stale (Fixture *self, gconstpointer data)
{
  ChihuoItem claim = make_claim (self, 1);
  ChihuoItem settle;

  add (self, "s");
  exchange (self, &claim, 1);

  settle = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
  settle.claimant = g_intern_static_string ("engine-2");
  g_assert_cmpint (do_item (self, settle), ==, CHIHUO_ANSWER_STALE);
  settle = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
  settle.token--;
  g_assert_cmpint (do_item (self, settle), ==, CHIHUO_ANSWER_STALE);
  settle = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
  settle.handle++;
  g_assert_cmpint (do_item (self, settle), ==, CHIHUO_ANSWER_STALE);
  settle = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
  settle.handle = 0;
  g_assert_cmpint (do_item (self, settle), ==, CHIHUO_ANSWER_OK);
  chihuo_item_clear (&claim);
}

static void
test_repeated (Fixture *self, gconstpointer data)
{
  ChihuoItem items[2];

  for (guint i = 0; i < 2; i++)
    {
      items[0] = make_item (self, CHIHUO_OP_ADD, "r", "1");
      items[1] = make_claim (self, 4);
      items[1].claim.request = 77;
      exchange (self, items, 2);
      g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);
      g_assert_cmpuint (items[1].claim.n_claimed, ==, 1);
      g_assert_cmpuint (items[1].claim.n_lost, ==, 0);
      g_assert_cmpint (items[1].claim.claimed[0].token, ==, NOW);
      g_assert_cmpuint (items[1].claim.claimed[0].max_tries, ==, 3);
      self->request--;
      if (i == 0)
        {
          chihuo_item_clear (&items[0]);
          chihuo_item_clear (&items[1]);
        }
    }

  /* Settled in between by another batch's number: then it is no longer held */
  self->client = g_intern_static_string ("client-2");
  g_assert_cmpint (do_item (self, make_settle (self, &items[1].claim.claimed[0],
                                               CHIHUO_SETTLE_DONE)), ==, CHIHUO_ANSWER_OK);
  self->client = g_intern_static_string ("client-1");
  self->request--;
  chihuo_item_clear (&items[1]);
  items[1] = make_claim (self, 4);
  items[1].claim.request = 77;
  exchange (self, items, 2);
  g_assert_cmpuint (items[1].claim.n_claimed, ==, 0);
  g_assert_cmpuint (items[1].claim.n_lost, ==, 1);
  chihuo_item_clear (&items[0]);
  chihuo_item_clear (&items[1]);
}

static void
test_repeated_differently (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  ChihuoItem items[2] = { make_item (self, CHIHUO_OP_ADD, "a", "1"),
                          make_item (self, CHIHUO_OP_ADD, "b", "1") };

  exchange (self, items, 2);
  self->request--;
  g_assert_false (try_exchange (self, items, 1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_NONE);
  chihuo_item_clear (&items[0]);
  chihuo_item_clear (&items[1]);
}

/* A batch that changes nothing leaves the log as it is */
static void
test_renewals_write_nothing (Fixture *self, gconstpointer data)
{
  ChihuoItem claim = make_claim (self, 1);
  g_autofree char *log = g_strconcat (self->path, "-wal", NULL);
  struct stat before;
  struct stat after;

  add (self, "a");
  exchange (self, &claim, 1);
  g_assert_cmpint (stat (log, &before), ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      ChihuoItem renew = make_settle (self, &claim.claim.claimed[0], 0);

      renew.op = CHIHUO_OP_RENEW;
      renew.renew.lease = 30 * G_USEC_PER_SEC;
      g_assert_cmpint (do_item (self, renew), ==, CHIHUO_ANSWER_OK);
    }
  g_assert_cmpint (stat (log, &after), ==, 0);
  g_assert_cmpint (after.st_size, ==, before.st_size);
  chihuo_item_clear (&claim);
}

static void
test_junk (Fixture *self, gconstpointer data)
{
  static const char *const junk[] = { "'{'", "x'ff'", "''", "CAST (x'22ff22' AS TEXT)", "42.",
                                      "'[' || printf ('%.*c', 200, '[')" };

  for (guint i = 0; i < G_N_ELEMENTS (junk); i++)
    {
      g_autofree char *sql = g_strdup_printf ("UPDATE task SET info = %s WHERE id = 'j%u'", junk[i],
                                              i);
      g_autofree char *id = g_strdup_printf ("j%u", i);

      add (self, id);
      run_plain (self->path, sql);
    }
  add (self, "k");
  run_plain (self->path, "UPDATE task SET id = CAST (x'ff' AS TEXT) WHERE id = 'k'");
  add (self, "good");

  assert_plain (self, "SELECT count (*) FROM task WHERE info = '42.0'", "1");
  run_plain (self->path, "UPDATE task SET info = '042' WHERE info = '42.0'");
  assert_eaten (self, 2, CHIHUO_SETTLE_DONE, "good");
  g_assert_cmpint (get_stats (self).dead, ==, G_N_ELEMENTS (junk) + 1);
  assert_plain (self, "SELECT count (*) FROM task WHERE state = 4 AND length (error) > 5", "7");
}

static char *
list (Fixture *self, ChihuoTaskState state, gboolean finished, guint limit)
{
  GString *ids = g_string_new (NULL);
  g_autofree char *after = NULL;
  guint n;

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) records
        = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
      ChihuoPage page = { .queue = self->queue,
                          .state = state,
                          .finished = finished,
                          .after = after,
                          .limit = limit,
                          .records = records };

      chihuo_backend_page (self->backend, &page, &error);
      g_assert_no_error (error);
      n = records->len;
      for (guint i = 0; i < n; i++)
        {
          ChihuoRecord *record = g_ptr_array_index (records, i);

          g_string_append_printf (ids, "%s%s", ids->len > 0 ? " " : "",
                                  chihuo_payload_get_id (record->payload));
          g_free (after);
          after = finished ? g_strdup (chihuo_payload_get_id (record->payload))
                           : chihuo_record_dup_cursor (record);
        }
    }
  while (n == limit);

  return g_string_free (ids, FALSE);
}

static void
assert_list (Fixture *self, ChihuoTaskState state, const char *expected)
{
  g_autofree char *ids = list (self, state, state == CHIHUO_TASK_STATE_ABSENT, 2);

  g_assert_cmpstr (ids, ==, expected);
}

static void
test_pages (Fixture *self, gconstpointer data)
{
  static const char *const ids[] = { "a", "b", "c", "d", "e" };
  g_autofree char *running = NULL;
  g_autofree char *dead = NULL;

  for (guint i = 0; i < 5; i++)
    add (self, ids[i]);
  dead = eat (self, 2, 0, CHIHUO_SETTLE_REJECTED);
  running = eat (self, 3, 0, 0);
  add (self, "w2");
  add (self, "w1");
  add (self, "w3");
  run_plain (self->path, "UPDATE task SET crashes = 1 WHERE id = 'w1'");
  add_later (self, "l2", 20);
  add_later (self, "l1", 10);
  do_op (self, CHIHUO_OP_FINISH, "y");
  do_op (self, CHIHUO_OP_FINISH, "x");
  do_op (self, CHIHUO_OP_FINISH, "z");

  assert_list (self, CHIHUO_TASK_STATE_DEAD, "a b");
  assert_list (self, CHIHUO_TASK_STATE_RUNNING, "c d e");
  assert_list (self, CHIHUO_TASK_STATE_WAITING, "w2 w1 w3");
  assert_list (self, CHIHUO_TASK_STATE_DELAYED, "l1 l2");
  assert_list (self, CHIHUO_TASK_STATE_ABSENT, "x y z");
}

static ChihuoRecord *
look (Fixture *self, const char *id)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);
  g_autoptr (GPtrArray) records = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  ChihuoPage page = { .queue = self->queue, .id = payload, .limit = 1, .records = records };

  chihuo_backend_page (self->backend, &page, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);

  return g_ptr_array_index (records, 0);
}

static void
test_look (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRecord) absent = look (self, "a");
  g_autoptr (ChihuoRecord) running = NULL;
  g_autofree char *ids = NULL;

  g_assert_cmpint (absent->state, ==, CHIHUO_TASK_STATE_ABSENT);
  g_assert_cmpstr (chihuo_payload_get_id (absent->payload), ==, "a");
  add (self, "a");
  ids = eat (self, 1, 0, 0);
  do_op (self, CHIHUO_OP_FINISH, "a");
  running = look (self, "a");
  g_assert_cmpint (running->state, ==, CHIHUO_TASK_STATE_RUNNING);
  g_assert_true (running->finished);
  g_assert_cmpint (running->fate, ==, CHIHUO_FATE_DROP);
  g_assert_true (running->claimant == self->claimant);
  g_assert_cmpint (running->max_tries, ==, 3);
}

static void
test_bad_cursor (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  ChihuoPage page = { .queue = self->queue,
                      .state = CHIHUO_TASK_STATE_WAITING,
                      .after = "nonsense",
                      .limit = 1,
                      .records = records };

  g_assert_false (chihuo_backend_page (self->backend, &page, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_cmpint (add (self, "still works"), ==, CHIHUO_ANSWER_ADDED);
}

static guint64
sweep (Fixture *self, ChihuoSweepWhat what)
{
  ChihuoSweep work = { .queue = self->queue, .what = what, .moment = self->moment };

  do
    {
      g_autoptr (GError) error = NULL;

      chihuo_backend_sweep (self->backend, &work, &error);
      g_assert_no_error (error);
    }
  while (work.more);

  return work.n_done;
}

static void
test_sweep (Fixture *self, gconstpointer data)
{
  g_autofree char *dead = NULL;
  g_autofree char *running = NULL;

  for (guint b = 0; b < 10; b++)
    {
      ChihuoItem items[250];

      for (guint i = 0; i < 250; i++)
        {
          g_autofree char *id = g_strdup_printf ("%u", b * 250 + i);

          items[i] = make_item (self, i < 125 ? CHIHUO_OP_ADD : CHIHUO_OP_FINISH, id, "1");
        }
      exchange (self, items, 250);
      for (guint i = 0; i < 250; i++)
        chihuo_item_clear (&items[i]);
    }
  add_later (self, "later", 100);
  dead = eat (self, 5, 0, CHIHUO_SETTLE_REJECTED);
  running = eat (self, 10, 0, 0);

  g_assert_cmpuint (sweep (self, CHIHUO_SWEEP_WHAT_RETRY_DEAD), ==, 5);
  g_assert_cmpuint (sweep (self, CHIHUO_SWEEP_WHAT_CLEAR_WAITING), ==, 1240);
  g_assert_cmpuint (sweep (self, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED), ==, 1);
  g_assert_cmpuint (sweep (self, CHIHUO_SWEEP_WHAT_CLEAR_DEAD), ==, 0);
  g_assert_cmpuint (sweep (self, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING), ==, 10);
  g_assert_cmpuint (sweep (self, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING), ==, 0);
  g_assert_cmpuint (sweep (self, CHIHUO_SWEEP_WHAT_CLEAR_FINISHED), ==, 1250);
  g_assert_cmpint (get_stats (self).finished, ==, 0);
  g_assert_cmpint (get_stats (self).running, ==, 10);
  assert_plain (self, "SELECT count (*) FROM task WHERE state = 3 AND fate = 2", "10");
  assert_plain (self, "SELECT count (*) FROM task", "10");
  assert_plain (self, "SELECT count (*) FROM finished", "0");
}

static void
test_paused (Fixture *self, gconstpointer data)
{
  ChihuoItem item = make_item (self, CHIHUO_OP_SET_PAUSED, NULL, NULL);

  add (self, "a");
  item.pause.paused = TRUE;
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_OK);
  g_assert_true (get_stats (self).paused);
  item = make_claim (self, 1);
  exchange (self, &item, 1);
  g_assert_cmpuint (item.claim.n_claimed, ==, 0);
  g_assert_cmpuint (item.claim.n_waiting, ==, 1);
  g_assert_true (item.claim.paused);
  chihuo_item_clear (&item);

  close_backend (&self->backend);
  self->backend = open_backend (self->path);
  g_assert_true (get_stats (self).paused);
  item = make_item (self, CHIHUO_OP_SET_PAUSED, NULL, NULL);
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_OK);
  assert_eaten (self, 1, CHIHUO_SETTLE_DONE, "a");
}

/* An open, a config and its keys */
static void
test_config (Fixture *self, gconstpointer data)
{
  g_autofree char *text = g_strdup_printf ("{\"backend\":\"sqlite\",\"path\":\"%s\","
                                           "\"synchronous\":\"normal\"}", self->path);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoConfig) config = chihuo_config_new (text, &error);

  g_assert_no_error (error);
  g_assert_cmpint (add (self, "a"), ==, CHIHUO_ANSWER_ADDED);
  chihuo_backend_close (self->backend, &error);
  g_assert_no_error (error);
  g_assert_false (chihuo_backend_stats (self->backend, self->queue, 0, &(ChihuoStats) { 0 },
                                        &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED);
  g_clear_error (&error);

  chihuo_backend_open (self->backend, config, &error);
  g_assert_no_error (error);
  chihuo_config_finish (config, &error);
  g_assert_no_error (error);
  assert_eaten (self, 1, CHIHUO_SETTLE_DONE, "a");
  g_assert_false (chihuo_backend_can_carry (self->backend));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/sqlite-backend/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  TEST ("life", test_life);
  TEST ("order", test_order);
  TEST ("delay", test_delay);
  TEST ("failures", test_failures);
  TEST ("marks", test_marks);
  TEST ("pending", test_pending);
  TEST ("cancel", test_cancel);
  TEST ("stale", test_stale);
  TEST ("repeated", test_repeated);
  TEST ("repeated-differently", test_repeated_differently);
  TEST ("renewals-write-nothing", test_renewals_write_nothing);
  TEST ("junk", test_junk);
  TEST ("pages", test_pages);
  TEST ("look", test_look);
  TEST ("bad-cursor", test_bad_cursor);
  TEST ("sweep", test_sweep);
  TEST ("paused", test_paused);
  TEST ("config", test_config);

  return g_test_run ();
}
