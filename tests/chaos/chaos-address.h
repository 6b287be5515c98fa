/* chaos-address.h - where a chaos proxy listens, and where it connects to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <sys/socket.h>

G_BEGIN_DECLS

/* “unix:PATH”, or “NUMBER.OF.AN.IP:PORT” */
typedef struct
{
  struct sockaddr_storage storage;
  socklen_t               length;
} ChaosAddress;

gboolean chaos_address_parse   (ChaosAddress       *self,
                                const char         *text);
char    *chaos_address_format  (const ChaosAddress *self);
int      chaos_address_listen  (ChaosAddress       *self);
int      chaos_address_connect (const ChaosAddress *self);
int      chaos_address_accept  (int                 listener);

G_END_DECLS
