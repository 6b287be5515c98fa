/* chihuo-life-scene.c - every situation that tests/task-life.csv speaks of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-life-scene.h"

/* Reachable records × events × what each event may say: a list that is made here, not taken from
 * the file, so that a hole in the file shows. */

#define PENDING (CHIHUO_WHEN_PENDING_EVEN_FINISHED | CHIHUO_WHEN_PENDING_AT_HEAD \
                 | CHIHUO_WHEN_PENDING_DELAY)
#define OF_RUN (CHIHUO_WHEN_CANCELLED | CHIHUO_WHEN_ABANDONED)

static const struct
{
  const char *name;
  guint       when; /* what it may say, besides what the record says */
} events[] = {
  { "add", CHIHUO_WHEN_AT_HEAD | CHIHUO_WHEN_EVEN_FINISHED | CHIHUO_WHEN_EVEN_DEAD
             | CHIHUO_WHEN_SKIP_RUNNING | CHIHUO_WHEN_REPLACE | CHIHUO_WHEN_DELAY },
  { "claim", 0 },
  { "due", 0 },
  { "finish", 0 },
  { "unfinish", 0 },
  { "remove", 0 },
  { "cancel", 0 },
  { "retry-dead", 0 },
  { "renew", CHIHUO_WHEN_STALE },
  { "settle-done", CHIHUO_WHEN_STALE | CHIHUO_WHEN_FINISH },
  { "settle-failed", CHIHUO_WHEN_STALE | CHIHUO_WHEN_FINISH | CHIHUO_WHEN_LAST_TRY
                       | CHIHUO_WHEN_IN_PLACE },
  { "settle-rejected", CHIHUO_WHEN_STALE | CHIHUO_WHEN_FINISH },
  { "settle-postponed", CHIHUO_WHEN_STALE | CHIHUO_WHEN_FINISH },
  { "settle-returned", CHIHUO_WHEN_STALE | CHIHUO_WHEN_FINISH },
  { "settle-abandoned", CHIHUO_WHEN_STALE | CHIHUO_WHEN_FINISH },
  { "reap", CHIHUO_WHEN_LAST_CRASH | CHIHUO_WHEN_UNCOUNTED },
  { "junk", 0 },
};

/* What never is: design.md calls it "always true" the other way round */
static gboolean
is_reachable (ChihuoTaskState state, gboolean finished, ChihuoFate fate)
{
  if (state == CHIHUO_TASK_STATE_ABSENT)
    return fate == CHIHUO_FATE_PLAIN;
  if (state == CHIHUO_TASK_STATE_RUNNING)
    return !finished || fate == CHIHUO_FATE_DROP;
  return !finished && fate == CHIHUO_FATE_PLAIN;
}

/* All subsets of the bits in a mask, 0 last: the usual trick of counting down within it */
static guint
next_subset (guint subset, guint mask)
{
  return (subset - 1) & mask;
}

static guint
walk_situation (ChihuoSituation *situation, guint mask, ChihuoSceneFunc func, gpointer user_data)
{
  guint n = 0;

  situation->when = mask;
  for (;;)
    {
      func (situation, user_data);
      n++;
      if (situation->when == 0)
        return n;
      situation->when = next_subset (situation->when, mask);
    }
}

static guint
walk_event (guint event, ChihuoSceneFunc func, gpointer user_data)
{
  guint n = 0;

  for (ChihuoTaskState state = CHIHUO_TASK_STATE_ABSENT; state <= CHIHUO_TASK_STATE_DEAD; state++)
    for (ChihuoFate fate = CHIHUO_FATE_PLAIN; fate <= CHIHUO_FATE_DROP; fate++)
      for (gboolean finished = FALSE; finished <= TRUE; finished++)
        {
          ChihuoSituation situation = { events[event].name, state, fate, finished, 0 };
          guint mask = events[event].when;

          if (!is_reachable (state, finished, fate))
            continue;
          if (state == CHIHUO_TASK_STATE_RUNNING)
            mask |= OF_RUN;
          if (fate == CHIHUO_FATE_AGAIN)
            mask |= PENDING;
          n += walk_situation (&situation, mask, func, user_data);
        }

  return n;
}

/* Calls the function for every situation there can be, and says how many there are */
guint
chihuo_scene_walk (ChihuoSceneFunc func, gpointer user_data)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    n += walk_event (i, func, user_data);

  return n;
}
