/* test-snapshot.c - checks what of a record a snapshot shows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-snapshot.h"

static ChihuoRecord
make_record (ChihuoTaskState state)
{
  return (ChihuoRecord) { .payload = chihuo_payload_new ("a", -1, "[1]", -1),
                          .error = g_strdup ("no good"),
                          .place = 7,
                          .when = 1234,
                          .token = 99,
                          .claimant = "worker",
                          .timeout = 2500,
                          .failures = 2,
                          .crashes = 1,
                          .own_tries = 3,
                          .max_tries = 25,
                          .priority = -5,
                          .state = state };
}

/* Due, started and worker belong to one state each */
static void
assert_snapshot (ChihuoTaskState state, gint64 due, gint64 started, const char *worker,
                 guint max_tries)
{
  ChihuoRecord record = make_record (state);
  ChihuoTask *task = chihuo_snapshot_new (&record, NULL, FALSE);

  chihuo_record_clear (&record);
  g_assert_cmpstr (chihuo_task_get_id (task), ==, "a");
  g_assert_cmpstr (chihuo_task_get_json (task), ==, "[1]");
  g_assert_cmpint (chihuo_task_get_state (task), ==, state);
  g_assert_false (chihuo_task_get_finished (task));
  g_assert_cmpuint (chihuo_task_get_failures (task), ==, 2);
  g_assert_cmpuint (chihuo_task_get_crashes (task), ==, 1);
  g_assert_cmpuint (chihuo_task_get_tries (task), ==, 4);
  g_assert_cmpuint (chihuo_task_get_max_tries (task), ==, max_tries);
  g_assert_cmpint (chihuo_task_get_priority (task), ==, -5);
  g_assert_cmpfloat (chihuo_task_get_timeout (task), ==, 2.5);
  g_assert_cmpuint (chihuo_task_get_token (task), ==, 99);
  g_assert_cmpstr (chihuo_task_get_last_error (task), ==, "no good");
  g_assert_cmpint (chihuo_task_get_due (task), ==, due);
  g_assert_cmpint (chihuo_task_get_started (task), ==, started);
  g_assert_cmpstr (chihuo_task_get_worker (task), ==, worker);
  g_assert_null (chihuo_task_get_cursor (task));
  g_assert_finalize_object (task);
}

static void
test_states (void)
{
  assert_snapshot (CHIHUO_TASK_STATE_WAITING, 0, 0, NULL, 3);
  assert_snapshot (CHIHUO_TASK_STATE_DELAYED, 1234, 0, NULL, 3);
  assert_snapshot (CHIHUO_TASK_STATE_RUNNING, 0, 99, "worker", 25);
  assert_snapshot (CHIHUO_TASK_STATE_DEAD, 0, 0, NULL, 3);
}

static void
test_absent (void)
{
  g_autoptr (ChihuoPayload) id = chihuo_payload_new ("b", -1, NULL, 0);
  ChihuoRecord record = { 0 };
  ChihuoTask *plain = chihuo_snapshot_new (&record, id, FALSE);
  ChihuoTask *marked = chihuo_snapshot_new (&record, id, TRUE);

  g_assert_cmpstr (chihuo_task_get_id (plain), ==, "b");
  g_assert_cmpstr (chihuo_task_get_json (plain), ==, "null");
  g_assert_cmpint (chihuo_task_get_state (plain), ==, CHIHUO_TASK_STATE_ABSENT);
  g_assert_false (chihuo_task_get_finished (plain));
  g_assert_true (chihuo_task_get_finished (marked));
  g_assert_finalize_object (plain);
  g_assert_finalize_object (marked);
}

static void
test_cursor (void)
{
  ChihuoRecord record = make_record (CHIHUO_TASK_STATE_WAITING);
  ChihuoTask *task = chihuo_snapshot_new_in_list (&record);

  g_assert_cmpstr (chihuo_task_get_cursor (task), ==, "-5:7:a");
  chihuo_record_clear (&record);
  g_assert_finalize_object (task);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/snapshot/states", test_states);
  g_test_add_func ("/snapshot/absent", test_absent);
  g_test_add_func ("/snapshot/cursor", test_cursor);

  return g_test_run ();
}
