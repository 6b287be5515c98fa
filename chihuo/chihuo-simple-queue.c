/* chihuo-simple-queue.c - one queue in the storage of a simple backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-record-codec.h"
#include "chihuo-simple-queue.h"
#include "chihuo-simple-storage.h"

/* Keys of a queue, by their first character, with the index they stand under:
 *   q            the queue's own figures                  none
 *   t ID         a record that is not absent              by state, see chihuo-record-codec.c
 *   f ID         a finished mark: its number and time     f ID
 *   g NUMBER     the id of that mark                      g NUMBER: in the order of finishing
 *   c CLAIMANT   what its last claim got                  c TIME CLAIMANT
 * and of the store:
 *   n QUEUE      there is such a queue                    n QUEUE
 *   b CLIENT     what its last batch was answered         b TIME CLIENT */

#define QUEUE_TYPE "(y(txxx)(ttttt)b(xxt)a{su})"
#define MARK_TYPE  "(yxx)"
#define ID_TYPE    "(ys)"
#define VERSION    1

#define DEFAULT_KEEP_DEAD (90 * G_TIME_SPAN_DAY)
#define DEFAULT_DEAD_MAX  10000

/* What the storage had of an id, and what a step made of it */
typedef struct
{
  ChihuoRecord record;
  GBytes      *bytes;    /* (owned) (nullable): as loaded */
  char        *index;    /* (owned) (nullable): as loaded */
  const char  *claimant; /* as loaded */
  gint64       mark;     /* the number of its finished mark */
  gint64       marked;   /* when it was finished */
  gboolean     finished; /* as loaded */
  gboolean     junk;
} Entry;

