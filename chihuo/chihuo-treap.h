/* chihuo-treap.h - an ordered tree whose links live in what it orders
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChihuoTreapNode ChihuoTreapNode;

/* Embedded in what is ordered */
struct _ChihuoTreapNode
{
  ChihuoTreapNode *left;   /* (not owned) (nullable) */
  ChihuoTreapNode *right;  /* (not owned) (nullable) */
  guint32          weight; /* 0: it stands in no treap */
};

/* Says like strcmp() how a key stands to the key of a node; 0 is for the same key only */
typedef int (* ChihuoTreapCompare) (gconstpointer          key,
                                    const ChihuoTreapNode *node);

void             chihuo_treap_insert (ChihuoTreapNode    **root,
                                      ChihuoTreapNode     *node,
                                      gconstpointer        key,
                                      guint32              seed,
                                      ChihuoTreapCompare   compare);
void             chihuo_treap_remove (ChihuoTreapNode    **root,
                                      ChihuoTreapNode     *node,
                                      gconstpointer        key,
                                      ChihuoTreapCompare   compare);
ChihuoTreapNode *chihuo_treap_first  (ChihuoTreapNode     *root);
ChihuoTreapNode *chihuo_treap_find   (ChihuoTreapNode     *root,
                                      gconstpointer        key,
                                      ChihuoTreapCompare   compare);
ChihuoTreapNode *chihuo_treap_after  (ChihuoTreapNode     *root,
                                      gconstpointer        key,
                                      ChihuoTreapCompare   compare);

G_END_DECLS
