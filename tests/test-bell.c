/* test-bell.c - checks that a bell calls its object on its context, and only while there is one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-bell.h"

static int n_calls;
static GThread *called_on;

static void
count (gpointer object)
{
  g_assert_true (G_IS_OBJECT (object));
  n_calls++;
  called_on = g_thread_self ();
}

static gpointer
ring (gpointer data)
{
  for (int i = 0; i < 100; i++)
    chihuo_bell_ring (data);

  return NULL;
}

static void
iterate (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

static void
test_ring (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (ChihuoBell) bell = chihuo_bell_new (object, context, count);

  n_calls = 0;
  g_thread_join (g_thread_new ("ringer", ring, bell));
  g_assert_cmpint (n_calls, ==, 0);
  iterate (context);
  g_assert_cmpint (n_calls, ==, 1);
  g_assert_true (called_on == g_thread_self ());

  chihuo_bell_ring (bell);
  iterate (context);
  g_assert_cmpint (n_calls, ==, 2);

  g_assert_finalize_object (object);
}

static void
test_object_gone (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (ChihuoBell) bell = chihuo_bell_new (object, context, count);

  n_calls = 0;
  chihuo_bell_ring (bell);
  g_assert_finalize_object (object);
  iterate (context);
  g_assert_cmpint (n_calls, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/bell/ring", test_ring);
  g_test_add_func ("/bell/object-gone", test_object_gone);

  return g_test_run ();
}
