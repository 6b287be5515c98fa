/* fuzz-sqlite.c - a database that looks like ours, and is not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-sqlite-backend.h"
#include "fuzz-memory.h"
#include "fuzz-sqlite-template.h"
#include "fuzz-target.h"
#include "fuzz-vfs.h"

/* An input is a list of changes to a good database with tasks in every state: values that no task has,
 * statements that somebody may have run on it, and bytes anywhere behind the header. Whatever it is,
 * the backend gives an error or works; it never crashes and never goes on for ever. */

#define MAX_STEPS 50

static char *folder;
static char *path;
static GBytes *template;
static guint n_blocks; /* of SQLite's memory while no database is open */

static const char *const names[]
  = { "queue.name", "queue.head", "queue.tail", "queue.token", "queue.waiting", "queue.delayed",
      "queue.running", "queue.dead", "queue.finished", "queue.paused", "queue.keep_finished",
      "queue.keep_dead", "queue.keep_dead_max", "task.n", "task.q", "task.id", "task.state",
      "task.priority", "task.place", "task.time", "task.token", "task.claimant", "task.request",
      "task.timeout", "task.failures", "task.crashes", "task.own_tries", "task.max_tries",
      "task.max_crashes", "task.fate", "task.cancelled", "task.abandoned", "task.error", "task.info",
      "pending.n", "pending.delay", "pending.timeout", "pending.flags", "pending.max_tries",
      "pending.priority", "pending.info", "finished.q", "finished.id", "finished.time", "claimant.n",
      "claimant.name", "claimant.worker", "claimant.request", "claimant.given", "worker.n",
      "worker.pid", "worker.boot", "client.name", "client.request", "client.time", "client.answers",
      "counter.next_worker" };

static const char *const values[]
  = { "NULL", "0", "1", "-1", "2", "3", "4", "5", "127", "128", "256", "2147483647", "-2147483648",
      "4294967296", "9223372036854775807", "-9223372036854775808", "1e308", "-1e308", "0.5", "''",
      "'x'", "x'00'", "x'ff'", "CAST (x'ff' AS TEXT)", "CAST (x'6100' AS TEXT)", "'{'", "'[1,2]'",
      "zeroblob (5000)", "hex (zeroblob (3000))", "replace (hex (zeroblob (200)), '0', '[')" };

static const char *const statements[]
  = { "DELETE FROM queue", "DELETE FROM task WHERE n % 2", "DELETE FROM pending",
      "DELETE FROM claimant", "DELETE FROM worker", "DELETE FROM counter", "DELETE FROM client",
      "INSERT INTO counter VALUES (7)", "DROP INDEX task_id", "DROP INDEX task_waiting",
      "DROP INDEX task_running", "DROP INDEX task_abandoned", "DROP TABLE pending",
      "DROP TABLE client", "DROP TABLE finished", "DROP TABLE task", "DROP TABLE queue",
      "ALTER TABLE task RENAME COLUMN info TO other", "ALTER TABLE task ADD COLUMN other DEFAULT 1",
      "ALTER TABLE queue RENAME TO other",
      "CREATE TRIGGER a AFTER UPDATE ON task BEGIN DELETE FROM queue; END",
      "CREATE TRIGGER b BEFORE INSERT ON task BEGIN SELECT raise (IGNORE); END",
      "CREATE TRIGGER c BEFORE UPDATE ON task BEGIN SELECT raise (ABORT, 'no'); END",
      "CREATE TRIGGER d AFTER DELETE ON task BEGIN UPDATE task SET state = 3; END",
      "CREATE TRIGGER e AFTER UPDATE ON queue BEGIN UPDATE task SET place = place + 1; END",
      "CREATE TRIGGER f BEFORE UPDATE ON task BEGIN SELECT raise (IGNORE); END",
      "CREATE TRIGGER g AFTER INSERT ON claimant BEGIN DELETE FROM claimant; END",
      "CREATE TRIGGER h BEFORE UPDATE ON queue BEGIN SELECT raise (IGNORE); END",
      "DROP TABLE pending; CREATE VIEW pending AS SELECT 1 AS n",
      "INSERT INTO task SELECT n + 1000, q, id || 'x', state, priority, place, time, token, claimant,"
      " request, timeout, failures, crashes, own_tries, max_tries, max_crashes, fate, cancelled,"
      " abandoned, error, info FROM task",
      "INSERT INTO finished SELECT q, id, time FROM task", "PRAGMA user_version = 0",
      "PRAGMA application_id = 0", "PRAGMA journal_mode = DELETE" };

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (folder, name, NULL);

      g_remove (file);
    }
  g_rmdir (folder);
  g_clear_pointer (&template, g_bytes_unref);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&folder, g_free);
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;

  fuzz_init ();
  fuzz_memory_install ();
  fuzz_vfs_install ();
  folder = g_strdup ("/dev/shm/chihuo-fuzz-XXXXXX");
  if (g_mkdtemp (folder) == NULL)
    {
      g_free (folder);
      folder = g_dir_make_tmp ("chihuo-fuzz-XXXXXX", &error);
      g_assert_no_error (error);
    }
  path = g_build_filename (folder, "tasks.db", NULL);
  template = fuzz_sqlite_template_new (path);
  n_blocks = fuzz_memory_count ();
  atexit (remove_folder);

  return 0;
}

