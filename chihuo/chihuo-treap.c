/* chihuo-treap.c - an ordered tree whose links live in what it orders
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-treap.h"

/* A search tree by key that is a heap by weight. With weights that look random it is as deep as a
 * random tree, about 2 · ln n, and a node needs two links only: there is no parent to keep, and no
 * balance. The tree is its root pointer, NULL when empty. No two nodes may have the same key. */

/* Hashes of neighbours are neighbours; mixed they look random (MurmurHash3's last step) */
static guint32
mix (guint32 seed)
{
  seed = (seed ^ (seed >> 16)) * 0x85ebca6bu;
  seed = (seed ^ (seed >> 13)) * 0xc2b2ae35u;

  return (seed ^ (seed >> 16)) | 1;
}

/* Cuts a tree in two: what is before the key, and what is after it */
static void
split (ChihuoTreapNode *tree, gconstpointer key, ChihuoTreapCompare compare,
       ChihuoTreapNode **before, ChihuoTreapNode **after)
{
  while (tree != NULL)
    {
      if (compare (key, tree) < 0)
        {
          *after = tree;
          after = &tree->left;
          tree = tree->left;
        }
      else
        {
          *before = tree;
          before = &tree->right;
          tree = tree->right;
        }
    }

  *before = NULL;
  *after = NULL;
}

/**
 * chihuo_treap_insert: (skip)
 * @root: (inout): the tree
 * @node: a node that stands in no treap
 * @key: its key
 * @seed: any number that tells it from its neighbours, such as a hash
 * @compare: how keys are ordered
 *
 * Puts a node in its place.
 *
 * Since: 1.0
 */
void
chihuo_treap_insert (ChihuoTreapNode **root, ChihuoTreapNode *node, gconstpointer key, guint32 seed,
                     ChihuoTreapCompare compare)
{
  ChihuoTreapNode **link = root;

  node->weight = mix (seed);
  while (*link != NULL && (*link)->weight >= node->weight)
    link = compare (key, *link) < 0 ? &(*link)->left : &(*link)->right;

  split (*link, key, compare, &node->left, &node->right);
  *link = node;
}

/**
 * chihuo_treap_remove: (skip)
 * @root: (inout): the tree
 * @node: a node of it
 * @key: the key that it was inserted with: what the node itself says of its key
 *   may have changed meanwhile
 * @compare: how keys are ordered
 *
 * Takes a node out.
 *
 * Since: 1.0
 */
void
chihuo_treap_remove (ChihuoTreapNode **root, ChihuoTreapNode *node, gconstpointer key,
                     ChihuoTreapCompare compare)
{
  ChihuoTreapNode **link = root;
  ChihuoTreapNode *left = node->left;
  ChihuoTreapNode *right = node->right;

  while (*link != node)
    {
      g_assert (*link != NULL);
      link = compare (key, *link) < 0 ? &(*link)->left : &(*link)->right;
    }

  while (left != NULL && right != NULL)
    {
      if (left->weight >= right->weight)
        {
          *link = left;
          link = &left->right;
          left = left->right;
        }
      else
        {
          *link = right;
          link = &right->left;
          right = right->left;
        }
    }
  *link = left != NULL ? left : right;

  *node = (ChihuoTreapNode) { NULL, NULL, 0 };
}

/**
 * chihuo_treap_first: (skip)
 * @root: (nullable): the tree
 *
 * Finds the node with the lowest key.
 *
 * Returns: (transfer none) (nullable): the node, or %NULL in an empty tree
 *
 * Since: 1.0
 */
ChihuoTreapNode *
chihuo_treap_first (ChihuoTreapNode *root)
{
  while (root != NULL && root->left != NULL)
    root = root->left;

  return root;
}

/**
 * chihuo_treap_find: (skip)
 * @root: (nullable): the tree
 * @key: a key
 * @compare: how keys are ordered
 *
 * Finds the node that has a key.
 *
 * Returns: (transfer none) (nullable): the node, or %NULL
 *
 * Since: 1.0
 */
ChihuoTreapNode *
chihuo_treap_find (ChihuoTreapNode *root, gconstpointer key, ChihuoTreapCompare compare)
{
  while (root != NULL)
    {
      int order = compare (key, root);

      if (order == 0)
        return root;
      root = order < 0 ? root->left : root->right;
    }

  return NULL;
}

/**
 * chihuo_treap_after: (skip)
 * @root: (nullable): the tree
 * @key: a key; there need not be a node that has it
 * @compare: how keys are ordered
 *
 * Finds the first node behind a key.
 *
 * Returns: (transfer none) (nullable): the node, or %NULL
 *
 * Since: 1.0
 */
ChihuoTreapNode *
chihuo_treap_after (ChihuoTreapNode *root, gconstpointer key, ChihuoTreapCompare compare)
{
  ChihuoTreapNode *found = NULL;

  while (root != NULL)
    {
      if (compare (key, root) < 0)
        {
          found = root;
          root = root->left;
        }
      else
        root = root->right;
    }

  return found;
}
