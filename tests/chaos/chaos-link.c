/* chaos-link.c - a client and its server, with a chaos proxy between them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chaos-link.h"

/* More than this is not taken in before something has left */
#define MOST_BYTES (8 * 1024 * 1024)

/* A server that was sent a request carries it out even though its reply is not wanted: closing at once would
 * throw away what it has not read yet. µs */
#define GRACE 20000

ChaosLink *
chaos_link_new (int client, int server)
{
  ChaosLink *self = g_new0 (ChaosLink, 1);

  self->fds[CHAOS_UP] = client;
  self->fds[CHAOS_DOWN] = server;
  self->close_at = G_MAXINT64;

  return self;
}

void
chaos_link_free (ChaosLink *self)
{
  for (guint way = 0; way < CHAOS_N_WAYS; way++)
    {
      chaos_line_clear (&self->lines[way]);
      if (self->fds[way] >= 0)
        close (self->fds[way]);
    }
  g_free (self);
}

/* The server's end is closed. Nobody tells the client, and nobody hears any more what it says */
void
chaos_link_halve (ChaosLink *self)
{
  if (self->fds[CHAOS_DOWN] < 0)
    return;

  close (self->fds[CHAOS_DOWN]);
  self->fds[CHAOS_DOWN] = -1;
  for (guint way = 0; way < CHAOS_N_WAYS; way++)
    chaos_line_clear (&self->lines[way]);
  self->shut[CHAOS_DOWN] = TRUE;
}

/* When something has to be done, whatever comes in. What is due already only waits for its reader */
gint64
chaos_link_get_due (ChaosLink *self, gint64 now)
{
  gint64 due = self->close_at;

  for (guint way = 0; way < CHAOS_N_WAYS; way++)
    {
      gint64 line_due = chaos_line_get_due (&self->lines[way]);

      if (line_due > now)
        due = MIN (due, line_due);
    }

  return due;
}

/* What to wait for at the end where a way begins, which is where the other way leads to */
short
chaos_link_get_events (ChaosLink *self, ChaosWay way, gint64 now)
{
  ChaosLine *other = &self->lines[CHAOS_N_WAYS - 1 - way];
  short events = 0;

  if (!self->ended[way] && !self->cut && self->lines[way].n_bytes < MOST_BYTES)
    events |= POLLIN;
  if (chaos_line_get_due (other) <= now)
    events |= POLLOUT;

  return events;
}

/* --- fates --- */

static ChaosFate
take_armed (ChaosRules *rules)
{
  for (guint fate = 1; fate < CHAOS_N_FATES; fate++)
    if (rules->n_armed[fate] > 0)
      {
        rules->n_armed[fate]--;
        return fate;
      }
  if (rules->chance > 0 && g_rand_double (rules->rand) < rules->chance)
    return g_rand_int_range (rules->rand, 1, CHAOS_N_FATES);

  return CHAOS_FATE_NONE;
}

static void
meet_fate (ChaosLink *self, gsize length, ChaosRules *rules)
{
  if (length < rules->least || self->fate != CHAOS_FATE_NONE)
    return;

  rules->n_requests++;
  self->fate = take_armed (rules);
  if (self->fate != CHAOS_FATE_NONE)
    rules->n_done[self->fate]++;
}

/* How much of a piece goes on; the rest never does */
static gsize
decide (ChaosLink *self, ChaosWay way, gsize length, ChaosRules *rules)
{
  if (self->fate == (way == CHAOS_UP ? CHAOS_FATE_CUT_UP : CHAOS_FATE_CUT_DOWN))
    {
      self->cut = TRUE;
      return length > 1 ? (gsize) g_rand_int_range (rules->rand, 1, length) : 0;
    }
  if (way == CHAOS_UP)
    return length;
  if (self->fate == CHAOS_FATE_DROP_CLOSE && self->close_at == G_MAXINT64)
    self->close_at = g_get_monotonic_time () + GRACE;

  return self->fate == CHAOS_FATE_DROP_CLOSE || self->fate == CHAOS_FATE_DROP_SILENT ? 0 : length;
}

/* --- bytes --- */

/* Takes in what has come. FALSE: that side is broken */
gboolean
chaos_link_read (ChaosLink *self, ChaosWay way, ChaosRules *rules)
{
  guint8 data[65536];
  gssize n = recv (self->fds[way], data, sizeof data, MSG_DONTWAIT);
  gint64 due = g_get_monotonic_time () + rules->delay[way];

  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  if (n == 0)
    {
      self->ended[way] = TRUE;
      return TRUE;
    }

  if (self->fds[CHAOS_DOWN] < 0)
    return TRUE;

  if (way == CHAOS_UP)
    meet_fate (self, n, rules);
  n = decide (self, way, n, rules);
  if (rules->jitter > 0)
    due += g_rand_int_range (rules->rand, 0, rules->jitter + 1);
  if (n > 0)
    chaos_line_push (&self->lines[way], data, n, due);

  return TRUE;
}

static void
pass_end (ChaosLink *self, ChaosWay way)
{
  if (!self->ended[way] || self->shut[way] || self->lines[way].n_bytes > 0)
    return;

  shutdown (self->fds[CHAOS_N_WAYS - 1 - way], SHUT_WR);
  self->shut[way] = TRUE;
}

/* Lets out what has been on its way for long enough. FALSE: the link is over */
gboolean
chaos_link_write (ChaosLink *self, ChaosRules *rules)
{
  gsize n_bytes = 0;

  for (guint way = 0; way < CHAOS_N_WAYS; way++)
    {
      if (!chaos_line_write (&self->lines[way], self->fds[CHAOS_N_WAYS - 1 - way], rules->slice,
                             rules->pause))
        return FALSE;
      pass_end (self, way);
      n_bytes += self->lines[way].n_bytes;
    }

  if (self->shut[CHAOS_UP] && (self->shut[CHAOS_DOWN] || self->fate == CHAOS_FATE_DROP_SILENT))
    return FALSE;

  return g_get_monotonic_time () < self->close_at && !(self->cut && n_bytes == 0);
}
