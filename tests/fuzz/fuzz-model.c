/* fuzz-model.c - a task's life once more, to judge a backend by
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "fuzz-model.h"

/* Written from the tables of doc/tasks.md, with arrays in place of everything: no code is shared with
 * chihuo-task-life.c, and nothing here is fast. */

#define HAS(add, flag) (((add)->flags & CHIHUO_ADD_FLAGS_##flag) != 0)

static void
enter (FuzzModel *self, FuzzTask *task, const FuzzAdd *add, gint64 now)
{
  *task = (FuzzTask) { .state = add->delay > 0 ? CHIHUO_TASK_STATE_DELAYED : CHIHUO_TASK_STATE_WAITING,
                       .add = *add,
                       .when = now + add->delay };
  task->place = add->delay == 0 && HAS (add, AT_HEAD) ? --self->head : ++self->tail;
}

/* After a run: with the newest info, and whoever held it holds it no more */
static void
stay (FuzzModel *self, FuzzTask *task, ChihuoTaskState state, gint64 when)
{
  if (task->fate == CHIHUO_FATE_AGAIN)
    {
      task->add.info = task->pending.info;
      task->add.tries = task->pending.tries;
    }
  if (state != CHIHUO_TASK_STATE_WAITING)
    task->place = ++self->tail;
  task->state = state;
  task->when = when;
  task->fate = CHIHUO_FATE_PLAIN;
  task->cancelled = task->abandoned = FALSE;
}

static ChihuoAnswer
die (FuzzModel *self, FuzzTask *task, gint64 now)
{
  FuzzAdd pending = task->pending;

  if (task->fate == CHIHUO_FATE_AGAIN)
    {
      enter (self, task, &pending, now);
      return CHIHUO_ANSWER_OK;
    }

  stay (self, task, CHIHUO_TASK_STATE_DEAD, now);
  return CHIHUO_ANSWER_DEAD;
}

static ChihuoAnswer
add (FuzzModel *self, FuzzTask *task, const ChihuoItem *item, gint64 now)
{
  FuzzAdd it = { g_intern_string (chihuo_payload_get_json (item->payload)), item->add.delay,
                 item->add.flags, item->add.max_tries, item->add.priority };

  if (task->finished && !HAS (&it, EVEN_FINISHED))
    return CHIHUO_ANSWER_FINISHED;
  task->finished = FALSE;

  if (task->state == CHIHUO_TASK_STATE_WAITING || task->state == CHIHUO_TASK_STATE_DELAYED)
    {
      if (!HAS (&it, REPLACE))
        return CHIHUO_ANSWER_EXISTS;
      if (!item->add.has_priority)
        it.priority = task->add.priority;
      task->add = it;
      if (it.delay > 0)
        {
          task->state = CHIHUO_TASK_STATE_DELAYED;
          task->when = now + it.delay;
        }
      return CHIHUO_ANSWER_EXISTS;
    }
  if (task->state == CHIHUO_TASK_STATE_RUNNING && HAS (&it, SKIP_RUNNING))
    return CHIHUO_ANSWER_RUNNING;
  if (task->state == CHIHUO_TASK_STATE_RUNNING)
    {
      task->fate = CHIHUO_FATE_AGAIN;
      task->pending = it;
      return CHIHUO_ANSWER_AGAIN;
    }
  if (task->state == CHIHUO_TASK_STATE_DEAD && !HAS (&it, EVEN_DEAD))
    return CHIHUO_ANSWER_DEAD;

  enter (self, task, &it, now);
  return CHIHUO_ANSWER_ADDED;
}

static void
drop (FuzzTask *task, gboolean finished)
{
  if (task->state == CHIHUO_TASK_STATE_RUNNING)
    task->fate = CHIHUO_FATE_DROP;
  else
    *task = (FuzzTask) { .finished = task->finished };
  task->finished |= finished;
}

