/* test-lodis-backend.c - which mode is chosen, and how its trouble is told
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-lodis-backend.h"
#include "lodis/lodis-fixture.h"

static ChihuoBackend *
try_open (LodisFixture *server, const char *more, GError **error)
{
  g_autofree char *text
    = g_strdup_printf ("{\"backend\":\"lodis\",\"port\":%u%s}", server->port, more);
  g_autoptr (ChihuoConfig) config = chihuo_config_new (text, error);
  g_autoptr (ChihuoBackend) backend = g_object_new (CHIHUO_TYPE_LODIS_BACKEND, NULL);

  g_assert_nonnull (config);
  if (!chihuo_backend_open (backend, config, error))
    return NULL;

  return g_steal_pointer (&backend);
}

/* Nothing is said of it but what to do */
static void
test_safe_refused (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = try_open (server, ",\"mode\":\"safe\"", &error);

  g_assert_null (backend);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "mode=plain"));
}

/* With no mode asked for it is plain, and says so in one line */
static void
test_plain_chosen (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = NULL;

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "*plain mode*at most once*");
  backend = try_open (server, "", &error);
  g_assert_no_error (error);
  g_test_assert_expected_messages ();
  chihuo_backend_close (backend, &error);
  g_assert_no_error (error);
}

/* Where nobody listens nothing was done, and it may be tried again */
static void
test_away (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  ChihuoStats stats;
  g_autoptr (ChihuoBackend) backend = try_open (server, ",\"mode\":\"plain\"", &error);

  g_assert_no_error (error);
  lodis_fixture_stop (server, SIGKILL);
  g_assert_false (chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
  g_clear_error (&error);

  lodis_fixture_start (server);
  g_assert_true (chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error));
  g_assert_no_error (error);
}

/* A child gets CLOSED, and what it lets go stays the parent's */
static void
test_fork (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = NULL;
  ChihuoStats stats;
  pid_t child;
  int status;

  chihuo_fork_hold ();
  backend = try_open (server, ",\"mode\":\"plain\"", &error);
  g_assert_no_error (error);
  child = fork ();
  if (child == 0)
    {
      gboolean ok = chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error);

      chihuo_backend_close (backend, NULL);
      _exit (!ok && g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED) ? 7 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 7);
  g_assert_true (chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error));
  g_assert_no_error (error);
  chihuo_fork_release ();
}

/* The server's clocks are for the tasks; who asks goes on by his own, and would claim for ever otherwise */
static void
test_clocks (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_OURS);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = try_open (server, "", &error);
  ChihuoItem add = { .op = CHIHUO_OP_ADD, .queue = g_intern_static_string ("q") };
  ChihuoItem *items[] = { &add };
  ChihuoBatch batch = { .client = g_intern_static_string ("client"),
                        .request = 1,
                        .moment = { .now = 1000, .lease = 2000 },
                        .items = items,
                        .n_items = 1 };

  g_assert_no_error (error);
  add.payload = chihuo_payload_new ("id", -1, "1", -1);
  g_assert_true (chihuo_backend_exchange (backend, &batch, &error));
  g_assert_no_error (error);
  g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (batch.moment.now, ==, 1000);
  g_assert_cmpint (batch.moment.lease, ==, 2000);
  chihuo_item_clear (&add);
}

/* --- looking for dead workers --- */

static void
exchange_at (ChihuoBackend *backend, const char *client, double time, ChihuoItem *item)
{
  static guint32 request;
  g_autoptr (GError) error = NULL;
  ChihuoBatch batch = { .client = g_intern_string (client),
                        .request = ++request,
                        .moment = { .now = time * G_USEC_PER_SEC, .lease = time * G_USEC_PER_SEC },
                        .items = &item,
                        .n_items = 1 };

  item->queue = g_intern_static_string ("q");
  item->claimant = batch.client;
  g_assert_true (chihuo_backend_exchange (backend, &batch, &error));
  g_assert_no_error (error);
}

