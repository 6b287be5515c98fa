/* lodis-peer.c - a connection, and the requests that come on it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <libsoup/soup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "lodis-error.h"
#include "lodis-peer.h"

/* Not SoupServer: the one of libsoup 3.2 never lets go of a connection that its client closes between two
 * requests (fixed in 3.3), so a server that runs for months runs out of descriptors. libsoup takes the
 * heads apart; what moves the bytes is in here, and one function, advance(), goes from state to state.
 * One request at a time: the next one is looked at when the answer has been written. */

#define READ_SIZE (64 << 10)
#define AHEAD_MAX (1 << 20)

typedef enum
{
  PEER_HEAD,   /* of a request is to come */
  PEER_BODY,
  PEER_ASKED,  /* whoever listens has the request */
  PEER_ANSWER, /* is being written */
  PEER_GONE,
} PeerState;

struct _LodisPeer
{
  int                ref_count;
  GSocketConnection *connection; /* (owned) */
  GSocket           *socket;     /* unowned: the connection's */
  LodisPeerLimits   *limits;     /* unowned */
  LodisPeerFunc      func;
  gpointer           data;
  PeerState          state;
  GByteArray        *input;      /* (owned): what has come, and is not done with */
  GByteArray        *output;     /* (owned): what has to be written */
  gsize              n_written;  /* of it */
  LodisHead          head;
  LodisBody          body;
  GSource           *reading;    /* (owned) (nullable) */
  GSource           *writing;    /* (owned) (nullable) */
  gint64             until;      /* monotonic time: the request has to be here by then */
  gboolean           ended;      /* nothing more will come */
  gboolean           closing;    /* after this answer */
  gboolean           waiting;    /* for an answer that may take long */
  gboolean           advancing;
};

static void advance (LodisPeer *self);

static void
remove_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
set_until (LodisPeer *self, guint64 length)
{
  self->until = g_get_monotonic_time () + (self->limits->patience + (length >> 20)) * G_USEC_PER_SEC;
}

void
lodis_peer_close (LodisPeer *self)
{
  if (self->state == PEER_GONE)
    return;

  self->state = PEER_GONE;
  remove_source (&self->reading);
  remove_source (&self->writing);
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  self->func (self, TRUE, self->data);
}

/* --- reading --- */

/* All that is there, up to some amount; FALSE if the connection is broken */
static gboolean
read_input (LodisPeer *self)
{
  guint length = self->input->len;
  gssize n;
  g_autoptr (GError) error = NULL;

  g_byte_array_set_size (self->input, length + READ_SIZE);
  n = g_socket_receive (self->socket, (char *) self->input->data + length, READ_SIZE, NULL, &error);
  g_byte_array_set_size (self->input, length + MAX (n, 0));
  self->ended = self->ended || n == 0;

  return n >= 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* Who sends on while he is not answered yet is not listened to for ever */
static gboolean
readable_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (LodisPeer) self = lodis_peer_ref (data);

  if (!read_input (self) || (self->ended && self->waiting))
    {
      lodis_peer_close (self);
      return G_SOURCE_REMOVE;
    }

  if (self->ended || (self->state >= PEER_ASKED && self->input->len > AHEAD_MAX))
    remove_source (&self->reading);
  advance (self);
  return self->reading != NULL;
}

static void
listen_on (LodisPeer *self)
{
  if (self->reading != NULL || self->ended || self->state == PEER_GONE)
    return;

  self->reading = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->reading, G_SOURCE_FUNC (readable_cb), self, NULL);
  g_source_attach (self->reading, NULL);
}

static void
drop_input (LodisPeer *self, gsize n)
{
  if (n > 0)
    g_byte_array_remove_range (self->input, 0, n);
}

/* --- writing --- */

static gboolean
writable_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (LodisPeer) self = lodis_peer_ref (data);

  remove_source (&self->writing);
  advance (self);

  return G_SOURCE_REMOVE;
}

