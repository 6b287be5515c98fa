/* chihuo-queue-private.h - what the calls on a queue share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-queue.h"
#include "chihuo-request.h"

G_BEGIN_DECLS

ChihuoStore *chihuo_queue_ref_store   (ChihuoQueue         *self,
                                       GError             **error);
ChihuoStore *chihuo_queue_steal_store (ChihuoQueue         *self);
ChihuoStore *chihuo_queue_peek_store  (ChihuoQueue         *self);

gpointer     chihuo_queue_ask         (ChihuoQueue         *self,
                                       ChihuoRequest       *request,
                                       GError             **error);
void         chihuo_queue_ask_async   (ChihuoQueue         *self,
                                       ChihuoRequest       *request,
                                       gpointer             source_tag,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);
gpointer     chihuo_queue_ask_finish  (ChihuoQueue         *self,
                                       GAsyncResult        *result,
                                       gpointer             source_tag,
                                       GError             **error);

G_END_DECLS
