/* chihuo-task.h - an id, an info and, while it runs, its answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "chihuo-enums.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_TASK (chihuo_task_get_type ())

CHIHUO_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (ChihuoTask, chihuo_task, CHIHUO, TASK, GObject)

CHIHUO_AVAILABLE_IN_ALL
ChihuoTask      *chihuo_task_new             (const char    *task_id,
                                              JsonNode      *info);
CHIHUO_AVAILABLE_IN_ALL
ChihuoTask      *chihuo_task_new_from_json   (const char    *task_id,
                                              const char    *json,
                                              GError       **error);

/* before it is added */
CHIHUO_AVAILABLE_IN_ALL
void             chihuo_task_set_delay       (ChihuoTask    *self,
                                              double         seconds);
CHIHUO_AVAILABLE_IN_ALL
void             chihuo_task_set_priority    (ChihuoTask    *self,
                                              int            priority);
CHIHUO_AVAILABLE_IN_ALL
void             chihuo_task_set_timeout     (ChihuoTask    *self,
                                              double         seconds);
CHIHUO_AVAILABLE_IN_ALL
void             chihuo_task_set_max_tries   (ChihuoTask    *self,
                                              guint          max_tries);
CHIHUO_AVAILABLE_IN_ALL
ChihuoAddResult  chihuo_task_get_add_result  (ChihuoTask    *self);

/* what it is */
CHIHUO_AVAILABLE_IN_ALL
const char      *chihuo_task_get_id          (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
const char      *chihuo_task_get_json        (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
JsonNode        *chihuo_task_dup_info        (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
int              chihuo_task_get_priority    (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
double           chihuo_task_get_timeout     (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
guint            chihuo_task_get_max_tries   (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
guint            chihuo_task_get_tries       (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
guint            chihuo_task_get_failures    (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
guint            chihuo_task_get_crashes     (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
guint64          chihuo_task_get_token       (ChihuoTask    *self);

/* how it stands, in a snapshot */
CHIHUO_AVAILABLE_IN_ALL
ChihuoTaskState  chihuo_task_get_state       (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
gboolean         chihuo_task_get_finished    (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
const char      *chihuo_task_get_last_error  (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
gint64           chihuo_task_get_due         (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
gint64           chihuo_task_get_started     (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
const char      *chihuo_task_get_worker      (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
const char      *chihuo_task_get_cursor      (ChihuoTask    *self);

/* while it runs */
CHIHUO_AVAILABLE_IN_ALL
GCancellable    *chihuo_task_get_cancellable (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
gboolean         chihuo_task_is_cancelled    (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
void             chihuo_task_set_progress    (ChihuoTask    *self,
                                              double         fraction,
                                              const char    *message);
CHIHUO_AVAILABLE_IN_ALL
gboolean         chihuo_task_complete        (ChihuoTask    *self);
CHIHUO_AVAILABLE_IN_ALL
guint            chihuo_task_complete_all    (ChihuoTask   **tasks,
                                              gsize          n_tasks);
CHIHUO_AVAILABLE_IN_ALL
gboolean         chihuo_task_fail            (ChihuoTask    *self,
                                              const GError  *error);
CHIHUO_AVAILABLE_IN_ALL
gboolean         chihuo_task_fail_message    (ChihuoTask    *self,
                                              const char    *message);
CHIHUO_AVAILABLE_IN_ALL
gboolean         chihuo_task_reject          (ChihuoTask    *self,
                                              const GError  *error);
CHIHUO_AVAILABLE_IN_ALL
gboolean         chihuo_task_postpone        (ChihuoTask    *self,
                                              double         seconds);

G_END_DECLS
