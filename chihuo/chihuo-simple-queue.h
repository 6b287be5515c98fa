/* chihuo-simple-queue.h - one queue in the storage of a simple backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-simple-backend.h"

G_BEGIN_DECLS

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
typedef struct _ChihuoSimpleQueue ChihuoSimpleQueue;

/* A queue's figures, loaded once in a transaction and saved at its end */
struct _ChihuoSimpleQueue
{
  ChihuoSimpleBackend *backend;       /* (not owned) */
  const char          *name;          /* interned */
  GHashTable          *workers;       /* (owned): interned claimant → number of its runs */
  guint64              token;         /* the newest one given */
  gint64               head;          /* the newest places given */
  gint64               tail;
  gint64               mark;          /* the number of the newest finished mark */
  guint64              counts[CHIHUO_TASK_STATE_DEAD + 1];
  guint64              finished;      /* how many marks there are */
  gint64               keep_finished; /* µs; 0 = for ever */
  gint64               keep_dead;     /* µs; 0 = for ever */
  guint64              dead_max;      /* 0 = any number */
  gboolean             paused;
  gboolean             stored;        /* the storage knows this queue */
  gboolean             changed;
};

ChihuoSimpleQueue *chihuo_simple_queue_load   (ChihuoSimpleBackend  *backend,
                                               const char           *name,
                                               GError              **error);
gboolean           chihuo_simple_queue_save   (ChihuoSimpleQueue    *self,
                                               GError              **error);
void               chihuo_simple_queue_free   (ChihuoSimpleQueue    *self);
ChihuoRecord      *chihuo_simple_queue_look   (ChihuoSimpleQueue    *self,
                                               ChihuoPayload        *id,
                                               gboolean             *junk,
                                               GError              **error);
gboolean           chihuo_simple_queue_marked (ChihuoSimpleQueue    *self,
                                               ChihuoPayload        *id,
                                               gint64               *when,
                                               GError              **error);
gboolean           chihuo_simple_queue_step   (ChihuoSimpleQueue    *self,
                                               ChihuoPayload        *id,
                                               const ChihuoItem     *event,
                                               const ChihuoMoment   *moment,
                                               ChihuoAnswer         *answer,
                                               ChihuoRecord        **after,
                                               GError              **error);
gboolean           chihuo_simple_queue_next   (ChihuoSimpleQueue    *self,
                                               const char           *after,
                                               char                **key,
                                               char                **index,
                                               GError              **error);
gboolean           chihuo_simple_queue_waits  (ChihuoSimpleQueue    *self,
                                               const char           *after,
                                               gboolean              suspects,
                                               char                **key,
                                               char                **index,
                                               GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoSimpleQueue, chihuo_simple_queue_free)

G_END_DECLS
