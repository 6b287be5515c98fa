/* test-sqlite-file.c - databases that can be opened, and those that cannot
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <sys/resource.h>

#include "chihuo-sqlite-file.h"
#include "sqlite-fixture.h"

static void
folder_set_up (Fixture *self, gconstpointer data)
{
  fixture_make_folder (self);
}

static void
assert_refused (const char *path, int code, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoSqliteFile) file = chihuo_sqlite_file_open (path, TRUE, &error);

  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_null (file);
  g_assert_nonnull (strstr (error->message, path));
  if (strstr (error->message, expected) == NULL)
    g_error ("“%s” is not in: %s", expected, error->message);
}

static int
mode_of (const char *path, const char *suffix)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);
  struct stat info;

  g_assert_cmpint (stat (name, &info), ==, 0);
  return info.st_mode & 0777;
}

static void
test_private (Fixture *self, gconstpointer data)
{
  self->backend = open_backend (self->path);
  g_assert_cmpint (add (self, "a"), ==, CHIHUO_ANSWER_ADDED);

  g_assert_cmpint (mode_of (self->path, ""), ==, 0600);
  g_assert_cmpint (mode_of (self->path, "-wal"), ==, 0600);
  g_assert_cmpint (mode_of (self->path, "-shm"), ==, 0600);
  g_assert_cmpint (mode_of (self->path, "-lock"), ==, 0600);
  g_assert_cmpint (mode_of (self->path, "-touch"), ==, 0600);
  assert_plain (self, "PRAGMA journal_mode", "wal");
  assert_plain (self, "PRAGMA application_id", "1667786863");
}

static void
test_link (Fixture *self, gconstpointer data)
{
  g_autofree char *target = g_build_filename (self->folder, "target", NULL);

  g_assert_cmpint (symlink (target, self->path), ==, 0);
  assert_refused (self->path, CHIHUO_ERROR_CONFIG, "is a symbolic link");
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
}

/* The folder may be reached through a link: many homes are */
static void
test_linked_folder (Fixture *self, gconstpointer data)
{
  g_autofree char *link = g_strconcat (self->folder, "-link", NULL);
  g_autofree char *path = g_build_filename (link, "tasks.db", NULL);

  g_assert_cmpint (symlink (self->folder, link), ==, 0);
  self->backend = open_backend (path);
  g_assert_cmpint (add (self, "a"), ==, CHIHUO_ANSWER_ADDED);
  assert_plain (self, "SELECT id FROM task", "a");
  g_assert_cmpint (unlink (link), ==, 0);
}

static void
test_missing_folder (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->folder, "no", "tasks.db", NULL);

  assert_refused (path, CHIHUO_ERROR_CONFIG, "the folder");
}

static void
test_folder (Fixture *self, gconstpointer data)
{
  assert_refused (self->folder, CHIHUO_ERROR_CONFIG, "is no regular file");
}

static void
test_no_database (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (5000, 'x');
  g_autofree char *after = NULL;

  g_file_set_contents (self->path, text, -1, &error);
  g_assert_no_error (error);
  assert_refused (self->path, CHIHUO_ERROR_CONFIG, "it is no SQLite database");
  g_file_get_contents (self->path, &after, NULL, &error);
  g_assert_cmpstr (after, ==, text);
}

static void
test_foreign (Fixture *self, gconstpointer data)
{
  self->backend = open_backend (self->path);
  close_backend (&self->backend);
  run_plain (self->path, "PRAGMA application_id = 5");
  assert_refused (self->path, CHIHUO_ERROR_CONFIG, "is a database of another program");

  run_plain (self->path, "PRAGMA application_id = 0");
  assert_refused (self->path, CHIHUO_ERROR_CONFIG, "is a database of another program");
}

static void
test_newer (Fixture *self, gconstpointer data)
{
  self->backend = open_backend (self->path);
  close_backend (&self->backend);
  run_plain (self->path, "PRAGMA user_version = 2");
  assert_refused (self->path, CHIHUO_ERROR_CONFIG, "has schema 2");
}

