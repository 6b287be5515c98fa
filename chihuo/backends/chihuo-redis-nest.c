/* chihuo-redis-nest.c - a main context as a source of another one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-redis-nest.h"

/* Asynchronous GIO calls are at home on a main context, and cannot be taken back at once: a call that was
 * cancelled still comes back. On a context of one's own one can wait for that when all is freed, without
 * running anything of the context that belongs to somebody else. */

/* More than a connection ever needs; beyond that the context is looked at, but not waited for */
#define MAX_FDS 16

typedef struct
{
  GSource              source;
  GMainContext        *inner;     /* (owned) */
  ChihuoRedisNestFunc  take_news;
  gpointer             data;      /* for it */
  GDestroyNotify       free_data; /* (nullable) */
  GPollFD              fds[MAX_FDS]; /* the first n_fds are polled */
  int                  n_fds;
  gint64               deadline;  /* when it wants to be run whatever happens: monotonic µs */
} Nest;

static gboolean
is_same (const GPollFD *a, const GPollFD *b, int n)
{
  for (int i = 0; i < n; i++)
    if (a[i].fd != b[i].fd || a[i].events != b[i].events)
      return FALSE;

  return TRUE;
}

/* Only where they differ: each change wakes the outer context */
static void
poll_these (Nest *self, const GPollFD *fds, int n)
{
  if (n == self->n_fds && is_same (fds, self->fds, n))
    return;

  for (int i = 0; i < self->n_fds; i++)
    g_source_remove_poll (&self->source, &self->fds[i]);
  memcpy (self->fds, fds, n * sizeof *fds);
  self->n_fds = n;
  for (int i = 0; i < n; i++)
    g_source_add_poll (&self->source, &self->fds[i]);
}

static gboolean
nest_prepare (GSource *source, int *timeout)
{
  Nest *self = (Nest *) source;
  GPollFD fds[MAX_FDS];
  gboolean ready;
  int priority, n;

  if (!g_main_context_acquire (self->inner))
    return FALSE;

  ready = g_main_context_prepare (self->inner, &priority);
  n = g_main_context_query (self->inner, G_MAXINT, timeout, fds, MAX_FDS);
  g_main_context_release (self->inner);

  poll_these (self, fds, MIN (n, MAX_FDS));
  if (ready)
    *timeout = 0;
  self->deadline = *timeout < 0 ? G_MAXINT64
                                : g_get_monotonic_time () + *timeout * G_TIME_SPAN_MILLISECOND;

  return *timeout == 0;
}

static gboolean
nest_check (GSource *source)
{
  Nest *self = (Nest *) source;

  for (int i = 0; i < self->n_fds; i++)
    if (self->fds[i].revents != 0)
      return TRUE;

  return g_get_monotonic_time () >= self->deadline;
}

static gboolean
nest_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Nest *self = (Nest *) source;

  g_main_context_push_thread_default (self->inner);
  g_main_context_iteration (self->inner, FALSE);
  g_main_context_pop_thread_default (self->inner);

  if (!self->take_news (self->data) || callback == NULL)
    return G_SOURCE_CONTINUE;

  return callback (data);
}

static void
nest_finalize (GSource *source)
{
  Nest *self = (Nest *) source;

  if (self->free_data != NULL)
    self->free_data (self->data);
  g_main_context_unref (self->inner);
}

static GSourceFuncs nest_funcs = {
  .prepare = nest_prepare,
  .check = nest_check,
  .dispatch = nest_dispatch,
  .finalize = nest_finalize,
};

/*
 * chihuo_redis_nest_new:
 * @inner: a main context that is run by this source only
 * @take_news: asked after each run whether the source's callback is due
 * @data: for @take_news
 * @free_data: (nullable): frees @data
 *
 * Creates a source that runs another main context, which is the thread-default
 * one meanwhile.
 *
 * Returns: (transfer full): a source
 */
GSource *
chihuo_redis_nest_new (GMainContext *inner, ChihuoRedisNestFunc take_news, gpointer data,
                       GDestroyNotify free_data)
{
  GSource *source = g_source_new (&nest_funcs, sizeof (Nest));
  Nest *self = (Nest *) source;

  self->inner = g_main_context_ref (inner);
  self->take_news = take_news;
  self->data = data;
  self->free_data = free_data;
  g_source_set_static_name (source, "chihuo-redis");

  return source;
}
