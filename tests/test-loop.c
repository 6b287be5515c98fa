/* test-loop.c - the properties of a loop, and what its class says for it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "loop-fixture.h"

typedef ChihuoLoop DefaultsLoop;
typedef ChihuoLoopClass DefaultsLoopClass;
typedef ChihuoLoop HeirLoop;
typedef ChihuoLoopClass HeirLoopClass;

GType defaults_loop_get_type (void);
GType heir_loop_get_type (void);

G_DEFINE_TYPE (DefaultsLoop, defaults_loop, CHIHUO_TYPE_LOOP)
G_DEFINE_TYPE (HeirLoop, heir_loop, defaults_loop_get_type ())

static void
defaults_loop_class_init (DefaultsLoopClass *klass)
{
  chihuo_loop_class_set_default_name (klass, "from-class");
  chihuo_loop_class_set_default_concurrency (klass, 8);
  chihuo_loop_class_set_default_server_config (klass, "memory:class");
}

static void
defaults_loop_init (DefaultsLoop *self)
{
}

static void
heir_loop_class_init (HeirLoopClass *klass)
{
  chihuo_loop_class_set_default_name (klass, "from-heir");
}

static void
heir_loop_init (HeirLoop *self)
{
}

static void
check (ChihuoLoop *loop, const char *name, const char *server_config, guint concurrency)
{
  g_assert_cmpstr (chihuo_loop_get_name (loop), ==, name);
  g_assert_cmpstr (chihuo_loop_get_server_config (loop), ==, server_config);
  g_assert_cmpuint (chihuo_loop_get_concurrency (loop), ==, concurrency);
  g_assert_finalize_object (loop);
}

static void
test_class_defaults (void)
{
  check (g_object_new (defaults_loop_get_type (), NULL), "from-class", "memory:class", 8);
  check (g_object_new (heir_loop_get_type (), NULL), "from-heir", "memory:class", 8);
  check (g_object_new (heir_loop_get_type (), "name", "mine", "server-config", "memory:mine",
                       "concurrency", 2, NULL),
         "mine", "memory:mine", 2);
  check (g_object_new (CHIHUO_TYPE_LOOP, "name", "q", NULL), "q", NULL, 1);
}

static void
test_queue (void)
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new ("shared", "memory:shared");
  ChihuoLoop *loop = g_object_new (heir_loop_get_type (), "queue", queue, NULL);

  g_assert_true (chihuo_loop_get_queue (loop) == queue);
  check (loop, "shared", "memory:shared", 8);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

static void
test_defaults (void)
{
  g_autoptr (ChihuoLoop) loop = chihuo_loop_new ("q", "memory:");

  g_assert_true (chihuo_loop_get_run_forever (loop));
  g_assert_cmpfloat (chihuo_loop_get_linger (loop), ==, 0);
  g_assert_false (chihuo_loop_get_stop (loop));
  g_assert_cmpfloat (chihuo_loop_get_lease (loop), ==, 30);
  g_assert_cmpuint (chihuo_loop_get_max_tries (loop), ==, 25);
  g_assert_cmpuint (chihuo_loop_get_max_crashes (loop), ==, 3);
  g_assert_cmpint (chihuo_loop_get_retry_policy (loop), ==, CHIHUO_RETRY_POLICY_EXPONENTIAL);
  g_assert_false (chihuo_loop_get_finish_on_success (loop));
  g_assert_cmpfloat (chihuo_loop_get_drain_timeout (loop), ==, 0);
  g_assert_cmpfloat (chihuo_loop_get_shutdown_timeout (loop), ==, 25);
  g_assert_cmpuint (chihuo_loop_get_n_running (loop), ==, 0);
  g_assert_cmpuint (chihuo_loop_get_n_done (loop), ==, 0);
  g_assert_cmpuint (chihuo_loop_get_n_failed (loop), ==, 0);
}

static void
notified_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  g_string_append_printf (data, "%s ", pspec->name);
}

/* Each setter is told of once, and not again for the value that it has */
static void
set_all (ChihuoLoop *loop)
{
  chihuo_loop_set_concurrency (loop, 5);
  chihuo_loop_set_run_forever (loop, FALSE);
  chihuo_loop_set_linger (loop, 1.5);
  chihuo_loop_set_lease (loop, 12);
  chihuo_loop_set_max_tries (loop, 7);
  chihuo_loop_set_max_crashes (loop, 0);
  chihuo_loop_set_retry_policy (loop, CHIHUO_RETRY_POLICY_CONSTANT);
  chihuo_loop_set_finish_on_success (loop, TRUE);
  chihuo_loop_set_drain_timeout (loop, 2.5);
  chihuo_loop_set_shutdown_timeout (loop, 3.5);
}

