/* chihuo-lodis-safe.c - a simple backend over the transactions of a Lodis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-lodis-left.h"
#include "chihuo-lodis-patrol.h"
#include "chihuo-lodis-safe.h"
#include "chihuo-lodis-view.h"
#include "chihuo-simple-storage.h"

/* The simple backend does what is to be done, over keys that a transaction has read beforehand. So each
 * call is this: read all that it will need (one request, and a second one for what the index led to), do
 * it, write it (one request). If somebody else was quicker, all of it is done again. Its times are those
 * of the server, whose lease clock stands still while it is away. */

#define MAX_ATTEMPTS 100
#define MAX_PAUSE    (20 * 1000) /* µs */

/* So much of a queue is read at a look for dead workers, before it is known what is needed */
#define REAP_PAGE 256

/* Before it is known how large tasks are */
#define FIRST_PREFETCH 64

/* So long at once tasks of another program are taken over before others have their turn; and so often is
 * looked for new ones */
#define IMPORT_TIME     (1 * G_TIME_SPAN_SECOND)
#define IMPORT_INTERVAL (5 * G_TIME_SPAN_SECOND)

struct _ChihuoLodisSafe
{
  ChihuoSimpleBackend parent_instance;
  ChihuoLodisServer  *server;          /* not owned */
  ChihuoLodisTxn      txn;
  gboolean            has_batch_clock; /* the times of the batches count, not the server's: for tests */
  guint               prefetch;        /* so many of the tasks that a claim may get are read beforehand */
  gboolean            is_exchange;     /* what is being done is one */
  gboolean            is_reaping;      /* there was more to do the last time */
  gboolean            is_importing;    /* of that, too */
  gint64              imported;        /* when that was looked for, by the caller's lease clock */
  ChihuoLodisPatrol   patrol;
  GHashTable         *eaten;           /* (owned): queues, interned, from which this process claims */
  GHashTable         *seen;            /* (owned): queues, interned, of which all was taken over */
  char               *importer;        /* (owned): the client of those batches */
  guint32             import_request;  /* of the last batch of tasks that were taken over */
};

static void chihuo_lodis_safe_iface_init (ChihuoBackendInterface *iface);

static ChihuoBackendInterface *parent_iface;

G_DEFINE_FINAL_TYPE_WITH_CODE (ChihuoLodisSafe, chihuo_lodis_safe, CHIHUO_TYPE_SIMPLE_BACKEND,
                               G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND,
                                                      chihuo_lodis_safe_iface_init))

/* --- the storage --- */

static gboolean
chihuo_lodis_safe_load (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                        GBytes **value, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  ChihuoLodisEntry *entry;

  if (!chihuo_lodis_txn_load (&self->txn, queue, key, &entry, error))
    return FALSE;

  *value = entry->value != NULL ? g_bytes_ref (entry->value) : NULL;
  return TRUE;
}

/* Of a mark's number all is known that is needed to change it: nobody saves one twice, and its index is
 * its key. So it need not be read */
static void
presume_number (ChihuoLodisSpace *space, const char *key, gboolean is_there)
{
  ChihuoLodisEntry *entry = key[0] == 'g' ? chihuo_lodis_space_want (space, key) : NULL;
  g_autoptr (GBytes) stored = is_there ? g_bytes_new_static ("", 1) : NULL;

  if (entry != NULL)
    chihuo_lodis_space_learn (entry, stored);
}

static gboolean
chihuo_lodis_safe_save (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                        const char *index, GBytes *value, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  ChihuoLodisSpace *space = chihuo_lodis_txn_get_space (&self->txn, queue);
  ChihuoLodisEntry *entry;

  presume_number (space, key, value == NULL);
  if (!chihuo_lodis_txn_load (&self->txn, queue, key, &entry, error))
    return FALSE;

  chihuo_lodis_space_change (space, entry, index, value);
  return TRUE;
}

static gboolean
chihuo_lodis_safe_remove (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                          GError **error)
{
  return chihuo_lodis_safe_save (backend, queue, key, NULL, NULL, error);
}

