/* lodis-server.c - commands over HTTP
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <libsoup/soup.h>
#include <string.h>

#include "lodis-error.h"
#include "lodis-peer.h"
#include "lodis-server.h"

/* One thread runs all commands, one after the other. An answer that has to wait for the disk is put into
 * a group; when no more requests are there to be read, or the group is full, one sync does for all of
 * them, and they go out. If that fails, what was written may be lost: all are told so, and the server
 * ends, since it no longer knows what the disk has. */

#define GROUP_MAX 256
#define DRAIN_SECONDS 5
#define BACKLOG 512
#define PEERS_MAX 1024
#define BODIES_MAX (256u << 20)
#define HELLO                                                                                            \
  "{\"server\":\"lodis\",\"version\":\"" PACKAGE_VERSION "\",\"commands\":[\"txn\",\"range\",\"wait\"]}"

struct _LodisServer
{
  LodisData       data;
  LodisPeerLimits limits;
  GSocketService *service;     /* (owned) */
  GHashTable     *peers;       /* (owned): a set of LodisPeer */
  GMainLoop      *loop;        /* (owned) */
  GPtrArray      *group;       /* (owned): of Answer, which wait for a sync */
  GSource        *flush;       /* (owned) (nullable) */
  GError         *error;       /* (owned) (nullable): why it has to end */
  guint           tick;
  gint64          drain_until; /* monotonic time; 0 while it serves */
};

typedef struct
{
  LodisPeer  *peer;  /* (owned) */
  GByteArray *reply; /* (owned) */
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  lodis_peer_unref (answer->peer);
  g_byte_array_unref (answer->reply);
  g_free (answer);
}

/* --- answers --- */

static gboolean
is_busy (LodisServer *self)
{
  GHashTableIter iter;
  gpointer peer;

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, &peer, NULL))
    if (lodis_peer_is_busy (peer))
      return TRUE;

  return FALSE;
}

static void
quit_if_drained (LodisServer *self)
{
  if (self->drain_until != 0 && (!is_busy (self) || g_get_monotonic_time () >= self->drain_until))
    g_main_loop_quit (self->loop);
}

static void
refuse (LodisPeer *peer, const GError *error)
{
  int digit = error->domain == LODIS_ERROR ? error->code : LODIS_ERROR_FAILED;
  g_autofree char *body = g_strdup_printf ("%d%s", digit, error->message);

  lodis_peer_answer (peer, SOUP_STATUS_INTERNAL_SERVER_ERROR, "text/plain",
                     (LodisSpan) { (const guint8 *) body, strlen (body) });
}

static void
reply_with (LodisPeer *peer, GByteArray *reply)
{
  lodis_peer_answer (peer, SOUP_STATUS_OK, "application/octet-stream", lodis_span_of (reply));
}

static void
answer_text (LodisPeer *peer, guint status, const char *type, const char *text)
{
  lodis_peer_answer (peer, status, type, (LodisSpan) { (const guint8 *) text, strlen (text) });
}

