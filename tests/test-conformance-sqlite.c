/* test-conformance-sqlite.c - runs the SQLite backend through the conformance suite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "chihuo-sqlite-backend.h"
#include "conformance/chihuo-conformance.h"

/* The address is the database's path in a folder of its own */
static char *
create (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("chihuo-conformance-XXXXXX", &error);

  g_assert_no_error (error);
  return g_build_filename (folder, "tasks.db", NULL);
}

static ChihuoBackend *
open_backend (const char *address, GError **error)
{
  g_autofree char *config
    = g_strdup_printf ("{\"backend\":\"sqlite\",\"path\":\"%s\"}", address);

  return chihuo_conformance_open (CHIHUO_TYPE_SQLITE_BACKEND, config, error);
}

/* The last reference without a close: its byte is free, and nobody has signed off */
static void
crash (ChihuoBackend *backend)
{
}

static void
destroy (const char *address)
{
  g_autofree char *folder = g_path_get_dirname (address);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char *argv[])
{
  const ChihuoConformanceFactory factory = {
    .name = "sqlite",
    .create = create,
    .open = open_backend,
    .crash = crash,
    .destroy = destroy,
    .can_share = TRUE,
    .can_spawn = TRUE,
  };

  return chihuo_conformance_run (&factory, argc, argv);
}
