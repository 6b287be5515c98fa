/* chihuo-lodis-plain.c - queues as the first version stored them in a Lodis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-lodis-outbox.h"
#include "chihuo-lodis-plain.h"
#include "chihuo-lodis-shelf.h"
#include "chihuo-lodis-view.h"

/* A queue NAME is an array-map NAME with the tasks that wait, and a map NAME with the finished ids. Of
 * anything else the server knows nothing: who claims takes the task out, and what becomes of it is known
 * in this process only. So a task is lost with the process, and two who add or finish one id at the
 * same time may both be told that they did. Within the process all is as everywhere, by the pure
 * function of a task's life. Only commands of the original server are used.
 *
 * What has been done here counts at once; what the server has to be told of it waits in the outbox. */

/* What the server has of an id */
#define WAITS       1
#define IS_FINISHED 2

/* So many are taken at once from a queue that has some */
#define MAX_POPS 64

struct _ChihuoLodisPlain
{
  GObject            parent_instance;
  ChihuoLodisServer *server;  /* not owned */
  GHashTable        *shelves; /* (owned): queue, interned → (owned) ChihuoLodisShelf */
  ChihuoLodisOutbox  outbox;
  GByteArray        *answers; /* (owned): to the items of the last batch that are done */
  const char        *client;  /* interned (nullable): whose batch that was */
  guint32            request; /* of that batch */
};

static void chihuo_lodis_plain_iface_init (ChihuoBackendInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChihuoLodisPlain, chihuo_lodis_plain, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND,
                                                      chihuo_lodis_plain_iface_init))

static ChihuoLodisShelf *
get_shelf (ChihuoLodisPlain *self, const char *queue)
{
  ChihuoLodisShelf *shelf = g_hash_table_lookup (self->shelves, queue);

  if (shelf == NULL)
    {
      shelf = chihuo_lodis_shelf_new (queue);
      g_hash_table_insert (self->shelves, (gpointer) queue, shelf);
    }

  return shelf;
}

/* --- what the server has --- */

static gboolean
needs_look (ChihuoLodisShelf *shelf, const ChihuoItem *item)
{
  return item->payload != NULL && item->op != CHIHUO_OP_RENEW
         && !(item->op == CHIHUO_OP_SETTLE && item->settle.how == CHIHUO_SETTLE_DONE)
         && !g_hash_table_contains (shelf->known, chihuo_payload_get_id (item->payload));
}

/* Two questions for each id: both answers are one byte */
static void
ask_for (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, const char *id)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();

  chihuo_lodis_frame_add_string (arguments, id);
  chihuo_lodis_server_ask (self->server, "hexists", shelf->name, arguments);
  chihuo_lodis_server_ask (self->server, "aexists", shelf->name, arguments);
  g_hash_table_insert (shelf->known, g_strdup (id), GUINT_TO_POINTER (0));
}

static gboolean
take_bit (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, const char *id, guint bit,
          GError **error)
{
  ChihuoLodisReader reader;
  g_autoptr (GBytes) body
    = chihuo_lodis_server_receive (self->server, CHIHUO_LODIS_READS, &reader, error);
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (shelf->known, id));
  guint8 is_there;

  if (body == NULL || !chihuo_lodis_frame_take_u8 (&reader, &is_there, error))
    return FALSE;

  g_hash_table_insert (shelf->known, g_strdup (id),
                       GUINT_TO_POINTER (is_there ? known | bit : known));
  return TRUE;
}

static void
forget_known (ChihuoLodisPlain *self)
{
  GHashTableIter iter;
  gpointer shelf;

  g_hash_table_iter_init (&iter, self->shelves);
  while (g_hash_table_iter_next (&iter, NULL, &shelf))
    g_hash_table_remove_all (((ChihuoLodisShelf *) shelf)->known);
}

