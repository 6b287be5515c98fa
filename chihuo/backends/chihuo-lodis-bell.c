/* chihuo-lodis-bell.c - a source that fires when others may have added something
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-bell.h"
#include "chihuo-lodis-frame.h"
#include "chihuo-lodis-http.h"
#include "chihuo-lodis-response.h"

/* For each queue from which this process claims there is a connection on which the server is asked to
 * answer when the queue's news change, or after a while. Nobody else uses it, and nothing that is said
 * on it changes anything, so it may be lost at any time: then the bell is rung at once, so that somebody
 * looks whether the server is there, and once more when it is there again. All of it happens on the
 * context of the source, between other things.
 *
 * A server that cannot be asked that is polled: the source fires at intervals, which are short where
 * there was something the last time, and grow as long as there is nothing. */

/* Less than ten claims in a second, and half of that is how long a task waits */
#define POLL_INTERVAL     (105 * G_TIME_SPAN_MILLISECOND)
#define MIN_POLL_INTERVAL (5 * G_TIME_SPAN_MILLISECOND)

#define WAIT_MS    50000
#define SILENCE    ((WAIT_MS + 10000) * (gint64) 1000) /* µs: then the server is taken for lost */
#define FIRST_REST (50 * 1000)
#define MAX_REST   (1 * G_USEC_PER_SEC)
#define MAX_SEND   30 /* s: for a connection */

/* Where one thing is added after the other, not each of them rings */
#define RING_REST (G_TIME_SPAN_MILLISECOND / 2)

typedef struct
{
  ChihuoLodisBell     *bell;        /* not owned */
  char                *path;        /* (owned): of the request */
  GCancellable        *cancellable; /* (owned) (nullable): while it connects */
  GSocketConnection   *connection;  /* (owned) (nullable) */
  ChihuoLodisResponse *response;    /* (owned) (nullable): what comes in on it */
  GSource             *readable;    /* (owned) (nullable) */
  GSource             *timer;       /* (owned) (nullable): until it is tried again, or taken for lost */
  guint64              version;     /* 0 = not known on this connection yet */
  gint64               rest;        /* µs */
} Listener;

struct _ChihuoLodisBell
{
  char       *host;      /* (owned) */
  char       *name;      /* (owned): host and port, as they stand in a request */
  guint16     port;
  gboolean    can_wait;
  GHashTable *listeners; /* (owned): queue, interned → (owned) Listener */
  GSource    *source;    /* (owned) (nullable): what is rung */
};

typedef struct
{
  GSource source;
  gint64  interval; /* µs, the last one; 0 = it fires when it is rung */
} Source;

static void listener_connect (Listener *self);

/* --- the source --- */

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Source *self = (Source *) source;

  self->interval = MIN (self->interval * 2, POLL_INTERVAL);
  g_source_set_ready_time (source,
                           self->interval > 0 ? g_get_monotonic_time () + self->interval : -1);
  return callback != NULL ? callback (data) : G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

static void
ring (ChihuoLodisBell *self)
{
  g_source_set_ready_time (self->source, 0);
}

/* --- a listener --- */

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
listener_hang_up (Listener *self)
{
  clear_source (&self->readable);
  clear_source (&self->timer);
  if (self->connection != NULL)
    g_socket_close (g_socket_connection_get_socket (self->connection), NULL);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->response, chihuo_lodis_response_free);
  self->version = 0;
}

static void
listener_free (gpointer data)
{
  Listener *self = data;

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  listener_hang_up (self);
  g_free (self->path);
  g_free (self);
}

static void
set_timer (Listener *self, gint64 time, GSourceFunc func)
{
  clear_source (&self->timer);
  self->timer = g_timeout_source_new (0);
  g_source_set_ready_time (self->timer, g_get_monotonic_time () + time);
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, g_source_get_context (self->bell->source));
}

static gboolean
rested_cb (gpointer data)
{
  listener_connect (data);
  return G_SOURCE_REMOVE;
}

