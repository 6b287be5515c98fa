/* test-redis-exchange.c - a batch as calls of scripts, and their replies as its answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-backend.h"
#include "redis-fake-server.h"

typedef struct
{
  FakeServer     server;
  ChihuoBackend *backend;
  guint32        request;
  gboolean       repeated;
  GError        *refusal;
} Fixture;

static void
will_say (Fixture *self, const char *reply)
{
  fake_server_will_say (&self->server, reply);
}

/* The next call since the last question */
static void
assert_call (Fixture *self, const char *expected)
{
  g_mutex_lock (&self->server.mutex);
  g_assert_cmpuint (self->server.calls->len, >, 0);
  g_assert_cmpstr (g_ptr_array_index (self->server.calls, 0), ==, expected);
  g_ptr_array_remove_index (self->server.calls, 0);
  g_mutex_unlock (&self->server.mutex);
}

static void
assert_no_call (Fixture *self)
{
  g_mutex_lock (&self->server.mutex);
  g_assert_cmpuint (self->server.calls->len, ==, 0);
  g_mutex_unlock (&self->server.mutex);
}

static void
open_backend (Fixture *self, const char *more)
{
  g_autofree char *text = g_strdup_printf (
    "{\"backend\":\"redis+unix\",\"path\":\"%s\",\"clock\":\"batch\"%s}", self->server.path, more);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoConfig) config = chihuo_config_new (text, &error);

  g_assert_no_error (error);
  self->backend = g_object_new (CHIHUO_TYPE_REDIS_BACKEND, NULL);
  chihuo_backend_open (self->backend, config, &error);
  g_assert_no_error (error);
  self->request = 7;
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  fake_server_start (&self->server, "7.0.15", "noeviction", "always");
  open_backend (self, "");
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  chihuo_backend_close (self->backend, NULL);
  g_assert_finalize_object (g_steal_pointer (&self->backend));
  g_clear_error (&self->refusal);
  fake_server_stop (&self->server);
}

static gboolean
exchange (Fixture *self, ChihuoItem *items, guint n, GError **error)
{
  g_autofree ChihuoItem **pointers = g_new (ChihuoItem *, n);
  ChihuoBatch batch = { .client = g_intern_static_string ("client"),
                        .request = self->request,
                        .repeated = self->repeated,
                        .moment = { .now = 5, .lease = 6 },
                        .items = pointers,
                        .n_items = n };
  gboolean ok;

  for (guint i = 0; i < n; i++)
    pointers[i] = &items[i];
  ok = chihuo_backend_exchange (self->backend, &batch, error);
  g_clear_error (&self->refusal);
  self->refusal = batch.refusal;

  return ok;
}

static void
exchange_ok (Fixture *self, ChihuoItem *items, guint n)
{
  g_autoptr (GError) error = NULL;

  exchange (self, items, n, &error);
  g_assert_no_error (error);
}

static void
exchange_fails (Fixture *self, ChihuoItem *items, guint n, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (exchange (self, items, n, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_NONE);
}

static ChihuoItem
make_item (ChihuoOp op, const char *id)
{
  return (ChihuoItem) { .op = op,
                        .queue = g_intern_static_string ("q"),
                        .claimant = g_intern_static_string ("me"),
                        .token = 99,
                        .payload = id != NULL ? chihuo_payload_new (id, -1, "{}", -1) : NULL };
}

static void
clear_items (ChihuoItem *items, guint n)
{
  for (guint i = 0; i < n; i++)
    chihuo_item_clear (&items[i]);
}

/* Every kind of item as the scripts' arguments */
static void
test_adds (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];

  for (guint i = 0; i < 4; i++)
    items[i] = make_item (CHIHUO_OP_ADD, i < 2 ? "a" : "b");
  items[2].add.flags = CHIHUO_ADD_FLAGS_REPLACE;
  items[2].add.delay = 1500;
  items[3].add.has_priority = TRUE;
  items[3].add.priority = -3;
  items[3].add.timeout = 2500000;
  items[3].add.max_tries = 4;

  will_say (self, "*1\r\n$4\r\n1223\r\n");
  exchange_ok (self, items, 4);
  assert_call (self, "{chihuo:q}:queue 5 6 7 1 0 3600 A 2 a {} a {} "
                     "X 2 b {} 16 0 0 1500 0 0 b {} 0 1 -3 0 2500 4");
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (items[3].answer, ==, CHIHUO_ANSWER_AGAIN);
  clear_items (items, 4);
}