static ChihuoAnswer
settle (FuzzModel *self, FuzzTask *task, const ChihuoItem *item, const ChihuoMoment *moment)
{
  ChihuoSettle how = item->settle.how;
  gboolean again = task->fate == CHIHUO_FATE_AGAIN;
  FuzzAdd pending = task->pending;

  if (how == CHIHUO_SETTLE_ABANDONED)
    {
      task->abandoned = TRUE;
      task->when = moment->lease + G_USEC_PER_SEC;
      if (item->settle.finish && !(again && HAS (&pending, EVEN_FINISHED)))
        drop (task, TRUE);
      return CHIHUO_ANSWER_OK;
    }
  if (again && (item->settle.finish ? HAS (&pending, EVEN_FINISHED) : how == CHIHUO_SETTLE_DONE))
    enter (self, task, &pending, moment->now);
  else if (item->settle.finish)
    *task = (FuzzTask) { .finished = TRUE };
  else if (task->fate == CHIHUO_FATE_DROP || how == CHIHUO_SETTLE_DONE)
    *task = (FuzzTask) { .finished = task->finished };
  else if (task->cancelled || how == CHIHUO_SETTLE_REJECTED)
    return die (self, task, moment->now);
  else if (how == CHIHUO_SETTLE_FAILED && ++task->failures >= task->max_tries)
    return die (self, task, moment->now);
  else if (how == CHIHUO_SETTLE_RETURNED || (how == CHIHUO_SETTLE_FAILED && item->settle.delay < 0))
    stay (self, task, CHIHUO_TASK_STATE_WAITING, moment->now);
  else
    stay (self, task, CHIHUO_TASK_STATE_DELAYED, moment->now + MAX (item->settle.delay, 0));

  return CHIHUO_ANSWER_OK;
}

static ChihuoAnswer
renew (FuzzTask *task, const ChihuoItem *item, const ChihuoMoment *moment)
{
  task->when = moment->lease + item->renew.lease;
  if (task->fate == CHIHUO_FATE_DROP)
    return CHIHUO_ANSWER_DROPPED;

  return task->cancelled ? CHIHUO_ANSWER_CANCELLED : CHIHUO_ANSWER_OK;
}

/* What the answer has to be to something that concerns one id */
ChihuoAnswer
fuzz_model_do (FuzzModel *self, guint id, const ChihuoItem *item, const ChihuoMoment *moment)
{
  FuzzTask *task = &self->tasks[id];
  gboolean running = task->state == CHIHUO_TASK_STATE_RUNNING;
  gboolean held = running && item->token == task->token && item->claimant == task->claimant;
  gboolean was;

  switch ((guint) item->op)
    {
    case CHIHUO_OP_ADD:
      return add (self, task, item, moment->now);
    case CHIHUO_OP_FINISH:
      drop (task, TRUE);
      return CHIHUO_ANSWER_FINISHED;
    case CHIHUO_OP_UNFINISH:
      was = task->finished;
      task->finished = FALSE;
      return was ? CHIHUO_ANSWER_OK : CHIHUO_ANSWER_ABSENT;
    case CHIHUO_OP_REMOVE:
      was = task->state != CHIHUO_TASK_STATE_ABSENT;
      drop (task, FALSE);
      return was ? CHIHUO_ANSWER_OK : CHIHUO_ANSWER_ABSENT;
    case CHIHUO_OP_CANCEL:
      task->cancelled |= running;
      return running ? CHIHUO_ANSWER_OK : CHIHUO_ANSWER_ABSENT;
    case CHIHUO_OP_RETRY_DEAD:
      if (task->state != CHIHUO_TASK_STATE_DEAD)
        return CHIHUO_ANSWER_ABSENT;
      task->state = CHIHUO_TASK_STATE_WAITING;
      task->failures = task->crashes = 0;
      task->place = ++self->tail;
      return CHIHUO_ANSWER_OK;
    case CHIHUO_OP_SETTLE:
      return held ? settle (self, task, item, moment) : CHIHUO_ANSWER_STALE;
    case CHIHUO_OP_RENEW:
      return held ? renew (task, item, moment) : CHIHUO_ANSWER_STALE;
    default:
      g_assert_not_reached ();
    }
}

