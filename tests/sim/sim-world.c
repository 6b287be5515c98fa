/* sim-world.c - virtual time, and what happens in it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sim-process.h"
#include "sim-store.h"

/* One thread, and a heap of events by time; those of one time come in the order of their making.
 * What belongs to a process that is dead is dropped, to one that is paused comes when it goes on.
 */

typedef struct
{
  gint64 at;
  guint64 number;
  SimProcess *process; /* (nullable) */
  SimFunc func;
  gpointer data;
  GDestroyNotify data_free; /* for one that is dropped */
} Event;

static const char *const effect_names[] = {
  "kills",          "killed runs",      "pauses",          "clock jumps",
  "outages",        "repeated batches", "repeated claims", "refused old batches",
  "reaps",          "stale settles",    "lost leases",     "again-ends",
  "dropped ends",   "returns",          "abandons",        "dead ends",
  "finishing ends", "second stops",     "swept tasks",     "cut marks",
  "tunings",        "ordered seeds",
};

G_STATIC_ASSERT (G_N_ELEMENTS (effect_names) == SIM_N_EFFECTS);

const char *
sim_effect_get_name (SimEffect effect)
{
  return effect_names[effect];
}

void
sim_world_count (SimWorld *self, SimEffect effect)
{
  self->effects[effect]++;
}

/* The one copy of a text in this world */
const char *
sim_world_word (SimWorld *self, const char *text)
{
  return g_string_chunk_insert_const (self->words, text);
}

void
sim_world_init (SimWorld *self, guint64 seed, guint64 *effects)
{
  *self = (SimWorld) { .random = { seed }, .now = SIM_BEGIN, .effects = effects };
  sim_plan_init (&self->plan, &self->random);
  self->events = g_array_new (FALSE, FALSE, sizeof (Event));
  self->processes = g_ptr_array_new_with_free_func ((GDestroyNotify) sim_process_free);
  self->words = g_string_chunk_new (4096);
  self->history = g_array_new (FALSE, TRUE, sizeof (HistoryLine));
  self->store = sim_store_new ();
}

static void
drop_event (const Event *event)
{
  if (event->data_free != NULL)
    event->data_free (event->data);
}

void
sim_world_clear (SimWorld *self)
{
  for (guint i = 0; i < self->events->len; i++)
    drop_event (&g_array_index (self->events, Event, i));
  g_array_unref (self->events);
  g_ptr_array_unref (self->processes);
  g_array_unref (self->history);
  g_string_chunk_free (self->words);
  sim_store_free (self->store);
}

static gboolean
is_before (const Event *a, const Event *b)
{
  return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void
push (SimWorld *self, const Event *event)
{
  guint i = self->events->len;

  g_array_append_vals (self->events, event, 1);
  while (i > 0)
    {
      Event *parent = &g_array_index (self->events, Event, (i - 1) / 2);

      if (!is_before (event, parent))
        break;
      g_array_index (self->events, Event, i) = *parent;
      i = (i - 1) / 2;
    }
  g_array_index (self->events, Event, i) = *event;
}

static Event
pop (SimWorld *self)
{
  Event first = g_array_index (self->events, Event, 0);
  guint n = self->events->len - 1;
  Event last = g_array_index (self->events, Event, n);
  guint i = 0;

  g_array_set_size (self->events, n);
  if (n == 0)
    return first;

  for (guint child = 1; child < n; child = 2 * i + 1)
    {
      if (child + 1 < n
          && is_before (&g_array_index (self->events, Event, child + 1),
                        &g_array_index (self->events, Event, child)))
        child++;
      if (!is_before (&g_array_index (self->events, Event, child), &last))
        break;
      g_array_index (self->events, Event, i) = g_array_index (self->events, Event, child);
      i = child;
    }
  g_array_index (self->events, Event, i) = last;

  return first;
}

/* `data_free` is only called for an event that is dropped */
void
sim_world_at (SimWorld *self, gint64 at, SimProcess *process, SimFunc func, gpointer data,
              GDestroyNotify data_free)
{
  Event event = { MAX (at, self->now), self->n_events++, process, func, data, data_free };

  push (self, &event);
}

/* Lets the next event happen; FALSE: there is none before `end` */
gboolean
sim_world_step (SimWorld *self, gint64 end)
{
  Event event;

  if (self->events->len == 0 || g_array_index (self->events, Event, 0).at > end)
    {
      self->now = MAX (self->now, end);
      return FALSE;
    }

  event = pop (self);
  self->now = event.at;
  if (event.process != NULL && !event.process->alive)
    drop_event (&event);
  else if (event.process != NULL && event.process->paused_until > self->now)
    {
      event.at = event.process->paused_until;
      push (self, &event);
    }
  else
    event.func (self, event.data);

  return TRUE;
}

/* A new line of the history, for the caller to fill in */
HistoryLine *
sim_world_tell (SimWorld *self, HistoryEvent event, HistoryPhase phase)
{
  HistoryLine *line;

  g_array_set_size (self->history, self->history->len + 1);
  line = &g_array_index (self->history, HistoryLine, self->history->len - 1);
  line->time = self->now;
  line->event = event;
  line->phase = phase;

  return line;
}
