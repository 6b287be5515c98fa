/* chihuo-memory-lane.c - records in the order of their keys
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-lane.h"

/* Nearly all that comes belongs at the tail; what is added at the head or goes back alone belongs at
 * the front. For them a lane is a list, and everything is O(1). Only what belongs in the middle
 * goes to a tree beside the list. Both are in order, so the first of the lane is the lower one of
 * both firsts. */

ChihuoMemoryKey
chihuo_memory_node_get_key (const ChihuoMemoryNode *node)
{
  ChihuoMemoryKey key;

  chihuo_record_get_key (&node->record, &key.major, &key.minor);

  return key;
}

/* Asks the processor for what is touched when the node is handed out, and for the node behind it: that
 * one's turn to be asked comes next. With a million tasks nothing of them is in the cache */
void
chihuo_memory_node_prefetch (const ChihuoMemoryNode *node)
{
  __builtin_prefetch (node->record.payload);
  if (node->tree.weight == 0)
    __builtin_prefetch (node->list.next);
}

int
chihuo_memory_key_compare (const ChihuoMemoryKey *a, const ChihuoMemoryKey *b)
{
  if (a->major != b->major)
    return a->major < b->major ? -1 : 1;
  if (a->minor != b->minor)
    return a->minor < b->minor ? -1 : 1;
  return 0;
}

static ChihuoMemoryNode *
from_tree (ChihuoTreapNode *tree)
{
  if (tree == NULL)
    return NULL;

  return (ChihuoMemoryNode *) (void *) ((char *) tree - G_STRUCT_OFFSET (ChihuoMemoryNode, tree));
}

static int
compare_key_with_node (gconstpointer key, const ChihuoTreapNode *tree)
{
  ChihuoMemoryKey other = chihuo_memory_node_get_key (from_tree ((ChihuoTreapNode *) tree));

  return chihuo_memory_key_compare (key, &other);
}

static int
compare_nodes (const ChihuoMemoryNode *a, const ChihuoMemoryNode *b)
{
  ChihuoMemoryKey key_a = chihuo_memory_node_get_key (a);
  ChihuoMemoryKey key_b = chihuo_memory_node_get_key (b);

  return chihuo_memory_key_compare (&key_a, &key_b);
}

static ChihuoMemoryNode *
get_lower (ChihuoMemoryNode *a, ChihuoMemoryNode *b)
{
  if (a == NULL || b == NULL)
    return a != NULL ? a : b;

  return compare_nodes (a, b) < 0 ? a : b;
}

static void
append (ChihuoMemoryLane *self, ChihuoMemoryNode *node)
{
  node->list.prev = self->last;
  node->list.next = NULL;
  if (self->last != NULL)
    self->last->list.next = node;
  else
    self->first = node;
  self->last = node;
}

static void
prepend (ChihuoMemoryLane *self, ChihuoMemoryNode *node)
{
  node->list.prev = NULL;
  node->list.next = self->first;
  self->first->list.prev = node;
  self->first = node;
}

/* The key of the node must not be in the lane yet */
void
chihuo_memory_lane_insert (ChihuoMemoryLane *self, ChihuoMemoryNode *node)
{
  ChihuoMemoryKey key;

  if (self->last == NULL || compare_nodes (node, self->last) > 0)
    {
      append (self, node);
      return;
    }
  if (compare_nodes (node, self->first) < 0)
    {
      prepend (self, node);
      return;
    }

  key = chihuo_memory_node_get_key (node);
  chihuo_treap_insert (&self->root, &node->tree, &key, chihuo_payload_hash (node->record.payload),
                       compare_key_with_node);
}

/* The key is the one that the node had when it was inserted: its record may have changed since */
void
chihuo_memory_lane_remove (ChihuoMemoryLane *self, ChihuoMemoryNode *node,
                           const ChihuoMemoryKey *key)
{
  if (node->tree.weight != 0)
    {
      chihuo_treap_remove (&self->root, &node->tree, key, compare_key_with_node);
      return;
    }

  if (node->list.prev != NULL)
    node->list.prev->list.next = node->list.next;
  else
    self->first = node->list.next;
  if (node->list.next != NULL)
    node->list.next->list.prev = node->list.prev;
  else
    self->last = node->list.prev;
}

gboolean
chihuo_memory_lane_is_empty (const ChihuoMemoryLane *self)
{
  return self->first == NULL && self->root == NULL;
}

ChihuoMemoryNode *
chihuo_memory_lane_get_first (const ChihuoMemoryLane *self)
{
  if (self->root == NULL)
    return self->first;

  return get_lower (self->first, from_tree (chihuo_treap_first (self->root)));
}

void
chihuo_memory_lane_iter_init (ChihuoMemoryLaneIter *iter, const ChihuoMemoryLane *lane)
{
  iter->lane = lane;
  iter->list = lane->first;
  iter->tree = from_tree (chihuo_treap_first (lane->root));
}

/* Starts behind a key. `at` is the lane's node that has it, if there is one and somebody knows it:
 * in the list that saves a walk from its first */
void
chihuo_memory_lane_iter_after (ChihuoMemoryLaneIter *iter, const ChihuoMemoryLane *lane,
                               const ChihuoMemoryKey *key, ChihuoMemoryNode *at)
{
  iter->lane = lane;
  iter->tree = from_tree (chihuo_treap_after (lane->root, key, compare_key_with_node));

  if (at != NULL && at->tree.weight == 0)
    {
      iter->list = at->list.next;
      return;
    }

  for (iter->list = lane->first; iter->list != NULL; iter->list = iter->list->list.next)
    {
      ChihuoMemoryKey other = chihuo_memory_node_get_key (iter->list);

      if (chihuo_memory_key_compare (key, &other) < 0)
        return;
    }
}

ChihuoMemoryNode *
chihuo_memory_lane_iter_peek (ChihuoMemoryLaneIter *iter)
{
  return get_lower (iter->list, iter->tree);
}

ChihuoMemoryNode *
chihuo_memory_lane_iter_next (ChihuoMemoryLaneIter *iter)
{
  ChihuoMemoryNode *node = chihuo_memory_lane_iter_peek (iter);

  if (node == NULL)
    return NULL;

  if (node == iter->list)
    iter->list = node->list.next;
  else
    {
      ChihuoMemoryKey key = chihuo_memory_node_get_key (node);

      iter->tree = from_tree (chihuo_treap_after (iter->lane->root, &key, compare_key_with_node));
    }

  return node;
}
