/* test-redis-backend.c - queues in a Redis, for many machines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include "redis-backend-fixture.h"

#define assert_refused(self, items, n, code)                                                       \
  G_STMT_START                                                                                     \
    {                                                                                              \
      g_autoptr (GError) refusal = NULL;                                                           \
                                                                                                   \
      g_assert_false (try_exchange ((self), (items), (n), &refusal));                              \
      g_assert_error (refusal, CHIHUO_ERROR, (code));                                              \
    }                                                                                              \
  G_STMT_END

/* All of a task's life that needs nothing but a server that works */
static void
test_life (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRecord) record = NULL;
  g_auto (ChihuoItem) claim = { 0 };
  g_auto (ChihuoItem) done = { 0 };

  g_assert_cmpint (add (self, "a"), ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (add (self, "a"), ==, CHIHUO_ANSWER_EXISTS);
  claim = make_claim (self, 5);
  exchange (self, &claim, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  g_assert_cmpstr (chihuo_payload_get_json (claim.claim.claimed[0].payload), ==, "{\"a\":1}");

  done = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
  done.settle.finish = TRUE;
  exchange (self, &done, 1);
  g_assert_cmpint (done.answer, ==, CHIHUO_ANSWER_OK);
  record = look (self, "a");
  g_assert_true (record->finished);
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_ABSENT);
  g_assert_cmpint (add (self, "a"), ==, CHIHUO_ANSWER_FINISHED);
}

static void
test_two_queues (Fixture *self, gconstpointer data)
{
  const char *other = g_intern_static_string ("other");
  ChihuoItem items[6];

  for (guint i = 0; i < 4; i++)
    {
      items[i] = make_add (self, i < 2 ? "a" : "b");
      items[i].queue = i % 2 == 0 ? self->queue : other;
    }
  items[4] = make_claim (self, 5);
  items[5] = make_claim (self, 5);
  items[5].queue = other;
  items[5].claimant = g_intern_static_string ("engine-2");
  exchange (self, items, 6);

  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_ADDED);
  for (guint i = 4; i < 6; i++)
    {
      g_autofree char *ids = claimed_ids (&items[i]);

      g_assert_cmpstr (ids, ==, "a b");
    }
  clear_items (items, 6);
}

/* A store that was refused is opened again and again, and the server hears of it now and then. For more
 * than 40 logins, with rests that grow up to 30 s, several minutes have to pass */
