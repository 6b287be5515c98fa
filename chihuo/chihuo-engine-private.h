/* chihuo-engine-private.h - what the parts of the engine share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-engine.h"

G_BEGIN_DECLS

typedef enum
{
  ENGINE_STATE_RUNNING,
  ENGINE_STATE_STOPPING, /* claims nothing any more; its runs go on until cancel_at */
  ENGINE_STATE_OVER,     /* nothing is held, nothing will be claimed */
} EngineState;

struct _ChihuoEngine
{
  ChihuoEngineOptions options;
  EngineState         state;
  GRand              *random;         /* (owned) */
  GQueue              ready;
  GQueue              running;
  GQueue              ended;
  GQueue              sent;
  GQueue              over;
  GQueue              left;           /* over for the store, but their code has not returned */
  GQueue              todo;           /* runs with an action, by todo_link */
  GHashTable         *index;          /* (owned) (nullable): payload → run, made when first needed */
  guint32             request;        /* of the last claim */
  gboolean            claiming;       /* a claim is under way */
  gboolean            hungry;         /* there may be something to claim */
  gboolean            held;           /* somebody says that more will come */
  gboolean            drained;        /* nothing waited, nothing ran, at the last claim */
  gboolean            abandoned;
  guint               n_suspects;     /* held ones that have crashed before */
  gint64              claim_at;       /* when to look again; lease clock, as all that follow */
  gint64              next_renewal;
  gint64              next_deadline;
  gint64              cancel_at;      /* while stopping; G_MAXINT64: done */
  double              pace;           /* µs a task keeps its slot, in the mean; 0 = not known */
};

/* chihuo-engine.c */
void     chihuo_engine_move_run      (ChihuoEngine       *self,
                                      ChihuoRun          *run,
                                      ChihuoRunState      state);
void     chihuo_engine_run_is_over   (ChihuoEngine       *self,
                                      ChihuoRun          *run,
                                      ChihuoOutcome       outcome);
void     chihuo_engine_cancel_run    (ChihuoEngine       *self,
                                      gint64              now,
                                      ChihuoRun          *run,
                                      ChihuoCancelReason  reason);
void     chihuo_engine_end_unstarted (ChihuoEngine       *self,
                                      ChihuoRun          *run);
guint    chihuo_engine_get_want      (ChihuoEngine       *self);
guint    chihuo_engine_get_prefetch  (ChihuoEngine       *self);

/* chihuo-engine-mail.c */
gboolean chihuo_engine_wants_claim   (ChihuoEngine       *self);

G_END_DECLS
