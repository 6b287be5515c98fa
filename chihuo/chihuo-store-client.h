/* chihuo-store-client.h - an engine as its store sees it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-batch.h"

G_BEGIN_DECLS

typedef struct _ChihuoStoreClient ChihuoStoreClient;
typedef struct _ChihuoStoreClientFuncs ChihuoStoreClientFuncs;
typedef struct _ChihuoMail ChihuoMail;

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

ChihuoStoreClient *chihuo_store_client_ref   (ChihuoStoreClient *client);
void               chihuo_store_client_unref (ChihuoStoreClient *client);

G_END_DECLS