/* FALSE if not all of it has gone yet, or the connection is broken */
static gboolean
write_output (LodisPeer *self)
{
  while (self->n_written < self->output->len)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_socket_send (self->socket, (const char *) self->output->data + self->n_written,
                                self->output->len - self->n_written, NULL, &error);

      if (n >= 0)
        {
          self->n_written += n;
          set_until (self, 0);
          continue;
        }
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          lodis_peer_close (self);
          return FALSE;
        }
      self->writing = g_socket_create_source (self->socket, G_IO_OUT, NULL);
      g_source_set_callback (self->writing, G_SOURCE_FUNC (writable_cb), self, NULL);
      g_source_attach (self->writing, NULL);
      return FALSE;
    }

  return TRUE;
}

static void
add_text (LodisPeer *self, const char *text)
{
  lodis_reply_add_bytes (self->output, (LodisSpan) { (const guint8 *) text, strlen (text) });
}

static void
put_answer (LodisPeer *self, guint status, const char *type, LodisSpan body)
{
  g_autofree char *head = g_strdup_printf (
    "HTTP/1.1 %u %s\r\nServer: lodis/" PACKAGE_VERSION "\r\nContent-Type: %s\r\n"
    "Content-Length: %" G_GSIZE_FORMAT "\r\n%s%s\r\n",
    status, soup_status_get_phrase (status), type, body.length,
    status == SOUP_STATUS_METHOD_NOT_ALLOWED ? "Allow: GET, POST\r\n" : "",
    self->closing ? "Connection: close\r\n" : "");

  add_text (self, head);
  if (g_strcmp0 (self->head.method, "HEAD") != 0)
    lodis_reply_add_bytes (self->output, body);
  self->state = PEER_ANSWER;
}

/* What is no HTTP gets an answer if possible, and no second chance */
static void
refuse (LodisPeer *self, guint status)
{
  self->closing = TRUE;
  put_answer (self, status, "text/plain", (LodisSpan) { (const guint8 *) "4no request", 11 });
}

/* --- states --- */

/* Each returns TRUE if there may be something to do in the state that it has gone to */

static gboolean
advance_head (LodisPeer *self)
{
  gsize length;
  guint status;

  /* between two requests an end of line too many is usual */
  while (self->input->len >= 2 && memcmp (self->input->data, "\r\n", 2) == 0)
    drop_input (self, 2);
  length = lodis_head_find ((LodisSpan) { self->input->data, self->input->len });
  if (length > LODIS_HEAD_MAX || (length == 0 && self->input->len > LODIS_HEAD_MAX))
    {
      refuse (self, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE);
      return TRUE;
    }
  if (length == 0)
    return FALSE;

  status = lodis_head_parse (&self->head, (LodisSpan) { self->input->data, length });
  drop_input (self, length);
  if (status != SOUP_STATUS_OK)
    {
      refuse (self, status);
      return TRUE;
    }

  lodis_body_begin (&self->body, &self->limits->room, self->head.chunked, self->head.length);
  set_until (self, MIN (self->head.length, LODIS_BODY_MAX));
  if (self->head.expects_continue)
    {
      add_text (self, "HTTP/1.1 100 Continue\r\n\r\n");
      if (!write_output (self) && self->state == PEER_GONE)
        return FALSE;
    }
  self->state = PEER_BODY;
  return TRUE;
}

static gboolean
advance_body (LodisPeer *self)
{
  LodisBodyState state;
  gsize used;

  state = lodis_body_feed (&self->body, (LodisSpan) { self->input->data, self->input->len }, &used);
  drop_input (self, used);
  switch (state)
    {
    case LODIS_BODY_MORE:
      return FALSE;

    case LODIS_BODY_WRONG:
      refuse (self, SOUP_STATUS_BAD_REQUEST);
      return TRUE;

    case LODIS_BODY_DONE:
      self->state = PEER_ASKED;
      self->closing = self->closing || !self->head.keep_alive || lodis_body_is_large (&self->body)
                      || self->body.crowded;
      self->func (self, FALSE, self->data);
      return self->state == PEER_ANSWER;

    default:
      g_assert_not_reached ();
    }
}

static gboolean
advance_answer (LodisPeer *self)
{
  if (self->writing != NULL || !write_output (self))
    return FALSE;
  if (self->closing)
    {
      lodis_peer_close (self);
      return FALSE;
    }

  g_byte_array_unref (self->output);
  self->output = g_byte_array_new ();
  self->n_written = 0;
  lodis_body_clear (&self->body);
  self->state = PEER_HEAD;
  set_until (self, 0);
  return TRUE;
}