static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoBackend) backend = g_object_new (CHIHUO_TYPE_REDIS_BACKEND, NULL);
  g_autofree char *uri = g_strdup_printf ("redis://eater:new@127.0.0.1:%u", self->server->port);
  g_autoptr (ChihuoConfig) config = chihuo_config_new (uri, NULL);
  g_autofree char *text = NULL;
  const char *count;

  tell_server (self, "ACL SETUSER eater on >old ~* &* +@all");
  for (guint i = 0; i < 10000; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (chihuo_backend_open (backend, config, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
      g_assert_nonnull (strstr (error->message, "WRONGPASS"));
    }

  tell_server (self, "ACL SETUSER eater >new");
  while (!chihuo_backend_open (backend, config, NULL))
    continue;
  text = redis_server_text (self->server, "INFO errorstats");
  count = strstr (text, "errorstat_WRONGPASS:count=");
  g_assert_nonnull (count);
  g_assert_cmpuint (g_ascii_strtoull (strchr (count, '=') + 1, NULL, 10), <=, 40);
  g_assert_true (chihuo_backend_close (backend, NULL));
}

/* Adds and all else go to different scripts, and still one after the other */
static void
test_order_of_parts (Fixture *self, gconstpointer data)
{
  ChihuoItem items[5];

  items[0] = make_item (self, CHIHUO_OP_FINISH, "a", NULL);
  items[1] = make_add (self, "a");
  items[2] = make_item (self, CHIHUO_OP_UNFINISH, "a", NULL);
  items[3] = make_add (self, "a");
  items[4] = make_claim (self, 1);
  exchange (self, items, 5);

  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (items[1].answer, ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (items[2].answer, ==, CHIHUO_ANSWER_OK);
  g_assert_cmpint (items[3].answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpuint (items[4].claim.n_claimed, ==, 1);
  clear_items (items, 5);
}

/* The batch is sent again under its number: nothing is done twice, the answers are the first ones */
static void
test_repeated (Fixture *self, gconstpointer data)
{
  ChihuoItem items[4];
  g_autofree char *ids = NULL;
  guint64 token;

  items[0] = make_add (self, "a");
  items[1] = make_item (self, CHIHUO_OP_FINISH, "b", NULL);
  items[2] = make_add (self, "b");
  items[3] = make_claim (self, 1);
  exchange (self, items, 4);
  token = items[3].claim.claimed[0].token;
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);

  self->request--;
  self->repeated = TRUE;
  exchange (self, items, 4);
  self->repeated = FALSE;
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (items[1].answer, ==, CHIHUO_ANSWER_FINISHED);
  g_assert_cmpint (items[2].answer, ==, CHIHUO_ANSWER_FINISHED);
  ids = claimed_ids (&items[3]);
  g_assert_cmpstr (ids, ==, "a");
  g_assert_cmpuint (items[3].claim.claimed[0].token, ==, token);
  clear_items (items, 4);
}

static void
test_outdated (Fixture *self, gconstpointer data)
{
  g_auto (ChihuoItem) late = make_add (self, "late");

  add (self, "a");
  add (self, "b");
  self->request = 1;
  assert_refused (self, &late, 1, CHIHUO_ERROR_PROTOCOL);
  g_assert_cmpuint (get_stats (self).waiting, ==, 2);
}

static void
test_forgotten_scripts (Fixture *self, gconstpointer data)
{
  ChihuoItem items[3];
  g_autoptr (ChihuoRecord) record = NULL;

  for (guint i = 0; i < 3; i++)
    {
      tell_server (self, "SCRIPT FLUSH");
      items[0] = make_add (self, i == 0 ? "a" : i == 1 ? "b" : "c");
      items[1] = make_claim (self, 1);
      items[2] = make_add (self, "z");
      exchange (self, items, 3);
      g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);
      g_assert_cmpuint (items[1].claim.n_claimed, ==, 1);
      clear_items (items, 3);
    }

  tell_server (self, "SCRIPT FLUSH");
  record = look (self, "z");
  g_assert_cmpint (record->state, !=, CHIHUO_TASK_STATE_ABSENT);
  tell_server (self, "SCRIPT FLUSH");
  g_assert_cmpuint (get_stats (self).running, ==, 3);
}

static void
add_many (Fixture *self, guint n)
{
  for (guint first = 0; first < n; first += 250)
    {
      ChihuoItem items[250];

      for (guint i = 0; i < 250; i++)
        {
          g_autofree char *id = g_strdup_printf ("%u", first + i);

          items[i] = make_add (self, id);
        }
      exchange (self, items, 250);
      clear_items (items, 250);
    }
}

/* Claims some, and settles them in the same batch as an add that is refused; how many it were */
static guint
eat_some (Fixture *self)
{
  g_autofree ChihuoItem *items = g_new0 (ChihuoItem, 252);
  ChihuoItem claim = make_claim (self, 250);
  guint n;

  exchange (self, &claim, 1);
  n = claim.claim.n_claimed;
  items[0] = make_add (self, "one more");
  for (guint i = 0; i < n; i++)
    {
      items[i + 1] = make_settle (self, &claim.claim.claimed[i], CHIHUO_SETTLE_DONE);
      items[i + 1].settle.finish = TRUE;
    }
  exchange (self, items, n + 1);
  if (items[0].answer == CHIHUO_ANSWER_REFUSED)
    g_assert_nonnull (strstr (self->refusal, "full"));
  else
    g_assert_null (self->refusal);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (items[i + 1].answer, ==, CHIHUO_ANSWER_OK);
  clear_items (items, n + 1);
  chihuo_item_clear (&claim);

  return n;
}

/* A full server refuses adds, and only those: what waits is eaten, and with that it gets room again */
static void
test_full (Fixture *self, gconstpointer data)
{
  ChihuoStats stats;
  guint n = 0;

  add_many (self, 10000);
  tell_server (self, "CONFIG SET maxmemory 1mb");
  g_assert_cmpint (add (self, "one more"), ==, CHIHUO_ANSWER_REFUSED);
  g_assert_nonnull (strstr (self->refusal, "full"));
  while (n < 10000)
    {
      guint some = eat_some (self);

      g_assert_cmpuint (some, >, 0);
      n += some;
    }
  stats = get_stats (self);
  g_assert_cmpuint (stats.finished, ==, n);
  g_assert_cmpuint (stats.running, ==, 0);

  tell_server (self, "CONFIG SET maxmemory 0");
  g_assert_cmpint (add (self, "another"), ==, CHIHUO_ANSWER_ADDED);
  g_assert_null (self->refusal);
}

/* A primary that has become a replica does nothing, and says so before it does anything */
static void
test_read_only (Fixture *self, gconstpointer data)
{
  g_auto (ChihuoItem) item = make_add (self, "b");

  add (self, "a");
  tell_server (self, "REPLICAOF 127.0.0.1 1");
  assert_refused (self, &item, 1, CHIHUO_ERROR_TIMED_OUT);
  tell_server (self, "REPLICAOF NO ONE");
  exchange (self, &item, 1);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);
}

