/* lodis-head.c - what the head of a request says
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <libsoup/soup.h>
#include <string.h>

#include "lodis-head.h"

/* libsoup takes the head apart; what may stand in it about the body is read more strictly than libsoup
 * does, since a length that two programs understand differently is how requests are smuggled. */

/* How long the head is, its empty line included; 0 if that has not come yet */
gsize
lodis_head_find (LodisSpan bytes)
{
  const guint8 *end = bytes.length > 0 ? memmem (bytes.data, bytes.length, "\r\n\r\n", 4) : NULL;

  return end != NULL ? (gsize) (end - bytes.data) + 4 : 0;
}

/* One number, and no second one that could be meant */
static gboolean
read_length (SoupMessageHeaders *headers, guint64 *length)
{
  const char *text = soup_message_headers_get_list (headers, "Content-Length");

  *length = 0;
  return text == NULL || g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, length, NULL);
}

static guint
read_body (LodisHead *self, SoupMessageHeaders *headers)
{
  const char *coding = soup_message_headers_get_list (headers, "Transfer-Encoding");

  if (!read_length (headers, &self->length))
    return SOUP_STATUS_BAD_REQUEST;
  if (coding == NULL)
    return SOUP_STATUS_OK;

  self->chunked = g_ascii_strcasecmp (coding, "chunked") == 0;
  if (!self->chunked)
    return SOUP_STATUS_NOT_IMPLEMENTED;

  return soup_message_headers_get_one (headers, "Content-Length") == NULL ? SOUP_STATUS_OK
                                                                          : SOUP_STATUS_BAD_REQUEST;
}

static void
read_rest (LodisHead *self, SoupMessageHeaders *headers, SoupHTTPVersion version)
{
  gboolean close = soup_message_headers_header_contains (headers, "Connection", "close");
  gboolean keep = soup_message_headers_header_contains (headers, "Connection", "keep-alive");

  self->expects_continue = soup_message_headers_header_equals (headers, "Expect", "100-continue");
  self->keep_alive = !close && (keep || version >= SOUP_HTTP_1_1);
  self->path[strcspn (self->path, "?#")] = '\0';
}

/* Returns the status of the refusal, or 200 */
guint
lodis_head_parse (LodisHead *self, LodisSpan bytes)
{
  SoupMessageHeaders *headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  SoupHTTPVersion version;
  guint status;

  lodis_head_clear (self);
  status = soup_headers_parse_request ((const char *) bytes.data, bytes.length - 2, headers, &self->method,
                                       &self->path, &version);
  if (status == SOUP_STATUS_OK)
    status = read_body (self, headers);
  if (status == SOUP_STATUS_OK)
    read_rest (self, headers, version);
  soup_message_headers_unref (headers);

  return status;
}

void
lodis_head_clear (LodisHead *self)
{
  g_free (self->method);
  g_free (self->path);
  memset (self, 0, sizeof *self);
}
