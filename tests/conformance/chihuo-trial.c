/* chihuo-trial.c - one store, a connection, and hand-made requests to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-trial.h"

static void
attach (ChihuoTrial *self)
{
  g_autoptr (GError) error = NULL;

  self->backend = self->factory->open (self->address, &error);
  g_assert_no_error (error);
  g_assert_nonnull (self->backend);
}

/* Takes the last reference: a connection that leaks is a defect */
static void
detach (ChihuoTrial *self)
{
  g_autoptr (GError) error = NULL;

  chihuo_backend_close (self->backend, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (g_steal_pointer (&self->backend));
}

/* A connection to a store that is there already */
ChihuoTrial *
chihuo_trial_new_at (const ChihuoConformanceFactory *factory, const char *address,
                     const char *claimant)
{
  ChihuoTrial *self = g_new0 (ChihuoTrial, 1);

  self->factory = factory;
  self->address = g_strdup (address);
  self->queue = g_intern_static_string ("queue");
  self->claimant = g_intern_string (claimant);
  self->client = self->claimant;
  self->moment.now = g_get_real_time ();
  self->moment.lease = g_get_monotonic_time ();
  self->max_tries = 25;
  self->max_crashes = 3;
  attach (self);

  return self;
}

/* A fresh store and a connection, which goes last and takes the store with it */
ChihuoTrial *
chihuo_trial_new (const ChihuoConformanceFactory *factory)
{
  g_autofree char *address = factory->create ();
  ChihuoTrial *self = chihuo_trial_new_at (factory, address, "claimant-A");

  self->owns_store = TRUE;

  return self;
}

/* A second connection to the same store; the first one is to be freed last */
ChihuoTrial *
chihuo_trial_new_other (ChihuoTrial *first, const char *claimant)
{
  ChihuoTrial *self = chihuo_trial_new_at (first->factory, first->address, claimant);

  self->moment = first->moment;

  return self;
}

void
chihuo_trial_free (ChihuoTrial *self)
{
  detach (self);
  if (self->owns_store)
    self->factory->destroy (self->address);
  g_free (self->address);
  g_free (self);
}

void
chihuo_trial_send (ChihuoTrial *self, ChihuoItem **items, guint n_items, guint32 request,
                   gboolean repeated)
{
  g_autoptr (ChihuoBatch) batch = g_new0 (ChihuoBatch, 1);
  g_autoptr (GError) error = NULL;

  g_atomic_ref_count_init (&batch->ref_count);
  batch->client = self->client;
  batch->request = request;
  batch->repeated = repeated;
  batch->moment = self->moment;
  batch->items = g_memdup2 (items, n_items * sizeof *items);
  batch->n_items = n_items;

  chihuo_backend_exchange (self->backend, batch, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n_items; i++)
    g_assert_cmpint (items[i]->answer, !=, CHIHUO_ANSWER_NONE);
}

ChihuoAnswer
chihuo_trial_do (ChihuoTrial *self, ChihuoItem *item)
{
  chihuo_trial_send (self, &item, 1, ++self->request, FALSE);

  return item->answer;
}

ChihuoItem
chihuo_trial_item (ChihuoTrial *self, ChihuoOp op, const char *id)
{
  ChihuoItem item;

  memset (&item, 0, sizeof item);
  item.op = op;
  item.queue = self->queue;
  if (id != NULL)
    item.payload = chihuo_payload_new (id, -1, NULL, 0);

  return item;
}

ChihuoItem
chihuo_trial_add_item (ChihuoTrial *self, const char *id, const char *json)
{
  ChihuoItem item = chihuo_trial_item (self, CHIHUO_OP_ADD, NULL);

  item.payload = chihuo_payload_new (id, -1, json, -1);

  return item;
}

ChihuoAnswer
chihuo_trial_simple (ChihuoTrial *self, ChihuoOp op, const char *id)
{
  g_auto (ChihuoItem) item = chihuo_trial_item (self, op, id);

  return chihuo_trial_do (self, &item);
}

ChihuoAnswer
chihuo_trial_add (ChihuoTrial *self, const char *id)
{
  return chihuo_trial_add_later (self, id, 0);
}

ChihuoAnswer
chihuo_trial_add_later (ChihuoTrial *self, const char *id, gint64 delay)
{
  g_auto (ChihuoItem) item = chihuo_trial_add_item (self, id, "1");

  item.add.delay = delay;
  return chihuo_trial_do (self, &item);
}

/* Adds PREFIX0000, PREFIX0001, … in full batches */
void
chihuo_trial_add_many (ChihuoTrial *self, const char *prefix, guint n)
{
  for (guint first = 0; first < n; first += CHIHUO_BATCH_MAX_ITEMS)
    {
      guint n_items = MIN (n - first, CHIHUO_BATCH_MAX_ITEMS);
      g_autofree ChihuoItem *items = g_new0 (ChihuoItem, n_items);
      g_autofree ChihuoItem **pointers = g_new0 (ChihuoItem *, n_items);

      for (guint i = 0; i < n_items; i++)
        {
          g_autofree char *id = g_strdup_printf ("%s%04u", prefix, first + i);

          items[i] = chihuo_trial_add_item (self, id, "1");
          pointers[i] = &items[i];
        }
      chihuo_trial_send (self, pointers, n_items, ++self->request, FALSE);
      for (guint i = 0; i < n_items; i++)
        {
          g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_ADDED);
          chihuo_item_clear (&items[i]);
        }
    }
}

