/* chihuo-lodis-view.h - looks at a plain queue and changes nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-lodis-server.h"
#include "chihuo-lodis-shelf.h"

G_BEGIN_DECLS

gboolean chihuo_lodis_view_page  (ChihuoLodisServer  *server,
                                  ChihuoLodisShelf   *shelf,
                                  ChihuoPage         *page,
                                  GError            **error);
gboolean chihuo_lodis_view_stats (ChihuoLodisServer  *server,
                                  ChihuoLodisShelf   *shelf,
                                  ChihuoStats        *stats,
                                  GError            **error);
gboolean chihuo_lodis_view_count (ChihuoLodisServer  *server,
                                  const char         *command,
                                  const char         *queue,
                                  guint32            *n,
                                  GError            **error);
guint32  chihuo_lodis_view_guess_waiting (ChihuoLodisServer  *server,
                                          const char         *queue);

G_END_DECLS
