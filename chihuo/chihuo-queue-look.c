/* chihuo-queue-look.c - shows what is in a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-queue-private.h"
#include "chihuo-runner.h"
#include "chihuo-snapshot.h"

/* What is filled in on the store's turn and read by the caller afterwards */
typedef struct
{
  ChihuoPage page;
  char      *after; /* (owned) (nullable): what page.after points to */
} PageJob;

typedef struct
{
  const char *queue; /* interned */
  ChihuoStats stats;
} StatsJob;

static void
page_job_free (gpointer data)
{
  PageJob *job = data;

  g_clear_pointer (&job->page.id, chihuo_payload_unref);
  g_ptr_array_unref (job->page.records);
  g_free (job->after);
  g_free (job);
}

/* A call that could not be answered is made again */
static gboolean
fill_page (ChihuoBackend *backend, const ChihuoMoment *moment, gpointer data, gboolean *again,
           GError **error)
{
  PageJob *job = data;

  g_ptr_array_set_size (job->page.records, 0);

  return chihuo_backend_page (backend, &job->page, error);
}

static gboolean
fill_stats (ChihuoBackend *backend, const ChihuoMoment *moment, gpointer data, gboolean *again,
            GError **error)
{
  StatsJob *job = data;

  job->stats = (ChihuoStats) { 0 };

  return chihuo_backend_stats (backend, job->queue, moment->now, &job->stats, error);
}

/* Gives the job, to be filled in before it is sent */
static PageJob *
page_request (ChihuoQueue *self, ChihuoRequestRead read, GDestroyNotify result_free,
              ChihuoRequest **request)
{
  const char *name = chihuo_queue_get_name (self);
  PageJob *job = g_new0 (PageJob, 1);

  job->page.queue = name;
  job->page.limit = 1;
  job->page.records = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);

  *request = chihuo_request_new (name, chihuo_call_new_func (fill_page, job, page_job_free));
  (*request)->read = read;
  (*request)->result_free = result_free;

  return job;
}

/* A run of this process may have marked the id; the store hears of it at the end of the run */
static gboolean
is_finishing_here (ChihuoRequest *request, ChihuoPayload *id)
{
  g_autoptr (GPtrArray) clients = chihuo_store_get_clients (request->store, request->queue);

  for (guint i = 0; i < clients->len; i++)
    if (chihuo_runner_has_finish (g_ptr_array_index (clients, i), id))
      return TRUE;

  return FALSE;
}

static gpointer
read_look (ChihuoRequest *request)
{
  PageJob *job = request->call->func_data;
  ChihuoPayload *id = job->page.id;

  if (job->page.records->len != 1)
    {
      chihuo_request_refuse (request,
                             g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                                          "the store answered a look at one id with %u records",
                                          job->page.records->len));
      return NULL;
    }

  return chihuo_snapshot_new (g_ptr_array_index (job->page.records, 0), id,
                              is_finishing_here (request, id));
}

static gpointer
read_list (ChihuoRequest *request)
{
  PageJob *job = request->call->func_data;
  GPtrArray *records = job->page.records;
  GPtrArray *tasks = g_ptr_array_new_full (records->len, g_object_unref);

  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (tasks, chihuo_snapshot_new_in_list (g_ptr_array_index (records, i)));

  return tasks;
}

static gpointer
read_finished (ChihuoRequest *request)
{
  PageJob *job = request->call->func_data;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < job->page.records->len; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (job->page.records, i);

      g_strv_builder_add (builder, chihuo_payload_get_id (record->payload));
    }

  return g_strv_builder_end (builder);
}

static gpointer
read_stats (ChihuoRequest *request)
{
  StatsJob *job = request->call->func_data;

  return chihuo_stats_copy (&job->stats);
}

static void
check_limit (ChihuoRequest *request, PageJob *job, guint limit)
{
  if (limit > CHIHUO_BACKEND_MAX_TOUCHED)
    chihuo_request_invalid (request, "expected a limit of 1 to %d, or 0 for the most, not %u",
                            CHIHUO_BACKEND_MAX_TOUCHED, limit);

  job->page.limit = limit > 0 ? limit : CHIHUO_BACKEND_MAX_TOUCHED;
}

static void
set_after (PageJob *job, const char *after)
{
  job->after = g_strdup (after);
  job->page.after = job->after;
}

