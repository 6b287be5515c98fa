/* chihuo-lodis-left.h - what another program has left in a Lodis, as items
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-item.h"
#include "chihuo-lodis-server.h"

G_BEGIN_DECLS

void     chihuo_lodis_left_free_item  (gpointer             item);
gboolean chihuo_lodis_left_find_marks (ChihuoLodisServer   *server,
                                       const char          *queue,
                                       GPtrArray           *items,
                                       gint64              *n_junk,
                                       GError             **error);
gboolean chihuo_lodis_left_find_tasks (ChihuoLodisServer   *server,
                                       const char          *queue,
                                       GPtrArray           *items,
                                       gint64              *n_junk,
                                       GError             **error);
gboolean chihuo_lodis_left_find_own   (ChihuoLodisServer   *server,
                                       const char          *queue,
                                       GPtrArray           *ids,
                                       GPtrArray           *marks,
                                       GPtrArray           *tasks,
                                       GError             **error);

G_END_DECLS
