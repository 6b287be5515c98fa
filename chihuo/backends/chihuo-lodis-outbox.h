/* chihuo-lodis-outbox.h - changes of plain queues on their way to the server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-lodis-server.h"
#include "chihuo-record.h"

G_BEGIN_DECLS

typedef struct
{
  ChihuoLodisServer *server;   /* not owned */
  GPtrArray         *commands; /* (owned) (element-type Command): in the order in which they are sent */
  GPtrArray         *returns;  /* (owned) (element-type Return): what goes back to where it was */
} ChihuoLodisOutbox;

void     chihuo_lodis_outbox_init     (ChihuoLodisOutbox   *self,
                                       ChihuoLodisServer   *server);
void     chihuo_lodis_outbox_clear    (ChihuoLodisOutbox   *self);
void     chihuo_lodis_outbox_add      (ChihuoLodisOutbox   *self,
                                       const char          *command,
                                       const char          *queue,
                                       const char          *id,
                                       const char          *value);
void     chihuo_lodis_outbox_return   (ChihuoLodisOutbox   *self,
                                       const char          *queue,
                                       const ChihuoRecord  *record);
gboolean chihuo_lodis_outbox_flush    (ChihuoLodisOutbox   *self,
                                       GError             **error);

G_END_DECLS
