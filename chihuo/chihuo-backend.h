/* chihuo-backend.h - what a store has to be able to do
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <gio/gio.h>

#include "chihuo-batch.h"
#include "chihuo-config.h"
#include "chihuo-record.h"
#include "chihuo-stats.h"

G_BEGIN_DECLS

/**
 * CHIHUO_BACKEND_MAX_TOUCHED:
 *
 * The most records a vfunc may touch in one call.
 *
 * Since: 1.0
 */
#define CHIHUO_BACKEND_MAX_TOUCHED 1024

/**
 * CHIHUO_BACKEND_EXTENSION_POINT:
 *
 * The name of the [struct@Gio.IOExtensionPoint] where backends are registered,
 * each under the scheme of its URIs.
 *
 * Since: 1.0
 */
#define CHIHUO_BACKEND_EXTENSION_POINT "chihuo-backend"

#define CHIHUO_TYPE_BACKEND (chihuo_backend_get_type ())
#define CHIHUO_TYPE_SWEEP_WHAT (chihuo_sweep_what_get_type ())

CHIHUO_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (ChihuoBackend, chihuo_backend, CHIHUO, BACKEND, GObject)

/**
 * ChihuoSweepWhat:
 * @CHIHUO_SWEEP_WHAT_CLEAR_WAITING: remove what waits
 * @CHIHUO_SWEEP_WHAT_CLEAR_DELAYED: remove what is delayed
 * @CHIHUO_SWEEP_WHAT_CLEAR_RUNNING: remove what runs, as %CHIHUO_OP_REMOVE does
 * @CHIHUO_SWEEP_WHAT_CLEAR_DEAD: remove what is dead
 * @CHIHUO_SWEEP_WHAT_CLEAR_FINISHED: take the finished marks away
 * @CHIHUO_SWEEP_WHAT_RETRY_DEAD: what %CHIHUO_OP_RETRY_DEAD does, to all
 * @CHIHUO_SWEEP_WHAT_IMPORT: take over what another program has stored under the
 *   queue's name, for backends whose @can_import is set
 *
 * Work on all of a queue, done in steps.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_SWEEP_WHAT_CLEAR_WAITING = 1,
  CHIHUO_SWEEP_WHAT_CLEAR_DELAYED,
  CHIHUO_SWEEP_WHAT_CLEAR_RUNNING,
  CHIHUO_SWEEP_WHAT_CLEAR_DEAD,
  CHIHUO_SWEEP_WHAT_CLEAR_FINISHED,
  CHIHUO_SWEEP_WHAT_RETRY_DEAD,
  CHIHUO_SWEEP_WHAT_IMPORT,
} ChihuoSweepWhat;

typedef struct _ChihuoSweep ChihuoSweep;
typedef struct _ChihuoPage ChihuoPage;

#ifndef __GI_SCANNER__
/* Steps of work on all of a queue: repeated until `more` is FALSE */
struct _ChihuoSweep
{
  const char      *queue;   /* interned */
  ChihuoSweepWhat  what;
  ChihuoMoment     moment;
  gboolean         started; /* set by the first step */
  gint64           after;   /* the backend's own: where to go on */
  gint64           until;   /* the backend's own: where to stop, so that a busy queue cannot keep it going for ever */
  guint64          n_done;  /* out: grows */
  gboolean         more;    /* out */
};

/* A look at one id, or a page of a list. It changes nothing */
struct _ChihuoPage
{
  const char      *queue;    /* interned */
  ChihuoPayload   *id;       /* (nullable): look at this one */
  gboolean         finished; /* list the finished ids (records with an id and the mark only), ordered by id bytes */
  ChihuoTaskState  state;    /* list the tasks in this state, ordered by chihuo_record_get_key() */
  const char      *after;    /* (nullable): a cursor, or a finished id; exclusive */
  guint            limit;    /* 1…1,024 */
  GPtrArray       *records;  /* (element-type ChihuoRecord): out, appended to. A look at an unknown id appends a
                                record that is ABSENT. `when` of a running one may be 0; claimant must be interned */
};
#endif

