/* test-conformance-simple.c - runs a simple backend through the conformance suite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "conformance/chihuo-conformance.h"
#include "conformance/chihuo-table-backend.h"

/* One store at a time is enough: each test destroys its own */
static ChihuoTable *table;

static char *
create (void)
{
  table = chihuo_table_new ();

  return g_strdup ("table:");
}

static ChihuoBackend *
open_backend (const char *address, GError **error)
{
  return chihuo_table_backend_new (table);
}

static void
destroy (const char *address)
{
  g_clear_pointer (&table, chihuo_table_free);
}

int
main (int argc, char *argv[])
{
  const ChihuoConformanceFactory factory = {
    .name = "simple",
    .create = create,
    .open = open_backend,
    .destroy = destroy,
    .can_share = TRUE,
  };

  return chihuo_conformance_run (&factory, argc, argv);
}
