/* lodis-server.c - commands over HTTP
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <libsoup/soup.h>
#include <string.h>

#include "lodis-error.h"
#include "lodis-peers.h"
#include "lodis-server.h"

/* One thread runs all commands, one after the other. An answer that has to wait for the disk is put into
 * a group; when no more requests are there to be read, or the group is full, one sync does for all of
 * them, and they go out. If that fails, what was written may be lost: all are told so, and the server
 * ends, since it no longer knows what the disk has. */

#define GROUP_MAX 256
#define DRAIN_SECONDS 5
#define BACKLOG 512
#define CONTENT_TYPE "application/octet-stream"
#define HELLO                                                                                            \
  "{\"server\":\"lodis\",\"version\":\"" PACKAGE_VERSION "\",\"commands\":[\"txn\",\"range\",\"wait\"]}"

struct _LodisServer
{
  LodisData       data;
  SoupServer     *soup;     /* (owned) */
  LodisPeers     *peers;    /* (owned) */
  GMainLoop      *loop;     /* (owned) */
  GPtrArray      *group;    /* (owned): of SoupServerMessage, whose answers wait for a sync */
  GSource        *flush;    /* (owned) (nullable) */
  GError         *error;    /* (owned) (nullable): why it has to end */
  guint           tick;
  gint64          drain_until; /* monotonic time; 0 while it serves */
};

/* --- answers --- */

static gboolean
quit_if_drained (LodisServer *self)
{
  if (self->drain_until == 0 || (lodis_peers_is_busy (self->peers)
                                 && g_get_monotonic_time () < self->drain_until))
    return FALSE;

  g_main_loop_quit (self->loop);
  return TRUE;
}

static void
set_refusal (SoupServerMessage *message, const GError *error)
{
  int digit = error->domain == LODIS_ERROR ? error->code : LODIS_ERROR_FAILED;
  char *body = g_strdup_printf ("%d%s", digit, error->message);

  soup_server_message_set_status (message, SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_TAKE, body, strlen (body));
}

static void
set_reply (SoupServerMessage *message, GByteArray *reply)
{
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_byte_array_ref (reply));
  SoupMessageBody *body = soup_server_message_get_response_body (message);

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_message_headers_set_content_type (soup_server_message_get_response_headers (message),
                                         CONTENT_TYPE, NULL);
  soup_message_body_append_bytes (body, bytes);
}

/* The disk has failed */
static void
fail (LodisServer *self, GError *error)
{
  for (guint i = 0; i < self->group->len; i++)
    set_refusal (g_ptr_array_index (self->group, i), error);
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  lodis_server_stop (self);
}

/* Everything that was written is synced once, and everybody who waits for that is answered */
static gboolean
flush_cb (gpointer data)
{
  LodisServer *self = data;
  g_autoptr (GPtrArray) group = NULL;
  GError *error = NULL;

  g_clear_pointer (&self->flush, g_source_unref);
  if (lodis_store_needs_sync (self->data.store) && !lodis_store_sync (self->data.store, &error))
    fail (self, error);

  group = g_steal_pointer (&self->group);
  self->group = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < group->len; i++)
    soup_server_message_unpause (g_ptr_array_index (group, i));
  lodis_waits_answer (self->data.waits);

  return G_SOURCE_REMOVE;
}

/* Later than what can be read now; at once if the group is full */
static void
schedule_flush (LodisServer *self)
{
  if (self->flush == NULL)
    {
      self->flush = g_idle_source_new ();
      g_source_set_priority (self->flush, G_PRIORITY_DEFAULT + 10);
      g_source_set_callback (self->flush, flush_cb, self, NULL);
      g_source_attach (self->flush, NULL);
    }
  if (self->group->len >= GROUP_MAX)
    g_source_set_priority (self->flush, G_PRIORITY_HIGH);
}

/* Its answer is there; it goes out when what it rests on is on the disk */
static void
send (LodisServer *self, SoupServerMessage *message)
{
  if (lodis_store_needs_sync (self->data.store))
    {
      soup_server_message_pause (message);
      g_ptr_array_add (self->group, g_object_ref (message));
      schedule_flush (self);
    }
  else if (lodis_waits_is_rung (self->data.waits))
    schedule_flush (self);
}

/* --- waiting --- */

typedef struct
{
  LodisServer       *server;  /* unowned */
  SoupServerMessage *message; /* (owned) */
} Waiting;