/**
 * ChihuoBackendInterface:
 * @can_carry: whether nothing in it ever blocks, so that a caller who finds the
 *   store idle may make the call himself
 * @can_import: whether @sweep knows %CHIHUO_SWEEP_WHAT_IMPORT
 * @can_notify: whether the source of @create_source fires for all that others
 *   add, and also when it may have missed something: then loops hardly ever
 *   look for work by themselves
 * @open: connects, creates what is missing. It takes its keys of the
 *   configuration; the caller reports the rest. Afterwards a second open must
 *   work, too, if the first one failed, or after @close
 * @close: disconnects. What it held is free for others at once
 * @exchange: does what a batch asks, in order, and answers each item. Required.
 *   %FALSE means that nothing was done (%CHIHUO_ERROR_BACKEND: the store said
 *   no; %CHIHUO_ERROR_TIMED_OUT: it cannot be reached now, it will be tried
 *   again) or that nobody knows (%CHIHUO_ERROR_UNKNOWN_OUTCOME: it will be
 *   repeated under the same request number, with `repeated` set). A store that
 *   has no room for more, but does the rest, answers the adds with
 *   %CHIHUO_ANSWER_REFUSED and says why in the batch's refusal
 * @page: looks at an id, or lists
 * @stats: fills in the figures of a queue, in constant time
 * @sweep: one step of work on all of a queue
 * @reap: sends the tasks of dead workers back to their places, trims what is
 *   kept too long, at most 1,024 records a call; says whether there is more
 * @create_source: (nullable): a source that is dispatched (with a
 *   [callback@GLib.SourceFunc]) when there may be something to claim that this
 *   process did not add itself
 *
 * The contract of a backend.
 *
 * All vfuncs are called one at a time, never two at once, on the thread of the
 * store (or, where @can_carry is set, by a caller in its place). None of them
 * may call back into the library.
 *
 * Since: 1.0
 */
struct _ChihuoBackendInterface
{
  /*< private >*/
  GTypeInterface parent_iface;

  /*< public >*/
  gboolean can_carry;
  gboolean can_import;
  gboolean can_notify;

  gboolean  (* open)          (ChihuoBackend       *self,
                               ChihuoConfig        *config,
                               GError             **error);
  gboolean  (* close)         (ChihuoBackend       *self,
                               GError             **error);
  gboolean  (* exchange)      (ChihuoBackend       *self,
                               ChihuoBatch         *batch,
                               GError             **error);
  gboolean  (* page)          (ChihuoBackend       *self,
                               ChihuoPage          *page,
                               GError             **error);
  gboolean  (* stats)         (ChihuoBackend       *self,
                               const char          *queue,
                               gint64               now,
                               ChihuoStats         *stats,
                               GError             **error);
  gboolean  (* sweep)         (ChihuoBackend       *self,
                               ChihuoSweep         *sweep,
                               GError             **error);
  gboolean  (* reap)          (ChihuoBackend       *self,
                               const ChihuoMoment  *moment,
                               guint               *n_reaped,
                               gboolean            *more,
                               GError             **error);
  GSource  *(* create_source) (ChihuoBackend       *self);
};

CHIHUO_AVAILABLE_IN_ALL
GType     chihuo_sweep_what_get_type   (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_open          (ChihuoBackend       *self,
                                        ChihuoConfig        *config,
                                        GError             **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_close         (ChihuoBackend       *self,
                                        GError             **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_exchange      (ChihuoBackend       *self,
                                        ChihuoBatch         *batch,
                                        GError             **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_page          (ChihuoBackend       *self,
                                        ChihuoPage          *page,
                                        GError             **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_stats         (ChihuoBackend       *self,
                                        const char          *queue,
                                        gint64               now,
                                        ChihuoStats         *stats,
                                        GError             **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_sweep         (ChihuoBackend       *self,
                                        ChihuoSweep         *sweep,
                                        GError             **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_reap          (ChihuoBackend       *self,
                                        const ChihuoMoment  *moment,
                                        guint               *n_reaped,
                                        gboolean            *more,
                                        GError             **error);
CHIHUO_AVAILABLE_IN_ALL
GSource  *chihuo_backend_create_source (ChihuoBackend       *self);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_can_carry     (ChihuoBackend       *self);
CHIHUO_AVAILABLE_IN_ALL
gboolean  chihuo_backend_can_notify    (ChihuoBackend       *self);

G_END_DECLS