/* What the items from `first` on need to know */
static gboolean
look (ChihuoLodisPlain *self, const ChihuoBatch *batch, guint first, GError **error)
{
  g_autoptr (GPtrArray) asked = g_ptr_array_new ();
  gboolean ok = TRUE;

  forget_known (self);
  for (guint i = first; i < batch->n_items; i++)
    {
      ChihuoItem *item = batch->items[i];
      ChihuoLodisShelf *shelf = get_shelf (self, item->queue);

      if (!needs_look (shelf, item))
        continue;
      ask_for (self, shelf, chihuo_payload_get_id (item->payload));
      g_ptr_array_add (asked, item);
    }
  if (asked->len == 0)
    return TRUE;
  if (!chihuo_lodis_server_send (self->server, error))
    return FALSE;

  for (guint i = 0; ok && i < asked->len; i++)
    {
      ChihuoItem *item = g_ptr_array_index (asked, i);
      ChihuoLodisShelf *shelf = get_shelf (self, item->queue);
      const char *id = chihuo_payload_get_id (item->payload);

      ok = take_bit (self, shelf, id, IS_FINISHED, error)
           && take_bit (self, shelf, id, WAITS, error);
    }
  if (!ok)
    chihuo_lodis_server_drop (self->server);

  return ok;
}

/* --- one step --- */

static void
tell_mark (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, const ChihuoRecord *record)
{
  const char *id = chihuo_payload_get_id (record->payload);

  if (record->finished)
    chihuo_lodis_outbox_add (&self->outbox, "hmset", shelf->name, id, "");
  else
    chihuo_lodis_outbox_add (&self->outbox, "hdel", shelf->name, id, NULL);
}

static void
tell_place (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, const ChihuoRecord *record,
            gboolean waited, ChihuoPlace place)
{
  const char *id = chihuo_payload_get_id (record->payload);
  const char *json = chihuo_payload_get_json (record->payload);
  gboolean waits = record->state == CHIHUO_TASK_STATE_WAITING;

  if (waited && !waits)
    chihuo_lodis_outbox_add (&self->outbox, "adel", shelf->name, id, NULL);
  else if (waited && json != NULL)
    chihuo_lodis_outbox_add (&self->outbox, "arpush", shelf->name, id, json);
  else if (!waited && waits && place == CHIHUO_PLACE_KEEP)
    chihuo_lodis_outbox_return (&self->outbox, shelf->name, record);
  else if (!waited && waits)
    chihuo_lodis_outbox_add (&self->outbox, place == CHIHUO_PLACE_HEAD ? "alpushnx" : "arpushnx",
                             shelf->name, id, json);
}

/* What happens to a task, here and on the server */
static ChihuoAnswer
step (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, const char *id, const ChihuoItem *event,
      const ChihuoMoment *moment)
{
  ChihuoRecord *record = chihuo_lodis_shelf_take (shelf, id);
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (shelf->known, id));
  gboolean waited;
  ChihuoAnswer answer;
  ChihuoPlace place;

  if (record->state == CHIHUO_TASK_STATE_ABSENT && (known & WAITS))
    record->state = CHIHUO_TASK_STATE_WAITING;
  record->finished = (known & IS_FINISHED) != 0;
  waited = record->state == CHIHUO_TASK_STATE_WAITING;

  answer = chihuo_task_life_step (record, event, moment, &place);
  if (record->claimant != NULL)
    record->claimant = g_intern_string (record->claimant);
  if (place != CHIHUO_PLACE_KEEP)
    record->place = ++shelf->place;

  if (!record->finished != !(known & IS_FINISHED))
    tell_mark (self, shelf, record);
  tell_place (self, shelf, record, waited, place);
  known = (record->finished ? IS_FINISHED : 0)
          | (record->state == CHIHUO_TASK_STATE_WAITING ? WAITS : 0);
  g_hash_table_insert (shelf->known, g_strdup (id), GUINT_TO_POINTER (known));
  chihuo_lodis_shelf_put (shelf, record);

  return answer;
}

/* --- claims --- */

