/* battery-people.c - who adds tasks to a queue under load, and changes his mind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "battery-people.h"
#include "battery-recorder.h"
#include "battery-story.h"
#include "chihuo-error.h"

/* Everything goes the way of a program: through the public calls of a queue, from a thread of its own.
 * Each call is told before, and after with its answer. */

#define MOST_SEEN 16

struct _BatteryPeople
{
  ChihuoQueue *queue; /* (owned) */
  GThread     *thread;
  SimRandom    random;
  guint        depth; /* so many tasks shall wait */
  guint        n_ids;
  gint64       longest_pause; /* µs */
  int          rests; /* atomic */
  };

typedef gboolean (* Ask) (ChihuoQueue        *queue,
                          const char * const *ids,
                          GError            **error);

static HistoryPhase
phase_of (const GError *error)
{
  if (error == NULL)
    return HISTORY_PHASE_OK;

  return g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME) ? HISTORY_PHASE_INFO
                                                                             : HISTORY_PHASE_FAIL;
}

static void
ask (ChihuoQueue *queue, HistoryEvent event, Ask func, const char *id)
{
  const char *ids[] = { id, NULL };
  HistoryLine line = battery_story_line (event, HISTORY_PHASE_INVOKE);
  g_autoptr (GError) error = NULL;
  gint64 since;

  line.id = id;
  line.op = battery_story_next_op ();
  battery_story_tell (&line);
  since = line.time;
  func (queue, ids, &error);
  line.phase = phase_of (error);
  /* what runs here is finished with the end of its run: the settle says so, or nothing has happened */
  if (event == HISTORY_EVENT_FINISH && battery_recorder_had_since (id, since))
    line.phase = HISTORY_PHASE_INFO;
  if (event == HISTORY_EVENT_REMOVE && line.phase == HISTORY_PHASE_OK)
    line.answer = battery_recorder_get_removal ();
  battery_story_tell (&line);
}

static ChihuoAddFlags
choose_flags (SimRandom *random)
{
  static const ChihuoAddFlags all[] = {
    CHIHUO_ADD_FLAGS_AT_HEAD,      CHIHUO_ADD_FLAGS_EVEN_FINISHED, CHIHUO_ADD_FLAGS_EVEN_DEAD,
    CHIHUO_ADD_FLAGS_SKIP_RUNNING, CHIHUO_ADD_FLAGS_REPLACE,
  };
  ChihuoAddFlags flags = CHIHUO_ADD_FLAGS_NONE;

  if (sim_random_chance (random, 0.2))
    for (guint i = 0; i < G_N_ELEMENTS (all); i++)
      if (sim_random_chance (random, 0.3))
        flags |= all[i];

  return flags;
}

/* How it is to be added */
static void
choose_add (HistoryLine *line, SimRandom *random)
{
  line->flags = choose_flags (random);
  if (sim_random_chance (random, 0.1))
    line->priority = sim_random_range (random, -2, 2);
  if (sim_random_chance (random, 0.1))
    line->delay = sim_random_range (random, 1, 400) * 1000;
}

/* Adds a task whose info nobody else gives; plainly, if `random` is NULL */
void
battery_people_add (ChihuoQueue *queue, SimRandom *random, const char *id)
{
  HistoryLine line = battery_story_line (HISTORY_EVENT_ADD, HISTORY_PHASE_INVOKE);
  guint64 op = battery_story_next_op ();
  g_autofree char *info
    = g_strdup_printf ("\"%s-%" G_GUINT64_FORMAT "\"", battery_story_process (), op);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoTask) task = chihuo_task_new_from_json (id, info, &error);

  g_assert_no_error (error);
  line.id = id;
  line.info = info;
  line.op = op;
  if (random != NULL)
    choose_add (&line, random);
  if (line.priority != 0)
    chihuo_task_set_priority (task, line.priority);
  if (line.delay > 0)
    chihuo_task_set_delay (task, line.delay / (double) G_USEC_PER_SEC);

  battery_story_tell (&line);
  line.answer = (ChihuoAnswer) chihuo_queue_add (queue, task, line.flags, &error);
  line.phase = phase_of (error);
  battery_story_tell (&line);
}

