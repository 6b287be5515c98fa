/* chihuo-queue-mend.c - puts right what became of single tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-queue-private.h"
#include "chihuo-sweeping.h"

static ChihuoRequest *
ids_request (ChihuoQueue *self, ChihuoOp op, const char * const *task_ids)
{
  return chihuo_request_new_ids (chihuo_queue_get_name (self), op, task_ids);
}

static ChihuoRequest *
retry_dead_request (ChihuoQueue *self, const char * const *task_ids)
{
  static const ChihuoSweepWhat all[] = { CHIHUO_SWEEP_WHAT_RETRY_DEAD };
  const char *name = chihuo_queue_get_name (self);

  if (task_ids != NULL)
    return ids_request (self, CHIHUO_OP_RETRY_DEAD, task_ids);

  return chihuo_request_new (name, chihuo_sweeping_new_call (name, all, G_N_ELEMENTS (all)));
}

/**
 * chihuo_queue_remove:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids of the tasks to
 *   remove; none is fine
 * @error: return location for an error
 *
 * Removes tasks without marking them as finished: they may be added again. A
 * running one is cancelled and gone when its run ends. An id that the queue
 * does not have is left out.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_remove (ChihuoQueue *self, const char * const *task_ids, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = ids_request (self, CHIHUO_OP_REMOVE, task_ids);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_remove_async:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids of the tasks to
 *   remove; none is fine
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.remove] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_remove_async (ChihuoQueue *self, const char * const *task_ids,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, ids_request (self, CHIHUO_OP_REMOVE, task_ids),
                          chihuo_queue_remove_async, cancellable, callback, user_data);
}

/**
 * chihuo_queue_remove_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.remove_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_remove_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_remove_async, error) != NULL;
}

/**
 * chihuo_queue_retry_dead:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids of the tasks to
 *   try again; %NULL means all dead ones
 * @error: return location for an error
 *
 * Sends dead tasks back to the tail of the queue, their counters 0. An id
 * that is not dead stays as it is.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 * All dead ones are done in steps, between which others have their turn:
 * after %CHIHUO_ERROR_UNKNOWN_OUTCOME it may go on.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_retry_dead (ChihuoQueue *self, const char * const *task_ids, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = retry_dead_request (self, task_ids);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_retry_dead_async:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids of the tasks to
 *   try again; %NULL means all dead ones
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.retry_dead] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_retry_dead_async (ChihuoQueue *self, const char * const *task_ids,
                               GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, retry_dead_request (self, task_ids),
                          chihuo_queue_retry_dead_async, cancellable, callback, user_data);
}

/**
 * chihuo_queue_retry_dead_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.retry_dead_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_retry_dead_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_retry_dead_async, error) != NULL;
}

/**
 * chihuo_queue_cancel:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids of the tasks to
 *   cancel; none is fine
 * @error: return location for an error
 *
 * Cancels tasks that run, wherever they run: their worker is told when it
 * renews its lease. A run that does not succeed nevertheless leaves its task
 * dead, with the error “cancelled”; nothing is counted. An id that does not
 * run stays as it is.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_cancel (ChihuoQueue *self, const char * const *task_ids, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = ids_request (self, CHIHUO_OP_CANCEL, task_ids);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_cancel_async:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids of the tasks to
 *   cancel; none is fine
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.cancel] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_cancel_async (ChihuoQueue *self, const char * const *task_ids,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, ids_request (self, CHIHUO_OP_CANCEL, task_ids),
                          chihuo_queue_cancel_async, cancellable, callback, user_data);
}

/**
 * chihuo_queue_cancel_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.cancel_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_cancel_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_cancel_async, error) != NULL;
}
