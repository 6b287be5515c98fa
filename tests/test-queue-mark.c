/* test-queue-mark.c - checks the finished marks, those of runs in this process too
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-loop.h"
#include "queue-fixture.h"

#define IDS(...) ((const char *[]) { __VA_ARGS__, NULL })

static void
mark (ChihuoQueue *queue, const char * const *ids)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = chihuo_queue_mark_finished (queue, ids, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
unmark (ChihuoQueue *queue, const char * const *ids)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = chihuo_queue_unmark_finished (queue, ids, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
test_mark (Fixture *f, gconstpointer data)
{
  add_id (f->queue, "waits");
  mark (f->queue, IDS ("waits", "new"));
  assert_state (f->queue, "waits", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_state (f->queue, "new", CHIHUO_TASK_STATE_ABSENT, TRUE);
  mark (f->queue, IDS ("new"));

  unmark (f->queue, IDS ("waits", "never marked"));
  assert_state (f->queue, "waits", CHIHUO_TASK_STATE_ABSENT, FALSE);
  assert_state (f->queue, "new", CHIHUO_TASK_STATE_ABSENT, TRUE);
}

static void
test_async (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) marked = NULL;
  g_autoptr (GAsyncResult) unmarked = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  chihuo_queue_mark_finished_async (f->queue, IDS ("a", "b"), NULL, keep_result_cb, &marked);
  await (&marked);
  ok = chihuo_queue_mark_finished_finish (f->queue, marked, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  assert_state (f->queue, "b", CHIHUO_TASK_STATE_ABSENT, TRUE);

  chihuo_queue_unmark_finished_async (f->queue, IDS ("b"), NULL, keep_result_cb, &unmarked);
  await (&unmarked);
  ok = chihuo_queue_unmark_finished_finish (f->queue, unmarked, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_state (f->queue, "b", CHIHUO_TASK_STATE_ABSENT, FALSE);
}

static void
test_none (Fixture *f, gconstpointer data)
{
  const char *none[] = { NULL };

  mark (f->queue, NULL);
  mark (f->queue, none);
  unmark (f->queue, NULL);
  unmark (f->queue, none);
}

/* Nothing is sent, and the error says which it was */
static void
test_bad (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_queue_mark_finished (f->queue, IDS ("a", "b", "\xff"), &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, "queue “q”: id 2 (“�”): "));
  g_clear_error (&error);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_ABSENT, FALSE);

  mark (f->queue, IDS ("a"));
  chihuo_queue_unmark_finished_async (f->queue, IDS ("a", ""), NULL, keep_result_cb, &result);
  await (&result);
  g_assert_false (chihuo_queue_unmark_finished_finish (f->queue, result, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_ABSENT, TRUE);
}

/* Somebody who is no engine of this process runs it: the mark goes to the store at once */
static void
test_running_elsewhere (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoCall) claim = NULL;

  add_id (f->queue, "a");
  claim = claim_one (f->store);
  mark (f->queue, IDS ("a"));
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_RUNNING, TRUE);
  settle (f->store, claim, CHIHUO_SETTLE_FAILED, "no good");
  assert_state (f->queue, "a", CHIHUO_TASK_STATE_ABSENT, TRUE);
}

/* A loop whose tasks mark their own id, and another one, and fail then */
typedef struct
{
  ChihuoLoop   parent_instance;
  ChihuoQueue *other_client; /* (not owned) */
} Marker;

typedef struct
{
  ChihuoLoopClass parent_class;
} MarkerClass;

static GType marker_get_type (void);

G_DEFINE_TYPE (Marker, marker, CHIHUO_TYPE_LOOP)

static gboolean
marker_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  ChihuoQueue *queue = ((Marker *) loop)->other_client;
  const char *id = chihuo_task_get_id (task);

  mark (queue, IDS ("elsewhere", id));
  assert_state (queue, id, CHIHUO_TASK_STATE_RUNNING, TRUE);
  assert_state (queue, "elsewhere", CHIHUO_TASK_STATE_ABSENT, TRUE);

  if (g_str_equal (id, "taken back"))
    {
      unmark (queue, IDS (id));
      assert_state (queue, id, CHIHUO_TASK_STATE_RUNNING, FALSE);
    }

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_FAILED, "no good");
  return FALSE;
}

static void
marker_class_init (MarkerClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->make_task = marker_make_task;
}

static void
marker_init (Marker *self)
{
}

/* The mark is seen at once, and wins although the run fails */
static void
test_running_here (Fixture *f, gconstpointer data)
{
  Marker *marker = g_object_new (marker_get_type (), "name", "q", "server-config", f->config,
                                 "run-forever", FALSE, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  marker->other_client = f->queue;
  add_id (f->queue, "kept");
  add_id (f->queue, "taken back");
  chihuo_loop_run_async (CHIHUO_LOOP (marker), NULL, keep_result_cb, &result);
  await (&result);
  ok = chihuo_loop_run_finish (CHIHUO_LOOP (marker), result, &error);
  g_assert_no_error (error);
  g_assert_true (ok);

  assert_state (f->queue, "kept", CHIHUO_TASK_STATE_ABSENT, TRUE);
  assert_state (f->queue, "taken back", CHIHUO_TASK_STATE_DELAYED, FALSE);
  g_clear_object (&result);
  g_object_unref (marker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_fixture_test ("/queue-mark/mark", test_mark);
  add_fixture_test ("/queue-mark/async", test_async);
  add_fixture_test ("/queue-mark/none", test_none);
  add_fixture_test ("/queue-mark/bad", test_bad);
  add_fixture_test ("/queue-mark/running-elsewhere", test_running_elsewhere);
  add_fixture_test ("/queue-mark/running-here", test_running_here);

  return run_and_close ();
}
