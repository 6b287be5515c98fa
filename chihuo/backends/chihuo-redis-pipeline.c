/* chihuo-redis-pipeline.c - calls of scripts that go out together
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-redis-pipeline.h"

/* All calls are written, then all replies are read, so it costs one round trip; in a cluster one
 * for each node, at the same time. Only what certainly has not been carried out is asked again in
 * here: a script that the server has forgotten, a queue that has moved to another node. What any
 * other reply means is for whoever asked to say. */

/* Scripts are loaded, then a queue moves, then the other node knows no scripts… */
#define MAX_ROUNDS 4

static gboolean
add_connection (GPtrArray *connections, ChihuoRedisConnection *connection)
{
  if (g_ptr_array_find (connections, connection, NULL))
    return FALSE;

  g_ptr_array_add (connections, connection);
  return TRUE;
}

static void
forget_all (GPtrArray *connections)
{
  for (guint i = 0; i < connections->len; i++)
    chihuo_redis_connection_forget (g_ptr_array_index (connections, i));
}

/* Nothing is sent if not all can be */
static gboolean
write_calls (ChihuoRedisPipeline *self, ChihuoRedisCall **calls, guint n_calls,
             GPtrArray *connections, GError **error)
{
  for (guint i = 0; i < n_calls; i++)
    {
      ChihuoRedisCall *call = calls[i];

      if (call->reply != NULL)
        continue;

      call->connection = chihuo_redis_router_get (self->router, call->queue->key, error);
      if (call->connection == NULL)
        {
          forget_all (connections);
          return FALSE;
        }
      add_connection (connections, call->connection);
      call->write (call, call->connection);
    }

  return TRUE;
}

/* Keeps the first error, and goes on, so that no reply stays behind on the other connections */
static void
note (GError **trouble, GError *error)
{
  if (*trouble == NULL)
    *trouble = error;
  else
    g_error_free (error);
}

static gboolean
send_to (ChihuoRedisPipeline *self, ChihuoRedisConnection *connection, GError **trouble)
{
  GError *error = NULL;

  if (self->wait)
    chihuo_redis_checks_add_wait (self->checks, connection);
  if (chihuo_redis_connection_send (connection, &error))
    return TRUE;

  if (!g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT))
    self->sent = TRUE;
  note (trouble, error);
  return FALSE;
}

/* Only those stay that replies will come from */
static void
send_all (ChihuoRedisPipeline *self, GPtrArray *connections, GError **trouble)
{
  guint i = 0;

  while (i < connections->len)
    if (send_to (self, g_ptr_array_index (connections, i), trouble))
      i++;
    else
      g_ptr_array_remove_index (connections, i);
}

static ChihuoRedisReply *
receive_from (ChihuoRedisPipeline *self, ChihuoRedisConnection *connection, GError **trouble)
{
  GError *error = NULL;
  ChihuoRedisReply *reply = chihuo_redis_connection_receive (connection, &error);

  if (reply == NULL)
    {
      self->sent = TRUE;
      note (trouble, error);
    }

  return reply;
}

static void
receive_all (ChihuoRedisPipeline *self, ChihuoRedisCall **calls, guint n_calls,
             GPtrArray *connections, GError **trouble)
{
  for (guint i = 0; i < n_calls; i++)
    if (calls[i]->reply == NULL && g_ptr_array_find (connections, calls[i]->connection, NULL))
      calls[i]->reply = receive_from (self, calls[i]->connection, trouble);
}

static void
receive_waits (ChihuoRedisPipeline *self, GPtrArray *connections, GError **trouble)
{
  for (guint i = 0; self->wait && i < connections->len; i++)
    {
      g_autoptr (ChihuoRedisReply) reply = NULL;
      GError *error = NULL;

      reply = receive_from (self, g_ptr_array_index (connections, i), trouble);
      if (reply != NULL && !chihuo_redis_checks_judge (self->checks, reply, &error))
        note (trouble, error);
    }
}

/* One round trip for all calls that have no reply yet */
static gboolean
make_round (ChihuoRedisPipeline *self, ChihuoRedisCall **calls, guint n_calls, GError **error)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new ();
  GError *trouble = NULL;

  if (!write_calls (self, calls, n_calls, connections, error))
    return FALSE;

  send_all (self, connections, &trouble);
  g_ptr_array_set_size (self->spent, 0);
  receive_all (self, calls, n_calls, connections, &trouble);
  receive_waits (self, connections, &trouble);
  if (trouble == NULL)
    return TRUE;

  chihuo_redis_router_clean (self->router);
  g_propagate_error (error, trouble);
  return FALSE;
}

static gboolean
has_any_reply (ChihuoRedisCall **calls, guint n_calls)
{
  for (guint i = 0; i < n_calls; i++)
    if (calls[i]->reply != NULL)
      return TRUE;

  return FALSE;
}

/* Servers hang up on those who say nothing for long. That is noticed before anything is sent, and then a
 * new connection does */
static gboolean
make_first_round (ChihuoRedisPipeline *self, ChihuoRedisCall **calls, guint n_calls,
                  GError **error)
{
  g_autoptr (GError) trouble = NULL;
  gboolean is_later = has_any_reply (calls, n_calls);

  if (make_round (self, calls, n_calls, &trouble))
    return TRUE;

  if (!is_later && !self->sent && !has_any_reply (calls, n_calls)
      && g_error_matches (trouble, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT))
    return make_round (self, calls, n_calls, error);

  g_propagate_error (error, g_steal_pointer (&trouble));
  return FALSE;
}