static void
entry_clear (Entry *entry)
{
  chihuo_record_clear (&entry->record);
  g_clear_pointer (&entry->bytes, g_bytes_unref);
  g_clear_pointer (&entry->index, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Entry, entry_clear)

static char *
task_key (ChihuoPayload *id)
{
  return g_strconcat ("t", chihuo_payload_get_id (id), NULL);
}

static char *
mark_key (ChihuoPayload *id)
{
  return g_strconcat ("f", chihuo_payload_get_id (id), NULL);
}

static gboolean
load_figures (ChihuoSimpleQueue *self, GBytes *bytes, GError **error)
{
  g_autoptr (GVariant) value = chihuo_record_codec_unpack (bytes, QUEUE_TYPE, error);
  g_autoptr (GVariantIter) workers = NULL;
  const char *claimant;
  guint32 n;

  if (value == NULL)
    return FALSE;

  g_variant_get (value, "(y(txxx)(ttttt)b(xxt)a{su})", NULL, &self->token, &self->head, &self->tail,
                 &self->mark, &self->counts[CHIHUO_TASK_STATE_WAITING],
                 &self->counts[CHIHUO_TASK_STATE_DELAYED],
                 &self->counts[CHIHUO_TASK_STATE_RUNNING], &self->counts[CHIHUO_TASK_STATE_DEAD],
                 &self->finished, &self->paused, &self->keep_finished, &self->keep_dead,
                 &self->dead_max, &workers);
  while (g_variant_iter_next (workers, "{&su}", &claimant, &n))
    g_hash_table_insert (self->workers, (gpointer) g_intern_string (claimant),
                         GUINT_TO_POINTER (n));

  return TRUE;
}

/* A queue that nobody has used yet is empty */
ChihuoSimpleQueue *
chihuo_simple_queue_load (ChihuoSimpleBackend *backend, const char *name, GError **error)
{
  g_autoptr (ChihuoSimpleQueue) self = g_new0 (ChihuoSimpleQueue, 1);
  g_autoptr (GBytes) bytes = NULL;

  self->backend = backend;
  self->name = g_intern_string (name);
  self->workers = g_hash_table_new (NULL, NULL);
  self->keep_dead = DEFAULT_KEEP_DEAD;
  self->dead_max = DEFAULT_DEAD_MAX;

  if (!chihuo_simple_storage_load (backend, name, "q", &bytes, error))
    return NULL;

  self->stored = bytes != NULL;
  if (bytes != NULL && !load_figures (self, bytes, error))
    {
      g_prefix_error (error, "queue “%s”: ", name);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
chihuo_simple_queue_free (ChihuoSimpleQueue *self)
{
  g_hash_table_unref (self->workers);
  g_free (self);
}

static GVariant *
encode_workers (ChihuoSimpleQueue *self)
{
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer claimant;
  gpointer n;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{su}"));
  g_hash_table_iter_init (&iter, self->workers);
  while (g_hash_table_iter_next (&iter, &claimant, &n))
    g_variant_builder_add (&builder, "{su}", claimant, GPOINTER_TO_UINT (n));

  return g_variant_builder_end (&builder);
}

/* The store's list of queues is what the reap goes by */
static gboolean
enlist (ChihuoSimpleQueue *self, GError **error)
{
  g_autofree char *key = g_strconcat ("n", self->name, NULL);
  g_autoptr (GBytes) bytes
    = chihuo_record_codec_pack (g_variant_new (ID_TYPE, VERSION, self->name));

  return chihuo_simple_storage_save (self->backend, CHIHUO_SIMPLE_STORE, key, key, bytes, error);
}

gboolean
chihuo_simple_queue_save (ChihuoSimpleQueue *self, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  GVariant *value;

  if (!self->changed)
    return TRUE;
  if (!self->stored && !enlist (self, error))
    return FALSE;

  value = g_variant_new ("(y(txxx)(ttttt)b(xxt)@a{su})", VERSION, self->token, self->head, self->tail,
                         self->mark, self->counts[CHIHUO_TASK_STATE_WAITING],
                         self->counts[CHIHUO_TASK_STATE_DELAYED],
                         self->counts[CHIHUO_TASK_STATE_RUNNING],
                         self->counts[CHIHUO_TASK_STATE_DEAD], self->finished, self->paused,
                         self->keep_finished, self->keep_dead, self->dead_max,
                         encode_workers (self));
  bytes = chihuo_record_codec_pack (value);
  self->stored = TRUE;
  self->changed = FALSE;

  return chihuo_simple_storage_save (self->backend, self->name, "q", NULL, bytes, error);
}

/* What cannot be read is taken for a waiting task, so that a claim comes to it and buries it */
static void
take_as_junk (Entry *entry, ChihuoPayload *id, const char *reason)
{
  entry->junk = TRUE;
  entry->record.payload = chihuo_payload_ref (id);
  entry->record.state = CHIHUO_TASK_STATE_WAITING;
  entry->record.error = g_strdup (reason);
}

static gboolean
load_mark (ChihuoSimpleQueue *self, ChihuoPayload *id, Entry *entry, GError **error)
{
  g_autofree char *key = mark_key (id);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) value = NULL;

  if (!chihuo_simple_storage_load (self->backend, self->name, key, &bytes, error))
    return FALSE;
  if (bytes == NULL)
    return TRUE;

  value = chihuo_record_codec_unpack (bytes, MARK_TYPE, error);
  if (value == NULL)
    return FALSE;

  g_variant_get (value, MARK_TYPE, NULL, &entry->mark, &entry->marked);
  entry->finished = TRUE;
  entry->record.finished = TRUE;

  return TRUE;
}

static gboolean
load_entry (ChihuoSimpleQueue *self, ChihuoPayload *id, Entry *entry, GError **error)
{
  g_autofree char *key = task_key (id);
  g_autoptr (GError) local = NULL;

  if (!chihuo_simple_storage_load (self->backend, self->name, key, &entry->bytes, error))
    return FALSE;

  if (entry->bytes != NULL && !chihuo_record_decode (&entry->record, id, entry->bytes, &local))
    take_as_junk (entry, id, local->message);
  if (entry->record.payload == NULL)
    entry->record.payload = chihuo_payload_ref (id);
  entry->index = chihuo_record_dup_index (&entry->record);
  entry->claimant = entry->record.claimant;

  return load_mark (self, id, entry, error);
}

static gboolean
add_mark (ChihuoSimpleQueue *self, ChihuoPayload *id, gint64 now, GError **error)
{
  const char *name = chihuo_payload_get_id (id);
  g_autofree char *key = mark_key (id);
  g_autofree char *order = chihuo_record_codec_index_order ('g', ++self->mark, "");
  g_autoptr (GBytes) mark
    = chihuo_record_codec_pack (g_variant_new (MARK_TYPE, VERSION, self->mark, now));
  g_autoptr (GBytes) text = chihuo_record_codec_pack (g_variant_new (ID_TYPE, VERSION, name));

  self->finished++;
  return chihuo_simple_storage_save (self->backend, self->name, key, key, mark, error)
         && chihuo_simple_storage_save (self->backend, self->name, order, order, text, error);
}

static gboolean
remove_mark (ChihuoSimpleQueue *self, ChihuoPayload *id, gint64 mark, GError **error)
{
  g_autofree char *key = mark_key (id);
  g_autofree char *order = chihuo_record_codec_index_order ('g', mark, "");

  self->finished--;
  return chihuo_simple_storage_remove (self->backend, self->name, key, error)
         && chihuo_simple_storage_remove (self->backend, self->name, order, error);
}

static gboolean
save_mark (ChihuoSimpleQueue *self, ChihuoPayload *id, Entry *entry, gint64 now, GError **error)
{
  if (!entry->finished == !entry->record.finished)
    return TRUE;

  self->changed = TRUE;
  if (entry->record.finished)
    return add_mark (self, id, now, error);
  return remove_mark (self, id, entry->mark, error);
}

static void
count_worker (ChihuoSimpleQueue *self, const char *claimant, int change)
{
  guint n;

  if (claimant == NULL)
    return;

  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->workers, claimant)) + change;
  if (n > 0)
    g_hash_table_insert (self->workers, (gpointer) claimant, GUINT_TO_POINTER (n));
  else
    g_hash_table_remove (self->workers, claimant);
}