static void
write_file (const guint8 *data, gsize size)
{
  fuzz_vfs_clear ();
  g_byte_array_append (fuzz_vfs_get (path), data, size);
}

/* What the constraints of a table do not allow is not done */
static void
run_sql (sqlite3 *db, FuzzBytes *bytes, guint kind)
{
  guint choice = fuzz_take (bytes);
  g_autofree char *sql = NULL;

  if (kind == 0)
    sql = g_strdup (statements[choice % G_N_ELEMENTS (statements)]);
  else
    {
      g_auto (GStrv) name = g_strsplit (names[choice % G_N_ELEMENTS (names)], ".", 2);
      const char *value = values[fuzz_take (bytes) % G_N_ELEMENTS (values)];
      guint mask = fuzz_take (bytes);

      sql = g_strdup_printf ("UPDATE %s SET %s = %s WHERE %s", name[0], name[1], value,
                             g_str_equal (name[0], "task") && mask != 0 ? "(1 << n % 8) & ?" : "1");
      if (strchr (sql, '?') != NULL)
        {
          g_autofree char *number = g_strdup_printf ("%u", mask);
          char *whole = g_strdup_printf ("%.*s%s", (int) strlen (sql) - 1, sql, number);

          g_free (sql);
          sql = whole;
        }
    }
  sqlite3_exec (db, sql, NULL, NULL, NULL);
}

static void
change_rows (FuzzBytes *bytes)
{
  sqlite3 *db = NULL;
  guint n = fuzz_take (bytes) % 8;

  if (n == 0)
    return;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_exec (db, "PRAGMA synchronous = OFF; PRAGMA writable_schema = ON", NULL, NULL, NULL);
  for (; n > 0; n--)
    run_sql (db, bytes, fuzz_take (bytes) % 4);
  sqlite3_close (db);
}

/* Anywhere behind the header */
static void
change_bytes (FuzzBytes *bytes)
{
  GByteArray *file = fuzz_vfs_get (path);

  while (fuzz_has_more (bytes))
    {
      guint where = fuzz_take (bytes);
      guint n = fuzz_take (bytes) % 16 + 1;

      where = where << 8 | fuzz_take (bytes);
      where = 100 + (where * 2 + n % 2) % (file->len - 100);
      for (guint i = 0; i < n && where + i < file->len; i++)
        file->data[where + i] = fuzz_take (bytes);
    }
}

