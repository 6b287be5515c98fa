/* chihuo-helper.c - a thread for what the store's thread must not do itself
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-helper.h"

/* Cancelling a GCancellable runs user code and takes references that may wait for an interpreter's lock.
 * One thread does that for the whole process; it comes when it is needed and goes when it is not. */

#define PATIENCE (1 * G_USEC_PER_SEC)

typedef struct
{
  GFunc    func;
  gpointer data;
} Job;

static GMutex mutex;
static GCond cond;
static GQueue jobs = G_QUEUE_INIT; /* of Job, owned */
static gboolean running;

static Job *
pop_locked (void)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (jobs.length == 0)
    if (!g_cond_wait_until (&cond, &mutex, end))
      break;

  return g_queue_pop_head (&jobs);
}

static gpointer
helper_main (gpointer unused)
{
  Job *job;

  g_mutex_lock (&mutex);
  while ((job = pop_locked ()) != NULL)
    {
      g_mutex_unlock (&mutex);
      job->func (job->data, NULL);
      g_free (job);
      g_mutex_lock (&mutex);
    }
  running = FALSE;
  g_mutex_unlock (&mutex);

  return NULL;
}

/* Calls func (data, NULL) on the helper's thread, soon, one after another */
void
chihuo_helper_push (GFunc func, gpointer data)
{
  Job *job = g_new (Job, 1);
  gboolean start;

  job->func = func;
  job->data = data;

  g_mutex_lock (&mutex);
  g_queue_push_tail (&jobs, job);
  start = !running;
  running = TRUE;
  g_cond_signal (&cond);
  g_mutex_unlock (&mutex);

  if (start)
    g_thread_unref (g_thread_new ("chihuo-helper", helper_main, NULL));
}
