/* chihuo-simple-upkeep.h - a simple backend's work on all of a queue, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-simple-queue.h"

G_BEGIN_DECLS

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
gboolean chihuo_simple_sweep (ChihuoSimpleQueue   *queue,
                              ChihuoSweep         *sweep,
                              GError             **error);
gboolean chihuo_simple_reap  (ChihuoSimpleQueue   *queue,
                              const ChihuoMoment  *moment,
                              char               **after,
                              guint               *left,
                              guint               *n_reaped,
                              GError             **error);
gboolean chihuo_simple_trim  (ChihuoSimpleQueue   *queue,
                              const ChihuoMoment  *moment,
                              guint               *left,
                              GError             **error);
gboolean chihuo_simple_forget (ChihuoSimpleBackend *backend,
                              const char          *queue,
                              char                 kind,
                              gint64               now,
                              guint               *left,
                              GError             **error);

G_END_DECLS
