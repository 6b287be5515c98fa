/* sim-store.h - the store of the simulation: the real memory backend behind a net
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "sim-world.h"

G_BEGIN_DECLS

typedef struct _SimMessage SimMessage;

/* A batch on its way: copies of its items, since its sender may die meanwhile */
struct _SimMessage
{
  gatomicrefcount  ref_count;
  SimProcess      *process;
  guint64          number;   /* of the sending; what is sent again has another one */
  const char      *client;
  guint32          request;
  gboolean         repeated;
  ChihuoItem      *items;    /* (owned) */
  guint            n_items;
  gboolean         doubled;  /* it is on its way twice, so that one refusal means nothing */
  gboolean         refused;  /* out: certainly nothing was done */
};

struct _SimStore
{
  ChihuoBackend *backend;     /* (owned) */
  GHashTable    *requests;    /* client → the newest request that was carried out */
  gint64         lease_clock; /* advances by at most 2 s a call: no outage reaps */
  gint64         called_at;
  gint64         wall_offset;
  gint64         frozen_until;
  gint64         down_until;
  gboolean       down_silent; /* while down it does not even refuse */
};

SimStore     *sim_store_new       (void);
void          sim_store_free      (SimStore   *self);
void          sim_store_exchange  (SimStore   *self,
                                   SimWorld   *world,
                                   SimMessage *message);
guint         sim_store_reap      (SimStore   *self,
                                   SimWorld   *world);
void          sim_store_sweep     (SimStore   *self,
                                   SimWorld   *world,
                                   ChihuoSweep *sweep);
ChihuoRecord *sim_store_look      (SimStore   *self,
                                   const char *id);
gboolean      sim_store_is_empty  (SimStore   *self,
                                   SimWorld   *world);

SimMessage   *sim_message_new     (guint       n_items);
SimMessage   *sim_message_ref     (SimMessage *self);
void          sim_message_unref   (SimMessage *self);
void          sim_message_set     (SimMessage *self,
                                   guint       index,
                                   const ChihuoItem *item);

const char   *sim_store_get_queue (void);

G_END_DECLS
