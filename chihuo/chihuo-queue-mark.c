/* chihuo-queue-mark.c - marks ids as finished, for ever
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-queue-private.h"
#include "chihuo-runner.h"

/* Records the mark, or its end, with the run of an id in this process, if there is one */
static ChihuoFinishing
record_finish (GPtrArray *clients, ChihuoPayload *id, gboolean finish)
{
  for (guint i = 0; i < clients->len; i++)
    {
      ChihuoFinishing finishing
          = chihuo_runner_record_finish (g_ptr_array_index (clients, i), id, finish);

      if (finishing != CHIHUO_FINISHING_NOT_HERE)
        return finishing;
    }

  return CHIHUO_FINISHING_NOT_HERE;
}

static void
refuse_stale (ChihuoRequest *request, guint index, ChihuoPayload *id)
{
  GError *error = g_error_new_literal (CHIHUO_ERROR, CHIHUO_ERROR_STALE,
                                       "its run has lost the lease, somebody else may run it");

  chihuo_request_refuse_nth (request, "id", index, chihuo_payload_get_id (id), error);
}

/* What runs here is marked with its run; the rest of the items move up and are sent */
static void
mark_own_runs (ChihuoRequest *request)
{
  g_autoptr (GPtrArray) clients = chihuo_store_get_clients (request->store, request->queue);
  ChihuoCall *call = request->call;
  guint n = call->n_items;

  call->n_items = 0;
  for (guint i = 0; i < n; i++)
    {
      ChihuoItem *item = &call->items[i];
      ChihuoFinishing finishing = record_finish (clients, item->payload, TRUE);

      if (finishing == CHIHUO_FINISHING_STALE)
        refuse_stale (request, i, item->payload);

      if (finishing == CHIHUO_FINISHING_NOT_HERE)
        call->items[call->n_items++] = *item;
      else
        chihuo_item_clear (item);
    }
}

/* The store is told, too: the mark may be older than the run */
static void
unmark_own_runs (ChihuoRequest *request)
{
  g_autoptr (GPtrArray) clients = chihuo_store_get_clients (request->store, request->queue);

  for (guint i = 0; i < request->call->n_items; i++)
    record_finish (clients, request->call->items[i].payload, FALSE);
}

/* The short way for what handlers do most: no request, no lock. Only a good id can be running. A run
 * that a forked child has a copy of is not its own */
static gboolean
mark_current (ChihuoQueue *self, const char * const *task_ids)
{
  return task_ids != NULL && task_ids[0] != NULL && task_ids[1] == NULL && !chihuo_fork_is_child ()
         && chihuo_runner_finish_current (chihuo_queue_peek_store (self),
                                          chihuo_queue_get_name (self), task_ids[0], TRUE)
                == CHIHUO_FINISHING_RECORDED;
}

static ChihuoRequest *
mark_request (ChihuoQueue *self, const char * const *task_ids)
{
  ChihuoRequest *request
      = chihuo_request_new_ids (chihuo_queue_get_name (self), CHIHUO_OP_FINISH, task_ids);

  request->prepare = mark_own_runs;

  return request;
}

static ChihuoRequest *
unmark_request (ChihuoQueue *self, const char * const *task_ids)
{
  ChihuoRequest *request
      = chihuo_request_new_ids (chihuo_queue_get_name (self), CHIHUO_OP_UNFINISH, task_ids);

  request->prepare = unmark_own_runs;

  return request;
}

/**
 * chihuo_queue_mark_finished:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids; %NULL, or none,
 *   is fine
 * @error: return location for an error
 *
 * Marks ids as finished: whatever becomes of them, they are not added again,
 * unless somebody asks for that with %CHIHUO_ADD_FLAGS_EVEN_FINISHED. What
 * waits, is delayed or dead under such an id is gone.
 *
 * An id that runs in this process is marked with its run: that is recorded at
 * once, even if this call is cancelled then, goes to the store with the end
 * of the run, and wins however the run ends. If the process dies before, the
 * task runs again. An id that runs elsewhere is marked at once, and its run
 * is cancelled.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue];
 * %CHIHUO_ERROR_STALE where an id runs in this process and its lease was
 * lost. Then others that run in this process may be marked, and the store was
 * asked nothing.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_mark_finished (ChihuoQueue *self, const char * const *task_ids, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (mark_current (self, task_ids))
    return TRUE;

  request = mark_request (self, task_ids);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_mark_finished_async:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids; %NULL, or none,
 *   is fine
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.mark_finished] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_mark_finished_async (ChihuoQueue *self, const char * const *task_ids,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, mark_request (self, task_ids), chihuo_queue_mark_finished_async,
                          cancellable, callback, user_data);
}

/**
 * chihuo_queue_mark_finished_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.mark_finished_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_mark_finished_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_mark_finished_async, error) != NULL;
}

/**
 * chihuo_queue_unmark_finished:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids; %NULL, or none,
 *   is fine
 * @error: return location for an error
 *
 * Takes the finished marks of ids away, so that they can be added again. In
 * the run that has marked its id, that is taken back. An id without a mark
 * stays as it is.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_unmark_finished (ChihuoQueue *self, const char * const *task_ids, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = unmark_request (self, task_ids);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_unmark_finished_async:
 * @self: a queue
 * @task_ids: (array zero-terminated=1) (nullable): the ids; %NULL, or none,
 *   is fine
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.unmark_finished] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_unmark_finished_async (ChihuoQueue *self, const char * const *task_ids,
                                    GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, unmark_request (self, task_ids),
                          chihuo_queue_unmark_finished_async, cancellable, callback, user_data);
}

/**
 * chihuo_queue_unmark_finished_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.unmark_finished_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_unmark_finished_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_unmark_finished_async, error) != NULL;
}