/* What cannot be a task at all is dead under an id that can be */
static void
bury (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, GBytes *key, const char *reason,
      const ChihuoMoment *moment)
{
  gsize length;
  const char *data = g_bytes_get_data (key, &length);
  g_autofree char *text = g_utf8_make_valid (data != NULL ? data : "", MIN (length, 256));
  g_autofree char *id = *text != '\0' ? g_steal_pointer (&text) : g_strdup ("(without an id)");
  ChihuoItem event = { .op = CHIHUO_OP_JUNK };
  ChihuoRecord *record = chihuo_lodis_shelf_take (shelf, id);
  ChihuoPlace place;

  event.junk.reason = (char *) reason;
  record->state = CHIHUO_TASK_STATE_WAITING;
  chihuo_task_life_step (record, &event, moment, &place);
  record->place = ++shelf->place;
  chihuo_lodis_shelf_put (shelf, record);
}

/* It was taken out of the queue, and it is here already: it was added again while it ran */
static void
add_again (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, ChihuoPayload *payload,
           const ChihuoMoment *moment)
{
  ChihuoItem event = { .op = CHIHUO_OP_ADD, .payload = payload };

  event.add.flags = CHIHUO_ADD_FLAGS_EVEN_DEAD;
  step (self, shelf, chihuo_payload_get_id (payload), &event, moment);
}

/* A task that was taken out of the queue runs here from now on */
static void
run (ChihuoLodisShelf *shelf, ChihuoItem *item, ChihuoPayload *payload,
     const ChihuoMoment *moment)
{
  ChihuoRecord *record = chihuo_lodis_shelf_take (shelf, chihuo_payload_get_id (payload));
  ChihuoItem event = *item;
  ChihuoPlace place;

  chihuo_payload_unref (record->payload);
  record->payload = chihuo_payload_ref (payload);
  record->state = CHIHUO_TASK_STATE_WAITING;
  record->place = ++shelf->place;
  shelf->token = MAX (shelf->token + 1, (guint64) moment->now);
  event.token = shelf->token;
  chihuo_task_life_step (record, &event, moment, &place);
  record->claimant = g_intern_string (record->claimant);

  chihuo_record_hand_out (record, item);
  chihuo_lodis_shelf_put (shelf, record);
}

static void
accept (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, ChihuoItem *item, GBytes *key,
        GBytes *value, const ChihuoMoment *moment)
{
  gsize id_length;
  gsize json_length;
  const char *id = g_bytes_get_data (key, &id_length);
  const char *json = g_bytes_get_data (value, &json_length);
  g_autoptr (ChihuoPayload) payload = NULL;
  g_autofree char *compact = NULL;
  g_autoptr (GError) error = NULL;

  if (!chihuo_id_check (id != NULL ? id : "", id_length, &error)
      || !chihuo_json_check (json != NULL ? json : "", json_length, &error))
    {
      bury (self, shelf, key, error->message, moment);
      return;
    }

  compact = chihuo_json_compact (json, json_length, &json_length);
  payload = chihuo_payload_new (id, id_length, compact, json_length);
  g_hash_table_remove (shelf->known, chihuo_payload_get_id (payload));
  if (chihuo_lodis_shelf_get (shelf, chihuo_payload_get_id (payload)) != NULL)
    add_again (self, shelf, payload, moment);
  else
    run (shelf, item, payload, moment);
}

/* One task out of the queue; is_empty: there was none */
static gboolean
take_pop (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, ChihuoItem *item,
          const ChihuoMoment *moment, gboolean *is_empty, GError **error)
{
  ChihuoLodisReader reader;
  g_autoptr (GBytes) body
    = chihuo_lodis_server_receive (self->server, CHIHUO_LODIS_CHANGES, &reader, error);
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GBytes) value = NULL;

  if (body == NULL)
    return FALSE;
  if (reader.left == 0)
    {
      *is_empty = TRUE;
      return TRUE;
    }
  if (!chihuo_lodis_frame_take_item (&reader, &key, error)
      || !chihuo_lodis_frame_take_item (&reader, &value, error))
    return FALSE;

  accept (self, shelf, item, key, value, moment);
  return TRUE;
}

