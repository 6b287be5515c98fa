/* chihuo-lodis-http.c - one connection to an HTTP server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-lodis-http.h"
#include "chihuo-lodis-response.h"

/* Requests are gathered, written at once, and then their answers are read one by one. It blocks its
 * thread, never longer than the time-out says. Nothing is ever sent twice: what a lost connection has
 * carried out nobody knows, so an error says how far it got. TIMED_OUT: no byte has left.
 * UNKNOWN_OUTCOME: some have. That is why it is looked whether the peer has hung up before something
 * is sent: a server that was restarted while nobody talked to it shall not cast doubt on what comes
 * next.
 *
 * Sockets are written to by GSocket, which raises no SIGPIPE. */

#define READ_SIZE (64 * 1024)

struct _ChihuoLodisHttp
{
  char                *host;       /* (owned) */
  char                *name;       /* (owned): host and port, as they stand in a request */
  gint64               timeout;    /* µs */
  guint16              port;
  GSocketConnection   *connection; /* (owned) (nullable): NULL = there is none */
  GSocket             *socket;     /* of the connection */
  ChihuoLodisResponse *response;   /* (owned) (nullable): what comes in on it */
  GByteArray          *output;     /* (owned): requests that were not sent yet */
  guint                n_gathered; /* how many these are */
  guint                n_awaited;  /* requests that were sent and not answered yet */
  guint8              *buffer;     /* (owned): READ_SIZE bytes */
};

/* A connection that is being made */
typedef struct
{
  GSocketConnection *connection;
  GError            *error;
  gboolean           done;
} Attempt;

/* Host and port, as they stand in a request */
char *
chihuo_lodis_http_dup_name (const char *host, guint16 port)
{
  gboolean is_ipv6 = strchr (host, ':') != NULL;

  return g_strdup_printf (is_ipv6 ? "[%s]:%u" : "%s:%u", host, port);
}

/*
 * chihuo_lodis_http_new:
 * @host: a name or an address
 * @port: a port
 * @timeout: how long to wait for a connection, and for the next answer: µs
 *
 * Creates something that connects when there is something to be sent.
 *
 * Returns: (transfer full): it
 */
ChihuoLodisHttp *
chihuo_lodis_http_new (const char *host, guint16 port, gint64 timeout)
{
  ChihuoLodisHttp *self = g_new0 (ChihuoLodisHttp, 1);

  self->host = g_strdup (host);
  self->name = chihuo_lodis_http_dup_name (host, port);
  self->port = port;
  self->timeout = timeout;
  self->output = g_byte_array_new ();
  self->buffer = g_malloc (READ_SIZE);

  return self;
}

void
chihuo_lodis_http_free (ChihuoLodisHttp *self)
{
  chihuo_lodis_http_drop (self);
  g_byte_array_unref (self->output);
  g_free (self->buffer);
  g_free (self->host);
  g_free (self->name);
  g_free (self);
}

/* The server, for messages */
const char *
chihuo_lodis_http_get_name (ChihuoLodisHttp *self)
{
  return self->name;
}

/* Closes the connection; the next request opens another one */
void
chihuo_lodis_http_drop (ChihuoLodisHttp *self)
{
  if (self->connection != NULL)
    g_socket_close (self->socket, NULL);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->response, chihuo_lodis_response_free);
  self->n_awaited = 0;
}

/* Closes it, because of that; FALSE */
static gboolean
fail (ChihuoLodisHttp *self, ChihuoError code, const char *what, GError **error)
{
  chihuo_lodis_http_drop (self);
  g_set_error (error, CHIHUO_ERROR, code, "lodis at %s: %s", self->name, what);

  return FALSE;
}

static gboolean
fail_late (ChihuoLodisHttp *self, ChihuoError code, GCancellable *cancellable, GError **error)
{
  g_autofree char *what = g_strdup_printf ("expected an answer within %g s",
                                           self->timeout / (double) G_USEC_PER_SEC);

  if (g_cancellable_is_cancelled (cancellable))
    return fail (self, code, "cancelled", error);

  return fail (self, code, what, error);
}

/* FALSE = it is too late or cancelled, or the socket is of no use: the next read or write says which */
static gboolean
wait_until (ChihuoLodisHttp *self, GIOCondition condition, gint64 deadline,
            GCancellable *cancellable)
{
  gint64 left = deadline - g_get_monotonic_time ();

  return left > 0
         && g_socket_condition_timed_wait (self->socket, condition, left, cancellable, NULL);
}

