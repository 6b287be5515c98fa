/* test-queue.c - checks what every call on a queue has in common: opening, closing, cancelling
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "queue-fixture.h"

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(int *) data)++;
}

static void
test_properties (Fixture *f, gconstpointer data)
{
  g_autofree char *name = NULL;
  g_autofree char *server_config = NULL;
  double timeout;
  gboolean online;
  int n = 0;

  g_signal_connect (f->queue, "notify::call-timeout", G_CALLBACK (count_notify), &n);
  g_object_get (f->queue, "name", &name, "server-config", &server_config, "call-timeout", &timeout,
                "online", &online, NULL);
  g_assert_cmpstr (name, ==, "q");
  g_assert_cmpstr (server_config, ==, f->config);
  g_assert_cmpfloat (timeout, ==, 10);
  g_assert_false (online);
  g_assert_cmpstr (chihuo_queue_get_name (f->queue), ==, "q");
  g_assert_cmpstr (chihuo_queue_get_server_config (f->queue), ==, f->config);

  g_object_set (f->queue, "call-timeout", 2.5, NULL);
  chihuo_queue_set_call_timeout (f->queue, 2.5);
  g_assert_cmpfloat (chihuo_queue_get_call_timeout (f->queue), ==, 2.5);
  g_assert_cmpint (n, ==, 1);
}

static void
assert_cannot_open (const char *name, const char *server_config, int code)
{
  ChihuoQueue *queue = g_object_new (CHIHUO_TYPE_QUEUE, "name", name, "server-config",
                                     server_config, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  g_assert_false (chihuo_queue_open (queue, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_clear_error (&error);

  chihuo_queue_open_async (queue, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_false (chihuo_queue_open_finish (queue, result, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_clear_error (&error);

  /* it has no store, so there is nothing that could fail */
  ok = chihuo_queue_close (queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);

  g_clear_object (&result);
  g_assert_finalize_object (queue);
}

static void
test_bad_name_and_config (void)
{
  g_autofree char *long_name = g_strnfill (65, 'a');

  assert_cannot_open ("", "memory:", CHIHUO_ERROR_INVALID);
  assert_cannot_open (NULL, "memory:", CHIHUO_ERROR_INVALID);
  assert_cannot_open ("two words", "memory:", CHIHUO_ERROR_INVALID);
  assert_cannot_open (long_name, "memory:", CHIHUO_ERROR_INVALID);
  assert_cannot_open ("q", "no-such-scheme://somewhere", CHIHUO_ERROR_CONFIG);
  assert_cannot_open ("q", "{ \"backend\": ", CHIHUO_ERROR_CONFIG);
}