/* How many to take next: of large ones fewer, since a claim has a size; 0 = it is enough */
static guint
choose_pops (const ChihuoItem *item)
{
  gsize size = chihuo_item_get_claimed_size (item);
  gsize left = CHIHUO_BATCH_MAX_BYTES - MIN (size, CHIHUO_BATCH_MAX_BYTES);
  guint n = MIN (MAX_POPS, item->claim.n - item->claim.n_claimed);

  return left > 0 ? MIN (n, left / (size / MAX (item->claim.n_claimed, 1) + 1) + 1) : 0;
}

/* One by one at first, so that an empty queue costs one request */
static gboolean
pop_all (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, ChihuoItem *item,
         const ChihuoMoment *moment, gboolean *is_empty, GError **error)
{
  guint n = MIN (item->claim.n, 1);

  while (!*is_empty && n > 0)
    {
      for (guint i = 0; i < n; i++)
        chihuo_lodis_server_ask (self->server, "alpop", shelf->name, NULL);
      if (!chihuo_lodis_server_send (self->server, error))
        return FALSE;
      for (guint i = 0; i < n; i++)
        if (!take_pop (self, shelf, item, moment, is_empty, error))
          {
            chihuo_lodis_server_drop (self->server);
            return FALSE;
          }
      n = choose_pops (item);
    }

  return TRUE;
}

/* Delayed tasks whose time has come go to the tail of the queue */
static void
promote_due (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, const ChihuoMoment *moment)
{
  const ChihuoItem event = { .op = CHIHUO_OP_DUE };
  gint64 due = chihuo_lodis_shelf_next_due (shelf);
  g_autoptr (GPtrArray) delayed = NULL;

  if (due == 0 || due > moment->now)
    return;

  delayed = chihuo_lodis_shelf_list (shelf, CHIHUO_TASK_STATE_DELAYED);
  for (guint i = 0; i < delayed->len; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (delayed, i);
      g_autofree char *id = g_strdup (chihuo_payload_get_id (record->payload));

      if (record->when <= moment->now)
        step (self, shelf, id, &event, moment);
    }
}

/* This claim was answered before: what of it is still held, renewed */
static void
claim_again (ChihuoLodisShelf *shelf, ChihuoItem *item, const ChihuoLodisClaim *claim,
             const ChihuoMoment *moment)
{
  g_autoptr (GPtrArray) running = chihuo_lodis_shelf_list (shelf, CHIHUO_TASK_STATE_RUNNING);

  for (guint i = 0; i < running->len; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (running, i);

      if (record->claimant != item->claimant || record->request != item->claim.request
          || item->claim.n_claimed == item->claim.n)
        continue;
      record->when = moment->lease + item->claim.lease;
      chihuo_record_hand_out (record, item);
    }
  item->claim.n_lost = claim->n - item->claim.n_claimed;
}

static void
note_claim (ChihuoLodisShelf *shelf, const ChihuoItem *item)
{
  ChihuoLodisClaim *claim = g_new (ChihuoLodisClaim, 1);

  claim->request = item->claim.request;
  claim->n = item->claim.n_claimed;
  g_hash_table_insert (shelf->claims, (gpointer) item->claimant, claim);
}

static void
clear_claim (ChihuoItem *item)
{
  item->claim.claimed = g_new0 (ChihuoClaimed, MAX (item->claim.n, 1));
  item->claim.n_claimed = 0;
  item->claim.n_lost = 0;
  item->claim.n_waiting = 0;
  item->answer = CHIHUO_ANSWER_OK;
}