static gboolean
chihuo_lodis_safe_next (ChihuoSimpleBackend *backend, const char *queue, const char *after,
                        const char *before, char **key, char **index, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  ChihuoLodisPlace *place;

  if (!chihuo_lodis_txn_next (&self->txn, queue, after, before, &place, error))
    return FALSE;

  *key = place != NULL ? g_strdup (place->key) : NULL;
  *index = place != NULL ? g_strdup (place->index) : NULL;
  return TRUE;
}

/* Whether anything has changed but the note of what was answered. Nobody will ask for that again: with
 * no request behind it no answer can be lost */
static gboolean
is_changed (ChihuoLodisSafe *self)
{
  GHashTableIter iter;
  gpointer space;

  if (self->txn.extra->len > 0)
    return TRUE;

  g_hash_table_iter_init (&iter, self->txn.spaces);
  while (g_hash_table_iter_next (&iter, NULL, &space))
    if (((ChihuoLodisSpace *) space)->is_changed && !chihuo_lodis_space_is_store (space))
      return TRUE;

  return FALSE;
}

static gboolean
chihuo_lodis_safe_commit (ChihuoSimpleBackend *backend, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);

  return (self->is_exchange && !is_changed (self)) || chihuo_lodis_txn_commit (&self->txn, error);
}

/* --- what is read beforehand --- */

static void
want_claim (ChihuoLodisTxn *txn, ChihuoLodisSpace *space, const ChihuoItem *item)
{
  g_autofree char *key = g_strconcat ("c", item->claimant, NULL);

  chihuo_lodis_txn_want (txn, space, key);
  chihuo_lodis_txn_want_page (txn, space, "w", item->claim.n + 1);
  chihuo_lodis_txn_want_page (txn, space, "d", 2);
  if (item->claim.suspects > 0)
    chihuo_lodis_txn_want_page (txn, space, "s", item->claim.suspects + 1);
}

static void
want_batch (ChihuoLodisTxn *txn, const ChihuoBatch *batch)
{
  ChihuoLodisSpace *store = chihuo_lodis_txn_get_space (txn, CHIHUO_SIMPLE_STORE);
  g_autofree char *key = g_strconcat ("b", batch->client, NULL);

  chihuo_lodis_txn_want (txn, store, key);
  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];
      ChihuoLodisSpace *space = chihuo_lodis_txn_get_space (txn, item->queue);

      chihuo_lodis_txn_want (txn, space, "q");
      if (item->payload != NULL)
        chihuo_lodis_txn_want_task (txn, space, chihuo_payload_get_id (item->payload));
      if (item->op == CHIHUO_OP_CLAIM)
        want_claim (txn, space, item);
    }
}

/* The tasks that a claim may get */
static void
want_found (ChihuoLodisTxn *txn, guint limit)
{
  GHashTableIter iter;
  gpointer space;

  g_hash_table_iter_init (&iter, txn->spaces);
  while (g_hash_table_iter_next (&iter, NULL, &space))
    chihuo_lodis_txn_want_found (txn, space, limit);
}

/* A claim gets so many bytes at most: where tasks are large, not all that it might get need be read */
static void
note_sizes (ChihuoLodisSafe *self, const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];
      gsize size;

      if (item->op != CHIHUO_OP_CLAIM || item->claim.n_claimed == 0)
        continue;
      size = chihuo_item_get_claimed_size (item) / item->claim.n_claimed + 1;
      self->prefetch = MIN (CHIHUO_BATCH_MAX_BYTES / size + 1, CHIHUO_BACKEND_MAX_TOUCHED);
    }
}

static gboolean
prefetch (ChihuoLodisSafe *self, ChihuoBatch *batch, GError **error)
{
  ChihuoLodisTxn *txn = &self->txn;

  want_batch (txn, batch);
  if (!chihuo_lodis_txn_read (txn, error))
    return FALSE;

  want_found (txn, self->prefetch);
  if (txn->wants->len > 0 && !chihuo_lodis_txn_read (txn, error))
    return FALSE;

  if (!self->has_batch_clock)
    batch->moment = txn->moment;
  return TRUE;
}

/* Who adds or goes on wakes the others by his commit, and so does who wants them to look after a lease */
static void
note_news (ChihuoLodisSafe *self, const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->op == CHIHUO_OP_SET_PAUSED || chihuo_lodis_patrol_is_short (batch->items[i]))
      chihuo_lodis_txn_get_space (&self->txn, batch->items[i]->queue)->has_news = TRUE;
}

