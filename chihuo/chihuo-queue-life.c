/* chihuo-queue-life.c - when a queue meets its store and when they part
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-queue-private.h"

/* Does nothing, but in its turn: the store is open then, and all that was asked before is done */
static gboolean
do_nothing (ChihuoBackend *backend, const ChihuoMoment *moment, gpointer data, gboolean *again,
            GError **error)
{
  return TRUE;
}

static ChihuoRequest *
flush_request (ChihuoQueue *self)
{
  return chihuo_request_new (chihuo_queue_get_name (self),
                             chihuo_call_new_func (do_nothing, NULL, NULL));
}

/* The queue is closed to others from now on. The last request brings its store along; a queue that
 * never had one asks nobody */
static ChihuoRequest *
close_request (ChihuoQueue *self)
{
  ChihuoStore *store = chihuo_queue_steal_store (self);
  ChihuoRequest *request;

  if (store == NULL)
    return chihuo_request_new (chihuo_queue_get_name (self), NULL);

  request = flush_request (self);
  request->store = store;

  return request;
}

/**
 * chihuo_queue_open:
 * @self: a queue
 * @error: return location for an error
 *
 * Opens the store. That is optional: the first call does it. It shows a bad name
 * or a bad configuration at a place of one's choice. Opening an open queue
 * only asks whether the store answers.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_open (ChihuoQueue *self, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = flush_request (self);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_open_async:
 * @self: a queue
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.open] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_open_async (ChihuoQueue *self, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, flush_request (self), chihuo_queue_open_async, cancellable,
                          callback, user_data);
}

/**
 * chihuo_queue_open_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.open_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_open_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_open_async, error) != NULL;
}

/**
 * chihuo_queue_close:
 * @self: a queue
 * @error: return location for an error
 *
 * Closes the client: no call is taken any more, what was asked before is waited
 * for, then the store is let go. Later calls give %CHIHUO_ERROR_CLOSED. The
 * queue itself and its other clients go on.
 *
 * A client that is dropped without a close loses nothing: what is under way
 * holds it until the answer. Closing twice, or before the first call, does
 * nothing.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue];
 * the client is closed in any case.
 *
 * Returns: %TRUE, or %FALSE with @error set where the store did not answer
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_close (ChihuoQueue *self, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = close_request (self);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_close_async:
 * @self: a queue
 * @cancellable: (nullable): ends the waiting; the client is closed in any case
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.close] does, without waiting: the client is
 * closed when this returns.
 *
 * Since: 1.0
 */
void
chihuo_queue_close_async (ChihuoQueue *self, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, close_request (self), chihuo_queue_close_async, cancellable,
                          callback, user_data);
}

/**
 * chihuo_queue_close_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.close_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_close_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_close_async, error) != NULL;
}

/**
 * chihuo_queue_flush:
 * @self: a queue
 * @error: return location for an error
 *
 * Waits until all that this process has asked the store for so far is stored.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue];
 * what became of earlier calls is in their own answers.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_flush (ChihuoQueue *self, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = flush_request (self);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_flush_async:
 * @self: a queue
 * @cancellable: (nullable): ends the waiting
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.flush] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_flush_async (ChihuoQueue *self, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, flush_request (self), chihuo_queue_flush_async, cancellable,
                          callback, user_data);
}

/**
 * chihuo_queue_flush_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.flush_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_flush_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_flush_async, error) != NULL;
}
