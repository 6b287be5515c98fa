/* chihuo-redis-page.c - looks at a queue in a Redis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-redis-decode.h"
#include "chihuo-redis-page.h"
#include "chihuo-redis-query.h"

/* The times in a page are those that are stored, so none of these has a moment of its own */

/* What the stats script answers, in this order */
enum
{
  STATS_WAITING,
  STATS_DELAYED,
  STATS_RUNNING,
  STATS_DEAD,
  STATS_FINISHED,
  STATS_PAUSED,
  STATS_SINCE,
  STATS_NEXT_DUE,
  STATS_WORKERS,
  STATS_NOW,
  N_STATS,
};

static gboolean
look (ChihuoRedisPipeline *pipeline, ChihuoRedisQueue *queue, ChihuoPage *page, GError **error)
{
  g_auto (ChihuoRedisQuery) query;

  chihuo_redis_query_init (&query, queue, CHIHUO_REDIS_SCRIPT_LOOK, "");
  chihuo_redis_query_add (&query, chihuo_payload_get_id (page->id));

  return chihuo_redis_query_ask (&query, pipeline, error)
         && chihuo_redis_decode_look (query.call.reply, page->id, page->records, error);
}

static gboolean
list_tasks (ChihuoRedisPipeline *pipeline, ChihuoRedisQueue *queue, ChihuoPage *page,
            GError **error)
{
  g_auto (ChihuoRedisQuery) query;
  g_autofree char *after = NULL;
  char state[CHIHUO_REDIS_QUERY_NUMBER_SIZE];
  char limit[CHIHUO_REDIS_QUERY_NUMBER_SIZE];
  const char *id;
  gint64 major;
  gint64 minor;

  chihuo_redis_query_init (&query, queue, CHIHUO_REDIS_SCRIPT_PAGE, "");
  if (page->after != NULL && !chihuo_cursor_parse (page->after, &major, &minor, &id, error))
    return FALSE;
  if (page->after != NULL)
    after = g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, major, minor);

  chihuo_redis_query_add_number (&query, state, page->state);
  chihuo_redis_query_add (&query, after != NULL ? after : "");
  chihuo_redis_query_add_number (&query, limit, page->limit);

  return chihuo_redis_query_ask (&query, pipeline, error)
         && chihuo_redis_decode_page (query.call.reply, page->state, page->limit, page->records,
                                      error);
}

static gboolean
ask_marks (ChihuoRedisPipeline *pipeline, ChihuoRedisQueue *queue, ChihuoPage *page,
           gboolean *ready, GError **error)
{
  g_auto (ChihuoRedisQuery) query;
  char limit[CHIHUO_REDIS_QUERY_NUMBER_SIZE];

  chihuo_redis_query_init (&query, queue, CHIHUO_REDIS_SCRIPT_MARKS, "");
  chihuo_redis_query_add (&query, page->after != NULL ? page->after : "");
  chihuo_redis_query_add_number (&query, limit, page->limit);

  return chihuo_redis_query_ask (&query, pipeline, error)
         && chihuo_redis_decode_marks (query.call.reply, page->limit, ready, page->records, error);
}

/* The server keeps them in no order before somebody wants to see them in one, and finds it in steps */
static gboolean
list_finished (ChihuoRedisPipeline *pipeline, ChihuoRedisQueue *queue, ChihuoPage *page,
               GError **error)
{
  gboolean ready = FALSE;

  while (!ready)
    if (!ask_marks (pipeline, queue, page, &ready, error))
      return FALSE;

  return TRUE;
}

/*
 * chihuo_redis_page_fill:
 * @pipeline: how to reach the server
 * @queue: the page's queue
 * @page: what is wanted
 * @error: return location for what [vfunc@Chihuo.Backend.page] gives
 *
 * Looks at an id, or lists. Where it fails, the page is as it was.
 *
 * Returns: whether it was told
 */
gboolean
chihuo_redis_page_fill (ChihuoRedisPipeline *pipeline, ChihuoRedisQueue *queue, ChihuoPage *page,
                        GError **error)
{
  guint n_before = page->records->len;
  gboolean ok;

  if (page->id != NULL)
    ok = look (pipeline, queue, page, error);
  else if (page->finished)
    ok = list_finished (pipeline, queue, page, error);
  else if (page->state != CHIHUO_TASK_STATE_ABSENT)
    ok = list_tasks (pipeline, queue, page, error);
  else
    ok = TRUE;
  if (!ok)
    g_ptr_array_set_size (page->records, n_before);

  return ok;
}

static void
fill_stats (const gint64 *figures, gint64 now, ChihuoStats *stats)
{
  gint64 since = figures[STATS_SINCE];

  stats->waiting = figures[STATS_WAITING];
  stats->delayed = figures[STATS_DELAYED];
  stats->running = figures[STATS_RUNNING];
  stats->dead = figures[STATS_DEAD];
  stats->finished = figures[STATS_FINISHED];
  stats->paused = figures[STATS_PAUSED] != 0;
  stats->oldest_waiting = since > 0 ? MAX (now - since, 0) / (double) G_USEC_PER_SEC : 0;
  stats->next_due = figures[STATS_NEXT_DUE];
  stats->workers = figures[STATS_WORKERS];
}

gboolean
chihuo_redis_page_stats (ChihuoRedisPipeline *pipeline, ChihuoRedisQueue *queue, gint64 now,
                         ChihuoStats *stats, GError **error)
{
  g_auto (ChihuoRedisQuery) query;
  gint64 figures[N_STATS];

  chihuo_redis_query_init (&query, queue, CHIHUO_REDIS_SCRIPT_STATS, "");
  if (!chihuo_redis_query_ask (&query, pipeline, error)
      || !chihuo_redis_decode_numbers (query.call.reply, figures, N_STATS, error))
    return FALSE;

  fill_stats (figures, now > 0 ? now : figures[STATS_NOW], stats);
  return TRUE;
}
