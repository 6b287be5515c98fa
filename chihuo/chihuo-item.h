/* chihuo-item.h - one request to a backend, with room for its answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <glib-object.h>

#include "chihuo-enums.h"
#include "chihuo-payload.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_OP     (chihuo_op_get_type ())
#define CHIHUO_TYPE_ANSWER (chihuo_answer_get_type ())
#define CHIHUO_TYPE_SETTLE (chihuo_settle_get_type ())

/**
 * ChihuoOp:
 * @CHIHUO_OP_ADD: add a task
 * @CHIHUO_OP_FINISH: mark an id as finished
 * @CHIHUO_OP_UNFINISH: take the mark away
 * @CHIHUO_OP_REMOVE: remove a task without finishing it
 * @CHIHUO_OP_CANCEL: flag a running task as cancelled
 * @CHIHUO_OP_RETRY_DEAD: send a dead task back to the tail, its counters 0
 * @CHIHUO_OP_SETTLE: end a run
 * @CHIHUO_OP_RENEW: renew a run's lease
 * @CHIHUO_OP_CLAIM: claim up to n tasks
 * @CHIHUO_OP_SET_PAUSED: pause a queue, or go on
 * @CHIHUO_OP_SET_RETENTION: how long finished marks and dead tasks are kept
 * @CHIHUO_OP_DUE: a delayed task's time has come (a backend's own event; it
 *   never travels in a batch)
 * @CHIHUO_OP_REAP: a running task's worker is dead (a backend's own event)
 * @CHIHUO_OP_JUNK: what is stored is no task (a backend's own event)
 *
 * What happens to a task, or to a queue.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_OP_ADD = 1,
  CHIHUO_OP_FINISH,
  CHIHUO_OP_UNFINISH,
  CHIHUO_OP_REMOVE,
  CHIHUO_OP_CANCEL,
  CHIHUO_OP_RETRY_DEAD,
  CHIHUO_OP_SETTLE,
  CHIHUO_OP_RENEW,
  CHIHUO_OP_CLAIM,
  CHIHUO_OP_SET_PAUSED,
  CHIHUO_OP_SET_RETENTION,
  CHIHUO_OP_DUE,
  CHIHUO_OP_REAP,
  CHIHUO_OP_JUNK,
} ChihuoOp;

/**
 * ChihuoAnswer:
 * @CHIHUO_ANSWER_NONE: not answered yet
 * @CHIHUO_ANSWER_ADDED: as %CHIHUO_ADD_RESULT_ADDED
 * @CHIHUO_ANSWER_EXISTS: as %CHIHUO_ADD_RESULT_EXISTS
 * @CHIHUO_ANSWER_AGAIN: as %CHIHUO_ADD_RESULT_AGAIN
 * @CHIHUO_ANSWER_RUNNING: as %CHIHUO_ADD_RESULT_RUNNING
 * @CHIHUO_ANSWER_DEAD: as %CHIHUO_ADD_RESULT_DEAD; to a settle: the task is
 *   dead now
 * @CHIHUO_ANSWER_FINISHED: as %CHIHUO_ADD_RESULT_FINISHED
 * @CHIHUO_ANSWER_OK: done
 * @CHIHUO_ANSWER_STALE: the token or the claimant is not the run's: nothing
 *   was changed
 * @CHIHUO_ANSWER_CANCELLED: to a renewal: renewed, but people want it cancelled
 * @CHIHUO_ANSWER_DROPPED: to a renewal: renewed, but the task was finished or
 *   removed meanwhile
 * @CHIHUO_ANSWER_ABSENT: there is nothing of that id to do it to
 * @CHIHUO_ANSWER_REFUSED: to an add: the store has no room for it, and says so
 *   in the batch's refusal; nothing was changed
 *
 * What a backend says to an item. The first seven are equal to the values of
 * [enum@Chihuo.AddResult].
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_ANSWER_NONE,
  CHIHUO_ANSWER_ADDED,
  CHIHUO_ANSWER_EXISTS,
  CHIHUO_ANSWER_AGAIN,
  CHIHUO_ANSWER_RUNNING,
  CHIHUO_ANSWER_DEAD,
  CHIHUO_ANSWER_FINISHED,
  CHIHUO_ANSWER_OK,
  CHIHUO_ANSWER_STALE,
  CHIHUO_ANSWER_CANCELLED,
  CHIHUO_ANSWER_DROPPED,
  CHIHUO_ANSWER_ABSENT,
  CHIHUO_ANSWER_REFUSED,
} ChihuoAnswer;

/**
 * ChihuoSettle:
 * @CHIHUO_SETTLE_DONE: it succeeded
 * @CHIHUO_SETTLE_FAILED: it failed: retry later, or dead when out of tries
 * @CHIHUO_SETTLE_REJECTED: never again: dead at once
 * @CHIHUO_SETTLE_POSTPONED: run it later, nothing counted
 * @CHIHUO_SETTLE_RETURNED: back to its old place, nothing counted
 * @CHIHUO_SETTLE_ABANDONED: its code may still run: the lease is cut to 1 s,
 *   and the reap that follows counts nothing
 *
 * How a run ends, as the backend is told.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_SETTLE_DONE = 1,
  CHIHUO_SETTLE_FAILED,
  CHIHUO_SETTLE_REJECTED,
  CHIHUO_SETTLE_POSTPONED,
  CHIHUO_SETTLE_RETURNED,
  CHIHUO_SETTLE_ABANDONED,
} ChihuoSettle;

typedef struct _ChihuoItem ChihuoItem;
typedef struct _ChihuoClaimed ChihuoClaimed;

#ifndef __GI_SCANNER__
/* What a claim gets for each task */
struct _ChihuoClaimed
{
  ChihuoPayload *payload;     /* (owned): id and info */
  guint64        token;
  guint64        handle;      /* the backend's own note; comes back with settles and renewals */
  gint64         timeout;     /* µs; 0 = none */
  guint32        failures;
  guint32        crashes;
  guint32        max_tries;   /* of this run */
  gint8          priority;
};

