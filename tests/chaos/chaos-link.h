/* chaos-link.h - a client and its server, with a chaos proxy between them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chaos-line.h"

G_BEGIN_DECLS

typedef enum
{
  CHAOS_UP,   /* from the client to the server */
  CHAOS_DOWN,

  CHAOS_N_WAYS,
} ChaosWay;

typedef enum
{
  CHAOS_FATE_NONE,
  CHAOS_FATE_DROP_CLOSE,  /* the reply is swallowed, then both sides are closed */
  CHAOS_FATE_DROP_SILENT, /* all replies are swallowed, and nobody is told */
  CHAOS_FATE_CUT_UP,      /* a part of the request passes, then both sides are closed */
  CHAOS_FATE_CUT_DOWN,    /* the same of the reply */

  CHAOS_N_FATES,
} ChaosFate;

/* What all links have in common */
typedef struct
{
  gint64  delay[CHAOS_N_WAYS]; /* µs */
  gint64  jitter;              /* µs, at most, on top of it */
  gsize   slice;               /* bytes at a time; 0: as they come */
  gint64  pause;               /* µs after each slice */
  gsize   least;               /* a smaller piece is no request */
  guint   n_armed[CHAOS_N_FATES]; /* so many of the next requests meet this fate */
  double  chance;              /* any request meets any fate */
  GRand  *rand;                /* (owned) */
  guint64 n_requests;
  guint64 n_done[CHAOS_N_FATES];
} ChaosRules;

typedef struct
{
  int       fds[CHAOS_N_WAYS];   /* (owned): whom a way comes from: the client, the server; −1: gone */
  ChaosLine lines[CHAOS_N_WAYS];
  gboolean  ended[CHAOS_N_WAYS]; /* nothing more comes from there… */
  gboolean  shut[CHAOS_N_WAYS];  /* …and the other side has been told */
  ChaosFate fate;
  gint64    close_at;            /* G_MAXINT64: not known yet */
  gboolean  cut;                 /* closed when the lines are empty */
} ChaosLink;

ChaosLink *chaos_link_new        (int         client,
                                  int         server);
void       chaos_link_free       (ChaosLink  *self);
void       chaos_link_halve      (ChaosLink  *self);
gint64     chaos_link_get_due    (ChaosLink  *self,
                                  gint64      now);
short      chaos_link_get_events (ChaosLink  *self,
                                  ChaosWay    way,
                                  gint64      now);
gboolean   chaos_link_read       (ChaosLink  *self,
                                  ChaosWay    way,
                                  ChaosRules *rules);
gboolean   chaos_link_write      (ChaosLink  *self,
                                  ChaosRules *rules);

G_END_DECLS
