/* sim-plan.h - what a seed means: a random choice of faults and of their measure
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-enums.h"
#include "sim-random.h"

G_BEGIN_DECLS

#define SECONDS ((gint64) G_USEC_PER_SEC)
#define MILLISECONDS ((gint64) 1000)

typedef struct
{
  /* who there is */
  guint             n_processes;
  guint             n_engines;    /* in each */
  guint             n_clients;    /* processes without an engine */
  guint             n_ids;
  gint64            duration;     /* of the part with faults, µs, as all times */

  /* the engines */
  guint             concurrency;
  guint             max_tries;
  guint             max_crashes;
  gint64            lease;
  gint64            poll;         /* 0 = it relies on being told */
  gboolean          notifies;     /* the store tells all processes that there is something new */
  gint64            drain_timeout;
  gint64            linger;
  ChihuoRetryPolicy retry_policy;
  gboolean          run_forever;
  gboolean          finish_on_success;

  /* the code, as shares of all runs */
  gboolean          begun;
  double            long_runs;    /* up to two leases */
  double            quick_runs;
  double            fail;
  double            reject;
  double            postpone;
  double            finish;
  double            deaf;         /* does not hear that it is cancelled */

  /* the clients */
  gint64            call_gap;     /* in the mean, as all gaps; 0 = never */
  gboolean          fresh_ids;    /* each is added once, plainly: so the order can be judged */
  double            delayed;
  double            with_priority;
  double            with_flags;
  double            with_timeout;
  double            other_calls;  /* finish, unfinish, remove, cancel, retry */
  double            pausing;
  double            sweeping;     /* clear, and retry of all dead ones */
  double            keeping;      /* of new rules how long what is kept */
  gint64            tune_gap;     /* somebody changes a concurrency */

  /* the net */
  gint64            delay;        /* of a message, at the most */
  double            lose_request;
  double            lose_reply;
  double            duplicate;
  double            late;         /* comes after its sender has given up */

  /* faults */
  gboolean          has_faults;
  gint64            kill_gap;
  gint64            pause_gap;
  gint64            suspend_gap;
  gint64            jump_gap;
  gint64            drift_gap;
  gint64            outage_gap;
  gint64            stop_gap;     /* no fault: it may be stopped at any time */
} SimPlan;

void sim_plan_init  (SimPlan       *self,
                     SimRandom     *random);
void sim_plan_print (const SimPlan *self,
                     GString       *text);

G_END_DECLS
