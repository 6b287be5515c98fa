/* test-memory-marks.c - tests of the order of finished ids
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-marks.h"

/* In the order of their bytes, which is not that of any language */
static const char *const ids[] = { "A", "B", "a", "aa", "ab", "b", "\xc3\xa4" };

#define N_IDS G_N_ELEMENTS (ids)

static void
fill (ChihuoMemoryMarks *marks, ChihuoMemoryNode *nodes)
{
  for (guint i = 0; i < N_IDS; i++)
    {
      guint shuffled = i * 3 % N_IDS;

      nodes[shuffled].record.payload = chihuo_payload_new (ids[shuffled], -1, NULL, 0);
      chihuo_memory_marks_add (marks, &nodes[shuffled]);
    }
}

static void
clear (ChihuoMemoryNode *nodes)
{
  for (guint i = 0; i < N_IDS; i++)
    chihuo_record_clear (&nodes[i].record);
}

static void
test_order (void)
{
  g_autoptr (ChihuoMemoryMarks) marks = chihuo_memory_marks_new ();
  ChihuoMemoryNode nodes[N_IDS] = { 0 };
  ChihuoMemoryNode *node;

  g_assert_null (chihuo_memory_marks_first (marks));
  fill (marks, nodes);

  node = chihuo_memory_marks_first (marks);
  for (guint i = 0; i < N_IDS; i++)
    {
      g_assert_true (node == &nodes[i]);
      node = chihuo_memory_marks_after (marks, ids[i]);
    }
  g_assert_null (node);
  g_assert_true (chihuo_memory_marks_after (marks, "a\x01") == &nodes[3]);
  g_assert_true (chihuo_memory_marks_after (marks, "C") == &nodes[2]);
  clear (nodes);
}

static void
test_remove (void)
{
  g_autoptr (ChihuoMemoryMarks) marks = chihuo_memory_marks_new ();
  ChihuoMemoryNode nodes[N_IDS] = { 0 };

  fill (marks, nodes);
  chihuo_memory_marks_remove (marks, &nodes[3]);
  g_assert_true (chihuo_memory_marks_after (marks, "a") == &nodes[4]);
  chihuo_memory_marks_remove (marks, &nodes[0]);
  g_assert_true (chihuo_memory_marks_first (marks) == &nodes[1]);
  clear (nodes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/memory-marks/order", test_order);
  g_test_add_func ("/memory-marks/remove", test_remove);

  return g_test_run ();
}