/* --- the vfuncs --- */

/* Whether it failed only because somebody else was quicker; who lost waits a little, each another while */
static gboolean
is_to_be_done_again (ChihuoLodisSafe *self, guint attempt, GError **error)
{
  if (!self->txn.is_conflict || attempt + 1 >= MAX_ATTEMPTS)
    return FALSE;

  g_clear_error (error);
  g_usleep (g_random_int_range (0, MIN (200 << MIN (attempt, 10), MAX_PAUSE)));
  return TRUE;
}

/* operation: (nullable): what takes each id away from the other program, in the same transaction */
static gboolean
exchange (ChihuoLodisSafe *self, ChihuoBatch *batch, const char *operation, GError **error)
{
  ChihuoBackend *backend = CHIHUO_BACKEND (self);
  g_autoptr (GError) local = NULL;
  guint attempt = 0;

  self->is_exchange = TRUE;
  do
    {
      chihuo_lodis_txn_begin (&self->txn);
      if (!prefetch (self, batch, &local))
        continue;
      note_news (self, batch);
      for (guint i = 0; operation != NULL && i < batch->n_items; i++)
        chihuo_lodis_txn_add_extra (&self->txn, *operation, batch->items[i]->queue,
                                    chihuo_payload_get_id (batch->items[i]->payload));
      if (parent_iface->exchange (backend, batch, &local))
        {
          note_sizes (self, batch);
          chihuo_lodis_patrol_note_batch (&self->patrol, &self->txn, batch);
          return TRUE;
        }
    }
  while (is_to_be_done_again (self, attempt++, &local));

  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* --- what another program has stored --- */

/* Of what is no task one line is enough for ever */
static void
tell_of_junk (ChihuoLodisSafe *self, const char *queue, gint64 n_junk)
{
  if (n_junk > 0 && !g_hash_table_contains (self->seen, queue))
    g_message ("queue “%s”: %" G_GINT64_FORMAT " of what another program has stored there is no "
               "task: it stays", queue, n_junk);
}

/* They are taken away in the transaction that stores them, so nothing is lost wherever it ends */
static gboolean
take_over (ChihuoLodisSafe *self, GPtrArray *items, ChihuoOp op, const ChihuoMoment *moment,
           GError **error)
{
  ChihuoBatch batch = { .client = self->importer,
                        .request = ++self->import_request,
                        .moment = *moment,
                        .items = (ChihuoItem **) items->pdata,
                        .n_items = items->len };

  return exchange (self, &batch, op == CHIHUO_OP_ADD ? "d" : "-", error);
}

/* One step: finished ids, and if there are none, waiting tasks */
static gboolean
import (ChihuoLodisSafe *self, const char *queue, const ChihuoMoment *moment, gint64 *n_junk,
        guint *n_done, gboolean *more, GError **error)
{
  g_autoptr (GPtrArray) marks = g_ptr_array_new_with_free_func (chihuo_lodis_left_free_item);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (chihuo_lodis_left_free_item);
  gint64 n_junk_marks = 0;
  gint64 n_before = *n_junk;

  *more = FALSE;
  *n_done = 0;
  if (!chihuo_lodis_left_find_marks (self->server, queue, marks, &n_junk_marks, error)
      || (marks->len == 0
          && !chihuo_lodis_left_find_tasks (self->server, queue, tasks, n_junk, error)))
    return FALSE;

  if (marks->len == 0)
    tell_of_junk (self, queue, *n_junk - n_before + (n_before == 0 ? n_junk_marks : 0));
  if (marks->len > 0 && !take_over (self, marks, CHIHUO_OP_FINISH, moment, error))
    return FALSE;
  if (tasks->len > 0 && !take_over (self, tasks, CHIHUO_OP_ADD, moment, error))
    return FALSE;

  *n_done = marks->len + tasks->len;
  *more = *n_done > 0 || *n_junk > n_before;
  return TRUE;
}

/* Before a queue is used for the first time. Much of it takes several calls; then the queue counts as new
 * once more */
static gboolean
import_first (ChihuoLodisSafe *self, const char *queue, const ChihuoMoment *moment, gint64 end,
              GError **error)
{
  gboolean more = !g_hash_table_contains (self->seen, queue);
  gint64 n_junk = 0;
  guint n;

  while (more && g_get_monotonic_time () < end)
    if (!import (self, queue, moment, &n_junk, &n, &more, error))
      return FALSE;

  if (!more)
    g_hash_table_add (self->seen, (gpointer) queue);
  return TRUE;
}

/* While not all is taken over, what is there of the very ids that are asked for: what is finished must
 * not be added again, and what is removed must not come back */
static gboolean
import_own (ChihuoLodisSafe *self, const ChihuoBatch *batch, const char *queue, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (GPtrArray) marks = g_ptr_array_new_with_free_func (chihuo_lodis_left_free_item);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (chihuo_lodis_left_free_item);

  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->queue == queue && batch->items[i]->payload != NULL)
      g_ptr_array_add (ids, (gpointer) chihuo_payload_get_id (batch->items[i]->payload));
  if (ids->len == 0)
    return TRUE;

  if (!chihuo_lodis_left_find_own (self->server, queue, ids, marks, tasks, error))
    return FALSE;

  return (marks->len == 0 || take_over (self, marks, CHIHUO_OP_FINISH, &batch->moment, error))
         && (tasks->len == 0 || take_over (self, tasks, CHIHUO_OP_ADD, &batch->moment, error));
}