static ChihuoRequest *
look_request (ChihuoQueue *self, const char *task_id)
{
  ChihuoRequest *request;
  PageJob *job = page_request (self, read_look, g_object_unref, &request);
  GError *error = NULL;

  job->page.id = chihuo_payload_new (task_id, -1, NULL, 0);
  if (!chihuo_id_check (task_id, -1, &error))
    chihuo_request_refuse (request, error);

  return request;
}

static ChihuoRequest *
list_request (ChihuoQueue *self, ChihuoTaskState state, const char *after, guint limit)
{
  ChihuoRequest *request;
  PageJob *job = page_request (self, read_list, (GDestroyNotify) g_ptr_array_unref, &request);
  gint64 major;
  gint64 minor;
  const char *id;
  GError *error = NULL;

  job->page.state = state;
  set_after (job, after);
  check_limit (request, job, limit);
  if (state < CHIHUO_TASK_STATE_WAITING || state > CHIHUO_TASK_STATE_DEAD)
    chihuo_request_invalid (request, "state %d: expected waiting, delayed, running or dead", state);
  if (after != NULL && !chihuo_cursor_parse (after, &major, &minor, &id, &error))
    chihuo_request_refuse (request, error);

  return request;
}

static ChihuoRequest *
finished_request (ChihuoQueue *self, const char *after, guint limit)
{
  ChihuoRequest *request;
  PageJob *job = page_request (self, read_finished, (GDestroyNotify) g_strfreev, &request);
  GError *error = NULL;

  job->page.finished = TRUE;
  set_after (job, after);
  check_limit (request, job, limit);
  if (after != NULL && !chihuo_id_check (after, -1, &error))
    chihuo_request_refuse (request, error);

  return request;
}

static ChihuoRequest *
stats_request (ChihuoQueue *self)
{
  const char *name = chihuo_queue_get_name (self);
  StatsJob *job = g_new0 (StatsJob, 1);
  ChihuoCall *call = chihuo_call_new_func (fill_stats, job, g_free);
  ChihuoRequest *request = chihuo_request_new (name, call);

  job->queue = name;
  request->read = read_stats;
  request->result_free = (GDestroyNotify) chihuo_stats_free;

  return request;
}

/**
 * chihuo_queue_look:
 * @self: a queue
 * @task_id: an id
 * @error: return location for an error
 *
 * Looks at an id: its state, its info and whether it is marked as finished.
 * It changes nothing. An id that the queue has never heard of is
 * %CHIHUO_TASK_STATE_ABSENT.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: (transfer full): a snapshot, or %NULL with @error set
 *
 * Since: 1.0
 */
ChihuoTask *
chihuo_queue_look (ChihuoQueue *self, const char *task_id, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), NULL);
  g_return_val_if_fail (task_id != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  request = look_request (self, task_id);

  return chihuo_queue_ask (self, request, error);
}

/**
 * chihuo_queue_look_async:
 * @self: a queue
 * @task_id: an id
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.look] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_look_async (ChihuoQueue *self, const char *task_id, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));
  g_return_if_fail (task_id != NULL);

  chihuo_queue_ask_async (self, look_request (self, task_id), chihuo_queue_look_async,
                          cancellable, callback, user_data);
}

/**
 * chihuo_queue_look_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.look_async].
 *
 * Returns: (transfer full): a snapshot, or %NULL with @error set
 *
 * Since: 1.0
 */
ChihuoTask *
chihuo_queue_look_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_look_async, error);
}

/**
 * chihuo_queue_list:
 * @self: a queue
 * @state: waiting, delayed, running or dead
 * @after: (nullable): where to go on: [method@Chihuo.Task.get_cursor] of the
 *   last task of the page before, which may be gone; %NULL means at the start
 * @limit: how many at the most: 1 to 1,024; 0 means 1,024
 * @error: return location for an error
 *
 * Lists the tasks in a state, page by page: waiting ones in the order in
 * which they will run, delayed ones by their time, running and dead ones in
 * the order in which they came. It changes nothing. A page that is not full
 * is the last one.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: (transfer container) (element-type ChihuoTask): snapshots, or %NULL
 *   with @error set
 *
 * Since: 1.0
 */
