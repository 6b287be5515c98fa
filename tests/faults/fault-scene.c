/* fault-scene.c - work on a database, and what must be in it after each answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "fault-scene.h"

#define QUEUE (g_intern_static_string ("eat"))
#define NOW G_GINT64_CONSTANT (1800000000000000)
#define MAX_ITEMS 6

/* A folder in memory where there is one: no test here is about the speed of the disk */
char *
fault_make_folder (void)
{
  g_autofree char *in_memory = g_strdup ("/dev/shm/chihuo-faults-XXXXXX");
  g_autoptr (GError) error = NULL;
  char *folder;

  if (g_mkdtemp (in_memory) != NULL)
    return g_steal_pointer (&in_memory);

  folder = g_dir_make_tmp ("chihuo-faults-XXXXXX", &error);
  g_assert_no_error (error);
  return folder;
}

void
fault_remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static char *
make_id (guint n)
{
  return g_strdup_printf ("id-%03u", n);
}

/* Some of them do not fit on a page */
static char *
make_info (guint n)
{
  g_autofree char *pad = g_strnfill (n % 16 == 7 ? 6000 : n * 37 % 200, 'a' + n % 26);

  return g_strdup_printf ("{\"n\":%u,\"pad\":\"%s\"}", n, pad);
}

static guint
parse_id (const char *id)
{
  g_assert_true (g_str_has_prefix (id, "id-"));
  return atoi (id + strlen ("id-"));
}

static void
clear_claimed (gpointer claimed)
{
  chihuo_payload_unref (((ChihuoClaimed *) claimed)->payload);
}

/* Nothing is opened yet */
FaultScene *
fault_scene_new (const char *folder, guint32 seed)
{
  FaultScene *self = g_new0 (FaultScene, 1);

  self->folder = g_strdup (folder);
  self->path = g_build_filename (folder, "tasks.db", NULL);
  self->random = g_rand_new_with_seed (seed);
  self->history = g_ptr_array_new_with_free_func (g_free);
  self->held = g_array_new (FALSE, FALSE, sizeof (ChihuoClaimed));
  self->items = g_array_new (FALSE, TRUE, sizeof (ChihuoItem));
  g_array_set_clear_func (self->held, clear_claimed);
  g_array_set_clear_func (self->items, (GDestroyNotify) chihuo_item_clear);
  memset (self->states, FAULT_ABSENT, FAULT_N_IDS);
  g_ptr_array_add (self->history, g_strdup (self->states));

  return self;
}

void
fault_scene_free (FaultScene *self)
{
  g_clear_object (&self->backend);
  g_array_unref (self->items);
  g_array_unref (self->held);
  g_ptr_array_unref (self->history);
  g_rand_free (self->random);
  g_free (self->path);
  g_free (self->folder);
  g_free (self);
}

gboolean
fault_scene_open (FaultScene *self, GError **error)
{
  g_autoptr (ChihuoSqliteBackend) backend = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);

  g_assert_null (self->backend);
  if (!chihuo_sqlite_backend_open_path (backend, self->path, TRUE, error))
    return FALSE;

  self->backend = CHIHUO_BACKEND (g_steal_pointer (&backend));
  return TRUE;
}

/* What it held stays claimed, as after a crash, until it is settled through the next connection */
gboolean
fault_scene_close (FaultScene *self, GError **error)
{
  g_autoptr (ChihuoBackend) backend = g_steal_pointer (&self->backend);

  return chihuo_backend_close (backend, error);
}

static ChihuoItem *
push_item (FaultScene *self, ChihuoOp op, ChihuoPayload *payload)
{
  ChihuoItem item = { .op = op,
                      .queue = QUEUE,
                      .claimant = g_intern_static_string ("engine-1"),
                      .payload = payload };

  g_array_append_val (self->items, item);
  return &g_array_index (self->items, ChihuoItem, self->items->len - 1);
}

static void
push_op (FaultScene *self, ChihuoOp op, guint n)
{
  g_autofree char *id = make_id (n);

  push_item (self, op, chihuo_payload_new (id, -1, NULL, 0));
}

