/* test-memory-lane.c - tests of records in the order of their keys
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-lane.h"

#define N_NODES 9

typedef struct
{
  ChihuoMemoryLane lane;
  ChihuoMemoryNode nodes[N_NODES]; /* node i has the place i */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < N_NODES; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d", i);

      f->nodes[i].record.payload = chihuo_payload_new (id, -1, NULL, 0);
      f->nodes[i].record.state = CHIHUO_TASK_STATE_WAITING;
      f->nodes[i].record.place = i;
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < N_NODES; i++)
    chihuo_record_clear (&f->nodes[i].record);
}

static void
insert (Fixture *f, const char *digits)
{
  for (; *digits != '\0'; digits++)
    chihuo_memory_lane_insert (&f->lane, &f->nodes[*digits - '0']);
}

static void
take_out (Fixture *f, int i)
{
  ChihuoMemoryKey key = { 0, i };

  chihuo_memory_lane_remove (&f->lane, &f->nodes[i], &key);
}

static void
expect_rest (ChihuoMemoryLaneIter *iter, const char *expected)
{
  g_autoptr (GString) digits = g_string_new (NULL);
  ChihuoMemoryNode *node;

  while ((node = chihuo_memory_lane_iter_next (iter)) != NULL)
    g_string_append (digits, chihuo_payload_get_id (node->record.payload));

  g_assert_null (chihuo_memory_lane_iter_peek (iter));
  g_assert_cmpstr (digits->str, ==, expected);
}

static void
expect (Fixture *f, const char *expected)
{
  ChihuoMemoryNode *first = chihuo_memory_lane_get_first (&f->lane);
  ChihuoMemoryLaneIter iter;

  g_assert_true (first == (*expected != '\0' ? &f->nodes[*expected - '0'] : NULL));
  g_assert_true (chihuo_memory_lane_is_empty (&f->lane) == (*expected == '\0'));
  chihuo_memory_lane_iter_init (&iter, &f->lane);
  expect_rest (&iter, expected);
}

/* The ends stay in the list: that is what makes them cheap */
static void
test_ends (Fixture *f, gconstpointer data)
{
  expect (f, "");
  insert (f, "4536271");
  g_assert_null (f->lane.root);
  expect (f, "1234567");
  take_out (f, 1);
  take_out (f, 7);
  take_out (f, 4);
  expect (f, "2356");
  g_assert_null (f->lane.root);
}

static void
test_middle (Fixture *f, gconstpointer data)
{
  insert (f, "0846");
  g_assert_nonnull (f->lane.root);
  expect (f, "0468");
  insert (f, "2571");
  expect (f, "01245678");
  take_out (f, 0);
  take_out (f, 8);
  g_assert_null (f->lane.first);
  expect (f, "124567");
  take_out (f, 1);
  insert (f, "8");
  expect (f, "245678");
  for (const char *digits = "872456"; *digits != '\0'; digits++)
    take_out (f, *digits - '0');
  expect (f, "");
}

static void
test_old_key (Fixture *f, gconstpointer data)
{
  insert (f, "08435");
  for (int i = 3; i < 6; i++)
    {
      f->nodes[i].record.place = 100 + i;
      take_out (f, i);
      g_assert_cmpuint (f->nodes[i].tree.weight, ==, 0);
    }
  expect (f, "08");
}

/* Behind each key, with and without the node that has it */
static void
test_after (Fixture *f, gconstpointer data)
{
  const char *rest = "02468";

  insert (f, "08624");
  for (int i = 0; i < N_NODES; i++)
    {
      ChihuoMemoryKey key = { 0, i };
      ChihuoMemoryLaneIter iter;

      if (i % 2 == 0)
        {
          rest++;
          chihuo_memory_lane_iter_after (&iter, &f->lane, &key, &f->nodes[i]);
          expect_rest (&iter, rest);
        }
      chihuo_memory_lane_iter_after (&iter, &f->lane, &key, NULL);
      expect_rest (&iter, rest);
    }
}

/* What the iterator has given may go */
static void
test_take_out_on_the_way (Fixture *f, gconstpointer data)
{
  ChihuoMemoryLaneIter iter;

  insert (f, "0862475");
  chihuo_memory_lane_iter_init (&iter, &f->lane);
  for (const char *digits = "0245678"; *digits != '\0'; digits++)
    {
      ChihuoMemoryNode *node = chihuo_memory_lane_iter_next (&iter);

      g_assert_true (node == &f->nodes[*digits - '0']);
      take_out (f, *digits - '0');
    }
  g_assert_null (chihuo_memory_lane_iter_next (&iter));
  expect (f, "");
}

#define ADD_TEST(path, func) \
  g_test_add ("/memory-lane/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD_TEST ("ends", test_ends);
  ADD_TEST ("middle", test_middle);
  ADD_TEST ("old-key", test_old_key);
  ADD_TEST ("after", test_after);
  ADD_TEST ("take-out-on-the-way", test_take_out_on_the_way);

  return g_test_run ();
}
