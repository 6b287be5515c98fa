/* chihuo-payload.h - a task's id and info in one immutable allocation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <glib-object.h>

#include "chihuo-version.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_PAYLOAD (chihuo_payload_get_type ())

typedef struct _ChihuoPayload ChihuoPayload;

CHIHUO_AVAILABLE_IN_ALL
GType          chihuo_payload_get_type        (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
ChihuoPayload *chihuo_payload_new             (const char    *id,
                                               gssize         id_length,
                                               const char    *json,
                                               gssize         json_length);
CHIHUO_AVAILABLE_IN_ALL
ChihuoPayload *chihuo_payload_ref             (ChihuoPayload *self);
CHIHUO_AVAILABLE_IN_ALL
void           chihuo_payload_unref           (ChihuoPayload *self);
CHIHUO_AVAILABLE_IN_ALL
const char    *chihuo_payload_get_id          (ChihuoPayload *self);
CHIHUO_AVAILABLE_IN_ALL
gsize          chihuo_payload_get_id_length   (ChihuoPayload *self);
CHIHUO_AVAILABLE_IN_ALL
const char    *chihuo_payload_get_json        (ChihuoPayload *self);
CHIHUO_AVAILABLE_IN_ALL
gsize          chihuo_payload_get_json_length (ChihuoPayload *self);
CHIHUO_AVAILABLE_IN_ALL
guint          chihuo_payload_hash            (gconstpointer  payload);
CHIHUO_AVAILABLE_IN_ALL
gboolean       chihuo_payload_equal           (gconstpointer  a,
                                               gconstpointer  b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoPayload, chihuo_payload_unref)

G_END_DECLS
