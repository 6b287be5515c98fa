/* test-sqlite-statements.c - no statement looks at all tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-sqlite-file.h"
#include "sqlite-fixture.h"

static void
folder_set_up (Fixture *self, gconstpointer data)
{
  fixture_make_folder (self);
}

static ChihuoSqliteFile *
open_file (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  ChihuoSqliteFile *file = chihuo_sqlite_file_open (self->path, TRUE, &error);

  g_assert_no_error (error);
  return file;
}

/* A step of a plan that reads a whole table, or the whole of an index over one */
static gboolean
is_scan (const char *step)
{
  return g_regex_match_simple ("^SCAN (task|t|finished|pending)\\b", step, 0, 0);
}

static void
check_plan (sqlite3 *db, const char *sql)
{
  g_autofree char *question = g_strconcat ("EXPLAIN QUERY PLAN ", sql, NULL);
  sqlite3_stmt *row = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db, question, -1, &row, NULL), ==, SQLITE_OK);
  while (sqlite3_step (row) == SQLITE_ROW)
    {
      const char *step = (const char *) sqlite3_column_text (row, 3);

      if (is_scan (step))
        g_error ("“%s” does: %s", sql, step);
    }
  sqlite3_finalize (row);
}

static void
test_plans (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoSqliteFile) file = open_file (self);

  g_assert_true (is_scan ("SCAN task USING INDEX task_id"));
  g_assert_cmpint (sqlite3_exec (file->db, "CREATE INDEX finished_time ON finished (q, time)",
                                 NULL, NULL, NULL), ==, SQLITE_OK);
  for (guint i = 0; i < CHIHUO_SQLITE_N_STATEMENTS; i++)
    {
      sqlite3_stmt *row = chihuo_sqlite_statements_use (&file->statements, i);

      g_assert_cmpstr (file->statements.message, ==, NULL);
      g_assert_nonnull (row);
      check_plan (file->db, sqlite3_sql (row));
    }
}

/* The first error stays, and whatever comes after it does nothing */
static void
test_errors_stick (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoSqliteFile) file = open_file (self);
  ChihuoSqliteStatements *db = &file->statements;
  g_autoptr (GError) error = NULL;

  g_assert_true (chihuo_sqlite_file_begin (file, &error));
  g_assert_true (
    chihuo_sqlite_statements_run (db, chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_QUEUE_LIST)));
  g_assert_false (
    chihuo_sqlite_statements_run (db, chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_BEGIN)));
  g_assert_cmpint (db->rc, ==, SQLITE_ERROR);
  g_assert_null (chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_QUEUE_LIST));
  chihuo_sqlite_statements_fail (db, SQLITE_FULL);
  g_assert_cmpint (db->rc, ==, SQLITE_ERROR);

  g_assert_false (chihuo_sqlite_file_commit (file, &error));
  chihuo_sqlite_file_leave (file);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
  g_clear_error (&error);

  g_assert_true (chihuo_sqlite_file_begin (file, &error));
  g_assert_false (chihuo_sqlite_file_has_changed (file));
  g_assert_true (chihuo_sqlite_file_commit (file, &error));
  chihuo_sqlite_file_leave (file);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/sqlite-statements/" path, Fixture, NULL, folder_set_up, function, fixture_tear_down)
  TEST ("plans", test_plans);
  TEST ("errors-stick", test_errors_stick);

  return g_test_run ();
}