/* It is tried again after a while, each time after a longer one */
static void
lose (Listener *self, const char *why)
{
  g_debug ("lodis at %s: listening: %s", self->bell->name, why);
  if (self->version != 0)
    ring (self->bell);
  listener_hang_up (self);
  self->rest = CLAMP (self->rest * 2, FIRST_REST, MAX_REST);
  set_timer (self, self->rest / 2 + g_random_int_range (0, self->rest / 2), rested_cb);
}

static gboolean
silent_cb (gpointer data)
{
  lose (data, "the server says nothing");
  return G_SOURCE_REMOVE;
}

/* A request is so short that it fits into any socket */
static void
ask (Listener *self)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gssize n;

  chihuo_lodis_frame_add_u64 (arguments, self->version);
  chihuo_lodis_frame_add_u32 (arguments, WAIT_MS);
  chihuo_lodis_http_write (output, self->bell->name, self->path, arguments);
  n = g_socket_send (g_socket_connection_get_socket (self->connection),
                     (const char *) output->data, output->len, NULL, &error);
  if (n == (gssize) output->len)
    set_timer (self, SILENCE, silent_cb);
  else
    lose (self, error != NULL ? error->message : "it takes nothing in");
}

static gboolean
ask_cb (gpointer data)
{
  ask (data);
  return G_SOURCE_REMOVE;
}

/* One answer: the version of the news. 0 is none, and would be answered at once for ever */
static gboolean
read_answer (guint status, GBytes *body, guint64 *version, GError **error)
{
  ChihuoLodisReader reader;

  if (!chihuo_lodis_frame_open (&reader, status, body, error)
      || !chihuo_lodis_frame_take_u64 (&reader, version, error)
      || !chihuo_lodis_frame_finish (&reader, error))
    return FALSE;
  if (*version != 0)
    return TRUE;

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL, "expected a version, not 0");
  return FALSE;
}

/* What happened before this connection was there nobody has told us, so its first answer rings, too */
static gboolean
take_answer (Listener *self, guint status, GBytes *body, GError **error)
{
  guint64 version;

  if (!read_answer (status, body, &version, error))
    return FALSE;

  self->rest = 0;
  if (version == self->version)
    {
      ask (self);
      return TRUE;
    }

  self->version = version;
  ring (self->bell);
  set_timer (self, RING_REST, ask_cb);
  return TRUE;
}

static void
take_answers (Listener *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  guint status;

  if (!chihuo_lodis_response_next (self->response, &status, &body, &error))
    lose (self, error->message);
  else if (body != NULL && chihuo_lodis_response_is_last (self->response))
    lose (self, "the server closes the connection");
  else if (body != NULL && !take_answer (self, status, body, &error))
    lose (self, error->message);
}

static gboolean
readable_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  Listener *self = data;
  g_autoptr (GError) error = NULL;
  char buffer[1024];
  gssize n = g_socket_receive (socket, buffer, sizeof buffer, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n <= 0)
    {
      lose (self, error != NULL ? error->message : "the server has hung up");
      return G_SOURCE_REMOVE;
    }

  chihuo_lodis_response_feed (self->response, buffer, n);
  take_answers (self);
  return G_SOURCE_CONTINUE;
}

static void
join (Listener *self)
{
  GSocket *socket = chihuo_lodis_http_adopt (self->connection);

  g_socket_set_timeout (socket, 0);
  self->response = chihuo_lodis_response_new ();
  self->readable = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_callback (self->readable, G_SOURCE_FUNC (readable_cb), self, NULL);
  g_source_attach (self->readable, g_source_get_context (self->bell->source));
  ask (self);
}

/* Of one that was freed meanwhile nothing may be touched */
static void
connected_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection
    = g_socket_client_connect_to_host_finish (G_SOCKET_CLIENT (object), result, &error);
  Listener *self = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->cancellable);
  if (connection == NULL)
    {
      lose (self, error->message);
      return;
    }

  self->connection = g_steal_pointer (&connection);
  join (self);
}

