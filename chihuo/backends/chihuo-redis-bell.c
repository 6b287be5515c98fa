/* chihuo-redis-bell.c - a source that fires when there are news of a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backoff.h"
#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-redis-bell.h"
#include "chihuo-redis-error.h"
#include "chihuo-redis-link.h"
#include "chihuo-redis-login.h"
#include "chihuo-redis-nest.h"
#include "chihuo-redis-refusals.h"

/* A connection that listens to the channels of the queues. It lives in a main context of its own, which is
 * run by the source that it hands out: all of it happens where that source is attached, nothing blocks, and
 * when it is freed nothing is left. Nobody has to hear all: who misses the news finds the tasks a little
 * later, so it fires whenever something may have been missed. */

#define READ_SIZE 4096

/* Between two attempts, µs; where we are refused it is more */
#define LONGEST_REST G_USEC_PER_SEC

/* A server that says nothing for so long is asked whether it is there */
#define SILENCE (5 * G_USEC_PER_SEC)

typedef enum
{
  STATE_RESTING,   /* no connection; until the timer rings, or for ever if there is nothing to listen to */
  STATE_LINKING,   /* the socket connects, TLS begins; until the timer rings */
  STATE_JOINING,   /* login and SUBSCRIBE are on their way; until the timer rings */
  STATE_LISTENING, /* until the timer rings: silence */
  STATE_ASKING,    /* PING is on its way; until the timer rings */
  STATE_CLOSED,    /* nothing happens any more */
} State;

struct _ChihuoRedisBell
{
  gatomicrefcount           ref_count;   /* the owner's and the sources' */
  const ChihuoRedisOptions *options;     /* the caller's; until it is closed */
  ChihuoRedisRouter        *router;      /* the caller's; until it is closed */
  GMainContext             *context;     /* (owned): all of it happens here */
  GPtrArray                *channels;    /* (owned) (element-type utf8) */
  GSource                  *timer;       /* (owned) */
  State                     state;
  GCancellable             *cancellable; /* (owned) (nullable): of the link that is being made */
  char                     *name;        /* (owned) (nullable): of the server it is at, or goes to */
  GIOStream                *stream;      /* (owned) (nullable) */
  GSocket                  *socket;      /* (owned) (nullable): below it */
  GSource                  *readable;    /* (owned) (nullable) */
  GSource                  *writable;    /* (owned) (nullable): while something is still to be written */
  ChihuoRedisResp          *resp;        /* (owned) (nullable) */
  guint                     n_login;     /* replies of a login */
  guint                     n_replies;   /* that came in on this connection, no more than n_login */
  gint64                    heard;       /* when it said something: monotonic µs */
  ChihuoBackoff             backoff;
  gboolean                  has_news;    /* the source is to call its callback */
  gboolean                  complained;  /* about being refused */
};

static gboolean
timer_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  g_source_set_ready_time (source, -1);
  return callback (data);
}

static GSourceFuncs timer_funcs = {
  .dispatch = timer_dispatch,
};

static void
ring_in (ChihuoRedisBell *self, gint64 delay)
{
  g_source_set_ready_time (self->timer, g_get_monotonic_time () + delay);
}

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
drop_connection (ChihuoRedisBell *self)
{
  drop_source (&self->readable);
  drop_source (&self->writable);
  if (self->socket != NULL)
    {
      chihuo_fork_remove_fd (g_socket_get_fd (self->socket));
      g_socket_close (self->socket, NULL);
    }
  g_clear_object (&self->stream);
  g_clear_object (&self->socket);
  g_clear_pointer (&self->resp, chihuo_redis_resp_free);
}

static void
bell_unref (gpointer data)
{
  ChihuoRedisBell *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_source_unref (self->timer);
  g_main_context_unref (self->context);
  g_ptr_array_unref (self->channels);
  g_free (self->name);
  g_free (self);
}

static gboolean
take_news (gpointer data)
{
  ChihuoRedisBell *self = data;
  gboolean has_news = self->has_news;

  self->has_news = FALSE;
  return has_news && self->state != STATE_CLOSED;
}

static void
complain (ChihuoRedisBell *self, const GError *error)
{
  if (!self->complained)
    g_message ("no news of what others add, so it is found later: %s", error->message);
  self->complained = TRUE;
}

/* What the error was decides how long it rests */
static void
lose (ChihuoRedisBell *self, const GError *error)
{
  gint64 longest = LONGEST_REST;

  drop_connection (self);
  self->state = STATE_RESTING;
  g_debug ("bell: %s", error->message);

  if (!g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT))
    {
      complain (self, error);
      longest = CHIHUO_REDIS_REFUSALS_LONGEST;
    }

  ring_in (self, chihuo_backoff_next (&self->backoff, longest));
}

static void
lose_because (ChihuoRedisBell *self, const char *why)
{
  g_autoptr (GError) error = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "%s: %s",
                                          self->name, why);

  lose (self, error);
}

