/* lodis-fixture.c - a queue server of a test's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/prctl.h>

#include "lodis-fixture.h"

/* Which program it is the environment says: LODIS, or LODIS_STUB for what plays the original one. */

static guint16
find_free_port (void)
{
  g_autoptr (GSocket) socket
    = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

/* In the child: a test that is aborted leaves no server behind */
static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static gboolean
answers (LodisFixture *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection
    = g_socket_client_connect_to_host (client, "127.0.0.1", self->port, NULL, NULL);

  return connection != NULL;
}

/* Starts it, and waits until it listens */
void
lodis_fixture_start (LodisFixture *self)
{
  const char *variable = self->kind == LODIS_FIXTURE_OURS ? "LODIS" : "LODIS_STUB";
  g_autofree char *address = g_strdup_printf ("127.0.0.1:%u", self->port);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
    G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (g_getenv (variable));
  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "LODIS_DB_PATH", self->folder, TRUE);
  g_subprocess_launcher_setenv (launcher, "LODIS_IP_PORT", address, TRUE);
  self->process = g_subprocess_launcher_spawn (
    launcher, &error, g_getenv (variable),
    self->kind == LODIS_FIXTURE_OURS ? "--sync=none" : NULL, NULL);
  g_assert_no_error (error);

  while (!answers (self))
    {
      g_assert_nonnull (g_subprocess_get_identifier (self->process));
      g_usleep (2000);
    }
}

/* Sends it a signal, and waits for its end */
void
lodis_fixture_stop (LodisFixture *self, int signal)
{
  if (self->process == NULL)
    return;

  g_subprocess_send_signal (self->process, signal);
  g_subprocess_wait (self->process, NULL, NULL);
  g_clear_object (&self->process);
}

/* Starts a server on an empty folder */
LodisFixture *
lodis_fixture_new (LodisFixtureKind kind)
{
  LodisFixture *self = g_new0 (LodisFixture, 1);
  g_autoptr (GError) error = NULL;

  self->kind = kind;
  self->folder = g_dir_make_tmp ("chihuo-lodis-XXXXXX", &error);
  g_assert_no_error (error);
  self->port = find_free_port ();
  lodis_fixture_start (self);

  return self;
}

/* Ends the server and removes its folder */
void
lodis_fixture_free (LodisFixture *self)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  lodis_fixture_stop (self, SIGKILL);
  dir = g_dir_open (self->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  g_free (self);
}
