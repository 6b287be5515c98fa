/* test-memory-sweep.c - tests of work on all of a queue in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "memory-fixture.h"

static void
test_while_adding (Fixture *f, gconstpointer data)
{
  ChihuoSweep sweep;
  guint n_steps = 0;

  add_many (f, "w", 2500, 0);
  add (f, "urgent", 0, -3, 0);
  sweep = begin_sweep (f, CHIHUO_SWEEP_WHAT_CLEAR_WAITING);
  for (; sweep.more; n_steps++)
    {
      g_autofree char *new_id = g_strdup_printf ("new%u", n_steps);
      g_autofree char *head_id = g_strdup_printf ("head%u", n_steps);

      sweep_step (f, &sweep);
      add (f, new_id, 0, 0, 0);
      add (f, head_id, CHIHUO_ADD_FLAGS_AT_HEAD, 0, 0);
    }

  g_assert_cmpuint (n_steps, ==, 3);
  g_assert_cmpuint (sweep.n_done, ==, 2501);
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "head2 head1 head0 new0 new1 new2");
}

static void
test_delayed (Fixture *f, gconstpointer data)
{
  ChihuoSweep sweep;

  add_many (f, "d", 1500, G_USEC_PER_SEC);
  sweep = begin_sweep (f, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED);
  sweep_step (f, &sweep);
  g_assert_cmpuint (sweep.n_done, ==, CHIHUO_BACKEND_MAX_TOUCHED);
  add_many (f, "same", 1500, G_USEC_PER_SEC);
  add_many (f, "soon", 1500, G_USEC_PER_SEC / 2);
  add (f, "later", 0, 0, 2 * G_USEC_PER_SEC);
  for (guint n_steps = 0; sweep.more; n_steps++)
    {
      g_assert_cmpuint (n_steps, <, MAX_STEPS);
      sweep_step (f, &sweep);
    }

  g_assert_cmpuint (sweep.n_done, ==, 1500);
  g_assert_cmpuint (get_stats (f).delayed, ==, 3001);
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED), ==, 3001);
  g_assert_cmpuint (get_stats (f).delayed, ==, 0);
}

static void
test_running (Fixture *f, gconstpointer data)
{
  ChihuoItem item;

  add_many (f, "r", 2000, 0);
  item = claim_some (f, 2000, 0);
  g_assert_cmpuint (item.claim.n_claimed, ==, 2000);
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING), ==, 2000);
  g_assert_cmpuint (get_stats (f).running, ==, 2000);
  for (guint i = 0; i < item.claim.n_claimed; i++)
    g_assert_cmpint (settle (f, &item.claim.claimed[i], CHIHUO_SETTLE_RETURNED, 0), ==,
                     CHIHUO_ANSWER_OK);
  chihuo_item_clear (&item);

  g_assert_cmpuint (get_stats (f).running, ==, 0);
  g_assert_cmpuint (get_stats (f).waiting, ==, 0);
  g_assert_cmpuint (get_stats (f).workers, ==, 0);
}

static void
test_dead (Fixture *f, gconstpointer data)
{
  add_all (f, "b a c");
  kill_all (f, 3);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "b a c");
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_RETRY_DEAD), ==, 3);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "");
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "b a c");
  kill_all (f, 2);
  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_DEAD), ==, 2);
  expect_list (f, CHIHUO_TASK_STATE_DEAD, "");
  g_assert_cmpint (act (f, CHIHUO_OP_RETRY_DEAD, "b"), ==, CHIHUO_ANSWER_ABSENT);
}

static void
test_finished (Fixture *f, gconstpointer data)
{
  add_all (f, "a b c");
  expect_claim (f, 1, 0, "a");
  act (f, CHIHUO_OP_FINISH, "a");
  act (f, CHIHUO_OP_FINISH, "c");
  act (f, CHIHUO_OP_FINISH, "x");
  expect_finished (f, "a c x");

  g_assert_cmpuint (sweep_all (f, CHIHUO_SWEEP_WHAT_CLEAR_FINISHED), ==, 3);
  expect_finished (f, "");
  g_assert_cmpuint (get_stats (f).finished, ==, 0);
  expect_list (f, CHIHUO_TASK_STATE_RUNNING, "a");
  expect_list (f, CHIHUO_TASK_STATE_WAITING, "b");
}

#define ADD_TEST(path, func) \
  g_test_add ("/memory-sweep/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD_TEST ("while-adding", test_while_adding);
  ADD_TEST ("delayed", test_delayed);
  ADD_TEST ("running", test_running);
  ADD_TEST ("dead", test_dead);
  ADD_TEST ("finished", test_finished);

  return g_test_run ();
}