static gboolean
writable_cb (GObject *stream, gpointer data)
{
  ChihuoRedisBell *self = data;
  GPollableOutputStream *output =
    G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  const guint8 *bytes;
  gsize length;

  while ((bytes = chihuo_redis_resp_get_output (self->resp, &length), length > 0))
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (output, bytes, length, NULL, &error);

      if (n > 0)
        {
          chihuo_redis_resp_drop (self->resp, n);
          continue;
        }
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;

      lose_because (self, error->message);
      return G_SOURCE_REMOVE;
    }

  drop_source (&self->writable);
  return G_SOURCE_REMOVE;
}

/* Sends what is gathered as soon as it can be written */
static void
send (ChihuoRedisBell *self)
{
  GPollableOutputStream *output =
    G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));

  if (self->writable != NULL)
    return;

  self->writable = g_pollable_output_stream_create_source (output, NULL);
  g_source_set_callback (self->writable, G_SOURCE_FUNC (writable_cb), self, NULL);
  g_source_attach (self->writable, self->context);
}

static gboolean
is_word (const ChihuoRedisReply *reply, const char *word)
{
  return reply->type == REDIS_REPLY_STRING && g_str_equal (reply->str, word);
}

/* Behind the login all is news, confirmations, or the answer to a PING */
static gboolean
take_push (ChihuoRedisBell *self, const ChihuoRedisReply *reply, GError **error)
{
  if (reply->type == REDIS_REPLY_ERROR)
    return chihuo_redis_error_set (error, self->name, reply->str);

  if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL, "%s: expected news", self->name);
      return FALSE;
    }

  /* What was published before a subscription nobody has heard */
  if (is_word (reply->element[0], "message") || is_word (reply->element[0], "subscribe"))
    self->has_news = TRUE;
  if (self->state == STATE_JOINING)
    {
      chihuo_backoff_reset (&self->backoff);
      self->complained = FALSE;
    }
  self->state = STATE_LISTENING;

  return TRUE;
}

static gboolean
take_reply (ChihuoRedisBell *self, const ChihuoRedisReply *reply, GError **error)
{
  if (self->n_replies < self->n_login)
    return chihuo_redis_login_check (self->options, self->n_replies++, reply, self->name, error);

  return take_push (self, reply, error);
}

/* All that has come in; FALSE = the connection is lost */
static gboolean
take_replies (ChihuoRedisBell *self)
{
  State before = self->state;

  for (;;)
    {
      g_autoptr (ChihuoRedisReply) reply = NULL;
      g_autoptr (GError) error = NULL;

      if (!chihuo_redis_resp_next (self->resp, &reply, &error)
          || (reply != NULL && !take_reply (self, reply, &error)))
        {
          lose (self, error);
          return FALSE;
        }
      if (reply == NULL)
        break;
    }

  self->heard = g_get_monotonic_time ();
  if (self->state == STATE_LISTENING && before != STATE_LISTENING)
    ring_in (self, SILENCE);

  return TRUE;
}

static gboolean
readable_cb (GObject *stream, gpointer data)
{
  ChihuoRedisBell *self = data;
  GPollableInputStream *input =
    G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
  g_autoptr (GError) error = NULL;
  char buffer[READ_SIZE];
  gssize n;

  n = g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n <= 0)
    {
      lose_because (self, error != NULL ? error->message : "the server has hung up");
      return G_SOURCE_REMOVE;
    }

  chihuo_redis_resp_feed (self->resp, buffer, n);
  return take_replies (self) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
join (ChihuoRedisBell *self)
{
  GPollableInputStream *input =
    G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));

  self->readable = g_pollable_input_stream_create_source (input, NULL);
  g_source_set_callback (self->readable, G_SOURCE_FUNC (readable_cb), self, NULL);
  g_source_attach (self->readable, self->context);

  chihuo_fork_add_fd (g_socket_get_fd (self->socket));
  self->state = STATE_JOINING;
  self->resp = chihuo_redis_resp_new ();
  self->n_replies = 0;
  self->n_login = chihuo_redis_login_ask (self->options, self->resp);
  chihuo_redis_resp_begin (self->resp, 1 + self->channels->len);
  chihuo_redis_resp_add_string (self->resp, "SUBSCRIBE");
  for (guint i = 0; i < self->channels->len; i++)
    chihuo_redis_resp_add_string (self->resp, self->channels->pdata[i]);
  send (self);
  ring_in (self, self->options->timeout);
}

static void
linked_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  ChihuoRedisBell *self = data;
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->cancellable);
  self->stream = chihuo_redis_link_finish (result, &self->socket, &error);
  if (self->state == STATE_CLOSED)
    drop_connection (self);
  else if (self->stream != NULL)
    join (self);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    lose_because (self, "it took too long to connect");
  else
    lose (self, error);
}

