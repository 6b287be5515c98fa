/* lodis-frame.h - arguments and replies as bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes that belong to somebody else */
typedef struct
{
  const guint8 *data;
  gsize         length;
} LodisSpan;

/* The largest content of a reply: what is longer is refused, and nothing of it is sent */
#define LODIS_REPLY_MAX (512u << 20)

gboolean lodis_frame_parse         (LodisSpan        body,
                                    GArray          *arguments,
                                    GError         **error);
gboolean lodis_frame_get_u32       (const LodisSpan *argument,
                                    guint32         *number,
                                    GError         **error);
gboolean lodis_frame_get_u64       (const LodisSpan *argument,
                                    guint64         *number,
                                    GError         **error);
gboolean lodis_frame_get_text      (const LodisSpan *argument,
                                    gint64          *number,
                                    GError         **error);

void     lodis_reply_add_byte      (GByteArray      *self,
                                    guint8           byte);
void     lodis_reply_add_u32       (GByteArray      *self,
                                    guint32          number);
void     lodis_reply_add_u64       (GByteArray      *self,
                                    guint64          number);
void     lodis_reply_add_bytes     (GByteArray      *self,
                                    LodisSpan        bytes);
gboolean lodis_reply_add_item      (GByteArray      *self,
                                    LodisSpan        item,
                                    GError         **error);
gboolean lodis_reply_add_option    (GByteArray      *self,
                                    const LodisSpan *item,
                                    GError         **error);
gboolean lodis_reply_add_pair      (GByteArray      *self,
                                    LodisSpan        key,
                                    LodisSpan        value,
                                    GError         **error);

static inline guint32
lodis_read_u32 (const guint8 *at)
{
  return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

static inline guint64
lodis_read_u64 (const guint8 *at)
{
  return (guint64) lodis_read_u32 (at) << 32 | lodis_read_u32 (at + 4);
}

G_END_DECLS
