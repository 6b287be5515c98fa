/* chihuo-bell.h - calls an object on a context of its own, rung from any thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ChihuoBell ChihuoBell;
typedef void (* ChihuoBellFunc) (gpointer object);

ChihuoBell *chihuo_bell_new   (gpointer        object,
                               GMainContext   *context,
                               ChihuoBellFunc  func);
ChihuoBell *chihuo_bell_ref   (ChihuoBell     *self);
void        chihuo_bell_unref (ChihuoBell     *self);
void        chihuo_bell_ring  (ChihuoBell     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoBell, chihuo_bell_unref)

G_END_DECLS
