/* chihuo-lodis-frame.c - what is said to a Lodis and what it answers, as bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-lodis-frame.h"

/* Arguments stand one after the other, each behind its length in four bytes, the highest first. An
 * answer begins with a 0 byte if all went well, and with the digit of an error if not. Nothing in
 * here does I/O, and no bytes whatever can make it read past their end. */

/* Of an error's text that a server sends */
#define MAX_MESSAGE 200

/* Appends one argument */
void
chihuo_lodis_frame_add (GByteArray *arguments, const void *data, gsize length)
{
  guint32 head = GUINT32_TO_BE ((guint32) length);

  g_byte_array_append (arguments, (const guint8 *) &head, sizeof head);
  if (length > 0)
    g_byte_array_append (arguments, data, length);
}

void
chihuo_lodis_frame_add_string (GByteArray *arguments, const char *text)
{
  chihuo_lodis_frame_add (arguments, text, strlen (text));
}

void
chihuo_lodis_frame_add_bytes (GByteArray *arguments, GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  chihuo_lodis_frame_add (arguments, data, length);
}

void
chihuo_lodis_frame_add_u32 (GByteArray *arguments, guint32 number)
{
  guint32 bytes = GUINT32_TO_BE (number);

  chihuo_lodis_frame_add (arguments, &bytes, sizeof bytes);
}

void
chihuo_lodis_frame_add_u64 (GByteArray *arguments, guint64 number)
{
  guint64 bytes = GUINT64_TO_BE (number);

  chihuo_lodis_frame_add (arguments, &bytes, sizeof bytes);
}

/* What the server says of its trouble, fit for a message */
static char *
dup_message (GBytes *body)
{
  gsize length;
  const char *data = g_bytes_get_data (body, &length);
  g_autofree char *text = NULL;
  char *message;

  if (length <= 1)
    return g_strdup ("it does not say why");

  text = g_strndup (data + 1, MIN (length - 1, MAX_MESSAGE));
  message = g_utf8_make_valid (text, -1);
  for (char *at = message; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      *at = ' ';

  return message;
}

/* Digit 1: the command or the server; 2: its database; 3: its configuration; 4 to 6: what we sent */
static gboolean
refuse (GBytes *body, GError **error)
{
  g_autofree char *message = dup_message (body);
  const char *data = g_bytes_get_data (body, NULL);
  char digit = g_bytes_get_size (body) > 0 ? data[0] : '?';

  if (digit < '1' || digit > '6')
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                 "expected an answer of Lodis, not status 500: is this another server?");
  else
    g_set_error (error, CHIHUO_ERROR,
                 digit < '4' ? CHIHUO_ERROR_BACKEND : CHIHUO_ERROR_PROTOCOL, "error %c: %s", digit,
                 message);

  return FALSE;
}

/*
 * chihuo_lodis_frame_open:
 * @reader: to be set up at the content of the answer
 * @status: of HTTP
 * @body: the answer; it must outlive the reader
 * @error: return location for %CHIHUO_ERROR_BACKEND (the server could not do
 *   it), %CHIHUO_ERROR_TIMED_OUT (not now) or %CHIHUO_ERROR_PROTOCOL
 *
 * Looks whether all went well.
 *
 * Returns: whether there is a content to read
 */
gboolean
chihuo_lodis_frame_open (ChihuoLodisReader *reader, guint status, GBytes *body, GError **error)
{
  reader->body = body;
  reader->at = g_bytes_get_data (body, &reader->left);

  if (status == 500)
    return refuse (body, error);
  if (status == 503)
    {
      g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT,
                           "the server has too much to do (status 503)");
      return FALSE;
    }

  if (status == 200 && reader->left > 0 && reader->at[0] == 0)
    {
      reader->at++;
      reader->left--;
      return TRUE;
    }

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "expected an answer of Lodis, not status %u with %" G_GSIZE_FORMAT
               " bytes: is this another server?", status, reader->left);
  return FALSE;
}

static gboolean
need (ChihuoLodisReader *reader, gsize length, GError **error)
{
  if (reader->left >= length)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "the answer ends early: expected %" G_GSIZE_FORMAT " bytes more, not %" G_GSIZE_FORMAT,
               length, reader->left);
  return FALSE;
}

static void
skip (ChihuoLodisReader *reader, gsize length)
{
  reader->at += length;
  reader->left -= length;
}

gboolean
chihuo_lodis_frame_take_u8 (ChihuoLodisReader *reader, guint8 *number, GError **error)
{
  if (!need (reader, 1, error))
    return FALSE;

  *number = *reader->at;
  skip (reader, 1);
  return TRUE;
}

gboolean
chihuo_lodis_frame_take_u32 (ChihuoLodisReader *reader, guint32 *number, GError **error)
{
  guint32 bytes;

  if (!need (reader, sizeof bytes, error))
    return FALSE;

  memcpy (&bytes, reader->at, sizeof bytes);
  *number = GUINT32_FROM_BE (bytes);
  skip (reader, sizeof bytes);
  return TRUE;
}

gboolean
chihuo_lodis_frame_take_u64 (ChihuoLodisReader *reader, guint64 *number, GError **error)
{
  guint64 bytes;

  if (!need (reader, sizeof bytes, error))
    return FALSE;

  memcpy (&bytes, reader->at, sizeof bytes);
  *number = GUINT64_FROM_BE (bytes);
  skip (reader, sizeof bytes);
  return TRUE;
}

/* An item keeps the body alive; it is not copied */
gboolean
chihuo_lodis_frame_take_item (ChihuoLodisReader *reader, GBytes **item, GError **error)
{
  const guint8 *start = g_bytes_get_data (reader->body, NULL);
  guint32 length;

  if (!chihuo_lodis_frame_take_u32 (reader, &length, error) || !need (reader, length, error))
    return FALSE;

  *item = g_bytes_new_from_bytes (reader->body, reader->at - start, length);
  skip (reader, length);
  return TRUE;
}

/* An item that has to be text */
gboolean
chihuo_lodis_frame_take_text (ChihuoLodisReader *reader, char **text, GError **error)
{
  guint32 length;

  if (!chihuo_lodis_frame_take_u32 (reader, &length, error) || !need (reader, length, error))
    return FALSE;
  if (!g_utf8_validate ((const char *) reader->at, length, NULL))
    {
      g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                           "expected UTF-8 without NUL in the answer");
      return FALSE;
    }

  *text = g_strndup ((const char *) reader->at, length);
  skip (reader, length);
  return TRUE;
}

/* NULL = there is none */
gboolean
chihuo_lodis_frame_take_option (ChihuoLodisReader *reader, GBytes **item, GError **error)
{
  guint8 is_there;

  *item = NULL;
  if (!chihuo_lodis_frame_take_u8 (reader, &is_there, error))
    return FALSE;
  if (is_there == 1)
    return chihuo_lodis_frame_take_item (reader, item, error);
  if (is_there == 0)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "expected 0 or 1 before an item of the answer, not %u", is_there);
  return FALSE;
}

/* All has to be read */
gboolean
chihuo_lodis_frame_finish (ChihuoLodisReader *reader, GError **error)
{
  if (reader->left == 0)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "%" G_GSIZE_FORMAT " bytes stand behind the answer, expected none", reader->left);
  return FALSE;
}