/* Mostly a new id, sometimes one that is known */
static void
push_add (FaultScene *self)
{
  guint n = self->n_added;
  g_autofree char *id = NULL;
  g_autofree char *info = NULL;

  if (n == FAULT_N_IDS || (n > 0 && g_rand_int_range (self->random, 0, 8) == 0))
    n = g_rand_int_range (self->random, 0, n);
  else
    self->n_added++;

  id = make_id (n);
  info = make_info (n);
  push_item (self, CHIHUO_OP_ADD, chihuo_payload_new (id, -1, info, -1))->add.flags
    = CHIHUO_ADD_FLAGS_SKIP_RUNNING;
}

static void
push_settle (FaultScene *self)
{
  const ChihuoClaimed *claimed;
  ChihuoItem *item;

  if (self->held->len == 0)
    return;

  claimed = &g_array_index (self->held, ChihuoClaimed, self->held->len - 1);
  item = push_item (self, CHIHUO_OP_SETTLE, chihuo_payload_ref (claimed->payload));
  item->token = claimed->token;
  item->handle = claimed->handle;
  item->settle.how = g_rand_int_range (self->random, 0, 4) == 0 ? CHIHUO_SETTLE_RETURNED
                                                                : CHIHUO_SETTLE_DONE;
  item->settle.finish = item->settle.how == CHIHUO_SETTLE_DONE && g_rand_boolean (self->random);
  g_array_set_size (self->held, self->held->len - 1);
}

/* From outside of a run; ids that run are left alone */
static void
push_mark (FaultScene *self)
{
  guint n = g_rand_int_range (self->random, 0, MAX (self->n_added, 1));

  if (self->states[n] == FAULT_FINISHED)
    push_op (self, CHIHUO_OP_UNFINISH, n);
  else if (self->states[n] == FAULT_WAITING)
    push_op (self, CHIHUO_OP_FINISH, n);
}

static void
push_claim (FaultScene *self)
{
  ChihuoItem *item = push_item (self, CHIHUO_OP_CLAIM, NULL);

  item->claim.n = g_rand_int_range (self->random, 1, 5);
  item->claim.suspects = 1;
  item->claim.request = self->claim++;
  item->claim.max_tries = 3;
  item->claim.max_crashes = 3;
  item->claim.lease = 30 * G_USEC_PER_SEC;
}

/* A claim comes last, so that the others know which ids run */
static void
make_batch (FaultScene *self)
{
  guint n = g_rand_int_range (self->random, 1, MAX_ITEMS);

  g_array_set_size (self->items, 0);
  for (guint i = 0; i < n; i++)
    switch (g_rand_int_range (self->random, 0, 6))
      {
      case 0:
      case 1:
      case 2:
        push_add (self);
        break;
      case 3:
      case 4:
        push_settle (self);
        break;
      default:
        push_mark (self);
        break;
      }
  if (self->items->len == 0 || g_rand_int_range (self->random, 0, 3) == 0)
    push_claim (self);
}

static void
expect (FaultScene *self, guint n, char from, char to)
{
  g_assert_cmpint (self->states[n], ==, from);
  self->states[n] = to;
}

static void
take_add (FaultScene *self, const ChihuoItem *item, guint n)
{
  switch ((FaultState) self->states[n])
    {
    case FAULT_WAITING:
      g_assert_cmpint (item->answer, ==, CHIHUO_ANSWER_EXISTS);
      break;
    case FAULT_RUNNING:
      g_assert_cmpint (item->answer, ==, CHIHUO_ANSWER_RUNNING);
      break;
    case FAULT_FINISHED:
      g_assert_cmpint (item->answer, ==, CHIHUO_ANSWER_FINISHED);
      break;
    case FAULT_ABSENT:
    default:
      g_assert_cmpint (item->answer, ==, CHIHUO_ANSWER_ADDED);
      self->states[n] = FAULT_WAITING;
    }
}

static void
take_claim (FaultScene *self, const ChihuoItem *item)
{
  for (guint i = 0; i < item->claim.n_claimed; i++)
    {
      ChihuoClaimed claimed = item->claim.claimed[i];

      chihuo_payload_ref (claimed.payload);
      g_array_append_val (self->held, claimed);
      expect (self, parse_id (chihuo_payload_get_id (claimed.payload)), FAULT_WAITING,
              FAULT_RUNNING);
    }
}

static char
settled_state (const ChihuoItem *item)
{
  if (item->settle.finish)
    return FAULT_FINISHED;
  return item->settle.how == CHIHUO_SETTLE_RETURNED ? FAULT_WAITING : FAULT_ABSENT;
}