char *
battery_people_any_id (SimRandom *random, guint n_ids)
{
  return g_strdup_printf ("t%u", (guint) sim_random_range (random, 1, n_ids));
}

/* --- the thread --- */

static void
fill_up (BatteryPeople *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoStats) stats = chihuo_queue_get_stats (self->queue, &error);
  guint n = sim_random_range (&self->random, 1, 6);

  if (stats == NULL || stats->waiting >= self->depth)
    return;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = battery_people_any_id (&self->random, self->n_ids);

      battery_people_add (self->queue, &self->random, id);
    }
}

/* One that is in a state, if there is any */
static char *
find_id (BatteryPeople *self, ChihuoTaskState state)
{
  g_autoptr (GPtrArray) tasks
    = chihuo_queue_list (self->queue, state, NULL, MOST_SEEN, NULL);

  if (tasks == NULL || tasks->len == 0)
    return NULL;

  return g_strdup (chihuo_task_get_id (
    g_ptr_array_index (tasks, sim_random_range (&self->random, 0, tasks->len - 1))));
}

/* What runs, here or elsewhere, is added again, finished, removed or cancelled */
static void
disturb (BatteryPeople *self)
{
  g_autofree char *id = find_id (self, CHIHUO_TASK_STATE_RUNNING);
  gint64 what = sim_random_range (&self->random, 1, 10);

  if (id == NULL)
    return;

  if (what <= 4)
    battery_people_add (self->queue, &self->random, id);
  else if (what <= 6)
    ask (self->queue, HISTORY_EVENT_FINISH, chihuo_queue_mark_finished, id);
  else if (what <= 9)
    ask (self->queue, HISTORY_EVENT_REMOVE, chihuo_queue_remove, id);
  else
    ask (self->queue, HISTORY_EVENT_CANCEL, chihuo_queue_cancel, id);
}

/* Ids come back: otherwise all of them would be finished or dead in the end */
static void
revive (BatteryPeople *self)
{
  g_autofree char *from = battery_people_any_id (&self->random, self->n_ids);
  g_auto (GStrv) marked = chihuo_queue_list_finished (self->queue, from, 1, NULL);
  g_autofree char *dead = find_id (self, CHIHUO_TASK_STATE_DEAD);

  if (marked != NULL && marked[0] != NULL)
    ask (self->queue, HISTORY_EVENT_UNFINISH, chihuo_queue_unmark_finished, marked[0]);
  if (dead != NULL)
    ask (self->queue, HISTORY_EVENT_RETRY, chihuo_queue_retry_dead, dead);
}

static gpointer
people_cb (gpointer data)
{
  BatteryPeople *self = data;

  while (TRUE)
    {
      gint64 what = sim_random_range (&self->random, 1, 10);

      g_usleep (sim_random_range (&self->random, 0, self->longest_pause));
      if (g_atomic_int_get (&self->rests))
        break;
      if (what <= 5)
        fill_up (self);
      else if (what <= 8)
        disturb (self);
      else
        revive (self);
    }

  battery_story_note ("calm");
  return NULL;
}

/* They keep so many of `n_ids` tasks waiting, and pause for up to so many µs between their calls */
BatteryPeople *
battery_people_new (ChihuoQueue *queue, guint depth, guint n_ids, gint64 longest_pause, guint64 seed)
{
  BatteryPeople *self = g_new0 (BatteryPeople, 1);

  self->queue = g_object_ref (queue);
  self->random = (SimRandom) { seed };
  self->depth = depth;
  self->n_ids = n_ids;
  self->longest_pause = longest_pause;
  self->thread = g_thread_new ("people", people_cb, self);

  return self;
}

/* They ask for nothing any more, and say when that is so */
void
battery_people_rest (BatteryPeople *self)
{
  g_atomic_int_set (&self->rests, TRUE);
}

void
battery_people_free (BatteryPeople *self)
{
  battery_people_rest (self);
  g_thread_join (self->thread);
  g_object_unref (self->queue);
  g_free (self);
}