/* Whether an item before this one is of the same queue */
static gboolean
is_repeated (const ChihuoBatch *batch, guint index)
{
  for (guint i = 0; i < index; i++)
    if (batch->items[i]->queue == batch->items[index]->queue)
      return TRUE;

  return FALSE;
}

/* Of the batch nothing is done yet, whatever became of that */
static gboolean
import_first_of_all (ChihuoLodisSafe *self, const ChihuoBatch *batch, GError **error)
{
  gint64 end = g_get_monotonic_time () + IMPORT_TIME;
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];

      if (item->op == CHIHUO_OP_CLAIM)
        g_hash_table_add (self->eaten, (gpointer) item->queue);
      if (g_hash_table_contains (self->seen, item->queue) || is_repeated (batch, i))
        continue;
      if (import_first (self, item->queue, &batch->moment, end, &local)
          && (g_hash_table_contains (self->seen, item->queue)
              || import_own (self, batch, item->queue, &local)))
        continue;

      if (local->code == CHIHUO_ERROR_UNKNOWN_OUTCOME)
        local->code = CHIHUO_ERROR_TIMED_OUT;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  return TRUE;
}

/* What is not here may be with the other program still. A look takes nothing over */
static gboolean
look_elsewhere (ChihuoLodisSafe *self, ChihuoPage *page, GError **error)
{
  ChihuoRecord *record = g_ptr_array_index (page->records, page->records->len - 1);
  ChihuoLodisShelf *nothing;
  gboolean ok;

  if (record->state != CHIHUO_TASK_STATE_ABSENT || record->finished)
    return TRUE;

  g_ptr_array_remove_index (page->records, page->records->len - 1);
  nothing = chihuo_lodis_shelf_new (page->queue);
  ok = chihuo_lodis_view_page (self->server, nothing, page, error);
  chihuo_lodis_shelf_free (nothing);
  if (!ok)
    return FALSE;

  /* the other program may have both; here the mark counts */
  record = g_ptr_array_index (page->records, page->records->len - 1);
  if (record->finished)
    record->state = CHIHUO_TASK_STATE_ABSENT;
  return TRUE;
}

static gboolean
chihuo_lodis_safe_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  ChihuoMoment moment = batch->moment;
  gboolean ok;

  ok = import_first_of_all (self, batch, error) && exchange (self, batch, NULL, error);
  /* the caller goes on by his own clocks */
  batch->moment = moment;

  return ok;
}

/* Tasks of another program are found while this one works, too */
static gboolean
import_eaten (ChihuoLodisSafe *self, const ChihuoMoment *moment, guint *n_done, gboolean *more,
              GError **error)
{
  GHashTableIter iter;
  gpointer queue;

  *more = FALSE;
  g_hash_table_iter_init (&iter, self->eaten);
  while (g_hash_table_iter_next (&iter, &queue, NULL))
    {
      gint64 n_junk = 0;
      gboolean again = FALSE;
      guint n = 0;

      if (!import (self, queue, moment, &n_junk, &n, &again, error))
        return FALSE;
      *n_done += n;
      *more = *more || n > 0;
    }

  return TRUE;
}