/* The disk has failed: nothing that waits for it can be promised */
static void
fail (LodisServer *self, GError *error)
{
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
  g_autoptr (GPtrArray) group = g_steal_pointer (&self->group);
  GError *error = NULL;

  self->group = g_ptr_array_new_with_free_func (answer_free);
  g_clear_pointer (&self->flush, g_source_unref);
  if (lodis_store_needs_sync (self->data.store) && !lodis_store_sync (self->data.store, &error))
    fail (self, error);

  for (guint i = 0; i < group->len; i++)
    {
      Answer *answer = g_ptr_array_index (group, i);

      if (self->error != NULL)
        refuse (answer->peer, self->error);
      else
        reply_with (answer->peer, answer->reply);
    }
  lodis_waits_answer (self->data.waits);
  quit_if_drained (self);

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

/* An answer goes out when what it rests on is on the disk */
static void
send (LodisServer *self, LodisPeer *peer, GByteArray *reply)
{
  Answer *answer;

  if (lodis_waits_is_rung (self->data.waits))
    schedule_flush (self);
  if (!lodis_store_needs_sync (self->data.store))
    {
      reply_with (peer, reply);
      return;
    }

  answer = g_new0 (Answer, 1);
  answer->peer = lodis_peer_ref (peer);
  answer->reply = g_byte_array_ref (reply);
  g_ptr_array_add (self->group, answer);
  schedule_flush (self);
}

/* --- waiting --- */

static GByteArray *
new_version (guint64 version)
{
  GByteArray *reply = g_byte_array_sized_new (9);

  lodis_reply_add_byte (reply, 0);
  lodis_reply_add_u64 (reply, version);
  return reply;
}

static void
waited_cb (guint64 version, gpointer data)
{
  g_autoptr (LodisPeer) peer = data;
  g_autoptr (GByteArray) reply = new_version (version);

  reply_with (peer, reply);
}

static gboolean
wait (LodisServer *self, LodisPeer *peer, LodisSpan name, LodisSpan body, GError **error)
{
  LodisWaitTerms terms;
  guint64 version;

  if (!lodis_waits_parse (body, &terms, error))
    return FALSE;

  version = lodis_waits_get_version (self->data.waits, terms.kind, name);
  if (version != terms.version || terms.ms == 0 || self->drain_until != 0)
    {
      g_autoptr (GByteArray) reply = new_version (version);

      send (self, peer, reply);
      return TRUE;
    }

  lodis_waits_add (self->data.waits, name, &terms, waited_cb, lodis_peer_ref (peer));
  lodis_peer_set_waiting (peer);
  return TRUE;
}

/* --- requests --- */

/* "/command/name", in which %xx stands for any byte */
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
run_command (LodisServer *self, LodisPeer *peer, const char *command, LodisSpan name, LodisSpan body,
             GError **error)
{
  g_autoptr (GByteArray) reply = NULL;

  if (g_str_equal (command, "wait"))
    return wait (self, peer, name, body, error);

  reply = g_byte_array_sized_new (64);
  lodis_reply_add_byte (reply, 0);
  if (!lodis_command_run (&self->data, command, name, body, reply, error))
    return FALSE;

  send (self, peer, reply);
  return TRUE;
}

static gboolean
run_post (LodisServer *self, LodisPeer *peer, GError **error)
{
  g_autofree char *command = NULL;
  g_autoptr (GBytes) bytes = split_path (lodis_peer_get_path (peer), &command, error);
  LodisSpan name;
  LodisSpan body;

  if (bytes == NULL || !lodis_peer_get_body (peer, &body, error))
    return FALSE;

  name.data = g_bytes_get_data (bytes, &name.length);
  return run_command (self, peer, command, name, body, error);
}

static void
run_request (LodisServer *self, LodisPeer *peer)
{
  g_autoptr (GError) error = NULL;
  const char *method = lodis_peer_get_method (peer);

  if (self->drain_until != 0)
    lodis_peer_set_closing (peer);

  if (g_str_equal (method, "GET") && g_str_equal (lodis_peer_get_path (peer), "/"))
    answer_text (peer, SOUP_STATUS_OK, "application/json", HELLO);
  else if (!g_str_equal (method, "POST"))
    answer_text (peer, SOUP_STATUS_METHOD_NOT_ALLOWED, "text/plain",
                 "1only POST /command/name and GET / are known");
  else if (self->error != NULL)
    refuse (peer, self->error);
  else if (lodis_peer_is_crowded (peer))
    answer_text (peer, SOUP_STATUS_SERVICE_UNAVAILABLE, "text/plain",
                 "1the requests of others fill 256 MiB: nothing is done, try again");
  else if (!run_post (self, peer, &error))
    refuse (peer, error);
}

static void
peer_cb (LodisPeer *peer, gboolean gone, gpointer data)
{
  LodisServer *self = data;

  if (!gone)
    {
      run_request (self, peer);
      return;
    }

  g_hash_table_remove (self->peers, peer);
  quit_if_drained (self);
}

/* --- life --- */

/* One connection too many is closed at once */
static gboolean
incoming_cb (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  LodisServer *self = data;

  if (self->drain_until != 0 || g_hash_table_size (self->peers) >= PEERS_MAX)
    g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  else
    g_hash_table_add (self->peers, lodis_peer_new (connection, &self->limits, peer_cb, self));

  return TRUE;
}

/* Does something with all of them, which may make them go */
static void
for_each_peer (LodisServer *self, void (* func) (LodisPeer *peer))
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) lodis_peer_unref);
  GHashTableIter iter;
  gpointer peer;

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, &peer, NULL))
    g_ptr_array_add (peers, lodis_peer_ref (peer));

  for (guint i = 0; i < peers->len; i++)
    func (g_ptr_array_index (peers, i));
}

/* Whose request does not come, or who does not read his answer, is in the way of others */
static void
close_if_late (LodisPeer *peer)
{
  if (lodis_peer_is_late (peer, g_get_monotonic_time ()))
    lodis_peer_close (peer);
}

static gboolean
tick_cb (gpointer data)
{
  LodisServer *self = data;
  GError *error = NULL;

  if (self->error == NULL && !lodis_store_tick (self->data.store, &error))
    fail (self, error);
  for_each_peer (self, close_if_late);
  quit_if_drained (self);

  return G_SOURCE_CONTINUE;
}

/* patience: in seconds, with connections that say nothing */
LodisServer *
lodis_server_new (const LodisData *data, guint patience)
{
  LodisServer *self = g_new0 (LodisServer, 1);

  self->data = *data;
  self->limits = (LodisPeerLimits) { .patience = patience, .room = { .max = BODIES_MAX } };
  self->service = g_socket_service_new ();
  self->peers = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) lodis_peer_unref, NULL);
  self->loop = g_main_loop_new (NULL, FALSE);
  self->group = g_ptr_array_new_with_free_func (answer_free);
  self->tick = g_timeout_add_seconds (1, tick_cb, self);
  g_socket_listener_set_backlog (G_SOCKET_LISTENER (self->service), BACKLOG);
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming_cb), self);

  return self;
}

void
lodis_server_free (LodisServer *self)
{
  g_clear_handle_id (&self->tick, g_source_remove);
  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
  g_signal_handlers_disconnect_by_data (self->service, self);
  lodis_waits_answer_all (self->data.waits);
  for_each_peer (self, lodis_peer_close);
  g_ptr_array_unref (self->group);
  g_hash_table_unref (self->peers);
  g_object_unref (self->service);
  g_main_loop_unref (self->loop);
  g_clear_error (&self->error);
  g_free (self);
}

/* Returns where it listens, as people write it */
char *
lodis_server_listen (LodisServer *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GSocketAddress) effective = NULL;

  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL, &effective, error))
    {
      g_autofree char *text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));

      g_prefix_error (error, "%s: ", text);
      return NULL;
    }

  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (effective));
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

/* Lets nobody in any more, answers what is here, and ends */
void
lodis_server_stop (LodisServer *self)
{
  if (self->drain_until != 0)
    return;

  self->drain_until = g_get_monotonic_time () + DRAIN_SECONDS * G_USEC_PER_SEC;
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  for_each_peer (self, lodis_peer_set_closing);
  lodis_waits_answer_all (self->data.waits);
  quit_if_drained (self);
}
