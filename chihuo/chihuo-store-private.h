/* chihuo-store-private.h - what the parts of a store share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backoff.h"
#include "chihuo-parcel.h"
#include "chihuo-store.h"

G_BEGIN_DECLS

typedef struct
{
  guint                 id;
  ChihuoStoreOnlineFunc func;
  gpointer              data; /* (owned) */
  GDestroyNotify        data_free;
} ChihuoStoreWatch;

struct _ChihuoStore
{
  int            ref_count;    /* atomic; the last one goes under stores_mutex */
  char          *identity;     /* (owned) (nullable): its key in the table */
  ChihuoConfig  *config;       /* (owned) */
  ChihuoBackend *backend;      /* (owned) */
  gboolean       can_carry;
  gboolean       can_notify;
  GMainContext  *context;      /* (owned): the thread's */
  GSource       *turn_source;  /* (owned): wakes the thread */

  GMutex         mutex;
  GCond          gather_cond;  /* the thread waits here for callers to come back */
  /* under the mutex */
  gboolean       busy;         /* somebody has the turn */
  gboolean       again;        /* there is more for whoever has it */
  gboolean       quit;
  gboolean       gathering;
  GQueue         calls;        /* of ChihuoCall, owned, not yet answered */
  guint          n_calls;
  guint          n_returning;  /* how many waiting callers the last exchange answered */
  gint64         last_cost;    /* how long it took, µs */
  GPtrArray     *clients;      /* of ChihuoStoreClient, owned */
  GArray        *watches;      /* of ChihuoStoreWatch */
  guint          last_watch;
  int            online;       /* atomic, too */
  int            reap_wanted;  /* atomic: there is a new engine */
  char          *trouble;      /* (owned) (nullable): the last error while it is not online */

  /* whoever has the turn */
  gboolean       opened;
  GSource       *source;       /* (owned) (nullable): the backend's */
  ChihuoParcel   parcel;
  GPtrArray     *round;        /* the clients of this round, owned */
  gboolean       doubtful;     /* nobody knows what became of the parcel */
  guint32        request;
  ChihuoBackoff  backoff;
  gint64         retry_at;     /* lease clock; 0 = it is well */
  gint64         reap_at;      /* lease clock; 0 = it has never been done to the end */
  gint64         alarm;        /* when the thread wakes by itself, monotonic; −1 = not */
};

/* chihuo-store.c */
void     chihuo_store_pump               (ChihuoStore  *self,
                                          guint         max_turns);
void     chihuo_store_snapshot_clients   (ChihuoStore  *self,
                                          GPtrArray    *into,
                                          const char   *queue);

/* chihuo-store-round.c */
gboolean chihuo_store_take_turn          (ChihuoStore  *self);
void     chihuo_store_unlink_call_locked (ChihuoStore  *self,
                                          ChihuoCall   *call);
void     chihuo_store_answer_call        (ChihuoStore  *self,
                                          ChihuoCall   *call,
                                          const GError *error);

G_END_DECLS
