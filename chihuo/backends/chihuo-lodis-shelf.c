/* chihuo-lodis-shelf.c - what a process holds of a queue that knows nothing of runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-lodis-shelf.h"

/* A task that was taken out of a plain queue is only here: while it runs, while it waits for its next
 * try, and when it is dead. It is few tasks, so they are sorted when somebody asks. */

/* So many failure counts are kept of tasks that went back; then all are forgotten */
#define MAX_FAILURES 100000

/* name: interned */
ChihuoLodisShelf *
chihuo_lodis_shelf_new (const char *name)
{
  ChihuoLodisShelf *self = g_new0 (ChihuoLodisShelf, 1);

  self->name = name;
  self->records = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                         (GDestroyNotify) chihuo_record_free);
  self->failures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->claims = g_hash_table_new_full (NULL, NULL, NULL, g_free);

  return self;
}

void
chihuo_lodis_shelf_free (ChihuoLodisShelf *self)
{
  g_hash_table_unref (self->records);
  g_hash_table_unref (self->failures);
  g_hash_table_unref (self->known);
  g_hash_table_unref (self->claims);
  g_free (self);
}

/* NULL = it is not here */
ChihuoRecord *
chihuo_lodis_shelf_get (ChihuoLodisShelf *self, const char *id)
{
  return g_hash_table_lookup (self->records, id);
}

/* Takes it out; a new one that is absent, if it is not here */
ChihuoRecord *
chihuo_lodis_shelf_take (ChihuoLodisShelf *self, const char *id)
{
  gpointer record = NULL;

  if (g_hash_table_steal_extended (self->records, id, NULL, &record))
    return record;

  record = g_new0 (ChihuoRecord, 1);
  ((ChihuoRecord *) record)->payload = chihuo_payload_new (id, -1, NULL, 0);
  ((ChihuoRecord *) record)->failures
    = GPOINTER_TO_UINT (g_hash_table_lookup (self->failures, id));

  return record;
}

/* What waits, and what went back to the server with failures */
static void
note_failures (ChihuoLodisShelf *self, const ChihuoRecord *record)
{
  const char *id = chihuo_payload_get_id (record->payload);

  if (record->state != CHIHUO_TASK_STATE_WAITING || record->failures == 0)
    {
      g_hash_table_remove (self->failures, id);
      return;
    }

  if (g_hash_table_size (self->failures) >= MAX_FAILURES)
    g_hash_table_remove_all (self->failures);
  g_hash_table_insert (self->failures, g_strdup (id), GUINT_TO_POINTER (record->failures));
}

/* record: (transfer full). What is absent or waits is not kept here */
void
chihuo_lodis_shelf_put (ChihuoLodisShelf *self, ChihuoRecord *record)
{
  note_failures (self, record);
  if (record->state == CHIHUO_TASK_STATE_ABSENT || record->state == CHIHUO_TASK_STATE_WAITING)
    chihuo_record_free (record);
  else
    g_hash_table_insert (self->records, (gpointer) chihuo_payload_get_id (record->payload), record);
}

static int
compare_records (gconstpointer a, gconstpointer b)
{
  gint64 majors[2];
  gint64 minors[2];

  chihuo_record_get_key (*(ChihuoRecord *const *) a, &majors[0], &minors[0]);
  chihuo_record_get_key (*(ChihuoRecord *const *) b, &majors[1], &minors[1]);
  if (majors[0] != majors[1])
    return majors[0] < majors[1] ? -1 : 1;
  if (minors[0] != minors[1])
    return minors[0] < minors[1] ? -1 : 1;

  return 0;
}

/* Those in a state, in order: (transfer container) (element-type ChihuoRecord) */
GPtrArray *
chihuo_lodis_shelf_list (ChihuoLodisShelf *self, ChihuoTaskState state)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer record;

  g_hash_table_iter_init (&iter, self->records);
  while (g_hash_table_iter_next (&iter, NULL, &record))
    if (((ChihuoRecord *) record)->state == state)
      g_ptr_array_add (list, record);
  g_ptr_array_sort (list, compare_records);

  return list;
}

guint
chihuo_lodis_shelf_count (ChihuoLodisShelf *self, ChihuoTaskState state)
{
  GHashTableIter iter;
  gpointer record;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->records);
  while (g_hash_table_iter_next (&iter, NULL, &record))
    n += ((ChihuoRecord *) record)->state == state;

  return n;
}

/* When the next delayed one is due; 0 = none is */
gint64
chihuo_lodis_shelf_next_due (ChihuoLodisShelf *self)
{
  GHashTableIter iter;
  gpointer value;
  gint64 due = 0;

  g_hash_table_iter_init (&iter, self->records);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ChihuoRecord *record = value;

      if (record->state == CHIHUO_TASK_STATE_DELAYED && (due == 0 || record->when < due))
        due = record->when;
    }

  return due;
}
