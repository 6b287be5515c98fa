/* chihuo-request.h - one call on a queue, from its arguments to its result
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-store.h"

G_BEGIN_DECLS

typedef struct _ChihuoRequest ChihuoRequest;

/* The last touch: the store is known, nothing was sent. It may still leave items out or refuse */
typedef void     (* ChihuoRequestPrepare) (ChihuoRequest *request);

/* Makes the result of the answers, or sets `request->error` and gives NULL */
typedef gpointer (* ChihuoRequestRead)    (ChihuoRequest *request);

/* What the blocking and the asynchronous form of a call have in common: all but the waiting. A result
 * is a pointer, and NULL means an error. Arguments that are no good make a request that was refused:
 * it carries the error and is never sent */
struct _ChihuoRequest
{
  const char           *queue;        /* interned */
  ChihuoCall           *call;         /* (owned) (nullable): NULL = the store is not asked at all */
  ChihuoRequestPrepare  prepare;      /* (nullable) */
  ChihuoRequestRead     read;         /* on the caller's side; by default: TRUE */
  GDestroyNotify        result_free;  /* (nullable): for a result that nobody fetched */
  gpointer              data;         /* (owned) (nullable): what `read` wants to find again */
  GDestroyNotify        data_free;

  GError               *error;        /* (owned) (nullable): why there is no result */
  ChihuoStore          *store;        /* (owned) (nullable): from the sending to the answer */
  gulong                cancelled_id; /* asynchronous: the handler on the caller's cancellable */
};

ChihuoRequest *chihuo_request_new        (const char         *queue,
                                          ChihuoCall         *call);
ChihuoRequest *chihuo_request_new_ids    (const char         *queue,
                                          ChihuoOp            op,
                                          const char * const *task_ids);
void           chihuo_request_free       (ChihuoRequest      *self);
void           chihuo_request_refuse     (ChihuoRequest      *self,
                                          GError             *error);
void           chihuo_request_invalid    (ChihuoRequest      *self,
                                          const char         *format,
                                          ...) G_GNUC_PRINTF (2, 3);
void           chihuo_request_refuse_nth (ChihuoRequest      *self,
                                          const char         *what,
                                          guint               index,
                                          const char         *task_id,
                                          GError             *error);
gboolean       chihuo_request_has_work   (ChihuoRequest      *self);
guint          chihuo_request_count      (ChihuoRequest      *self,
                                          ChihuoAnswer        answer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRequest, chihuo_request_free)

G_END_DECLS
