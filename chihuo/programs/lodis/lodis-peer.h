/* lodis-peer.h - a connection, and the requests that come on it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "lodis-body.h"
#include "lodis-head.h"

G_BEGIN_DECLS

/* What all connections share */
typedef struct
{
  guint         patience; /* s: what a request may take until it is here; a body gets one more for each MiB */
  LodisBodyRoom room;
} LodisPeerLimits;

typedef struct _LodisPeer LodisPeer;

/* A request is here, or (without one) the connection is gone */
typedef void (* LodisPeerFunc) (LodisPeer *peer,
                                gboolean   gone,
                                gpointer   data);

LodisPeer  *lodis_peer_new         (GSocketConnection *connection,
                                    LodisPeerLimits   *limits,
                                    LodisPeerFunc      func,
                                    gpointer           data);
LodisPeer  *lodis_peer_ref         (LodisPeer         *self);
void        lodis_peer_unref       (LodisPeer         *self);
const char *lodis_peer_get_method  (LodisPeer         *self);
const char *lodis_peer_get_path    (LodisPeer         *self);
gboolean    lodis_peer_is_crowded  (LodisPeer         *self);
gboolean    lodis_peer_get_body    (LodisPeer         *self,
                                    LodisSpan         *body,
                                    GError           **error);
void        lodis_peer_answer      (LodisPeer         *self,
                                    guint              status,
                                    const char        *type,
                                    LodisSpan          body);
void        lodis_peer_set_closing (LodisPeer         *self);
void        lodis_peer_set_waiting (LodisPeer         *self);
gboolean    lodis_peer_is_busy     (LodisPeer         *self);
gboolean    lodis_peer_is_late     (LodisPeer         *self,
                                    gint64             now);
void        lodis_peer_close       (LodisPeer         *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisPeer, lodis_peer_unref)

G_END_DECLS
