/* chihuo-memory-marks.c - the finished ids in the order of their bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-memory-marks.h"

/* Few programs ever list their finished ids, so nodes have no room for this order: it is a tree of
 * its own, which a queue only has from the first such list on. */

typedef struct
{
  ChihuoTreapNode   tree; /* first */
  ChihuoMemoryNode *node; /* (not owned) */
} Mark;

typedef struct
{
  const char *id;
  gsize       length;
} Key;

struct _ChihuoMemoryMarks
{
  ChihuoTreapNode *root; /* (owned) (nullable) */
};

static Key
get_key (const ChihuoMemoryNode *node)
{
  ChihuoPayload *payload = node->record.payload;

  return (Key) { chihuo_payload_get_id (payload), chihuo_payload_get_id_length (payload) };
}

static int
compare_key_with_mark (gconstpointer data, const ChihuoTreapNode *tree)
{
  const Key *key = data;
  Key other = get_key (((const Mark *) tree)->node);
  int order = memcmp (key->id, other.id, MIN (key->length, other.length));

  if (order != 0)
    return order;
  if (key->length != other.length)
    return key->length < other.length ? -1 : 1;
  return 0;
}

static ChihuoMemoryNode *
get_node (ChihuoTreapNode *tree)
{
  return tree != NULL ? ((Mark *) tree)->node : NULL;
}

ChihuoMemoryMarks *
chihuo_memory_marks_new (void)
{
  return g_new0 (ChihuoMemoryMarks, 1);
}

/* The nodes may be gone already, so no key is looked at: the tree is turned into a list, link by
 * link, and freed from its head */
void
chihuo_memory_marks_free (ChihuoMemoryMarks *self)
{
  ChihuoTreapNode *tree = self->root;

  while (tree != NULL)
    {
      ChihuoTreapNode *left = tree->left;

      if (left != NULL)
        {
          tree->left = left->right;
          left->right = tree;
          tree = left;
          continue;
        }

      left = tree;
      tree = tree->right;
      g_free (left);
    }

  g_free (self);
}

void
chihuo_memory_marks_add (ChihuoMemoryMarks *self, ChihuoMemoryNode *node)
{
  Mark *mark = g_new0 (Mark, 1);
  Key key = get_key (node);

  mark->node = node;
  chihuo_treap_insert (&self->root, &mark->tree, &key, chihuo_payload_hash (node->record.payload),
                       compare_key_with_mark);
}

void
chihuo_memory_marks_remove (ChihuoMemoryMarks *self, ChihuoMemoryNode *node)
{
  Key key = get_key (node);
  ChihuoTreapNode *tree = chihuo_treap_find (self->root, &key, compare_key_with_mark);

  g_assert (get_node (tree) == node);
  chihuo_treap_remove (&self->root, tree, &key, compare_key_with_mark);
  g_free (tree);
}

ChihuoMemoryNode *
chihuo_memory_marks_first (ChihuoMemoryMarks *self)
{
  return get_node (chihuo_treap_first (self->root));
}

ChihuoMemoryNode *
chihuo_memory_marks_after (ChihuoMemoryMarks *self, const char *id)
{
  Key key = { id, strlen (id) };

  return get_node (chihuo_treap_after (self->root, &key, compare_key_with_mark));
}
