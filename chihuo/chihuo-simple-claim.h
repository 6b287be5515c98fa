/* chihuo-simple-claim.h - how a simple backend's queue hands out tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-simple-queue.h"

G_BEGIN_DECLS

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
gboolean chihuo_simple_claim (ChihuoSimpleQueue   *queue,
                              ChihuoItem          *item,
                              const ChihuoMoment  *moment,
                              gboolean             repeated,
                              GError             **error);

G_END_DECLS
