/* fault-eater.c - a loop that counts what it eats
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "fault-eater.h"

struct _FaultEater
{
  ChihuoLoop  parent_instance;
  GMutex      mutex;
  GHashTable *runs; /* (owned) (element-type utf8 guint): under the mutex */
};

G_DEFINE_FINAL_TYPE (FaultEater, fault_eater, CHIHUO_TYPE_LOOP)

static gboolean
fault_eater_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  FaultEater *self = FAULT_EATER (loop);
  const char *id = chihuo_task_get_id (task);
  guint n;

  g_mutex_lock (&self->mutex);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->runs, id));
  g_hash_table_replace (self->runs, g_strdup (id), GUINT_TO_POINTER (n + 1));
  g_mutex_unlock (&self->mutex);

  return TRUE;
}

static void
fault_eater_finalize (GObject *object)
{
  FaultEater *self = FAULT_EATER (object);

  g_hash_table_unref (self->runs);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (fault_eater_parent_class)->finalize (object);
}

static void
fault_eater_class_init (FaultEaterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fault_eater_finalize;
  CHIHUO_LOOP_CLASS (klass)->make_task = fault_eater_make_task;
}

static void
fault_eater_init (FaultEater *self)
{
  g_mutex_init (&self->mutex);
  self->runs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* Eats the queue "eat" of a database until it is empty; what is done is finished */
FaultEater *
fault_eater_new (const char *path)
{
  g_autofree char *uri = g_strconcat ("sqlite://", path, NULL);

  return g_object_new (FAULT_TYPE_EATER, "name", "eat", "server-config", uri, "run-forever", FALSE,
                       "concurrency", 2, "finish-on-success", TRUE, NULL);
}

/* How often a task was run */
guint
fault_eater_get_runs (FaultEater *self, const char *id)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->runs, id));
  g_mutex_unlock (&self->mutex);

  return n;
}

/* How many different tasks were run */
guint
fault_eater_get_all (FaultEater *self)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = g_hash_table_size (self->runs);
  g_mutex_unlock (&self->mutex);

  return n;
}
