/* lodis-peers.c - who is connected, and who takes too long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "lodis-peers.h"

/* libsoup begins a message on each connection before anything has come, and the next one behind each
 * answer. So the messages that are there tell of idle connections as well as of slow ones. */

struct _LodisPeers
{
  SoupServer *soup;     /* (owned) */
  GHashTable *messages; /* (owned): SoupServerMessage, unowned → Peer */
  guint       n_busy;   /* messages of which something is known to be there */
  gboolean    closed;
};

typedef struct
{
  LodisStage stage;
  gint64     until; /* monotonic time: all of it has to be here by then */
} Peer;

static void
change (LodisPeers *self, Peer *peer, LodisStage stage)
{
  self->n_busy += (stage != LODIS_STAGE_WAITING) - (peer->stage != LODIS_STAGE_WAITING);
  peer->stage = stage;
}

static void
hang_up (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);

  if (socket != NULL)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

/* libsoup accepts whoever comes, so one connection too many is closed as soon as it is there */
static void
started_cb (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  LodisPeers *self = data;
  Peer *peer = g_new0 (Peer, 1);
  GSocket *socket = soup_server_message_get_socket (message);

  if (socket != NULL)
    g_socket_set_timeout (socket, LODIS_PEERS_PATIENCE);
  if (self->closed || g_hash_table_size (self->messages) >= LODIS_PEERS_MAX)
    hang_up (message);

  peer->until = g_get_monotonic_time () + LODIS_PEERS_PATIENCE * G_USEC_PER_SEC;
  g_hash_table_replace (self->messages, message, peer);
}

/* Answered, or broken off */
static void
ended_cb (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  LodisPeers *self = data;
  Peer *peer = g_hash_table_lookup (self->messages, message);

  if (peer == NULL)
    return;

  change (self, peer, LODIS_STAGE_WAITING);
  g_hash_table_remove (self->messages, message);
}

LodisPeers *
lodis_peers_new (SoupServer *soup)
{
  LodisPeers *self = g_new0 (LodisPeers, 1);

  self->soup = g_object_ref (soup);
  self->messages = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_signal_connect (soup, "request-started", G_CALLBACK (started_cb), self);
  g_signal_connect (soup, "request-finished", G_CALLBACK (ended_cb), self);
  g_signal_connect (soup, "request-aborted", G_CALLBACK (ended_cb), self);

  return self;
}

/* After the connections have been closed */
void
lodis_peers_free (LodisPeers *self)
{
  g_signal_handlers_disconnect_by_data (self->soup, self);
  g_object_unref (self->soup);
  g_hash_table_unref (self->messages);
  g_free (self);
}

/* Whoever comes from here on is sent away */
void
lodis_peers_close (LodisPeers *self)
{
  self->closed = TRUE;
}

/* length: of the body that is to come, 0 if nobody has said */
void
lodis_peers_set (LodisPeers *self, SoupServerMessage *message, LodisStage stage, goffset length)
{
  Peer *peer = g_hash_table_lookup (self->messages, message);

  if (peer == NULL)
    return;

  change (self, peer, stage);
  peer->until = g_get_monotonic_time ()
                + (LODIS_PEERS_PATIENCE + (length >> 20)) * G_USEC_PER_SEC;
}

/* Whether somebody's request is on its way, or its answer */
gboolean
lodis_peers_is_busy (LodisPeers *self)
{
  return self->n_busy > 0;
}

/* Closes the connections whose request does not come */
void
lodis_peers_sweep (LodisPeers *self)
{
  g_autoptr (GPtrArray) late = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer message;
  gpointer data;

  g_hash_table_iter_init (&iter, self->messages);
  while (g_hash_table_iter_next (&iter, &message, &data))
    {
      Peer *peer = data;

      if (peer->stage != LODIS_STAGE_ANSWERING && peer->until < now)
        g_ptr_array_add (late, g_object_ref (message));
    }

  for (guint i = 0; i < late->len; i++)
    hang_up (g_ptr_array_index (late, i));
}
