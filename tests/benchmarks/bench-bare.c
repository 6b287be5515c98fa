/* bench-bare.c - what is done without chihuo, in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <gio/gio.h>

#include "bench-bare.h"
#include "bench.h"

/* --- a queue with unique ids: a hash, a list, a lock --- */

typedef struct
{
  GList link;
  char *id;   /* (owned) */
  char *info; /* (owned) */
} Node;

typedef struct
{
  GMutex      mutex;
  GHashTable *ids;   /* (owned): id → Node */
  GQueue      order; /* of Node */
} Queue;

static void
node_free (gpointer data)
{
  Node *node = data;

  g_free (node->id);
  g_free (node->info);
  g_free (node);
}

static void
add_locked (Queue *queue, ChihuoTask *task)
{
  const char *id = chihuo_task_get_id (task);
  Node *node;

  if (g_hash_table_contains (queue->ids, id))
    return;

  node = g_new0 (Node, 1);
  node->id = g_strdup (id);
  node->info = g_strdup (chihuo_task_get_json (task));
  node->link.data = node;
  g_hash_table_insert (queue->ids, node->id, node);
  g_queue_push_tail_link (&queue->order, &node->link);
}

/* Tasks a second that a hash and a list take, `per_lock` of them at once */
double
bench_bare_add (ChihuoTask **tasks, guint n, guint per_lock)
{
  Queue queue = { 0 };
  gint64 before;
  double seconds;

  g_mutex_init (&queue.mutex);
  queue.ids = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, node_free);

  before = g_get_monotonic_time ();
  for (guint i = 0; i < n; i += per_lock)
    {
      g_mutex_lock (&queue.mutex);
      for (guint t = i; t < MIN (i + per_lock, n); t++)
        add_locked (&queue, tasks[t]);
      g_mutex_unlock (&queue.mutex);
    }
  seconds = bench_seconds_since (before);

  g_hash_table_unref (queue.ids);
  g_mutex_clear (&queue.mutex);

  return n / seconds;
}

/* --- a GTask for each task --- */

typedef struct
{
  GMainLoop *main_loop;
  guint      n_left;
} Countdown;

static void
do_nothing_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_boolean (task, TRUE);
}

static void
count_down_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Countdown *countdown = data;

  g_task_propagate_boolean (G_TASK (result), NULL);
  if (--countdown->n_left == 0)
    g_main_loop_quit (countdown->main_loop);
}

static double
run_gtasks (guint n, gboolean in_threads)
{
  g_autoptr (GMainLoop) main_loop = g_main_loop_new (NULL, FALSE);
  Countdown countdown = { .main_loop = main_loop, .n_left = n };
  gint64 before = g_get_monotonic_time ();

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, count_down_cb, &countdown);

      if (in_threads)
        g_task_run_in_thread (task, do_nothing_in_thread);
      else
        g_task_return_boolean (task, TRUE);
    }
  g_main_loop_run (main_loop);

  return n / bench_seconds_since (before);
}

/* Tasks a second through GTask in threads, answered on the main context */
double
bench_bare_gtask (guint n)
{
  return run_gtasks (n, TRUE);
}

/* Tasks a second that a main context begins and answers with GTask alone */
double
bench_bare_context (guint n)
{
  return run_gtasks (n, FALSE);
}

/* --- a thread pool --- */

static void
do_nothing (gpointer task, gpointer data)
{
}

/* Tasks a second through a pool of two threads. All are pushed before the threads may start: else it is
 * luck who sleeps */
double
bench_bare_pool (guint n)
{
  GThreadPool *pool = g_thread_pool_new (do_nothing, NULL, 0, FALSE, NULL);
  gint64 before;

  for (guint i = 0; i < n; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);

  before = g_get_monotonic_time ();
  g_thread_pool_set_max_threads (pool, 2, NULL);
  g_thread_pool_free (pool, FALSE, TRUE);

  return n / bench_seconds_since (before);
}

/* --- waking a thread --- */

typedef struct
{
  GMutex mutex;
  GCond  cond;
  gint64 sent;    /* 0 = nothing, −1 = go home */
  double seconds; /* of the last one; 0 = not there yet */
} HandOver;

static gpointer
receive (gpointer data)
{
  HandOver *self = data;

  g_mutex_lock (&self->mutex);
  while (self->sent >= 0)
    {
      while (self->sent == 0)
        g_cond_wait (&self->cond, &self->mutex);
      if (self->sent > 0)
        {
          self->seconds = bench_seconds_since (self->sent);
          self->sent = 0;
          g_cond_broadcast (&self->cond);
        }
    }
  g_mutex_unlock (&self->mutex);

  return NULL;
}

static void
send (HandOver *self, gint64 what)
{
  g_mutex_lock (&self->mutex);
  self->sent = what;
  self->seconds = 0;
  g_cond_broadcast (&self->cond);
  while (what > 0 && self->seconds <= 0)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

/* Seconds, in the median, until a thread that sleeps has what another one gives it */
double
bench_bare_hand_over (guint n, double pause)
{
  HandOver self = { 0 };
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  GThread *thread;

  g_mutex_init (&self.mutex);
  g_cond_init (&self.cond);
  thread = g_thread_new ("receiver", receive, &self);

  for (guint i = 0; i < n; i++)
    {
      g_usleep (pause * G_USEC_PER_SEC);
      send (&self, g_get_monotonic_time ());
      g_array_append_val (values, self.seconds);
    }
  send (&self, -1);
  g_thread_join (thread);

  g_cond_clear (&self.cond);
  g_mutex_clear (&self.mutex);

  return bench_median (values);
}
