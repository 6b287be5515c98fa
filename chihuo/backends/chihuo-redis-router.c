/* chihuo-redis-router.c - which connection serves a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-clock.h"
#include "chihuo-error.h"
#include "chihuo-redis-router.h"
#include "chihuo-redis-sentinels.h"
#include "chihuo-redis-slot.h"

/* A single server, a Sentinel's primary and a cluster differ only in who is asked where a queue is:
 * the configuration, the sentinels, or any node, which says MOVED if it is the wrong one. That is all
 * that is learnt of a cluster: the slots of the queues that are used here. CLUSTER SLOTS would tell all
 * of them, but a user with the least rights may not ask for it, and one more round trip for a queue's
 * first call costs nothing. */

typedef struct
{
  char                  *name;       /* (owned): HOST:PORT, or a path */
  GSocketConnectable    *address;    /* (owned) */
  ChihuoRedisConnection *connection; /* (owned) (nullable) */
} Node;

struct _ChihuoRedisRouter
{
  const ChihuoRedisOptions *options;   /* the caller's */
  ChihuoRedisRefusals      *refusals;  /* the caller's */
  ChihuoRedisWelcome        welcome;   /* (nullable) */
  gpointer                  data;      /* for it */
  ChihuoRedisSentinels     *sentinels; /* (owned) (nullable) */
  GPtrArray                *nodes;     /* (owned) (element-type Node): the server; the primary, if it
                                          is known; a cluster's, the one to be asked first in front */
  GHashTable               *slots;     /* (owned) (element-type guint Node): where MOVED said they are */
  GPtrArray                *retired;   /* (owned) (element-type ChihuoRedisConnection): of no use any
                                          more; the caller may hold one until the next clean */
};

static void
node_free (gpointer data)
{
  Node *self = data;

  g_clear_pointer (&self->connection, chihuo_redis_connection_free);
  g_object_unref (self->address);
  g_free (self->name);
  g_free (self);
}

/* The one at this address; a new one comes last */
static Node *
find_node (ChihuoRedisRouter *self, GSocketConnectable *address)
{
  g_autofree char *name = chihuo_redis_options_describe (address);
  Node *node;

  for (guint i = 0; i < self->nodes->len; i++)
    {
      node = self->nodes->pdata[i];
      if (g_str_equal (node->name, name))
        return node;
    }

  node = g_new0 (Node, 1);
  node->name = g_steal_pointer (&name);
  node->address = g_object_ref (address);
  g_ptr_array_add (self->nodes, node);

  return node;
}

static void
retire (ChihuoRedisRouter *self, Node *node)
{
  if (node->connection != NULL)
    g_ptr_array_add (self->retired, g_steal_pointer (&node->connection));
}

static gboolean
is_at (gpointer slot, gpointer node, gpointer gone)
{
  return node == gone;
}

/* It does not answer: what was learnt of it is old. Only what the configuration says stays, and is asked
 * last */
static void
drop_node (ChihuoRedisRouter *self, Node *node)
{
  guint index = 0;

  retire (self, node);
  if (self->sentinels != NULL)
    chihuo_redis_sentinels_doubt (self->sentinels);
  g_hash_table_foreach_remove (self->slots, is_at, node);
  g_ptr_array_find (self->nodes, node, &index);
  if (self->sentinels == NULL && node->address == self->options->addresses->pdata[0])
    g_ptr_array_add (self->nodes, g_ptr_array_steal_index (self->nodes, index));
  else
    g_ptr_array_remove_index (self->nodes, index);
}

/* A sentinel may be late: only the server itself knows whether it is the primary. Who may not ask
 * takes the sentinel's word for it */
static gboolean
check_primary (Node *node, ChihuoRedisConnection *connection, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (ChihuoRedisReply) reply =
    chihuo_redis_connection_call (connection, &cause, "INFO", "replication", NULL);

  if (g_error_matches (cause, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND))
    return TRUE;
  if (reply != NULL && reply->type == REDIS_REPLY_STRING
      && strstr (reply->str, "role:master") != NULL)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "%s: it is not the primary: %s",
               node->name, cause != NULL ? cause->message : "it is a replica now");
  return FALSE;
}