/* The first of its state: by due time or priority, then by place */
static FuzzTask *
find_first (FuzzModel *self, ChihuoTaskState state, guint suspects)
{
  FuzzTask *first = NULL;
  gint64 first_major = 0;

  for (FuzzTask *task = self->tasks; task < self->tasks + FUZZ_N_IDS; task++)
    {
      gint64 major = state == CHIHUO_TASK_STATE_DELAYED   ? task->when
                     : state == CHIHUO_TASK_STATE_WAITING ? task->add.priority
                                                          : 0;

      if (task->state != state || (suspects == 0 && task->crashes > 0))
        continue;
      if (first != NULL
          && (major > first_major || (major == first_major && task->place > first->place)))
        continue;
      first = task;
      first_major = major;
    }

  return first;
}

static void
take (FuzzModel *self, FuzzTask *task, const ChihuoItem *item, const ChihuoClaimed *claimed)
{
  g_assert_cmpuint (claimed->token, >, self->token);
  g_assert_cmpstr (chihuo_payload_get_json (claimed->payload), ==, task->add.info);
  g_assert_cmpuint (claimed->failures, ==, task->failures);
  g_assert_cmpuint (claimed->crashes, ==, task->crashes);
  self->token = task->token = claimed->token;
  task->state = CHIHUO_TASK_STATE_RUNNING;
  task->claimant = item->claimant;
  task->request = item->claim.request;
  task->max_tries = task->add.tries > 0 ? task->add.tries : item->claim.max_tries;
  task->max_crashes = item->claim.max_crashes;
}

/* Judges a claim that was answered */
void
fuzz_model_claim (FuzzModel *self, const ChihuoItem *item, const ChihuoMoment *moment,
                  guint (*id_of) (const ChihuoClaimed *))
{
  guint suspects = item->claim.suspects;
  FuzzTask *task;
  guint n = 0;

  while ((task = find_first (self, CHIHUO_TASK_STATE_DELAYED, 1)) != NULL
         && task->when <= moment->now)
    {
      task->state = CHIHUO_TASK_STATE_WAITING;
      task->place = ++self->tail;
    }

  while (!self->paused && n < item->claim.n
         && (task = find_first (self, CHIHUO_TASK_STATE_WAITING, suspects)) != NULL)
    {
      g_assert_cmpuint (n, <, item->claim.n_claimed);
      g_assert_cmpuint (id_of (&item->claim.claimed[n]), ==, task - self->tasks);
      suspects -= task->crashes > 0;
      take (self, task, item, &item->claim.claimed[n++]);
      task->when = moment->lease + item->claim.lease;
    }

  g_assert_cmpuint (item->claim.n_claimed, ==, n);
  g_assert_cmpint (item->claim.paused, ==, self->paused);
}

/* What becomes of runs whose lease is over, in the order of their places */
void
fuzz_model_reap (FuzzModel *self, const ChihuoMoment *moment)
{
  FuzzTask *due[FUZZ_N_IDS];
  guint n = 0;

  for (FuzzTask *task = self->tasks; task < self->tasks + FUZZ_N_IDS; task++)
    {
      guint at = n;

      if (task->state != CHIHUO_TASK_STATE_RUNNING || task->when > moment->lease)
        continue;
      for (; at > 0 && due[at - 1]->place > task->place; at--)
        due[at] = due[at - 1];
      due[at] = task;
      n++;
    }

  for (guint i = 0; i < n; i++)
    {
      FuzzTask *task = due[i];
      gboolean counted = !task->abandoned;

      if (task->fate == CHIHUO_FATE_DROP)
        *task = (FuzzTask) { .finished = task->finished };
      else if (task->cancelled)
        die (self, task, moment->now);
      else if (counted && ++task->crashes >= MAX (task->max_crashes, 1))
        stay (self, task, CHIHUO_TASK_STATE_DEAD, moment->now);
      else
        stay (self, task, CHIHUO_TASK_STATE_WAITING, moment->now);
    }
}
