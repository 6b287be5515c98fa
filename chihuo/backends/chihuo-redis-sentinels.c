/* chihuo-redis-sentinels.c - those who know where the primary is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-clock.h"
#include "chihuo-error.h"
#include "chihuo-redis-connection.h"
#include "chihuo-redis-sentinels.h"

/* They are asked one after the other, whoever answered last first. Who answers also names the others, so
 * that in the end those may be gone that the configuration knows. */

/* Nobody has more; what a sentinel says of others is not trusted without end */
#define MAX_SENTINELS 64

/* Who does not answer costs that at the most, µs: the next may know */
#define PATIENCE G_USEC_PER_SEC

struct _ChihuoRedisSentinels
{
  ChihuoRedisOptions   options;   /* for connections to them; what it points to is the caller's */
  ChihuoRedisRefusals *refusals;  /* the caller's */
  GPtrArray           *addresses; /* (owned) (element-type GSocketConnectable) */
};

/*
 * chihuo_redis_sentinels_new:
 * @options: where they are, what they call the primary; they live as long as it
 * @refusals: who has refused us; they live as long as it
 *
 * Creates it; nobody is asked yet.
 *
 * Returns: (transfer full): it
 */
ChihuoRedisSentinels *
chihuo_redis_sentinels_new (const ChihuoRedisOptions *options, ChihuoRedisRefusals *refusals)
{
  ChihuoRedisSentinels *self = g_new0 (ChihuoRedisSentinels, 1);

  self->options = *options;
  self->refusals = refusals;
  self->options.kind = CHIHUO_REDIS_KIND_SERVER;
  self->options.db = 0;
  self->options.username = options->sentinel_username;
  self->options.password = options->sentinel_password;
  self->options.timeout = MIN (options->timeout, PATIENCE);

  self->addresses = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < options->addresses->len; i++)
    g_ptr_array_add (self->addresses, g_object_ref (options->addresses->pdata[i]));

  return self;
}

/*
 * chihuo_redis_sentinels_free:
 * @self: (transfer full): it
 *
 * Frees it.
 */
