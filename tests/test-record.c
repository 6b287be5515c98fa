/* test-record.c - what a queue knows of an id
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-record.h"

static void
test_copy (void)
{
  g_autoptr (ChihuoRecord) copy = NULL;
  g_autoptr (ChihuoRecord) bare = NULL;
  ChihuoRecord record = { .token = 5, .state = CHIHUO_TASK_STATE_RUNNING };
  ChihuoRecord zero = { 0 };

  record.payload = chihuo_payload_new ("a", -1, "1", -1);
  record.error = g_strdup ("why");
  record.pending = g_new0 (ChihuoPending, 1);
  record.pending->payload = chihuo_payload_new ("a", -1, "2", -1);
  record.pending->delay = 7;
  copy = chihuo_record_copy (&record);
  chihuo_record_clear (&record);
  g_assert_cmpmem (&record, sizeof record, &zero, sizeof zero);

  g_assert_cmpuint (copy->token, ==, 5);
  g_assert_cmpstr (chihuo_payload_get_json (copy->payload), ==, "1");
  g_assert_cmpstr (copy->error, ==, "why");
  g_assert_cmpstr (chihuo_payload_get_json (copy->pending->payload), ==, "2");
  g_assert_cmpint (copy->pending->delay, ==, 7);
  bare = chihuo_record_copy (&zero);
  g_assert_null (bare->payload);
}

static void
test_key (void)
{
  const struct
  {
    ChihuoTaskState state;
    gint64          major;
  } cases[] = {
    { CHIHUO_TASK_STATE_WAITING, -3 },
    { CHIHUO_TASK_STATE_DELAYED, 1000 },
    { CHIHUO_TASK_STATE_RUNNING, 0 },
    { CHIHUO_TASK_STATE_DEAD, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ChihuoRecord record = { .state = cases[i].state, .priority = -3, .when = 1000, .place = -9 };
      gint64 major;
      gint64 minor;

      chihuo_record_get_key (&record, &major, &minor);
      g_assert_cmpint (major, ==, cases[i].major);
      g_assert_cmpint (minor, ==, -9);
    }
}

static void
test_cursor (void)
{
  ChihuoRecord record = { .state = CHIHUO_TASK_STATE_DELAYED, .when = G_MAXINT64,
                          .place = G_MININT64 };
  g_autofree char *cursor = NULL;
  g_autoptr (GError) error = NULL;
  const char *id;
  gint64 major;
  gint64 minor;

  record.payload = chihuo_payload_new ("a:b", -1, NULL, 0);
  cursor = chihuo_record_dup_cursor (&record);
  g_assert_true (chihuo_cursor_parse (cursor, &major, &minor, &id, &error));
  g_assert_no_error (error);
  g_assert_cmpint (major, ==, G_MAXINT64);
  g_assert_cmpint (minor, ==, G_MININT64);
  g_assert_cmpstr (id, ==, "a:b");
  chihuo_record_clear (&record);
}

static void
test_no_cursor (void)
{
  const char *texts[] = { "", "a", "1", "1:", "1:2", "1:2:", ":2:a", "1::a", "1:x:a", "x:1:a",
                          "99999999999999999999:1:a", "1:99999999999999999999:a",
                          "xééééééééééééééééééééééééééééééé", "\xff" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *id;
      gint64 major;
      gint64 minor;

      g_assert_false (chihuo_cursor_parse (texts[i], &major, &minor, &id, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/record/copy", test_copy);
  g_test_add_func ("/record/key", test_key);
  g_test_add_func ("/record/cursor", test_cursor);
  g_test_add_func ("/record/no-cursor", test_no_cursor);

  return g_test_run ();
}
