/* chihuo-memory-index.h - finds a record by its id
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-memory-lane.h"

G_BEGIN_DECLS

typedef struct _ChihuoMemoryIndex ChihuoMemoryIndex;
typedef struct _ChihuoMemorySlot ChihuoMemorySlot;

/* All zero: empty */
struct _ChihuoMemoryIndex
{
  ChihuoMemorySlot *slots; /* (owned) (nullable) */
  gsize             size;  /* of slots: a power of two, or 0 */
  gsize             n_nodes;
};

void              chihuo_memory_index_clear    (ChihuoMemoryIndex       *self);
void              chihuo_memory_index_prefetch (const ChihuoMemoryIndex *self,
                                                ChihuoPayload           *id);
ChihuoMemoryNode *chihuo_memory_index_find     (const ChihuoMemoryIndex *self,
                                                ChihuoPayload           *id);
void              chihuo_memory_index_add      (ChihuoMemoryIndex       *self,
                                                ChihuoMemoryNode        *node);
void              chihuo_memory_index_remove   (ChihuoMemoryIndex       *self,
                                                ChihuoMemoryNode        *node);
ChihuoMemoryNode *chihuo_memory_index_next     (const ChihuoMemoryIndex *self,
                                                gsize                   *at);

G_END_DECLS
