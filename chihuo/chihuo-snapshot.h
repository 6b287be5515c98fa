/* chihuo-snapshot.h - a task made of a record, for people to look at
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-record.h"
#include "chihuo-task.h"

G_BEGIN_DECLS

ChihuoTask *chihuo_snapshot_new         (const ChihuoRecord *record,
                                         ChihuoPayload      *id,
                                         gboolean            finished);
ChihuoTask *chihuo_snapshot_new_in_list (const ChihuoRecord *record);

G_END_DECLS
