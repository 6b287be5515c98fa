/* test-queue-mend.c - checks removing, cancelling and trying again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "queue-fixture.h"

#define IDS(...) ((const char *[]) { __VA_ARGS__, NULL })

/* The blocking form, the asynchronous form and its end */
typedef gboolean (* IdsFunc)    (ChihuoQueue         *queue,
                                 const char * const  *ids,
                                 GError             **error);
typedef void     (* AsyncFunc)  (ChihuoQueue         *queue,
                                 const char * const  *ids,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             data);
typedef gboolean (* FinishFunc) (ChihuoQueue         *queue,
                                 GAsyncResult        *result,
                                 GError             **error);

static void
call (IdsFunc func, ChihuoQueue *queue, const char * const *ids)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = func (queue, ids, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
call_async (AsyncFunc func, FinishFunc finish, ChihuoQueue *queue, const char * const *ids)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  func (queue, ids, NULL, keep_result_cb, &result);
  await (&result);
  ok = finish (queue, result, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
test_remove (Fixture *f, gconstpointer data)
{
  add_id (f->queue, "a");
  add_id (f->queue, "b");
  add_dead (f, "dead");
  call (chihuo_queue_remove, f->queue, IDS ("b", "nobody"));
  assert_state (f->queue, "b", CHIHUO_TASK_STATE_ABSENT, FALSE);
  call_async (chihuo_queue_remove_async, chihuo_queue_remove_finish, f->queue, IDS ("dead"));
  assert_state (f->queue, "dead", CHIHUO_TASK_STATE_ABSENT, FALSE);
  call (chihuo_queue_remove, f->queue, NULL);
  add_id (f->queue, "b");
}

static void
test_retry_dead (Fixture *f, gconstpointer data)
{
  const char *none[] = { NULL };

  add_dead (f, "a");
  add_dead (f, "b");
  add_dead (f, "c");
  call (chihuo_queue_retry_dead, f->queue, none);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_DEAD, FALSE);
  call (chihuo_queue_retry_dead, f->queue, IDS ("b", "nobody"));
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_DEAD, FALSE);
  assert_state (f->queue, "b", CHIHUO_TASK_STATE_WAITING, FALSE);

  call (chihuo_queue_retry_dead, f->queue, NULL);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_WAITING, FALSE);
  assert_state (f->queue, "c", CHIHUO_TASK_STATE_WAITING, FALSE);
}

static void
test_retry_all_async (Fixture *f, gconstpointer data)
{
  add_dead (f, "a");
  call_async (chihuo_queue_retry_dead_async, chihuo_queue_retry_dead_finish, f->queue, NULL);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_WAITING, FALSE);
}

/* The run goes on; unless it succeeds, the task is dead afterwards */
static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoCall) first = NULL;
  g_autoptr (ChihuoCall) second = NULL;
  g_autoptr (ChihuoTask) task = NULL;

  add_id (f->queue, "a");
  first = claim_one (f->store);
  call (chihuo_queue_cancel, f->queue, IDS ("a", "nobody"));
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_RUNNING, FALSE);
  settle (f->store, first, CHIHUO_SETTLE_RETURNED, NULL);
  task = chihuo_queue_look (f->queue, "a", NULL);
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpstr (chihuo_task_get_last_error (task), ==, "cancelled");
  g_assert_cmpuint (chihuo_task_get_failures (task), ==, 0);

  add_id (f->queue, "b");
  second = claim_one (f->store);
  call_async (chihuo_queue_cancel_async, chihuo_queue_cancel_finish, f->queue, IDS ("b"));
  settle (f->store, second, CHIHUO_SETTLE_DONE, NULL);
  assert_state (f->queue, "b", CHIHUO_TASK_STATE_ABSENT, FALSE);
}

static void
test_bad (Fixture *f, gconstpointer data)
{
  const IdsFunc funcs[] = { chihuo_queue_remove, chihuo_queue_retry_dead, chihuo_queue_cancel };

  add_id (f->queue, "a");
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (funcs[i] (f->queue, IDS ("a", ""), &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (error->message, "queue “q”: id 1 (“”): "));
    }
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_WAITING, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_fixture_test ("/queue-mend/remove", test_remove);
  add_fixture_test ("/queue-mend/retry-dead", test_retry_dead);
  add_fixture_test ("/queue-mend/retry-all-async", test_retry_all_async);
  add_fixture_test ("/queue-mend/cancel", test_cancel);
  add_fixture_test ("/queue-mend/bad", test_bad);

  return run_and_close ();
}
