/* chihuo-backoff.h - how long to wait before something is tried again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Between attempts, µs: at most the first, at least the second */
#define CHIHUO_BACKOFF_FIRST (20 * G_TIME_SPAN_MILLISECOND)
#define CHIHUO_BACKOFF_FLOOR (1 * G_TIME_SPAN_MILLISECOND)

/* All zeros: nothing has failed yet */
typedef struct
{
  gint64 limit; /* what the last rest could have been at the most, µs */
} ChihuoBackoff;

/* The next rest, µs: anything up to a limit that doubles with each call, from the first up to `longest` */
gint64 chihuo_backoff_next  (ChihuoBackoff *self,
                             gint64         longest);
void   chihuo_backoff_reset (ChihuoBackoff *self);

G_END_DECLS
