/* chihuo-redis-connection.c - one connection to a Redis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-redis-connection.h"
#include "chihuo-redis-error.h"
#include "chihuo-redis-link.h"
#include "chihuo-redis-login.h"

/* Commands are gathered, written at once, and then their replies are read one by one. It blocks its
 * thread, never longer than the time-out says.
 *
 * What an error means depends on how far it got: nothing has been done as long as no byte of a command
 * has left (TIMED_OUT), and nobody knows afterwards (UNKNOWN_OUTCOME). So before something is sent it is
 * looked whether the peer has hung up meanwhile: a server that was restarted while nobody talked to it
 * shall not cast doubt on what comes next. */

#define READ_SIZE (64 * 1024)

struct _ChihuoRedisConnection
{
  const ChihuoRedisOptions *options;    /* the caller's */
  char                     *name;       /* (owned): of the server, for messages */
  ChihuoRedisResp          *resp;       /* (owned) */
  GIOStream                *stream;     /* (owned) (nullable): NULL = broken */
  GSocket                  *socket;     /* (owned): below it */
  guint8                   *buffer;     /* (owned): READ_SIZE bytes */
  guint64                   n_awaited;  /* commands that were sent and not answered yet */
  guint64                   n_gathered; /* commands that were not sent yet */
};

/* A stream that is being made */
typedef struct
{
  GIOStream *stream;
  GSocket   *socket;
  GError    *error;
  gboolean   done;
} Attempt;

static void
break_off (ChihuoRedisConnection *self)
{
  if (self->stream == NULL)
    return;

  /* The socket first: TLS would like to say goodbye, maybe to a peer that does not listen */
  chihuo_fork_remove_fd (g_socket_get_fd (self->socket));
  g_socket_close (self->socket, NULL);
  g_clear_object (&self->stream);
}

/* Breaks the connection; FALSE */
static gboolean
fail (ChihuoRedisConnection *self, ChihuoError code, const char *what, GError **error)
{
  break_off (self);
  g_set_error (error, CHIHUO_ERROR, code, "%s: %s", self->name, what);

  return FALSE;
}

static gboolean
fail_late (ChihuoRedisConnection *self, ChihuoError code, GError **error)
{
  g_autofree char *what = g_strdup_printf ("expected an answer within %g s",
                                           self->options->timeout / (double) G_USEC_PER_SEC);

  return fail (self, code, what, error);
}