/* Done or refused, with words */
static gboolean
judge (gboolean ok, GError **error)
{
  g_assert_cmpint (ok, ==, *error == NULL);
  if (!ok)
    g_assert_cmpuint (strlen ((*error)->message), >, 0);
  g_clear_error (error);

  return ok;
}

static gboolean
exchange (ChihuoBackend *backend, ChihuoItem *items, guint n)
{
  static guint32 request;
  ChihuoItem *pointers[64];
  g_autoptr (GError) error = NULL;
  ChihuoBatch batch = { .client = FUZZ_CLIENT,
                        .request = ++request,
                        .moment = { .now = FUZZ_NOW + G_USEC_PER_SEC, .lease = 100 * G_USEC_PER_SEC },
                        .items = pointers,
                        .n_items = n };

  for (guint i = 0; i < n; i++)
    pointers[i] = &items[i];

  return judge (chihuo_backend_exchange (backend, &batch, &error), &error);
}

/* Half of the tasks in one batch; where one of them spoils it, each in its own */
static void
do_some (ChihuoBackend *backend, ChihuoOp op)
{
  ChihuoItem items[FUZZ_N_TASKS / 2] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%u", 2 * i);

      items[i] = (ChihuoItem) { .op = op, .queue = FUZZ_QUEUE, .claimant = FUZZ_CLAIMANT };
      items[i].payload = chihuo_payload_new (id, -1, "1", -1);
    }
  if (!exchange (backend, items, G_N_ELEMENTS (items)))
    for (guint i = 0; i < G_N_ELEMENTS (items); i++)
      exchange (backend, &items[i], 1);
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    chihuo_item_clear (&items[i]);
}

/* A handler gets good text only, and no row twice. Rows whose ids somebody has made equal, behind the
 * back of their index, are tasks of their own: to look for that would cost each claim a search */
static void
check_claimed (const ChihuoItem *claim)
{
  for (guint i = 0; i < claim->claim.n_claimed; i++)
    {
      const ChihuoClaimed *claimed = &claim->claim.claimed[i];

      g_assert_true (chihuo_id_check (chihuo_payload_get_id (claimed->payload), -1, NULL));
      g_assert_true (chihuo_json_check (chihuo_payload_get_json (claimed->payload), -1, NULL));
      for (guint j = 0; j < i; j++)
        g_assert_cmpuint (claimed->handle, !=, claim->claim.claimed[j].handle);
    }
}

static void
claim_and_settle (ChihuoBackend *backend)
{
  static guint32 request = 1000;
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM, .queue = FUZZ_QUEUE, .claimant = FUZZ_CLAIMANT };
  ChihuoItem settles[32] = { 0 };
  guint n;

  claim.claim.n = G_N_ELEMENTS (settles);
  claim.claim.suspects = 1;
  claim.claim.request = ++request;
  claim.claim.max_tries = 3;
  claim.claim.max_crashes = 3;
  claim.claim.lease = 30 * G_USEC_PER_SEC;
  exchange (backend, &claim, 1);
  n = claim.claim.n_claimed;
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (settles));
  check_claimed (&claim);

  for (guint i = 0; i < n; i++)
    {
      const ChihuoClaimed *claimed = &claim.claim.claimed[i];

      settles[i] = (ChihuoItem) { .op = CHIHUO_OP_SETTLE,
                                  .queue = FUZZ_QUEUE,
                                  .claimant = FUZZ_CLAIMANT,
                                  .payload = chihuo_payload_ref (claimed->payload),
                                  .token = claimed->token,
                                  .handle = claimed->handle };
      settles[i].settle.how = CHIHUO_SETTLE_DONE + i % 6;
      settles[i].settle.finish = i % 4 == 3;
    }
  if (n > 0)
    exchange (backend, settles, n);
  for (guint i = 0; i < n; i++)
    chihuo_item_clear (&settles[i]);
  chihuo_item_clear (&claim);
}

