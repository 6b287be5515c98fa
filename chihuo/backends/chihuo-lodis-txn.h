/* chihuo-lodis-txn.h - one transaction on a Lodis: reads first, then all writes at once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-lodis-server.h"
#include "chihuo-lodis-space.h"
#include "chihuo-task-life.h"

G_BEGIN_DECLS

typedef struct
{
  ChihuoLodisServer *server;      /* not owned */
  GHashTable        *spaces;      /* (owned): queue, interned → (owned) ChihuoLodisSpace */
  GPtrArray         *wants;       /* (owned) (element-type Want): what is to be read next */
  GByteArray        *extra;       /* (owned): further writes, as they are sent */
  ChihuoMoment       moment;      /* of the server, when something was read first; 0 = not yet */
  gboolean           is_conflict; /* somebody else has changed what was read */
} ChihuoLodisTxn;

void              chihuo_lodis_txn_init      (ChihuoLodisTxn     *self,
                                              ChihuoLodisServer  *server);
void              chihuo_lodis_txn_clear     (ChihuoLodisTxn     *self);
void              chihuo_lodis_txn_begin     (ChihuoLodisTxn     *self);
ChihuoLodisSpace *chihuo_lodis_txn_get_space (ChihuoLodisTxn     *self,
                                              const char         *queue);
void              chihuo_lodis_txn_want      (ChihuoLodisTxn     *self,
                                              ChihuoLodisSpace   *space,
                                              const char         *key);
void              chihuo_lodis_txn_want_task (ChihuoLodisTxn     *self,
                                              ChihuoLodisSpace   *space,
                                              const char         *id);
void              chihuo_lodis_txn_want_page (ChihuoLodisTxn     *self,
                                              ChihuoLodisSpace   *space,
                                              const char         *after,
                                              guint               limit);
void              chihuo_lodis_txn_want_found (ChihuoLodisTxn    *self,
                                               ChihuoLodisSpace  *space,
                                               guint              limit);
gboolean          chihuo_lodis_txn_read      (ChihuoLodisTxn     *self,
                                              GError            **error);
gboolean          chihuo_lodis_txn_load      (ChihuoLodisTxn     *self,
                                              const char         *queue,
                                              const char         *key,
                                              ChihuoLodisEntry  **entry,
                                              GError            **error);
gboolean          chihuo_lodis_txn_next      (ChihuoLodisTxn     *self,
                                              const char         *queue,
                                              const char         *after,
                                              const char         *before,
                                              ChihuoLodisPlace  **place,
                                              GError            **error);
void              chihuo_lodis_txn_add_extra (ChihuoLodisTxn     *self,
                                              char                operation,
                                              const char         *name,
                                              const char         *key);
gboolean          chihuo_lodis_txn_commit    (ChihuoLodisTxn     *self,
                                              GError            **error);

G_END_DECLS
