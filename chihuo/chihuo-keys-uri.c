/* chihuo-keys-uri.c - a URI as keys and values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-keys.h"

/* GUri is no help: it knows neither a list of hosts nor “sqlite:file.db”. So:
 *
 *   scheme ":" [ "//" [ username [ ":" password ] "@" ] [ host [ ":" port ] ] ] [ path ] [ "?" query ]
 *
 * Only what stands for something is added, and only that is added in each case. */

typedef struct
{
  ChihuoKeys *keys;
  guint       line;
  char       *scheme; /* (owned): in small letters */
} Uri;

static void
uri_clear (Uri *self)
{
  g_free (self->scheme);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Uri, uri_clear)

static gsize
measure_scheme (const char *text)
{
  gsize length = strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+-");

  return length > 0 && text[length] == ':' ? length : 0;
}

/*
 * chihuo_keys_is_uri:
 * @text: a server configuration
 *
 * Whether @text begins with a scheme and a colon. “./server.json” does not: a
 * scheme has neither a dot nor a slash.
 *
 * Returns: whether it is to be read as a URI
 */
gboolean
chihuo_keys_is_uri (const char *text)
{
  return measure_scheme (text) > 0;
}

/* Adds @length bytes of @text, decoded, unless they are none */
static gboolean
add_part (Uri *self, const char *name, const char *text, gsize length, GError **error)
{
  g_autofree char *value = NULL;

  if (length == 0)
    return TRUE;

  value = g_uri_unescape_segment (text, text + length, NULL);
  if (value == NULL)
    {
      chihuo_keys_set_error (self->keys, self->line, error,
                             "key “%s”: expected UTF-8, two hexadecimal digits after each “%%” and "
                             "no “%%00”", name);
      return FALSE;
    }

  return chihuo_keys_add (self->keys, name, value, self->line, error);
}

static gboolean
add_user (Uri *self, const char *text, gsize length, GError **error)
{
  const char *colon = memchr (text, ':', length);
  gsize name_length = colon != NULL ? (gsize) (colon - text) : length;

  if (!add_part (self, "username", text, name_length, error))
    return FALSE;

  return colon == NULL
         || add_part (self, "password", colon + 1, length - name_length - 1, error);
}

static gboolean
add_host (Uri *self, const char *text, gsize length, GError **error)
{
  const char *end = text + length;
  const char *host_end;

  /* An address of IPv6 has colons of its own and stands in brackets */
  if (length > 0 && *text == '[')
    {
      host_end = memchr (text, ']', length);
      if (host_end == NULL || (host_end + 1 < end && host_end[1] != ':'))
        {
          chihuo_keys_set_error (self->keys, self->line, error,
                                 "expected “]” behind the address, and then only a port");
          return FALSE;
        }
      if (!add_part (self, "ip", text + 1, host_end - text - 1, error))
        return FALSE;
      host_end++;
    }
  else
    {
      host_end = memchr (text, ':', length);
      if (host_end == NULL)
        host_end = end;
      if (!add_part (self, "ip", text, host_end - text, error))
        return FALSE;
    }

  if (host_end == end)
    return TRUE;
  if (host_end + 1 == end)
    {
      chihuo_keys_set_error (self->keys, self->line, error, "expected a port after the colon");
      return FALSE;
    }
  return add_part (self, "port", host_end + 1, end - host_end - 1, error);
}

/* What a scheme calls its path: Redis has numbered databases, a sentinel's service stands before */
static gboolean
add_path (Uri *self, const char *text, gsize length, GError **error)
{
  gsize service;

  if (g_str_has_suffix (self->scheme, "+sentinel"))
    {
      const char *slash;

      text++;
      length--;
      slash = memchr (text, '/', length);
      service = slash != NULL ? (gsize) (slash - text) : length;
      if (!add_part (self, "service", text, service, error))
        return FALSE;
      return slash == NULL || add_part (self, "db", slash + 1, length - service - 1, error);
    }

  if (g_str_equal (self->scheme, "redis") || g_str_equal (self->scheme, "rediss"))
    return add_part (self, "db", text + 1, length - 1, error);

  if (length == 1)
    return TRUE;

  return add_part (self, "path", text, length, error);
}

static gboolean
has_no_host (Uri *self)
{
  return g_str_equal (self->scheme, "sqlite") || g_str_equal (self->scheme, "memory")
         || g_str_has_suffix (self->scheme, "+unix");
}

/* Behind the two slashes */
static gboolean
add_authority (Uri *self, const char *text, gsize length, GError **error)
{
  const char *slash = memchr (text, '/', length);
  gsize host_length = slash != NULL ? (gsize) (slash - text) : length;
  const char *at = g_strrstr_len (text, host_length, "@");
  const char *host = text;

  if (at != NULL)
    {
      if (!add_user (self, text, at - text, error))
        return FALSE;
      host = at + 1;
      host_length -= host - text;
    }

  if (host_length > 0 && has_no_host (self))
    {
      chihuo_keys_set_error (self->keys, self->line, error,
                             "expected no host: write “%s:NAME”, or “%s:///PATH” with three "
                             "slashes", self->scheme, self->scheme);
      return FALSE;
    }

  if (g_str_has_suffix (self->scheme, "+sentinel"))
    {
      if (!add_part (self, "ip", host, host_length, error))
        return FALSE;
    }
  else if (!add_host (self, host, host_length, error))
    return FALSE;

  return slash == NULL || add_path (self, slash, text + length - slash, error);
}

static gboolean
add_query (Uri *self, const char *query, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (query, "&", -1);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      char *equals = strchr (pairs[i], '=');

      if (equals == NULL)
        {
          chihuo_keys_set_error (self->keys, self->line, error,
                                 "expected KEY=VALUE, with “&” between, after the “?”");
          return FALSE;
        }

      *equals = '\0';
      if (equals[1] == '\0')
        {
          if (!chihuo_keys_add (self->keys, pairs[i], "", self->line, error))
            return FALSE;
        }
      else if (!add_part (self, pairs[i], equals + 1, strlen (equals + 1), error))
        return FALSE;
    }

  return TRUE;
}

/*
 * chihuo_keys_add_uri:
 * @self: a table
 * @uri: a URI
 * @line: where it stands, or 0
 * @error: return location for an error
 *
 * Adds the parts of a URI: backend (the scheme), username, password, ip, port,
 * path, db, service, and what stands in the query.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 */
gboolean
chihuo_keys_add_uri (ChihuoKeys *self, const char *uri, guint line, GError **error)
{
  g_auto (Uri) parts = { .keys = self, .line = line };
  gsize length = measure_scheme (uri);
  const char *rest = uri + length + 1;
  const char *query;

  if (length == 0)
    {
      chihuo_keys_set_error (self, line, error,
                             "expected a URI such as “sqlite:tasks.db” or “redis://host”");
      return FALSE;
    }

  parts.scheme = g_ascii_strdown (uri, length);
  if (!chihuo_keys_add (self, "backend", parts.scheme, line, error))
    return FALSE;

  if (strchr (rest, '#') != NULL)
    {
      chihuo_keys_set_error (self, line, error, "expected no “#” in a URI: write “%%23”");
      return FALSE;
    }

  query = strchr (rest, '?');
  length = query != NULL ? (gsize) (query - rest) : strlen (rest);
  if (query != NULL && !add_query (&parts, query + 1, error))
    return FALSE;

  if (g_str_has_prefix (rest, "//"))
    return add_authority (&parts, rest + 2, length - 2, error);

  return add_part (&parts, "path", rest, length, error);
}