/* What an answer says must be so from now on */
static void
take_answer (FaultScene *self, const ChihuoItem *item)
{
  guint n;

  if (item->op == CHIHUO_OP_CLAIM)
    {
      take_claim (self, item);
      return;
    }

  n = parse_id (chihuo_payload_get_id (item->payload));
  if (item->op == CHIHUO_OP_ADD)
    take_add (self, item, n);
  else if (item->op == CHIHUO_OP_SETTLE && item->answer == CHIHUO_ANSWER_OK)
    expect (self, n, FAULT_RUNNING, settled_state (item));
  else if (item->op == CHIHUO_OP_FINISH && item->answer == CHIHUO_ANSWER_FINISHED)
    self->states[n] = FAULT_FINISHED;
  else if (item->op == CHIHUO_OP_UNFINISH && item->answer == CHIHUO_ANSWER_OK)
    expect (self, n, FAULT_FINISHED, FAULT_ABSENT);
  else
    g_assert_true (item->op == CHIHUO_OP_UNFINISH && item->answer == CHIHUO_ANSWER_ABSENT);
}

static gboolean
send (FaultScene *self, gboolean repeated, GError **error)
{
  ChihuoItem *pointers[MAX_ITEMS + 1];
  ChihuoBatch batch = { .client = g_intern_static_string ("client-1"),
                        .request = self->request,
                        .repeated = repeated,
                        .moment = { .now = NOW + self->request, .lease = 1000000 },
                        .items = pointers,
                        .n_items = self->items->len };

  for (guint i = 0; i < self->items->len; i++)
    pointers[i] = &g_array_index (self->items, ChihuoItem, i);

  if (!chihuo_backend_exchange (self->backend, &batch, error))
    {
      for (guint i = 0; i < self->items->len; i++)
        g_assert_cmpint (pointers[i]->answer, ==, CHIHUO_ANSWER_NONE);
      return FALSE;
    }

  for (guint i = 0; i < self->items->len; i++)
    take_answer (self, pointers[i]);
  g_ptr_array_add (self->history, g_strdup (self->states));

  return TRUE;
}

/* A random batch. If it fails, it can be repeated, or given up */
gboolean
fault_scene_step (FaultScene *self, GError **error)
{
  make_batch (self);
  self->request++;

  return send (self, FALSE, error);
}

gboolean
fault_scene_repeat (FaultScene *self, GError **error)
{
  return send (self, TRUE, error);
}

/* A batch that was certainly not done: what it would have settled is held on */
void
fault_scene_give_up (FaultScene *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      const ChihuoItem *item = &g_array_index (self->items, ChihuoItem, i);
      ChihuoClaimed claimed = { .token = item->token, .handle = item->handle };

      if (item->op != CHIHUO_OP_SETTLE)
        continue;
      claimed.payload = chihuo_payload_ref (item->payload);
      g_array_append_val (self->held, claimed);
    }
}

static void
read_task (sqlite3_stmt *row, char *states)
{
  guint n = parse_id ((const char *) sqlite3_column_text (row, 0));
  g_autofree char *info = make_info (n);

  g_assert_cmpuint (n, <, FAULT_N_IDS);
  g_assert_cmpint (states[n], ==, FAULT_ABSENT);
  g_assert_cmpstr ((const char *) sqlite3_column_text (row, 2), ==, info);
  g_assert_cmpint (sqlite3_column_int (row, 1), !=, CHIHUO_TASK_STATE_DEAD);
  states[n] = sqlite3_column_int (row, 1) == CHIHUO_TASK_STATE_RUNNING ? FAULT_RUNNING
                                                                       : FAULT_WAITING;
}

static sqlite3 *
open_plain (const char *path)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 5000);
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);

  return db;
}

/* Where each id stands, read without our own code */
char *
fault_read_states (const char *path)
{
  char *states = g_strnfill (FAULT_N_IDS, FAULT_ABSENT);
  sqlite3 *db = open_plain (path);
  sqlite3_stmt *row = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT id, state, info FROM task", -1, &row, NULL), ==,
                   SQLITE_OK);
  while (sqlite3_step (row) == SQLITE_ROW)
    read_task (row, states);
  g_assert_cmpint (sqlite3_finalize (row), ==, SQLITE_OK);

  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT id FROM finished", -1, &row, NULL), ==,
                   SQLITE_OK);
  while (sqlite3_step (row) == SQLITE_ROW)
    {
      guint n = parse_id ((const char *) sqlite3_column_text (row, 0));

      g_assert_cmpint (states[n], ==, FAULT_ABSENT);
      states[n] = FAULT_FINISHED;
    }
  g_assert_cmpint (sqlite3_finalize (row), ==, SQLITE_OK);
  sqlite3_close (db);

  return states;
}