/* What has come in; 0 = nothing yet, -1 = the connection is lost, for that reason */
static gssize
try_read (ChihuoLodisHttp *self, ChihuoError code, GError **error)
{
  g_autoptr (GError) cause = NULL;
  gssize n = g_socket_receive (self->socket, (char *) self->buffer, READ_SIZE, NULL, &cause);

  if (n > 0)
    {
      chihuo_lodis_response_feed (self->response, self->buffer, n);
      return n;
    }
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return 0;

  fail (self, code, cause != NULL ? cause->message : "the server has hung up", error);
  return -1;
}

/* Whether the connection is still good for a request. What comes in unasked is mostly the end */
static gboolean
is_alive (ChihuoLodisHttp *self)
{
  if (self->connection == NULL)
    return FALSE;
  if (self->n_awaited > 0)
    return TRUE;

  if (try_read (self, CHIHUO_ERROR_TIMED_OUT, NULL) == 0
      && !chihuo_lodis_response_has_more (self->response))
    return TRUE;

  chihuo_lodis_http_drop (self);
  return FALSE;
}

/* Makes the socket of a connection ready for requests that want to go out at once, and for calls that
 * do not block */
GSocket *
chihuo_lodis_http_adopt (GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);

  g_socket_set_blocking (socket, FALSE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);

  return socket;
}

static void
connected_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Attempt *attempt = data;

  attempt->connection
    = g_socket_client_connect_finish (G_SOCKET_CLIENT (object), result, &attempt->error);
  attempt->done = TRUE;
}

static gboolean
late_cb (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
forward_cancel_cb (GCancellable *from, gpointer to)
{
  g_cancellable_cancel (to);
}

/* On a main context of its own: one clock for the name's look-up and for all its addresses */
static void
attempt_until (Attempt *attempt, GSocketConnectable *address, gint64 deadline,
               GCancellable *cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) late = g_cancellable_new ();
  g_autoptr (GSource) timeout = g_timeout_source_new (0);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  gulong handler = 0;

  g_socket_client_set_enable_proxy (client, FALSE);
  g_source_set_ready_time (timeout, deadline);
  g_source_set_callback (timeout, late_cb, late, NULL);
  g_source_attach (timeout, context);
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (forward_cancel_cb), late, NULL);

  g_main_context_push_thread_default (context);
  g_socket_client_connect_async (client, address, late, connected_cb, attempt);
  while (!attempt->done)
    g_main_context_iteration (context, TRUE);
  while (g_main_context_iteration (context, FALSE))
    continue;
  g_source_destroy (timeout);
  g_main_context_pop_thread_default (context);
  if (handler != 0)
    g_cancellable_disconnect (cancellable, handler);
}

static gboolean
connect_until (ChihuoLodisHttp *self, gint64 deadline, GCancellable *cancellable, GError **error)
{
  g_autoptr (GSocketConnectable) address = g_network_address_new (self->host, self->port);
  Attempt attempt = { NULL };

  attempt_until (&attempt, address, deadline, cancellable);
  if (attempt.connection == NULL)
    {
      g_autoptr (GError) cause = attempt.error;

      if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return fail_late (self, CHIHUO_ERROR_TIMED_OUT, cancellable, error);
      return fail (self, CHIHUO_ERROR_TIMED_OUT, cause->message, error);
    }

  self->connection = attempt.connection;
  self->socket = chihuo_lodis_http_adopt (self->connection);
  self->response = chihuo_lodis_response_new ();
  return TRUE;
}

/*
 * chihuo_lodis_http_write:
 * @output: where to
 * @name: of the server
 * @path: an absolute path, as it stands in a URL
 * @body: (nullable): what is posted; %NULL = a GET
 *
 * Writes a request.
 */
void
chihuo_lodis_http_write (GByteArray *output, const char *name, const char *path, GByteArray *body)
{
  g_autofree char *head = NULL;

  if (body == NULL)
    head = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, name);
  else
    head = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %u\r\n\r\n", path,
                            name, body->len);

  g_byte_array_append (output, (const guint8 *) head, strlen (head));
  if (body != NULL && body->len > 0)
    g_byte_array_append (output, body->data, body->len);
}

/*
 * chihuo_lodis_http_ask:
 * @self: a connection
 * @path: an absolute path, as it stands in a URL
 * @body: (nullable): what is posted; %NULL = a GET
 *
 * Gathers a request. It goes out with the others at the next send.
 */
