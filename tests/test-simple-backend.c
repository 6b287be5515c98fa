/* test-simple-backend.c - storage that fails, lies or is missing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "conformance/chihuo-table-backend.h"
#include "conformance/chihuo-trial.h"

static ChihuoTable *table;

static char *
create (void)
{
  table = chihuo_table_new ();
  return g_strdup ("table:");
}

static ChihuoBackend *
open_backend (const char *address, GError **error)
{
  return chihuo_table_backend_new (table);
}

static void
destroy (const char *address)
{
  g_clear_pointer (&table, chihuo_table_free);
}

static const ChihuoConformanceFactory factory = {
  .name = "simple",
  .create = create,
  .open = open_backend,
  .destroy = destroy,
  .can_share = TRUE,
};

static gboolean
exchange (ChihuoTrial *trial, ChihuoItem **items, guint n_items, GError **error)
{
  g_autoptr (ChihuoBatch) batch = g_new0 (ChihuoBatch, 1);

  g_atomic_ref_count_init (&batch->ref_count);
  batch->client = trial->client;
  batch->request = ++trial->request;
  batch->moment = trial->moment;
  batch->items = g_memdup2 (items, n_items * sizeof *items);
  batch->n_items = n_items;

  return chihuo_backend_exchange (trial->backend, batch, error);
}

static gboolean
try_batch (ChihuoTrial *trial, GError **error)
{
  g_auto (ChihuoItem) add = chihuo_trial_add_item (trial, "new", "1");
  g_auto (ChihuoItem) finish = chihuo_trial_item (trial, CHIHUO_OP_FINISH, "t0001");
  g_auto (ChihuoItem) claim = chihuo_trial_item (trial, CHIHUO_OP_CLAIM, NULL);
  ChihuoItem *items[] = { &add, &finish, &claim };

  claim.claimant = trial->claimant;
  claim.claim.n = 2;
  claim.claim.request = ++trial->claim_request;
  claim.claim.lease = CHIHUO_TRIAL_LEASE;
  if (exchange (trial, items, G_N_ELEMENTS (items), error))
    return TRUE;

  g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_NONE);
  g_assert_cmpint (finish.answer, ==, CHIHUO_ANSWER_NONE);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 0);
  g_assert_null (claim.claim.claimed);
  return FALSE;
}

/* Whichever call fails: the batch has the error and no answer, and nothing of it is stored */
static void
test_each_call_fails (void)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (&factory);
  ChihuoStats stats;
  guint n = 0;

  chihuo_trial_add_many (trial, "t", 5);
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      guint size = chihuo_table_get_size (table);

      chihuo_table_fail_at (table, ++n);
      if (try_batch (trial, &error))
        break;
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
      chihuo_table_fail_at (table, 0);
      g_assert_cmpuint (chihuo_table_get_size (table), ==, size);
      chihuo_trial_stats (trial, &stats);
      g_assert_cmpuint (stats.waiting, ==, 5);
      chihuo_trial_check (trial);
    }

  g_assert_cmpuint (n, >, 20);
  chihuo_table_fail_at (table, 0);
  chihuo_trial_stats (trial, &stats);
  g_assert_cmpuint (stats.waiting + stats.running, ==, 5);
  g_assert_cmpuint (stats.finished, ==, 1);
}

/* What is no record goes to the dead when a claim comes to it, and its neighbours run */
static void
test_junk (void)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (&factory);
  g_autofree char *ids = NULL;
  g_autoptr (ChihuoRecord) record = NULL;

  chihuo_trial_add_many (trial, "t", 3);
  chihuo_table_spoil (table, "queue", "tt0001");
  ids = chihuo_trial_claim_ids (trial, 3);
  g_assert_cmpstr (ids, ==, "t0000 t0002");
  record = chihuo_trial_look (trial, "t0001");
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_nonnull (record->error);
  chihuo_trial_check (trial);
}

/* A queue whose own figures are spoilt says so, and the others go on */
static void
test_spoilt_queue (void)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (&factory);
  g_autoptr (GError) error = NULL;

  chihuo_trial_add (trial, "a");
  chihuo_table_spoil (table, "queue", "q");
  g_assert_false (try_batch (trial, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  g_assert_true (g_str_has_prefix (error->message, "queue “queue”: "));

  trial->queue = g_intern_static_string ("other");
  g_assert_cmpint (chihuo_trial_add (trial, "a"), ==, CHIHUO_ANSWER_ADDED);
}

/* What only a repetition would need is gone after a day without one */
static void
test_forgets (void)
{
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new (&factory);
  guint size;

  chihuo_trial_add (trial, "a");
  chihuo_trial_reap (trial);
  size = chihuo_table_get_size (table);
  chihuo_trial_advance (trial, 25 * CHIHUO_TRIAL_HOUR);
  chihuo_trial_reap (trial);
  g_assert_cmpuint (chihuo_table_get_size (table), ==, size - 1);
}

/* A subclass that has forgotten everything */
typedef ChihuoSimpleBackend BareBackend;
typedef ChihuoSimpleBackendClass BareBackendClass;
static GType bare_backend_get_type (void);
G_DEFINE_TYPE (BareBackend, bare_backend, CHIHUO_TYPE_SIMPLE_BACKEND)

static void
bare_backend_class_init (BareBackendClass *klass)
{
}

static void
bare_backend_init (BareBackend *self)
{
}

static void
test_bare (void)
{
  g_autoptr (ChihuoBackend) backend = g_object_new (bare_backend_get_type (), NULL);
  g_autoptr (GError) error = NULL;
  ChihuoStats stats;

  g_assert_false (chihuo_backend_stats (backend, "queue", 0, &stats, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (error->message, ==, "BareBackend has no load()");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/simple-backend/each-call-fails", test_each_call_fails);
  g_test_add_func ("/simple-backend/junk", test_junk);
  g_test_add_func ("/simple-backend/spoilt-queue", test_spoilt_queue);
  g_test_add_func ("/simple-backend/forgets", test_forgets);
  g_test_add_func ("/simple-backend/bare", test_bare);
  return g_test_run ();
}