/* Nobody has asked the server for anything that counts: whatever happened, nothing is done */
static gboolean
greet (ChihuoRedisRouter *self, Node *node, ChihuoRedisConnection *connection, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (self->sentinels != NULL && !check_primary (node, connection, error))
    return FALSE;
  if (self->welcome == NULL || self->welcome (connection, self->data, &cause))
    return TRUE;

  if (g_error_matches (cause, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    cause->code = CHIHUO_ERROR_TIMED_OUT;
  g_propagate_error (error, g_steal_pointer (&cause));

  return FALSE;
}

/* Who refuses us. Below sentinels it is whoever is the primary: as long as he rests they are left alone,
 * too */
static const char *
get_refuser (ChihuoRedisRouter *self, Node *node)
{
  return self->sentinels != NULL ? self->options->name : node->name;
}

/* It could not be connected, or may not be used: it may be gone */
static void
give_up (ChihuoRedisRouter *self, Node *node, GError *cause, GError **error)
{
  chihuo_redis_refusals_note (self->refusals, get_refuser (self, node), chihuo_clock_get_boot (),
                              cause);
  g_propagate_error (error, cause);
  drop_node (self, node);
}

/* Connects if it is not connected and does not rest */
static ChihuoRedisConnection *
connect_node (ChihuoRedisRouter *self, Node *node, GError **error)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  GError *cause = NULL;

  if (node->connection != NULL && !chihuo_redis_connection_is_broken (node->connection))
    return node->connection;

  if (!chihuo_redis_refusals_check (self->refusals, get_refuser (self, node),
                                    chihuo_clock_get_boot (), error))
    return NULL;

  retire (self, node);
  connection = chihuo_redis_connection_new (self->options, node->address, &cause);
  if (connection == NULL || !greet (self, node, connection, &cause))
    {
      give_up (self, node, cause, error);
      return NULL;
    }

  chihuo_redis_refusals_forget (self->refusals, get_refuser (self, node));
  node->connection = g_steal_pointer (&connection);
  return node->connection;
}

/* The primary; the sentinels are asked if nobody knows it */
static Node *
find_primary (ChihuoRedisRouter *self, GError **error)
{
  g_autoptr (GSocketConnectable) address = NULL;

  if (self->nodes->len > 0)
    return self->nodes->pdata[0];
  if (!chihuo_redis_refusals_check (self->refusals, self->options->name, chihuo_clock_get_boot (),
                                    error))
    return NULL;

  address = chihuo_redis_sentinels_ask (self->sentinels, error);
  return address != NULL ? find_node (self, address) : NULL;
}

/* Any node will do: best one that is connected */
static Node *
find_any (ChihuoRedisRouter *self)
{
  for (guint i = 0; i < self->nodes->len; i++)
    {
      Node *node = self->nodes->pdata[i];

      if (node->connection != NULL && !chihuo_redis_connection_is_broken (node->connection))
        return node;
    }

  return self->nodes->pdata[0];
}

/*
 * chihuo_redis_router_new:
 * @options: where to look; they live as long as it
 * @refusals: who has refused us; they live as long as it
 * @welcome: (nullable): called for each new connection to a server
 * @data: for @welcome
 *
 * Creates a router that is connected to nobody.
 *
 * Returns: (transfer full): it
 */
ChihuoRedisRouter *
chihuo_redis_router_new (const ChihuoRedisOptions *options, ChihuoRedisRefusals *refusals,
                         ChihuoRedisWelcome welcome, gpointer data)
{
  ChihuoRedisRouter *self = g_new0 (ChihuoRedisRouter, 1);

  self->options = options;
  self->refusals = refusals;
  self->welcome = welcome;
  self->data = data;
  self->nodes = g_ptr_array_new_with_free_func (node_free);
  self->slots = g_hash_table_new (NULL, NULL);
  self->retired =
    g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_redis_connection_free);

  switch (options->kind)
    {
    case CHIHUO_REDIS_KIND_SENTINEL:
      self->sentinels = chihuo_redis_sentinels_new (options, refusals);
      break;
    case CHIHUO_REDIS_KIND_SERVER:
    default:
      find_node (self, options->addresses->pdata[0]);
      break;
    }

  return self;
}

/*
 * chihuo_redis_router_free:
 * @self: (transfer full): a router
 *
 * Closes all connections.
 */
void
chihuo_redis_router_free (ChihuoRedisRouter *self)
{
  g_clear_pointer (&self->sentinels, chihuo_redis_sentinels_free);
  g_hash_table_unref (self->slots);
  g_ptr_array_unref (self->nodes);
  g_ptr_array_unref (self->retired);
  g_free (self);
}

/*
 * chihuo_redis_router_get:
 * @self: a router
 * @key: (nullable): a key of a queue; %NULL = any server will do
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT (cannot be reached now),
 *   or what the connection or the welcome say
 *
 * Finds the connection that serves a queue; connects where it has to. In a
 * cluster it may be the wrong one, which then says MOVED.
 *
 * Returns: (transfer none) (nullable): a connection; it lives at least until
 *   the next clean
 */
ChihuoRedisConnection *
chihuo_redis_router_get (ChihuoRedisRouter *self, const char *key, GError **error)
{
  Node *node = NULL;

  if (self->sentinels != NULL)
    {
      node = find_primary (self, error);
      return node != NULL ? connect_node (self, node, error) : NULL;
    }

  if (key != NULL && g_hash_table_size (self->slots) > 0)
    node = g_hash_table_lookup (self->slots,
                                GUINT_TO_POINTER (chihuo_redis_slot_from_key (key)));
  if (node == NULL)
    node = find_any (self);

  return connect_node (self, node, error);
}