static void
test_settles (Fixture *self, gconstpointer data)
{
  g_autofree char *error = g_strnfill (5000, 'x');
  g_autofree char *kept = g_strnfill (CHIHUO_ERROR_MAX_LENGTH - 1, 'x');
  g_autofree char *expected = NULL;
  ChihuoItem items[6];

  for (guint i = 0; i < 6; i++)
    {
      items[i] = make_item (CHIHUO_OP_SETTLE, "a");
      items[i].settle.how = CHIHUO_SETTLE_DONE;
    }
  items[2].settle.finish = TRUE;
  items[3].settle.how = CHIHUO_SETTLE_FAILED;
  items[3].settle.delay = -1;
  items[3].settle.error = g_strdup (error);
  items[4].claimant = g_intern_static_string ("you");
  items[5].op = CHIHUO_OP_RENEW;
  items[5].renew.lease = 30000000;

  will_say (self, "*1\r\n$6\r\n778579\r\n");
  exchange_ok (self, items, 6);
  expected = g_strdup_printf ("{chihuo:q}:queue 5 6 7 1 0 3600 W me D 2 a 99 a 99 F 1 a 99 "
                              "E 1 a 99 2 0 -1 %s W you D 1 a 99 W me R 1 30000000 a 99", kept);
  assert_call (self, expected);
  g_assert_cmpint (items[3].answer, ==, CHIHUO_ANSWER_DEAD);
  g_assert_cmpint (items[5].answer, ==, CHIHUO_ANSWER_CANCELLED);
  items[5].op = CHIHUO_OP_RENEW;
  clear_items (items, 6);
}

static void
test_others (Fixture *self, gconstpointer data)
{
  static const ChihuoOp ops[] = { CHIHUO_OP_FINISH, CHIHUO_OP_UNFINISH, CHIHUO_OP_REMOVE,
                                  CHIHUO_OP_CANCEL, CHIHUO_OP_RETRY_DEAD };
  ChihuoItem items[8];

  for (guint i = 0; i < 5; i++)
    items[i] = make_item (ops[i], "a");
  items[5] = make_item (CHIHUO_OP_SET_PAUSED, NULL);
  items[5].pause.paused = TRUE;
  items[6] = make_item (CHIHUO_OP_SET_RETENTION, NULL);
  items[6].retention.dead = 1;
  items[6].retention.dead_max = G_MAXUINT64;
  items[7] = make_item (CHIHUO_OP_CLAIM, NULL);
  items[7].claim.n = 8;
  items[7].claim.suspects = 1;
  items[7].claim.request = G_MAXUINT32;
  items[7].claim.max_tries = 25;
  items[7].claim.max_crashes = 3;
  items[7].claim.lease = 30;

  will_say (self, "*2\r\n$8\r\n67;;;777\r\n*4\r\n:0\r\n:0\r\n:0\r\n:1\r\n");
  exchange_ok (self, items, 8);
  assert_call (self, "{chihuo:q}:queue 5 6 7 1 0 3600 f 1 a u 1 a r 1 a c 1 a y 1 a P 1 "
                     "T 0 1 9223372036854775807 W me C 8 1 4294967295 25 3 30");
  g_assert_cmpint (items[4].answer, ==, CHIHUO_ANSWER_ABSENT);
  g_assert_true (items[7].claim.paused);
  clear_items (items, 8);
}

/* What goes out: two queues, and in one of them adds behind and before something else */
static void
make_parts (ChihuoItem *items)
{
  items[0] = make_item (CHIHUO_OP_ADD, "a");
  items[1] = make_item (CHIHUO_OP_ADD, "b");
  items[1].queue = g_intern_static_string ("other");
  items[2] = make_item (CHIHUO_OP_FINISH, "a");
  items[3] = make_item (CHIHUO_OP_ADD, "c");
}

#define PART_1 "{chihuo:q}:queue 5 6 7 1 0 3600 A 1 a {}"
#define PART_2 "{chihuo:q}:queue 5 6 7 2 1 3600 f 1 a"
#define PART_3 "{chihuo:q}:queue 5 6 7 3 2 3600 A 1 c {}"
#define OTHER "{chihuo:other}:queue 5 6 7 1 0 3600 A 1 b {}"

