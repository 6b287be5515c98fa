/* chihuo-loop-tasks.c - the first version's names for what the loop's queue does
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-loop.h"
#include "chihuo-queue-private.h"
#include "chihuo-runner.h"

/* An asynchronous call is the queue's. The callback gets the loop, so a GTask of the loop's carries
 * the queue's result, which `_finish` opens. */

static GTask *
task_new (ChihuoLoop *self, gpointer source_tag, GCancellable *cancellable,
          GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, source_tag);
  /* the queue knows whether it was in time */
  g_task_set_check_cancellable (task, FALSE);

  return task;
}

static void
answered_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;

  g_task_return_pointer (task, g_object_ref (result), g_object_unref);
}

/* The queue's result: (transfer full), or NULL with an error where it was not asked */
static GAsyncResult *
take_result (ChihuoLoop *self, GAsyncResult *result, gpointer source_tag, GError **error)
{
  g_return_val_if_fail (CHIHUO_IS_LOOP (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, source_tag), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
is_finished (ChihuoTask *snapshot)
{
  return snapshot != NULL && chihuo_task_get_finished (snapshot);
}

static gboolean
is_there (ChihuoTask *snapshot)
{
  ChihuoTaskState state = CHIHUO_TASK_STATE_ABSENT;

  if (snapshot != NULL)
    state = chihuo_task_get_state (snapshot);

  return state == CHIHUO_TASK_STATE_WAITING || state == CHIHUO_TASK_STATE_DELAYED
         || state == CHIHUO_TASK_STATE_RUNNING;
}

/**
 * chihuo_loop_add_task:
 * @self: a loop
 * @task_id: the id: UTF-8, 1 to 4,096 bytes
 * @info: (nullable): the info, any JSON value; %NULL means null
 * @error: return location for an error
 *
 * Adds a task to the loop's queue: a [ctor@Chihuo.Task.new] and a plain
 * [method@Chihuo.Queue.add].
 *
 * May be called from any thread, whether the loop runs or not; it blocks.
 * Errors: see [class@Chihuo.Queue]; an id or an info that breaks the rules is
 * among them. Where the outcome is unknown, the add may be repeated.
 *
 * Returns: what became of it; %CHIHUO_ADD_RESULT_ERROR, which is 0, with @error
 *   set
 *
 * Since: 1.0
 */
ChihuoAddResult
chihuo_loop_add_task (ChihuoLoop *self, const char *task_id, JsonNode *info, GError **error)
{
  g_autoptr (ChihuoTask) task = NULL;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), CHIHUO_ADD_RESULT_ERROR);
  g_return_val_if_fail (task_id != NULL, CHIHUO_ADD_RESULT_ERROR);
  g_return_val_if_fail (error == NULL || *error == NULL, CHIHUO_ADD_RESULT_ERROR);

  task = chihuo_task_new (task_id, info);

  return chihuo_queue_add (chihuo_loop_get_queue (self), task, CHIHUO_ADD_FLAGS_NONE, error);
}

/**
 * chihuo_loop_add_task_async:
 * @self: a loop
 * @task_id: the id: UTF-8, 1 to 4,096 bytes
 * @info: (nullable): the info, any JSON value; %NULL means null
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Loop.add_task] does, without waiting. @info is read
 * before this returns.
 *
 * Since: 1.0
 */
void
chihuo_loop_add_task_async (ChihuoLoop *self, const char *task_id, JsonNode *info,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (ChihuoTask) task = NULL;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (task_id != NULL);

  task = chihuo_task_new (task_id, info);
  chihuo_queue_add_async (
      chihuo_loop_get_queue (self), task, CHIHUO_ADD_FLAGS_NONE, cancellable, answered_cb,
      task_new (self, chihuo_loop_add_task_async, cancellable, callback, user_data));
}

/**
 * chihuo_loop_add_task_finish:
 * @self: a loop
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Loop.add_task_async].
 *
 * Returns: what became of it; %CHIHUO_ADD_RESULT_ERROR, which is 0, with @error
 *   set
 *
 * Since: 1.0
 */
ChihuoAddResult
chihuo_loop_add_task_finish (ChihuoLoop *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer = take_result (self, result, chihuo_loop_add_task_async, error);

  if (answer == NULL)
    return CHIHUO_ADD_RESULT_ERROR;

  return chihuo_queue_add_finish (chihuo_loop_get_queue (self), answer, error);
}

