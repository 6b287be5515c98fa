/* test-sqlite-task.c - a run that ends without its row being loaded ends as if it had been
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-sqlite-file.h"
#include "chihuo-sqlite-task.h"
#include "sqlite-fixture.h"

/* What may happen to a task while it runs */
static const char *const histories[] = {
  "nothing", "cancel", "remove", "finish", "add", "add even finished", "add and cancel",
};

/* Who says that the run is over */
typedef enum
{
  ENDER_RUNNER,
  ENDER_OTHER_TOKEN,
  ENDER_OTHER_CLAIMANT,
  ENDER_UNKNOWN,
  N_ENDERS
} Ender;

static void
run_history (Fixture *self, const char *history)
{
  ChihuoItem again = make_item (self, CHIHUO_OP_ADD, "a", "2");

  if (strstr (history, "finished") != NULL)
    again.add.flags = CHIHUO_ADD_FLAGS_EVEN_FINISHED;
  if (g_str_has_prefix (history, "add"))
    g_assert_cmpint (do_item (self, again), ==, CHIHUO_ANSWER_AGAIN);
  else
    chihuo_item_clear (&again);

  if (g_str_has_suffix (history, "cancel"))
    do_op (self, CHIHUO_OP_CANCEL, "a");
  if (g_str_equal (history, "remove"))
    do_op (self, CHIHUO_OP_REMOVE, "a");
  if (g_str_equal (history, "finish"))
    do_op (self, CHIHUO_OP_FINISH, "a");
}

static void
set_ender (ChihuoItem *settle, Ender ender)
{
  switch (ender)
    {
    case ENDER_OTHER_TOKEN:
      settle->token++;
      break;
    case ENDER_OTHER_CLAIMANT:
      settle->claimant = g_intern_static_string ("engine-2");
      break;
    case ENDER_UNKNOWN:
      settle->claimant = g_intern_static_string ("engine-3");
      break;
    case ENDER_RUNNER:
    case N_ENDERS:
    default:
      break;
    }
}

/* Everything there is about the queue; numbers that tell its rows from another queue's are left out */
static char *
dump (Fixture *self)
{
  g_autofree char *sql = g_strdup_printf (
    "SELECT 't' || quote (id) || state || ' ' || priority || ' ' || place || ' ' || time || ' '"
    " || token || quote (claimant) || timeout || ' ' || failures || crashes || max_tries || fate"
    " || cancelled || abandoned || quote (error) || info || quote ((SELECT flags || info FROM"
    " pending AS p WHERE p.n = task.n)) FROM task WHERE q = (SELECT q FROM queue WHERE name = '%s')"
    " UNION ALL SELECT 'f' || id || time FROM finished"
    " WHERE q = (SELECT q FROM queue WHERE name = '%s')"
    " UNION ALL SELECT 'q' || head || ' ' || tail || ' ' || token || ' ' || waiting || delayed"
    " || running || dead || finished FROM queue WHERE name = '%s' ORDER BY 1",
    self->queue, self->queue, self->queue);

  return read_plain (self->path, sql);
}

/* Two tasks run, so that one of them can be ended by the wrong one; both engines have claimed */
static ChihuoClaimed
claim_two (Fixture *self)
{
  ChihuoItem first = make_claim (self, 1);
  ChihuoItem second = make_claim (self, 1);
  ChihuoClaimed claimed;

  add (self, "a");
  add (self, "b");
  second.claimant = g_intern_static_string ("engine-2");
  exchange (self, &first, 1);
  exchange (self, &second, 1);
  g_assert_cmpuint (first.claim.n_claimed + second.claim.n_claimed, ==, 2);
  claimed = first.claim.claimed[0];
  claimed.payload = chihuo_payload_ref (claimed.payload);
  chihuo_item_clear (&first);
  chihuo_item_clear (&second);

  return claimed;
}

/* What there is in a new queue after one task was ended. Without its handle it is always loaded */
static char *
end_one (Fixture *self, const char *history, Ender ender, const ChihuoItem *how, gboolean handle)
{
  static guint n_queues;
  g_autofree char *name = g_strdup_printf ("eat-%u", n_queues++);
  g_autofree char *left = NULL;
  ChihuoClaimed claimed;
  ChihuoItem settle;
  ChihuoAnswer answer;

  self->queue = g_intern_string (name);
  claimed = claim_two (self);
  run_history (self, history);
  settle = make_settle (self, &claimed, how->settle.how);
  settle.settle.finish = how->settle.finish;
  settle.settle.error = g_strdup ("it failed");
  settle.settle.delay = 5000000;
  if (!handle)
    settle.handle = 0;
  set_ender (&settle, ender);
  answer = do_item (self, settle);
  g_assert_cmpint (answer == CHIHUO_ANSWER_STALE, ==, ender != ENDER_RUNNER);
  chihuo_payload_unref (claimed.payload);

  left = dump (self);
  return g_strdup_printf ("%d %s", answer, left);
}

