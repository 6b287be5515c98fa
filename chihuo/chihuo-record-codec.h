/* chihuo-record-codec.h - records as bytes, for stores that know nothing of tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-record.h"

G_BEGIN_DECLS

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
GBytes   *chihuo_record_encode    (const ChihuoRecord  *self);
gboolean  chihuo_record_decode    (ChihuoRecord        *self,
                                   ChihuoPayload       *id,
                                   GBytes              *bytes,
                                   GError             **error);
char     *chihuo_record_dup_index (const ChihuoRecord  *self);
char     *chihuo_index_from_key   (char                 kind,
                                   gint64               major,
                                   gint64               minor);
char     *chihuo_index_from_order (char                 kind,
                                   gint64               order,
                                   const char          *text);
GBytes   *chihuo_bytes_from       (GVariant            *value);
GVariant *chihuo_bytes_read       (GBytes              *bytes,
                                   const char          *type,
                                   GError             **error);

G_END_DECLS
