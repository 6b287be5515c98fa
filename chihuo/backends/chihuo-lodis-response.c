/* chihuo-lodis-response.c - the answers of an HTTP server, out of the bytes that come in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-lodis-frame.h"
#include "chihuo-lodis-response.h"

/* HTTP/1.1 as far as a Lodis needs it, and strict: a head of limited size, then a body whose length
 * the head says, or in chunks. It is fed with whatever came in and does no I/O. What does not fit is
 * an error, after which nothing more is to be read from that connection. */

#define MAX_HEAD (16 * 1024)
#define MAX_LINE (1 * 1024) /* of a chunk's size, and behind the last chunk */

typedef enum
{
  STATE_HEAD,
  STATE_BODY,       /* `left` bytes of it are missing */
  STATE_CHUNK_SIZE,
  STATE_CHUNK,      /* `left` bytes of it are missing */
  STATE_CHUNK_END,
  STATE_TRAILER,
  STATE_DONE,
} State;

struct _ChihuoLodisResponse
{
  GByteArray *input;   /* (owned): what has come in */
  gsize       at;      /* how much of it is read */
  State       state;
  guint       status;
  gsize       left;
  GByteArray *body;    /* (owned) (nullable) */
  gboolean    is_last; /* the server closes behind it */
};

/* What a head says */
typedef struct
{
  gint64   length;     /* -1 = nothing */
  gboolean is_chunked;
} Head;

ChihuoLodisResponse *
chihuo_lodis_response_new (void)
{
  ChihuoLodisResponse *self = g_new0 (ChihuoLodisResponse, 1);

  self->input = g_byte_array_new ();

  return self;
}

void
chihuo_lodis_response_free (ChihuoLodisResponse *self)
{
  g_byte_array_unref (self->input);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_free (self);
}

void
chihuo_lodis_response_feed (ChihuoLodisResponse *self, const void *data, gsize length)
{
  if (self->at == self->input->len)
    {
      g_byte_array_set_size (self->input, 0);
      self->at = 0;
    }
  g_byte_array_append (self->input, data, length);
}

/* Whether something came in that nobody has taken */
gboolean
chihuo_lodis_response_has_more (ChihuoLodisResponse *self)
{
  return self->at < self->input->len || self->state != STATE_HEAD;
}

/* Whether the server has said that it closes the connection behind its last answer */
gboolean
chihuo_lodis_response_is_last (ChihuoLodisResponse *self)
{
  return self->is_last;
}

static gboolean
fail (GError **error, const char *expected)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL, "no answer of HTTP/1.1: expected %s",
               expected);
  return FALSE;
}

static gboolean
take_length (Head *head, const char *value, GError **error)
{
  guint64 length;

  if (!g_ascii_string_to_unsigned (value, 10, 0, CHIHUO_LODIS_MAX_BODY, &length, NULL))
    return fail (error, "a Content-Length of at most 64 MiB");
  if (head->length >= 0 && (guint64) head->length != length)
    return fail (error, "one Content-Length, not two");

  head->length = length;
  return TRUE;
}

static gboolean
take_header (ChihuoLodisResponse *self, Head *head, char *line, GError **error)
{
  char *colon = strchr (line, ':');
  char *value;

  if (colon == NULL || colon == line || g_ascii_isspace (colon[-1]))
    return fail (error, "headers of the form “name: value”");

  *colon = '\0';
  value = g_strstrip (colon + 1);
  if (g_ascii_strcasecmp (line, "content-length") == 0)
    return take_length (head, value, error);
  if (g_ascii_strcasecmp (line, "connection") == 0)
    self->is_last = self->is_last || g_ascii_strcasecmp (value, "close") == 0;
  if (g_ascii_strcasecmp (line, "transfer-encoding") != 0)
    return TRUE;
  if (g_ascii_strcasecmp (value, "chunked") != 0)
    return fail (error, "no Transfer-Encoding but “chunked”");

  head->is_chunked = TRUE;
  return TRUE;
}

static gboolean
is_status_line (const char *line)
{
  return g_str_has_prefix (line, "HTTP/1.") && (line[7] == '0' || line[7] == '1') && line[8] == ' '
         && line[9] >= '1' && line[9] <= '5' && g_ascii_isdigit (line[10])
         && g_ascii_isdigit (line[11]) && (line[12] == ' ' || line[12] == '\0');
}

static gboolean
take_status (ChihuoLodisResponse *self, const char *line, GError **error)
{
  if (!is_status_line (line))
    return fail (error, "a line such as “HTTP/1.1 200 OK”");

  self->status = g_ascii_digit_value (line[9]) * 100 + g_ascii_digit_value (line[10]) * 10
                 + g_ascii_digit_value (line[11]);
  self->is_last = line[7] == '0';
  if (self->status / 100 != 3)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "the server sends us elsewhere (status %u), which a Lodis does not", self->status);
  return FALSE;
}

