/* test-conformance-file.c - runs the backend of examples/ through the conformance suite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>

#include "conformance/chihuo-conformance.h"
#include "examples/file-backend.h"

static char *
create (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("chihuo-conformance-XXXXXX", &error);

  g_assert_no_error (error);
  return g_strdup_printf ("file://%s/tasks.store?durable=false", folder);
}

static ChihuoBackend *
open_backend (const char *address, GError **error)
{
  return chihuo_conformance_open (EXAMPLE_TYPE_FILE_BACKEND, address, error);
}

static void
destroy (const char *address)
{
  const char *start = address + strlen ("file://");
  g_autofree char *path = g_strndup (start, strcspn (start, "?"));
  g_autofree char *folder = g_path_get_dirname (path);

  g_unlink (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char *argv[])
{
  const ChihuoConformanceFactory factory = {
    .name = "file",
    .create = create,
    .open = open_backend,
    .destroy = destroy,
  };

  return chihuo_conformance_run (&factory, argc, argv);
}
