/* lodis-peers.h - who is connected, and who takes too long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* In seconds: what a request may take until it is here, and how long nothing at all may happen. A body
 * gets a second more for each MiB */
#define LODIS_PEERS_PATIENCE 75

#define LODIS_PEERS_MAX 1024

typedef struct _LodisPeers LodisPeers;

typedef enum
{
  LODIS_STAGE_WAITING,  /* for its head; nothing of it may be there yet */
  LODIS_STAGE_READING,  /* its body */
  LODIS_STAGE_ANSWERING,
} LodisStage;

LodisPeers *lodis_peers_new     (SoupServer        *soup);
void        lodis_peers_free    (LodisPeers        *self);
void        lodis_peers_close   (LodisPeers        *self);
void        lodis_peers_set     (LodisPeers        *self,
                                 SoupServerMessage *message,
                                 LodisStage         stage,
                                 goffset            length);
gboolean    lodis_peers_is_busy (LodisPeers        *self);
void        lodis_peers_sweep   (LodisPeers        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisPeers, lodis_peers_free)

G_END_DECLS