static gboolean
is_would_block (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* FALSE = it is too late, or the socket is of no use; the next read or write says which */
static gboolean
wait_until (ChihuoRedisConnection *self, GIOCondition condition, gint64 deadline)
{
  gint64 left = deadline - g_get_monotonic_time ();

  return left > 0 && g_socket_condition_timed_wait (self->socket, condition, left, NULL, NULL);
}

/* As many bytes as there are; 0 = none are there yet, -1 = the connection is broken, for that reason */
static gssize
try_read (ChihuoRedisConnection *self, ChihuoError code, GError **error)
{
  GPollableInputStream *input =
    G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
  g_autoptr (GError) cause = NULL;
  gssize n;

  n = g_pollable_input_stream_read_nonblocking (input, self->buffer, READ_SIZE, NULL, &cause);
  if (n > 0)
    {
      chihuo_redis_resp_feed (self->resp, self->buffer, n);
      return n;
    }
  if (is_would_block (cause))
    return 0;

  /* A server that refuses our certificate says so behind the handshake */
  if (cause != NULL && cause->domain == G_TLS_ERROR && code == CHIHUO_ERROR_TIMED_OUT
      && cause->code != G_TLS_ERROR_EOF)
    code = CHIHUO_ERROR_BACKEND;
  fail (self, code, cause != NULL ? cause->message : "the server has hung up", error);

  return -1;
}

/* What comes in while nobody has asked for anything: mostly the end */
static gboolean
check_alive (ChihuoRedisConnection *self, GError **error)
{
  gssize n = try_read (self, CHIHUO_ERROR_TIMED_OUT, error);

  if (n >= 0 && chihuo_redis_resp_has_input (self->resp))
    return fail (self, CHIHUO_ERROR_TIMED_OUT, "it says something that nobody has asked for", error);

  return n == 0;
}

/* The next reply; what an error is called the caller says */
static ChihuoRedisReply *
receive_until (ChihuoRedisConnection *self, gint64 deadline, ChihuoError code, GError **error)
{
  for (;;)
    {
      g_autoptr (GError) cause = NULL;
      ChihuoRedisReply *reply;
      gssize n;

      if (!chihuo_redis_resp_next (self->resp, &reply, &cause))
        {
          fail (self, CHIHUO_ERROR_PROTOCOL, cause->message, error);
          return NULL;
        }
      if (reply != NULL)
        {
          self->n_awaited--;
          return reply;
        }

      n = try_read (self, code, error);
      if (n < 0)
        return NULL;
      if (n == 0 && !wait_until (self, G_IO_IN, deadline)
          && g_get_monotonic_time () >= deadline)
        {
          fail_late (self, code, error);
          return NULL;
        }
    }
}

/* Writes all that is gathered. `n_written` = how far it got; NULL, or why it got no further */
static char *
write_output (ChihuoRedisConnection *self, gsize *n_written)
{
  GPollableOutputStream *output =
    G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  gint64 deadline = g_get_monotonic_time () + self->options->timeout;
  gsize length;
  const guint8 *data = chihuo_redis_resp_get_output (self->resp, &length);

  *n_written = 0;
  while (*n_written < length)
    {
      g_autoptr (GError) cause = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (output, data + *n_written,
                                                             length - *n_written, NULL, &cause);

      if (n > 0)
        {
          *n_written += n;
          deadline = g_get_monotonic_time () + self->options->timeout;
        }
      else if (!is_would_block (cause))
        return g_strdup (cause->message);
      else if (!wait_until (self, G_IO_OUT, deadline) && g_get_monotonic_time () >= deadline)
        return g_strdup ("it takes nothing in");
    }

  return NULL;
}

static void
linked_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Attempt *attempt = data;

  attempt->stream = chihuo_redis_link_finish (result, &attempt->socket, &attempt->error);
  attempt->done = TRUE;
}

static gboolean
late_cb (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static GSource *
attach_deadline (GMainContext *context, gint64 deadline, GCancellable *cancellable)
{
  GSource *source = g_timeout_source_new (0);

  g_source_set_ready_time (source, deadline);
  g_source_set_callback (source, late_cb, cancellable, NULL);
  g_source_attach (source, context);

  return source;
}

/* On a main context of its own: one clock for the name's look-up, the socket and TLS */
static gboolean
link_until (ChihuoRedisConnection *self, GSocketConnectable *address, gint64 deadline,
            GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) timeout = attach_deadline (context, deadline, cancellable);
  Attempt attempt = { 0 };

  g_main_context_push_thread_default (context);
  chihuo_redis_link_async (self->options, address, cancellable, linked_cb, &attempt);
  while (!attempt.done)
    g_main_context_iteration (context, TRUE);
  while (g_main_context_iteration (context, FALSE))
    continue;
  g_source_destroy (timeout);
  g_main_context_pop_thread_default (context);

  self->stream = attempt.stream;
  self->socket = attempt.socket;
  if (self->stream != NULL)
    {
      chihuo_fork_add_fd (g_socket_get_fd (self->socket));
      return TRUE;
    }

  if (g_error_matches (attempt.error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fail_late (self, CHIHUO_ERROR_TIMED_OUT, error);
  else
    g_propagate_error (error, g_steal_pointer (&attempt.error));
  g_clear_error (&attempt.error);

  return FALSE;
}

static gboolean
log_in_until (ChihuoRedisConnection *self, gint64 deadline, GError **error)
{
  guint n = chihuo_redis_login_ask (self->options, self->resp);

  self->n_gathered = n;
  if (!chihuo_redis_connection_send (self, error))
    return FALSE;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ChihuoRedisReply) reply = receive_until (self, deadline, CHIHUO_ERROR_TIMED_OUT,
                                                          error);

      if (reply == NULL
          || !chihuo_redis_login_check (self->options, i, reply, self->name, error))
        return FALSE;
    }

  return TRUE;
}

