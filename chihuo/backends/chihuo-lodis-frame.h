/* chihuo-lodis-frame.h - what is said to a Lodis and what it answers, as bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The largest body that is read or sent */
#define CHIHUO_LODIS_MAX_BODY (64 * 1024 * 1024)

/* What of an answer has not been read yet */
typedef struct
{
  GBytes       *body; /* not owned */
  const guint8 *at;   /* within the body */
  gsize         left;
} ChihuoLodisReader;

void     chihuo_lodis_frame_add         (GByteArray         *arguments,
                                         const void         *data,
                                         gsize               length);
void     chihuo_lodis_frame_add_string  (GByteArray         *arguments,
                                         const char         *text);
void     chihuo_lodis_frame_add_bytes   (GByteArray         *arguments,
                                         GBytes             *bytes);
void     chihuo_lodis_frame_add_u32     (GByteArray         *arguments,
                                         guint32             number);
void     chihuo_lodis_frame_add_u64     (GByteArray         *arguments,
                                         guint64             number);
gboolean chihuo_lodis_frame_open        (ChihuoLodisReader  *reader,
                                         guint               status,
                                         GBytes             *body,
                                         GError            **error);
gboolean chihuo_lodis_frame_take_u8     (ChihuoLodisReader  *reader,
                                         guint8             *number,
                                         GError            **error);
gboolean chihuo_lodis_frame_take_u32    (ChihuoLodisReader  *reader,
                                         guint32            *number,
                                         GError            **error);
gboolean chihuo_lodis_frame_take_u64    (ChihuoLodisReader  *reader,
                                         guint64            *number,
                                         GError            **error);
gboolean chihuo_lodis_frame_take_item   (ChihuoLodisReader  *reader,
                                         GBytes            **item,
                                         GError            **error);
gboolean chihuo_lodis_frame_take_text   (ChihuoLodisReader  *reader,
                                         char              **text,
                                         GError            **error);
gboolean chihuo_lodis_frame_take_option (ChihuoLodisReader  *reader,
                                         GBytes            **item,
                                         GError            **error);
gboolean chihuo_lodis_frame_finish      (ChihuoLodisReader  *reader,
                                         GError            **error);

G_END_DECLS
