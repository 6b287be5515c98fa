/* chihuo-config.c - a server configuration: which store, and how to reach it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "chihuo-config.h"
#include "chihuo-error.h"
#include "chihuo-keys.h"

/**
 * ChihuoConfig:
 *
 * A server configuration: which backend, and what it has to know to reach its
 * store.
 *
 * A configuration is written as a URI (`sqlite:tasks.db`,
 * `redis://user:password@host:port/db`), as the path of a file, or as a JSON
 * object. Whatever the form, it becomes a table of keys and values: `backend`,
 * `ip`, `port`, `path`, `db`, `username`, `password`, and each backend's own.
 *
 * A backend takes the keys it knows in its open vfunc, and then calls
 * [method@Chihuo.Config.finish]: what nobody took is an error, so that a slip
 * of the pen does not go unseen. Taking a key does not remove it: a store that
 * reconnects opens its backend with the same configuration again.
 *
 * Errors name the file, the line and the key, and never a value, so a password
 * cannot get into a log, wherever it was typed.
 *
 * What a configuration says never changes; its reference count is atomic. The
 * keys are taken by one thread at a time.
 *
 * Since: 1.0
 */
struct _ChihuoConfig
{
  gatomicrefcount ref_count;
  ChihuoKeys     *keys;     /* (owned) */
  GPtrArray      *asked;    /* (owned) (element-type utf8): the keys that somebody asked for */
  char           *identity; /* (owned) */
};

G_DEFINE_BOXED_TYPE (ChihuoConfig, chihuo_config, chihuo_config_ref, chihuo_config_unref)

/* A path as errors show it. What has an “@” may be a misspelt URI with its password */
static const char *
show_path (const char *path)
{
  return strchr (path, '@') == NULL ? path : "the file whose name has an “@”";
}

/* Reads at most one byte more than is allowed */
static char *
read_file (ChihuoKeys *place, guint line, const char *path, gsize *length, GError **error)
{
  g_autofree char *text = g_malloc (CHIHUO_KEYS_MAX_LENGTH + 2);
  FILE *file = g_fopen (path, "re");
  int saved_errno;

  if (file == NULL)
    {
      saved_errno = errno;
      chihuo_keys_set_error (place, line, error, "cannot open %s: %s", show_path (path),
                             g_strerror (saved_errno));
      return NULL;
    }

  errno = 0;
  *length = fread (text, 1, CHIHUO_KEYS_MAX_LENGTH + 1, file);
  saved_errno = ferror (file) ? errno : 0;
  fclose (file);

  if (saved_errno != 0)
    {
      chihuo_keys_set_error (place, line, error, "cannot read %s: %s", show_path (path),
                             g_strerror (saved_errno));
      return NULL;
    }

  if (*length > CHIHUO_KEYS_MAX_LENGTH)
    {
      chihuo_keys_set_error (place, line, error, "expected a file of at most %d bytes in %s",
                             CHIHUO_KEYS_MAX_LENGTH, show_path (path));
      return NULL;
    }

  text[*length] = '\0';
  return g_steal_pointer (&text);
}

static gboolean
add_file (ChihuoKeys *keys, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  text = read_file (keys, 0, path, &length, error);
  if (text == NULL)
    return FALSE;

  chihuo_keys_set_place (keys, path);
  return chihuo_keys_add_text (keys, text, length, error);
}

static gboolean
add_server_config (ChihuoKeys *keys, const char *server_config, GError **error)
{
  if (*server_config == '{')
    {
      chihuo_keys_set_place (keys, "the JSON configuration");
      return chihuo_keys_add_text (keys, server_config, strlen (server_config), error);
    }

  if (chihuo_keys_is_uri (server_config))
    {
      chihuo_keys_set_place (keys, "the URI");
      return chihuo_keys_add_uri (keys, server_config, 0, error);
    }

  if (*server_config != '\0' && strstr (server_config, "://") == NULL)
    return add_file (keys, server_config, error);

  chihuo_keys_set_error (keys, 0, error,
                         "expected a URI such as “sqlite:tasks.db”, or the path of a file");
  return FALSE;
}