/* An error only if nothing has come of it */
static gboolean
claim_new (ChihuoLodisPlain *self, ChihuoLodisShelf *shelf, ChihuoItem *item,
           const ChihuoMoment *moment, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean is_empty = FALSE;

  if (!pop_all (self, shelf, item, moment, &is_empty, &local) && item->claim.n_claimed == 0)
    {
      g_clear_pointer (&item->claim.claimed, g_free);
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (local != NULL)
    g_message ("queue “%s”: a task may be lost: %s", shelf->name, local->message);

  if (item->claim.n_claimed > 0)
    note_claim (shelf, item);
  if (!is_empty && local == NULL)
    item->claim.n_waiting = chihuo_lodis_view_guess_waiting (self->server, shelf->name);
  return TRUE;
}

static gboolean
claim (ChihuoLodisPlain *self, ChihuoItem *item, const ChihuoBatch *batch, GError **error)
{
  ChihuoLodisShelf *shelf = get_shelf (self, item->queue);
  ChihuoLodisClaim *before = g_hash_table_lookup (shelf->claims, item->claimant);

  promote_due (self, shelf, &batch->moment);
  if (!chihuo_lodis_outbox_flush (&self->outbox, error))
    return FALSE;

  clear_claim (item);
  item->claim.next_due = chihuo_lodis_shelf_next_due (shelf);
  item->claim.paused = shelf->paused;
  if (before != NULL && before->request == item->claim.request)
    {
      claim_again (shelf, item, before, &batch->moment);
      return TRUE;
    }
  if (shelf->paused)
    {
      item->claim.n_waiting = chihuo_lodis_view_guess_waiting (self->server, shelf->name);
      return TRUE;
    }

  return batch->repeated || claim_new (self, shelf, item, &batch->moment, error);
}

/* --- the exchange --- */

static gboolean
do_item (ChihuoLodisPlain *self, ChihuoItem *item, const ChihuoBatch *batch, GError **error)
{
  ChihuoLodisShelf *shelf = get_shelf (self, item->queue);

  switch (item->op)
    {
    case CHIHUO_OP_CLAIM:
      return claim (self, item, batch, error);

    case CHIHUO_OP_SET_PAUSED:
      shelf->paused = item->pause.paused;
      item->answer = CHIHUO_ANSWER_OK;
      return TRUE;

    case CHIHUO_OP_SET_RETENTION:
      item->answer = CHIHUO_ANSWER_OK;
      return TRUE;

    case CHIHUO_OP_ADD:
    case CHIHUO_OP_FINISH:
    case CHIHUO_OP_UNFINISH:
    case CHIHUO_OP_REMOVE:
    case CHIHUO_OP_CANCEL:
    case CHIHUO_OP_RETRY_DEAD:
    case CHIHUO_OP_SETTLE:
    case CHIHUO_OP_RENEW:
      item->answer = step (self, shelf, chihuo_payload_get_id (item->payload), item,
                           &batch->moment);
      return TRUE;

    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    case CHIHUO_OP_JUNK:
    default:
      g_assert_not_reached ();
    }
}

/* The items from here on; each that is done is noted, so that it is not done again */
static gboolean
do_items (ChihuoLodisPlain *self, ChihuoBatch *batch, GError **error)
{
  for (guint i = self->answers->len; i < batch->n_items; i++)
    {
      guint8 answer;

      if (!do_item (self, batch->items[i], batch, error))
        return FALSE;
      answer = batch->items[i]->answer;
      g_byte_array_append (self->answers, &answer, 1);
    }

  return chihuo_lodis_outbox_flush (&self->outbox, error);
}

/* Items of this very batch that were done before */
static gboolean
answer_again (ChihuoLodisPlain *self, ChihuoBatch *batch, GError **error)
{
  for (guint i = 0; i < MIN (self->answers->len, batch->n_items); i++)
    {
      ChihuoItem *item = batch->items[i];

      if (item->op == CHIHUO_OP_CLAIM && !claim (self, item, batch, error))
        return FALSE;
      item->answer = self->answers->data[i];
    }

  return TRUE;
}

static gboolean
chihuo_lodis_plain_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ChihuoLodisPlain *self = CHIHUO_LODIS_PLAIN (backend);
  g_autoptr (GError) local = NULL;

  if (self->client != batch->client || self->request != batch->request)
    g_byte_array_set_size (self->answers, 0);
  self->client = batch->client;
  self->request = batch->request;

  if (chihuo_lodis_outbox_flush (&self->outbox, &local) && answer_again (self, batch, &local)
      && look (self, batch, self->answers->len, &local) && do_items (self, batch, &local))
    return TRUE;

  if (self->answers->len > 0)
    local->code = CHIHUO_ERROR_UNKNOWN_OUTCOME;
  chihuo_batch_clear_answers (batch); /* what it took is held for its repetition */
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* --- the other vfuncs --- */

static gboolean
chihuo_lodis_plain_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                         gboolean *more, GError **error)
{
  ChihuoLodisPlain *self = CHIHUO_LODIS_PLAIN (backend);
  ChihuoItem event = { .op = CHIHUO_OP_REAP };
  GHashTableIter iter;
  gpointer shelf;

  event.reap.counted = TRUE;
  forget_known (self);
  g_hash_table_iter_init (&iter, self->shelves);
  while (g_hash_table_iter_next (&iter, NULL, &shelf))
    {
      g_autoptr (GPtrArray) running = chihuo_lodis_shelf_list (shelf, CHIHUO_TASK_STATE_RUNNING);

      for (guint i = 0; i < running->len; i++)
        {
          ChihuoRecord *record = g_ptr_array_index (running, i);
          g_autofree char *id = g_strdup (chihuo_payload_get_id (record->payload));

          if (record->when > moment->lease)
            continue;
          step (self, shelf, id, &event, moment);
          *n_reaped += 1;
        }
    }

  return chihuo_lodis_outbox_flush (&self->outbox, error);
}

