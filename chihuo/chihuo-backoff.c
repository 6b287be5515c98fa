/* chihuo-backoff.c - how long to wait before something is tried again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backoff.h"

/* Full jitter: many clients that lost a server at the same moment come back spread over the whole limit,
 * not in waves. The floor is there because a rest of nothing is no rest: whoever drew some of them in a
 * row would spin. */

gint64
chihuo_backoff_next (ChihuoBackoff *self, gint64 longest)
{
  g_assert (longest > CHIHUO_BACKOFF_FIRST && longest < G_MAXINT32);

  self->limit = CLAMP (self->limit * 2, CHIHUO_BACKOFF_FIRST, longest);

  return g_random_int_range (CHIHUO_BACKOFF_FLOOR, self->limit + 1);
}

void
chihuo_backoff_reset (ChihuoBackoff *self)
{
  self->limit = 0;
}