/* Who is meant if a redirection names no host: the host of the one that said it */
static GSocketConnectable *
resolve_redirect (ChihuoRedisRouter *self, const ChihuoRedisRedirect *redirect,
                  ChihuoRedisConnection *from)
{
  if (*redirect->host != '\0')
    return g_network_address_new (redirect->host, redirect->port);

  for (guint i = 0; i < self->nodes->len; i++)
    {
      Node *node = self->nodes->pdata[i];

      if (node->connection == from && G_IS_NETWORK_ADDRESS (node->address))
        return g_network_address_new (
          g_network_address_get_hostname (G_NETWORK_ADDRESS (node->address)), redirect->port);
    }

  return NULL;
}

static gboolean
ask_for_once (ChihuoRedisConnection *connection, GError **error)
{
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) cause = NULL;

  reply = chihuo_redis_connection_call (connection, &cause, "ASKING", NULL);
  if (reply != NULL)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "%s", cause->message);
  return FALSE;
}

/* MOVED or ASK */
static gboolean
follow (ChihuoRedisRouter *self, const ChihuoRedisRedirect *redirect,
        ChihuoRedisConnection **connection, GError **error)
{
  g_autoptr (GSocketConnectable) address = resolve_redirect (self, redirect, *connection);
  ChihuoRedisConnection *found;
  Node *node;

  if (address == NULL)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                   "%s: it sends us to another node and does not say where that is",
                   self->options->name);
      return FALSE;
    }

  node = find_node (self, address);
  if (!redirect->ask)
    g_hash_table_insert (self->slots, GUINT_TO_POINTER (redirect->slot), node);

  found = connect_node (self, node, error);
  if (found == NULL || (redirect->ask && !ask_for_once (found, error)))
    return FALSE;

  *connection = found;
  return TRUE;
}

/* READONLY: no primary any more. The sentinels may know a new one; so may a name's look-up, or the
 * cluster's other nodes, the next time */
static gboolean
leave_replica (ChihuoRedisRouter *self, ChihuoRedisConnection **connection, GError **error)
{
  ChihuoRedisConnection *found;

  for (guint i = 0; i < self->nodes->len; i++)
    {
      Node *node = self->nodes->pdata[i];

      if (node->connection == *connection)
        {
          drop_node (self, node);
          break;
        }
    }

  if (self->sentinels == NULL)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "%s: it is a replica now",
                   self->options->name);
      return FALSE;
    }

  found = chihuo_redis_router_get (self, NULL, error);
  if (found == NULL)
    return FALSE;

  *connection = found;
  return TRUE;
}

/*
 * chihuo_redis_router_redirect:
 * @self: a router
 * @key: a key of the queue that was asked for
 * @error_text: an error reply, without the “-”: MOVED, ASK or READONLY
 * @connection: (inout): the connection it came from; then the one to ask
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT (not now)
 *
 * Learns from a redirection. It may connect, and asks the sentinels if there
 * are any. The new connection must owe no reply where the redirection is ASK:
 * ASKING goes ahead of it, and is good for the very next command only.
 *
 * Returns: whether the same command can be given to @connection at once. The
 *   caller counts: in a cluster that disagrees with itself there may be no end
 */
gboolean
chihuo_redis_router_redirect (ChihuoRedisRouter *self, const char *key, const char *error_text,
                              ChihuoRedisConnection **connection, GError **error)
{
  g_auto (ChihuoRedisRedirect) redirect = { 0 };

  if (chihuo_redis_slot_parse_redirect (error_text, &redirect))
    return follow (self, &redirect, connection, error);
  if (g_str_has_prefix (error_text, "READONLY"))
    return leave_replica (self, connection, error);

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "%s: expected MOVED, ASK or READONLY", self->options->name);
  return FALSE;
}

/*
 * chihuo_redis_router_clean:
 * @self: a router
 *
 * Frees the connections that are broken or were left. What a Sentinel said of
 * the primary is forgotten with its connection; the nodes of a cluster stay
 * until they cannot be reached.
 *
 * To be called before each exchange.
 */
void
chihuo_redis_router_clean (ChihuoRedisRouter *self)
{
  for (guint i = self->nodes->len; i > 0; i--)
    {
      Node *node = self->nodes->pdata[i - 1];

      if (node->connection == NULL || !chihuo_redis_connection_is_broken (node->connection))
        continue;
      if (self->sentinels != NULL)
        drop_node (self, node);
      else
        retire (self, node);
    }

  g_ptr_array_set_size (self->retired, 0);
}

/*
 * chihuo_redis_router_get_address:
 * @self: a router
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT: the sentinels were not
 *   asked yet
 *
 * Says where the bell may connect to: the primary as far as it is known, or a
 * node. Asks nobody, and never blocks.
 *
 * Returns: (transfer none) (nullable): an address, good until the next call
 */
GSocketConnectable *
chihuo_redis_router_get_address (ChihuoRedisRouter *self, GError **error)
{
  if (self->nodes->len > 0)
    return find_any (self)->address;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "%s: nobody knows yet where it is",
               self->options->name);
  return NULL;
}