/* Root may write to everything: so a user who may not tries it */
static void
test_read_only (Fixture *self, gconstpointer data)
{
  g_autofree char *lock = g_strconcat (self->path, "-lock", NULL);
  g_autofree char *log = g_strconcat (self->path, "-wal", NULL);
  g_autofree char *shared = g_strconcat (self->path, "-shm", NULL);
  pid_t pid;
  int status;

  self->backend = open_backend (self->path);
  close_backend (&self->backend);
  g_assert_cmpint (chmod (self->folder, 0777), ==, 0);
  g_assert_cmpint (chmod (self->path, 0444), ==, 0);
  g_assert_cmpint (chmod (lock, 0666), ==, 0);
  g_assert_cmpint (g_remove (log), ==, 0);
  g_assert_cmpint (g_remove (shared), ==, 0);

  pid = fork ();
  if (pid == 0)
    {
      g_autoptr (GError) error = NULL;

      if (geteuid () == 0 && setuid (65534) != 0)
        _exit (77);
      g_assert_null (chihuo_sqlite_file_open (self->path, TRUE, &error));
      _exit (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND)
               && strstr (error->message, "tasks.db: is read-only") != NULL ? 0 : 1);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

/* A limit on the size of files stands for a full disk: what was answered is there, what failed was
 * not done, and when there is space again all goes on */
static void
test_full_disk (Fixture *self, gconstpointer data)
{
  struct rlimit old;
  struct rlimit limit;
  g_autofree char *big = g_strdup_printf ("\"%0*d\"", 60000, 0);
  g_autofree char *expected = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  self->backend = open_backend (self->path);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  limit = old;
  limit.rlim_cur = 1024 * 1024;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);

  while (error == NULL && n < 1000)
    {
      g_autofree char *id = g_strdup_printf ("%u", n);
      ChihuoItem item = make_item (self, CHIHUO_OP_ADD, id, big);

      if (try_exchange (self, &item, 1, &error))
        n++;
      else
        g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_NONE);
      self->request++;
      chihuo_item_clear (&item);
    }
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);

  g_assert_true (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND)
                 || g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME));
  g_assert_nonnull (strstr (error->message, "tasks.db: the disk"));
  g_assert_cmpuint (n, >, 3);
  g_assert_cmpuint (n, <, 1000);
  g_assert_cmpint (add (self, "after"), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpuint (get_stats (self).waiting, ==, n + 1);
  expected = g_strdup_printf ("%u", n + 1);
  assert_plain (self, "SELECT count (*) FROM task", expected);
  assert_plain (self, "PRAGMA integrity_check", "ok");
}

/* SQLite's own word for it; also, no claim is handed out */
static void
test_database_full (Fixture *self, gconstpointer data)
{
  g_autofree char *big = g_strdup_printf ("\"%0*d\"", 600000, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoSqliteFile) file = NULL;
  sqlite3_stmt *row;

  file = chihuo_sqlite_file_open (self->path, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sqlite3_exec (file->db, "PRAGMA max_page_count = 40", NULL, NULL, NULL), ==,
                   SQLITE_OK);
  g_assert_true (chihuo_sqlite_file_begin (file, &error));
  row = chihuo_sqlite_statements_use (&file->statements, CHIHUO_SQLITE_FINISHED_ADD);
  sqlite3_bind_int (row, 1, 1);
  sqlite3_bind_text (row, 2, big, -1, SQLITE_STATIC);
  sqlite3_bind_int (row, 3, 1);
  g_assert_false (chihuo_sqlite_statements_run (&file->statements, row));
  g_assert_false (chihuo_sqlite_file_commit (file, &error));
  chihuo_sqlite_file_leave (file);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
  g_assert_nonnull (strstr (error->message, "tasks.db: the disk is full"));
  assert_plain (self, "SELECT count (*) FROM finished", "0");
}

static int
sync_cb (sqlite3_file *file, int flags)
{
  return SQLITE_IOERR_FSYNC;
}

