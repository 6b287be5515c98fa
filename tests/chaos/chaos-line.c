/* chaos-line.c - bytes on their way in one direction
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "chaos-line.h"

typedef struct
{
  gint64 due;
  gsize  length;
  gsize  n_written;
  guint8 data[];
} Piece;

/* Never before a piece that is on its way already: a jitter delays, it does not overtake */
void
chaos_line_push (ChaosLine *self, const void *data, gsize length, gint64 due)
{
  Piece *last = g_queue_peek_tail (&self->pieces);
  Piece *piece = g_malloc (sizeof (Piece) + length);

  piece->due = last != NULL ? MAX (due, last->due) : due;
  piece->length = length;
  piece->n_written = 0;
  memcpy (piece->data, data, length);
  g_queue_push_tail (&self->pieces, piece);
  self->n_bytes += length;
}

/* When there is something to write; G_MAXINT64: nothing is on its way */
gint64
chaos_line_get_due (ChaosLine *self)
{
  Piece *piece = g_queue_peek_head (&self->pieces);

  return piece != NULL ? MAX (piece->due, self->next_at) : G_MAXINT64;
}

/* Writes what has arrived, `slice` bytes at a time with a pause after each (0: all at once). FALSE: the
 * other side is gone */
gboolean
chaos_line_write (ChaosLine *self, int fd, gsize slice, gint64 pause)
{
  while (chaos_line_get_due (self) <= g_get_monotonic_time ())
    {
      Piece *piece = g_queue_peek_head (&self->pieces);
      gsize left = piece->length - piece->n_written;
      gssize n = send (fd, piece->data + piece->n_written, slice > 0 ? MIN (left, slice) : left,
                       MSG_NOSIGNAL | MSG_DONTWAIT);

      if (n < 0)
        return errno == EAGAIN || errno == EINTR;

      self->n_bytes -= n;
      piece->n_written += n;
      if (piece->n_written == piece->length)
        g_free (g_queue_pop_head (&self->pieces));
      if (slice > 0)
        self->next_at = g_get_monotonic_time () + pause;
    }

  return TRUE;
}

void
chaos_line_clear (ChaosLine *self)
{
  g_queue_clear_full (&self->pieces, g_free);
  self->n_bytes = 0;
}
