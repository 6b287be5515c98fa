/* chihuo-redis-query.c - a call of a script that may be made twice
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-redis-query.h"

/* Looks, and steps of work on all of a queue: whoever has lost a reply asks again, and nothing is done
 * twice. So a lost connection only means “not now”. */

static void
write_query (const ChihuoRedisCall *call, ChihuoRedisConnection *connection)
{
  const ChihuoRedisQuery *self = (const ChihuoRedisQuery *) call;

  chihuo_redis_queue_begin_call (call->queue, connection, self->script, NULL, self->moment,
                                 self->n_arguments);
  for (guint i = 0; i < self->n_arguments; i++)
    chihuo_redis_connection_add_string (connection, self->arguments[i]);
}

void
chihuo_redis_query_init (ChihuoRedisQuery *self, ChihuoRedisQueue *queue, ChihuoRedisScript script,
                         const char *moment)
{
  *self = (ChihuoRedisQuery) { .script = script, .moment = moment };
  self->call.queue = queue;
  self->call.write = write_query;
}

void
chihuo_redis_query_clear (ChihuoRedisQuery *self)
{
  chihuo_redis_pipeline_clear_reply (&self->call);
}

void
chihuo_redis_query_add (ChihuoRedisQuery *self, const char *argument)
{
  g_assert (self->n_arguments < CHIHUO_REDIS_QUERY_MAX_ARGUMENTS);

  self->arguments[self->n_arguments++] = argument;
}

void
chihuo_redis_query_add_number (ChihuoRedisQuery *self, char *text, gint64 number)
{
  g_snprintf (text, CHIHUO_REDIS_QUERY_NUMBER_SIZE, "%" G_GINT64_FORMAT, number);
  chihuo_redis_query_add (self, text);
}

static void
fail (GError *trouble, GError **error)
{
  if (g_error_matches (trouble, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    trouble->code = CHIHUO_ERROR_TIMED_OUT;
  g_propagate_error (error, trouble);
}

/* All at once; the error is that of the first that failed */
gboolean
chihuo_redis_query_ask_all (ChihuoRedisQuery *queries, guint n_queries,
                            ChihuoRedisPipeline *pipeline, GError **error)
{
  g_autofree ChihuoRedisCall **calls = g_new (ChihuoRedisCall *, n_queries);
  GError *trouble = NULL;

  for (guint i = 0; i < n_queries; i++)
    calls[i] = &queries[i].call;

  pipeline->wait = FALSE;
  if (!chihuo_redis_pipeline_run (pipeline, calls, n_queries, &trouble))
    {
      fail (trouble, error);
      return FALSE;
    }

  for (guint i = 0; i < n_queries; i++)
    {
      ChihuoRedisTrouble kind;

      if (!chihuo_redis_pipeline_has_failed (calls[i], &kind))
        continue;
      chihuo_redis_pipeline_explain (calls[i], error);
      return FALSE;
    }

  return TRUE;
}

gboolean
chihuo_redis_query_ask (ChihuoRedisQuery *self, ChihuoRedisPipeline *pipeline, GError **error)
{
  return chihuo_redis_query_ask_all (self, 1, pipeline, error);
}
