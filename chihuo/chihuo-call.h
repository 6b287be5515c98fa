/* chihuo-call.h - what one caller asks of a store, from the asking to the answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "chihuo-backend.h"

G_BEGIN_DECLS

typedef struct _ChihuoCall ChihuoCall;

/* Work that is no batch item: a page, figures, a sweep. Runs on the store's turn; sets *again when it
 * wants to be called once more, after others had their turn */
typedef gboolean (* ChihuoCallFunc) (ChihuoBackend       *backend,
                                     const ChihuoMoment  *moment,
                                     gpointer             data,
                                     gboolean            *again,
                                     GError             **error);

/* The answer is there. Called on the context that was given, or, without one, on any thread with no
 * lock held: then it must be plain C */
typedef void (* ChihuoCallDone) (ChihuoCall *call,
                                 gpointer    data);

typedef enum
{
  CHIHUO_CALL_STATE_NEW,
  CHIHUO_CALL_STATE_QUEUED, /* it can be taken back */
  CHIHUO_CALL_STATE_SENT,   /* some of it is under way, or was */
  CHIHUO_CALL_STATE_DONE,
} ChihuoCallState;

/* Plain C, reference counted: the caller has one reference, the store another while it is queued.
 * Fields below the line belong to the store and its lock */
struct _ChihuoCall
{
  gatomicrefcount ref_count;
  ChihuoItem     *items;      /* (owned) (nullable) (array length=n_items) */
  guint           n_items;
  ChihuoCallFunc  func;       /* (nullable): instead of items */
  gpointer        func_data;  /* (owned) */
  GDestroyNotify  func_free;

  /* ---- */
  GList           link;       /* in the store's queue */
  ChihuoCallState state;
  guint           n_sent;     /* items that are in a batch, or were; steps of a func that were done */
  guint           n_answered; /* items that were answered */
  gboolean        forsaken;   /* nobody waits any more */
  GError         *error;      /* (owned) (nullable): the answer, if it is that */
  GCond           cond;       /* a synchronous caller waits here */
  gboolean        waited_for;
  GMainContext   *context;    /* (owned) (nullable): where `done` is called */
  ChihuoCallDone  done;       /* (nullable) */
  gpointer        done_data;
  int             handed_over; /* atomic: the answer is on its way to `context` */
};

ChihuoCall *chihuo_call_new_items (guint           n_items);
ChihuoCall *chihuo_call_new_func  (ChihuoCallFunc  func,
                                   gpointer        data,
                                   GDestroyNotify  data_free);
ChihuoCall *chihuo_call_ref       (ChihuoCall     *self);
void        chihuo_call_unref     (ChihuoCall     *self);
void        chihuo_call_finish    (ChihuoCall     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoCall, chihuo_call_unref)

G_END_DECLS
