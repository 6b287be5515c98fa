/* test-conformance-memory.c - runs the memory backend through the conformance suite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-backend.h"
#include "conformance/chihuo-conformance.h"

static char *
create (void)
{
  return g_strdup ("memory:");
}

static ChihuoBackend *
open_backend (const char *address, GError **error)
{
  g_autoptr (ChihuoConfig) config = chihuo_config_new (address, error);
  g_autoptr (ChihuoBackend) backend = chihuo_memory_backend_new ();

  if (config == NULL || !chihuo_backend_open (backend, config, error))
    return NULL;

  return g_steal_pointer (&backend);
}

static void
destroy (const char *address)
{
}

int
main (int argc, char *argv[])
{
  const ChihuoConformanceFactory factory = {
    .name = "memory",
    .create = create,
    .open = open_backend,
    .destroy = destroy,
  };

  return chihuo_conformance_run (&factory, argc, argv);
}