static void
test_parts (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];

  make_parts (items);
  will_say (self, "*1\r\n$1\r\n1\r\n");
  will_say (self, "*1\r\n$1\r\n6\r\n");
  will_say (self, "*1\r\n$1\r\n2\r\n");
  will_say (self, "*1\r\n$1\r\n3\r\n");
  exchange_ok (self, items, 4);
  assert_call (self, PART_1);
  assert_call (self, PART_2);
  assert_call (self, PART_3);
  assert_call (self, OTHER);
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (items[2].answer, ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (items[3].answer, ==, CHIHUO_ANSWER_EXISTS);
  g_assert_cmpint (items[1].answer, ==, CHIHUO_ANSWER_AGAIN);
  clear_items (items, 4);
}

/* The scripts are loaded once more, and only what was not done is sent again */
static void
test_no_script (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];
  guint n_loads = fake_server_count (&self->server, "SCRIPT");

  make_parts (items);
  will_say (self, "*1\r\n$1\r\n1\r\n");
  will_say (self, "-NOSCRIPT No matching script.\r\n");
  will_say (self, "-ORDER the part before was not done\r\n");
  will_say (self, "*1\r\n$1\r\n1\r\n");
  will_say (self, "*1\r\n$1\r\n6\r\n");
  will_say (self, "*1\r\n$1\r\n1\r\n");
  exchange_ok (self, items, 4);
  assert_call (self, PART_1);
  assert_call (self, PART_2);
  assert_call (self, PART_3);
  assert_call (self, OTHER);
  assert_call (self, PART_2);
  assert_call (self, PART_3);
  g_assert_cmpuint (fake_server_count (&self->server, "SCRIPT"), ==, 2 * n_loads);
  clear_items (items, 4);
}

/* There is no room for adds, and all else is done without them */
static void
test_full (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];

  make_parts (items);
  will_say (self, "-OOM command not allowed\r\n");
  will_say (self, "-ORDER the part before was not done\r\n");
  will_say (self, "-OOM command not allowed\r\n");
  will_say (self, "-OOM command not allowed\r\n");
  will_say (self, "*1\r\n$1\r\n6\r\n");
  exchange_ok (self, items, 4);
  assert_call (self, PART_1);
  assert_call (self, PART_2);
  assert_call (self, PART_3);
  assert_call (self, OTHER);
  assert_call (self, "{chihuo:q}:queue 5 6 7 2 0 3600 f 1 a");
  assert_no_call (self);

  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_REFUSED);
  g_assert_cmpint (items[1].answer, ==, CHIHUO_ANSWER_REFUSED);
  g_assert_cmpint (items[2].answer, ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (items[3].answer, ==, CHIHUO_ANSWER_REFUSED);
  g_assert_error (self->refusal, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
  g_assert_nonnull (strstr (self->refusal->message, "OOM"));
  clear_items (items, 4);
}

/* There may have been room the first time, and only the reply was lost */
static void
test_full_repeated (Fixture *self, gconstpointer data)
{
  ChihuoItem item = make_item (CHIHUO_OP_ADD, "a");

  self->repeated = TRUE;
  will_say (self, "-OOM command not allowed\r\n");
  exchange_ok (self, &item, 1);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_REFUSED);
  g_assert_error (self->refusal, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  clear_items (&item, 1);
}

/* Not now: certainly nothing was done, or some of it was */
static void
test_away (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];

  make_parts (items);
  for (guint i = 0; i < 4; i++)
    will_say (self, "-MISCONF no snapshots\r\n");
  exchange_fails (self, items, 4, CHIHUO_ERROR_TIMED_OUT);

  will_say (self, "*1\r\n$1\r\n1\r\n");
  for (guint i = 0; i < 3; i++)
    will_say (self, "-MISCONF no snapshots\r\n");
  exchange_fails (self, items, 4, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  clear_items (items, 4);
}

/* Refused, and half of it done: certain only when the repetition is refused, too */
static void
test_refused (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];

  make_parts (items);
  for (guint round = 0; round < 2; round++)
    {
      will_say (self, "*1\r\n$1\r\n1\r\n");
      for (guint i = 0; i < 3; i++)
        will_say (self, "-NOPERM no permissions\r\n");
      self->repeated = round == 1;
      exchange_fails (self, items, 4,
                      round == 0 ? CHIHUO_ERROR_UNKNOWN_OUTCOME : CHIHUO_ERROR_BACKEND);
    }
  clear_items (items, 4);
}

/* Whoever says such a thing is not listened to any longer */
static void
test_nonsense (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];
  int n_connections = g_atomic_int_get (&self->server.n_connections);

  make_parts (items);
  will_say (self, "*1\r\n$1\r\n1\r\n");
  for (guint i = 0; i < 3; i++)
    will_say (self, "*1\r\n$1\r\n7\r\n");
  exchange_fails (self, items, 4, CHIHUO_ERROR_UNKNOWN_OUTCOME);

  will_say (self, "*1\r\n$1\r\n1\r\n");
  exchange_ok (self, items, 1);
  g_assert_cmpint (g_atomic_int_get (&self->server.n_connections), ==, n_connections + 1);
  clear_items (items, 4);
}