/* A claim that has not been sent yet */
static ChihuoItem
claim_item (ChihuoTrial *self, guint n)
{
  ChihuoItem item = chihuo_trial_item (self, CHIHUO_OP_CLAIM, NULL);

  item.claimant = self->claimant;
  item.claim.n = n;
  item.claim.suspects = 1;
  item.claim.request = ++self->claim_request;
  item.claim.lease = CHIHUO_TRIAL_LEASE;
  item.claim.max_tries = self->max_tries;
  item.claim.max_crashes = self->max_crashes;

  return item;
}

ChihuoItem
chihuo_trial_claim (ChihuoTrial *self, guint n)
{
  ChihuoItem item = claim_item (self, n);

  g_assert_cmpint (chihuo_trial_do (self, &item), ==, CHIHUO_ANSWER_OK);
  g_assert_cmpuint (item.claim.n_claimed, <=, n);

  return item;
}

/* The ids of what a claim got, with spaces between them */
char *
chihuo_trial_claim_ids (ChihuoTrial *self, guint n)
{
  g_auto (ChihuoItem) item = chihuo_trial_claim (self, n);
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < item.claim.n_claimed; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "",
                            chihuo_payload_get_id (item.claim.claimed[i].payload));

  return g_string_free (ids, FALSE);
}

ChihuoAnswer
chihuo_trial_settle (ChihuoTrial *self, const ChihuoClaimed *claimed, ChihuoSettle how)
{
  g_auto (ChihuoItem) item = chihuo_trial_item (self, CHIHUO_OP_SETTLE, NULL);

  item.payload = chihuo_payload_ref (claimed->payload);
  item.claimant = self->claimant;
  item.token = claimed->token;
  item.handle = claimed->handle;
  item.settle.how = how;
  if (how == CHIHUO_SETTLE_FAILED || how == CHIHUO_SETTLE_REJECTED)
    item.settle.error = g_strdup ("an error");

  return chihuo_trial_do (self, &item);
}

static GPtrArray *
page (ChihuoTrial *self, ChihuoPage *request)
{
  g_autoptr (GError) error = NULL;

  request->queue = self->queue;
  request->records = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  chihuo_backend_page (self->backend, request, &error);
  g_assert_no_error (error);

  return request->records;
}

ChihuoRecord *
chihuo_trial_look (ChihuoTrial *self, const char *id)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);
  ChihuoPage request = { .id = payload };
  g_autoptr (GPtrArray) records = page (self, &request);

  g_assert_cmpuint (records->len, ==, 1);
  return g_ptr_array_steal_index (records, 0);
}

/* All of a list, page by page */
static GPtrArray *
list (ChihuoTrial *self, ChihuoPage *request)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  g_autofree char *after = NULL;

  for (;;)
    {
      g_autoptr (GPtrArray) records = NULL;
      ChihuoRecord *last;

      request->after = after;
      records = page (self, request);
      g_assert_cmpuint (records->len, <=, request->limit);
      if (records->len == 0)
        return all;

      last = g_ptr_array_index (records, records->len - 1);
      g_free (after);
      after = request->finished ? g_strdup (chihuo_payload_get_id (last->payload))
                                : chihuo_record_dup_cursor (last);
      while (records->len > 0)
        g_ptr_array_add (all, g_ptr_array_steal_index (records, 0));
    }
}

