/* chihuo-queue-ask.c - takes a request to the queue's store and its result back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-queue-private.h"

/* Whether there is something to send. The store is known then, and the request has had its last
 * touch */
static gboolean
make_ready (ChihuoQueue *self, ChihuoRequest *request)
{
  if (request->error != NULL || request->call == NULL)
    return FALSE;

  if (request->store == NULL)
    request->store = chihuo_queue_ref_store (self, &request->error);
  if (request->store != NULL && request->prepare != NULL)
    request->prepare (request);

  return chihuo_request_has_work (request);
}

/* The result: of the answers, or of there having been nothing to ask. The store is let go */
static gpointer
take_result (ChihuoRequest *request, GError **error)
{
  gpointer result = NULL;

  if (request->error == NULL)
    result = request->read (request);
  g_clear_pointer (&request->store, chihuo_store_unref);
  if (request->error != NULL)
    g_propagate_error (error, g_steal_pointer (&request->error));

  return result;
}

/* The blocking form: waits for the call's time-out at the most. NULL = error */
gpointer
chihuo_queue_ask (ChihuoQueue *self, ChihuoRequest *request, GError **error)
{
  GError *refusal = NULL;

  if (make_ready (self, request)
      && !chihuo_store_call (request->store, request->call, chihuo_queue_get_call_timeout (self),
                             NULL, &refusal))
    chihuo_request_refuse (request, refusal);

  return take_result (request, error);
}

/* Takes over the task */
static void
return_result (GTask *task, ChihuoRequest *request)
{
  GError *error = NULL;
  gpointer result = take_result (request, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, result, request->result_free);
  g_object_unref (task);
}

/* On the task's context. The handler cannot be running there: it never waits */
static void
answered_cb (ChihuoCall *call, gpointer data)
{
  GTask *task = data;
  ChihuoRequest *request = g_task_get_task_data (task);

  g_cancellable_disconnect (g_task_get_cancellable (task), request->cancelled_id);
  if (call->error != NULL)
    chihuo_request_refuse (request, g_error_copy (call->error));

  return_result (task, request);
}

static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  ChihuoRequest *request = data;

  chihuo_store_take_back (request->store, request->call);
}

/* Takes over the task. Who cancels before the call can be taken back is seen by the last line */
static void
send_request (GTask *task, ChihuoRequest *request)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  /* the answer may be there, on another thread, before this function is over */
  g_autoptr (GCancellable) kept = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  g_autoptr (ChihuoStore) store = chihuo_store_ref (request->store);
  g_autoptr (ChihuoCall) call = chihuo_call_ref (request->call);

  if (kept != NULL)
    request->cancelled_id = g_cancellable_connect (kept, G_CALLBACK (cancelled_cb), request, NULL);
  chihuo_store_send (store, call, g_task_get_context (task), answered_cb, task);
  if (g_cancellable_is_cancelled (kept))
    chihuo_store_take_back (store, call);
}

/* The asynchronous form: takes over the request and never waits */
void
chihuo_queue_ask_async (ChihuoQueue *self, ChihuoRequest *request, gpointer source_tag,
                        GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  GError *cancelled = NULL;

  g_task_set_source_tag (task, source_tag);
  g_task_set_task_data (task, request, (GDestroyNotify) chihuo_request_free);
  /* "cancelled" means "certainly not done": what was done says so, however late somebody cancels */
  g_task_set_check_cancellable (task, FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, &cancelled))
    chihuo_request_refuse (request, cancelled);

  if (make_ready (self, request))
    send_request (task, request);
  else
    return_result (task, request);
}

gpointer
chihuo_queue_ask_finish (ChihuoQueue *self, GAsyncResult *result, gpointer source_tag,
                         GError **error)
{
  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, source_tag), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
