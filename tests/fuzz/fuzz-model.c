/* fuzz-model.c - a task's life once more, as the table tells it, to judge a backend by
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>

#include "fuzz-model.h"

/* What model.py is to a log: for each event the one row of task-life.csv that fits is looked up, and
 * what it says is done. No code is shared with chihuo-task-life.c, and nothing here is fast. */

static ChihuoLifeTable *table;
static const FuzzSaid nothing;

void
fuzz_model_load (const char *path)
{
  table = chihuo_life_table_new (path);
}

/* What the record says that a row may ask for */
static guint
get_when (const FuzzTask *task)
{
  guint pending = task->fate == CHIHUO_FATE_AGAIN ? task->pending.when : 0;

  return task->flags
         | (task->failures + 1 >= task->max_tries ? CHIHUO_WHEN_LAST_TRY : 0)
         | (task->crashes + 1 >= task->max_crashes ? CHIHUO_WHEN_LAST_CRASH : 0)
         | (pending & CHIHUO_WHEN_EVEN_FINISHED ? CHIHUO_WHEN_PENDING_EVEN_FINISHED : 0)
         | (pending & CHIHUO_WHEN_AT_HEAD ? CHIHUO_WHEN_PENDING_AT_HEAD : 0)
         | (pending & CHIHUO_WHEN_DELAY ? CHIHUO_WHEN_PENDING_DELAY : 0);
}

/* The info and what travels with it; a new life (its counters are 0) takes the whole add */
static void
take (FuzzTask *task, const ChihuoLifeRow *row, const FuzzSaid *source, const FuzzSaid *said,
      gint64 now)
{
  gboolean anew = source != NULL && row->failures < 0;
  int priority = task->add.priority;

  if (source != NULL)
    task->add = *source;
  if (!anew && !(source == said && said->has_priority))
    task->add.priority = priority;
  if (row->state == CHIHUO_TASK_STATE_DELAYED)
    task->when = now + (anew ? source : said)->delay;
}

/* One event: what the one row that fits says, is done; the answer has to be this one */
ChihuoAnswer
fuzz_model_step (FuzzModel *self, FuzzTask *task, const char *event, const FuzzSaid *said,
                 const ChihuoMoment *moment)
{
  const ChihuoSituation situation
    = { event, task->state, task->fate, task->finished, said->when | get_when (task) };
  const ChihuoLifeRow *row = chihuo_life_table_find (table, &situation);
  const FuzzSaid pending = task->pending;

  task->state = row->state >= 0 ? (ChihuoTaskState) row->state : task->state;
  task->finished = row->finished >= 0 ? row->finished : task->finished;
  task->fate = row->fate >= 0 ? (ChihuoFate) row->fate : task->fate;
  task->failures = row->failures < 0 ? 0 : task->failures + row->failures;
  task->crashes = row->crashes < 0 ? 0 : task->crashes + row->crashes;
  task->flags = row->clears ? 0 : task->flags | row->sets;
  take (task, row, row->info == CHIHUO_SOURCE_NEW ? said
                   : row->info == CHIHUO_SOURCE_PENDING ? &pending : NULL, said, moment->now);
  if (said->lease > 0 && row->answer != CHIHUO_ANSWER_STALE)
    task->when = moment->lease + said->lease;
  if (row->place != CHIHUO_PLACE_KEEP)
    task->place = row->place == CHIHUO_PLACE_TAIL ? ++self->tail : --self->head;
  if (row->answer == CHIHUO_ANSWER_AGAIN)
    task->pending = *said;
  return row->answer;
}

/* The first of a state: by due time or priority, then by place */
static FuzzTask *
find_first (FuzzModel *self, ChihuoTaskState state, gint64 until, gboolean suspects)
{
  FuzzTask *first = NULL;
  gint64 first_major = 0;

  for (FuzzTask *task = self->tasks; task < self->tasks + FUZZ_N_IDS; task++)
    {
      gint64 major = state == CHIHUO_TASK_STATE_DELAYED ? task->when
                     : state == CHIHUO_TASK_STATE_WAITING ? task->add.priority : 0;

      if (task->state != state || task->when > until || (!suspects && task->crashes > 0)
          || (first != NULL && (major > first_major
                                || (major == first_major && task->place > first->place))))
        continue;
      first = task;
      first_major = major;
    }
  return first;
}

static void
check_claimed (const FuzzModel *self, const FuzzTask *task, const ChihuoClaimed *got)
{
  g_assert_cmpint (atoi (chihuo_payload_get_id (got->payload)), ==, task - self->tasks);
  g_assert_cmpstr (chihuo_payload_get_json (got->payload), ==, task->add.info);
  g_assert_cmpuint (got->failures, ==, task->failures);
  g_assert_cmpuint (got->crashes, ==, task->crashes);
  g_assert_cmpuint (got->token, >, self->token);
}

/* Judges a claim that was answered */
void
fuzz_model_claim (FuzzModel *self, const ChihuoItem *item, const ChihuoMoment *moment)
{
  const FuzzSaid said = { .lease = item->claim.lease };
  guint suspects = item->claim.suspects;
  FuzzTask *task;
  guint n = 0;

  while ((task = find_first (self, CHIHUO_TASK_STATE_DELAYED, moment->now, TRUE)) != NULL)
    fuzz_model_step (self, task, "due", &nothing, moment);
  while (!self->paused && n < item->claim.n
         && (task = find_first (self, CHIHUO_TASK_STATE_WAITING, G_MAXINT64, suspects > 0)) != NULL)
    {
      const ChihuoClaimed *got = &item->claim.claimed[n++];

      g_assert_cmpuint (n, <=, item->claim.n_claimed);
      check_claimed (self, task, got);
      suspects -= task->crashes > 0;
      fuzz_model_step (self, task, "claim", &said, moment);
      self->token = task->token = got->token;
      task->claimant = item->claimant;
      task->max_tries = task->add.tries > 0 ? task->add.tries : item->claim.max_tries;
      task->max_crashes = item->claim.max_crashes;
    }
  g_assert_cmpuint (item->claim.n_claimed, ==, n);
  g_assert_cmpint (item->claim.paused, ==, self->paused);
}

/* What becomes of runs whose lease is over, in the order of their places */
void
fuzz_model_reap (FuzzModel *self, const ChihuoMoment *moment)
{
  FuzzTask *task;

  while ((task = find_first (self, CHIHUO_TASK_STATE_RUNNING, moment->lease, TRUE)) != NULL)
    fuzz_model_step (self, task, "reap", &nothing, moment);
}
