/* chihuo-redis-router.c - which connection serves a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-redis-router.h"

struct _ChihuoRedisRouter
{
  const ChihuoRedisOptions *options;    /* the caller's */
  ChihuoRedisWelcome        welcome;    /* (nullable) */
  gpointer                  data;       /* for it */
  ChihuoRedisConnection    *connection; /* (owned) (nullable) */
};

/* Whatever the welcome has asked, nobody has asked the server for anything that counts */
static gboolean
welcome (ChihuoRedisRouter *self, ChihuoRedisConnection *connection, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (self->welcome == NULL || self->welcome (connection, self->data, &cause))
    return TRUE;

  if (g_error_matches (cause, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    cause->code = CHIHUO_ERROR_TIMED_OUT;
  g_propagate_error (error, g_steal_pointer (&cause));

  return FALSE;
}

ChihuoRedisRouter *
chihuo_redis_router_new (const ChihuoRedisOptions *options, ChihuoRedisWelcome welcome_func,
                         gpointer data)
{
  ChihuoRedisRouter *self = g_new0 (ChihuoRedisRouter, 1);

  self->options = options;
  self->welcome = welcome_func;
  self->data = data;

  return self;
}

void
chihuo_redis_router_free (ChihuoRedisRouter *self)
{
  g_clear_pointer (&self->connection, chihuo_redis_connection_free);
  g_free (self);
}

ChihuoRedisConnection *
chihuo_redis_router_get (ChihuoRedisRouter *self, const char *key, GError **error)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;

  if (self->connection != NULL && !chihuo_redis_connection_is_broken (self->connection))
    return self->connection;

  g_clear_pointer (&self->connection, chihuo_redis_connection_free);
  connection = chihuo_redis_connection_new (self->options, self->options->addresses->pdata[0],
                                            error);
  if (connection == NULL || !welcome (self, connection, error))
    return NULL;

  self->connection = g_steal_pointer (&connection);
  return self->connection;
}

gboolean
chihuo_redis_router_redirect (ChihuoRedisRouter *self, const char *key, const char *error_text,
                              ChihuoRedisConnection **connection, GError **error)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "%s: not the primary now",
               self->options->name);
  return FALSE;
}

void
chihuo_redis_router_clean (ChihuoRedisRouter *self)
{
  if (self->connection != NULL && chihuo_redis_connection_is_broken (self->connection))
    g_clear_pointer (&self->connection, chihuo_redis_connection_free);
}

GSocketConnectable *
chihuo_redis_router_get_address (ChihuoRedisRouter *self, GError **error)
{
  return self->options->addresses->pdata[0];
}
