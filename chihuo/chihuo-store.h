/* chihuo-store.h - a thread, a backend and its batches: one for each configuration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-call.h"
#include "chihuo-store-client.h"

G_BEGIN_DECLS

typedef struct _ChihuoStore ChihuoStore;
typedef void (* ChihuoStoreOnlineFunc) (gpointer data);

ChihuoStore       *chihuo_store_get            (const char             *server_config,
                                                GError                **error);
ChihuoStore       *chihuo_store_new            (ChihuoBackend          *backend,
                                                ChihuoConfig           *config);
ChihuoStore       *chihuo_store_ref            (ChihuoStore            *self);
void               chihuo_store_unref          (ChihuoStore            *self);
void               chihuo_store_wait_closed    (void);

gboolean           chihuo_store_call           (ChihuoStore            *self,
                                                ChihuoCall             *call,
                                                double                  timeout,
                                                GCancellable           *cancellable,
                                                GError                **error);
void               chihuo_store_send           (ChihuoStore            *self,
                                                ChihuoCall             *call,
                                                GMainContext           *context,
                                                ChihuoCallDone          done,
                                                gpointer                data);
gboolean           chihuo_store_take_back      (ChihuoStore            *self,
                                                ChihuoCall             *call);

void               chihuo_store_add_client     (ChihuoStore            *self,
                                                ChihuoStoreClient      *client);
void               chihuo_store_remove_client  (ChihuoStore            *self,
                                                ChihuoStoreClient      *client);
GPtrArray         *chihuo_store_get_clients    (ChihuoStore            *self,
                                                const char             *queue);
void               chihuo_store_kick           (ChihuoStore            *self);
gboolean           chihuo_store_carry          (ChihuoStore            *self);
gboolean           chihuo_store_is_shared      (ChihuoStore            *self);
gboolean           chihuo_store_can_notify     (ChihuoStore            *self);

gboolean           chihuo_store_get_online     (ChihuoStore            *self);
guint              chihuo_store_watch_online   (ChihuoStore            *self,
                                                ChihuoStoreOnlineFunc   func,
                                                gpointer                data,
                                                GDestroyNotify          data_free);
void               chihuo_store_unwatch_online (ChihuoStore            *self,
                                                guint                   id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoStore, chihuo_store_unref)

G_END_DECLS