/* Whoever is delayed here goes back; nobody would know of him otherwise */
static gboolean
chihuo_lodis_plain_close (ChihuoBackend *backend, GError **error)
{
  ChihuoLodisPlain *self = CHIHUO_LODIS_PLAIN (backend);
  const ChihuoMoment end = { .now = G_MAXINT64 / 2 };
  GHashTableIter iter;
  gpointer shelf;

  forget_known (self);
  g_hash_table_iter_init (&iter, self->shelves);
  while (g_hash_table_iter_next (&iter, NULL, &shelf))
    {
      guint n_dead = chihuo_lodis_shelf_count (shelf, CHIHUO_TASK_STATE_DEAD);

      promote_due (self, shelf, &end);
      if (n_dead > 0)
        g_message ("queue “%s”: plain mode: %u dead tasks are forgotten",
                   ((ChihuoLodisShelf *) shelf)->name, n_dead);
    }

  return chihuo_lodis_outbox_flush (&self->outbox, error);
}

static gboolean
chihuo_lodis_plain_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  ChihuoLodisPlain *self = CHIHUO_LODIS_PLAIN (backend);

  return chihuo_lodis_outbox_flush (&self->outbox, error)
         && chihuo_lodis_view_page (self->server, get_shelf (self, page->queue), page, error);
}

static gboolean
chihuo_lodis_plain_stats (ChihuoBackend *backend, const char *queue, gint64 now,
                          ChihuoStats *stats, GError **error)
{
  ChihuoLodisPlain *self = CHIHUO_LODIS_PLAIN (backend);

  return chihuo_lodis_outbox_flush (&self->outbox, error)
         && chihuo_lodis_view_stats (self->server, get_shelf (self, queue), stats, error);
}

/* One command clears it all, however much it is */
static gboolean
sweep_server (ChihuoLodisPlain *self, ChihuoSweep *sweep, const char *count, const char *clear,
              GError **error)
{
  g_autoptr (GBytes) body = NULL;
  ChihuoLodisReader reader;
  guint32 n;

  if (!chihuo_lodis_view_count (self->server, count, sweep->queue, &n, error))
    return FALSE;
  body = chihuo_lodis_server_call (self->server, clear, sweep->queue, NULL, CHIHUO_LODIS_CHANGES,
                                   &reader, error);
  if (body == NULL)
    return FALSE;

  sweep->n_done += n;
  return TRUE;
}

