/* fuzz-sqlite-template.c - a good database with tasks in every state
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sqlite3.h>

#include "chihuo-sqlite-backend.h"
#include "fuzz-sqlite-template.h"
#include "fuzz-vfs.h"

/* Small pages: more of the file is something that is looked at */
static void
create_small_pages (const char *path)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "PRAGMA page_size = 512; CREATE TABLE t (a); DROP TABLE t",
                                 NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

static void
exchange (ChihuoBackend *backend, ChihuoItem *item)
{
  static guint32 request;
  g_autoptr (GError) error = NULL;
  ChihuoBatch batch = { .client = FUZZ_CLIENT,
                        .request = ++request,
                        .moment = { .now = FUZZ_NOW, .lease = G_USEC_PER_SEC },
                        .items = &item,
                        .n_items = 1 };

  item->queue = FUZZ_QUEUE;
  item->claimant = FUZZ_CLAIMANT;
  chihuo_backend_exchange (backend, &batch, &error);
  g_assert_no_error (error);
}

static void
add (ChihuoBackend *backend, guint n, gint64 delay)
{
  g_autofree char *id = g_strdup_printf ("id-%u", n);
  g_autofree char *json = g_strdup_printf ("{\"n\":%u}", n);
  ChihuoItem item = { .op = CHIHUO_OP_ADD, .payload = chihuo_payload_new (id, -1, json, -1) };

  item.add.delay = delay;
  item.add.priority = (int) (n % 3) - 1;
  exchange (backend, &item);
  chihuo_item_clear (&item);
}

/* One dead, one that failed, one finished, one returned; the others run */
static void
settle_some (ChihuoBackend *backend, const ChihuoItem *claim)
{
  static const ChihuoSettle hows[] = { CHIHUO_SETTLE_REJECTED, CHIHUO_SETTLE_FAILED,
                                       CHIHUO_SETTLE_DONE, CHIHUO_SETTLE_RETURNED };

  for (guint i = 0; i < G_N_ELEMENTS (hows); i++)
    {
      const ChihuoClaimed *claimed = &claim->claim.claimed[i];
      ChihuoItem item = { .op = CHIHUO_OP_SETTLE,
                          .payload = chihuo_payload_ref (claimed->payload),
                          .token = claimed->token,
                          .handle = claimed->handle };

      item.settle.how = hows[i];
      item.settle.finish = hows[i] == CHIHUO_SETTLE_DONE;
      item.settle.delay = 5 * G_USEC_PER_SEC;
      item.settle.error = g_strdup ("it failed");
      exchange (backend, &item);
      chihuo_item_clear (&item);
    }
}

static void
fill (ChihuoBackend *backend)
{
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM };

  for (guint n = 0; n < FUZZ_N_TASKS; n++)
    add (backend, n, n % 8 == 7 ? 5 * G_USEC_PER_SEC : 0);

  claim.claim.n = 8;
  claim.claim.request = 1;
  claim.claim.max_tries = 3;
  claim.claim.max_crashes = 3;
  claim.claim.lease = 30 * G_USEC_PER_SEC;
  exchange (backend, &claim);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 8);
  settle_some (backend, &claim);
  chihuo_item_clear (&claim);
  for (guint n = 0; n < FUZZ_N_TASKS; n++)
    add (backend, n, 0);
}

/* Written to @path; what runs there is held by a worker that is dead */
GBytes *
fuzz_sqlite_template_new (const char *path)
{
  g_autoptr (ChihuoSqliteBackend) backend = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);
  g_autoptr (GError) error = NULL;

  create_small_pages (path);
  chihuo_sqlite_backend_open_path (backend, path, FALSE, &error);
  g_assert_no_error (error);
  fill (CHIHUO_BACKEND (backend));
  g_clear_object (&backend);

  g_assert_cmpuint (fuzz_vfs_get (path)->len, >, 8 * 1024);
  return g_bytes_new (fuzz_vfs_get (path)->data, fuzz_vfs_get (path)->len);
}