static void
test_setters (void)
{
  g_autoptr (ChihuoLoop) loop = chihuo_loop_new ("q", "memory:");
  g_autoptr (GString) told = g_string_new (NULL);

  g_signal_connect (loop, "notify", G_CALLBACK (notified_cb), told);
  set_all (loop);
  set_all (loop);
  g_assert_cmpstr (told->str, ==,
                   "concurrency run-forever linger lease max-tries max-crashes retry-policy "
                   "finish-on-success drain-timeout shutdown-timeout ");
  g_assert_cmpuint (chihuo_loop_get_concurrency (loop), ==, 5);
  g_assert_false (chihuo_loop_get_run_forever (loop));
  g_assert_cmpfloat (chihuo_loop_get_linger (loop), ==, 1.5);
  g_assert_cmpfloat (chihuo_loop_get_lease (loop), ==, 12);
  g_assert_cmpuint (chihuo_loop_get_max_tries (loop), ==, 7);
  g_assert_cmpuint (chihuo_loop_get_max_crashes (loop), ==, 0);
  g_assert_cmpint (chihuo_loop_get_retry_policy (loop), ==, CHIHUO_RETRY_POLICY_CONSTANT);
  g_assert_true (chihuo_loop_get_finish_on_success (loop));
  g_assert_cmpfloat (chihuo_loop_get_drain_timeout (loop), ==, 2.5);
  g_assert_cmpfloat (chihuo_loop_get_shutdown_timeout (loop), ==, 3.5);
}

/* Every property by its name, as bindings do it */
static void
test_properties (void)
{
  g_autoptr (ChihuoLoop) loop
      = g_object_new (CHIHUO_TYPE_LOOP, "name", "q", "server-config", "memory:", "run-forever",
                      FALSE, "linger", 1.5, "lease", 12.0, "max-tries", 7, "max-crashes", 1,
                      "retry-policy", CHIHUO_RETRY_POLICY_IMMEDIATE, "finish-on-success", TRUE,
                      "drain-timeout", 2.5, "shutdown-timeout", 3.5, "concurrency", 4, NULL);
  g_autofree char *name = NULL;
  g_autofree char *server_config = NULL;
  g_autoptr (ChihuoQueue) queue = NULL;
  double linger, lease, drain, shutdown;
  guint tries, crashes, concurrency, n_running;
  guint64 n_done, n_failed;
  gboolean forever, finish, stop;
  ChihuoRetryPolicy policy;

  g_object_get (loop, "name", &name, "server-config", &server_config, "queue", &queue, "linger",
                &linger, "lease", &lease, "drain-timeout", &drain, "shutdown-timeout", &shutdown,
                "max-tries", &tries, "max-crashes", &crashes, "concurrency", &concurrency,
                "run-forever", &forever, "finish-on-success", &finish, "stop", &stop,
                "retry-policy", &policy, "n-running", &n_running, "n-done", &n_done, "n-failed",
                &n_failed, NULL);
  g_assert_cmpstr (name, ==, "q");
  g_assert_cmpstr (server_config, ==, "memory:");
  g_assert_true (queue == chihuo_loop_get_queue (loop));
  g_assert_true (linger == 1.5 && lease == 12 && drain == 2.5 && shutdown == 3.5);
  g_assert_true (tries == 7 && crashes == 1 && concurrency == 4);
  g_assert_true (!forever && finish && !stop && policy == CHIHUO_RETRY_POLICY_IMMEDIATE);
  g_assert_true (n_running == 0 && n_done == 0 && n_failed == 0);
}

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(int *) data)++;
}

/* What the queue says of its store, the loop says, too */
static void
test_online (void)
{
  g_autoptr (ChihuoLoop) loop = chihuo_loop_new ("q", "memory:");
  g_autoptr (GError) error = NULL;
  gboolean online;
  int n = 0;

  g_signal_connect (loop, "notify::online", G_CALLBACK (count_cb), &n);
  g_assert_false (chihuo_loop_get_online (loop));
  chihuo_queue_open (chihuo_loop_get_queue (loop), &error);
  g_assert_no_error (error);
  while (n == 0)
    g_main_context_iteration (NULL, TRUE);
  g_object_get (loop, "online", &online, NULL);
  g_assert_true (online && chihuo_loop_get_online (loop));

  chihuo_queue_close (chihuo_loop_get_queue (loop), &error);
  g_assert_no_error (error);
  while (n == 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (chihuo_loop_get_online (loop));
}

static void
test_release_too_often (void)
{
  g_autoptr (ChihuoLoop) loop = chihuo_loop_new ("q", "memory:");

  chihuo_loop_hold (loop);
  chihuo_loop_release (loop);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_CRITICAL, "*was_held*");
  chihuo_loop_release (loop);
  g_test_assert_expected_messages ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/loop/class-defaults", test_class_defaults);
  g_test_add_func ("/loop/queue", test_queue);
  g_test_add_func ("/loop/defaults", test_defaults);
  g_test_add_func ("/loop/setters", test_setters);
  g_test_add_func ("/loop/properties", test_properties);
  g_test_add_func ("/loop/online", test_online);
  g_test_add_func ("/loop/release-too-often", test_release_too_often);

  return g_test_run ();
}
