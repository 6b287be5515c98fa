/* chihuo-call.c - what one caller asks of a store, from the asking to the answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-call.h"

static ChihuoCall *
call_new (void)
{
  ChihuoCall *self = g_new0 (ChihuoCall, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->link.data = self;
  g_cond_init (&self->cond);

  return self;
}

/* The items are zeroed; the caller fills them in, with what they own */
ChihuoCall *
chihuo_call_new_items (guint n_items)
{
  ChihuoCall *self = call_new ();

  self->items = g_new0 (ChihuoItem, n_items);
  self->n_items = n_items;

  return self;
}

ChihuoCall *
chihuo_call_new_func (ChihuoCallFunc func, gpointer data, GDestroyNotify data_free)
{
  ChihuoCall *self = call_new ();

  self->func = func;
  self->func_data = data;
  self->func_free = data_free;

  return self;
}

ChihuoCall *
chihuo_call_ref (ChihuoCall *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
chihuo_call_unref (ChihuoCall *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  for (guint i = 0; i < self->n_items; i++)
    chihuo_item_clear (&self->items[i]);
  g_free (self->items);
  if (self->func_free != NULL)
    self->func_free (self->func_data);
  g_clear_error (&self->error);
  g_cond_clear (&self->cond);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

static gboolean
done_cb (gpointer data)
{
  ChihuoCall *self = data;

  /* pairs with the other end: what the store's thread wrote can be seen from here on */
  g_assert (g_atomic_int_get (&self->handed_over));
  self->done (self, self->done_data);

  return G_SOURCE_REMOVE;
}

/* Tells whoever asked without waiting. No lock is held. Through a source of its own and not through
 * g_task_return_*(): the store's thread must not touch an object that a binding can see */
void
chihuo_call_finish (ChihuoCall *self)
{
  GSource *source;

  if (self->done == NULL)
    return;

  if (self->context == NULL)
    {
      self->done (self, self->done_data);
      return;
    }

  g_atomic_int_set (&self->handed_over, TRUE);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, done_cb, chihuo_call_ref (self),
                         (GDestroyNotify) chihuo_call_unref);
  g_source_set_static_name (source, "chihuo call");
  g_source_attach (source, self->context);
  g_source_unref (source);
}