/* What people are shown is text */
static void
check_record (const ChihuoRecord *record)
{
  g_assert_true (g_utf8_validate (chihuo_payload_get_id (record->payload), -1, NULL));
  g_assert_true (record->error == NULL || g_utf8_validate (record->error, -1, NULL));
  g_assert_true (record->finished
                 || chihuo_json_check (chihuo_payload_get_json (record->payload), -1, NULL));
  g_assert_cmpuint (record->state, <=, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpuint (record->fate, <=, CHIHUO_FATE_DROP);
}

static void
list_all (ChihuoBackend *backend)
{
  for (guint state = CHIHUO_TASK_STATE_ABSENT; state <= CHIHUO_TASK_STATE_DEAD; state++)
    {
      g_autoptr (GPtrArray) records
        = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
      g_autoptr (GError) error = NULL;
      ChihuoPage page = { .queue = FUZZ_QUEUE, .finished = state == CHIHUO_TASK_STATE_ABSENT,
                          .state = state, .limit = 20, .records = records };

      judge (chihuo_backend_page (backend, &page, &error), &error);
      g_assert_cmpuint (records->len, <=, 20);
      for (guint i = 0; i < records->len; i++)
        check_record (g_ptr_array_index (records, i));
    }
}

static void
sweep_all (ChihuoBackend *backend)
{
  for (guint what = CHIHUO_SWEEP_WHAT_CLEAR_WAITING; what <= CHIHUO_SWEEP_WHAT_RETRY_DEAD; what++)
    {
      ChihuoSweep sweep = { .queue = FUZZ_QUEUE, .what = what, .more = TRUE,
                            .moment = { .now = FUZZ_NOW, .lease = 1 } };
      guint n = 0;

      for (; sweep.more; n++)
        {
          g_autoptr (GError) error = NULL;

          g_assert_cmpuint (n, <, MAX_STEPS);
          if (!judge (chihuo_backend_sweep (backend, &sweep, &error), &error))
            break;
        }
    }
}

static void
reap_all (ChihuoBackend *backend)
{
  const ChihuoMoment moment = { .now = FUZZ_NOW, .lease = 1000 * G_USEC_PER_SEC };
  gboolean more = TRUE;

  for (guint n = 0; more; n++)
    {
      g_autoptr (GError) error = NULL;
      guint n_reaped;

      g_assert_cmpuint (n, <, MAX_STEPS);
      if (!judge (chihuo_backend_reap (backend, &moment, &n_reaped, &more, &error), &error))
        break;
    }
}

static void
use (ChihuoBackend *backend)
{
  static const ChihuoOp ops[] = { CHIHUO_OP_ADD, CHIHUO_OP_CANCEL, CHIHUO_OP_RETRY_DEAD,
                                  CHIHUO_OP_REMOVE, CHIHUO_OP_FINISH, CHIHUO_OP_UNFINISH };
  g_autoptr (GError) error = NULL;
  ChihuoStats stats = { 0 };

  judge (chihuo_backend_stats (backend, FUZZ_QUEUE, FUZZ_NOW, &stats, &error), &error);
  list_all (backend);
  claim_and_settle (backend);
  reap_all (backend);
  claim_and_settle (backend);
  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    do_some (backend, ops[i]);
  sweep_all (backend);
}

static void
try_input (FuzzBytes *bytes)
{
  g_autoptr (ChihuoSqliteBackend) backend = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);
  g_autoptr (GError) error = NULL;

  write_file (g_bytes_get_data (template, NULL), g_bytes_get_size (template));
  change_rows (bytes);
  change_bytes (bytes);
  if (!judge (chihuo_sqlite_backend_open_path (backend, path, FALSE, &error), &error))
    return;

  use (CHIHUO_BACKEND (backend));
  judge (chihuo_backend_close (CHIHUO_BACKEND (backend), &error), &error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  FuzzBytes bytes = { data, data + size };

  try_input (&bytes);
  g_assert_cmpuint (fuzz_memory_count (), ==, n_blocks);

  return 0;
}
