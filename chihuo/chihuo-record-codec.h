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
char     *chihuo_record_codec_index   (char                 kind,
                                       gint64               major,
                                       gint64               minor);
char     *chihuo_record_codec_index_order (char                 kind,
                                           gint64               order,
                                           const char          *text);
GBytes   *chihuo_record_codec_pack       (GVariant            *value);
GVariant *chihuo_record_codec_unpack       (GBytes              *bytes,
                                            const char          *type,
                                            GError             **error);
gint64    chihuo_record_codec_number (const char          *index,
                                      guint                offset);

G_END_DECLS