/* All times in µs. All that is not marked "out" is set by whoever asks */
struct _ChihuoItem
{
  ChihuoOp       op;
  ChihuoAnswer   answer;   /* out */
  const char    *queue;    /* interned: equal names are equal pointers */
  ChihuoPayload *payload;  /* (owned) (nullable): the id, and the info of an add */
  const char    *claimant; /* interned (nullable): who claims, settles, renews */
  guint64        token;    /* settle, renew: the run's. Claim, inside a backend: the one to give */
  guint64        handle;   /* settle, renew: from the claim */

  union
  {
    struct
    {
      ChihuoAddFlags flags;
      gboolean       has_priority; /* given, so REPLACE takes it over */
      gint64         delay;        /* 0 = none given */
      gint64         timeout;      /* 0 = none */
      guint32        max_tries;    /* 0 = as the loop says */
      gint8          priority;
    } add;

    struct
    {
      ChihuoSettle how;
      gboolean     finish; /* mark the id as finished, however the run ended */
      gint64       delay;  /* failed, postponed: until the next run; −1 = its old place, at once */
      char        *error;  /* (owned) (nullable): ≤ 4 KiB, for failed and rejected */
    } settle;

    struct
    {
      gint64 lease; /* from now on */
    } renew;

    struct
    {
      guint          n;           /* how many at the most */
      guint          suspects;    /* how many of them may have crashed before: 0 or 1 */
      guint32        request;     /* grows with each claim of this claimant; a repetition has the same */
      guint32        max_tries;   /* for tasks that have no limit of their own */
      guint32        max_crashes;
      gint64         lease;
      ChihuoClaimed *claimed;     /* out (owned) (array length=n_claimed) */
      guint          n_claimed;   /* out */
      guint          n_lost;      /* out: claimed under this request before, and no longer held */
      gint64         next_due;    /* out: when the next delayed task is due, µs since the epoch; 0 = none */
      guint64        n_waiting;   /* out: what stays waiting */
      gboolean       paused;      /* out */
    } claim;

    struct
    {
      gboolean paused;
    } pause;

    struct
    {
      gint64  finished; /* 0 = for ever */
      gint64  dead;     /* 0 = for ever */
      guint64 dead_max; /* 0 = any number */
    } retention;

    struct
    {
      gboolean counted; /* reap: FALSE = no crash of the task's (another boot, an outage) */
    } reap;

    struct
    {
      char *reason; /* (owned): what is wrong with it */
    } junk;
  };
};
#endif

CHIHUO_AVAILABLE_IN_ALL
GType chihuo_op_get_type       (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_answer_get_type   (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
GType chihuo_settle_get_type   (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
void  chihuo_item_clear        (ChihuoItem *self);
CHIHUO_AVAILABLE_IN_ALL
void  chihuo_item_clear_answer (ChihuoItem *self);
CHIHUO_AVAILABLE_IN_ALL
gsize chihuo_item_get_claimed_size
                               (const ChihuoItem *self);

G_END_DECLS
