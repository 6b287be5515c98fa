/* test-conformance-lodis.c - runs the Lodis backend in safe mode through the conformance suite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-lodis-backend.h"
#include "conformance/chihuo-conformance.h"
#include "lodis/lodis-fixture.h"

/* One server for each store, on a folder of its own; another process only knows the address */
static LodisFixture *fixture;

static char *
create (void)
{
  fixture = lodis_fixture_new (LODIS_FIXTURE_OURS);

  return g_strdup_printf ("{\"backend\":\"lodis\",\"port\":%u,\"mode\":\"safe\",\"clock\":\"batch\"}",
                          fixture->port);
}

static ChihuoBackend *
open_backend (const char *address, GError **error)
{
  return chihuo_conformance_open (CHIHUO_TYPE_LODIS_BACKEND, address, error);
}

static void
destroy (const char *address)
{
  g_clear_pointer (&fixture, lodis_fixture_free);
}

int
main (int argc, char *argv[])
{
  const ChihuoConformanceFactory factory = {
    .name = "lodis",
    .create = create,
    .open = open_backend,
    .destroy = destroy,
    .can_share = TRUE,
    .can_spawn = TRUE,
  };

  return chihuo_conformance_run (&factory, argc, argv);
}
