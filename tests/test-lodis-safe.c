/* test-lodis-safe.c - what two clients do at once, what becomes of lost answers, and what another program has left
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-safe.h"
#include "chihuo-lodis-txn.h"
#include "chihuo-queue.h"
#include "chihuo-store.h"
#include "lodis-fake-server.h"
#include "lodis/lodis-fixture.h"

/* A server, and in front of it one that loses what it is told to lose */
#define FIXTURE_STORE                                                                              \
  LodisFixture      *lodis;                                                                        \
  FakeServer         proxy;                                                                        \
  ChihuoLodisServer *server;

#include "backend-fixture.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

static ChihuoLodisServer *
new_server (guint16 port)
{
  return chihuo_lodis_server_new ("127.0.0.1", port, PATIENCE);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  fixture_init (f);
  f->lodis = lodis_fixture_new (LODIS_FIXTURE_OURS);
  fake_server_start (&f->proxy);
  fake_server_stand_before (&f->proxy, f->lodis->port);
  f->server = new_server (f->proxy.port);
  f->backend = chihuo_lodis_safe_new (f->server, TRUE);
}

/* Without anything in between */
static void
set_up_directly (Fixture *f, gconstpointer data)
{
  set_up (f, data);
  g_clear_object (&f->backend);
  chihuo_lodis_server_free (f->server);
  f->server = new_server (f->lodis->port);
  f->backend = chihuo_lodis_safe_new (f->server, TRUE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  fixture_clear (f);
  chihuo_lodis_server_free (f->server);
  fake_server_assert_lost (&f->proxy);
  fake_server_stop (&f->proxy);
  lodis_fixture_free (f->lodis);
}

/* A second client of the same server, which nothing stands before */
static void
join_as (Fixture *other, Fixture *f, const char *name)
{
  *other = (Fixture) { .lodis = f->lodis };
  fixture_init (other);
  other->client = g_intern_string (name);
  other->claimant = g_intern_string (name);
  other->server = new_server (f->lodis->port);
  other->backend = chihuo_lodis_safe_new (other->server, TRUE);
}

static void
part (Fixture *other)
{
  fixture_clear (other);
  chihuo_lodis_server_free (other->server);
}

/* The exchange whose answer is lost, and then its repetition */
static void
exchange_losing (Fixture *f, guint n_unheard, guint n_untold, ChihuoItem *item)
{
  g_autoptr (GError) error = NULL;

  fake_server_lose (&f->proxy, n_unheard, n_untold);
  g_assert_false (try_exchange (f, item, 1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
}

static void
repeat (Fixture *f, ChihuoItem *item)
{
  f->repeated = TRUE;
  exchange (f, item, 1);
  f->repeated = FALSE;
}

static void
assert_stats (Fixture *f, guint waiting, guint running, guint finished)
{
  ChihuoStats stats = get_stats (f);

  g_assert_cmpuint (stats.waiting, ==, waiting);
  g_assert_cmpuint (stats.running, ==, running);
  g_assert_cmpuint (stats.finished, ==, finished);
}

/* --- two at once --- */

static void
change (ChihuoLodisTxn *txn, const char *value)
{
  g_autoptr (GBytes) bytes = g_bytes_new (value, strlen (value));
  g_autoptr (GError) error = NULL;
  ChihuoLodisEntry *entry;

  chihuo_lodis_txn_load (txn, "eat", "x", &entry, &error);
  g_assert_no_error (error);
  chihuo_lodis_space_change (chihuo_lodis_txn_get_space (txn, "eat"), entry, NULL, bytes);
}

/* Both have read the same; who comes second changes nothing, and reads the other one's when he tries again */
static void
test_collision (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoLodisServer) one = new_server (f->lodis->port);
  g_autoptr (ChihuoLodisServer) two = new_server (f->lodis->port);
  ChihuoLodisTxn first;
  ChihuoLodisTxn second;
  ChihuoLodisEntry *entry;
  g_autoptr (GError) error = NULL;

  chihuo_lodis_txn_init (&first, one);
  chihuo_lodis_txn_init (&second, two);
  for (guint round = 0; round < 2; round++)
    {
      chihuo_lodis_txn_begin (&first);
      chihuo_lodis_txn_begin (&second);
      change (&first, round == 0 ? "one" : "three");
      change (&second, round == 0 ? "two" : "four");
      g_assert_true (chihuo_lodis_txn_commit (&first, &error));
      g_assert_false (chihuo_lodis_txn_commit (&second, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
      g_assert_true (second.is_conflict);
      g_clear_error (&error);
    }

  chihuo_lodis_txn_begin (&second);
  g_assert_true (chihuo_lodis_txn_load (&second, "eat", "x", &entry, &error));
  g_assert_cmpmem (g_bytes_get_data (entry->value, NULL), g_bytes_get_size (entry->value), "three", 5);
  chihuo_lodis_txn_clear (&first);
  chihuo_lodis_txn_clear (&second);
}

#define N_RACE 100

/* Adds the same ids as everybody else; how many were added by this one */
static gpointer
race_thread (gpointer data)
{
  Fixture *self = data;
  guint n_added = 0;

  for (guint i = 0; i < N_RACE; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      n_added += add (self, id) == CHIHUO_ANSWER_ADDED;
    }

  return GUINT_TO_POINTER (n_added);
}

/* However they collide, each id is added once */
static void
test_race (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "one", "two", "three" };
  Fixture others[3];
  GThread *threads[3];
  guint n_added = 0;

  for (guint i = 0; i < 3; i++)
    {
      join_as (&others[i], f, names[i]);
      threads[i] = g_thread_new (names[i], race_thread, &others[i]);
    }
  for (guint i = 0; i < 3; i++)
    n_added += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  for (guint i = 0; i < 3; i++)
    part (&others[i]);

  g_assert_cmpuint (n_added, ==, N_RACE);
  assert_stats (f, N_RACE, 0, 0);
}

/* --- lost answers --- */

/* It was done, and who asks again is told what he would have been told */
static void
test_lost_add (Fixture *f, gconstpointer data)
{
  g_auto (ChihuoItem) item = make_add (f, "a");

  exchange_losing (f, 0, 1, &item);
  repeat (f, &item);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);
  assert_stats (f, 1, 0, 0);
  g_assert_cmpint (add (f, "a"), ==, CHIHUO_ANSWER_EXISTS);
}

/* It was not done: the repetition does it; and that is lost, and repeated */
static void
test_unheard_add (Fixture *f, gconstpointer data)
{
  g_auto (ChihuoItem) item = make_add (f, "a");

  exchange_losing (f, 1, 0, &item);
  assert_stats (f, 0, 0, 0);
  f->repeated = TRUE;
  exchange_losing (f, 0, 1, &item);
  repeat (f, &item);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);
  assert_stats (f, 1, 0, 0);
}

/* What others do meanwhile does not change what was answered */
static void
test_lost_meanwhile (Fixture *f, gconstpointer data)
{
  Fixture other;
  g_auto (ChihuoItem) item = make_add (f, "a");

  exchange_losing (f, 0, 1, &item);
  join_as (&other, f, "other");
  g_assert_cmpint (do_op (&other, CHIHUO_OP_FINISH, "a"), ==, CHIHUO_ANSWER_FINISHED);
  repeat (f, &item);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);
  assert_stats (f, 0, 0, 1);
  part (&other);
}

