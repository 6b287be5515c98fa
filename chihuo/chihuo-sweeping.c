/* chihuo-sweeping.c - a call that works through all of a queue in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-sweeping.h"

/* Whoever has the store's turn works on it */
typedef struct
{
  ChihuoSweepWhat sweeps[CHIHUO_SWEEPING_MAX];
  guint           n_sweeps;
  guint           at;    /* the sweep that is being done */
  ChihuoSweep     sweep; /* how far it has come */
} Sweeping;

/* One step of one sweep; others have their turn before the next */
static gboolean
do_step (ChihuoBackend *backend, const ChihuoMoment *moment, gpointer data, gboolean *again,
         GError **error)
{
  Sweeping *self = data;

  if (self->at == self->n_sweeps)
    return TRUE;

  self->sweep.what = self->sweeps[self->at];
  self->sweep.moment = *moment;
  self->sweep.more = FALSE;
  if (!chihuo_backend_sweep (backend, &self->sweep, error))
    return FALSE;

  if (!self->sweep.more)
    {
      self->sweep = (ChihuoSweep) { .queue = self->sweep.queue };
      self->at++;
    }
  *again = self->at < self->n_sweeps;

  return TRUE;
}

/* `queue` must be interned */
ChihuoCall *
chihuo_sweeping_new_call (const char *queue, const ChihuoSweepWhat *sweeps, guint n_sweeps)
{
  Sweeping *self = g_new0 (Sweeping, 1);

  g_assert (n_sweeps <= CHIHUO_SWEEPING_MAX);
  memcpy (self->sweeps, sweeps, n_sweeps * sizeof *sweeps);
  self->n_sweeps = n_sweeps;
  self->sweep.queue = queue;

  return chihuo_call_new_func (do_step, self, g_free);
}