static void
set_version (SoupServerMessage *message, guint64 version)
{
  g_autoptr (GByteArray) reply = g_byte_array_sized_new (9);

  lodis_reply_add_byte (reply, 0);
  lodis_reply_add_u64 (reply, version);
  set_reply (message, reply);
}

static void
waited_cb (guint64 version, gpointer data)
{
  Waiting *waiting = data;

  set_version (waiting->message, version);
  soup_server_message_unpause (waiting->message);
  g_object_unref (waiting->message);
  g_free (waiting);
}

static gboolean
wait (LodisServer *self, SoupServerMessage *message, LodisSpan name, LodisSpan body, GError **error)
{
  LodisWaitTerms terms;
  Waiting *waiting;
  guint64 version;

  if (!lodis_waits_parse (body, &terms, error))
    return FALSE;

  version = lodis_waits_get_version (self->data.waits, terms.kind, name);
  if (version != terms.version || terms.ms == 0 || self->drain_until != 0)
    {
      set_version (message, version);
      send (self, message);
      return TRUE;
    }

  waiting = g_new0 (Waiting, 1);
  waiting->server = self;
  waiting->message = g_object_ref (message);
  soup_server_message_pause (message);
  lodis_waits_add (self->data.waits, name, &terms, waited_cb, waiting);
  return TRUE;
}

/* --- requests --- */

/* "/command/name", where a name may hold any byte as %xx */
static GBytes *
split_path (const char *path, char **command, GError **error)
{
  const char *slash = path[0] == '/' ? strchr (path + 1, '/') : NULL;
  GBytes *name = NULL;

  if (slash != NULL && slash[1] != '\0' && strchr (slash + 1, '/') == NULL)
    name = g_uri_unescape_bytes (slash + 1, -1, NULL, NULL);
  if (name == NULL)
    {
      g_set_error_literal (error, LODIS_ERROR, LODIS_ERROR_FAILED, "no such path: POST /command/name");
      return NULL;
    }

  *command = g_strndup (path + 1, slash - path - 1);
  return name;
}

static gboolean
run_command (LodisServer *self, SoupServerMessage *message, const char *command, LodisSpan name,
             LodisSpan body, GError **error)
{
  g_autoptr (GByteArray) reply = NULL;

  if (g_str_equal (command, "wait"))
    return wait (self, message, name, body, error);

  reply = g_byte_array_sized_new (64);
  lodis_reply_add_byte (reply, 0);
  if (!lodis_command_run (&self->data, command, name, body, reply, error))
    return FALSE;

  set_reply (message, reply);
  send (self, message);
  return TRUE;
}

static gboolean
check_body (SoupServerMessage *message, GError **error)
{
  if (soup_message_body_get_accumulate (soup_server_message_get_request_body (message)))
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_FRAME, "the body is longer than %u MiB",
               LODIS_BODY_MAX >> 20);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
  return FALSE;
}

static gboolean
run_post (LodisServer *self, SoupServerMessage *message, GError **error)
{
  g_autofree char *command = NULL;
  g_autoptr (GBytes) path = split_path (g_uri_get_path (soup_server_message_get_uri (message)), &command,
                                        error);
  g_autoptr (GBytes) body = NULL;
  LodisSpan name;
  LodisSpan bytes;

  if (path == NULL || !check_body (message, error))
    return FALSE;

  body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  name.data = g_bytes_get_data (path, &name.length);
  bytes.data = g_bytes_get_data (body, &bytes.length);
  return run_command (self, message, command, name, bytes, error);
}

static void
say_hello (SoupServerMessage *message)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, HELLO,
                                    strlen (HELLO));
}

static void
refuse_method (SoupServerMessage *message)
{
  const char *text = "1only POST /command/name and GET / are known";

  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", "GET, POST");
  soup_server_message_set_status (message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC, text, strlen (text));
}

/* All of a request is there */
static void
request_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer data)
{
  LodisServer *self = data;
  const char *method = soup_server_message_get_method (message);
  g_autoptr (GError) error = NULL;

  lodis_peers_set (self->peers, message, LODIS_STAGE_ANSWERING, 0);
  if (self->drain_until != 0)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection",
                                  "close");

  if (g_str_equal (method, "GET") && g_str_equal (path, "/"))
    say_hello (message);
  else if (!g_str_equal (method, "POST"))
    refuse_method (message);
  else if (!run_post (self, message, &error))
    set_refusal (message, error);
}