/* The same tasks with the same tokens, and no others */
static void
test_lost_claim (Fixture *f, gconstpointer data)
{
  g_auto (ChihuoItem) item = { 0 };
  g_autofree char *ids = NULL;
  Fixture other;

  for (const char *id = "a\0b\0c\0"; *id != '\0'; id += 2)
    add (f, id);
  item = make_claim (f, 2);
  exchange_losing (f, 0, 1, &item);
  repeat (f, &item);
  ids = claimed_ids (&item);
  g_assert_cmpstr (ids, ==, "a b");
  assert_stats (f, 1, 2, 0);

  join_as (&other, f, "other");
  {
    g_auto (ChihuoItem) rest = make_claim (&other, 9);
    g_autofree char *others = NULL;

    exchange (&other, &rest, 1);
    others = claimed_ids (&rest);
    g_assert_cmpstr (others, ==, "c");
  }
  part (&other);
}

/* One that was not heard has got nothing: its repetition does, and is answered again */
static void
test_unheard_claim (Fixture *f, gconstpointer data)
{
  g_auto (ChihuoItem) item = { 0 };
  g_autofree char *ids = NULL;

  add (f, "a");
  add (f, "b");
  item = make_claim (f, 1);
  exchange_losing (f, 1, 0, &item);
  g_assert_cmpuint (item.claim.n_claimed, ==, 0);
  f->repeated = TRUE;
  exchange_losing (f, 0, 1, &item);
  repeat (f, &item);
  ids = claimed_ids (&item);
  g_assert_cmpstr (ids, ==, "a");
  assert_stats (f, 1, 1, 0);
}

