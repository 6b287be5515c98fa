/* chihuo-queue-rule.c - changes what counts for the whole of a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-queue-private.h"
#include "chihuo-sweeping.h"

/* What can be kept for longer is kept for ever: 100,000 years */
#define MAX_SECONDS (100e3 * 365.25 * 86400)

static ChihuoRequest *
pause_request (ChihuoQueue *self, gboolean paused)
{
  ChihuoCall *call = chihuo_call_new_items (1);

  call->items[0].op = CHIHUO_OP_SET_PAUSED;
  call->items[0].pause.paused = !!paused;

  return chihuo_request_new (chihuo_queue_get_name (self), call);
}

/* In µs; what is so short that it would become 0, "for ever", is kept for one */
static gint64
check_seconds (ChihuoRequest *request, const char *what, double seconds)
{
  if (isnan (seconds) || seconds < 0)
    {
      chihuo_request_invalid (request, "%s: expected 0 or more seconds, not %g", what, seconds);
      return 0;
    }

  if (seconds == 0 || seconds > MAX_SECONDS)
    return 0;

  return MAX (seconds * G_USEC_PER_SEC, 1);
}

static ChihuoRequest *
retention_request (ChihuoQueue *self, double finished_s, double dead_s, guint64 dead_max)
{
  ChihuoCall *call = chihuo_call_new_items (1);
  ChihuoRequest *request = chihuo_request_new (chihuo_queue_get_name (self), call);

  call->items[0].op = CHIHUO_OP_SET_RETENTION;
  call->items[0].retention.finished = check_seconds (request, "finished marks", finished_s);
  call->items[0].retention.dead = check_seconds (request, "dead tasks", dead_s);
  call->items[0].retention.dead_max = dead_max;

  return request;
}

/* In the order in which a task goes from one to the other, so that what moves on meanwhile is met
 * again */
static guint
sweeps_of_flags (ChihuoClearFlags what, ChihuoSweepWhat *sweeps)
{
  static const struct
  {
    ChihuoClearFlags flag;
    ChihuoSweepWhat  sweep;
  } order[] = {
    { CHIHUO_CLEAR_FLAGS_WAITING, CHIHUO_SWEEP_WHAT_CLEAR_DELAYED },
    { CHIHUO_CLEAR_FLAGS_WAITING, CHIHUO_SWEEP_WHAT_CLEAR_WAITING },
    { CHIHUO_CLEAR_FLAGS_RUNNING, CHIHUO_SWEEP_WHAT_CLEAR_RUNNING },
    { CHIHUO_CLEAR_FLAGS_DEAD, CHIHUO_SWEEP_WHAT_CLEAR_DEAD },
    { CHIHUO_CLEAR_FLAGS_FINISHED, CHIHUO_SWEEP_WHAT_CLEAR_FINISHED },
  };
  guint n = 0;

  G_STATIC_ASSERT (G_N_ELEMENTS (order) <= CHIHUO_SWEEPING_MAX);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if (what & order[i].flag)
      sweeps[n++] = order[i].sweep;

  return n;
}

static ChihuoRequest *
clear_request (ChihuoQueue *self, ChihuoClearFlags what)
{
  const char *name = chihuo_queue_get_name (self);
  ChihuoSweepWhat sweeps[CHIHUO_SWEEPING_MAX];
  guint n = sweeps_of_flags (what, sweeps);
  ChihuoRequest *request = chihuo_request_new (name, chihuo_sweeping_new_call (name, sweeps, n));

  if (what == 0 || (what & ~CHIHUO_CLEAR_FLAGS_ALL) != 0)
    chihuo_request_invalid (request, "0x%x: expected flags of ChihuoClearFlags, at least one",
                            what);

  return request;
}

static ChihuoRequest *
import_request (ChihuoQueue *self)
{
  static const ChihuoSweepWhat sweeps[] = { CHIHUO_SWEEP_WHAT_IMPORT };
  const char *name = chihuo_queue_get_name (self);

  return chihuo_request_new (name, chihuo_sweeping_new_call (name, sweeps, G_N_ELEMENTS (sweeps)));
}

