/* chaos-line.h - bytes on their way in one direction
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A delay line, not a sleep: each piece has a time of its own, so that many are on their way at once. All
 * times are those of g_get_monotonic_time() */
typedef struct
{
  GQueue pieces;  /* of (owned) Piece */
  gsize  n_bytes;
  gint64 next_at; /* nothing more may leave before */
} ChaosLine;

void     chaos_line_push    (ChaosLine  *self,
                             const void *data,
                             gsize       length,
                             gint64      due);
gint64   chaos_line_get_due (ChaosLine  *self);
gboolean chaos_line_write   (ChaosLine  *self,
                             int         fd,
                             gsize       slice,
                             gint64      pause);
void     chaos_line_clear   (ChaosLine  *self);

G_END_DECLS
