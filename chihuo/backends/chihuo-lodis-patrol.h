/* chihuo-lodis-patrol.h - when to look for dead workers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-batch.h"
#include "chihuo-lodis-txn.h"

G_BEGIN_DECLS

typedef struct
{
  GHashTable *versions;  /* (owned): queue, interned → (owned) (nullable) its version at the last look */
  gint64      next;      /* when the next look is due, by the caller's lease clock */
  gboolean    has_short; /* there may be a lease that ends before */
} ChihuoLodisPatrol;

void     chihuo_lodis_patrol_init       (ChihuoLodisPatrol  *self);
void     chihuo_lodis_patrol_clear      (ChihuoLodisPatrol  *self);
gboolean chihuo_lodis_patrol_is_short   (const ChihuoItem   *item);
gboolean chihuo_lodis_patrol_is_due     (ChihuoLodisPatrol  *self,
                                         gint64              now);
void     chihuo_lodis_patrol_note_batch (ChihuoLodisPatrol  *self,
                                         ChihuoLodisTxn     *txn,
                                         const ChihuoBatch  *batch);
void     chihuo_lodis_patrol_note_look  (ChihuoLodisPatrol  *self,
                                         ChihuoLodisTxn     *txn,
                                         gint64              now,
                                         gint64              lease);

G_END_DECLS
