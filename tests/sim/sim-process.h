/* sim-process.h - a process of the simulation: engines, and a connection to the store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-engine.h"
#include "sim-store.h"

G_BEGIN_DECLS

#define SIM_MAX_ENGINES 2

typedef struct _SimEngine SimEngine;
typedef struct _SimCall SimCall;

/* A call of a client, as chihuo_queue_add() makes it */
struct _SimCall
{
  ChihuoItem    item;
  HistoryEvent  event;  /* HISTORY_N_EVENTS: none that the history tells of */
  guint64       number;
  const char   *id;     /* a word of the world (nullable) */
  const char   *info;   /* a word of the world (nullable) */
  gboolean      told;   /* the history knows that it was sent */
};

/* What one engine has put into the batch */
typedef struct
{
  SimEngine *engine;
  guint      first;
  guint      n;
} SimShare;

struct _SimProcess
{
  const char   *name;           /* another one in each life, as in the history */
  guint         place;          /* which of the processes it stands for */
  guint         life;
  gboolean      alive;
  gboolean      stopping;
  SimWorld     *world;

  /* its clocks */
  double        rate;
  double        clock_base;     /* what its lease clock showed… */
  gint64        clock_since;    /* …then */
  gint64        wall_offset;
  gint64        paused_until;

  /* what runs in it */
  SimEngine    *engines[SIM_MAX_ENGINES];
  guint         n_engines;
  SimEngine    *permit;         /* (nullable): who may hold a suspect */

  /* its connection: one batch at a time, sent again until its outcome is known */
  const char   *client;         /* as a uuid: equal to its name */
  GQueue        calls;          /* of SimCall, owned: not sent yet */
  GPtrArray    *sent;           /* of SimCall, owned: in the batch */
  ChihuoMail   *mails;          /* (owned) */
  SimShare      shares[SIM_MAX_ENGINES];
  guint         n_shares;
  ChihuoMoment  moment;         /* of the packing */
  gint64        first_sent_at;
  guint32       request;
  guint64       number;         /* of the last message */
  gboolean      in_flight;
  gboolean      doubtful;
  gint64        backoff;
  gint64        retry_at;
  gint64        reap_at;
  gint64        wake_at;        /* the earliest wake-up that is ordered */
  gboolean      poked;          /* a pump is ordered */
};

/* sim-process.c */
SimProcess   *sim_process_new        (SimWorld    *world,
                                      guint        place,
                                      guint        life,
                                      gboolean     has_engines);
void          sim_process_free       (SimProcess  *self);
ChihuoMoment  sim_process_get_moment (SimProcess  *self);
void          sim_process_set_rate   (SimProcess  *self,
                                      double       rate);
void          sim_process_poke       (SimProcess  *self);
void          sim_process_call       (SimProcess  *self,
                                      SimCall     *call);
void          sim_process_kill       (SimProcess  *self);
void          sim_process_stop       (SimProcess  *self);
void          sim_process_check_over (SimProcess  *self);
void          sim_process_news       (SimProcess  *self,
                                      gboolean     notice);
void          sim_call_free          (SimCall     *call);

/* sim-connection.c */
void          sim_connection_pump    (SimProcess  *self);
void          sim_connection_drop    (SimProcess  *self);
void          sim_connection_notify  (SimWorld    *world,
                                      SimProcess  *who);

/* sim-engine.c */
SimEngine    *sim_engine_new         (SimProcess  *process,
                                      guint        number);
void          sim_engine_free        (SimEngine   *self);
guint         sim_engine_collect     (SimEngine   *self,
                                      ChihuoMail  *mails,
                                      guint        max);
void          sim_engine_deliver     (SimEngine   *self,
                                      ChihuoMail  *mails,
                                      guint        n);
void          sim_engine_undone      (SimEngine   *self,
                                      ChihuoMail  *mails,
                                      guint        n);
void          sim_engine_news        (SimEngine   *self,
                                      gboolean     notice);
void          sim_engine_stop        (SimEngine   *self);
void          sim_engine_abandon     (SimEngine   *self);
void          sim_engine_tune        (SimEngine   *self,
                                      guint        concurrency);
gint64        sim_engine_get_next    (SimEngine   *self);
gboolean      sim_engine_is_over     (SimEngine   *self);
gboolean      sim_engine_has_left    (SimEngine   *self);
gboolean      sim_engine_runs_code   (SimEngine   *self);

/* sim-sweep.c */
void          sim_sweep_start        (SimProcess  *process,
                                      guint        flags);

/* sim-people.c */
void          sim_people_start       (SimWorld    *world);
void          sim_people_greet       (SimProcess  *process);
void          sim_people_unpause     (SimWorld    *world);

/* sim-faults.c */
void          sim_faults_start       (SimWorld    *world);
void          sim_faults_restart     (SimWorld    *world,
                                      SimProcess  *process);
void          sim_faults_heal        (SimWorld    *world);

G_END_DECLS
