/* test-conformance-lodis-plain.c - runs the Lodis backend in plain mode through the conformance suite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-lodis-backend.h"
#include "conformance/chihuo-conformance.h"
#include "lodis/lodis-fixture.h"

/* The original server keeps an id and an info of a task, in an order, and the finished ids. So what
 * these tests ask for it has no place for */
static const char *const leaves_out[] = {
  "task-life",                /* places that can be compared */
  "order/priority",           /* priorities */
  "order/replace",            /* priorities */
  "order/return",             /* old places, but for those that go back together */
  "lists/cursor-of-gone",     /* a place that outlives its task */
  "lists/sweep-while-adding", /* steps: one command clears it all */
  "lists/retention",          /* how long something is kept */
  "requests/claim-fields",    /* priorities, time-outs and limits of a task */
  "workers/suspects",         /* crashes: who dies takes his tasks with him */
  "workers/no-suspects",
  "workers/killer",
  NULL,
};

/* One server for each store */
static LodisFixture *fixture;

static char *
create (void)
{
  fixture = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);

  return g_strdup_printf ("{\"backend\":\"lodis\",\"port\":%u,\"mode\":\"plain\"}",
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
    .name = "lodis-plain",
    .create = create,
    .open = open_backend,
    .destroy = destroy,
    .leaves_out = leaves_out,
  };

  return chihuo_conformance_run (&factory, argc, argv);
}
