/* test-lodis-shelf.c - what a process holds of a queue that knows nothing of runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-lodis-shelf.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoLodisShelf, chihuo_lodis_shelf_free)

static ChihuoLodisShelf *
new_shelf (void)
{
  return chihuo_lodis_shelf_new (g_intern_static_string ("eat"));
}

/* Takes it out, and puts it back like that */
static void
put (ChihuoLodisShelf *shelf, const char *id, ChihuoTaskState state, gint64 place, gint64 when)
{
  ChihuoRecord *record = chihuo_lodis_shelf_take (shelf, id);

  record->state = state;
  record->place = place;
  record->when = when;
  chihuo_lodis_shelf_put (shelf, record);
}

static char *
list (ChihuoLodisShelf *shelf, ChihuoTaskState state)
{
  g_autoptr (GPtrArray) records = chihuo_lodis_shelf_list (shelf, state);
  GString *ids = g_string_new (NULL);

  g_assert_cmpuint (records->len, ==, chihuo_lodis_shelf_count (shelf, state));
  for (guint i = 0; i < records->len; i++)
    g_string_append_printf (ids, "%s ", chihuo_payload_get_id (
                              ((ChihuoRecord *) g_ptr_array_index (records, i))->payload));

  return g_string_free (ids, FALSE);
}

static void
assert_list (ChihuoLodisShelf *shelf, ChihuoTaskState state, const char *expected)
{
  g_autofree char *ids = list (shelf, state);

  g_assert_cmpstr (ids, ==, expected);
}

/* Who takes what is not here gets something absent of that id; what he takes is not here any more */
static void
test_take (void)
{
  g_autoptr (ChihuoLodisShelf) shelf = new_shelf ();
  ChihuoRecord *record = chihuo_lodis_shelf_take (shelf, "a");

  g_assert_cmpstr (chihuo_payload_get_id (record->payload), ==, "a");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_ABSENT);
  g_assert_null (chihuo_lodis_shelf_get (shelf, "a"));

  record->state = CHIHUO_TASK_STATE_RUNNING;
  record->token = 7;
  chihuo_lodis_shelf_put (shelf, record);
  g_assert_true (chihuo_lodis_shelf_get (shelf, "a") == record);
  g_assert_true (chihuo_lodis_shelf_take (shelf, "a") == record);
  g_assert_cmpuint (record->token, ==, 7);
  g_assert_null (chihuo_lodis_shelf_get (shelf, "a"));
  chihuo_record_free (record);
}

/* What is absent, or waits at the server, is not kept here */
static void
test_put (void)
{
  g_autoptr (ChihuoLodisShelf) shelf = new_shelf ();

  put (shelf, "runs", CHIHUO_TASK_STATE_RUNNING, 1, 0);
  put (shelf, "later", CHIHUO_TASK_STATE_DELAYED, 2, 9);
  put (shelf, "dead", CHIHUO_TASK_STATE_DEAD, 3, 0);
  put (shelf, "waits", CHIHUO_TASK_STATE_WAITING, 4, 0);
  put (shelf, "none", CHIHUO_TASK_STATE_ABSENT, 5, 0);
  g_assert_cmpuint (g_hash_table_size (shelf->records), ==, 3);
  g_assert_null (chihuo_lodis_shelf_get (shelf, "waits"));
  g_assert_null (chihuo_lodis_shelf_get (shelf, "none"));

  put (shelf, "runs", CHIHUO_TASK_STATE_WAITING, 1, 0);
  g_assert_null (chihuo_lodis_shelf_get (shelf, "runs"));
}