/*
 * chihuo_redis_connection_new:
 * @options: who we are, which database, time-outs; they live as long as it
 * @address: where
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT (cannot be reached now),
 *   %CHIHUO_ERROR_BACKEND (password or certificate refused),
 *   %CHIHUO_ERROR_CONFIG, %CHIHUO_ERROR_NOT_SUPPORTED (no TLS here) or
 *   %CHIHUO_ERROR_PROTOCOL
 *
 * Connects, begins TLS, logs in and selects the database, all of it within the
 * time-out.
 *
 * Returns: (transfer full) (nullable): a connection, or %NULL
 */
ChihuoRedisConnection *
chihuo_redis_connection_new (const ChihuoRedisOptions *options, GSocketConnectable *address,
                             GError **error)
{
  g_autoptr (ChihuoRedisConnection) self = g_new0 (ChihuoRedisConnection, 1);
  gint64 deadline = g_get_monotonic_time () + options->timeout;

  self->options = options;
  self->name = chihuo_redis_options_describe (address);
  self->resp = chihuo_redis_resp_new ();
  self->buffer = g_malloc (READ_SIZE);

  if (!link_until (self, address, deadline, error) || !log_in_until (self, deadline, error))
    return NULL;

  return g_steal_pointer (&self);
}

/*
 * chihuo_redis_connection_free:
 * @self: (transfer full): a connection
 *
 * Closes it. In a forked child its socket is closed already.
 */
void
chihuo_redis_connection_free (ChihuoRedisConnection *self)
{
  if (chihuo_fork_is_child ())
    return;

  break_off (self);
  g_clear_object (&self->socket);
  chihuo_redis_resp_free (self->resp);
  g_free (self->buffer);
  g_free (self->name);
  g_free (self);
}

/*
 * chihuo_redis_connection_begin:
 * @self: a connection
 * @n_arguments: how many arguments follow, the command's name among them
 *
 * Begins a command. It goes out with the others at the next send.
 */
void
chihuo_redis_connection_begin (ChihuoRedisConnection *self, guint n_arguments)
{
  self->n_gathered++;
  chihuo_redis_resp_begin (self->resp, n_arguments);
}

/*
 * chihuo_redis_connection_add:
 * @self: a connection
 * @data: an argument's bytes
 * @length: how many
 *
 * Adds an argument to the command that was begun last.
 */
void
chihuo_redis_connection_add (ChihuoRedisConnection *self, const void *data, gsize length)
{
  chihuo_redis_resp_add (self->resp, data, length);
}

/*
 * chihuo_redis_connection_add_string:
 * @self: a connection
 * @text: an argument
 *
 * Adds a text as an argument.
 */
void
chihuo_redis_connection_add_string (ChihuoRedisConnection *self, const char *text)
{
  chihuo_redis_resp_add_string (self->resp, text);
}

/*
 * chihuo_redis_connection_add_int:
 * @self: a connection
 * @number: an argument
 *
 * Adds a number as an argument, in decimal digits.
 */
void
chihuo_redis_connection_add_int (ChihuoRedisConnection *self, gint64 number)
{
  chihuo_redis_resp_add_int (self->resp, number);
}

/*
 * chihuo_redis_connection_add_raw:
 * @self: a connection
 * @resp: arguments as they are sent
 *
 * Adds arguments that are RESP already: what is the same in each command.
 */
void
chihuo_redis_connection_add_raw (ChihuoRedisConnection *self, GBytes *resp)
{
  chihuo_redis_resp_add_raw (self->resp, resp);
}

/*
 * chihuo_redis_connection_add_command:
 * @self: a connection
 * @...: texts, and %NULL behind
 *
 * Adds a whole command.
 */
void
chihuo_redis_connection_add_command (ChihuoRedisConnection *self, ...)
{
  va_list arguments;

  self->n_gathered++;
  va_start (arguments, self);
  chihuo_redis_resp_add_list (self->resp, arguments);
  va_end (arguments);
}

/*
 * chihuo_redis_connection_forget:
 * @self: a connection
 *
 * Drops the commands that were gathered and not sent.
 */
void
chihuo_redis_connection_forget (ChihuoRedisConnection *self)
{
  self->n_gathered = 0;
  chihuo_redis_resp_forget (self->resp);
}

