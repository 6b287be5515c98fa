/* lodis-options.c - what the command line and the environment say
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-error.h"
#include "lodis-options.h"

/* For a connection that says nothing, in seconds */
#define PATIENCE 75
#define PATIENCE_MAX 86400

/* As the words stand there; a flag goes before its variable */
typedef struct
{
  char    *db_path;
  char    *listen;
  char    *sync;
  char    *workers;
  char    *idle_timeout;
  gboolean insecure;
  gboolean version;
} Words;

static void
words_clear (Words *words)
{
  g_free (words->db_path);
  g_free (words->listen);
  g_free (words->sync);
  g_free (words->workers);
  g_free (words->idle_timeout);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Words, words_clear)

static gboolean
read_flags (Words *words, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "db-path", 0, 0, G_OPTION_ARG_FILENAME, &words->db_path, "The database's folder ($LODIS_DB_PATH)",
      "FOLDER" },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &words->listen, "Where to listen ($LODIS_IP_PORT)", "IP:PORT" },
    { "sync", 0, 0, G_OPTION_ARG_STRING, &words->sync,
      "When what was written is on the disk: always (before the reply; the default), interval (within a "
      "second) or none",
      "WHEN" },
    { "workers", 0, 0, G_OPTION_ARG_STRING, &words->workers,
      "Accepted for the original's sake ($LODIS_WORKERS): one thread runs all commands", "N" },
    { "idle-timeout", 0, 0, G_OPTION_ARG_STRING, &words->idle_timeout,
      "Close a connection on which no whole request comes for so long (75)", "SECONDS" },
    { "insecure-listen", 0, 0, G_OPTION_ARG_NONE, &words->insecure,
      "Let others than this machine in: there is no password", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &words->version, "Print the version", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- lists, maps and array-maps over HTTP");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc == 1)
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION, "%s: unknown argument; see --help", (*argv)[1]);
  return FALSE;
}

static void
add_environment (char **word, const char *variable)
{
  if (*word == NULL)
    *word = g_strdup (g_getenv (variable));
}

static gboolean
require (const char *word, const char *flag, const char *variable, GError **error)
{
  if (word != NULL && *word != '\0')
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION, "neither %s nor %s is given", flag, variable);
  return FALSE;
}

/* Digits only, as far as the end */
static gboolean
parse_number (const char *text, guint64 least, guint64 most, guint64 *number)
{
  return g_ascii_string_to_unsigned (text, 10, least, most, number, NULL);
}

/* "127.0.0.1:8311" or "[::1]:8311" */
static gboolean
parse_address (const char *text, GSocketAddress **address)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) ip = NULL;
  guint64 port;
  gsize length;

  if (colon == NULL || !parse_number (colon + 1, 0, G_MAXUINT16, &port))
    return FALSE;

  host = g_strndup (text, colon - text);
  length = strlen (host);
  if (host[0] == '[' && length > 2 && host[length - 1] == ']')
    {
      host[length - 1] = '\0';
      memmove (host, host + 1, length - 1);
    }
  else if (strchr (host, ':') != NULL)
    return FALSE;
  ip = g_inet_address_new_from_string (g_str_equal (host, "localhost") ? "127.0.0.1" : host);
  if (ip == NULL)
    return FALSE;

  *address = g_inet_socket_address_new (ip, port);
  return TRUE;
}

static gboolean
take_address (LodisOptions *self, const Words *words, GError **error)
{
  GInetAddress *ip;

  if (!parse_address (words->listen, &self->address))
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION,
                   "%s: an address and a port were expected, such as 127.0.0.1:8311", words->listen);
      return FALSE;
    }

  ip = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (self->address));
  if (words->insecure || g_inet_address_get_is_loopback (ip))
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION,
               "%s: whoever reaches that address could read and change everything; "
               "--insecure-listen allows it",
               words->listen);
  return FALSE;
}

static gboolean
take_sync (LodisOptions *self, const Words *words, GError **error)
{
  static const char *const names[] = { "always", "interval", "none" };

  self->sync = LODIS_SYNC_ALWAYS;
  for (guint i = 0; words->sync != NULL && i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (words->sync, names[i]))
      {
        self->sync = (LodisSync) i;
        return TRUE;
      }
  if (words->sync == NULL)
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION,
               "--sync=%s: always, interval or none was expected", words->sync);
  return FALSE;
}

static gboolean
check_workers (const Words *words, GError **error)
{
  guint64 n;

  if (words->workers == NULL || parse_number (words->workers, 1, 1024, &n))
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION,
               "LODIS_WORKERS=%s: a number from 1 to 1024 was expected", words->workers);
  return FALSE;
}

static gboolean
take_patience (LodisOptions *self, const Words *words, GError **error)
{
  guint64 seconds = PATIENCE;

  if (words->idle_timeout != NULL && !parse_number (words->idle_timeout, 1, PATIENCE_MAX, &seconds))
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_CONFIGURATION,
                   "--idle-timeout=%s: a number of seconds from 1 to %d was expected", words->idle_timeout,
                   PATIENCE_MAX);
      return FALSE;
    }

  self->patience = seconds;
  return TRUE;
}

gboolean
lodis_options_parse (LodisOptions *self, int *argc, char ***argv, GError **error)
{
  g_auto (Words) words = { NULL };

  if (!read_flags (&words, argc, argv, error))
    return FALSE;
  self->version = words.version;
  if (self->version)
    return TRUE;

  add_environment (&words.db_path, "LODIS_DB_PATH");
  add_environment (&words.listen, "LODIS_IP_PORT");
  add_environment (&words.workers, "LODIS_WORKERS");
  if (!require (words.db_path, "--db-path", "LODIS_DB_PATH", error)
      || !require (words.listen, "--listen", "LODIS_IP_PORT", error) || !take_address (self, &words, error)
      || !take_sync (self, &words, error) || !take_patience (self, &words, error)
      || !check_workers (&words, error))
    return FALSE;

  self->db_path = g_steal_pointer (&words.db_path);
  return TRUE;
}

void
lodis_options_clear (LodisOptions *self)
{
  g_free (self->db_path);
  g_clear_object (&self->address);
}
