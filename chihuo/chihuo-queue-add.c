/* chihuo-queue-add.c - puts tasks into a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-queue-private.h"
#include "chihuo-task-private.h"

#define ALL_ADD_FLAGS \
  (CHIHUO_ADD_FLAGS_AT_HEAD | CHIHUO_ADD_FLAGS_EVEN_FINISHED | CHIHUO_ADD_FLAGS_EVEN_DEAD \
   | CHIHUO_ADD_FLAGS_SKIP_RUNNING | CHIHUO_ADD_FLAGS_REPLACE)

/* So many places before its turn a task is asked for from memory: they were made long ago, and
 * waiting for one after the other would take longer than what is done with them */
#define AHEAD 8

/* A snapshot of an id that the queue did not have has no info: it is added with null */
static ChihuoPayload *
ref_full_payload (ChihuoTask *task)
{
  ChihuoPayload *payload = chihuo_task_get_payload (task);

  if (chihuo_payload_get_json (payload) != NULL)
    return chihuo_payload_ref (payload);

  return chihuo_payload_new (chihuo_payload_get_id (payload),
                             chihuo_payload_get_id_length (payload), "null", -1);
}

static void
fill_in (ChihuoItem *item, ChihuoTask *task, ChihuoAddFlags flags)
{
  item->op = CHIHUO_OP_ADD;
  item->payload = ref_full_payload (task);
  item->add.flags = flags;
  item->add.has_priority = chihuo_task_has_priority (task);
  item->add.delay = chihuo_task_get_delay_us (task);
  item->add.timeout = chihuo_task_get_timeout_us (task);
  item->add.max_tries = chihuo_task_get_max_tries (task);
  item->add.priority = chihuo_task_get_priority (task);
}

static gboolean
check_nth (ChihuoRequest *request, guint index, ChihuoTask *task)
{
  GError *error = NULL;

  if (task == NULL)
    chihuo_request_invalid (request, "task %u: expected a task, not NULL", index);
  else if (!chihuo_task_check (task, &error))
    chihuo_request_refuse_nth (request, "task", index, chihuo_task_get_id (task), error);

  return request->error == NULL;
}

static gboolean
is_add_result (ChihuoAnswer answer)
{
  return answer >= CHIHUO_ANSWER_ADDED && answer <= CHIHUO_ANSWER_FINISHED;
}

/* Each task gets its answer. A backend may be anybody's, so what it says is looked at */
static gpointer
read_tasks (ChihuoRequest *request)
{
  GPtrArray *tasks = request->data;

  for (guint i = 0; i < tasks->len; i++)
    {
      ChihuoTask *task = g_ptr_array_index (tasks, i);
      ChihuoAnswer answer = request->call->items[i].answer;

      if (is_add_result (answer))
        chihuo_task_set_add_result (task, (ChihuoAddResult) answer);
      else
        chihuo_request_refuse_nth (request, "task", i, chihuo_task_get_id (task),
                                   g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                                                "the store answered an add with %d", answer));
    }

  return request->error == NULL ? GINT_TO_POINTER (TRUE) : NULL;
}

/* The answer of the only one; ERROR is NULL */
static gpointer
read_single (ChihuoRequest *request)
{
  if (read_tasks (request) == NULL)
    return NULL;

  return GINT_TO_POINTER (request->call->items[0].answer);
}

static ChihuoRequest *
add_tasks_request (ChihuoQueue *self, ChihuoTask **tasks, gsize n_tasks, ChihuoAddFlags flags)
{
  ChihuoRequest *request = chihuo_request_new (chihuo_queue_get_name (self),
                                               chihuo_call_new_items (n_tasks));
  GPtrArray *kept = g_ptr_array_new_full (n_tasks, g_object_unref);

  request->read = read_tasks;
  request->data = kept;
  request->data_free = (GDestroyNotify) g_ptr_array_unref;
  if ((flags & ~ALL_ADD_FLAGS) != 0)
    chihuo_request_invalid (request, "0x%x: expected flags of ChihuoAddFlags", flags);

  for (guint i = 0; i < n_tasks && check_nth (request, i, tasks[i]); i++)
    {
      if (i + AHEAD < n_tasks)
        chihuo_task_prefetch (tasks[i + AHEAD]);
      g_ptr_array_add (kept, g_object_ref (tasks[i]));
      fill_in (&request->call->items[i], tasks[i], flags);
    }

  /* nobody shall take an older answer for this one */
  for (guint i = 0; request->error == NULL && i < n_tasks; i++)
    chihuo_task_set_add_result (tasks[i], CHIHUO_ADD_RESULT_ERROR);

  return request;
}

static ChihuoRequest *
add_request (ChihuoQueue *self, ChihuoTask *task, ChihuoAddFlags flags)
{
  ChihuoRequest *request = add_tasks_request (self, &task, 1, flags);

  request->read = read_single;

  return request;
}