/* It counts once, and is no stale one when it is repeated */
static void
test_lost_settle (Fixture *f, gconstpointer data)
{
  g_auto (ChihuoItem) claim = { 0 };
  g_auto (ChihuoItem) item = { 0 };

  add (f, "a");
  claim = make_claim (f, 1);
  exchange (f, &claim, 1);
  item = make_settle (f, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
  item.settle.finish = TRUE;
  exchange_losing (f, 0, 1, &item);
  repeat (f, &item);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_OK);
  assert_stats (f, 0, 0, 1);
}

/* --- what another program has left --- */

/* So many that one call does not take them all over */
#define N_OLD 150000
/* Ids with a NUL are none */
#define N_JUNK 100

/* As the other program does; the number that is answered, if it is one */
static guint32
call_directly (Fixture *f, const char *command, GByteArray *arguments)
{
  g_autoptr (ChihuoLodisServer) server = new_server (f->lodis->port);
  g_autoptr (GError) error = NULL;
  ChihuoLodisReader reader;
  g_autoptr (GBytes) body = chihuo_lodis_server_call (server, command, "eat", arguments,
                                                      CHIHUO_LODIS_CHANGES, &reader, &error);
  guint32 n = 0;

  g_assert_no_error (error);
  if (reader.left == sizeof n)
    chihuo_lodis_frame_take_u32 (&reader, &n, NULL);

  return n;
}

static guint
count_old (Fixture *f, const char *command)
{
  return call_directly (f, command, NULL);
}

static void
leave (Fixture *f, const char *command, const char *id, const char *value)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();

  chihuo_lodis_frame_add_string (arguments, id);
  chihuo_lodis_frame_add_string (arguments, value);
  call_directly (f, command, arguments);
}

static void
leave_many_marks (Fixture *f)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();

  for (guint i = 0; i < N_OLD; i++)
    {
      char id[] = "m00000000";

      g_snprintf (id, sizeof id, "m%08u", i);
      chihuo_lodis_frame_add_string (arguments, id);
      chihuo_lodis_frame_add_string (arguments, "");
    }
  call_directly (f, "hmset", arguments);
}

static void
leave_junk_marks (Fixture *f)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();

  for (guint i = 0; i < N_JUNK; i++)
    {
      const char id[] = { 0, 'a' + i / 26, 'a' + i % 26 };

      chihuo_lodis_frame_add (arguments, id, sizeof id);
      chihuo_lodis_frame_add_string (arguments, "");
    }
  call_directly (f, "hmset", arguments);
}

static void
assert_look (Fixture *f, const char *id, ChihuoTaskState state, gboolean finished)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);
  g_autoptr (GPtrArray) records
    = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  ChihuoPage page = { .queue = f->queue, .id = payload, .limit = 1, .records = records };
  g_autoptr (GError) error = NULL;
  ChihuoRecord *record;

  chihuo_backend_page (f->backend, &page, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);
  record = g_ptr_array_index (records, 0);
  g_assert_cmpstr (chihuo_payload_get_id (record->payload), ==, id);
  g_assert_cmpint (record->state, ==, state);
  g_assert_cmpint (record->finished, ==, finished);
}

