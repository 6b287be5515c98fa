/* test-helper.c - a thread that comes and goes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-helper.h"

static GMutex mutex;
static GCond cond;
static GThread *thread;
static int last;

/* Jobs come one after another, in order, and never on the thread that asked */
static void
job (gpointer data, gpointer unused)
{
  g_mutex_lock (&mutex);
  g_assert_cmpint (GPOINTER_TO_INT (data), ==, last + 1);
  g_assert_null (unused);
  last++;
  thread = g_thread_self ();
  g_cond_broadcast (&cond);
  g_mutex_unlock (&mutex);
}

static void
wait_for_job (int n)
{
  g_mutex_lock (&mutex);
  while (last < n)
    g_cond_wait (&cond, &mutex);
  g_assert_true (thread != g_thread_self ());
  g_mutex_unlock (&mutex);
}

static void
test_order (void)
{
  for (int i = 1; i <= 1000; i++)
    chihuo_helper_push (job, GINT_TO_POINTER (i));
  wait_for_job (1000);
}

/* After its patience it has gone; for the next job there is another one */
static void
test_comes_back (void)
{
  int n = last;

  chihuo_helper_push (job, GINT_TO_POINTER (n + 1));
  wait_for_job (n + 1);
  g_usleep (1100 * 1000);
  chihuo_helper_push (job, GINT_TO_POINTER (n + 2));
  wait_for_job (n + 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/helper/order", test_order);
  g_test_add_func ("/helper/comes-back", test_comes_back);

  return g_test_run ();
}