void
chihuo_redis_sentinels_free (ChihuoRedisSentinels *self)
{
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

/* A host and a port, as two texts; NULL = they are not */
static GSocketConnectable *
parse_address (const ChihuoRedisReply *host, const ChihuoRedisReply *port)
{
  guint64 number;

  if (host->type != REDIS_REPLY_STRING || port->type != REDIS_REPLY_STRING || host->len == 0
      || !g_utf8_validate (host->str, host->len, NULL)
      || !g_ascii_string_to_unsigned (port->str, 10, 1, G_MAXUINT16, &number, NULL))
    return NULL;

  return g_network_address_new (host->str, number);
}

static gboolean
knows (ChihuoRedisSentinels *self, GSocketConnectable *address)
{
  g_autofree char *text = g_socket_connectable_to_string (address);

  for (guint i = 0; i < self->addresses->len; i++)
    {
      g_autofree char *other = g_socket_connectable_to_string (self->addresses->pdata[i]);

      if (g_str_equal (text, other))
        return TRUE;
    }

  return FALSE;
}

/* What stands behind a name in a list of names and values; NULL = it is not there */
static const ChihuoRedisReply *
find_field (const ChihuoRedisReply *list, const char *name)
{
  for (gsize i = 0; i + 1 < list->elements; i += 2)
    if (list->element[i]->type == REDIS_REPLY_STRING
        && g_str_equal (list->element[i]->str, name))
      return list->element[i + 1];

  return NULL;
}

static void
learn_other (ChihuoRedisSentinels *self, const ChihuoRedisReply *entry)
{
  g_autoptr (GSocketConnectable) address = NULL;
  const ChihuoRedisReply *host, *port;

  if (entry->type != REDIS_REPLY_ARRAY || self->addresses->len >= MAX_SENTINELS)
    return;

  host = find_field (entry, "ip");
  port = find_field (entry, "port");
  if (host == NULL || port == NULL)
    return;

  address = parse_address (host, port);
  if (address != NULL && !knows (self, address))
    g_ptr_array_add (self->addresses, g_steal_pointer (&address));
}

/* A sentinel that does not tell is no worse for that */
static void
learn_others (ChihuoRedisSentinels *self, ChihuoRedisConnection *connection)
{
  g_autoptr (ChihuoRedisReply) reply =
    chihuo_redis_connection_call (connection, NULL, "SENTINEL", "SENTINELS", self->options.service,
                                  NULL);

  if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
    return;

  for (gsize i = 0; i < reply->elements; i++)
    learn_other (self, reply->element[i]);
}

/* One that has refused us is not asked before it has rested */
static ChihuoRedisConnection *
connect_one (ChihuoRedisSentinels *self, GSocketConnectable *sentinel, GError **error)
{
  g_autofree char *name = chihuo_redis_options_describe (sentinel);
  gint64 now = chihuo_clock_get_boot ();
  ChihuoRedisConnection *connection;
  GError *cause = NULL;

  if (!chihuo_redis_refusals_check (self->refusals, name, now, error))
    return NULL;

  connection = chihuo_redis_connection_new (&self->options, sentinel, &cause);
  if (connection != NULL)
    {
      chihuo_redis_refusals_forget (self->refusals, name);
      return connection;
    }

  chihuo_redis_refusals_note (self->refusals, name, now, cause);
  g_propagate_error (error, cause);
  return NULL;
}

static GSocketConnectable *
ask_one (ChihuoRedisSentinels *self, GSocketConnectable *sentinel, GError **error)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (ChihuoRedisReply) reply = NULL;
  GSocketConnectable *address = NULL;

  connection = connect_one (self, sentinel, error);
  if (connection == NULL)
    return NULL;
  reply = chihuo_redis_connection_call (connection, error, "SENTINEL", "GET-MASTER-ADDR-BY-NAME",
                                        self->options.service, NULL);
  if (reply == NULL)
    return NULL;

  if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
    address = parse_address (reply->element[0], reply->element[1]);
  if (address != NULL)
    learn_others (self, connection);
  else
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
                 "%s: key “service”: expected a primary that the sentinel knows",
                 chihuo_redis_connection_get_name (connection));

  return address;
}

/* Nothing was asked of the primary yet: whatever happened to a sentinel, nothing is done */
static void
set_error (GError **error, GError *cause)
{
  if (g_error_matches (cause, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    cause->code = CHIHUO_ERROR_TIMED_OUT;
  g_propagate_prefixed_error (error, cause, "no sentinel knows the primary: ");
}

/*
 * chihuo_redis_sentinels_ask:
 * @self: it
 * @error: return location for the error of the sentinel that was asked last
 *
 * Asks where the primary is. Whether it is one, nobody knows but itself.
 *
 * Returns: (transfer full) (nullable): its address
 */
GSocketConnectable *
chihuo_redis_sentinels_ask (ChihuoRedisSentinels *self, GError **error)
{
  g_autoptr (GError) cause = NULL;
  guint n = self->addresses->len;

  for (guint i = 0; i < n; i++)
    {
      GSocketConnectable *sentinel = self->addresses->pdata[i];
      GSocketConnectable *address;

      g_clear_error (&cause);
      address = ask_one (self, sentinel, &cause);
      if (address == NULL)
        continue;

      g_ptr_array_insert (self->addresses, 0, g_ptr_array_steal_index (self->addresses, i));
      return address;
    }

  set_error (error, g_steal_pointer (&cause));
  return NULL;
}

/*
 * chihuo_redis_sentinels_doubt:
 * @self: it
 *
 * The primary that was told last is none, or does not answer. Whoever told it
 * may not have heard of a failover yet: the others are asked before him.
 */
void
chihuo_redis_sentinels_doubt (ChihuoRedisSentinels *self)
{
  g_ptr_array_add (self->addresses, g_ptr_array_steal_index (self->addresses, 0));
}