static gboolean
sweep_shelf (ChihuoLodisPlain *self, ChihuoSweep *sweep, ChihuoTaskState state, ChihuoOp op,
             GError **error)
{
  ChihuoLodisShelf *shelf = get_shelf (self, sweep->queue);
  g_autoptr (GPtrArray) held = chihuo_lodis_shelf_list (shelf, state);
  const ChihuoItem event = { .op = op };

  forget_known (self);
  for (guint i = 0; i < held->len && i < CHIHUO_BACKEND_MAX_TOUCHED; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (held, i);
      g_autofree char *id = g_strdup (chihuo_payload_get_id (record->payload));

      step (self, shelf, id, &event, &sweep->moment);
      sweep->n_done++;
    }
  sweep->more = held->len > CHIHUO_BACKEND_MAX_TOUCHED && state != CHIHUO_TASK_STATE_RUNNING;

  return chihuo_lodis_outbox_flush (&self->outbox, error);
}

static gboolean
chihuo_lodis_plain_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  ChihuoLodisPlain *self = CHIHUO_LODIS_PLAIN (backend);

  if (!chihuo_lodis_outbox_flush (&self->outbox, error))
    return FALSE;

  sweep->more = FALSE;
  switch (sweep->what)
    {
    case CHIHUO_SWEEP_WHAT_CLEAR_WAITING:
      return sweep_server (self, sweep, "alen", "arm", error);
    case CHIHUO_SWEEP_WHAT_CLEAR_FINISHED:
      return sweep_server (self, sweep, "hlen", "hrm", error);
    case CHIHUO_SWEEP_WHAT_CLEAR_DELAYED:
      return sweep_shelf (self, sweep, CHIHUO_TASK_STATE_DELAYED, CHIHUO_OP_REMOVE, error);
    case CHIHUO_SWEEP_WHAT_CLEAR_RUNNING:
      return sweep_shelf (self, sweep, CHIHUO_TASK_STATE_RUNNING, CHIHUO_OP_REMOVE, error);
    case CHIHUO_SWEEP_WHAT_CLEAR_DEAD:
      return sweep_shelf (self, sweep, CHIHUO_TASK_STATE_DEAD, CHIHUO_OP_REMOVE, error);
    case CHIHUO_SWEEP_WHAT_IMPORT:
      return TRUE; /* the other program's tasks are ours as they are */
    case CHIHUO_SWEEP_WHAT_RETRY_DEAD:
    default:
      return sweep_shelf (self, sweep, CHIHUO_TASK_STATE_DEAD, CHIHUO_OP_RETRY_DEAD, error);
    }
}

static void
chihuo_lodis_plain_iface_init (ChihuoBackendInterface *iface)
{
  iface->can_import = TRUE;
  iface->close = chihuo_lodis_plain_close;
  iface->exchange = chihuo_lodis_plain_exchange;
  iface->page = chihuo_lodis_plain_page;
  iface->stats = chihuo_lodis_plain_stats;
  iface->sweep = chihuo_lodis_plain_sweep;
  iface->reap = chihuo_lodis_plain_reap;
}

static void
chihuo_lodis_plain_finalize (GObject *object)
{
  ChihuoLodisPlain *self = CHIHUO_LODIS_PLAIN (object);

  chihuo_lodis_outbox_clear (&self->outbox);
  g_hash_table_unref (self->shelves);
  g_byte_array_unref (self->answers);

  G_OBJECT_CLASS (chihuo_lodis_plain_parent_class)->finalize (object);
}

static void
chihuo_lodis_plain_class_init (ChihuoLodisPlainClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chihuo_lodis_plain_finalize;
}

static void
chihuo_lodis_plain_init (ChihuoLodisPlain *self)
{
  self->shelves = g_hash_table_new_full (NULL, NULL, NULL,
                                         (GDestroyNotify) chihuo_lodis_shelf_free);
  self->answers = g_byte_array_new ();
}

/* server: it outlives the backend */
ChihuoBackend *
chihuo_lodis_plain_new (ChihuoLodisServer *server)
{
  ChihuoLodisPlain *self = g_object_new (CHIHUO_TYPE_LODIS_PLAIN, NULL);

  self->server = server;
  chihuo_lodis_outbox_init (&self->outbox, server);

  return CHIHUO_BACKEND (self);
}