static void
test_open_and_flush (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) opened = NULL;
  g_autoptr (GAsyncResult) flushed = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  ok = chihuo_queue_open (f->queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  ok = chihuo_queue_open (f->queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  ok = chihuo_queue_flush (f->queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);

  chihuo_queue_open_async (f->queue, NULL, keep_result_cb, &opened);
  chihuo_queue_flush_async (f->queue, NULL, keep_result_cb, &flushed);
  await (&opened);
  await (&flushed);
  ok = chihuo_queue_open_finish (f->queue, opened, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  ok = chihuo_queue_flush_finish (f->queue, flushed, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
assert_closed (ChihuoQueue *queue)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new ("late", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_queue_add (queue, task, 0, &error), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED);
  g_assert_cmpstr (error->message, ==, "queue “q” is closed");
  g_clear_error (&error);

  chihuo_queue_get_stats_async (queue, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_null (chihuo_queue_get_stats_finish (queue, result, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED);
}

static void
test_close (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;

  add_id (f->queue, "a");
  ok = chihuo_queue_close (f->queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  assert_closed (f->queue);
  g_assert_false (chihuo_queue_get_online (f->queue));

  ok = chihuo_queue_close (f->queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

/* A close waits for what was asked before it, and takes nothing that comes after it */
static void
test_close_waits (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (GAsyncResult) added = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;
  Gate gate;

  gate_shut (&gate, f->store);
  chihuo_queue_add_async (f->queue, task, 0, NULL, keep_result_cb, &added);
  chihuo_queue_close_async (f->queue, NULL, keep_result_cb, &closed);
  assert_closed (f->queue);
  g_assert_null (added);
  g_assert_null (closed);
  gate_open (&gate);

  await (&closed);
  await (&added);
  ok = chihuo_queue_close_finish (f->queue, closed, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpint (chihuo_queue_add_finish (f->queue, added, &error), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_no_error (error);
}

static void
test_cancel_before (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  chihuo_queue_add_async (f->queue, task, 0, cancellable, keep_result_cb, &result);
  await (&result);
  g_assert_cmpint (chihuo_queue_add_finish (f->queue, result, &error), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
}

/* The store is busy, so the call is certainly not sent */
static void
test_cancel_unsent (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Gate gate;

  gate_shut (&gate, f->store);
  chihuo_queue_add_async (f->queue, task, 0, cancellable, keep_result_cb, &result);
  g_cancellable_cancel (cancellable);
  await (&result);
  g_assert_cmpint (chihuo_queue_add_finish (f->queue, result, &error), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gate_open (&gate);

  assert_state (f->queue, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
}

/* What was done says so, even if somebody cancels before the callback has run */
static void
test_cancel_done (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  chihuo_queue_add_async (f->queue, task, 0, cancellable, keep_result_cb, &result);
  ok = chihuo_queue_flush (f->queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  await (&result);
  g_assert_cmpint (chihuo_queue_add_finish (f->queue, result, &error), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_no_error (error);
}

/* The store does not answer: what was not sent was certainly not done */
static void
test_call_timeout (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (GError) error = NULL;
  Gate gate;

  gate_shut (&gate, f->store);
  chihuo_queue_set_call_timeout (f->queue, 0.01);
  g_assert_cmpint (chihuo_queue_add (f->queue, task, 0, &error), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
  g_assert_true (g_str_has_prefix (error->message, "queue “q”: "));
  gate_open (&gate);

  chihuo_queue_set_call_timeout (f->queue, 10);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);
}

static void
test_online (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;
  int n = 0;

  g_signal_connect (f->queue, "notify::online", G_CALLBACK (count_notify), &n);
  ok = chihuo_queue_open (f->queue, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_true (chihuo_queue_get_online (f->queue));
  g_assert_cmpint (n, ==, 0);
  while (n == 0)
    g_main_context_iteration (NULL, TRUE);

  g_assert_true (chihuo_queue_close (f->queue, &error));
  g_assert_false (chihuo_queue_get_online (f->queue));
  while (n == 1)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (n, ==, 2);
}

/* The notification comes to the context that the queue was made on, whoever opens it */
static void
test_online_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  ChihuoQueue *queue;
  int n = 0;

  g_main_context_push_thread_default (context);
  queue = chihuo_queue_new ("q", "memory:online-context");
  g_main_context_pop_thread_default (context);
  g_signal_connect (queue, "notify::online", G_CALLBACK (count_notify), &n);

  g_assert_true (chihuo_queue_open (queue, NULL));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (n, ==, 0);
  while (n == 0)
    g_main_context_iteration (context, TRUE);

  g_assert_finalize_object (queue);
}

/* A queue that is dropped while a call is under way goes when the answer is there, not before */
static void
test_drop_under_way (void)
{
  ChihuoQueue *queue = chihuo_queue_new ("q", "memory:drop");
  g_autoptr (ChihuoTask) task = chihuo_task_new ("a", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  gpointer weak = queue;

  g_object_add_weak_pointer (G_OBJECT (queue), &weak);
  chihuo_queue_add_async (queue, task, 0, NULL, keep_result_cb, &result);
  g_object_unref (queue);
  g_assert_nonnull (weak);
  await (&result);
  g_assert_cmpint (chihuo_queue_add_finish (weak, result, NULL), ==, CHIHUO_ADD_RESULT_ADDED);
  g_clear_object (&result);
  while (weak != NULL)
    g_main_context_iteration (NULL, FALSE);
}

#define N_THREADS 4
#define N_PER_THREAD 50

typedef struct
{
  ChihuoQueue *queue;
  int          number;
} Adder;

static gpointer
add_some (gpointer data)
{
  Adder *adder = data;

  for (int i = 0; i < N_PER_THREAD; i++)
    {
      g_autofree char *id = g_strdup_printf ("%d.%d", adder->number, i);

      add_id (adder->queue, id);
    }

  return NULL;
}

/* All of them are the first to use the queue */
static void
test_threads (Fixture *f, gconstpointer data)
{
  GThread *threads[N_THREADS];
  Adder adders[N_THREADS];
  g_autoptr (ChihuoStats) stats = NULL;

  for (int i = 0; i < N_THREADS; i++)
    {
      adders[i] = (Adder) { f->queue, i };
      threads[i] = g_thread_new ("adder", add_some, &adders[i]);
    }
  for (int i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  stats = chihuo_queue_get_stats (f->queue, NULL);
  g_assert_nonnull (stats);
  g_assert_cmpuint (stats->waiting, ==, N_THREADS * N_PER_THREAD);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_fixture_test ("/queue/properties", test_properties);
  g_test_add_func ("/queue/bad-name-and-config", test_bad_name_and_config);
  add_fixture_test ("/queue/open-and-flush", test_open_and_flush);
  add_fixture_test ("/queue/close", test_close);
  add_fixture_test ("/queue/close-waits", test_close_waits);
  add_fixture_test ("/queue/cancel/before", test_cancel_before);
  add_fixture_test ("/queue/cancel/unsent", test_cancel_unsent);
  add_fixture_test ("/queue/cancel/done", test_cancel_done);
  add_fixture_test ("/queue/call-timeout", test_call_timeout);
  add_fixture_test ("/queue/online", test_online);
  g_test_add_func ("/queue/online/context", test_online_context);
  g_test_add_func ("/queue/drop-under-way", test_drop_under_way);
  add_fixture_test ("/queue/threads", test_threads);

  return run_and_close ();
}