/* What is asked of single ids is right from the first call on, though most of what was left is still there */
static void
test_much_left (Fixture *f, gconstpointer data)
{
  static const ChihuoAnswer answers[]
    = { CHIHUO_ANSWER_FINISHED, CHIHUO_ANSWER_EXISTS, CHIHUO_ANSWER_OK, CHIHUO_ANSWER_OK, CHIHUO_ANSWER_FINISHED };
  ChihuoItem items[] = { make_add (f, "z finished"), make_add (f, "z waits"),
                         make_item (f, CHIHUO_OP_UNFINISH, "z unfinished", NULL),
                         make_item (f, CHIHUO_OP_REMOVE, "z removed", NULL), make_add (f, "z both") };

  leave_many_marks (f);
  leave (f, "hset", "z finished", "");
  leave (f, "hset", "z unfinished", "");
  leave (f, "arpushnx", "z waits", "{\"old\":1}");
  leave (f, "arpushnx", "z removed", "2");
  leave (f, "arpushnx", "z both", "3");
  leave (f, "hset", "z both", "");

  assert_look (f, "z finished", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_look (f, "z waits", CHIHUO_TASK_STATE_WAITING, FALSE);
  assert_look (f, "z both", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_look (f, "z none", CHIHUO_TASK_STATE_ABSENT, FALSE);

  exchange (f, items, G_N_ELEMENTS (items));
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    g_assert_cmpint (items[i].answer, ==, answers[i]);
  clear_items (items, G_N_ELEMENTS (items));
  g_assert_cmpuint (count_old (f, "hlen"), >, N_OLD / 2);
  g_assert_cmpuint (count_old (f, "alen"), ==, 0);

  assert_look (f, "z finished", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_look (f, "z unfinished", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_look (f, "z removed", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_look (f, "z waits", CHIHUO_TASK_STATE_WAITING, FALSE);
}

/* Many items of one batch do not each take their time for it */
static void
test_much_left_batch (Fixture *f, gconstpointer data)
{
  ChihuoItem items[64];
  gint64 start;

  leave_many_marks (f);
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    {
      g_autofree char *id = g_strdup_printf ("m%08u", N_OLD - 32 + i);

      items[i] = make_add (f, id);
    }
  start = g_get_monotonic_time ();
  exchange (f, items, G_N_ELEMENTS (items));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 32 * G_USEC_PER_SEC);
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    g_assert_cmpint (items[i].answer, ==, i < 32 ? CHIHUO_ANSWER_FINISHED : CHIHUO_ANSWER_ADDED);
  clear_items (items, G_N_ELEMENTS (items));
}

/* What is no id stays, and does not hide what stands behind it */
static void
test_junk_left (Fixture *f, gconstpointer data)
{
  leave_junk_marks (f);
  leave (f, "hset", "finished", "");
  leave (f, "arpushnx", "junk", "no JSON");
  leave (f, "arpushnx", "waits", "1");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "*queue “eat”: 101 of what another*");
  g_assert_cmpint (add (f, "other"), ==, CHIHUO_ANSWER_ADDED);
  g_test_assert_expected_messages ();
  assert_look (f, "finished", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_look (f, "waits", CHIHUO_TASK_STATE_WAITING, FALSE);
  assert_stats (f, 2, 0, 1);
  g_assert_cmpuint (count_old (f, "hlen"), ==, N_JUNK);
  g_assert_cmpuint (count_old (f, "alen"), ==, 1);
}

/* --- a call that is blocked --- */

static void
keep_result_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
add_async (ChihuoQueue *queue, const char *id, GCancellable *cancellable, GAsyncResult **result)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);

  chihuo_queue_add_async (queue, task, 0, cancellable, keep_result_cb, result);
}

static ChihuoAddResult
await_add (ChihuoQueue *queue, GAsyncResult **result, GError **error)
{
  ChihuoAddResult added;

  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  added = chihuo_queue_add_finish (queue, *result, error);
  g_clear_object (result);

  return added;
}

/* The server has the first call and says nothing. The one behind it can be taken back all the same; and the
 * first one is carried out when the server hears again */
static void
test_blocked (Fixture *f, gconstpointer data)
{
  g_autofree char *config = g_strdup_printf (
    "{\"backend\":\"lodis\",\"port\":%u,\"timeout\":60}", f->proxy.port);
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new ("eat", config);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *results[2] = { NULL };
  guint n;

  chihuo_queue_open (queue, &error);
  g_assert_no_error (error);
  n = fake_server_set_deaf (&f->proxy, TRUE);
  add_async (queue, "sent", NULL, &results[0]);
  fake_server_await_requests (&f->proxy, n + 1);
  add_async (queue, "not sent", cancellable, &results[1]);
  g_cancellable_cancel (cancellable);

  g_assert_cmpint (await_add (queue, &results[1], &error), ==, 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (results[0]);
  g_clear_error (&error);
  fake_server_set_deaf (&f->proxy, FALSE);
  g_assert_cmpint (await_add (queue, &results[0], &error), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_no_error (error);

  g_assert_finalize_object (g_steal_pointer (&queue));
  chihuo_store_wait_closed ();
  assert_stats (f, 1, 0, 0);
}

static void
add_test (const char *path, void (* func) (Fixture *f, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/lodis-safe/collision", test_collision);
  add_test ("/lodis-safe/race", test_race);
  add_test ("/lodis-safe/lost-add", test_lost_add);
  add_test ("/lodis-safe/unheard-add", test_unheard_add);
  add_test ("/lodis-safe/lost-meanwhile", test_lost_meanwhile);
  add_test ("/lodis-safe/lost-claim", test_lost_claim);
  add_test ("/lodis-safe/unheard-claim", test_unheard_claim);
  add_test ("/lodis-safe/lost-settle", test_lost_settle);

  g_test_add ("/lodis-safe/much-left", Fixture, NULL, set_up_directly, test_much_left, tear_down);
  g_test_add ("/lodis-safe/much-left-batch", Fixture, NULL, set_up_directly, test_much_left_batch, tear_down);
  g_test_add ("/lodis-safe/junk-left", Fixture, NULL, set_up_directly, test_junk_left, tear_down);
  add_test ("/lodis-safe/blocked", test_blocked);

  return g_test_run ();
}