/* What is too long is not kept; where it does not end, the connection does */
static void
got_chunk_cb (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  goffset *length = data;

  *length += g_bytes_get_size (chunk);
  if (*length > LODIS_BODY_MAX && soup_message_body_get_accumulate (body))
    {
      soup_message_body_set_accumulate (body, FALSE);
      soup_message_body_truncate (body);
    }
  if (*length > 2 * (goffset) LODIS_BODY_MAX)
    g_socket_shutdown (soup_server_message_get_socket (message), TRUE, TRUE, NULL);
}

static void
free_length (gpointer length, GClosure *closure)
{
  g_free (length);
}

/* The head of a request is there */
static void
head_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  LodisServer *self = data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  goffset length = soup_message_headers_get_content_length (headers);

  lodis_peers_set (self->peers, message, LODIS_STAGE_READING, MIN (length, LODIS_BODY_MAX));
  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH
      || length > LODIS_BODY_MAX)
    g_signal_connect_data (message, "got-chunk", G_CALLBACK (got_chunk_cb), g_new0 (goffset, 1),
                           free_length, 0);
  if (length > LODIS_BODY_MAX)
    soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
}

/* --- life --- */

static void
ended_cb (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  quit_if_drained (data);
}

static gboolean
tick_cb (gpointer data)
{
  LodisServer *self = data;
  GError *error = NULL;

  if (!lodis_store_tick (self->data.store, &error))
    fail (self, error);
  lodis_peers_sweep (self->peers);
  quit_if_drained (self);

  return G_SOURCE_CONTINUE;
}

LodisServer *
lodis_server_new (const LodisData *data)
{
  LodisServer *self = g_new0 (LodisServer, 1);

  self->data = *data;
  self->soup = soup_server_new ("server-header", "lodis/" PACKAGE_VERSION " ", NULL);
  self->peers = lodis_peers_new (self->soup);
  self->loop = g_main_loop_new (NULL, FALSE);
  self->group = g_ptr_array_new_with_free_func (g_object_unref);
  self->tick = g_timeout_add_seconds (1, tick_cb, self);
  soup_server_add_early_handler (self->soup, NULL, head_cb, self, NULL);
  soup_server_add_handler (self->soup, NULL, request_cb, self, NULL);
  g_signal_connect (self->soup, "request-finished", G_CALLBACK (ended_cb), self);
  g_signal_connect (self->soup, "request-aborted", G_CALLBACK (ended_cb), self);

  return self;
}

void
lodis_server_free (LodisServer *self)
{
  g_clear_handle_id (&self->tick, g_source_remove);
  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
  g_signal_handlers_disconnect_by_data (self->soup, self);
  soup_server_disconnect (self->soup);
  g_ptr_array_unref (self->group);
  lodis_peers_free (self->peers);
  g_object_unref (self->soup);
  g_main_loop_unref (self->loop);
  g_clear_error (&self->error);
  g_free (self);
}

static GSocket *
open_socket (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;

  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;

  return g_steal_pointer (&socket);
}

/* Returns where it listens, as people write it */
char *
lodis_server_listen (LodisServer *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = open_socket (address, error);
  g_autoptr (GSocketAddress) effective = NULL;

  if (socket == NULL || !soup_server_listen_socket (self->soup, socket, 0, error))
    {
      g_autofree char *text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));

      g_prefix_error (error, "%s: ", text);
      return NULL;
    }

  effective = g_socket_get_local_address (socket, error);
  return effective != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (effective)) : NULL;
}

/* Serves until it is stopped; FALSE if it had to be, because the disk failed */
gboolean
lodis_server_run (LodisServer *self, GError **error)
{
  g_main_loop_run (self->loop);
  if (self->error == NULL)
    return lodis_store_tick (self->data.store, error) && lodis_store_sync (self->data.store, error);

  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

static gboolean
drained_cb (gpointer data)
{
  quit_if_drained (data);

  return G_SOURCE_REMOVE;
}

/* Lets nobody in any more, answers what is here, and ends */
void
lodis_server_stop (LodisServer *self)
{
  if (self->drain_until != 0)
    return;

  self->drain_until = g_get_monotonic_time () + DRAIN_SECONDS * G_USEC_PER_SEC;
  lodis_peers_close (self->peers);
  lodis_waits_answer_all (self->data.waits);
  g_idle_add (drained_cb, self);
}