static void
compare_ends (Fixture *self, const char *history, Ender ender, ChihuoSettle how, gboolean finish)
{
  ChihuoItem settle = { .settle = { .how = how, .finish = finish } };
  g_autofree char *loaded = end_one (self, history, ender, &settle, FALSE);
  g_autofree char *direct = end_one (self, history, ender, &settle, TRUE);

  g_assert_cmpstr (direct, ==, loaded);
}

static void
test_both_ways (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (histories); i++)
    for (Ender ender = ENDER_RUNNER; ender < N_ENDERS; ender++)
      for (ChihuoSettle how = CHIHUO_SETTLE_DONE; how <= CHIHUO_SETTLE_ABANDONED; how++)
        {
          compare_ends (self, histories[i], ender, how, FALSE);
          compare_ends (self, histories[i], ender, how, TRUE);
        }
}

/* A row of a run, put there by hand: number 7 of queue 1, claimed by number 3 */
#define ROW                                                                                       \
  "INSERT INTO queue VALUES (1, 'eat', 0, 1, 9, 0, 0, 1, 0, 0, 0, 0, 0, 0);"                      \
  "INSERT INTO task (n, q, id, state, priority, place, time, token, claimant, timeout, own_tries," \
  " info) VALUES (7, 1, 'a', 3, 0, 0, 1, 9, 3, 0, 0, '1');"

/* Whether the row was deleted, in a transaction that is then forgotten */
static gboolean
ends_directly (Fixture *self, ChihuoSqliteFile *file, const char *change, ChihuoItem *settle)
{
  g_autofree char *sql = g_strconcat ("SAVEPOINT trial; " ROW, change, NULL);
  g_auto (ChihuoSqliteTask) task;
  ChihuoSqliteQueues queues;
  int before;
  gboolean deleted;
  ChihuoAnswer answer;

  g_assert_cmpint (sqlite3_exec (file->db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  before = sqlite3_total_changes (file->db);
  chihuo_sqlite_queues_init (&queues, &file->statements);
  chihuo_sqlite_task_init (&task, &queues, chihuo_sqlite_queues_get (&queues, self->queue));
  answer = chihuo_sqlite_task_end (&task, 3, settle, &self->moment);
  deleted = sqlite3_total_changes (file->db) != before;
  g_assert_cmpint (answer, ==, deleted ? CHIHUO_ANSWER_OK : CHIHUO_ANSWER_NONE);
  g_assert_cmpint (task.queue->counts[CHIHUO_TASK_STATE_RUNNING], ==, deleted ? 0 : 1);
  g_assert_cmpint (task.queue->finished, ==, deleted && settle->settle.finish ? 1 : 0);
  g_assert_true (deleted || (task.n == 0 && task.record.state == CHIHUO_TASK_STATE_ABSENT));
  chihuo_sqlite_queues_clear (&queues);
  g_assert_cmpint (sqlite3_exec (file->db, "ROLLBACK TO trial; RELEASE trial", NULL, NULL, NULL),
                   ==, SQLITE_OK);

  return deleted;
}

static void
test_row_is_as_supposed (Fixture *self, gconstpointer data)
{
  static const char *const others[] = {
    "UPDATE task SET state = 1",  "UPDATE task SET token = 8", "UPDATE task SET claimant = 4",
    "UPDATE task SET fate = 1",   "UPDATE task SET fate = 2",  "UPDATE task SET q = 2",
    "UPDATE task SET id = 'b'",   "UPDATE task SET n = 8",     "UPDATE task SET claimant = NULL",
    "UPDATE task SET id = x'61'",
  };
  static const char *const same[] = {
    "", "UPDATE task SET cancelled = 1, failures = 2, crashes = 1, error = 'x', abandoned = 1",
  };
  g_autoptr (ChihuoSqliteFile) file = chihuo_sqlite_file_open (self->path, TRUE, NULL);
  ChihuoItem settle = make_item (self, CHIHUO_OP_SETTLE, "a", NULL);

  settle.handle = 7;
  settle.token = 9;
  for (settle.settle.finish = FALSE; settle.settle.finish <= TRUE; settle.settle.finish++)
    {
      settle.settle.how = CHIHUO_SETTLE_DONE;
      for (guint i = 0; i < G_N_ELEMENTS (same); i++)
        g_assert_true (ends_directly (self, file, same[i], &settle));
      for (guint i = 0; i < G_N_ELEMENTS (others); i++)
        g_assert_false (ends_directly (self, file, others[i], &settle));

      settle.settle.how = CHIHUO_SETTLE_FAILED;
      g_assert_cmpint (ends_directly (self, file, "", &settle), ==, settle.settle.finish);
      settle.settle.how = CHIHUO_SETTLE_ABANDONED;
      g_assert_false (ends_directly (self, file, "", &settle));
    }
  chihuo_item_clear (&settle);
}

static void
folder_set_up (Fixture *self, gconstpointer data)
{
  fixture_make_folder (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/sqlite-task/both-ways", Fixture, NULL, fixture_set_up, test_both_ways,
              fixture_tear_down);
  g_test_add ("/sqlite-task/row-is-as-supposed", Fixture, NULL, folder_set_up,
              test_row_is_as_supposed, fixture_tear_down);

  return g_test_run ();
}
