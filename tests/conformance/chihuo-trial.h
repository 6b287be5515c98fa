/* chihuo-trial.h - one store, a connection, and hand-made requests to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-conformance.h"

G_BEGIN_DECLS

#define CHIHUO_TRIAL_LEASE (30 * (gint64) G_USEC_PER_SEC)
/* How far the clocks go on before each round of a reap */
#define CHIHUO_TRIAL_REAP_PAUSE (5 * (gint64) G_USEC_PER_SEC)

#define CHIHUO_TRIAL_HOUR  (3600 * (gint64) G_USEC_PER_SEC)

/* All that a test needs to know. The clocks are the test's own */
typedef struct
{
  const ChihuoConformanceFactory *factory;
  char          *address;       /* (owned): of the store */
  ChihuoBackend *backend;       /* (owned) */
  const char    *queue;         /* interned; a test may choose another one */
  const char    *claimant;      /* interned */
  const char    *client;        /* interned */
  ChihuoMoment   moment;
  guint32        request;       /* of the last batch */
  guint32        claim_request; /* of the last claim */
  guint32        max_tries;     /* what claims say */
  guint32        max_crashes;
  gboolean       owns_store;
} ChihuoTrial;

ChihuoTrial  *chihuo_trial_new       (const ChihuoConformanceFactory *factory);
ChihuoTrial  *chihuo_trial_new_at    (const ChihuoConformanceFactory *factory,
                                      const char      *address,
                                      const char      *claimant);
ChihuoTrial  *chihuo_trial_new_other (ChihuoTrial     *first,
                                      const char      *claimant);
void          chihuo_trial_free      (ChihuoTrial     *self);
void          chihuo_trial_send      (ChihuoTrial     *self,
                                      ChihuoItem     **items,
                                      guint            n_items,
                                      guint32          request,
                                      gboolean         repeated);
ChihuoAnswer  chihuo_trial_do        (ChihuoTrial     *self,
                                      ChihuoItem      *item);
ChihuoItem    chihuo_trial_item      (ChihuoTrial     *self,
                                      ChihuoOp         op,
                                      const char      *id);
ChihuoItem    chihuo_trial_add_item  (ChihuoTrial     *self,
                                      const char      *id,
                                      const char      *json);
ChihuoAnswer  chihuo_trial_simple    (ChihuoTrial     *self,
                                      ChihuoOp         op,
                                      const char      *id);
ChihuoAnswer  chihuo_trial_add       (ChihuoTrial     *self,
                                      const char      *id);
ChihuoAnswer  chihuo_trial_add_later (ChihuoTrial     *self,
                                      const char      *id,
                                      gint64           delay);
void          chihuo_trial_add_many  (ChihuoTrial     *self,
                                      const char      *prefix,
                                      guint            n);
ChihuoItem    chihuo_trial_claim     (ChihuoTrial     *self,
                                      guint            n);
char         *chihuo_trial_claim_ids (ChihuoTrial     *self,
                                      guint            n);
ChihuoAnswer  chihuo_trial_settle    (ChihuoTrial     *self,
                                      const ChihuoClaimed *claimed,
                                      ChihuoSettle     how);
ChihuoRecord *chihuo_trial_look      (ChihuoTrial     *self,
                                      const char      *id);
GPtrArray    *chihuo_trial_list      (ChihuoTrial     *self,
                                      ChihuoTaskState  state,
                                      guint            limit);
GPtrArray    *chihuo_trial_finished  (ChihuoTrial     *self,
                                      guint            limit);
char         *chihuo_trial_list_ids  (ChihuoTrial     *self,
                                      ChihuoTaskState  state);
guint64       chihuo_trial_sweep     (ChihuoTrial     *self,
                                      ChihuoSweepWhat  what);
guint         chihuo_trial_reap      (ChihuoTrial     *self);
void          chihuo_trial_kill      (ChihuoTrial     *self);
void          chihuo_trial_advance   (ChihuoTrial     *self,
                                      gint64           duration);
void          chihuo_trial_stats     (ChihuoTrial     *self,
                                      ChihuoStats     *stats);
void          chihuo_trial_check     (ChihuoTrial     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoTrial, chihuo_trial_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChihuoItem, chihuo_item_clear)

G_END_DECLS