/* Begins a call that is no exchange, and reads what the server's clocks say */
static gboolean
begin (ChihuoLodisSafe *self, const char *queue, GError **error)
{
  self->is_exchange = FALSE;
  chihuo_lodis_txn_begin (&self->txn);
  chihuo_lodis_txn_want (&self->txn, chihuo_lodis_txn_get_space (&self->txn, queue), "q");

  return chihuo_lodis_txn_read (&self->txn, error);
}

/* What a look at a queue needs: who runs, and the oldest of what is kept for a while */
static void
want_reap (ChihuoLodisTxn *txn, const char *queue)
{
  ChihuoLodisSpace *space = chihuo_lodis_txn_get_space (txn, queue);

  chihuo_lodis_txn_want (txn, space, "q");
  chihuo_lodis_txn_want_page (txn, space, "r", REAP_PAGE);
  chihuo_lodis_txn_want_page (txn, space, "x", 1);
  chihuo_lodis_txn_want_page (txn, space, "g", 1);
  chihuo_lodis_txn_want_page (txn, space, "c", 1);
}

/* Begins a look at all queues. Those that were there the last time need not be found first */
static gboolean
begin_reap (ChihuoLodisSafe *self, GError **error)
{
  ChihuoLodisTxn *txn = &self->txn;
  ChihuoLodisSpace *store;
  ChihuoLodisWindow *queues;
  GHashTableIter iter;
  gpointer queue;

  self->is_exchange = FALSE;
  chihuo_lodis_txn_begin (txn);
  store = chihuo_lodis_txn_get_space (txn, CHIHUO_SIMPLE_STORE);
  chihuo_lodis_txn_want_page (txn, store, "n", REAP_PAGE);
  chihuo_lodis_txn_want_page (txn, store, "b", 1);
  g_hash_table_iter_init (&iter, self->patrol.versions);
  while (g_hash_table_iter_next (&iter, &queue, NULL))
    want_reap (txn, queue);
  if (!chihuo_lodis_txn_read (txn, error))
    return FALSE;

  queues = chihuo_lodis_space_open (store, "n");
  for (guint i = 0; i < queues->places->len; i++)
    {
      const char *name = ((ChihuoLodisPlace *) g_ptr_array_index (queues->places, i))->key + 1;

      if (!g_hash_table_contains (self->patrol.versions, g_intern_string (name)))
        want_reap (txn, name);
    }
  if (txn->wants->len > 0 && !chihuo_lodis_txn_read (txn, error))
    return FALSE;

  want_found (txn, G_MAXUINT);
  return txn->wants->len == 0 || chihuo_lodis_txn_read (txn, error);
}

static gboolean
chihuo_lodis_safe_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  g_autoptr (GError) local = NULL;
  guint n_before = page->records->len;
  guint attempt = 0;

  do
    {
      g_ptr_array_set_size (page->records, n_before);
      if (begin (self, page->queue, &local) && parent_iface->page (backend, page, &local)
          && (page->id == NULL || g_hash_table_contains (self->seen, page->queue)
              || look_elsewhere (self, page, &local)))
        return TRUE;
    }
  while (is_to_be_done_again (self, attempt++, &local));

  g_ptr_array_set_size (page->records, n_before);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
