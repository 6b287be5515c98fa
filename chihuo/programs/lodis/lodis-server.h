/* lodis-server.h - commands over HTTP
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "lodis-command.h"

G_BEGIN_DECLS

typedef struct _LodisServer LodisServer;

LodisServer *lodis_server_new    (const LodisData *data,
                                  guint            patience);
void         lodis_server_free   (LodisServer     *self);
char        *lodis_server_listen (LodisServer     *self,
                                  GSocketAddress  *address,
                                  GError         **error);
gboolean     lodis_server_run    (LodisServer     *self,
                                  GError         **error);
void         lodis_server_stop   (LodisServer     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisServer, lodis_server_free)

G_END_DECLS