static gboolean
choose_body (ChihuoLodisResponse *self, const Head *head, GError **error)
{
  if (self->status / 100 == 1)
    {
      self->state = STATE_HEAD;
      return TRUE;
    }
  if (head->is_chunked && head->length >= 0)
    return fail (error, "a Content-Length or chunks, not both");
  if (!head->is_chunked && head->length < 0 && self->status != 204)
    return fail (error, "a Content-Length or chunks");

  self->body = g_byte_array_new ();
  self->left = MAX (head->length, 0);
  self->state = head->is_chunked ? STATE_CHUNK_SIZE : STATE_BODY;
  return TRUE;
}

/* Lines end in CR LF; that they may end in LF alone is left out */
static gboolean
take_head (ChihuoLodisResponse *self, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
  Head head = { .length = -1 };

  /* an empty head has no line at all */
  if (!take_status (self, lines[0] != NULL ? lines[0] : "", error))
    return FALSE;
  for (guint i = 1; lines[i] != NULL; i++)
    if (!take_header (self, &head, lines[i], error))
      return FALSE;

  return choose_body (self, &head, error);
}

/* What stands before a mark, without it; NULL without an error = it has not come in yet */
static char *
take_until (ChihuoLodisResponse *self, const char *mark, gsize max, GError **error)
{
  const char *start = (const char *) self->input->data + self->at;
  gsize length = self->input->len - self->at;
  const char *end = length > 0 ? g_strstr_len (start, MIN (length, max), mark) : NULL;

  if (end == NULL && length >= max)
    {
      fail (error, "less than 16 KiB of headers");
      return NULL;
    }
  if (length > 0 && memchr (start, '\0', end != NULL ? (gsize) (end - start) : MIN (length, max)))
    {
      fail (error, "a head without NUL");
      return NULL;
    }
  if (end == NULL)
    return NULL;

  self->at += end - start + strlen (mark);
  return g_strndup (start, end - start);
}

static gboolean
take_chunk_size (ChihuoLodisResponse *self, char *line, GError **error)
{
  guint64 size;

  line[strcspn (line, "; ")] = '\0';
  if (!g_ascii_string_to_unsigned (line, 16, 0, CHIHUO_LODIS_MAX_BODY - self->body->len, &size,
                                   NULL))
    return fail (error, "chunks of at most 64 MiB in all");

  self->left = size;
  self->state = size > 0 ? STATE_CHUNK : STATE_TRAILER;
  return TRUE;
}

static gboolean
take_line (ChihuoLodisResponse *self, char *line, GError **error)
{
  switch (self->state)
    {
    case STATE_HEAD:
      return take_head (self, line, error);

    case STATE_CHUNK_SIZE:
      return take_chunk_size (self, line, error);

    case STATE_CHUNK_END:
      self->state = STATE_CHUNK_SIZE;
      return *line == '\0' || fail (error, "a line's end behind a chunk");

    case STATE_TRAILER:
      self->state = *line == '\0' ? STATE_DONE : STATE_TRAILER;
      return TRUE;

    case STATE_BODY:
    case STATE_CHUNK:
    case STATE_DONE:
    default:
      g_assert_not_reached ();
    }
}

/* As much of the body as is there; FALSE = more is to come */
static gboolean
take_bytes (ChihuoLodisResponse *self)
{
  gsize n = MIN (self->left, self->input->len - self->at);

  if (n > 0)
    g_byte_array_append (self->body, self->input->data + self->at, n);
  self->at += n;
  self->left -= n;
  if (self->left > 0)
    return FALSE;

  self->state = self->state == STATE_BODY ? STATE_DONE : STATE_CHUNK_END;
  return TRUE;
}

/* One step; FALSE without an error = more has to come in */
static gboolean
advance (ChihuoLodisResponse *self, GError **error)
{
  g_autofree char *line = NULL;

  if (self->state == STATE_BODY || self->state == STATE_CHUNK)
    return take_bytes (self);

  if (self->state == STATE_HEAD)
    line = take_until (self, "\r\n\r\n", MAX_HEAD, error);
  else
    line = take_until (self, "\r\n", MAX_LINE, error);

  return line != NULL && take_line (self, line, error);
}

/*
 * chihuo_lodis_response_next:
 * @self: it
 * @status: (out): the status of the answer
 * @body: (out) (transfer full) (nullable): its body; %NULL = more has to come in
 * @error: return location for %CHIHUO_ERROR_PROTOCOL
 *
 * Takes the next answer, if all of it has come in.
 *
 * Returns: %FALSE if that is no HTTP
 */
gboolean
chihuo_lodis_response_next (ChihuoLodisResponse *self, guint *status, GBytes **body,
                            GError **error)
{
  g_autoptr (GError) local = NULL;

  *body = NULL;
  while (self->state != STATE_DONE && advance (self, &local))
    continue;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (self->state != STATE_DONE)
    return TRUE;

  self->state = STATE_HEAD;
  *status = self->status;
  *body = g_byte_array_free_to_bytes (g_steal_pointer (&self->body));
  return TRUE;
}
