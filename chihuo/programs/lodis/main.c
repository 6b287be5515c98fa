/* main.c - lodis, a server of lists, maps and array-maps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "lodis-error.h"
#include "lodis-options.h"
#include "lodis-server.h"

static const char *const sync_names[] = { "always", "interval", "none" };

/* One line, whatever RocksDB has to say */
static int
complain (GError *error, int status)
{
  g_strdelimit (error->message, "\r\n", ' ');
  g_printerr ("lodis: %s\n", error->message);

  return status;
}

static gboolean
stop_cb (gpointer server)
{
  lodis_server_stop (server);

  return G_SOURCE_CONTINUE;
}

/* Connections and RocksDB's files need descriptors */
static void
raise_limits (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;

  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

static int
serve (const LodisOptions *options, const LodisData *data)
{
  g_autoptr (LodisServer) server = lodis_server_new (data, options->patience);
  g_autoptr (GError) error = NULL;
  g_autofree char *address = lodis_server_listen (server, options->address, &error);

  if (address == NULL)
    return complain (error, EX_CANTCREAT);

  /* never taken away: a second signal must not kill a server that is just closing its database */
  g_unix_signal_add (SIGTERM, stop_cb, server);
  g_unix_signal_add (SIGINT, stop_cb, server);
  g_print ("lodis %s: listening on %s, database %s, sync=%s\n", PACKAGE_VERSION, address,
           options->db_path, sync_names[options->sync]);

  return lodis_server_run (server, &error) ? EXIT_SUCCESS : complain (error, EX_IOERR);
}

static int
run (const LodisOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LodisStore) store = lodis_store_open (options->db_path, options->sync, &error);
  g_autoptr (LodisGaps) gaps = NULL;
  g_autoptr (LodisWaits) waits = NULL;

  if (store == NULL)
    return complain (error, g_error_matches (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION) ? EX_CONFIG
                                                                                            : EX_CANTCREAT);

  gaps = lodis_gaps_new ();
  waits = lodis_waits_new ();
  return serve (options, &(LodisData) { store, gaps, waits });
}

int
main (int argc, char *argv[])
{
  g_auto (LodisOptions) options = { NULL };
  g_autoptr (GError) error = NULL;

  signal (SIGPIPE, SIG_IGN);
  if (!lodis_options_parse (&options, &argc, &argv, &error))
    return complain (error, EX_CONFIG);
  if (options.version)
    {
      g_print ("lodis %s\n", PACKAGE_VERSION);
      return EXIT_SUCCESS;
    }

  raise_limits ();
  return run (&options);
}
