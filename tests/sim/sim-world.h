/* sim-world.h - virtual time, and what happens in it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "history.h"
#include "sim-plan.h"

G_BEGIN_DECLS

#define SIM_BEGIN (1000 * SECONDS)
#define SIM_WALL_BEGIN (G_GINT64_CONSTANT (1700000000) * SECONDS)

typedef struct _SimWorld SimWorld;
typedef struct _SimProcess SimProcess;
typedef struct _SimStore SimStore;

typedef void (* SimFunc) (SimWorld *world,
                          gpointer  data);

/* What a battery must have done to prove anything: counted over all its seeds */
typedef enum
{
  SIM_EFFECT_KILLS,
  SIM_EFFECT_KILLED_RUNS,
  SIM_EFFECT_PAUSES,
  SIM_EFFECT_JUMPS,
  SIM_EFFECT_OUTAGES,
  SIM_EFFECT_REPEATED_BATCHES,
  SIM_EFFECT_REPEATED_CLAIMS,
  SIM_EFFECT_REFUSED_OLD,
  SIM_EFFECT_REAPS,
  SIM_EFFECT_STALE_SETTLES,
  SIM_EFFECT_LOST_LEASES,
  SIM_EFFECT_AGAIN_ENDS,
  SIM_EFFECT_DROPPED_ENDS,
  SIM_EFFECT_RETURNS,
  SIM_EFFECT_ABANDONS,
  SIM_EFFECT_DEAD_ENDS,
  SIM_EFFECT_FINISHING_ENDS,
  SIM_EFFECT_SECOND_STOPS,
  SIM_EFFECT_SWEPT,
  SIM_EFFECT_CUT_MARKS,
  SIM_EFFECT_TUNINGS,
  SIM_EFFECT_ORDERED_SEEDS, /* without faults, so that their order was judged */

  SIM_N_EFFECTS,
} SimEffect;

struct _SimWorld
{
  SimPlan    plan;
  SimRandom  random;
  gint64     now;
  gboolean   healed;
  GArray    *events;        /* a heap */
  guint64    n_events;
  GPtrArray *processes;     /* of SimProcess, owned: all there ever were */
  SimStore  *store;         /* (owned) */
  GArray    *history;       /* of HistoryLine */
  GStringChunk *words;      /* (owned): those of the history */
  guint64   *effects;
  guint64    n_calls;
};

const char  *sim_effect_get_name  (SimEffect          effect);
void         sim_world_init       (SimWorld          *self,
                                   guint64            seed,
                                   guint64           *effects);
void         sim_world_clear      (SimWorld          *self);
void         sim_world_at         (SimWorld          *self,
                                   gint64             at,
                                   SimProcess        *process,
                                   SimFunc            func,
                                   gpointer           data,
                                   GDestroyNotify     data_free);
gboolean     sim_world_step       (SimWorld          *self,
                                   gint64             end);
HistoryLine *sim_world_tell       (SimWorld          *self,
                                   HistoryEvent       event,
                                   HistoryPhase       phase);
const char  *sim_world_word       (SimWorld          *self,
                                   const char        *text);
void         sim_world_count      (SimWorld          *self,
                                   SimEffect          effect);

G_END_DECLS