/* It hangs up where the second reply should come */
static void
test_lost_reply (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];

  make_parts (items);
  will_say (self, "*1\r\n$1\r\n1\r\n");
  exchange_fails (self, items, 4, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  clear_items (items, 4);
}

/* Junk is buried by a part of its own behind the others, and only what is good is handed out */
static void
test_junk (Fixture *self, gconstpointer data)
{
  ChihuoItem claim = make_item (CHIHUO_OP_CLAIM, NULL);

  claim.claim.n = 2;
  will_say (self, "*2\r\n$1\r\n7\r\n*7\r\n:0\r\n:0\r\n:0\r\n:0\r\n$1\r\na\r\n:9\r\n$1\r\nx\r\n");
  will_say (self, "*1\r\n$1\r\n5\r\n");
  exchange_ok (self, &claim, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 0);
  assert_call (self, "{chihuo:q}:queue 5 6 7 1 0 3600 W me C 2 0 0 0 0 0");
  assert_call (self, "{chihuo:q}:queue 5 6 7 2 0 3600 W me E 1 a 9 3 0 0 "
                     "the value is too short for a task's");
  chihuo_item_clear (&claim);
}

static void
set_up_strict (Fixture *self, gconstpointer data)
{
  fake_server_start (&self->server, data, "noeviction", "always");
  open_backend (self, ",\"durable\":\"strict\",\"replicas\":2");
}

/* What is answered is known to others: WAIT goes out behind the parts */
static void
test_wait (Fixture *self, gconstpointer data)
{
  ChihuoItem item = make_item (CHIHUO_OP_ADD, "a");
  ChihuoItem claim = make_item (CHIHUO_OP_CLAIM, NULL);

  will_say (self, "*1\r\n$1\r\n1\r\n");
  will_say (self, ":1\r\n");
  exchange_fails (self, &item, 1, CHIHUO_ERROR_UNKNOWN_OUTCOME);

  self->repeated = TRUE;
  will_say (self, "*1\r\n$1\r\n1\r\n");
  will_say (self, ":2\r\n");
  exchange_ok (self, &item, 1);
  g_assert_cmpuint (fake_server_count (&self->server, "WAIT"), ==, 2);

  will_say (self, "*2\r\n$1\r\n7\r\n*4\r\n:0\r\n:0\r\n:0\r\n:1\r\n");
  exchange_ok (self, &claim, 1);
  g_assert_cmpuint (fake_server_count (&self->server, "WAIT"), ==, 2);
  chihuo_item_clear (&item);
  chihuo_item_clear (&claim);
}

static void
test_wait_for_disk (Fixture *self, gconstpointer data)
{
  ChihuoItem item = make_item (CHIHUO_OP_ADD, "a");

  will_say (self, "*1\r\n$1\r\n1\r\n");
  will_say (self, "*2\r\n:0\r\n:2\r\n");
  exchange_fails (self, &item, 1, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  will_say (self, "*1\r\n$1\r\n1\r\n");
  will_say (self, "*2\r\n:1\r\n:2\r\n");
  exchange_ok (self, &item, 1);
  g_assert_cmpuint (fake_server_count (&self->server, "WAITAOF"), ==, 2);
  chihuo_item_clear (&item);
}

static void
add_test (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/redis-exchange/", name, NULL);

  g_test_add (path, Fixture, NULL, fixture_set_up, test, fixture_tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("adds", test_adds);
  add_test ("settles", test_settles);
  add_test ("others", test_others);
  add_test ("parts", test_parts);
  add_test ("no-script", test_no_script);
  add_test ("full", test_full);
  add_test ("full/repeated", test_full_repeated);
  add_test ("away", test_away);
  add_test ("refused", test_refused);
  add_test ("nonsense", test_nonsense);
  add_test ("lost-reply", test_lost_reply);
  add_test ("junk", test_junk);
  g_test_add ("/redis-exchange/wait", Fixture, "7.0.15", set_up_strict, test_wait,
              fixture_tear_down);
  g_test_add ("/redis-exchange/wait-for-disk", Fixture, "7.2.4", set_up_strict, test_wait_for_disk,
              fixture_tear_down);

  return g_test_run ();
}
