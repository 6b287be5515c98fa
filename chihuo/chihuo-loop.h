/* chihuo-loop.h - the class that programs subclass: it has a queue and runs its tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include "chihuo-queue.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_LOOP (chihuo_loop_get_type ())

CHIHUO_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (ChihuoLoop, chihuo_loop, CHIHUO, LOOP, GObject)

/**
 * ChihuoLoopClass:
 * @start: the loop's context: adds the first tasks. Optional. Tasks run after it
 *   has returned %TRUE. A start that goes on after it has returned calls
 *   [method@Chihuo.Loop.hold] before
 * @make_task: a worker thread: runs a task; it may block. %TRUE = done
 * @begin_task: the loop's context: begins a task; it must not block. %TRUE =
 *   taken, and the answer comes later through the task, which has to be kept
 *   until then. The default hands the task to a worker thread, which calls
 *   @make_task
 * @begin_tasks: the loop's context: begins many tasks at once, for bindings. The
 *   default calls @begin_task for each. %FALSE fails those that have no answer
 *   yet
 *
 * What a subclass fills in: @make_task, or one of the begin functions. Where
 * neither begin function is overridden, worker threads pull their tasks and no
 * context takes part.
 *
 * %FALSE without an error is a failure, too: its error names the method and the
 * class.
 *
 * Since: 1.0
 */
struct _ChihuoLoopClass
{
  /*< private >*/
  GObjectClass parent_class;

  /*< public >*/
  gboolean (* start)       (ChihuoLoop  *self,
                            GError     **error);
  gboolean (* make_task)   (ChihuoLoop  *self,
                            ChihuoTask  *task,
                            GError     **error);
  gboolean (* begin_task)  (ChihuoLoop  *self,
                            ChihuoTask  *task,
                            GError     **error);
  /**
   * ChihuoLoopClass::begin_tasks:
   * @self: a loop
   * @tasks: (array length=n_tasks): the tasks
   * @n_tasks: how many
   * @error: return location for an error
   *
   * Begins many tasks at once.
   *
   * Returns: whether all were taken
   */
  gboolean (* begin_tasks) (ChihuoLoop  *self,
                            ChihuoTask **tasks,
                            gsize        n_tasks,
                            GError     **error);

  /*< private >*/
  gpointer _reserved[8];
};

CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_class_set_default_name          (ChihuoLoopClass      *klass,
                                                               const char           *name);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_class_set_default_concurrency   (ChihuoLoopClass      *klass,
                                                               guint                 concurrency);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_class_set_default_server_config (ChihuoLoopClass      *klass,
                                                               const char           *server_config);

CHIHUO_AVAILABLE_IN_ALL
ChihuoLoop       *chihuo_loop_new                   (const char           *name,
                                                     const char           *server_config);
CHIHUO_AVAILABLE_IN_ALL
ChihuoQueue      *chihuo_loop_get_queue             (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
const char       *chihuo_loop_get_name              (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
const char       *chihuo_loop_get_server_config     (ChihuoLoop           *self);

/* options of a run */
CHIHUO_AVAILABLE_IN_ALL
guint             chihuo_loop_get_concurrency       (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_concurrency       (ChihuoLoop           *self,
                                                     guint                 concurrency);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_get_run_forever       (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_run_forever       (ChihuoLoop           *self,
                                                     gboolean              run_forever);
CHIHUO_AVAILABLE_IN_ALL
double            chihuo_loop_get_linger            (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_linger            (ChihuoLoop           *self,
                                                     double                seconds);
CHIHUO_AVAILABLE_IN_ALL
double            chihuo_loop_get_lease             (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_lease             (ChihuoLoop           *self,
                                                     double                seconds);
CHIHUO_AVAILABLE_IN_ALL
guint             chihuo_loop_get_max_tries         (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_max_tries         (ChihuoLoop           *self,
                                                     guint                 max_tries);
CHIHUO_AVAILABLE_IN_ALL
guint             chihuo_loop_get_max_crashes       (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_max_crashes       (ChihuoLoop           *self,
                                                     guint                 max_crashes);
CHIHUO_AVAILABLE_IN_ALL
ChihuoRetryPolicy chihuo_loop_get_retry_policy      (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_retry_policy      (ChihuoLoop           *self,
                                                     ChihuoRetryPolicy     retry_policy);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_get_finish_on_success (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_finish_on_success (ChihuoLoop           *self,
                                                     gboolean              finish_on_success);
CHIHUO_AVAILABLE_IN_ALL
double            chihuo_loop_get_drain_timeout     (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_drain_timeout     (ChihuoLoop           *self,
                                                     double                seconds);
CHIHUO_AVAILABLE_IN_ALL
double            chihuo_loop_get_shutdown_timeout  (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_shutdown_timeout  (ChihuoLoop           *self,
                                                     double                seconds);

/* the run */
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_run_async             (ChihuoLoop           *self,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_run_finish            (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_get_stop              (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_set_stop              (ChihuoLoop           *self,
                                                     gboolean              stop);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_hold                  (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_release               (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_fail                  (ChihuoLoop           *self,
                                                     const GError         *error);
CHIHUO_AVAILABLE_IN_ALL
guint             chihuo_loop_get_n_running         (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
guint64           chihuo_loop_get_n_done            (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
guint64           chihuo_loop_get_n_failed          (ChihuoLoop           *self);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_get_online            (ChihuoLoop           *self);

/* the first version's names: each of them calls the queue */
CHIHUO_AVAILABLE_IN_ALL
ChihuoAddResult   chihuo_loop_add_task              (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     JsonNode             *info,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_add_task_async        (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     JsonNode             *info,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
ChihuoAddResult   chihuo_loop_add_task_finish       (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
ChihuoAddResult   chihuo_loop_add_task_json         (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     const char           *json,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_add_task_json_async   (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     const char           *json,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
ChihuoAddResult   chihuo_loop_add_task_json_finish  (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_add_tasks             (ChihuoLoop           *self,
                                                     ChihuoTask          **tasks,
                                                     gsize                 n_tasks,
                                                     ChihuoAddFlags        flags,
                                                     gsize                *n_added,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_add_tasks_async       (ChihuoLoop           *self,
                                                     ChihuoTask          **tasks,
                                                     gsize                 n_tasks,
                                                     ChihuoAddFlags        flags,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_add_tasks_finish      (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     gsize                *n_added,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_finish           (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_task_finish_async     (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_finish_finish    (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_unfinish         (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_task_unfinish_async   (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_unfinish_finish  (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_finished         (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_task_finished_async   (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_finished_finish  (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_exists           (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GError              **error);
CHIHUO_AVAILABLE_IN_ALL
void              chihuo_loop_task_exists_async     (ChihuoLoop           *self,
                                                     const char           *task_id,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean          chihuo_loop_task_exists_finish    (ChihuoLoop           *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);

G_END_DECLS