/* One after the other, since it is each time another node that has to be asked, and this is rare.
 * TRUE: `again` says whether it has got another reply; else it keeps the old one */
static gboolean
redirect (ChihuoRedisPipeline *self, ChihuoRedisCall *call, gboolean *again, GError **error)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new ();
  GError *trouble = NULL;

  *again = chihuo_redis_router_redirect (self->router, call->queue->key, call->reply->str,
                                         &call->connection, NULL);
  if (!*again)
    return TRUE;

  chihuo_redis_pipeline_clear_reply (call);
  call->write (call, call->connection);
  g_ptr_array_add (connections, call->connection);
  send_all (self, connections, &trouble);
  receive_all (self, &call, 1, connections, &trouble);
  receive_waits (self, connections, &trouble);
  if (trouble == NULL)
    return TRUE;

  chihuo_redis_router_clean (self->router);
  g_propagate_error (error, trouble);
  return FALSE;
}

static gboolean
reload (ChihuoRedisCall *call, GPtrArray *loaded, GError **error)
{
  if (add_connection (loaded, call->connection)
      && !chihuo_redis_scripts_load (call->connection, error))
    return FALSE;

  chihuo_redis_pipeline_clear_reply (call);
  return TRUE;
}

/* To another node, or to a primary that was made a replica */
static gboolean
has_moved (const ChihuoRedisCall *call, ChihuoRedisTrouble trouble)
{
  return trouble == CHIHUO_REDIS_TROUBLE_MOVED || g_str_has_prefix (call->reply->str, "READONLY");
}

/* What can be asked again at once, is: `again` says whether there is anything of that kind */
static gboolean
resolve (ChihuoRedisPipeline *self, ChihuoRedisCall **calls, guint n_calls, gboolean *again,
         GError **error)
{
  g_autoptr (GPtrArray) loaded = g_ptr_array_new ();

  *again = FALSE;
  for (guint i = 0; i < n_calls; i++)
    {
      ChihuoRedisTrouble trouble;
      gboolean one = FALSE;
      gboolean ok = TRUE;

      if (!chihuo_redis_pipeline_has_failed (calls[i], &trouble))
        continue;

      if (has_moved (calls[i], trouble))
        ok = redirect (self, calls[i], &one, error);
      else if (trouble == CHIHUO_REDIS_TROUBLE_NOSCRIPT)
        one = ok = reload (calls[i], loaded, error);
      if (!ok)
        return FALSE;
      *again = *again || one;
    }

  return TRUE;
}

/*
 * chihuo_redis_pipeline_run:
 * @self: a pipeline
 * @calls: calls; those that have a reply already are left alone
 * @n_calls: how many
 * @error: return location for what became of a connection
 *
 * Makes calls, and waits for their replies. An error is that of a connection;
 * what a server says is in the replies.
 *
 * Returns: whether all have a reply. If not, `sent` says whether some may have
 *   been carried out that have none
 */
gboolean
chihuo_redis_pipeline_run (ChihuoRedisPipeline *self, ChihuoRedisCall **calls, guint n_calls,
                           GError **error)
{
  gboolean again = TRUE;

  self->sent = FALSE;
  if (!make_first_round (self, calls, n_calls, error)
      || !resolve (self, calls, n_calls, &again, error))
    return FALSE;
  for (guint round = 1; round < MAX_ROUNDS && again; round++)
    if (!make_round (self, calls, n_calls, error)
        || !resolve (self, calls, n_calls, &again, error))
      return FALSE;

  for (guint i = 0; i < n_calls; i++)
    if (calls[i]->reply == NULL)
      {
        g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT,
                     "the server forgets its scripts as fast as they are loaded");
        return FALSE;
      }

  return TRUE;
}

gboolean
chihuo_redis_pipeline_has_failed (const ChihuoRedisCall *call, ChihuoRedisTrouble *trouble)
{
  if (call->reply == NULL || call->reply->type != REDIS_REPLY_ERROR)
    return FALSE;

  *trouble = chihuo_redis_trouble_from_text (call->reply->str);
  return TRUE;
}

void
chihuo_redis_pipeline_explain (const ChihuoRedisCall *call, GError **error)
{
  chihuo_redis_error_set (error, call->queue->name, call->reply->str);
}

void
chihuo_redis_pipeline_clear_reply (ChihuoRedisCall *call)
{
  g_clear_pointer (&call->reply, chihuo_redis_reply_free);
}

void
chihuo_redis_pipeline_spend (ChihuoRedisPipeline *self, ChihuoRedisCall *call)
{
  if (call->reply != NULL)
    g_ptr_array_add (self->spent, g_steal_pointer (&call->reply));
}

void
chihuo_redis_pipeline_init (ChihuoRedisPipeline *self, ChihuoRedisRouter *router,
                            ChihuoRedisChecks *checks)
{
  *self = (ChihuoRedisPipeline) { .router = router, .checks = checks };
  self->spent = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_redis_reply_free);
}

void
chihuo_redis_pipeline_clear (ChihuoRedisPipeline *self)
{
  g_clear_pointer (&self->spent, g_ptr_array_unref);
}
