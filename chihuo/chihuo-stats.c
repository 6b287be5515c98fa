/* chihuo-stats.c - how a queue stands
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-stats.h"

G_DEFINE_BOXED_TYPE (ChihuoStats, chihuo_stats, chihuo_stats_copy, chihuo_stats_free)

/**
 * chihuo_stats_copy:
 * @self: figures
 *
 * Copies the figures.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 1.0
 */
ChihuoStats *
chihuo_stats_copy (const ChihuoStats *self)
{
  return g_memdup2 (self, sizeof *self);
}

/**
 * chihuo_stats_free:
 * @self: (transfer full): figures
 *
 * Frees the figures.
 *
 * Since: 1.0
 */
void
chihuo_stats_free (ChihuoStats *self)
{
  g_free (self);
}