/* Delayed ones by their times, then by their places; the others by their places */
static void
test_order (void)
{
  g_autoptr (ChihuoLodisShelf) shelf = new_shelf ();

  put (shelf, "b", CHIHUO_TASK_STATE_DELAYED, 2, 20);
  put (shelf, "c", CHIHUO_TASK_STATE_DELAYED, 3, 20);
  put (shelf, "a", CHIHUO_TASK_STATE_DELAYED, 9, 10);
  put (shelf, "z", CHIHUO_TASK_STATE_RUNNING, G_MININT64, 7);
  put (shelf, "y", CHIHUO_TASK_STATE_RUNNING, G_MAXINT64, 5);
  put (shelf, "x", CHIHUO_TASK_STATE_RUNNING, 0, 9);
  assert_list (shelf, CHIHUO_TASK_STATE_DELAYED, "a b c ");
  assert_list (shelf, CHIHUO_TASK_STATE_RUNNING, "z x y ");
  assert_list (shelf, CHIHUO_TASK_STATE_DEAD, "");
}

static void
test_next_due (void)
{
  g_autoptr (ChihuoLodisShelf) shelf = new_shelf ();

  g_assert_cmpint (chihuo_lodis_shelf_next_due (shelf), ==, 0);
  put (shelf, "runs", CHIHUO_TASK_STATE_RUNNING, 1, 3);
  g_assert_cmpint (chihuo_lodis_shelf_next_due (shelf), ==, 0);
  put (shelf, "a", CHIHUO_TASK_STATE_DELAYED, 1, 30);
  put (shelf, "b", CHIHUO_TASK_STATE_DELAYED, 2, 10);
  put (shelf, "c", CHIHUO_TASK_STATE_DELAYED, 3, 20);
  g_assert_cmpint (chihuo_lodis_shelf_next_due (shelf), ==, 10);
  put (shelf, "b", CHIHUO_TASK_STATE_DEAD, 2, 10);
  g_assert_cmpint (chihuo_lodis_shelf_next_due (shelf), ==, 20);
}

static void
fail (ChihuoLodisShelf *shelf, const char *id, guint failures)
{
  ChihuoRecord *record = chihuo_lodis_shelf_take (shelf, id);

  record->state = CHIHUO_TASK_STATE_WAITING;
  record->failures = failures;
  chihuo_lodis_shelf_put (shelf, record);
}

static guint
get_failures (ChihuoLodisShelf *shelf, const char *id)
{
  g_autoptr (ChihuoRecord) record = chihuo_lodis_shelf_take (shelf, id);

  return record->failures;
}

/* The server has no place for them, so they are remembered until the task is done */
static void
test_failures (void)
{
  g_autoptr (ChihuoLodisShelf) shelf = new_shelf ();

  fail (shelf, "a", 2);
  fail (shelf, "b", 0);
  g_assert_cmpuint (get_failures (shelf, "a"), ==, 2);
  g_assert_cmpuint (get_failures (shelf, "a"), ==, 2);
  g_assert_cmpuint (get_failures (shelf, "b"), ==, 0);
  g_assert_cmpuint (g_hash_table_size (shelf->failures), ==, 1);

  put (shelf, "a", CHIHUO_TASK_STATE_ABSENT, 0, 0);
  g_assert_cmpuint (get_failures (shelf, "a"), ==, 0);
  g_assert_cmpuint (g_hash_table_size (shelf->failures), ==, 0);
}

/* Not without end: at last all are forgotten */
static void
test_many_failures (void)
{
  g_autoptr (ChihuoLodisShelf) shelf = new_shelf ();

  for (guint i = 0; i <= 100000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      fail (shelf, id, 1);
    }
  g_assert_cmpuint (g_hash_table_size (shelf->failures), ==, 1);
  g_assert_cmpuint (get_failures (shelf, "100000"), ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lodis-shelf/take", test_take);
  g_test_add_func ("/lodis-shelf/put", test_put);
  g_test_add_func ("/lodis-shelf/order", test_order);
  g_test_add_func ("/lodis-shelf/next-due", test_next_due);
  g_test_add_func ("/lodis-shelf/failures", test_failures);
  g_test_add_func ("/lodis-shelf/many-failures", test_many_failures);

  return g_test_run ();
}
