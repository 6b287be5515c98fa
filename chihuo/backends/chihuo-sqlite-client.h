/* chihuo-sqlite-client.h - what a client was answered last
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-batch.h"
#include "chihuo-sqlite-statements.h"

G_BEGIN_DECLS

GBytes  *chihuo_sqlite_client_find_answers (ChihuoSqliteStatements *db,
                                            ChihuoBatch            *batch);
void     chihuo_sqlite_client_save_answers (ChihuoSqliteStatements *db,
                                            ChihuoBatch            *batch);
gboolean chihuo_sqlite_client_read_answer  (GBytes                 *answers,
                                            gsize                  *at,
                                            ChihuoItem             *item,
                                            guint                  *given);

G_END_DECLS
