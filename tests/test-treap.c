/* test-treap.c - tests of the ordered tree
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-treap.h"

#define N_NUMBERS 2000

typedef struct
{
  ChihuoTreapNode node; /* first */
  int             key;
} Number;

static int
compare (gconstpointer key, const ChihuoTreapNode *node)
{
  int a = *(const int *) key;
  int b = ((const Number *) node)->key;

  return (a > b) - (a < b);
}

static void
insert (ChihuoTreapNode **root, Number *number)
{
  chihuo_treap_insert (root, &number->node, &number->key, number->key, compare);
}

/* Checks order, heap and depth; says how many there are */
static guint
check (const ChihuoTreapNode *node, int min, int max, guint depth)
{
  const Number *number = (const Number *) node;

  if (node == NULL)
    return 0;

  g_assert_cmpint (number->key, >=, min);
  g_assert_cmpint (number->key, <=, max);
  g_assert_cmpuint (node->weight, !=, 0);
  g_assert_cmpuint (depth, <, 60);
  if (node->left != NULL)
    g_assert_cmpuint (node->left->weight, <=, node->weight);
  if (node->right != NULL)
    g_assert_cmpuint (node->right->weight, <=, node->weight);

  return 1 + check (node->left, min, number->key - 1, depth + 1)
         + check (node->right, number->key + 1, max, depth + 1);
}

static void
test_empty (void)
{
  int key = 1;

  g_assert_null (chihuo_treap_first (NULL));
  g_assert_null (chihuo_treap_find (NULL, &key, compare));
  g_assert_null (chihuo_treap_after (NULL, &key, compare));
}

static void
test_ascending (void)
{
  g_autofree Number *numbers = g_new0 (Number, N_NUMBERS);
  ChihuoTreapNode *root = NULL;

  for (int i = 0; i < N_NUMBERS; i++)
    {
      numbers[i].key = 2 * i;
      insert (&root, &numbers[i]);
    }
  g_assert_cmpuint (check (root, 0, 2 * N_NUMBERS, 0), ==, N_NUMBERS);
  g_assert_true (chihuo_treap_first (root) == &numbers[0].node);

  for (int key = -1; key < 2 * N_NUMBERS - 2; key++)
    {
      ChihuoTreapNode *after = chihuo_treap_after (root, &key, compare);
      ChihuoTreapNode *found = chihuo_treap_find (root, &key, compare);

      g_assert_true (after == &numbers[(key + 2) / 2].node);
      g_assert_true (found == (key >= 0 && key % 2 == 0 ? &numbers[key / 2].node : NULL));
    }
  g_assert_null (chihuo_treap_after (root, &numbers[N_NUMBERS - 1].key, compare));
}

static void
test_random (void)
{
  g_autofree Number *numbers = g_new0 (Number, N_NUMBERS);
  ChihuoTreapNode *root = NULL;
  guint n = 0;

  for (int i = 0; i < N_NUMBERS; i++)
    numbers[i].key = i;

  for (guint i = 0; i < 20 * N_NUMBERS; i++)
    {
      Number *number = &numbers[g_test_rand_int_range (0, N_NUMBERS)];

      if (number->node.weight == 0)
        {
          insert (&root, number);
          n++;
        }
      else
        {
          chihuo_treap_remove (&root, &number->node, &number->key, compare);
          g_assert_cmpuint (number->node.weight, ==, 0);
          n--;
        }
      if (i % 100 == 0)
        g_assert_cmpuint (check (root, 0, N_NUMBERS, 0), ==, n);
    }

  for (int i = 0; i < N_NUMBERS; i++)
    g_assert_true ((chihuo_treap_find (root, &i, compare) != NULL)
                   == (numbers[i].node.weight != 0));
}

/* A record's key changes before its node is taken out */
static void
test_remove_by_old_key (void)
{
  Number numbers[3] = { { .key = 1 }, { .key = 2 }, { .key = 3 } };
  ChihuoTreapNode *root = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    insert (&root, &numbers[i]);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      int old_key = numbers[i].key;

      numbers[i].key = 10 - old_key;
      chihuo_treap_remove (&root, &numbers[i].node, &old_key, compare);
      g_assert_cmpuint (check (root, 1, 3, 0), ==, 2 - i);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/treap/empty", test_empty);
  g_test_add_func ("/treap/ascending", test_ascending);
  g_test_add_func ("/treap/random", test_random);
  g_test_add_func ("/treap/remove-by-old-key", test_remove_by_old_key);

  return g_test_run ();
}
