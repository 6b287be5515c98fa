/* sqlite-fixture.h - a folder with a database, for the tests of the SQLite backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-sqlite-backend.h"

#define FIXTURE_STORE \
  char *folder; \
  char *path;

#include "backend-fixture.h"

static inline ChihuoBackend *
open_backend (const char *path)
{
  g_autoptr (GError) error = NULL;
  ChihuoSqliteBackend *backend = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);

  chihuo_sqlite_backend_open_path (backend, path, TRUE, &error);
  g_assert_no_error (error);

  return CHIHUO_BACKEND (backend);
}

static inline void
fixture_make_folder (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("chihuo-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "tasks.db", NULL);
  fixture_init (self);
}

static inline void
fixture_set_up (Fixture *self, gconstpointer data)
{
  fixture_make_folder (self);
  self->backend = open_backend (self->path);
}

static inline void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, NULL);
  const char *name;

  fixture_clear (self);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  g_free (self->path);
}

/* What sqlite3(1) would print, through a connection of its own */
static inline char *
read_plain (const char *path, const char *sql)
{
  GString *text = g_string_new (NULL);
  sqlite3_stmt *row = NULL;
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 5000);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &row, NULL), ==, SQLITE_OK);
  while (sqlite3_step (row) == SQLITE_ROW)
    g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "",
                            (const char *) sqlite3_column_text (row, 0));
  g_assert_cmpint (sqlite3_finalize (row), ==, SQLITE_OK);
  sqlite3_close (db);

  return g_string_free (text, FALSE);
}

static inline void
run_plain (const char *path, const char *sql)
{
  g_free (read_plain (path, sql));
}

static inline void
assert_plain (Fixture *self, const char *sql, const char *expected)
{
  g_autofree char *text = read_plain (self->path, sql);

  g_assert_cmpstr (text, ==, expected);
}
