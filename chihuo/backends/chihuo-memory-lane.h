/* chihuo-memory-lane.h - records in the order of their keys
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-record.h"
#include "chihuo-treap.h"

G_BEGIN_DECLS

typedef struct _ChihuoMemoryKey ChihuoMemoryKey;
typedef struct _ChihuoMemoryNode ChihuoMemoryNode;
typedef struct _ChihuoMemoryLane ChihuoMemoryLane;
typedef struct _ChihuoMemoryLaneIter ChihuoMemoryLaneIter;

/* What chihuo_record_get_key() says */
struct _ChihuoMemoryKey
{
  gint64 major;
  gint64 minor;
};

/* 120 bytes: one for each id, in one lane at most */
struct _ChihuoMemoryNode
{
  ChihuoRecord record; /* first, and the payload first in it: the hash table's key */

  union
  {
    ChihuoTreapNode tree; /* the weight is 0 while it stands in the list */

    struct
    {
      ChihuoMemoryNode *prev;
      ChihuoMemoryNode *next;
    } list;
  };
};

/* All zero: empty */
struct _ChihuoMemoryLane
{
  ChihuoMemoryNode *first; /* (nullable): the list */
  ChihuoMemoryNode *last;
  ChihuoTreapNode  *root;  /* (nullable): the tree beside it */
};

/* The node that it has given may be taken out or freed; nobody else may */
struct _ChihuoMemoryLaneIter
{
  const ChihuoMemoryLane *lane;
  ChihuoMemoryNode       *list; /* the next ones of both */
  ChihuoMemoryNode       *tree;
};

ChihuoMemoryKey   chihuo_memory_node_get_key    (const ChihuoMemoryNode *node);
void              chihuo_memory_node_prefetch   (const ChihuoMemoryNode *node);
int               chihuo_memory_key_compare     (const ChihuoMemoryKey  *a,
                                                 const ChihuoMemoryKey  *b);
void              chihuo_memory_lane_insert     (ChihuoMemoryLane       *self,
                                                 ChihuoMemoryNode       *node);
void              chihuo_memory_lane_remove     (ChihuoMemoryLane       *self,
                                                 ChihuoMemoryNode       *node,
                                                 const ChihuoMemoryKey  *key);
gboolean          chihuo_memory_lane_is_empty   (const ChihuoMemoryLane *self);
ChihuoMemoryNode *chihuo_memory_lane_get_first  (const ChihuoMemoryLane *self);
void              chihuo_memory_lane_iter_init  (ChihuoMemoryLaneIter   *iter,
                                                 const ChihuoMemoryLane *lane);
void              chihuo_memory_lane_iter_after (ChihuoMemoryLaneIter   *iter,
                                                 const ChihuoMemoryLane *lane,
                                                 const ChihuoMemoryKey  *key,
                                                 ChihuoMemoryNode       *at);
ChihuoMemoryNode *chihuo_memory_lane_iter_peek  (ChihuoMemoryLaneIter   *iter);
ChihuoMemoryNode *chihuo_memory_lane_iter_next  (ChihuoMemoryLaneIter   *iter);

G_END_DECLS
