/* chihuo-cancel-cell.c - a task's cancellable, apart from the task
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-cancel-cell.h"

ChihuoCancelCell *
chihuo_cancel_cell_new (void)
{
  ChihuoCancelCell *self = g_new (ChihuoCancelCell, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->cancellable = g_cancellable_new ();

  return self;
}

ChihuoCancelCell *
chihuo_cancel_cell_ref (ChihuoCancelCell *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
chihuo_cancel_cell_unref (ChihuoCancelCell *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_object_unref (self->cancellable);
  g_free (self);
}