GPtrArray *
chihuo_trial_list (ChihuoTrial *self, ChihuoTaskState state, guint limit)
{
  ChihuoPage request = { .state = state, .limit = limit };

  return list (self, &request);
}

GPtrArray *
chihuo_trial_finished (ChihuoTrial *self, guint limit)
{
  ChihuoPage request = { .finished = TRUE, .limit = limit };

  return list (self, &request);
}

char *
chihuo_trial_list_ids (ChihuoTrial *self, ChihuoTaskState state)
{
  g_autoptr (GPtrArray) records = chihuo_trial_list (self, state, 1024);
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < records->len; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (records, i);

      g_assert_cmpint (record->state, ==, state);
      g_string_append_printf (ids, "%s%s", i > 0 ? " " : "",
                              chihuo_payload_get_id (record->payload));
    }

  return g_string_free (ids, FALSE);
}

guint64
chihuo_trial_sweep (ChihuoTrial *self, ChihuoSweepWhat what)
{
  ChihuoSweep sweep = { .queue = self->queue, .what = what, .moment = self->moment };
  g_autoptr (GError) error = NULL;

  do
    {
      guint64 before = sweep.n_done;

      chihuo_backend_sweep (self->backend, &sweep, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (sweep.n_done - before, <=, CHIHUO_BACKEND_MAX_TOUCHED);
    }
  while (sweep.more);

  return sweep.n_done;
}

/* Calls it until there is nothing left to do; a store may look only now and then, so the clock
 * goes on */
guint
chihuo_trial_reap (ChihuoTrial *self)
{
  guint all = 0;

  for (guint round = 0; round < 2; round++)
    {
      gboolean more = TRUE;

      chihuo_trial_advance (self, CHIHUO_TRIAL_REAP_PAUSE);
      while (more)
        {
          g_autoptr (GError) error = NULL;
          guint n = 0;

          chihuo_backend_reap (self->backend, &self->moment, &n, &more, &error);
          g_assert_no_error (error);
          all += n;
        }
    }

  return all;
}

/* The worker behind this connection dies; the next one connects, and the reap is yet to come */
void
chihuo_trial_kill (ChihuoTrial *self)
{
  if (self->factory->crash == NULL)
    {
      chihuo_trial_advance (self, CHIHUO_TRIAL_HOUR);
      return;
    }

  self->factory->crash (self->backend);
  g_assert_finalize_object (g_steal_pointer (&self->backend));
  attach (self);
}

void
chihuo_trial_advance (ChihuoTrial *self, gint64 duration)
{
  self->moment.now += duration;
  self->moment.lease += duration;
}

void
chihuo_trial_stats (ChihuoTrial *self, ChihuoStats *stats)
{
  g_autoptr (GError) error = NULL;

  memset (stats, 0, sizeof *stats);
  chihuo_backend_stats (self->backend, self->queue, self->moment.now, stats, &error);
  g_assert_no_error (error);
}

static guint
count (ChihuoTrial *self, ChihuoTaskState state)
{
  g_autoptr (GPtrArray) records = chihuo_trial_list (self, state, 1000);

  return records->len;
}

/* The figures are always those of the lists */
void
chihuo_trial_check (ChihuoTrial *self)
{
  g_autoptr (GPtrArray) finished = chihuo_trial_finished (self, 1000);
  g_autoptr (GPtrArray) delayed = chihuo_trial_list (self, CHIHUO_TASK_STATE_DELAYED, 1000);
  ChihuoRecord *first = delayed->len > 0 ? g_ptr_array_index (delayed, 0) : NULL;
  ChihuoStats stats;

  chihuo_trial_stats (self, &stats);
  g_assert_cmpuint (stats.waiting, ==, count (self, CHIHUO_TASK_STATE_WAITING));
  g_assert_cmpuint (stats.delayed, ==, delayed->len);
  g_assert_cmpuint (stats.running, ==, count (self, CHIHUO_TASK_STATE_RUNNING));
  g_assert_cmpuint (stats.dead, ==, count (self, CHIHUO_TASK_STATE_DEAD));
  g_assert_cmpuint (stats.finished, ==, finished->len);
  g_assert_cmpint (stats.next_due, ==, first != NULL ? first->when : 0);
}