/* Gives `result` on, and with it how many were added */
static gboolean
count_added (ChihuoRequest *request, gpointer result, gsize *n_added)
{
  if (n_added != NULL)
    *n_added = result != NULL ? chihuo_request_count (request, CHIHUO_ANSWER_ADDED) : 0;

  return result != NULL;
}

/**
 * chihuo_queue_add:
 * @self: a queue
 * @task: the task to add
 * @flags: how
 * @error: return location for an error
 *
 * Adds a task.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue];
 * an id or an info of @task that breaks the rules is among them. Where the
 * outcome is unknown, the add may be repeated.
 *
 * Returns: what became of it; %CHIHUO_ADD_RESULT_ERROR, which is 0, with @error
 *   set
 *
 * Since: 1.0
 */
ChihuoAddResult
chihuo_queue_add (ChihuoQueue *self, ChihuoTask *task, ChihuoAddFlags flags, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), CHIHUO_ADD_RESULT_ERROR);
  g_return_val_if_fail (CHIHUO_IS_TASK (task), CHIHUO_ADD_RESULT_ERROR);
  g_return_val_if_fail (error == NULL || *error == NULL, CHIHUO_ADD_RESULT_ERROR);

  request = add_request (self, task, flags);

  return GPOINTER_TO_INT (chihuo_queue_ask (self, request, error));
}

/**
 * chihuo_queue_add_async:
 * @self: a queue
 * @task: the task to add
 * @flags: how
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.add] does, without waiting. @task is read
 * before this returns.
 *
 * Since: 1.0
 */
void
chihuo_queue_add_async (ChihuoQueue *self, ChihuoTask *task, ChihuoAddFlags flags,
                        GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));
  g_return_if_fail (CHIHUO_IS_TASK (task));

  chihuo_queue_ask_async (self, add_request (self, task, flags), chihuo_queue_add_async,
                          cancellable, callback, user_data);
}

/**
 * chihuo_queue_add_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.add_async].
 *
 * Returns: what became of it; %CHIHUO_ADD_RESULT_ERROR, which is 0, with @error
 *   set
 *
 * Since: 1.0
 */
ChihuoAddResult
chihuo_queue_add_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return GPOINTER_TO_INT (chihuo_queue_ask_finish (self, result, chihuo_queue_add_async, error));
}

/**
 * chihuo_queue_add_tasks:
 * @self: a queue
 * @tasks: (array length=n_tasks) (nullable) (transfer none): the tasks to add,
 *   in their order; none is fine
 * @n_tasks: how many
 * @flags: how, for all of them
 * @n_added: (out) (optional): how many of them are new in the queue: those that
 *   were answered with %CHIHUO_ADD_RESULT_ADDED, not those that will run again
 * @error: return location for an error
 *
 * Adds many tasks. The answer to each is in
 * [method@Chihuo.Task.get_add_result] then; after an error it says
 * %CHIHUO_ADD_RESULT_ERROR for all.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue]. It
 * is not a transaction: where the outcome is unknown, some may be in the queue;
 * the add may be repeated.
 *
 * Returns: %TRUE when each was answered, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_add_tasks (ChihuoQueue *self, ChihuoTask **tasks, gsize n_tasks, ChihuoAddFlags flags,
                        gsize *n_added, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (tasks != NULL || n_tasks == 0, FALSE);
  g_return_val_if_fail (n_tasks <= G_MAXUINT, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  request = add_tasks_request (self, tasks, n_tasks, flags);

  return count_added (request, chihuo_queue_ask (self, request, error), n_added);
}

/**
 * chihuo_queue_add_tasks_async:
 * @self: a queue
 * @tasks: (array length=n_tasks) (nullable) (transfer none): the tasks to add,
 *   in their order; none is fine
 * @n_tasks: how many
 * @flags: how, for all of them
 * @cancellable: (nullable): takes the call back, unless some of it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.add_tasks] does, without waiting. The array and
 * its tasks are read before this returns.
 *
 * Since: 1.0
 */
void
chihuo_queue_add_tasks_async (ChihuoQueue *self, ChihuoTask **tasks, gsize n_tasks,
                              ChihuoAddFlags flags, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));
  g_return_if_fail (tasks != NULL || n_tasks == 0);
  g_return_if_fail (n_tasks <= G_MAXUINT);

  chihuo_queue_ask_async (self, add_tasks_request (self, tasks, n_tasks, flags),
                          chihuo_queue_add_tasks_async, cancellable, callback, user_data);
}

/**
 * chihuo_queue_add_tasks_finish:
 * @self: a queue
 * @result: what the callback was given
 * @n_added: (out) (optional): how many of them are new in the queue
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.add_tasks_async].
 *
 * Returns: %TRUE when each was answered, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
chihuo_queue_add_tasks_finish (ChihuoQueue *self, GAsyncResult *result, gsize *n_added,
                               GError **error)
{
  gpointer answer = chihuo_queue_ask_finish (self, result, chihuo_queue_add_tasks_async, error);

  return count_added (g_task_get_task_data (G_TASK (result)), answer, n_added);
}