/* The parts of a file's “uri” become keys beside the others */
static gboolean
resolve_uri (ChihuoKeys *keys, GError **error)
{
  ChihuoKey *uri = chihuo_keys_find (keys, "uri");

  if (uri == NULL)
    return TRUE;
  if (!chihuo_keys_add_uri (keys, uri->value, uri->line, error))
    return FALSE;

  chihuo_keys_remove (keys, "uri");
  return TRUE;
}

/* Who else can read it knows the password, and who can write it decides whom we trust with it. Whether
 * it is there at all is for the reader to say */
static gboolean
check_private (ChihuoKeys *keys, ChihuoKey *key, GError **error)
{
  GStatBuf status;

  if (g_stat (key->value, &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
    return TRUE;

  chihuo_keys_set_error (keys, key->line, error,
                         "key “%s”: expected a file that only its owner can read or write "
                         "(chmod go=)", key->name);
  return FALSE;
}

/* The first line of “password-file” becomes the password */
static gboolean
resolve_password_file (ChihuoKeys *keys, GError **error)
{
  ChihuoKey *key = chihuo_keys_find (keys, "password-file");
  g_autofree char *text = NULL;
  gsize length;
  gsize line_length;

  if (key == NULL)
    return TRUE;

  if (!check_private (keys, key, error))
    return FALSE;
  text = read_file (keys, key->line, key->value, &length, error);
  if (text == NULL)
    return FALSE;

  line_length = strcspn (text, "\r\n");
  if (line_length == 0 || memchr (text, '\0', length) != NULL)
    {
      chihuo_keys_set_error (keys, key->line, error,
                             "key “password-file”: expected a file with the password in its first "
                             "line");
      return FALSE;
    }

  text[line_length] = '\0';
  if (!chihuo_keys_add (keys, "password", text, key->line, error))
    return FALSE;

  chihuo_keys_remove (keys, "password-file");
  return TRUE;
}

static gboolean
check_backend (ChihuoKeys *keys, GError **error)
{
  ChihuoKey *backend = chihuo_keys_find (keys, "backend");
  const char *allowed = G_CSET_a_2_z G_CSET_DIGITS "+-";

  if (backend == NULL)
    {
      chihuo_keys_set_error (keys, 0, error, "expected a key “backend” or “uri”");
      return FALSE;
    }

  if (*backend->value != '\0' && backend->value[strspn (backend->value, allowed)] == '\0')
    return TRUE;

  chihuo_keys_set_error (keys, backend->line, error,
                         "key “backend”: expected a name such as “sqlite”");
  return FALSE;
}

static gboolean
check_port (ChihuoKeys *keys, GError **error)
{
  ChihuoKey *port = chihuo_keys_find (keys, "port");

  if (port == NULL || g_ascii_string_to_signed (port->value, 10, 1, G_MAXUINT16, NULL, NULL))
    return TRUE;

  chihuo_keys_set_error (keys, port->line, error,
                         "key “port”: expected a whole number from 1 to %d", G_MAXUINT16);
  return FALSE;
}

/* Two spellings of one database file must be one store */
static gboolean
resolve_path (ChihuoKeys *keys, GError **error)
{
  ChihuoKey *path = chihuo_keys_find (keys, "path");
  char *canonical;

  if (path == NULL || !g_str_equal (chihuo_keys_find (keys, "backend")->value, "sqlite"))
    return TRUE;

  if (*path->value == '\0')
    {
      chihuo_keys_set_error (keys, path->line, error, "key “path”: expected the path of a file");
      return FALSE;
    }

  canonical = g_canonicalize_filename (path->value, NULL);
  g_free (path->value);
  path->value = canonical;

  return TRUE;
}

/* One key a line, sorted, a password as its digest */
static char *
make_identity (ChihuoKeys *keys)
{
  GString *text = g_string_new (NULL);
  ChihuoKey *key;

  for (guint i = 0; (key = chihuo_keys_get (keys, i)) != NULL; i++)
    {
      g_autofree char *digest = NULL;

      if (g_str_has_suffix (key->name, "password"))
        digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key->value, -1);
      g_string_append_printf (text, "%s=%s%s\n", key->name, digest != NULL ? "sha256:" : "",
                              digest != NULL ? digest : key->value);
    }

  return g_string_free (text, FALSE);
}

static void
note_asked (ChihuoConfig *self, const char *key)
{
  if (!g_ptr_array_find_with_equal_func (self->asked, key, g_str_equal, NULL))
    g_ptr_array_add (self->asked, g_strdup (key));
}

/* Marks a key as known; NULL if nobody gave it */
static ChihuoKey *
take (ChihuoConfig *self, const char *name)
{
  note_asked (self, name);
  return chihuo_keys_find (self->keys, name);
}

/**
 * chihuo_config_new:
 * @server_config: (nullable): a URI, the path of a file, or a JSON object;
 *   %NULL: what the environment variable `CHIHUO_URL` says, else `memory:`
 * @error: return location for an error
 *
 * Reads a server configuration.
 *
 * What begins with a brace is a JSON object. What begins with a scheme of
 * letters, digits, “+” and “-” and a colon is a URI; its parts become the keys
 * `backend` (the scheme), `username`, `password`, `ip` (the host, or the list
 * of sentinels), `port`, `path`, `db`, `service`, and those of its query. All
 * else is the path of a file, so a file whose name looks like a URI is written
 * with `./` before it.
 *
 * A file, at most 64 KiB of UTF-8, has lines of `key=value`, in which white
 * space around key and value does not count; blank lines and lines that begin
 * with `#` are passed over. It may be a JSON object as well, with text, numbers
 * and booleans. Instead of `backend` it may have a `uri`. The first line of
 * `password-file` becomes the `password`; others than its owner may not be able
 * to read or write it. A key that is given twice, by whatever way, is an error.
 *
 * The path of an SQLite file becomes absolute, by the working directory of this
 * moment.
 *
 * Returns: (transfer full): a new configuration, or %NULL with
 *   %CHIHUO_ERROR_CONFIG
 *
 * Since: 1.0
 */
ChihuoConfig *
chihuo_config_new (const char *server_config, GError **error)
{
  g_autoptr (ChihuoKeys) keys = chihuo_keys_new ("server configuration");
  const char *url = NULL;
  ChihuoConfig *self;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  /* GLib makes what it reads numbers with when it first needs it. A thread that has to wait until another
   * one has made it finds the errno of the waiting, and takes the number for a bad one (2.74). From here on
   * nobody waits */
  g_ascii_strtoull ("0", NULL, 10);

  if (server_config == NULL)
    {
      url = g_getenv ("CHIHUO_URL");
      server_config = url != NULL && *url != '\0' ? url : "memory:";
    }

  if (!add_server_config (keys, server_config, error) || !resolve_uri (keys, error)
      || !resolve_password_file (keys, error) || !check_backend (keys, error)
      || !check_port (keys, error) || !resolve_path (keys, error))
    {
      if (server_config == url)
        g_prefix_error (error, "$CHIHUO_URL: ");
      return NULL;
    }

  self = g_new0 (ChihuoConfig, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->asked = g_ptr_array_new_with_free_func (g_free);
  self->identity = make_identity (keys);
  self->keys = g_steal_pointer (&keys);

  return self;
}

/**
 * chihuo_config_ref:
 * @self: a configuration
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
ChihuoConfig *
chihuo_config_ref (ChihuoConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * chihuo_config_unref:
 * @self: (transfer full): a configuration
 *
 * Gives a reference back; the last one frees it.
 *
 * Since: 1.0
 */
void
chihuo_config_unref (ChihuoConfig *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  chihuo_keys_free (self->keys);
  g_ptr_array_unref (self->asked);
  g_free (self->identity);
  g_free (self);
}

/**
 * chihuo_config_get_backend:
 * @self: a configuration
 *
 * Gets the name of the backend: the scheme of a URI, in small letters.
 *
 * Returns: (transfer none): the name, such as `sqlite`
 *
 * Since: 1.0
 */
const char *
chihuo_config_get_backend (ChihuoConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return chihuo_keys_find (self->keys, "backend")->value;
}

/**
 * chihuo_config_get_identity:
 * @self: a configuration
 *
 * Gets a text that is equal for configurations that say the same, whatever form
 * they came in: one line of `key=value` for each key, sorted. A password stands
 * in it as the SHA-256 digest of itself.
 *
 * Returns: (transfer none): the text
 *
 * Since: 1.0
 */
const char *
chihuo_config_get_identity (ChihuoConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->identity;
}

/**
 * chihuo_config_take_string:
 * @self: a configuration
 * @key: a key
 * @value: (out) (transfer full) (nullable): its value, or %NULL if it is not
 *   there
 * @error: return location for an error
 *
 * Takes a key whose value is text: UTF-8 without control characters.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 *
 * Since: 1.0
 */
gboolean
chihuo_config_take_string (ChihuoConfig *self, const char *key, char **value, GError **error)
{
  ChihuoKey *found;

  g_return_val_if_fail (self != NULL && key != NULL && value != NULL, FALSE);

  found = take (self, key);
  *value = found != NULL ? g_strdup (found->value) : NULL;

  return TRUE;
}

/**
 * chihuo_config_take_int:
 * @self: a configuration
 * @key: a key
 * @min: the smallest number that is allowed
 * @max: the largest number that is allowed
 * @value: (inout): its value; left as it is if the key is not there
 * @error: return location for an error
 *
 * Takes a key whose value is a whole number.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 *
 * Since: 1.0
 */
gboolean
chihuo_config_take_int (ChihuoConfig *self, const char *key, gint64 min, gint64 max, gint64 *value,
                        GError **error)
{
  ChihuoKey *found;

  g_return_val_if_fail (self != NULL && key != NULL && value != NULL, FALSE);

  found = take (self, key);
  if (found == NULL || g_ascii_string_to_signed (found->value, 10, min, max, value, NULL))
    return TRUE;

  chihuo_keys_set_error (self->keys, found->line, error,
                         "key “%s”: expected a whole number from %" G_GINT64_FORMAT
                         " to %" G_GINT64_FORMAT, key, min, max);
  return FALSE;
}

/**
 * chihuo_config_take_double:
 * @self: a configuration
 * @key: a key
 * @min: the smallest number that is allowed
 * @max: the largest number that is allowed
 * @value: (inout): its value; left as it is if the key is not there
 * @error: return location for an error
 *
 * Takes a key whose value is a number, with a point whatever the locale says.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 *
 * Since: 1.0
 */
gboolean
chihuo_config_take_double (ChihuoConfig *self, const char *key, double min, double max,
                           double *value, GError **error)
{
  ChihuoKey *found;
  double number;
  char *end;

  g_return_val_if_fail (self != NULL && key != NULL && value != NULL, FALSE);

  found = take (self, key);
  if (found == NULL)
    return TRUE;

  number = g_ascii_strtod (found->value, &end);
  if (end != found->value && *end == '\0' && isfinite (number) && number >= min && number <= max)
    {
      *value = number;
      return TRUE;
    }

  chihuo_keys_set_error (self->keys, found->line, error,
                         "key “%s”: expected a number from %g to %g", key, min, max);
  return FALSE;
}

/* Where @value stands in a list; −1 if it does not */
static int
find_choice (const char * const *choices, const char *value)
{
  for (int i = 0; choices[i] != NULL; i++)
    if (g_str_equal (choices[i], value))
      return i;

  return -1;
}

/**
 * chihuo_config_take_boolean:
 * @self: a configuration
 * @key: a key
 * @value: (inout): its value; left as it is if the key is not there
 * @error: return location for an error
 *
 * Takes a key whose value is `true`, `yes` or `1`, or `false`, `no` or `0`.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 *
 * Since: 1.0
 */
gboolean
chihuo_config_take_boolean (ChihuoConfig *self, const char *key, gboolean *value, GError **error)
{
  static const char * const words[] = { "false", "true", "no", "yes", "0", "1", NULL };
  ChihuoKey *found;
  int choice;

  g_return_val_if_fail (self != NULL && key != NULL && value != NULL, FALSE);

  found = take (self, key);
  if (found == NULL)
    return TRUE;

  choice = find_choice (words, found->value);
  if (choice < 0)
    {
      chihuo_keys_set_error (self->keys, found->line, error, "key “%s”: expected true or false",
                             key);
      return FALSE;
    }

  *value = choice % 2;
  return TRUE;
}

/**
 * chihuo_config_take_choice:
 * @self: a configuration
 * @key: a key
 * @choices: (array zero-terminated=1): the values that are allowed
 * @value: (inout): which of them it is, the first is 0; left as it is if the
 *   key is not there
 * @error: return location for an error
 *
 * Takes a key whose value is one of a few words.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 *
 * Since: 1.0
 */
gboolean
chihuo_config_take_choice (ChihuoConfig *self, const char *key, const char * const *choices,
                           guint *value, GError **error)
{
  g_autofree char *list = NULL;
  ChihuoKey *found;
  int choice;

  g_return_val_if_fail (self != NULL && key != NULL && choices != NULL && value != NULL, FALSE);

  found = take (self, key);
  if (found == NULL)
    return TRUE;

  choice = find_choice (choices, found->value);
  if (choice >= 0)
    {
      *value = choice;
      return TRUE;
    }

  list = g_strjoinv (", ", (GStrv) choices);
  chihuo_keys_set_error (self->keys, found->line, error, "key “%s”: expected one of: %s", key,
                         list);
  return FALSE;
}

/**
 * chihuo_config_finish:
 * @self: a configuration
 * @error: return location for an error
 *
 * Ends the taking: a key that nobody has taken is an error, which lists those
 * that were asked for.
 *
 * The configuration stays as it is and may be taken from again.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 *
 * Since: 1.0
 */
gboolean
chihuo_config_finish (ChihuoConfig *self, GError **error)
{
  ChihuoKey *key;

  g_return_val_if_fail (self != NULL, FALSE);

  note_asked (self, "backend");
  for (guint i = 0; (key = chihuo_keys_get (self->keys, i)) != NULL; i++)
    {
      g_autofree char *list = NULL;

      if (g_ptr_array_find_with_equal_func (self->asked, key->name, g_str_equal, NULL))
        continue;

      g_ptr_array_add (self->asked, NULL);
      list = g_strjoinv (", ", (GStrv) self->asked->pdata);
      g_ptr_array_remove_index (self->asked, self->asked->len - 1);
      chihuo_keys_set_error (self->keys, key->line, error,
                             "unknown key “%s”; known keys here are: %s", key->name, list);
      return FALSE;
    }

  return TRUE;
}

/* Sets @found if the file is there; refuses it if others could have written it */
static gboolean
check_default (const char *path, gboolean *found, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const char *expected = NULL;
  struct stat status;

  *found = fd >= 0;
  if (fd < 0)
    {
      if (errno == ENOENT)
        return TRUE;
      expected = "expected a file that can be read";
    }
  else if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode))
    expected = "expected a regular file";
  else if (status.st_uid != geteuid () && status.st_uid != 0)
    expected = "expected a file of the user who runs this, or of root";
  else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    expected = "expected a file that neither its group nor others may write (chmod go-w)";

  if (fd >= 0)
    close (fd);
  if (expected != NULL)
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG, "%s: %s", path, expected);

  return expected == NULL;
}

/**
 * chihuo_config_find_default:
 * @error: return location for an error
 *
 * Looks for `./server.json`, then for `./server.config`, for programs that want
 * to be configured by a file of their working directory. The library itself
 * never does that.
 *
 * A file that another user owns (root may), or that its group or others may
 * write, is refused: who writes it decides what this program talks to. A
 * symbolic link is judged by what it points to.
 *
 * Returns: (transfer full) (nullable): a path to be given as a server
 *   configuration; %NULL without an error if there is none, %NULL with
 *   %CHIHUO_ERROR_CONFIG if it was refused
 *
 * Since: 1.0
 */
char *
chihuo_config_find_default (GError **error)
{
  static const char * const paths[] = { "./server.json", "./server.config" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      gboolean found;

      if (!check_default (paths[i], &found, error))
        return NULL;
      if (found)
        return g_strdup (paths[i]);
    }

  return NULL;
}
