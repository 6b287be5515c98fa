/* fp-task-list.h - the running and the dead tasks of a loop, as a list model that stays up to date
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <chihuo/chihuo.h>

G_BEGIN_DECLS

#define FP_TYPE_TASK_LIST (fp_task_list_get_type ())
G_DECLARE_FINAL_TYPE (FpTaskList, fp_task_list, FP, TASK_LIST, GObject)

FpTaskList *fp_task_list_new     (ChihuoLoop *loop);
void        fp_task_list_refresh (FpTaskList *self);

G_END_DECLS
