/* test-call.c - an answer on its way to who asked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-call.h"

static void
free_cb (gpointer data)
{
  ++*(int *) data;
}

static void
test_life (void)
{
  int n_freed = 0;
  ChihuoCall *call = chihuo_call_new_func (NULL, &n_freed, free_cb);
  g_autoptr (ChihuoCall) items = chihuo_call_new_items (3);

  g_assert_cmpuint (items->n_items, ==, 3);
  g_assert_cmpint (items->items[2].answer, ==, CHIHUO_ANSWER_NONE);
  items->items[1].payload = chihuo_payload_new ("a", -1, NULL, 0); /* freed with it */
  g_assert_true (chihuo_call_ref (call) == call);
  chihuo_call_unref (call);
  g_assert_cmpint (n_freed, ==, 0);
  chihuo_call_unref (call);
  g_assert_cmpint (n_freed, ==, 1);
}

static void
done_cb (ChihuoCall *call, gpointer data)
{
  *(GThread **) data = g_thread_self ();
}

static gpointer
finish_main (gpointer call)
{
  chihuo_call_finish (call);

  return NULL;
}

static void
test_finish (void)
{
  g_autoptr (ChihuoCall) call = chihuo_call_new_items (1);
  GThread *told = NULL;
  GThread *thread;

  chihuo_call_finish (call); /* nobody wants to know */

  /* without a context: where it is */
  call->done = done_cb;
  call->done_data = &told;
  thread = g_thread_new (NULL, finish_main, call);
  g_thread_join (thread);
  g_assert_nonnull (told);
  g_assert_true (told != g_thread_self ());

  told = NULL;
  call->context = g_main_context_new ();
  thread = g_thread_new (NULL, finish_main, call);
  g_thread_join (thread);
  g_assert_null (told);
  g_main_context_iteration (call->context, TRUE);
  g_assert_true (told == g_thread_self ());
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/call/life", test_life);
  g_test_add_func ("/call/finish", test_finish);

  return g_test_run ();
}