/* A server that hangs up on who says nothing is no trouble at all */
static void
test_lost_connection (Fixture *self, gconstpointer data)
{
  add (self, "a");
  tell_server (self, "CLIENT KILL TYPE normal SKIPME yes");
  g_assert_cmpint (add (self, "b"), ==, CHIHUO_ANSWER_ADDED);
  tell_server (self, "CLIENT KILL TYPE normal SKIPME yes");
  g_assert_cmpuint (get_stats (self).waiting, ==, 2);
}

/* What was sent and not answered may have been done or not: it is repeated, and done once */
static void
test_lost_reply (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  ChihuoItem items[2];

  close_backend (&self->backend);
  self->backend = try_open (self->server, ",\"timeout\":0.2", &error);
  g_assert_no_error (error);
  items[0] = make_add (self, "a");
  items[1] = make_claim (self, 1);

  /* its kernel takes in what it does not read, and it carries that out when it goes on */
  redis_server_signal (self->server, SIGSTOP);
  assert_refused (self, items, 2, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  redis_server_signal (self->server, SIGCONT);
  redis_server_wait (self->server, "1", "HLEN {chihuo:eat}:runs");

  self->repeated = TRUE;
  exchange (self, items, 2);
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpuint (items[1].claim.n_claimed, ==, 1);
  g_assert_cmpuint (get_stats (self).running, ==, 1);
  clear_items (items, 2);
}

static void
test_dead_server (Fixture *self, gconstpointer data)
{
  g_auto (ChihuoItem) item = make_add (self, "a");

  redis_server_signal (self->server, SIGKILL);
  assert_refused (self, &item, 1, CHIHUO_ERROR_TIMED_OUT);
  assert_refused (self, &item, 1, CHIHUO_ERROR_TIMED_OUT);
  redis_server_restart (self->server);
  exchange (self, &item, 1);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);
}