/* What sqlite3(1) would print: the first column, with spaces between the rows */
char *
fault_read_plain (const char *path, const char *sql)
{
  GString *text = g_string_new (NULL);
  sqlite3 *db = open_plain (path);
  sqlite3_stmt *row = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &row, NULL), ==, SQLITE_OK);
  while (sqlite3_step (row) == SQLITE_ROW)
    g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "",
                            (const char *) sqlite3_column_text (row, 0));
  g_assert_cmpint (sqlite3_finalize (row), ==, SQLITE_OK);
  sqlite3_close (db);

  return g_string_free (text, FALSE);
}

static void
exchange_one (ChihuoBackend *backend, ChihuoItem *item)
{
  static guint32 request;
  g_autoptr (GError) error = NULL;
  ChihuoBatch batch = { .client = g_intern_static_string ("client-2"),
                        .request = ++request,
                        .moment = { .now = NOW + G_USEC_PER_SEC, .lease = 2000000 },
                        .items = &item,
                        .n_items = 1 };

  chihuo_backend_exchange (backend, &batch, &error);
  g_assert_no_error (error);
}

static void
finish_claimed (ChihuoBackend *backend, const ChihuoItem *claim)
{
  for (guint i = 0; i < claim->claim.n_claimed; i++)
    {
      const ChihuoClaimed *claimed = &claim->claim.claimed[i];
      ChihuoItem item = { .op = CHIHUO_OP_SETTLE,
                          .queue = QUEUE,
                          .claimant = claim->claimant,
                          .payload = chihuo_payload_ref (claimed->payload),
                          .token = claimed->token,
                          .handle = claimed->handle };

      item.settle.how = CHIHUO_SETTLE_DONE;
      item.settle.finish = TRUE;
      exchange_one (backend, &item);
      g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_OK);
      chihuo_item_clear (&item);
    }
}

static void
reap_all (ChihuoBackend *backend)
{
  const ChihuoMoment moment = { .now = NOW + G_USEC_PER_SEC, .lease = 2000000 };
  gboolean more = TRUE;

  for (guint n = 0; more; n++)
    {
      g_autoptr (GError) error = NULL;
      guint n_reaped;

      g_assert_cmpuint (n, <, 100);
      chihuo_backend_reap (backend, &moment, &n_reaped, &more, &error);
      g_assert_no_error (error);
    }
}

/* Opens the database as the next process would and eats all that should be there */
void
fault_drain (const char *path, const char *states)
{
  g_autoptr (ChihuoSqliteBackend) backend = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);
  g_autoptr (GError) error = NULL;
  guint n_expected = 0;
  guint n_claimed = 0;

  for (const char *at = states; *at != '\0'; at++)
    n_expected += *at == FAULT_WAITING || *at == FAULT_RUNNING;

  chihuo_sqlite_backend_open_path (backend, path, TRUE, &error);
  g_assert_no_error (error);
  reap_all (CHIHUO_BACKEND (backend));

  for (guint request = 1; n_claimed < n_expected; request++)
    {
      ChihuoItem item = { .op = CHIHUO_OP_CLAIM,
                          .queue = QUEUE,
                          .claimant = g_intern_static_string ("engine-2"),
                          .claim = { .n = 64, .suspects = 1, .request = request, .max_tries = 3,
                                     .max_crashes = 3, .lease = 30 * G_USEC_PER_SEC } };

      exchange_one (CHIHUO_BACKEND (backend), &item);
      g_assert_cmpuint (item.claim.n_claimed, >, 0);
      n_claimed += item.claim.n_claimed;
      finish_claimed (CHIHUO_BACKEND (backend), &item);
      chihuo_item_clear (&item);
    }
  g_assert_cmpuint (n_claimed, ==, n_expected);

  chihuo_backend_close (CHIHUO_BACKEND (backend), &error);
  g_assert_no_error (error);
}
