/* chihuo-conformance.h - the suite that every backend is run through
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"

G_BEGIN_DECLS

/* How the suite gets at the backend to be tested: all that an author of a backend writes, with a
 * main() that hands it to chihuo_conformance_run(). The store must go by the times of the
 * batches. */
typedef struct
{
  const char *name; /* of the backend, for the tests' paths */

  /* Makes a fresh and empty store and says its address */
  char          *(* create)  (void);

  /* Connects to it. Called again while a connection is open only where can_share is set */
  ChihuoBackend *(* open)    (const char     *address,
                              GError        **error);

  /* (nullable): Drops a connection as kill -9 would, with all that it holds. The suite unrefs it
   * afterwards. NULL: a worker's death shows by its leases, so the suite lets those run out */
  void           (* crash)   (ChihuoBackend  *backend);

  /* Removes the store; no connection is open any more */
  void           (* destroy) (const char     *address);

  gboolean        can_share; /* several connections at once */
  gboolean        can_spawn; /* another process may connect to the address, too */

  /* (nullable): tests of what the store does not promise, by their names without the backend's */
  const char *const *leaves_out;
} ChihuoConformanceFactory;

/* For an `open` whose address is a server configuration: a backend of this type, connected */
ChihuoBackend *chihuo_conformance_open (GType        type,
                                        const char  *server_config,
                                        GError     **error);

/* Adds all tests under "/NAME/". The environment's G_TEST_SRCDIR leads to task-life.csv */
void chihuo_conformance_add_tests (const ChihuoConformanceFactory  *factory);

/* A whole main(): runs the tests; with "--sequences FIRST N" prints random sequences for
 * model.py; with "--die ADDRESS N" it is the other process of a test */
int  chihuo_conformance_run       (const ChihuoConformanceFactory  *factory,
                                   int                              argc,
                                   char                           **argv);

G_END_DECLS
