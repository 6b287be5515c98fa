/* chihuo-queue.h - a client of one queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <gio/gio.h>

#include "chihuo-stats.h"
#include "chihuo-task.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_QUEUE (chihuo_queue_get_type ())

CHIHUO_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (ChihuoQueue, chihuo_queue, CHIHUO, QUEUE, GObject)

CHIHUO_AVAILABLE_IN_ALL
ChihuoQueue    *chihuo_queue_new                    (const char         *name,
                                                     const char         *server_config);
CHIHUO_AVAILABLE_IN_ALL
const char     *chihuo_queue_get_name               (ChihuoQueue        *self);
CHIHUO_AVAILABLE_IN_ALL
const char     *chihuo_queue_get_server_config      (ChihuoQueue        *self);
CHIHUO_AVAILABLE_IN_ALL
double          chihuo_queue_get_call_timeout       (ChihuoQueue        *self);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_set_call_timeout       (ChihuoQueue        *self,
                                                     double              seconds);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_get_online             (ChihuoQueue        *self);

/* its store */
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_open                   (ChihuoQueue        *self,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_open_async             (ChihuoQueue        *self,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_open_finish            (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_close                  (ChihuoQueue        *self,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_close_async            (ChihuoQueue        *self,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_close_finish           (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_flush                  (ChihuoQueue        *self,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_flush_async            (ChihuoQueue        *self,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_flush_finish           (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);

/* adding */
CHIHUO_AVAILABLE_IN_ALL
ChihuoAddResult chihuo_queue_add                    (ChihuoQueue        *self,
                                                     ChihuoTask         *task,
                                                     ChihuoAddFlags      flags,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_add_async              (ChihuoQueue        *self,
                                                     ChihuoTask         *task,
                                                     ChihuoAddFlags      flags,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
ChihuoAddResult chihuo_queue_add_finish             (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_add_tasks              (ChihuoQueue        *self,
                                                     ChihuoTask        **tasks,
                                                     gsize               n_tasks,
                                                     ChihuoAddFlags      flags,
                                                     gsize              *n_added,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_add_tasks_async        (ChihuoQueue        *self,
                                                     ChihuoTask        **tasks,
                                                     gsize               n_tasks,
                                                     ChihuoAddFlags      flags,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_add_tasks_finish       (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     gsize              *n_added,
                                                     GError            **error);

/* the finished marks */
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_mark_finished          (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_mark_finished_async    (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_mark_finished_finish   (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_unmark_finished        (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_unmark_finished_async  (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_unmark_finished_finish (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
GStrv           chihuo_queue_list_finished          (ChihuoQueue        *self,
                                                     const char         *after,
                                                     guint               limit,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_list_finished_async    (ChihuoQueue        *self,
                                                     const char         *after,
                                                     guint               limit,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
GStrv           chihuo_queue_list_finished_finish   (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);

/* looking */
CHIHUO_AVAILABLE_IN_ALL
ChihuoTask     *chihuo_queue_look                   (ChihuoQueue        *self,
                                                     const char         *task_id,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_look_async             (ChihuoQueue        *self,
                                                     const char         *task_id,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
ChihuoTask     *chihuo_queue_look_finish            (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
GPtrArray      *chihuo_queue_list                   (ChihuoQueue        *self,
                                                     ChihuoTaskState     state,
                                                     const char         *after,
                                                     guint               limit,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_list_async             (ChihuoQueue        *self,
                                                     ChihuoTaskState     state,
                                                     const char         *after,
                                                     guint               limit,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
GPtrArray      *chihuo_queue_list_finish            (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
ChihuoStats    *chihuo_queue_get_stats              (ChihuoQueue        *self,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_get_stats_async        (ChihuoQueue        *self,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
ChihuoStats    *chihuo_queue_get_stats_finish       (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);

/* mending */
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_remove                 (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_remove_async           (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_remove_finish          (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_retry_dead             (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_retry_dead_async       (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_retry_dead_finish      (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_cancel                 (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_cancel_async           (ChihuoQueue        *self,
                                                     const char * const *task_ids,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_cancel_finish          (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);

/* the queue as a whole */
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_set_paused             (ChihuoQueue        *self,
                                                     gboolean            paused,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_set_paused_async       (ChihuoQueue        *self,
                                                     gboolean            paused,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_set_paused_finish      (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_set_retention          (ChihuoQueue        *self,
                                                     double              finished_s,
                                                     double              dead_s,
                                                     guint64             dead_max,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_set_retention_async    (ChihuoQueue        *self,
                                                     double              finished_s,
                                                     double              dead_s,
                                                     guint64             dead_max,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_set_retention_finish   (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_clear                  (ChihuoQueue        *self,
                                                     ChihuoClearFlags    what,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_clear_async            (ChihuoQueue        *self,
                                                     ChihuoClearFlags    what,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_clear_finish           (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_import                 (ChihuoQueue        *self,
                                                     GError            **error);
CHIHUO_AVAILABLE_IN_ALL
void            chihuo_queue_import_async           (ChihuoQueue        *self,
                                                     GCancellable       *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer            user_data);
CHIHUO_AVAILABLE_IN_ALL
gboolean        chihuo_queue_import_finish          (ChihuoQueue        *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);

G_END_DECLS