/* Puts a mark into the database; says whether that was answered OK */
static gboolean
mark (ChihuoSqliteFile *file, int n, GError **error)
{
  gboolean ok = chihuo_sqlite_file_begin (file, error);
  sqlite3_stmt *row;

  g_assert_true (ok);
  row = chihuo_sqlite_statements_use (&file->statements, CHIHUO_SQLITE_FINISHED_ADD);
  sqlite3_bind_int (row, 1, 1);
  sqlite3_bind_int (row, 2, n);
  sqlite3_bind_int (row, 3, 1);
  chihuo_sqlite_statements_run (&file->statements, row);
  ok = chihuo_sqlite_file_commit (file, error);
  chihuo_sqlite_file_leave (file);

  return ok;
}

/* The disk does not say whether it has the commit: nobody may say that it was done, or that it was
 * not. What was answered before is there, and it goes on when the disk is well again */
static void
test_failing_sync (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoSqliteFile) file = chihuo_sqlite_file_open (self->path, TRUE, &error);
  const sqlite3_io_methods *healthy;
  sqlite3_io_methods sick;
  sqlite3_file *log = NULL;

  g_assert_no_error (error);
  g_assert_true (mark (file, 1, &error));
  g_assert_cmpint (
    sqlite3_file_control (file->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), ==, SQLITE_OK);
  healthy = log->pMethods;
  sick = *healthy;
  sick.xSync = sync_cb;

  log->pMethods = &sick;
  g_assert_false (mark (file, 2, &error));
  log->pMethods = healthy;
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  g_assert_nonnull (strstr (error->message, "tasks.db: the disk failed during a commit"));
  g_clear_error (&error);

  g_assert_true (mark (file, 3, &error));
  assert_plain (self, "SELECT id FROM finished WHERE id <> 2 ORDER BY id", "1 3");
  assert_plain (self, "PRAGMA integrity_check", "ok");
}

/* Somebody who does not know of the turnstile holds the database: nothing is done, later it is */
static void
test_busy (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  ChihuoItem item = make_item (self, CHIHUO_OP_ADD, "a", "1");
  sqlite3 *db = NULL;

  self->backend = open_backend (self->path);
  g_assert_cmpint (sqlite3_open (self->path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);

  g_assert_false (try_exchange (self, &item, 1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "another process holds the database"));
  sqlite3_close (db);
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_ADDED);
}

/* The log does not grow for ever, and is empty after a close */
static void
test_checkpoints (Fixture *self, gconstpointer data)
{
  g_autofree char *log = g_strconcat (self->path, "-wal", NULL);
  g_autofree char *big = g_strdup_printf ("\"%0*d\"", 1000000, 0);
  struct stat info;

  self->backend = open_backend (self->path);
  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      g_assert_cmpint (do_item (self, make_item (self, CHIHUO_OP_ADD, id, big)), ==,
                       CHIHUO_ANSWER_ADDED);
    }
  g_assert_cmpint (stat (log, &info), ==, 0);
  g_assert_cmpint (info.st_size, <, 20 * 1024 * 1024);
  close_backend (&self->backend);
  g_assert_cmpint (stat (log, &info), ==, 0);
  g_assert_cmpint (info.st_size, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/sqlite-file/" path, Fixture, NULL, folder_set_up, function, fixture_tear_down)
  TEST ("private", test_private);
  TEST ("link", test_link);
  TEST ("linked-folder", test_linked_folder);
  TEST ("missing-folder", test_missing_folder);
  TEST ("folder", test_folder);
  TEST ("no-database", test_no_database);
  TEST ("foreign", test_foreign);
  TEST ("newer", test_newer);
  TEST ("read-only", test_read_only);
  TEST ("full-disk", test_full_disk);
  TEST ("database-full", test_database_full);
  TEST ("failing-sync", test_failing_sync);
  TEST ("busy", test_busy);
  TEST ("checkpoints", test_checkpoints);

  return g_test_run ();
}
