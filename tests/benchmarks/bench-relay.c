/* bench-relay.c - stands between a client and a server, and remembers what was asked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench-relay.h"
#include "bench.h"

/* What the library asks of a server can be asked once more, byte for byte, by a program that does nothing
 * else: that is the ceiling. It works since an empty server that is asked the same has the same to change.
 * What went out before an answer came goes out together then, too. Long polls are passed on and counted,
 * and not kept. */

#define BLOCK (64 * 1024)

struct _BenchRelay
{
  GSocketListener *listener;    /* (owned) */
  GCancellable    *cancellable; /* (owned): ends it */
  GThread         *thread;      /* (owned): it waits for connections */
  GPtrArray       *lines;       /* (owned): of Line; the thread's, and then whoever ends it */
  guint16          port;
  guint16          server_port;

  GMutex           mutex;       /* of what follows */
  GByteArray      *asked;       /* (owned): all requests */
  GArray          *turns;       /* (owned): of gsize, where in it the server had said something */
  gboolean         was_answered;
  guint            n_requests;
};

/* Requests or answers, out of the bytes that come in */
typedef struct
{
  GByteArray *head; /* (owned): of the next one, as far as it has come */
  gsize       left; /* of the body */
} Counter;

/* Two threads carry its bytes, one each way */
typedef struct
{
  BenchRelay        *relay;
  GSocketConnection *client; /* (owned) */
  GSocketConnection *server; /* (owned) */
  GThread           *up;     /* (owned) */
  GThread           *down;   /* (owned) */
} Line;

static void
counter_clear (Counter *counter)
{
  g_byte_array_unref (counter->head);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Counter, counter_clear)

/* Where the head ends; 0 = it is not all there */
static gsize
find_end (GByteArray *head)
{
  const char *end = memmem (head->data, head->len, "\r\n\r\n", 4);

  return end != NULL ? end + 4 - (const char *) head->data : 0;
}

static gsize
read_length (GByteArray *head, gsize end)
{
  const char *field = "Content-Length: ";
  const char *length = memmem (head->data, end, field, strlen (field));

  return length != NULL ? strtoul (length + strlen (field), NULL, 10) : 0;
}

/* How many have ended in here */
static guint
count (Counter *self, const guint8 *data, gsize length)
{
  guint n = 0;

  for (;;)
    {
      gsize part = MIN (length, self->left);
      gsize before = self->head->len;
      gsize end;

      data += part;
      length -= part;
      self->left -= part;
      n += part > 0 && self->left == 0;
      if (length == 0)
        return n;

      g_byte_array_append (self->head, data, length);
      end = find_end (self->head);
      if (end == 0)
        return n;
      self->left = read_length (self->head, end);
      n += self->left == 0;
      data += end - before;
      length -= end - before;
      g_byte_array_set_size (self->head, 0);
    }
}

/* --- what passes --- */

static gsize
receive (GSocketConnection *connection, guint8 *block)
{
  gssize n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), block, BLOCK,
                                  NULL, NULL);

  return MAX (n, 0);
}

static gboolean
pass_on (GSocketConnection *connection, const guint8 *block, gsize length)
{
  return g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), block, length,
                                    NULL, NULL, NULL);
}

static void
shut (GSocketConnection *connection)
{
  shutdown (g_socket_get_fd (g_socket_connection_get_socket (connection)), SHUT_RDWR);
}

static void
note_asked (BenchRelay *self, Counter *counter, const guint8 *block, gsize length, gboolean is_kept)
{
  g_mutex_lock (&self->mutex);
  self->n_requests += count (counter, block, length);
  if (is_kept && self->was_answered)
    g_array_append_vals (self->turns, &(gsize) { self->asked->len }, 1);
  if (is_kept)
    {
      self->was_answered = FALSE;
      g_byte_array_append (self->asked, block, length);
    }
  g_mutex_unlock (&self->mutex);
}

static gpointer
carry_up (gpointer data)
{
  static const char poll[] = "POST /wait/";
  Line *line = data;
  g_autofree guint8 *block = g_malloc (BLOCK);
  g_auto (Counter) counter = { .head = g_byte_array_new () };
  gboolean is_poll = FALSE;
  gsize n;

  while ((n = receive (line->client, block)) > 0)
    {
      is_poll = is_poll || (n > strlen (poll) && memcmp (block, poll, strlen (poll)) == 0);
      note_asked (line->relay, &counter, block, n, !is_poll);
      if (!pass_on (line->server, block, n))
        break;
    }
  shut (line->server);

  return NULL;
}