static void
listener_connect (Listener *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GMainContext *context = g_source_get_context (self->bell->source);

  clear_source (&self->timer);
  self->cancellable = g_cancellable_new ();
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_set_timeout (client, MAX_SEND);

  g_main_context_push_thread_default (context);
  g_socket_client_connect_to_host_async (client, self->bell->host, self->bell->port,
                                         self->cancellable, connected_cb, self);
  g_main_context_pop_thread_default (context);
}

/* --- the bell --- */

/*
 * chihuo_lodis_bell_new:
 * @host: a name or an address
 * @port: a port
 * @can_wait: whether the server knows the command wait
 *
 * Creates a bell that listens to nothing yet.
 *
 * Returns: (transfer full): it
 */
ChihuoLodisBell *
chihuo_lodis_bell_new (const char *host, guint16 port, gboolean can_wait)
{
  ChihuoLodisBell *self = g_new0 (ChihuoLodisBell, 1);

  self->host = g_strdup (host);
  self->name = chihuo_lodis_http_dup_name (host, port);
  self->port = port;
  self->can_wait = can_wait;
  self->listeners = g_hash_table_new_full (NULL, NULL, NULL, listener_free);

  return self;
}

/*
 * chihuo_lodis_bell_free:
 * @self: (transfer full): a bell
 *
 * Listens to nothing any more. The source stays, and is silent.
 */
void
chihuo_lodis_bell_free (ChihuoLodisBell *self)
{
  g_hash_table_unref (self->listeners);
  if (self->source != NULL)
    g_source_set_ready_time (self->source, -1);
  g_clear_pointer (&self->source, g_source_unref);
  g_free (self->host);
  g_free (self->name);
  g_free (self);
}

/* Unless it does so already: a claim must not put the next one off */
static void
start_polling (ChihuoLodisBell *self)
{
  Source *source = (Source *) self->source;

  if (source->interval > 0)
    return;

  source->interval = MIN_POLL_INTERVAL;
  g_source_set_ready_time (self->source, g_get_monotonic_time () + source->interval);
}

/*
 * chihuo_lodis_bell_listen:
 * @self: a bell
 * @queue: a queue's name, interned
 *
 * Listens to the news of a queue from now on. Without a source that is attached
 * to a context nobody could be told.
 */
void
chihuo_lodis_bell_listen (ChihuoLodisBell *self, const char *queue)
{
  Listener *listener;

  if (self->source == NULL || g_source_get_context (self->source) == NULL
      || g_hash_table_contains (self->listeners, queue))
    return;

  if (!self->can_wait)
    {
      start_polling (self);
      return;
    }

  listener = g_new0 (Listener, 1);
  listener->bell = self;
  listener->path = g_strdup_printf ("/wait/chihuo:%s:news", queue);
  g_hash_table_insert (self->listeners, (gpointer) queue, listener);
  listener_connect (listener);
}

/*
 * chihuo_lodis_bell_note_work:
 * @self: a bell
 *
 * Says that there was something to claim, so that there may soon be more.
 */
void
chihuo_lodis_bell_note_work (ChihuoLodisBell *self)
{
  Source *source = (Source *) self->source;

  if (source == NULL || source->interval == 0)
    return;

  source->interval = MIN_POLL_INTERVAL;
  g_source_set_ready_time (self->source, g_get_monotonic_time () + source->interval);
}

/*
 * chihuo_lodis_bell_create_source:
 * @self: a bell
 *
 * Creates the source that is dispatched when there may be something to claim.
 *
 * Returns: (transfer full): a source
 */
GSource *
chihuo_lodis_bell_create_source (ChihuoLodisBell *self)
{
  GSource *source = g_source_new (&source_funcs, sizeof (Source));

  g_source_set_static_name (source, "chihuo-lodis");
  clear_source (&self->source);
  self->source = g_source_ref (source);

  return source;
}