/*
 * chihuo_redis_connection_send:
 * @self: a connection
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT (certainly nothing was
 *   sent) or %CHIHUO_ERROR_UNKNOWN_OUTCOME
 *
 * Sends what was gathered. After an error the connection is broken.
 *
 * Returns: whether all of it is on its way
 */
gboolean
chihuo_redis_connection_send (ChihuoRedisConnection *self, GError **error)
{
  g_autofree char *trouble = NULL;
  gsize n_written;

  if (self->stream == NULL)
    {
      chihuo_redis_connection_forget (self);
      return fail (self, CHIHUO_ERROR_TIMED_OUT, "the connection is lost", error);
    }
  if (self->n_awaited == 0 && !check_alive (self, error))
    {
      chihuo_redis_connection_forget (self);
      return FALSE;
    }

  trouble = write_output (self, &n_written);
  if (trouble != NULL)
    {
      ChihuoError code = n_written == 0 && self->n_awaited == 0 ? CHIHUO_ERROR_TIMED_OUT
                                                                : CHIHUO_ERROR_UNKNOWN_OUTCOME;

      chihuo_redis_connection_forget (self);
      return fail (self, code, trouble, error);
    }

  self->n_awaited += self->n_gathered;
  chihuo_redis_connection_forget (self);

  return TRUE;
}

/*
 * chihuo_redis_connection_receive:
 * @self: a connection
 * @error: return location for %CHIHUO_ERROR_UNKNOWN_OUTCOME (lost, or too late)
 *   or %CHIHUO_ERROR_PROTOCOL (that is no reply)
 *
 * Waits for the next reply, for the time-out at the most. Replies come in the
 * order of the commands, and an error reply is a reply.
 *
 * Returns: (transfer full) (nullable): a reply; %NULL: the connection is broken
 */
ChihuoRedisReply *
chihuo_redis_connection_receive (ChihuoRedisConnection *self, GError **error)
{
  g_return_val_if_fail (self->stream == NULL || self->n_awaited > 0, NULL);

  if (self->stream == NULL)
    {
      fail (self, CHIHUO_ERROR_UNKNOWN_OUTCOME, "the connection is lost", error);
      return NULL;
    }

  return receive_until (self, g_get_monotonic_time () + self->options->timeout,
                        CHIHUO_ERROR_UNKNOWN_OUTCOME, error);
}

/*
 * chihuo_redis_connection_call:
 * @self: a connection that owes no reply
 * @error: return location for an error of send or receive, or what an error
 *   reply means (see chihuo_redis_error_set())
 * @...: texts, and %NULL behind
 *
 * Sends one command and waits for its reply.
 *
 * Returns: (transfer full) (nullable): a reply that is no error, or %NULL
 */
ChihuoRedisReply *
chihuo_redis_connection_call (ChihuoRedisConnection *self, GError **error, ...)
{
  g_autoptr (ChihuoRedisReply) reply = NULL;
  va_list arguments;

  self->n_gathered++;
  va_start (arguments, error);
  chihuo_redis_resp_add_list (self->resp, arguments);
  va_end (arguments);

  if (!chihuo_redis_connection_send (self, error))
    return NULL;
  reply = chihuo_redis_connection_receive (self, error);
  if (reply == NULL)
    return NULL;

  if (reply->type == REDIS_REPLY_ERROR)
    {
      chihuo_redis_error_set (error, self->name, reply->str);
      return NULL;
    }

  return g_steal_pointer (&reply);
}

/*
 * chihuo_redis_connection_drop:
 * @self: a connection
 *
 * Breaks it: what it says is not believed any more.
 */
void
chihuo_redis_connection_drop (ChihuoRedisConnection *self)
{
  break_off (self);
}

/*
 * chihuo_redis_connection_is_broken:
 * @self: a connection
 *
 * Whether it is of no use any more.
 *
 * Returns: %TRUE after an error
 */
gboolean
chihuo_redis_connection_is_broken (ChihuoRedisConnection *self)
{
  return self->stream == NULL;
}

/*
 * chihuo_redis_connection_get_name:
 * @self: a connection
 *
 * Gives what the server is called in messages.
 *
 * Returns: (transfer none): a text without secrets
 */
const char *
chihuo_redis_connection_get_name (ChihuoRedisConnection *self)
{
  return self->name;
}