static void
start_link (ChihuoRedisBell *self)
{
  g_autoptr (GError) error = NULL;
  GSocketConnectable *address = chihuo_redis_router_get_address (self->router, &error);

  if (address == NULL)
    {
      lose (self, error);
      return;
    }

  g_free (self->name);
  self->name = chihuo_redis_options_describe (address);
  self->state = STATE_LINKING;
  self->cancellable = g_cancellable_new ();
  ring_in (self, self->options->timeout);
  chihuo_redis_link_async (self->options, address, self->cancellable, linked_cb, self);
}

/* Whether the primary is known to be somewhere else by now */
static gboolean
has_moved (ChihuoRedisBell *self)
{
  GSocketConnectable *address = chihuo_redis_router_get_address (self->router, NULL);
  g_autofree char *name = address != NULL ? chihuo_redis_options_describe (address) : NULL;

  return self->options->kind == CHIHUO_REDIS_KIND_SENTINEL && name != NULL
         && !g_str_equal (name, self->name);
}

/* Nothing was heard for a while: is it still there, and is it still the right one? */
static void
check_silence (ChihuoRedisBell *self)
{
  gint64 left = self->heard + SILENCE - g_get_monotonic_time ();

  if (left > 0)
    {
      ring_in (self, left);
      return;
    }
  if (has_moved (self))
    {
      lose_because (self, "the primary is somewhere else");
      return;
    }

  self->state = STATE_ASKING;
  chihuo_redis_resp_add_command (self->resp, "PING", NULL);
  send (self);
  ring_in (self, self->options->timeout);
}

static gboolean
timer_cb (gpointer data)
{
  ChihuoRedisBell *self = data;

  switch (self->state)
    {
    case STATE_RESTING:
      start_link (self);
      break;
    case STATE_LINKING:
      g_cancellable_cancel (self->cancellable);
      break;
    case STATE_JOINING:
    case STATE_ASKING:
      lose_because (self, "it does not answer");
      break;
    case STATE_LISTENING:
      check_silence (self);
      break;
    case STATE_CLOSED:
    default:
      break;
    }

  return G_SOURCE_CONTINUE;
}

/*
 * chihuo_redis_bell_new:
 * @options: who we are, time-outs; they live as long as it
 * @router: says where to connect to; it lives as long
 *
 * Creates a bell that listens to nothing yet.
 *
 * Returns: (transfer full): it
 */
ChihuoRedisBell *
chihuo_redis_bell_new (const ChihuoRedisOptions *options, ChihuoRedisRouter *router)
{
  ChihuoRedisBell *self = g_new0 (ChihuoRedisBell, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->options = options;
  self->router = router;
  self->context = g_main_context_new_with_flags (G_MAIN_CONTEXT_FLAGS_OWNERLESS_POLLING);
  self->channels = g_ptr_array_new_with_free_func (g_free);
  self->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_callback (self->timer, timer_cb, self, NULL);
  g_source_attach (self->timer, self->context);

  return self;
}

/*
 * chihuo_redis_bell_free:
 * @self: (transfer full): a bell
 *
 * Closes it. Its source stays, and is silent. In a forked child its socket is
 * closed already.
 */
void
chihuo_redis_bell_free (ChihuoRedisBell *self)
{
  if (chihuo_fork_is_child ())
    return;

  self->state = STATE_CLOSED;
  g_main_context_push_thread_default (self->context);
  drop_connection (self);
  g_source_destroy (self->timer);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  while (self->cancellable != NULL)
    g_main_context_iteration (self->context, TRUE);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_pop_thread_default (self->context);

  bell_unref (self);
}

/*
 * chihuo_redis_bell_listen:
 * @self: a bell
 * @channel: a channel
 *
 * Listens to one channel more; it fires as soon as nothing can be missed any
 * more that is said there.
 */
void
chihuo_redis_bell_listen (ChihuoRedisBell *self, const char *channel)
{
  if (g_ptr_array_find_with_equal_func (self->channels, channel, g_str_equal, NULL))
    return;

  g_ptr_array_add (self->channels, g_strdup (channel));
  if (self->channels->len == 1)
    {
      ring_in (self, 0);
      return;
    }

  /* Who is not there yet will ask for all of them */
  if (self->stream == NULL)
    return;
  chihuo_redis_resp_add_command (self->resp, "SUBSCRIBE", channel, NULL);
  send (self);
}

/*
 * chihuo_redis_bell_create_source:
 * @self: a bell
 *
 * Creates the source that runs the bell where it is attached, and is dispatched
 * when there are news. There is one at a time.
 *
 * Returns: (transfer full): a source; it may outlive the bell
 */
GSource *
chihuo_redis_bell_create_source (ChihuoRedisBell *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return chihuo_redis_nest_new (self->context, take_news, self, bell_unref);
}