/* Nobody is there: an open can be tried again */
static void
test_no_server (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  close_backend (&self->backend);
  redis_server_signal (self->server, SIGKILL);
  g_assert_null (try_open (self->server, "", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
  redis_server_restart (self->server);
  self->backend = open_backend (self->server);
}

static void
test_closed (Fixture *self, gconstpointer data)
{
  g_auto (ChihuoItem) item = make_add (self, "a");
  g_autoptr (GError) error = NULL;

  chihuo_backend_close (self->backend, &error);
  g_assert_no_error (error);
  assert_refused (self, &item, 1, CHIHUO_ERROR_CLOSED);
  g_assert_finalize_object (g_steal_pointer (&self->backend));
}

static void
test_wrong_policy (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  close_backend (&self->backend);
  tell_server (self, "CONFIG SET maxmemory-policy allkeys-lru");
  g_assert_null (try_open (self->server, "", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "allkeys-lru"));
  g_clear_error (&error);

  self->backend = try_open (self->server, ",\"eviction\":\"any\"", &error);
  g_assert_no_error (error);
  g_assert_cmpint (add (self, "a"), ==, CHIHUO_ANSWER_ADDED);
}

/* A queue that a newer version has written to is left alone */
static void
test_newer_schema (Fixture *self, gconstpointer data)
{
  g_auto (ChihuoItem) first = make_add (self, "b");
  g_auto (ChihuoItem) claim = make_claim (self, 1);

  add (self, "a");
  tell_server (self, "HSET {chihuo:eat}:queue schema 2");
  assert_refused (self, &first, 1, CHIHUO_ERROR_BACKEND);
  assert_refused (self, &claim, 1, CHIHUO_ERROR_BACKEND);
  tell_server (self, "HSET {chihuo:eat}:queue schema 1");
  exchange (self, &claim, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
}

/* Some parts were done, and one is refused for good: that is told once it is certain */
static void
test_half_refused (Fixture *self, gconstpointer data)
{
  ChihuoItem items[2] = { make_add (self, "a"), make_add (self, "a") };

  items[1].queue = g_intern_static_string ("newer");
  tell_server (self, "HSET {chihuo:newer}:queue schema 2");
  assert_refused (self, items, 2, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  g_assert_cmpint (items[0].answer, ==, CHIHUO_ANSWER_NONE);
  self->repeated = TRUE;
  assert_refused (self, items, 2, CHIHUO_ERROR_BACKEND);
  g_assert_cmpuint (get_stats (self).waiting, ==, 1);
  clear_items (items, 2);
}

/* All of a task's value but the end of its info */
static void
cut_info (Fixture *self, const char *id)
{
  static const char script[]
    = "return redis.call('HSET', KEYS[1], ARGV[1], redis.call('HGET', KEYS[1], ARGV[1]):sub(1, -2))";
  g_autoptr (redisReply) reply = redis_server_command (
    self->server, "EVAL %s 1 {chihuo:eat}:tasks %s", script, id);

  g_assert_cmpint (reply->type, ==, REDIS_REPLY_INTEGER);
}

/* What another program wrote is buried by whoever claims it, and he gets what stands behind */
static void
test_junk (Fixture *self, gconstpointer data)
{
  g_auto (ChihuoItem) claim = make_claim (self, 3);
  g_autoptr (ChihuoRecord) info = NULL;
  g_autoptr (ChihuoRecord) value = NULL;
  g_autofree char *ids = NULL;

  add (self, "info");
  add (self, "value");
  add (self, "good");
  cut_info (self, "info");
  tell_server (self, "HSET {chihuo:eat}:tasks value junk");
  exchange (self, &claim, 1);
  ids = claimed_ids (&claim);
  g_assert_cmpstr (ids, ==, "good");

  info = look (self, "info");
  g_assert_cmpint (info->state, ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_nonnull (info->error);
  value = look (self, "value");
  g_assert_cmpint (value->state, ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_nonnull (value->error);
}

/* What too few servers know is of unknown outcome, until they do; a claim need not be known to others */
static void
test_strict (Fixture *self, gconstpointer data)
{
  g_autofree char *port = g_strdup_printf ("%u", self->server->port);
  RedisServer *replica
    = redis_fixture_start (self->servers, "--replicaof", "127.0.0.1", port, NULL);
  g_auto (ChihuoItem) known = make_add (self, "known");
  g_auto (ChihuoItem) item = make_add (self, "a");
  g_auto (ChihuoItem) claim = make_claim (self, 1);
  g_autoptr (GError) error = NULL;

  redis_server_wait (replica, "master_link_status:up", "INFO replication");
  close_backend (&self->backend);
  self->backend = try_open (self->server, ",\"durable\":\"strict\",\"timeout\":0.4", &error);
  g_assert_no_error (error);
  exchange_known (self, &known);
  g_assert_cmpint (known.answer, ==, CHIHUO_ANSWER_ADDED);

  redis_server_signal (replica, SIGSTOP);
  assert_refused (self, &item, 1, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  self->repeated = TRUE;
  assert_refused (self, &item, 1, CHIHUO_ERROR_UNKNOWN_OUTCOME);

  /* also on a connection that has written nothing itself */
  tell_server (self, "CLIENT KILL TYPE normal SKIPME yes");
  assert_refused (self, &item, 1, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  redis_server_signal (replica, SIGCONT);
  exchange_known (self, &item);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);

  redis_server_signal (replica, SIGSTOP);
  exchange (self, &claim, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  redis_server_signal (replica, SIGCONT);
}

#define CREDENTIALS ",\"username\":\"eater\",\"password\":\"secret\""

/* All that a store asks of a backend */
static void
use_all (Fixture *self)
{
  ChihuoSweep sweep = { .queue = self->queue, .what = CHIHUO_SWEEP_WHAT_CLEAR_WAITING };
  g_autoptr (ChihuoRecord) record = NULL;
  g_auto (ChihuoItem) claim = make_claim (self, 1);
  g_auto (ChihuoItem) done = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean more;
  guint n;

  add (self, "a");
  add (self, "b");
  exchange (self, &claim, 1);
  done = make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE);
  exchange (self, &done, 1);
  g_assert_cmpint (done.answer, ==, CHIHUO_ANSWER_OK);
  record = look (self, "b");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_WAITING);
  chihuo_backend_sweep (self->backend, &sweep, &error);
  g_assert_no_error (error);
  chihuo_backend_reap (self->backend, &self->moment, &n, &more, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (get_stats (self).waiting, ==, 0);
}

/* The least rights that doc/ speaks of are enough */
static void
test_least_rights (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  close_backend (&self->backend);
  tell_server (self, "ACL SETUSER eater on >secret ~{chihuo:*}:* &{chihuo:*}:* +@read +@write "
                     "+@scripting +@connection +@pubsub -@dangerous +time +wait +info "
                     "+config|get");
  self->backend = try_open (self->server, CREDENTIALS, &error);
  g_assert_no_error (error);
  use_all (self);
}

/* A server that does not tell what it is like is used all the same */
static void
test_untold (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  close_backend (&self->backend);
  tell_server (self, "ACL SETUSER eater on >secret ~{chihuo:*}:* &{chihuo:*}:* +@read +@write "
                     "+@scripting +@connection +@pubsub -@dangerous +time");
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*unchecked*maxmemory-policy*");
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "*does not tell whether*");
  self->backend = try_open (self->server, CREDENTIALS, &error);
  g_assert_no_error (error);
  g_test_assert_expected_messages ();
  use_all (self);
}

static void
test_too_few_rights (Fixture *self, gconstpointer data)
{
  g_auto (ChihuoItem) item = make_add (self, "a");
  g_autoptr (GError) error = NULL;

  close_backend (&self->backend);
  tell_server (self, "ACL SETUSER eater on >secret ~other:* +@all");
  self->backend = try_open (self->server, CREDENTIALS, &error);
  g_assert_no_error (error);
  assert_refused (self, &item, 1, CHIHUO_ERROR_BACKEND);
}

static void
assert_all_added (Fixture *self, ChihuoItem *items, guint n)
{
  exchange (self, items, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_ADDED);
  clear_items (items, n);
}

static char *
ask_server (RedisServer *server, const char *question)
{
  return redis_server_text (server, question, NULL);
}

/* Another node gets the slot of a queue that has no keys yet */
static void
move_slot (RedisServer **nodes, const char *queue, guint to)
{
  g_autofree char *question = g_strdup_printf ("CLUSTER KEYSLOT {chihuo:%s}:queue", queue);
  g_autofree char *slot = ask_server (nodes[0], question);
  g_autofree char *id = ask_server (nodes[to], "CLUSTER MYID");
  g_autofree char *command = g_strdup_printf ("CLUSTER SETSLOT %s NODE %s", slot, id);

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *answer = ask_server (nodes[(to + i) % 3], command);

      g_assert_cmpstr (answer, ==, "OK");
    }
}

static void
open_uri (Fixture *self, const char *uri)
{
  g_autoptr (ChihuoConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  config = chihuo_config_new (uri, &error);
  g_assert_no_error (error);
  self->backend = g_object_new (CHIHUO_TYPE_REDIS_BACKEND, NULL);
  chihuo_backend_open (self->backend, config, &error);
  g_assert_no_error (error);
}

/* As the store does it: the same batch until it is known what became of it */
static void
exchange_until_done (Fixture *self, ChihuoItem *item)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  gboolean done = FALSE;

  while (!done)
    {
      g_autoptr (GError) error = NULL;

      done = try_exchange (self, item, 1, &error);
      if (done)
        break;
      if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
        self->repeated = TRUE;
      else
        g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (20000);
    }
  self->repeated = FALSE;
  self->request++;
}

/* The primary dies, and its replica takes its place: so does the backend's connection */
static void
test_failover (Fixture *self, gconstpointer data)
{
  g_autofree char *port = g_strdup_printf ("%u", self->server->port);
  RedisServer *replica
    = redis_fixture_start (self->servers, "--replicaof", "127.0.0.1", port, NULL);
  RedisServer *sentinel;
  g_auto (ChihuoItem) item = make_add (self, "b");
  g_autofree char *uri = NULL;

  redis_server_wait (replica, "master_link_status:up", "INFO replication");
  sentinel = redis_fixture_start_sentinel (self->servers, "eats", self->server, 1);
  redis_server_wait (sentinel, "slaves=1", "INFO sentinel");
  close_backend (&self->backend);
  uri = g_strdup_printf ("redis+sentinel://127.0.0.1:%u/eats?clock=batch", sentinel->port);
  open_uri (self, uri);

  add (self, "a");
  redis_server_wait (replica, "1", "HLEN {chihuo:eat}:tasks");
  redis_server_signal (self->server, SIGKILL);
  exchange_until_done (self, &item);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpuint (get_stats (self).waiting, ==, 2);
}

/* Queues of one batch are on different nodes, and one of them moves */
static void
test_cluster (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  const char *queues[3];
  ChihuoItem items[3];
  RedisServer *nodes[3];

  close_backend (&self->backend);
  redis_fixture_start_cluster (self->servers, nodes, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = redis_server_find_queue (nodes[i]);

      queues[i] = g_intern_string (name);
    }
  text = g_strdup_printf ("%s?clock=batch", nodes[0]->uri);
  open_uri (self, text);

  for (guint i = 0; i < 2; i++)
    {
      items[i] = make_add (self, "a");
      items[i].queue = queues[i];
    }
  assert_all_added (self, items, 2);

  move_slot (nodes, queues[2], 0);
  for (guint i = 0; i < 3; i++)
    {
      items[i] = make_add (self, "b");
      items[i].queue = queues[i];
    }
  assert_all_added (self, items, 3);
  self->queue = queues[2];
  g_assert_cmpuint (get_stats (self).waiting, ==, 1);
}

static gboolean
note_cb (gpointer data)
{
  *(guint *) data += 1;

  return G_SOURCE_CONTINUE;
}

static void
wait_for_news (guint *n, guint wanted)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;

  while (*n < wanted && g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
  g_assert_cmpuint (*n, >=, wanted);
}

/* Who found nothing to claim is woken by what another process adds */
static void
test_bell (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoBackend) other = open_backend (self->server);
  g_autoptr (GSource) source = chihuo_backend_create_source (self->backend);
  ChihuoBackend *own = self->backend;
  ChihuoItem claim = make_claim (self, 1);
  guint n = 0;
  guint before;

  g_source_set_callback (source, note_cb, &n, NULL);
  g_source_attach (source, NULL);
  exchange (self, &claim, 1);
  wait_for_news (&n, 1);
  redis_server_wait (self->server, "{chihuo:eat}:news", "PUBSUB CHANNELS");
  while (g_main_context_iteration (NULL, FALSE))
    ;

  before = n;
  self->backend = other;
  self->client = g_intern_static_string ("client-2");
  add (self, "a");
  self->backend = own;
  wait_for_news (&n, before + 1);

  g_source_destroy (source);
  chihuo_item_clear (&claim);
  close_backend (&other);
}

static void
add_test (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/redis-backend/", name, NULL);

  g_test_add (path, Fixture, NULL, fixture_set_up, test, fixture_tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("life", test_life);
  add_test ("two-queues", test_two_queues);
  add_test ("refused", test_refused);
  add_test ("order-of-parts", test_order_of_parts);
  add_test ("repeated", test_repeated);
  add_test ("outdated", test_outdated);
  add_test ("forgotten-scripts", test_forgotten_scripts);
  add_test ("full", test_full);
  add_test ("read-only", test_read_only);
  add_test ("lost-connection", test_lost_connection);
  add_test ("lost-reply", test_lost_reply);
  add_test ("dead-server", test_dead_server);
  add_test ("no-server", test_no_server);
  add_test ("closed", test_closed);
  add_test ("wrong-policy", test_wrong_policy);
  add_test ("newer-schema", test_newer_schema);
  add_test ("half-refused", test_half_refused);
  add_test ("junk", test_junk);
  add_test ("strict", test_strict);
  add_test ("least-rights", test_least_rights);
  add_test ("untold", test_untold);
  add_test ("too-few-rights", test_too_few_rights);
  add_test ("failover", test_failover);
  add_test ("cluster", test_cluster);
  add_test ("bell", test_bell);

  return g_test_run ();
}