static guint
claim_at (ChihuoBackend *backend, const char *client, double time, double lease)
{
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM };
  guint n;

  claim.claim.n = 2;
  claim.claim.suspects = 2;
  claim.claim.request = time;
  claim.claim.lease = lease * G_USEC_PER_SEC;
  claim.claim.max_tries = 25;
  claim.claim.max_crashes = 3;
  exchange_at (backend, client, time, &claim);
  n = claim.claim.n_claimed;
  chihuo_item_clear (&claim);

  return n;
}

static guint
reap_at (ChihuoBackend *backend, double time)
{
  const ChihuoMoment moment = { .now = time * G_USEC_PER_SEC, .lease = time * G_USEC_PER_SEC };
  g_autoptr (GError) error = NULL;
  gboolean more;
  guint n = 0;

  g_assert_true (chihuo_backend_reap (backend, &moment, &n, &more, &error));
  g_assert_no_error (error);

  return n;
}

/* Looks are rare, but none is missed that has something to find: when a lease ends that was seen, and as
 * long as somebody holds a task for a shorter time than lies between two of them */
static void
test_reap_in_time (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_OURS);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) worker = try_open (server, ",\"clock\":\"batch\"", &error);
  g_autoptr (ChihuoBackend) idle = try_open (server, ",\"clock\":\"batch\"", &error);
  ChihuoItem add = { .op = CHIHUO_OP_ADD };

  g_assert_no_error (error);
  add.payload = chihuo_payload_new ("a", -1, "1", -1);
  exchange_at (worker, "worker", 100, &add);
  chihuo_item_clear (&add);
  g_assert_cmpuint (reap_at (idle, 100), ==, 0);

  g_assert_cmpuint (claim_at (worker, "worker", 100.5, 30), ==, 1);
  g_assert_cmpuint (reap_at (idle, 105), ==, 0);
  g_assert_cmpuint (reap_at (idle, 130), ==, 0);
  g_assert_cmpuint (reap_at (idle, 131), ==, 1);

  g_assert_cmpuint (reap_at (idle, 132), ==, 0);
  g_assert_cmpuint (claim_at (worker, "worker", 133, 2), ==, 1);
  g_assert_cmpuint (claim_at (idle, "idle", 133.1, 30), ==, 0);
  g_assert_cmpuint (reap_at (idle, 134), ==, 0);
  g_assert_cmpuint (reap_at (idle, 135.5), ==, 1);
}

/* --- tasks that are large --- */

#define N_LARGE 100
#define LARGE_SIZE (1024 * 1024)

typedef struct
{
  ChihuoBackend *backend;
  ChihuoBatch    batch;
  ChihuoItem     items[N_LARGE];
  ChihuoItem    *pointers[N_LARGE];
} Store;

