/* chihuo-cancel-cell.h - a task's cancellable, apart from the task
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChihuoCancelCell ChihuoCancelCell;

/* Whoever cancels so needs no reference to an object that a binding can see: plain C, reference
 * counted */
struct _ChihuoCancelCell
{
  gatomicrefcount ref_count;
  GCancellable   *cancellable; /* (owned) */
};

ChihuoCancelCell *chihuo_cancel_cell_new   (void);
ChihuoCancelCell *chihuo_cancel_cell_ref   (ChihuoCancelCell *self);
void              chihuo_cancel_cell_unref (ChihuoCancelCell *self);

G_END_DECLS