/**
 * chihuo_loop_add_task_json:
 * @self: a loop
 * @task_id: the id: UTF-8, 1 to 4,096 bytes
 * @json: the info as JSON text
 * @error: return location for an error
 *
 * Adds a task to the loop's queue: a [ctor@Chihuo.Task.new_from_json] and a
 * plain [method@Chihuo.Queue.add].
 *
 * May be called from any thread, whether the loop runs or not; it blocks.
 * Errors: see [class@Chihuo.Queue]; an id or a text that breaks the rules is
 * among them. Where the outcome is unknown, the add may be repeated.
 *
 * Returns: what became of it; %CHIHUO_ADD_RESULT_ERROR, which is 0, with @error
 *   set
 *
 * Since: 1.0
 */
ChihuoAddResult
chihuo_loop_add_task_json (ChihuoLoop *self, const char *task_id, const char *json, GError **error)
{
  g_autoptr (ChihuoTask) task = NULL;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), CHIHUO_ADD_RESULT_ERROR);
  g_return_val_if_fail (task_id != NULL, CHIHUO_ADD_RESULT_ERROR);
  g_return_val_if_fail (json != NULL, CHIHUO_ADD_RESULT_ERROR);
  g_return_val_if_fail (error == NULL || *error == NULL, CHIHUO_ADD_RESULT_ERROR);

  task = chihuo_task_new_from_json (task_id, json, error);
  if (task == NULL)
    return CHIHUO_ADD_RESULT_ERROR;

  return chihuo_queue_add (chihuo_loop_get_queue (self), task, CHIHUO_ADD_FLAGS_NONE, error);
}

/**
 * chihuo_loop_add_task_json_async:
 * @self: a loop
 * @task_id: the id: UTF-8, 1 to 4,096 bytes
 * @json: the info as JSON text
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Loop.add_task_json] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_loop_add_task_json_async (ChihuoLoop *self, const char *task_id, const char *json,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (ChihuoTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (task_id != NULL);
  g_return_if_fail (json != NULL);

  task = chihuo_task_new_from_json (task_id, json, &error);
  if (task == NULL)
    g_task_report_error (self, callback, user_data, chihuo_loop_add_task_json_async, error);
  else
    chihuo_queue_add_async (
        chihuo_loop_get_queue (self), task, CHIHUO_ADD_FLAGS_NONE, cancellable, answered_cb,
        task_new (self, chihuo_loop_add_task_json_async, cancellable, callback, user_data));
}

/**
 * chihuo_loop_add_task_json_finish:
 * @self: a loop
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Loop.add_task_json_async].
 *
 * Returns: what became of it; %CHIHUO_ADD_RESULT_ERROR, which is 0, with @error
 *   set
 *
 * Since: 1.0
 */
ChihuoAddResult
chihuo_loop_add_task_json_finish (ChihuoLoop *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer
      = take_result (self, result, chihuo_loop_add_task_json_async, error);

  if (answer == NULL)
    return CHIHUO_ADD_RESULT_ERROR;

  return chihuo_queue_add_finish (chihuo_loop_get_queue (self), answer, error);
}

/**
 * chihuo_loop_add_tasks:
 * @self: a loop
 * @tasks: (array length=n_tasks) (nullable) (transfer none): the tasks to add,
 *   in their order; none is fine
 * @n_tasks: how many
 * @flags: how, for all of them
 * @n_added: (out) (optional): how many of them are new in the queue
 * @error: return location for an error
 *
 * Adds many tasks to the loop's queue: see [method@Chihuo.Queue.add_tasks].
 *
 * May be called from any thread, whether the loop runs or not; it blocks.
 * Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE when each was answered, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_add_tasks (ChihuoLoop *self, ChihuoTask **tasks, gsize n_tasks, ChihuoAddFlags flags,
                       gsize *n_added, GError **error)
{
  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);

  return chihuo_queue_add_tasks (chihuo_loop_get_queue (self), tasks, n_tasks, flags, n_added,
                                 error);
}

/**
 * chihuo_loop_add_tasks_async:
 * @self: a loop
 * @tasks: (array length=n_tasks) (nullable) (transfer none): the tasks to add,
 *   in their order; none is fine
 * @n_tasks: how many
 * @flags: how, for all of them
 * @cancellable: (nullable): takes the call back, unless some of it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Loop.add_tasks] does, without waiting. The array and
 * its tasks are read before this returns.
 *
 * Since: 1.0
 */