static gboolean
advance_once (LodisPeer *self)
{
  switch (self->state)
    {
    case PEER_HEAD:
      return advance_head (self);

    case PEER_BODY:
      return advance_body (self);

    case PEER_ANSWER:
      return advance_answer (self);

    case PEER_ASKED:
    case PEER_GONE:
      return FALSE;

    default:
      g_assert_not_reached ();
    }
}

/* Goes as far as what has come allows */
static void
advance (LodisPeer *self)
{
  if (self->advancing)
    return;

  self->advancing = TRUE;
  while (advance_once (self))
    ;
  self->advancing = FALSE;

  if (self->ended && self->state <= PEER_BODY)
    lodis_peer_close (self);
  else if (self->state <= PEER_BODY)
    listen_on (self);
}

/* --- life --- */

LodisPeer *
lodis_peer_new (GSocketConnection *connection, LodisPeerLimits *limits, LodisPeerFunc func,
                gpointer data)
{
  LodisPeer *self = g_new0 (LodisPeer, 1);

  self->ref_count = 1;
  self->connection = g_object_ref (connection);
  self->socket = g_socket_connection_get_socket (connection);
  self->limits = limits;
  self->func = func;
  self->data = data;
  self->input = g_byte_array_new ();
  self->output = g_byte_array_new ();
  g_socket_set_blocking (self->socket, FALSE);
  g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  set_until (self, 0);
  listen_on (self);

  return self;
}

LodisPeer *
lodis_peer_ref (LodisPeer *self)
{
  self->ref_count++;
  return self;
}

void
lodis_peer_unref (LodisPeer *self)
{
  if (--self->ref_count > 0)
    return;

  remove_source (&self->reading);
  remove_source (&self->writing);
  lodis_head_clear (&self->head);
  lodis_body_clear (&self->body);
  g_byte_array_unref (self->input);
  g_byte_array_unref (self->output);
  g_object_unref (self->connection);
  g_free (self);
}

/* --- the request --- */

const char *
lodis_peer_get_method (LodisPeer *self)
{
  return self->head.method;
}

const char *
lodis_peer_get_path (LodisPeer *self)
{
  return self->head.path;
}

/* Whether there was no room for the body, since other connections hold so much */
gboolean
lodis_peer_is_crowded (LodisPeer *self)
{
  return lodis_body_is_crowded (&self->body);
}

/* FALSE if it was too large to be kept */
gboolean
lodis_peer_get_body (LodisPeer *self, LodisSpan *body, GError **error)
{
  *body = (LodisSpan) { self->body.bytes->data, self->body.bytes->len };
  if (!lodis_body_is_large (&self->body))
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_FRAME, "the body is longer than %u MiB",
               LODIS_BODY_MAX >> 20);
  return FALSE;
}

/* Once for each request; who has gone hears nothing */
void
lodis_peer_answer (LodisPeer *self, guint status, const char *type, LodisSpan body)
{
  if (self->state == PEER_GONE)
    return;

  g_assert (self->state == PEER_ASKED);
  lodis_peer_ref (self);
  self->waiting = FALSE;
  put_answer (self, status, type, body);
  set_until (self, 0);
  advance (self);
  lodis_peer_unref (self);
}

/* This answer is the last one; who has asked for nothing is let go at once */
void
lodis_peer_set_closing (LodisPeer *self)
{
  self->closing = TRUE;
  if (!lodis_peer_is_busy (self))
    lodis_peer_close (self);
}

/* The answer to this request may take long: who hangs up before it comes is let go at once */
void
lodis_peer_set_waiting (LodisPeer *self)
{
  self->waiting = TRUE;
  if (self->ended)
    lodis_peer_close (self);
}

/* Whether a request is on its way, or its answer */
gboolean
lodis_peer_is_busy (LodisPeer *self)
{
  return self->state != PEER_GONE && (self->state != PEER_HEAD || self->input->len > 0);
}

gboolean
lodis_peer_is_late (LodisPeer *self, gint64 now)
{
  return self->state != PEER_ASKED && self->until < now;
}
