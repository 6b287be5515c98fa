/* chihuo-parcel.h - a batch, and who wants its answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-call.h"
#include "chihuo-store-client.h"

G_BEGIN_DECLS

typedef struct _ChihuoParcel ChihuoParcel;

/* Part of a call that travels in a parcel */
typedef struct
{
  ChihuoCall *call;  /* (owned) */
  guint       first; /* its first item here */
  guint       n;
} ChihuoParcelPart;

struct _ChihuoParcel
{
  ChihuoBatch *batch;
  ChihuoMoment moment;  /* of the engines' clocks: in the batch a backend may put its own */
  gsize        n_bytes; /* of what the calls' items carry */
  GArray      *parts;   /* of ChihuoParcelPart: calls, in order */
  GArray      *shares;  /* private */
  ChihuoMail  *mails;   /* private */
};

void     chihuo_parcel_init     (ChihuoParcel       *self,
                                 const char         *client);
void     chihuo_parcel_free     (ChihuoParcel       *self);
guint    chihuo_parcel_add_call (ChihuoParcel       *self,
                                 ChihuoCall         *call);
void     chihuo_parcel_collect  (ChihuoParcel       *self,
                                 ChihuoStoreClient  *client);
gboolean chihuo_parcel_is_full  (ChihuoParcel       *self);
gboolean chihuo_parcel_is_empty (ChihuoParcel       *self);
void     chihuo_parcel_deliver  (ChihuoParcel       *self);
void     chihuo_parcel_undone   (ChihuoParcel       *self,
                                 const GError       *error);
void     chihuo_parcel_clear    (ChihuoParcel       *self);

G_END_DECLS
