/* chihuo-lodis-server.h - commands of a Lodis and their answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-lodis-frame.h"
#include "chihuo-lodis-http.h"

G_BEGIN_DECLS

/* A reason not to take a lost answer for doubt */
typedef enum
{
  CHIHUO_LODIS_CHANGES, /* the command changes something */
  CHIHUO_LODIS_READS,   /* it does not: without an answer nothing has been done */
} ChihuoLodisEffect;

/* What a server knows beyond the commands of the original one */
typedef struct
{
  gboolean has_txn;
  gboolean has_range;
  gboolean has_wait;
} ChihuoLodisSkills;

typedef struct _ChihuoLodisServer ChihuoLodisServer;

ChihuoLodisServer *chihuo_lodis_server_new          (const char         *host,
                                                     guint16             port,
                                                     gint64              timeout);
void               chihuo_lodis_server_free         (ChihuoLodisServer  *self);
const char        *chihuo_lodis_server_get_name     (ChihuoLodisServer  *self);
gboolean           chihuo_lodis_server_get_skills   (ChihuoLodisServer  *self,
                                                     ChihuoLodisSkills  *skills,
                                                     GError            **error);
void               chihuo_lodis_server_ask          (ChihuoLodisServer  *self,
                                                     const char         *command,
                                                     const char         *name,
                                                     GByteArray         *arguments);
gboolean           chihuo_lodis_server_send         (ChihuoLodisServer  *self,
                                                     GError            **error);
GBytes            *chihuo_lodis_server_receive      (ChihuoLodisServer  *self,
                                                     ChihuoLodisEffect   effect,
                                                     ChihuoLodisReader  *reader,
                                                     GError            **error);
GBytes            *chihuo_lodis_server_call         (ChihuoLodisServer  *self,
                                                     const char         *command,
                                                     const char         *name,
                                                     GByteArray         *arguments,
                                                     ChihuoLodisEffect   effect,
                                                     ChihuoLodisReader  *reader,
                                                     GError            **error);
void               chihuo_lodis_server_drop         (ChihuoLodisServer  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoLodisServer, chihuo_lodis_server_free)

G_END_DECLS
