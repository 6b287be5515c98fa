/* test-task.c - a task before, in and after its run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-task-private.h"

/* --- before the add --- */

static void
test_new (void)
{
  g_autoptr (JsonNode) info = json_from_string ("{\"a\": [1, 2]}", NULL);
  g_autoptr (ChihuoTask) task = chihuo_task_new ("id", info);
  g_autoptr (ChihuoTask) bare = chihuo_task_new ("id", NULL);
  g_autoptr (JsonNode) copy = chihuo_task_dup_info (task);
  g_autoptr (JsonNode) other = chihuo_task_dup_info (task);

  g_assert_true (chihuo_task_check (task, NULL));
  g_assert_cmpstr (chihuo_task_get_id (task), ==, "id");
  g_assert_cmpstr (chihuo_task_get_json (task), ==, "{\"a\":[1,2]}");
  g_assert_cmpstr (chihuo_task_get_json (bare), ==, "null");
  g_assert_true (json_node_equal (copy, info));
  g_assert_true (copy != other);
  g_assert_cmpuint (chihuo_task_get_tries (task), ==, 1);
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_ABSENT);
  g_assert_cmpint (chihuo_task_get_add_result (task), ==, CHIHUO_ADD_RESULT_ERROR);
}

static JsonNode *
nested (guint depth)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, ']');

  return json_from_string (text->str, NULL);
}

/* chihuo_task_new() cannot fail: the add says what was wrong */
static void
assert_invalid (const char *id, JsonNode *info, int code)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new (id, info);
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_task_check (task, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_true (g_utf8_validate (chihuo_task_get_id (task), -1, NULL));
}

static void
test_invalid (void)
{
  g_autoptr (JsonNode) deep = nested (129);
  g_autoptr (JsonNode) just = nested (128);
  g_autoptr (ChihuoTask) fine = chihuo_task_new ("id", just);
  g_autofree char *long_id = g_strnfill (4097, 'x');

  g_assert_true (chihuo_task_check (fine, NULL));
  assert_invalid ("id", deep, CHIHUO_ERROR_TOO_LARGE);
  assert_invalid ("", NULL, CHIHUO_ERROR_INVALID);
  assert_invalid ("\xff", NULL, CHIHUO_ERROR_INVALID);
  assert_invalid (long_id, NULL, CHIHUO_ERROR_TOO_LARGE);
}

static void
test_from_json (void)
{
  const char *text = "{\"big\":12345678901234567890123,\"a\":1,\"a\":2}";
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoTask) task = chihuo_task_new_from_json ("id", text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (chihuo_task_get_json (task), ==, text);
  g_assert_null (chihuo_task_new_from_json ("id", "{", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
}

/* A long id is cut in the message, but not within a character */
static void
test_message (void)
{
  g_autoptr (GString) id = g_string_new ("x");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 100; i++)
    g_string_append (id, "é");
  g_assert_null (chihuo_task_new_from_json (id->str, "{", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_limits (void)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new ("id", NULL);

  g_assert_false (chihuo_task_has_priority (task));
  chihuo_task_set_priority (task, -128);
  g_assert_true (chihuo_task_has_priority (task));
  g_assert_cmpint (chihuo_task_get_priority (task), ==, -128);
  chihuo_task_set_delay (task, 1.5);
  g_assert_cmpint (chihuo_task_get_delay_us (task), ==, 1500000);
  chihuo_task_set_delay (task, INFINITY);
  g_assert_cmpint (chihuo_task_get_delay_us (task), >=, G_MAXINT64 / 4);
  chihuo_task_set_timeout (task, 1e-9);
  g_assert_cmpint (chihuo_task_get_timeout_us (task), ==, 1000);
  chihuo_task_set_timeout (task, INFINITY);
  g_assert_cmpint (chihuo_task_get_timeout_us (task), ==,
                   G_MAXUINT32 / 1000 * (gint64) G_USEC_PER_SEC);
  chihuo_task_set_max_tries (task, 7);
  g_assert_cmpuint (chihuo_task_get_max_tries (task), ==, 7);
  chihuo_task_set_add_result (task, CHIHUO_ADD_RESULT_AGAIN);
  g_assert_cmpint (chihuo_task_get_add_result (task), ==, CHIHUO_ADD_RESULT_AGAIN);
}

static void
test_snapshot (void)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new ("id", -1, NULL, 0);
  ChihuoTaskDetails details = { .token = 5, .failures = 2, .crashes = 1, .max_tries = 9,
                                .state = CHIHUO_TASK_STATE_DEAD, .finished = TRUE, .due = 11,
                                .started = 12, .last_error = g_strdup ("e"),
                                .worker = g_strdup ("w"), .cursor = g_strdup ("c") };
  g_autoptr (ChihuoTask) task = chihuo_task_new_for_payload (payload, &details);

  g_assert_cmpstr (chihuo_task_get_json (task), ==, "null"); /* a backend may leave the info out */
  g_assert_cmpuint (chihuo_task_get_token (task), ==, 5);
  g_assert_cmpuint (chihuo_task_get_tries (task), ==, 4);
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_true (chihuo_task_get_finished (task));
  g_assert_cmpint (chihuo_task_get_due (task), ==, 11);
  g_assert_cmpint (chihuo_task_get_started (task), ==, 12);
  g_assert_cmpstr (chihuo_task_get_last_error (task), ==, "e");
  g_assert_cmpstr (chihuo_task_get_worker (task), ==, "w");
  g_assert_cmpstr (chihuo_task_get_cursor (task), ==, "c");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/task/new", test_new);
  g_test_add_func ("/task/invalid", test_invalid);
  g_test_add_func ("/task/from-json", test_from_json);
  g_test_add_func ("/task/message", test_message);
  g_test_add_func ("/task/limits", test_limits);
  g_test_add_func ("/task/snapshot", test_snapshot);

  return g_test_run ();
}