GPtrArray *
chihuo_queue_list (ChihuoQueue *self, ChihuoTaskState state, const char *after, guint limit,
                   GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  request = list_request (self, state, after, limit);

  return chihuo_queue_ask (self, request, error);
}

/**
 * chihuo_queue_list_async:
 * @self: a queue
 * @state: waiting, delayed, running or dead
 * @after: (nullable): where to go on: [method@Chihuo.Task.get_cursor] of the
 *   last task of the page before, which may be gone; %NULL means at the start
 * @limit: how many at the most: 1 to 1,024; 0 means 1,024
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.list] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_list_async (ChihuoQueue *self, ChihuoTaskState state, const char *after, guint limit,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, list_request (self, state, after, limit), chihuo_queue_list_async,
                          cancellable, callback, user_data);
}

/**
 * chihuo_queue_list_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.list_async].
 *
 * Returns: (transfer container) (element-type ChihuoTask): snapshots, or %NULL
 *   with @error set
 *
 * Since: 1.0
 */
GPtrArray *
chihuo_queue_list_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_list_async, error);
}

/**
 * chihuo_queue_list_finished:
 * @self: a queue
 * @after: (nullable): where to go on: the last id of the page before, which
 *   may be gone; %NULL means at the start
 * @limit: how many at the most: 1 to 1,024; 0 means 1,024
 * @error: return location for an error
 *
 * Lists the ids that are marked as finished, page by page, ordered by their
 * bytes. It changes nothing. A page that is not full is the last one. A mark
 * that a run of this process has recorded is here when the run has ended.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: (transfer full) (array zero-terminated=1): ids, or %NULL with @error
 *   set
 *
 * Since: 1.0
 */
GStrv
chihuo_queue_list_finished (ChihuoQueue *self, const char *after, guint limit, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  request = finished_request (self, after, limit);

  return chihuo_queue_ask (self, request, error);
}

/**
 * chihuo_queue_list_finished_async:
 * @self: a queue
 * @after: (nullable): where to go on: the last id of the page before, which
 *   may be gone; %NULL means at the start
 * @limit: how many at the most: 1 to 1,024; 0 means 1,024
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.list_finished] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_list_finished_async (ChihuoQueue *self, const char *after, guint limit,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, finished_request (self, after, limit),
                          chihuo_queue_list_finished_async, cancellable, callback, user_data);
}

/**
 * chihuo_queue_list_finished_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.list_finished_async].
 *
 * Returns: (transfer full) (array zero-terminated=1): ids, or %NULL with @error
 *   set
 *
 * Since: 1.0
 */
GStrv
chihuo_queue_list_finished_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_list_finished_async, error);
}

/**
 * chihuo_queue_get_stats:
 * @self: a queue
 * @error: return location for an error
 *
 * Gets how the queue stands: how many tasks are in which state, and since
 * when.
 *
 * May be called from any thread; it blocks. Errors: see [class@Chihuo.Queue].
 *
 * Returns: (transfer full): the figures, or %NULL with @error set
 *
 * Since: 1.0
 */
ChihuoStats *
chihuo_queue_get_stats (ChihuoQueue *self, GError **error)
{
  g_autoptr (ChihuoRequest) request = NULL;

  g_return_val_if_fail (CHIHUO_IS_QUEUE (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  request = stats_request (self);

  return chihuo_queue_ask (self, request, error);
}

/**
 * chihuo_queue_get_stats_async:
 * @self: a queue
 * @cancellable: (nullable): takes the call back, unless it was sent
 * @callback: called when the answer is there
 * @user_data: for @callback
 *
 * Does what [method@Chihuo.Queue.get_stats] does, without waiting.
 *
 * Since: 1.0
 */
void
chihuo_queue_get_stats_async (ChihuoQueue *self, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHIHUO_IS_QUEUE (self));

  chihuo_queue_ask_async (self, stats_request (self), chihuo_queue_get_stats_async, cancellable,
                          callback, user_data);
}

/**
 * chihuo_queue_get_stats_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Gets the answer to [method@Chihuo.Queue.get_stats_async].
 *
 * Returns: (transfer full): the figures, or %NULL with @error set
 *
 * Since: 1.0
 */
ChihuoStats *
chihuo_queue_get_stats_finish (ChihuoQueue *self, GAsyncResult *result, GError **error)
{
  return chihuo_queue_ask_finish (self, result, chihuo_queue_get_stats_async, error);
}
