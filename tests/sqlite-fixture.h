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

#define NOW G_GINT64_CONSTANT (1800000000000000)

typedef struct
{
  char          *folder;
  char          *path;
  ChihuoBackend *backend;
  ChihuoMoment   moment;
  const char    *queue;
  const char    *claimant;
  const char    *client;
  guint32        request; /* of the next batch */
  guint32        claim;   /* of the next claim */
} Fixture;

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
close_backend (ChihuoBackend **backend)
{
  g_autoptr (GError) error = NULL;

  chihuo_backend_close (*backend, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (g_steal_pointer (backend));
}

static inline void
fixture_make_folder (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("chihuo-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "tasks.db", NULL);
  self->queue = g_intern_static_string ("eat");
  self->claimant = g_intern_static_string ("engine-1");
  self->client = g_intern_static_string ("client-1");
  self->moment = (ChihuoMoment) { .now = NOW, .lease = 1000000 };
  self->request = 1;
  self->claim = 1;
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

  if (self->backend != NULL)
    close_backend (&self->backend);

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  g_free (self->path);
}

/* One batch with these items */
static inline gboolean
try_exchange (Fixture *self, ChihuoBackend *backend, ChihuoItem *items, guint n, GError **error)
{
  g_autofree ChihuoItem **pointers = g_new (ChihuoItem *, n);
  ChihuoBatch batch = { .client = self->client,
                        .request = self->request,
                        .moment = self->moment,
                        .items = pointers,
                        .n_items = n };

  for (guint i = 0; i < n; i++)
    pointers[i] = &items[i];

  return chihuo_backend_exchange (backend, &batch, error);
}

static inline void
exchange (Fixture *self, ChihuoItem *items, guint n)
{
  g_autoptr (GError) error = NULL;

  try_exchange (self, self->backend, items, n, &error);
  g_assert_no_error (error);
  self->request++;
}

static inline ChihuoItem
make_item (Fixture *self, ChihuoOp op, const char *id, const char *json)
{
  return (ChihuoItem) { .op = op,
                        .queue = self->queue,
                        .claimant = self->claimant,
                        .payload = id != NULL ? chihuo_payload_new (id, -1, json, -1) : NULL };
}

/* What happens to one id; the item is cleared */
static inline ChihuoAnswer
do_item (Fixture *self, ChihuoItem item)
{
  ChihuoAnswer answer;

  exchange (self, &item, 1);
  answer = item.answer;
  chihuo_item_clear (&item);

  return answer;
}

static inline ChihuoAnswer
do_op (Fixture *self, ChihuoOp op, const char *id)
{
  return do_item (self, make_item (self, op, id, NULL));
}

static inline ChihuoAnswer
add (Fixture *self, const char *id)
{
  return do_item (self, make_item (self, CHIHUO_OP_ADD, id, "{\"a\":1}"));
}

static inline ChihuoItem
make_claim (Fixture *self, guint n)
{
  ChihuoItem item = make_item (self, CHIHUO_OP_CLAIM, NULL, NULL);

  item.claim.n = n;
  item.claim.request = self->claim++;
  item.claim.max_tries = 3;
  item.claim.max_crashes = 3;
  item.claim.lease = 30 * G_USEC_PER_SEC;

  return item;
}

/* The ids that a claim got, with spaces between them */
static inline char *
claimed_ids (const ChihuoItem *item)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < item->claim.n_claimed; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "",
                            chihuo_payload_get_id (item->claim.claimed[i].payload));

  return g_string_free (ids, FALSE);
}

static inline ChihuoItem
make_settle (Fixture *self, const ChihuoClaimed *claimed, ChihuoSettle how)
{
  ChihuoItem item = make_item (self, CHIHUO_OP_SETTLE, NULL, NULL);

  item.payload = chihuo_payload_ref (claimed->payload);
  item.token = claimed->token;
  item.handle = claimed->handle;
  item.settle.how = how;
  item.settle.error = NULL;

  return item;
}

static inline ChihuoStats
get_stats (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats stats = { 0 };

  chihuo_backend_stats (self->backend, self->queue, self->moment.now, &stats, &error);
  g_assert_no_error (error);

  return stats;
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