/* Stores what is different now, and keeps the figures in step */
static gboolean
save_entry (ChihuoSimpleQueue *self, ChihuoPayload *id, Entry *entry, ChihuoTaskState before,
            GError **error)
{
  ChihuoTaskState state = entry->record.state;
  g_autofree char *key = task_key (id);
  g_autofree char *index = chihuo_record_dup_index (&entry->record);
  g_autoptr (GBytes) bytes = NULL;

  if (state != CHIHUO_TASK_STATE_ABSENT)
    bytes = chihuo_record_encode (&entry->record);
  if (before == state && g_strcmp0 (index, entry->index) == 0
      && (bytes == NULL || g_bytes_equal (bytes, entry->bytes)))
    return TRUE;

  self->changed = TRUE;
  self->counts[before]--;
  self->counts[state]++;
  count_worker (self, entry->claimant, -1);
  count_worker (self, entry->record.claimant, 1);

  if (bytes == NULL)
    return chihuo_simple_storage_remove (self->backend, self->name, key, error);
  return chihuo_simple_storage_save (self->backend, self->name, key, index, bytes, error);
}

static void
give_place (ChihuoSimpleQueue *self, ChihuoRecord *record, ChihuoPlace place)
{
  if (place == CHIHUO_PLACE_TAIL)
    record->place = ++self->tail;
  else if (place == CHIHUO_PLACE_HEAD)
    record->place = --self->head;
  self->changed = self->changed || place != CHIHUO_PLACE_KEEP;
}

/* A copy of what is known of an id; NULL only with an error */
ChihuoRecord *
chihuo_simple_queue_look (ChihuoSimpleQueue *self, ChihuoPayload *id, gboolean *junk,
                          GError **error)
{
  g_auto (Entry) entry = { 0 };

  if (!load_entry (self, id, &entry, error))
    return NULL;

  *junk = entry.junk;
  return chihuo_record_copy (&entry.record);
}

/* When an id was finished; 0 if it is not */
gboolean
chihuo_simple_queue_marked (ChihuoSimpleQueue *self, ChihuoPayload *id, gint64 *when,
                            GError **error)
{
  g_auto (Entry) entry = { 0 };

  if (!load_mark (self, id, &entry, error))
    return FALSE;

  *when = entry.marked;
  return TRUE;
}

/* One step of a task's life; after: what became of the record */
gboolean
chihuo_simple_queue_step (ChihuoSimpleQueue *self, ChihuoPayload *id, const ChihuoItem *event,
                          const ChihuoMoment *moment, ChihuoAnswer *answer, ChihuoRecord **after,
                          GError **error)
{
  g_auto (Entry) entry = { 0 };
  ChihuoTaskState before;
  ChihuoPlace place;

  if (!load_entry (self, id, &entry, error))
    return FALSE;

  before = entry.record.state;
  *answer = chihuo_task_life_step (&entry.record, event, moment, &place);
  if (entry.record.claimant != NULL)
    entry.record.claimant = g_intern_string (entry.record.claimant);
  give_place (self, &entry.record, place);

  if (after != NULL)
    *after = chihuo_record_copy (&entry.record);
  return save_entry (self, id, &entry, before, error)
         && save_mark (self, id, &entry, moment->now, error);
}

/* The first key of the index after this one and of the same kind */
gboolean
chihuo_simple_queue_next (ChihuoSimpleQueue *self, const char *after, char **key, char **index,
                          GError **error)
{
  const char before[] = { after[0] + 1, '\0' };

  return chihuo_simple_storage_next (self->backend, self->name, after, before, key, index, error);
}

/* The same for those that wait: suspects stand apart, and are merged in by their order. after is an
 * index without its kind */
gboolean
chihuo_simple_queue_waits (ChihuoSimpleQueue *self, const char *after, gboolean suspects,
                           char **key, char **index, GError **error)
{
  g_autofree char *after_waiting = g_strconcat ("w", after, NULL);
  g_autofree char *after_suspect = g_strconcat ("s", after, NULL);
  g_autofree char *other_key = NULL;
  g_autofree char *other_index = NULL;

  if (!chihuo_simple_queue_next (self, after_waiting, key, index, error))
    return FALSE;
  if (!suspects)
    return TRUE;
  if (!chihuo_simple_queue_next (self, after_suspect, &other_key, &other_index, error))
    return FALSE;

  if (other_index == NULL || (*index != NULL && strcmp (*index + 1, other_index + 1) < 0))
    return TRUE;

  g_free (*key);
  g_free (*index);
  *key = g_steal_pointer (&other_key);
  *index = g_steal_pointer (&other_index);

  return TRUE;
}
