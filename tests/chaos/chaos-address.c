/* chaos-address.c - where a chaos proxy listens, and where it connects to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "chaos-address.h"

static gboolean
parse_path (ChaosAddress *self, const char *path)
{
  struct sockaddr_un *address = (struct sockaddr_un *) &self->storage;

  if (strlen (path) >= sizeof address->sun_path)
    return FALSE;

  address->sun_family = AF_UNIX;
  g_strlcpy (address->sun_path, path, sizeof address->sun_path);
  self->length = sizeof *address;

  return TRUE;
}

gboolean
chaos_address_parse (ChaosAddress *self, const char *text)
{
  struct sockaddr_in *address = (struct sockaddr_in *) &self->storage;
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;

  memset (self, 0, sizeof *self);
  if (g_str_has_prefix (text, "unix:"))
    return parse_path (self, text + strlen ("unix:"));
  if (colon == NULL)
    return FALSE;

  host = g_strndup (text, colon - text);
  address->sin_family = AF_INET;
  address->sin_port = htons (atoi (colon + 1));
  self->length = sizeof *address;

  return inet_pton (AF_INET, host, &address->sin_addr) == 1;
}

char *
chaos_address_format (const ChaosAddress *self)
{
  const struct sockaddr_in *address = (const struct sockaddr_in *) &self->storage;
  char host[INET_ADDRSTRLEN];

  if (self->storage.ss_family == AF_UNIX)
    return g_strconcat ("unix:", ((const struct sockaddr_un *) &self->storage)->sun_path, NULL);

  inet_ntop (AF_INET, &address->sin_addr, host, sizeof host);
  return g_strdup_printf ("%s:%u", host, ntohs (address->sin_port));
}

/* Nagle's algorithm would add delays that nobody has asked for */
static int
prepare (int fd)
{
  int yes = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);

  return fd;
}

/* A port of 0 becomes the one that was found, and stays that */
int
chaos_address_listen (ChaosAddress *self)
{
  int fd = socket (self->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1;

  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (self->storage.ss_family == AF_UNIX)
    unlink (((struct sockaddr_un *) &self->storage)->sun_path);
  if (bind (fd, (struct sockaddr *) &self->storage, self->length) < 0 || listen (fd, 128) < 0)
    {
      close (fd);
      return -1;
    }
  getsockname (fd, (struct sockaddr *) &self->storage, &self->length);

  return fd;
}

int
chaos_address_connect (const ChaosAddress *self)
{
  int fd = socket (self->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (connect (fd, (const struct sockaddr *) &self->storage, self->length) < 0)
    {
      close (fd);
      return -1;
    }

  return prepare (fd);
}

int
chaos_address_accept (int listener)
{
  int fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);

  return fd >= 0 ? prepare (fd) : -1;
}