/**
 * chihuo_queue_set_paused:
 * @self: a queue
 * @paused: whether it is to be paused
 * @error: return location for an error
 *
 * Pauses the queue for everybody, or goes on: while it is paused no task is
 * claimed; running ones go on. It is kept in the store.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_set_paused (ChihuoQueue *self, gboolean paused, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = pause_request (self, paused);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_set_paused_async:
 * @self: a queue
 * @paused: whether it is to be paused
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.set_paused] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_set_paused_async (ChihuoQueue *self, gboolean paused, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, pause_request (self, paused), chihuo_queue_set_paused_async,
                          cancellable, callback, user_data);
}

/**
 * chihuo_queue_set_paused_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.set_paused_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_set_paused_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_set_paused_async, error) != NULL;
}

/**
 * chihuo_queue_set_retention:
 * @self: a queue
 * @finished_s: how long finished marks are kept, in seconds; 0, the default,
 *   means for ever
 * @dead_s: how long dead tasks are kept, in seconds; 0 means for ever, the
 *   default is 90 days
 * @dead_max: how many dead tasks are kept, the newest; 0 means any number,
 *   the default is 10,000
 * @error: return location for an error
 *
 * Sets how long the queue keeps what is over. It is kept in the store and
 * counts for everybody. Once the mark of an id is gone, it can be added
 * again.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_set_retention (ChihuoQueue *self, double finished_s, double dead_s, guint64 dead_max,
                            GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = retention_request (self, finished_s, dead_s, dead_max);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_set_retention_async:
 * @self: a queue
 * @finished_s: how long finished marks are kept, in seconds; 0, the default,
 *   means for ever
 * @dead_s: how long dead tasks are kept, in seconds; 0 means for ever, the
 *   default is 90 days
 * @dead_max: how many dead tasks are kept, the newest; 0 means any number,
 *   the default is 10,000
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.set_retention] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_set_retention_async (ChihuoQueue *self, double finished_s, double dead_s,
                                  guint64 dead_max, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, retention_request (self, finished_s, dead_s, dead_max),
                          chihuo_queue_set_retention_async, cancellable, callback, user_data);
}

/**
 * chihuo_queue_set_retention_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.set_retention_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_set_retention_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_set_retention_async, error) != NULL;
}

/**
 * chihuo_queue_clear:
 * @self: a queue
 * @what: what to clear; at least one flag
 * @error: return location for an error
 *
 * Clears a queue: waiting (which means delayed ones, too), running and dead
 * tasks, finished marks. Running ones are cancelled and gone when their run
 * ends. What is added or ends meanwhile may stay.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 * It is done in steps, between which others have their turn: after
 * %CHIHUO_ERROR_UNKNOWN_OUTCOME it may go on.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_clear (ChihuoQueue *self, ChihuoClearFlags what, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = clear_request (self, what);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_clear_async:
 * @self: a queue
 * @what: what to clear; at least one flag
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.clear] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_clear_async (ChihuoQueue *self, ChihuoClearFlags what, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, clear_request (self, what), chihuo_queue_clear_async, cancellable,
                          callback, user_data);
}

/**
 * chihuo_queue_clear_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.clear_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_clear_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_clear_async, error) != NULL;
}

/**
 * chihuo_queue_import:
 * @self: a queue
 * @error: return location for an error
 *
 * Takes over what another program has stored under the queue's name: on a
 * Lodis in safe mode the waiting tasks and the finished ids of the first
 * version, written in Python. They leave its structures in the transaction that
 * puts them into ours, so nothing is lost wherever it ends, and it can be called
 * again to go on. What is no task stays where it is. In plain mode there is
 * nothing to do: the other program's tasks are ours as they are.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue];
 * %CHIHUO_ERROR_NOT_SUPPORTED where no other program stores tasks. It is done in
 * steps, between which others have their turn: after
 * %CHIHUO_ERROR_UNKNOWN_OUTCOME it may go on.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_import (ChihuoQueue *self, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = import_request (self);

  return chihuo_queue_ask (self, request, error) != NULL;
}

/**
 * chihuo_queue_import_async:
 * @self: a queue
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.import] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_import_async (ChihuoQueue *self, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, import_request (self), chihuo_queue_import_async, cancellable,
                          callback, user_data);
}

/**
 * chihuo_queue_import_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.import_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_import_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_import_async, error) != NULL;
}