static gpointer
carry_down (gpointer data)
{
  Line *line = data;
  BenchRelay *relay = line->relay;
  g_autofree guint8 *block = g_malloc (BLOCK);
  gsize n;

  while ((n = receive (line->server, block)) > 0)
    {
      g_mutex_lock (&relay->mutex);
      relay->was_answered = TRUE;
      g_mutex_unlock (&relay->mutex);
      if (!pass_on (line->client, block, n))
        break;
    }
  shut (line->client);

  return NULL;
}

/* --- connections --- */

/* What is passed on goes out at once, or each answer waits 40 ms for the next */
static void
send_at_once (GSocketConnection *connection)
{
  g_autoptr (GError) error = NULL;

  if (!g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1, &error))
    g_error ("%s", error->message);
}

static GSocketConnection *
connect_to (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection
      = g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, &error);

  if (connection == NULL)
    g_error ("%s", error->message);

  send_at_once (connection);
  g_tcp_connection_set_graceful_disconnect (G_TCP_CONNECTION (connection), FALSE);
  return connection;
}

static gpointer
accept_all (gpointer data)
{
  BenchRelay *self = data;
  GSocketConnection *client;

  while ((client = g_socket_listener_accept (self->listener, NULL, self->cancellable, NULL)) != NULL)
    {
      Line *line = g_new (Line, 1);

      send_at_once (client);
      *line = (Line) { .relay = self, .client = client, .server = connect_to (self->server_port) };
      line->up = g_thread_new ("up", carry_up, line);
      line->down = g_thread_new ("down", carry_down, line);
      g_ptr_array_add (self->lines, line);
    }

  return NULL;
}

static void
line_free (gpointer data)
{
  Line *self = data;

  shut (self->client);
  shut (self->server);
  g_thread_join (self->up);
  g_thread_join (self->down);
  g_object_unref (self->client);
  g_object_unref (self->server);
  g_free (self);
}

BenchRelay *
bench_relay_new (guint16 server_port)
{
  BenchRelay *self = g_new0 (BenchRelay, 1);

  g_mutex_init (&self->mutex);
  self->listener = g_socket_listener_new ();
  self->cancellable = g_cancellable_new ();
  self->lines = g_ptr_array_new_with_free_func (line_free);
  self->asked = g_byte_array_new ();
  self->turns = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->server_port = server_port;
  self->port = g_socket_listener_add_any_inet_port (self->listener, NULL, NULL);
  self->thread = g_thread_new ("relay", accept_all, self);

  return self;
}

void
bench_relay_free (BenchRelay *self)
{
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  g_ptr_array_unref (self->lines);
  g_object_unref (self->cancellable);
  g_object_unref (self->listener);
  g_byte_array_unref (self->asked);
  g_array_unref (self->turns);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

guint16
bench_relay_get_port (BenchRelay *self)
{
  return self->port;
}

guint
bench_relay_get_n_requests (BenchRelay *self)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = self->n_requests;
  g_mutex_unlock (&self->mutex);

  return n;
}

/* How many bytes were kept */
gsize
bench_relay_get_length (BenchRelay *self)
{
  gsize length;

  g_mutex_lock (&self->mutex);
  length = self->asked->len;
  g_mutex_unlock (&self->mutex);

  return length;
}

/* --- once more --- */

static void
await (GSocketConnection *connection, Counter *counter, guint n)
{
  guint8 block[BLOCK];

  while (n > 0)
    {
      gsize length = receive (connection, block);
      guint answered = count (counter, block, length);

      if (length == 0 || answered > n)
        g_error ("the server has answered something else");
      n -= answered;
    }
}

/* Asks all of it of a server that has nothing yet. Says how many seconds it took from that byte on. The
 * client must have ended */
double
bench_relay_replay (BenchRelay *self, guint16 server_port, gsize from)
{
  g_autoptr (GSocketConnection) connection = connect_to (server_port);
  g_auto (Counter) requests = { .head = g_byte_array_new () };
  g_auto (Counter) answers = { .head = g_byte_array_new () };
  gint64 before = g_get_monotonic_time ();
  gsize at = 0;

  for (guint i = 0; i <= self->turns->len; i++)
    {
      gsize end = i < self->turns->len ? g_array_index (self->turns, gsize, i) : self->asked->len;

      if (at <= from)
        before = g_get_monotonic_time ();
      if (!pass_on (connection, self->asked->data + at, end - at))
        g_error ("the server takes no request");
      await (connection, &answers, count (&requests, self->asked->data + at, end - at));
      at = end;
    }

  return bench_seconds_since (before);
}
