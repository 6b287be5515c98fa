/* fp-task-list.c - the running and the dead tasks of a loop, as a list model that stays up to date
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fast tasks start and end many thousand times a second; no eye can follow that, and a list that tried would freeze
 * the window. So signals only write down what has changed, and a few times a second the list catches up: most tasks
 * have come and gone by then.
 */

#include "fp-row.h"
#include "fp-task-list.h"

#define CATCH_UP_MS 100
#define MAX_DEAD    1000

struct _FpTaskList
{
  GObject     parent_instance;

  ChihuoLoop *loop;
  GListStore *rows;    /* (element-type FpRow) */
  GHashTable *by_id;   /* id → row: those that shall be in the list */
  GHashTable *changed; /* ids: those that came or went since the list caught up */
  guint       timeout;
};

static void fp_task_list_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FpTaskList, fp_task_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fp_task_list_iface_init))

static GType
fp_task_list_get_item_type (GListModel *model)
{
  return FP_TYPE_ROW;
}

static guint
fp_task_list_get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (FP_TASK_LIST (model)->rows));
}

static gpointer
fp_task_list_get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (FP_TASK_LIST (model)->rows), position);
}

static void
fp_task_list_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = fp_task_list_get_item_type;
  iface->get_n_items = fp_task_list_get_n_items;
  iface->get_item = fp_task_list_get_item;
}

/* --- catching up --- */

static void
take_out (FpTaskList *self, const char *id)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->rows)); i++)
    {
      g_autoptr (FpRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), i);

      if (g_str_equal (fp_row_get_id (row), id) && g_hash_table_lookup (self->by_id, id) != row)
        {
          g_list_store_remove (self->rows, i);
          return;
        }
    }
}

static void
put_in (FpTaskList *self, const char *id)
{
  FpRow *row = g_hash_table_lookup (self->by_id, id);

  if (row != NULL && !g_list_store_find (self->rows, row, NULL))
    g_list_store_append (self->rows, row);
}

static gboolean
catch_up_cb (gpointer data)
{
  FpTaskList *self = data;
  GHashTableIter iter;
  gpointer id;

  self->timeout = 0;
  g_hash_table_iter_init (&iter, self->changed);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    {
      take_out (self, id);
      put_in (self, id);
    }
  g_hash_table_remove_all (self->changed);

  return G_SOURCE_REMOVE;
}

static void
note_change (FpTaskList *self, const char *id)
{
  g_hash_table_add (self->changed, g_strdup (id));
  if (self->timeout == 0)
    self->timeout = g_timeout_add (CATCH_UP_MS, catch_up_cb, self);
}

static FpRow *
ensure_row (FpTaskList *self, const char *id)
{
  FpRow *row = g_hash_table_lookup (self->by_id, id);

  if (row != NULL)
    return row;

  row = fp_row_new (id);
  g_hash_table_insert (self->by_id, g_strdup (id), row);
  note_change (self, id);

  return row;
}

static void
forget (FpTaskList *self, const char *id)
{
  if (!g_hash_table_contains (self->by_id, id))
    return;

  note_change (self, id);
  g_hash_table_remove (self->by_id, id);
}

/* --- what the loop says --- */

static void
task_started_cb (FpTaskList *self, ChihuoTask *task)
{
  FpRow *row = ensure_row (self, chihuo_task_get_id (task));

  fp_row_set_error (row, NULL);
  fp_row_set_fraction (row, 0);
}

static void
task_progress_cb (FpTaskList *self, ChihuoTask *task, double fraction, const char *message)
{
  fp_row_set_fraction (ensure_row (self, chihuo_task_get_id (task)), fraction);
}

static void
task_ended_cb (FpTaskList *self, ChihuoTask *task, ChihuoOutcome outcome, const char *error)
{
  if (outcome == CHIHUO_OUTCOME_DEAD)
    fp_row_set_error (ensure_row (self, chihuo_task_get_id (task)), error != NULL ? error : "");
  else
    forget (self, chihuo_task_get_id (task));
}

/* Nobody knows what has ended meanwhile. What still runs will say so by its progress, or its end */
static void
events_missed_cb (FpTaskList *self)
{
  g_autoptr (GList) ids = g_hash_table_get_keys (self->by_id);

  for (GList *l = ids; l != NULL; l = l->next)
    if (!fp_row_is_dead (g_hash_table_lookup (self->by_id, l->data)))
      forget (self, l->data);
  fp_task_list_refresh (self);
}

/* --- what the queue knows from earlier runs, or of other processes --- */

static void
show_dead (FpTaskList *self, GPtrArray *dead)
{
  for (guint i = 0; i < dead->len; i++)
    {
      ChihuoTask *task = g_ptr_array_index (dead, i);
      const char *error = chihuo_task_get_last_error (task);

      fp_row_set_error (ensure_row (self, chihuo_task_get_id (task)), error != NULL ? error : "");
    }
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FpTaskList) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) dead = chihuo_queue_list_finish (CHIHUO_QUEUE (source), result, &error);

  if (dead != NULL)
    show_dead (self, dead);
  else
    g_warning ("%s", error->message);
}

void
fp_task_list_refresh (FpTaskList *self)
{
  chihuo_queue_list_async (chihuo_loop_get_queue (self->loop), CHIHUO_TASK_STATE_DEAD, NULL, MAX_DEAD, NULL, listed_cb,
                           g_object_ref (self));
}

static void
fp_task_list_dispose (GObject *object)
{
  FpTaskList *self = FP_TASK_LIST (object);

  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_object (&self->loop);
  g_clear_object (&self->rows);

  G_OBJECT_CLASS (fp_task_list_parent_class)->dispose (object);
}

static void
fp_task_list_finalize (GObject *object)
{
  g_hash_table_unref (FP_TASK_LIST (object)->by_id);
  g_hash_table_unref (FP_TASK_LIST (object)->changed);

  G_OBJECT_CLASS (fp_task_list_parent_class)->finalize (object);
}

static void
fp_task_list_class_init (FpTaskListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = fp_task_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = fp_task_list_finalize;
}

static void
fp_task_list_init (FpTaskList *self)
{
  self->rows = g_list_store_new (FP_TYPE_ROW);
  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect_object (self->rows, "items-changed", G_CALLBACK (g_list_model_items_changed), self,
                           G_CONNECT_SWAPPED);
}

FpTaskList *
fp_task_list_new (ChihuoLoop *loop)
{
  FpTaskList *self = g_object_new (FP_TYPE_TASK_LIST, NULL);

  self->loop = g_object_ref (loop);
  g_signal_connect_object (loop, "task-started", G_CALLBACK (task_started_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (loop, "task-progress", G_CALLBACK (task_progress_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (loop, "task-ended", G_CALLBACK (task_ended_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (loop, "events-missed", G_CALLBACK (events_missed_cb), self, G_CONNECT_SWAPPED);

  return self;
}
