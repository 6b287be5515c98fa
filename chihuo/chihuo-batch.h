/* chihuo-batch.h - what one exchange with a backend carries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include "chihuo-item.h"
#include "chihuo-task-life.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_BATCH (chihuo_batch_get_type ())

/**
 * CHIHUO_BATCH_MAX_ITEMS:
 *
 * A batch is cut at so many items; a claim of n counts as n items.
 *
 * Since: 1.0
 */
#define CHIHUO_BATCH_MAX_ITEMS 256

/**
 * CHIHUO_BATCH_MAX_BYTES:
 *
 * A batch is cut at so many bytes of ids and infos.
 *
 * Since: 1.0
 */
#define CHIHUO_BATCH_MAX_BYTES (1024 * 1024)

typedef struct _ChihuoBatch ChihuoBatch;

#ifndef __GI_SCANNER__
struct _ChihuoBatch
{
  gatomicrefcount ref_count;
  const char   *client;   /* interned: the store that sends it, a uuid */
  guint32       request;  /* grows with each batch of this client; a repetition has the same */
  gboolean      repeated; /* it was sent before, and nobody knows what became of it */
  ChihuoMoment  moment;   /* the client's clocks: a backend that has clocks of its own may put them here */
  ChihuoItem  **items;    /* (not owned) (array length=n_items): to be done in this order */
  guint         n_items;
  GError       *refusal;  /* out (owned) (nullable): why adds were answered REFUSED */
};
#endif

CHIHUO_AVAILABLE_IN_ALL
GType          chihuo_batch_get_type    (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
ChihuoBatch   *chihuo_batch_ref         (ChihuoBatch   *self);
CHIHUO_AVAILABLE_IN_ALL
void           chihuo_batch_unref       (ChihuoBatch   *self);
CHIHUO_AVAILABLE_IN_ALL
guint          chihuo_batch_get_n_items (ChihuoBatch   *self);
CHIHUO_AVAILABLE_IN_ALL
ChihuoOp       chihuo_batch_get_op      (ChihuoBatch   *self,
                                         guint          index);
CHIHUO_AVAILABLE_IN_ALL
const char    *chihuo_batch_get_queue   (ChihuoBatch   *self,
                                         guint          index);
CHIHUO_AVAILABLE_IN_ALL
ChihuoPayload *chihuo_batch_get_payload (ChihuoBatch   *self,
                                         guint          index);
CHIHUO_AVAILABLE_IN_ALL
void           chihuo_batch_answer      (ChihuoBatch   *self,
                                         guint          index,
                                         ChihuoAnswer   answer);
CHIHUO_AVAILABLE_IN_ALL
void           chihuo_batch_clear_answers
                                        (ChihuoBatch   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoBatch, chihuo_batch_unref)

G_END_DECLS