void
chihuo_lodis_http_ask (ChihuoLodisHttp *self, const char *path, GByteArray *body)
{
  chihuo_lodis_http_write (self->output, self->name, path, body);
  self->n_gathered++;
}

static void
forget_output (ChihuoLodisHttp *self)
{
  g_byte_array_set_size (self->output, 0);
  self->n_gathered = 0;
}

/* Writes all that is gathered; meanwhile answers are taken in, since a server that cannot get rid of
 * them does not read on */
static gboolean
write_output (ChihuoLodisHttp *self, GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + self->timeout;
  ChihuoError code = self->n_awaited > 0 ? CHIHUO_ERROR_UNKNOWN_OUTCOME : CHIHUO_ERROR_TIMED_OUT;
  gsize at = 0;

  while (at < self->output->len)
    {
      g_autoptr (GError) cause = NULL;
      gssize n = g_socket_send (self->socket, (const char *) self->output->data + at,
                                self->output->len - at, NULL, &cause);

      if (n > 0)
        {
          at += n;
          code = CHIHUO_ERROR_UNKNOWN_OUTCOME;
          deadline = g_get_monotonic_time () + self->timeout;
          continue;
        }
      if (!g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return fail (self, code, cause->message, error);
      if (!wait_until (self, G_IO_IN | G_IO_OUT, deadline, cancellable))
        return fail_late (self, code, cancellable, error);
      if (try_read (self, code, error) < 0)
        return FALSE;
    }

  return TRUE;
}

/*
 * chihuo_lodis_http_send:
 * @self: a connection
 * @cancellable: (nullable): ends it
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT (certainly nothing was
 *   sent) or %CHIHUO_ERROR_UNKNOWN_OUTCOME
 *
 * Sends what was gathered, connecting if need be. After an error the gathered
 * requests are forgotten.
 *
 * Returns: whether all of it is on its way
 */
gboolean
chihuo_lodis_http_send (ChihuoLodisHttp *self, GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + self->timeout;
  gboolean ok;

  if (g_cancellable_is_cancelled (cancellable))
    {
      forget_output (self);
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "lodis at %s: cancelled",
                   self->name);
      return FALSE;
    }

  ok = (is_alive (self) || connect_until (self, deadline, cancellable, error))
       && write_output (self, cancellable, error);
  if (ok)
    self->n_awaited += self->n_gathered;
  forget_output (self);

  return ok;
}

/* An answer is complete: is the connection still of use? */
static void
note_answer (ChihuoLodisHttp *self)
{
  self->n_awaited--;
  if (chihuo_lodis_response_is_last (self->response))
    chihuo_lodis_http_drop (self);
}

/*
 * chihuo_lodis_http_receive:
 * @self: a connection
 * @status: (out): of the answer
 * @body: (out) (transfer full): of the answer
 * @cancellable: (nullable): ends it
 * @error: return location for %CHIHUO_ERROR_UNKNOWN_OUTCOME (lost, or too late)
 *   or %CHIHUO_ERROR_PROTOCOL (that is no HTTP)
 *
 * Waits for the next answer. They come in the order of the requests. After an
 * error those that were still to come do not.
 *
 * Returns: whether it came
 */
gboolean
chihuo_lodis_http_receive (ChihuoLodisHttp *self, guint *status, GBytes **body,
                           GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + self->timeout;

  while (self->n_awaited > 0)
    {
      g_autoptr (GError) cause = NULL;
      gssize n;

      if (!chihuo_lodis_response_next (self->response, status, body, &cause))
        return fail (self, CHIHUO_ERROR_PROTOCOL, cause->message, error);
      if (*body != NULL)
        {
          note_answer (self);
          return TRUE;
        }

      n = try_read (self, CHIHUO_ERROR_UNKNOWN_OUTCOME, error);
      if (n < 0)
        return FALSE;
      if (n == 0 && !wait_until (self, G_IO_IN, deadline, cancellable)
          && (g_get_monotonic_time () >= deadline || g_cancellable_is_cancelled (cancellable)))
        return fail_late (self, CHIHUO_ERROR_UNKNOWN_OUTCOME, cancellable, error);
    }

  return fail (self, CHIHUO_ERROR_UNKNOWN_OUTCOME, "the connection is lost", error);
}
