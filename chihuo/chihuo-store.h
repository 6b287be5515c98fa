/* chihuo-store.h - a thread, a backend and its batches: one for each configuration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-call.h"

G_BEGIN_DECLS

typedef struct _ChihuoStore ChihuoStore;
typedef struct _ChihuoStoreClient ChihuoStoreClient;
typedef struct _ChihuoStoreClientFuncs ChihuoStoreClientFuncs;
typedef struct _ChihuoMail ChihuoMail;
typedef void (* ChihuoStoreOnlineFunc) (gpointer data);

typedef enum
{
  CHIHUO_STORE_NEWS_WORK,   /* there may be something to claim */
  CHIHUO_STORE_NEWS_NOTICE, /* a running task may have been cancelled, finished or removed */
} ChihuoStoreNews;

/* An item of an engine, and what the engine wants to find again with the answer */
struct _ChihuoMail
{
  ChihuoItem item;
  gpointer   run; /* (nullable): the engine's */
};

/* An engine as the store sees it: plain C. The functions are called by whoever has the store's turn,
 * with no lock of the store held */
struct _ChihuoStoreClientFuncs
{
  /* puts up to `max` mails into `mails`; a claim of n counts as n */
  guint  (* collect) (ChihuoStoreClient  *client,
                      const ChihuoMoment *moment,
                      ChihuoMail         *mails,
                      guint               max);
  /* the answers to what it had collected; the mails are cleared afterwards */
  void   (* deliver) (ChihuoStoreClient  *client,
                      const ChihuoMoment *moment,
                      ChihuoMail         *mails,
                      guint               n_mails);
  /* what it had collected was certainly not done */
  void   (* undone)  (ChihuoStoreClient  *client,
                      const ChihuoMoment *moment,
                      ChihuoMail         *mails,
                      guint               n_mails,
                      const GError       *error);
  void   (* news)    (ChihuoStoreClient  *client,
                      ChihuoStoreNews     news);
  /* when it wants to be asked again, on the lease clock; G_MAXINT64 = not by itself */
  gint64 (* next)    (ChihuoStoreClient  *client);
};

struct _ChihuoStoreClient
{
  const ChihuoStoreClientFuncs *funcs;
  const char                   *queue;     /* interned */
  gatomicrefcount               ref_count;
  void                       (* free_func) (ChihuoStoreClient *client);
};

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

gboolean           chihuo_store_get_online     (ChihuoStore            *self);
guint              chihuo_store_watch_online   (ChihuoStore            *self,
                                                ChihuoStoreOnlineFunc   func,
                                                gpointer                data,
                                                GDestroyNotify          data_free);
void               chihuo_store_unwatch_online (ChihuoStore            *self,
                                                guint                   id);

ChihuoStoreClient *chihuo_store_client_ref     (ChihuoStoreClient      *client);
void               chihuo_store_client_unref   (ChihuoStoreClient      *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoStore, chihuo_store_unref)

G_END_DECLS
