/* chihuo-bell.c - calls an object on a context of its own, rung from any thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-bell.h"

/* Whoever rings, the store's thread above all, touches plain C only. The object is looked for on
 * its context, where taking a reference may wait for an interpreter without harm */
struct _ChihuoBell
{
  gatomicrefcount  ref_count;
  int              rung;      /* atomic: a source is on its way */
  GMainContext    *context;   /* (owned) */
  ChihuoBellFunc   func;
  GWeakRef         object;    /* the context's thread only */
};

ChihuoBell *
chihuo_bell_new (gpointer object, GMainContext *context, ChihuoBellFunc func)
{
  ChihuoBell *self = g_new0 (ChihuoBell, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->context = g_main_context_ref (context);
  self->func = func;
  g_weak_ref_init (&self->object, object);

  return self;
}

ChihuoBell *
chihuo_bell_ref (ChihuoBell *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
chihuo_bell_unref (ChihuoBell *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_weak_ref_clear (&self->object);
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
rung_cb (gpointer data)
{
  ChihuoBell *self = data;
  g_autoptr (GObject) object = NULL;

  /* before the call: what happens from now on rings again */
  g_atomic_int_set (&self->rung, FALSE);
  object = g_weak_ref_get (&self->object);
  if (object != NULL)
    self->func (object);

  return G_SOURCE_REMOVE;
}

/* Several rings before the context gets to it are one call */
void
chihuo_bell_ring (ChihuoBell *self)
{
  GSource *source;

  if (!g_atomic_int_compare_and_exchange (&self->rung, FALSE, TRUE))
    return;

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, rung_cb, chihuo_bell_ref (self),
                         (GDestroyNotify) chihuo_bell_unref);
  g_source_set_static_name (source, "chihuo bell");
  g_source_attach (source, self->context);
  g_source_unref (source);
}
