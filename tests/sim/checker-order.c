/* checker-order.c - first in, first out, as long as there are no faults
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "checker-private.h"

/* Judged are the tasks whose place is known: each added once, plainly, and touched by nobody. Such
 * a task must not be claimed while another of its priority waits before it: from the one's add, or
 * its return to its old place, until its next claim. */

static const Call *
get_plain_add (const Task *task)
{
  const Call *add = NULL;

  for (guint i = 0; i < task->calls->len; i++)
    {
      const Call *call = g_ptr_array_index (task->calls, i);

      if (add != NULL || call->event != HISTORY_EVENT_ADD || call->phase != HISTORY_PHASE_OK
          || call->answer != CHIHUO_ANSWER_ADDED || call->flags != 0 || call->delay != 0)
        return NULL;
      add = call;
    }

  return add;
}

static gboolean
keeps_place (const Run *run)
{
  return run->n_ok == 1 && !run->finish
         && (run->how == CHIHUO_SETTLE_RETURNED
             || (run->how == CHIHUO_SETTLE_FAILED && run->delay < 0
                 && run->answer == CHIHUO_ANSWER_OK));
}

/* How many runs there are until it leaves its first place */
static guint
count_placed_runs (const Task *task)
{
  guint n = 0;

  while (n < task->runs->len && keeps_place (g_ptr_array_index (task->runs, n)))
    n++;

  return MIN (n + 1, task->runs->len);
}

/* Whether the first one waits, for certain, while the run takes another task in its stead */
static gboolean
is_passed_over (const Task *first, const Run *run)
{
  guint n = count_placed_runs (first);
  gint64 waits_since = get_plain_add (first)->span.until;

  for (guint i = 0; i < n; i++)
    {
      const Run *own = g_ptr_array_index (first->runs, i);
      gboolean same_claim = own->worker == run->worker && own->claim.since == run->claim.since;

      if (waits_since <= run->claim.since
          && (own->claim.since >= run->claim.until || (same_claim && own->token > run->token)))
        return TRUE;
      waits_since = keeps_place (own) ? own->settle.until : NEVER;
    }

  return FALSE;
}

static void
check_two (Checker *self, const Task *first, const Task *second)
{
  guint n = count_placed_runs (second);

  for (guint i = 0; i < n; i++)
    {
      const Run *run = g_ptr_array_index (second->runs, i);

      if (run->claim.since > 0 && is_passed_over (first, run))
        {
          checker_violated (self, INVARIANT_FIFO_WITHOUT_FAULTS,
                            "%s: claimed as %" G_GUINT64_FORMAT " while %s waits before it",
                            second->name, run->token, first->name);
          return;
        }
    }
}

void
checker_check_order (Checker *self)
{
  g_autoptr (GPtrArray) plain = g_ptr_array_new ();

  for (guint i = 0; i < self->order->len; i++)
    if (get_plain_add (g_ptr_array_index (self->order, i)) != NULL)
      g_ptr_array_add (plain, g_ptr_array_index (self->order, i));

  for (guint i = 0; i < plain->len; i++)
    for (guint j = 0; j < plain->len; j++)
      {
        const Call *first = get_plain_add (g_ptr_array_index (plain, i));
        const Call *second = get_plain_add (g_ptr_array_index (plain, j));

        if (first->span.until < second->span.since && first->priority == second->priority)
          check_two (self, g_ptr_array_index (plain, i), g_ptr_array_index (plain, j));
      }
}