chihuo_lodis_safe_stats (ChihuoBackend *backend, const char *queue, gint64 now,
                         ChihuoStats *stats, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  g_autoptr (GError) local = NULL;
  guint attempt = 0;

  do
    {
      if (begin (self, queue, &local)
          && parent_iface->stats (backend, queue,
                                  self->has_batch_clock ? now : self->txn.moment.now, stats,
                                  &local))
        return TRUE;
    }
  while (is_to_be_done_again (self, attempt++, &local));

  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
chihuo_lodis_safe_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  g_autoptr (GError) local = NULL;
  guint attempt = 0;
  guint n = 0;

  if (sweep->what == CHIHUO_SWEEP_WHAT_IMPORT)
    {
      gboolean ok = import (self, sweep->queue, &sweep->moment, &sweep->after, &n, &sweep->more,
                            error);

      sweep->n_done += n;
      return ok;
    }

  do
    {
      if (!begin (self, sweep->queue, &local))
        continue;
      if (!self->has_batch_clock)
        sweep->moment = self->txn.moment;
      if (parent_iface->sweep (backend, sweep, &local))
        return TRUE;
    }
  while (is_to_be_done_again (self, attempt++, &local));

  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
reap (ChihuoLodisSafe *self, const ChihuoMoment *moment, guint *n_reaped, gboolean *more,
      GError **error)
{
  const ChihuoMoment *now = self->has_batch_clock ? moment : &self->txn.moment;

  if (!begin_reap (self, error)
      || !parent_iface->reap (CHIHUO_BACKEND (self), now, n_reaped, more, error))
    return FALSE;

  chihuo_lodis_patrol_note_look (&self->patrol, &self->txn, moment->lease, now->lease);
  return TRUE;
}

static gboolean
chihuo_lodis_safe_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                        gboolean *more, GError **error)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (backend);
  g_autoptr (GError) local = NULL;
  guint attempt = 0;

  if (!self->is_reaping && !chihuo_lodis_patrol_is_due (&self->patrol, moment->lease))
    return TRUE;

  do
    {
      if (!reap (self, moment, n_reaped, more, &local))
        continue;
      if (self->is_importing || moment->lease - self->imported >= IMPORT_INTERVAL)
        {
          if (!import_eaten (self, moment, n_reaped, &self->is_importing, error))
            return FALSE;
          self->imported = moment->lease;
        }
      *more = *more || self->is_importing;
      self->is_reaping = *more;
      return TRUE;
    }
  while (is_to_be_done_again (self, attempt++, &local));

  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static void
chihuo_lodis_safe_iface_init (ChihuoBackendInterface *iface)
{
  parent_iface = g_type_interface_peek_parent (iface);
  iface->can_import = TRUE;
  iface->exchange = chihuo_lodis_safe_exchange;
  iface->page = chihuo_lodis_safe_page;
  iface->stats = chihuo_lodis_safe_stats;
  iface->sweep = chihuo_lodis_safe_sweep;
  iface->reap = chihuo_lodis_safe_reap;
}

static void
chihuo_lodis_safe_finalize (GObject *object)
{
  ChihuoLodisSafe *self = CHIHUO_LODIS_SAFE (object);

  chihuo_lodis_txn_clear (&self->txn);
  g_hash_table_unref (self->eaten);
  g_hash_table_unref (self->seen);
  chihuo_lodis_patrol_clear (&self->patrol);
  g_free (self->importer);

  G_OBJECT_CLASS (chihuo_lodis_safe_parent_class)->finalize (object);
}

static void
chihuo_lodis_safe_class_init (ChihuoLodisSafeClass *klass)
{
  ChihuoSimpleBackendClass *simple_class = CHIHUO_SIMPLE_BACKEND_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chihuo_lodis_safe_finalize;
  simple_class->commit = chihuo_lodis_safe_commit;
  simple_class->load = chihuo_lodis_safe_load;
  simple_class->save = chihuo_lodis_safe_save;
  simple_class->remove = chihuo_lodis_safe_remove;
  simple_class->next = chihuo_lodis_safe_next;
}

static void
chihuo_lodis_safe_init (ChihuoLodisSafe *self)
{
  self->eaten = g_hash_table_new (NULL, NULL);
  self->seen = g_hash_table_new (NULL, NULL);
  chihuo_lodis_patrol_init (&self->patrol);
  self->importer = g_uuid_string_random ();
  self->prefetch = FIRST_PREFETCH;
}

/* server: it outlives the backend. has_batch_clock: the times are those of the batches */
ChihuoBackend *
chihuo_lodis_safe_new (ChihuoLodisServer *server, gboolean has_batch_clock)
{
  ChihuoLodisSafe *self = g_object_new (CHIHUO_TYPE_LODIS_SAFE, NULL);

  self->server = server;
  self->has_batch_clock = has_batch_clock;
  chihuo_lodis_txn_init (&self->txn, server);

  return CHIHUO_BACKEND (self);
}
