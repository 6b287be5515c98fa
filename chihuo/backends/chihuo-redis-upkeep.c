/* chihuo-redis-upkeep.c - work on all of a queue in a Redis, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-redis-decode.h"
#include "chihuo-redis-query.h"
#include "chihuo-redis-upkeep.h"

/* What the sweep script answers, in this order */
enum
{
  SWEEP_DONE,
  SWEEP_MORE,
  SWEEP_AFTER,
  SWEEP_UNTIL,
  N_SWEEP,
};

/* What the reap script answers, in this order */
enum
{
  REAP_REAPED,
  REAP_MORE,
  REAP_CUT_DEAD,
  REAP_CUT_FINISHED,
  REAP_MENDED,
  N_REAP,
};

/* All queues of a process share what a call may touch */
#define MIN_LIMIT 64

/*
 * chihuo_redis_upkeep_sweep:
 * @pipeline: how to reach the server
 * @queue: the sweep's queue
 * @moment: the time, as the scripts are told it
 * @sweep: the sweep
 * @error: return location for what [vfunc@Chihuo.Backend.sweep] gives
 *
 * One step of a sweep. A step that failed can be made again.
 *
 * Returns: whether it was made
 */
gboolean
chihuo_redis_upkeep_sweep (ChihuoRedisPipeline *pipeline, ChihuoRedisQueue *queue,
                           const char *moment, ChihuoSweep *sweep, GError **error)
{
  g_auto (ChihuoRedisQuery) query;
  char numbers[5][CHIHUO_REDIS_QUERY_NUMBER_SIZE];
  gint64 figures[N_SWEEP];

  chihuo_redis_query_init (&query, queue, CHIHUO_REDIS_SCRIPT_SWEEP, moment);
  chihuo_redis_query_add_number (&query, numbers[0], sweep->what);
  chihuo_redis_query_add_number (&query, numbers[1], sweep->started);
  chihuo_redis_query_add_number (&query, numbers[2], sweep->after);
  chihuo_redis_query_add_number (&query, numbers[3], sweep->until);
  chihuo_redis_query_add_number (&query, numbers[4], CHIHUO_BACKEND_MAX_TOUCHED);
  if (!chihuo_redis_query_ask (&query, pipeline, error)
      || !chihuo_redis_decode_numbers (query.call.reply, figures, N_SWEEP, error))
    return FALSE;

  sweep->started = TRUE;
  sweep->n_done += figures[SWEEP_DONE];
  sweep->more = figures[SWEEP_MORE] != 0;
  sweep->after = figures[SWEEP_AFTER];
  sweep->until = figures[SWEEP_UNTIL];

  return TRUE;
}

static void
report (ChihuoRedisQueue *queue, const gint64 *figures)
{
  if (figures[REAP_CUT_DEAD] > 0 || figures[REAP_CUT_FINISHED] > 0)
    g_message ("queue “%s”: cut %" G_GINT64_FORMAT " dead tasks and %" G_GINT64_FORMAT
               " finished marks that were more or older than it keeps",
               queue->name, figures[REAP_CUT_DEAD], figures[REAP_CUT_FINISHED]);
  if (figures[REAP_MENDED] > 0)
    g_message ("queue “%s”: mended %" G_GINT64_FORMAT " tasks that stood where no task can stand: "
               "the server has lost something, or another program writes to it",
               queue->name, figures[REAP_MENDED]);
}

static gboolean
read_replies (ChihuoRedisQuery *queries, guint n_queries, guint *n_reaped, gboolean *more,
              GError **error)
{
  for (guint i = 0; i < n_queries; i++)
    {
      gint64 figures[N_REAP];

      if (!chihuo_redis_decode_numbers (queries[i].call.reply, figures, N_REAP, error))
        return FALSE;

      *n_reaped += figures[REAP_REAPED];
      *more = *more || figures[REAP_MORE] != 0;
      report (queries[i].call.queue, figures);
    }

  return TRUE;
}

/*
 * chihuo_redis_upkeep_reap:
 * @pipeline: how to reach the servers
 * @queues: (element-type ChihuoRedisQueue): those that this process knows
 * @moment: the time, as the scripts are told it
 * @n_reaped: (out): how many runs were taken from dead workers
 * @more: (out): whether there is more to do
 * @error: return location for what [vfunc@Chihuo.Backend.reap] gives
 *
 * One step of upkeep for each queue, in one round trip.
 *
 * Returns: whether it was made
 */
gboolean
chihuo_redis_upkeep_reap (ChihuoRedisPipeline *pipeline, GPtrArray *queues, const char *moment,
                          guint *n_reaped, gboolean *more, GError **error)
{
  guint n = queues->len;
  g_autofree ChihuoRedisQuery *queries = g_new (ChihuoRedisQuery, n);
  char limit[CHIHUO_REDIS_QUERY_NUMBER_SIZE];
  gboolean ok;

  *n_reaped = 0;
  *more = FALSE;
  if (n == 0)
    return TRUE;

  for (guint i = 0; i < n; i++)
    {
      chihuo_redis_query_init (&queries[i], g_ptr_array_index (queues, i),
                               CHIHUO_REDIS_SCRIPT_REAP, moment);
      chihuo_redis_query_add_number (&queries[i], limit,
                                     MAX (CHIHUO_BACKEND_MAX_TOUCHED / n, MIN_LIMIT));
    }

  ok = chihuo_redis_query_ask_all (queries, n, pipeline, error)
       && read_replies (queries, n, n_reaped, more, error);
  for (guint i = 0; i < n; i++)
    chihuo_redis_query_clear (&queries[i]);

  return ok;
}