/* All items of the batch, each with this answer; then they may be used again */
static void
exchange (Store *self, guint n, ChihuoAnswer answer)
{
  g_autoptr (GError) error = NULL;

  self->batch.request++;
  self->batch.n_items = n;
  g_assert_true (chihuo_backend_exchange (self->backend, &self->batch, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (self->items[i].answer, ==, answer);
}

static void
set_item (Store *self, guint i, ChihuoOp op)
{
  self->items[i] = (ChihuoItem) { .op = op,
                                  .queue = g_intern_static_string ("q"),
                                  .claimant = g_intern_static_string ("worker") };
}

static void
add_large (Store *self)
{
  g_autofree char *json = g_strnfill (LARGE_SIZE, 'x');

  json[0] = '"';
  json[LARGE_SIZE - 1] = '"';
  for (guint i = 0; i < N_LARGE; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      set_item (self, 0, CHIHUO_OP_ADD);
      self->items[0].payload = chihuo_payload_new (id, -1, json, LARGE_SIZE);
      exchange (self, 1, CHIHUO_ANSWER_ADDED);
      chihuo_item_clear (&self->items[0]);
    }
}

/* In several claims, of which none is larger than the first task makes it */
static void
claim_large (Store *self, ChihuoClaimed claimed[N_LARGE])
{
  for (guint n = 0; n < N_LARGE;)
    {
      ChihuoItem *item = &self->items[0];

      set_item (self, 0, CHIHUO_OP_CLAIM);
      item->claim.n = N_LARGE;
      item->claim.request = self->batch.request;
      item->claim.lease = 30 * G_USEC_PER_SEC;
      item->claim.max_tries = 25;
      item->claim.max_crashes = 3;
      exchange (self, 1, CHIHUO_ANSWER_OK);
      g_assert_cmpuint (item->claim.n_claimed, >, 0);
      g_assert_cmpuint (chihuo_item_get_claimed_size (item), <, CHIHUO_BATCH_MAX_BYTES + 2 * LARGE_SIZE);
      g_assert_cmpuint (item->claim.n_waiting, ==, N_LARGE - n - item->claim.n_claimed);
      for (guint i = 0; i < item->claim.n_claimed; i++)
        claimed[n++] = item->claim.claimed[i];
      item->claim.n_claimed = 0;
      chihuo_item_clear (item);
    }
}

/* The same to all of them, in one batch */
static void
do_large (Store *self, ChihuoClaimed claimed[N_LARGE], ChihuoOp op, ChihuoSettle how)
{
  for (guint i = 0; i < N_LARGE; i++)
    {
      set_item (self, i, op);
      self->items[i].payload = chihuo_payload_ref (claimed[i].payload);
      self->items[i].token = claimed[i].token;
      if (op == CHIHUO_OP_RENEW)
        self->items[i].renew.lease = 30 * G_USEC_PER_SEC;
      else
        self->items[i].settle.how = how;
    }
  exchange (self, N_LARGE, CHIHUO_ANSWER_OK);
  for (guint i = 0; i < N_LARGE; i++)
    chihuo_item_clear (&self->items[i]);
}

static void
clear_claimed (ChihuoClaimed claimed[N_LARGE])
{
  for (guint i = 0; i < N_LARGE; i++)
    g_clear_pointer (&claimed[i].payload, chihuo_payload_unref);
}

/* Together they are more than a server takes in one request: they are claimed, renewed, given back in one
 * batch, claimed once more and done all the same */
static void
test_large (gconstpointer mode)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_OURS);
  g_autofree char *more = g_strdup_printf (",\"timeout\":60,\"mode\":\"%s\"", (const char *) mode);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = try_open (server, more, &error);
  g_autofree Store *self = g_new0 (Store, 1);
  ChihuoClaimed claimed[N_LARGE] = { { NULL } };
  ChihuoStats stats;

  g_assert_no_error (error);
  self->backend = backend;
  self->batch.client = g_intern_static_string ("client");
  self->batch.items = self->pointers;
  for (guint i = 0; i < N_LARGE; i++)
    self->pointers[i] = &self->items[i];

  add_large (self);
  claim_large (self, claimed);
  do_large (self, claimed, CHIHUO_OP_RENEW, 0);
  do_large (self, claimed, CHIHUO_OP_SETTLE, CHIHUO_SETTLE_RETURNED);
  clear_claimed (claimed);
  claim_large (self, claimed);
  do_large (self, claimed, CHIHUO_OP_SETTLE, CHIHUO_SETTLE_DONE);
  clear_claimed (claimed);

  g_assert_true (chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (stats.waiting + stats.running, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lodis-backend/safe-refused", test_safe_refused);
  g_test_add_func ("/lodis-backend/plain-chosen", test_plain_chosen);
  g_test_add_func ("/lodis-backend/away", test_away);
  g_test_add_func ("/lodis-backend/fork", test_fork);

  if (g_getenv ("LODIS") != NULL)
    {
      g_test_add_func ("/lodis-backend/clocks", test_clocks);
      g_test_add_func ("/lodis-backend/reap-in-time", test_reap_in_time);
      g_test_add_data_func ("/lodis-backend/large/safe", "safe", test_large);
      g_test_add_data_func ("/lodis-backend/large/plain", "plain", test_large);
    }

  return g_test_run ();
}