void
chihuo_loop_add_tasks_async (ChihuoLoop *self, ChihuoTask **tasks, gsize n_tasks,
                             ChihuoAddFlags flags, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (tasks != NULL || n_tasks == 0);
  g_return_if_fail (n_tasks <= G_MAXUINT);

  chihuo_queue_add_tasks_async (
      chihuo_loop_get_queue (self), tasks, n_tasks, flags, cancellable, answered_cb,
      task_new (self, chihuo_loop_add_tasks_async, cancellable, callback, user_data));
}

/**
 * chihuo_loop_add_tasks_finish:
 * @self: a loop
 * @result: what the callback was given
 * @n_added: (out) (optional): how many of them are new in the queue
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Loop.add_tasks_async].
 *
 * Returns: %TRUE when each was answered, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_add_tasks_finish (ChihuoLoop *self, GAsyncResult *result, gsize *n_added,
                              GError **error)
{
  g_autoptr (GAsyncResult) answer = take_result (self, result, chihuo_loop_add_tasks_async, error);

  if (answer == NULL)
    return FALSE;

  return chihuo_queue_add_tasks_finish (chihuo_loop_get_queue (self), answer, n_added, error);
}

/**
 * chihuo_loop_task_finish:
 * @self: a loop
 * @task_id: the id
 * @error: return location for an error
 *
 * Marks an id as finished, for ever: see
 * [method@Chihuo.Queue.mark_finished].
 *
 * In the run of that very task it returns at once: the mark is recorded with
 * the run, goes to the store with its end, and wins however the run ends.
 *
 * May be called from any thread; elsewhere than in that run it blocks. Errors:
 * see [class@Chihuo.Queue]; %CHIHUO_ERROR_STALE where the run has lost its
 * lease.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_finish (ChihuoLoop *self, const char *task_id, GError **error)
{
  const char *task_ids[] = { task_id, NULL };

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);
  g_return_val_if_fail (task_id != NULL, FALSE);

  return chihuo_queue_mark_finished (chihuo_loop_get_queue (self), task_ids, error);
}

/**
 * chihuo_loop_task_finish_async:
 * @self: a loop
 * @task_id: the id
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Loop.task_finish] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_loop_task_finish_async (ChihuoLoop *self, const char *task_id, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  const char *task_ids[] = { task_id, NULL };

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (task_id != NULL);

  chihuo_queue_mark_finished_async (
      chihuo_loop_get_queue (self), task_ids, cancellable, answered_cb,
      task_new (self, chihuo_loop_task_finish_async, cancellable, callback, user_data));
}

/**
 * chihuo_loop_task_finish_finish:
 * @self: a loop
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Loop.task_finish_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_finish_finish (ChihuoLoop *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer
      = take_result (self, result, chihuo_loop_task_finish_async, error);

  if (answer == NULL)
    return FALSE;

  return chihuo_queue_mark_finished_finish (chihuo_loop_get_queue (self), answer, error);
}

/**
 * chihuo_loop_task_unfinish:
 * @self: a loop
 * @task_id: the id
 * @error: return location for an error
 *
 * Takes the finished mark of an id away, so that it can be added again: see
 * [method@Chihuo.Queue.unmark_finished]. In the run that has marked its id,
 * that is taken back. An id without a mark stays as it is.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_unfinish (ChihuoLoop *self, const char *task_id, GError **error)
{
  const char *task_ids[] = { task_id, NULL };

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);
  g_return_val_if_fail (task_id != NULL, FALSE);

  return chihuo_queue_unmark_finished (chihuo_loop_get_queue (self), task_ids, error);
}

/**
 * chihuo_loop_task_unfinish_async:
 * @self: a loop
 * @task_id: the id
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Loop.task_unfinish] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_loop_task_unfinish_async (ChihuoLoop *self, const char *task_id, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  const char *task_ids[] = { task_id, NULL };

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (task_id != NULL);

  chihuo_queue_unmark_finished_async (
      chihuo_loop_get_queue (self), task_ids, cancellable, answered_cb,
      task_new (self, chihuo_loop_task_unfinish_async, cancellable, callback, user_data));
}

/**
 * chihuo_loop_task_unfinish_finish:
 * @self: a loop
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Loop.task_unfinish_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_unfinish_finish (ChihuoLoop *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer
      = take_result (self, result, chihuo_loop_task_unfinish_async, error);

  if (answer == NULL)
    return FALSE;

  return chihuo_queue_unmark_finished_finish (chihuo_loop_get_queue (self), answer, error);
}

/**
 * chihuo_loop_task_finished:
 * @self: a loop
 * @task_id: the id
 * @error: return location for an error
 *
 * Asks whether an id is marked as finished. An id that a run of this process
 * has marked counts from then on. In the run of that very task the answer comes
 * at once.
 *
 * It is %FALSE after an error, too: give an @error to tell them apart, or use
 * [method@Chihuo.Queue.look].
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: whether it is, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_finished (ChihuoLoop *self, const char *task_id, GError **error)
{
  g_autoptr (ChihuoTask) snapshot = NULL;
  ChihuoQueue *queue;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);
  g_return_val_if_fail (task_id != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  queue = chihuo_loop_get_queue (self);
  if (chihuo_runner_has_finish_current (chihuo_queue_peek_store (queue),
                                        chihuo_queue_get_name (queue), task_id))
    return TRUE;

  snapshot = chihuo_queue_look (queue, task_id, error);

  return is_finished (snapshot);
}

/**
 * chihuo_loop_task_finished_async:
 * @self: a loop
 * @task_id: the id
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Loop.task_finished] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_loop_task_finished_async (ChihuoLoop *self, const char *task_id, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (task_id != NULL);

  chihuo_queue_look_async (
      chihuo_loop_get_queue (self), task_id, cancellable, answered_cb,
      task_new (self, chihuo_loop_task_finished_async, cancellable, callback, user_data));
}

/**
 * chihuo_loop_task_finished_finish:
 * @self: a loop
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Loop.task_finished_async].
 *
 * Returns: whether it is marked, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_finished_finish (ChihuoLoop *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer
      = take_result (self, result, chihuo_loop_task_finished_async, error);
  g_autoptr (ChihuoTask) snapshot = NULL;

  if (answer != NULL)
    snapshot = chihuo_queue_look_finish (chihuo_loop_get_queue (self), answer, error);

  return is_finished (snapshot);
}

/**
 * chihuo_loop_task_exists:
 * @self: a loop
 * @task_id: the id
 * @error: return location for an error
 *
 * Asks whether a task of this id is waiting, delayed or running. One that is
 * dead or finished is not.
 *
 * It is %FALSE after an error, too: give an @error to tell them apart, or use
 * [method@Chihuo.Queue.look].
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: whether it is, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_exists (ChihuoLoop *self, const char *task_id, GError **error)
{
  g_autoptr (ChihuoTask) snapshot = NULL;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);
  g_return_val_if_fail (task_id != NULL, FALSE);

  snapshot = chihuo_queue_look (chihuo_loop_get_queue (self), task_id, error);

  return is_there (snapshot);
}

/**
 * chihuo_loop_task_exists_async:
 * @self: a loop
 * @task_id: the id
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Loop.task_exists] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_loop_task_exists_async (ChihuoLoop *self, const char *task_id, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (task_id != NULL);

  chihuo_queue_look_async (
      chihuo_loop_get_queue (self), task_id, cancellable, answered_cb,
      task_new (self, chihuo_loop_task_exists_async, cancellable, callback, user_data));
}

/**
 * chihuo_loop_task_exists_finish:
 * @self: a loop
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Loop.task_exists_async].
 *
 * Returns: whether it is waiting, delayed or running, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_task_exists_finish (ChihuoLoop *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer
      = take_result (self, result, chihuo_loop_task_exists_async, error);
  g_autoptr (ChihuoTask) snapshot = NULL;

  if (answer != NULL)
    snapshot = chihuo_queue_look_finish (chihuo_loop_get_queue (self), answer, error);

  return is_there (snapshot);
}
