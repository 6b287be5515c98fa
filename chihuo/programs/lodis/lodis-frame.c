/* lodis-frame.c - arguments and replies as bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-error.h"
#include "lodis-frame.h"

/* An argument is its length, four bytes with the highest first, and so many bytes. A list in a reply is
 * written the same way. Nothing in here does I/O. */

/* Appends a LodisSpan to arguments for each argument; they point into body */
gboolean
lodis_frame_parse (LodisSpan body, GArray *arguments, GError **error)
{
  gsize at = 0;

  while (at < body.length)
    {
      LodisSpan argument;

      if (body.length - at < 4)
        {
          g_set_error (error, LODIS_ERROR, LODIS_ERROR_FRAME,
                       "argument %u: its length has 4 bytes, the body ends after %" G_GSIZE_FORMAT,
                       arguments->len, body.length - at);
          return FALSE;
        }
      argument.length = lodis_read_u32 (body.data + at);
      argument.data = body.data + at + 4;
      at += 4;
      if (body.length - at < argument.length)
        {
          g_set_error (error, LODIS_ERROR, LODIS_ERROR_FRAME,
                       "argument %u: %" G_GSIZE_FORMAT " bytes announced, %" G_GSIZE_FORMAT " are there",
                       arguments->len, argument.length, body.length - at);
          return FALSE;
        }
      at += argument.length;
      g_array_append_val (arguments, argument);
    }

  return TRUE;
}

static gboolean
check_length (const LodisSpan *argument, gsize length, GError **error)
{
  if (argument->length == length)
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_TYPE,
               "a number of %" G_GSIZE_FORMAT " bytes was expected, not of %" G_GSIZE_FORMAT, length,
               argument->length);
  return FALSE;
}

gboolean
lodis_frame_get_u32 (const LodisSpan *argument, guint32 *number, GError **error)
{
  if (!check_length (argument, 4, error))
    return FALSE;

  *number = lodis_read_u32 (argument->data);
  return TRUE;
}

gboolean
lodis_frame_get_u64 (const LodisSpan *argument, guint64 *number, GError **error)
{
  if (!check_length (argument, 8, error))
    return FALSE;

  *number = lodis_read_u64 (argument->data);
  return TRUE;
}

/* Decimal digits, with a sign or without; nothing else, not even a space */
gboolean
lodis_frame_get_text (const LodisSpan *argument, gint64 *number, GError **error)
{
  char text[32] = "";
  const char *digits = text;

  if (argument->length > 0 && argument->length < sizeof text)
    memcpy (text, argument->data, argument->length);
  if (*digits == '+')
    digits++;
  if (strlen (text) == argument->length && g_ascii_string_to_signed (digits, 10, G_MININT64, G_MAXINT64,
                                                                     number, NULL))
    return TRUE;

  g_set_error_literal (error, LODIS_ERROR, LODIS_ERROR_TYPE,
                       "a decimal number of 64 bits was expected");
  return FALSE;
}

void
lodis_reply_add_byte (GByteArray *self, guint8 byte)
{
  g_byte_array_append (self, &byte, 1);
}

void
lodis_reply_add_u32 (GByteArray *self, guint32 number)
{
  guint32 bytes = GUINT32_TO_BE (number);

  g_byte_array_append (self, (const guint8 *) &bytes, sizeof bytes);
}

void
lodis_reply_add_u64 (GByteArray *self, guint64 number)
{
  guint64 bytes = GUINT64_TO_BE (number);

  g_byte_array_append (self, (const guint8 *) &bytes, sizeof bytes);
}

void
lodis_reply_add_bytes (GByteArray *self, LodisSpan bytes)
{
  if (bytes.length > 0)
    g_byte_array_append (self, bytes.data, bytes.length);
}

/* FALSE if the reply gets too long */
gboolean
lodis_reply_add_item (GByteArray *self, LodisSpan item, GError **error)
{
  if (item.length > LODIS_REPLY_MAX - 5 || self->len > LODIS_REPLY_MAX - 5 - item.length)
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_FAILED,
                   "the answer is larger than %u MiB: ask for a part of it", LODIS_REPLY_MAX >> 20);
      return FALSE;
    }

  lodis_reply_add_u32 (self, item.length);
  lodis_reply_add_bytes (self, item);
  return TRUE;
}

/* item: (nullable): what is absent */
gboolean
lodis_reply_add_option (GByteArray *self, const LodisSpan *item, GError **error)
{
  lodis_reply_add_byte (self, item != NULL);

  return item == NULL || lodis_reply_add_item (self, *item, error);
}

gboolean
lodis_reply_add_pair (GByteArray *self, LodisSpan key, LodisSpan value, GError **error)
{
  return lodis_reply_add_item (self, key, error) && lodis_reply_add_item (self, value, error);
}
