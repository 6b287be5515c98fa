/* chihuo-keys-text.c - the text of a configuration file as keys and values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "chihuo-json.h"
#include "chihuo-keys.h"

/* A flat JSON object is walked here and not by json-glib, which forgets the lines and lets the second
 * of two equal keys win. The text has passed the scanner before, so the walk need not look again. */

typedef struct
{
  ChihuoKeys *keys;
  const char *at;
  guint       line;
} Walk;

static guint
count_lines (const char *text, gsize length)
{
  guint line = 1;

  for (gsize i = 0; i < length; i++)
    line += text[i] == '\n';

  return line;
}

static void
skip_blanks (Walk *self)
{
  for (; g_ascii_isspace (*self->at); self->at++)
    self->line += *self->at == '\n';
}

static void
skip_string (Walk *self)
{
  for (self->at++; *self->at != '"'; self->at++)
    if (*self->at == '\\')
      self->at++;
  self->at++;
}

/* Takes a string; NULL if it has a NUL in it, which no C string can hold */
static char *
walk_string (Walk *self)
{
  const char *start = self->at;
  g_autofree char *token = NULL;
  g_autoptr (JsonNode) node = NULL;

  skip_string (self);
  token = g_strndup (start, self->at - start);
  if (strstr (token, "\\u0000") != NULL)
    return NULL;

  node = json_from_string (token, NULL);
  return node != NULL ? json_node_dup_string (node) : NULL;
}

/* Takes a string, a number, true or false; NULL if it is something else */
static char *
walk_value (Walk *self)
{
  gsize length;
  g_autofree char *word = NULL;

  if (*self->at == '"')
    return walk_string (self);

  length = strcspn (self->at, "{[,} \t\r\n");
  word = g_strndup (self->at, length);
  if (length == 0 || g_str_equal (word, "null"))
    return NULL;

  self->at += length;
  return g_steal_pointer (&word);
}

static gboolean
walk_member (Walk *self, GError **error)
{
  guint line = self->line;
  g_autofree char *name = walk_string (self);
  g_autofree char *value = NULL;

  if (name == NULL)
    {
      chihuo_keys_set_error (self->keys, line, error, "expected a key without NUL");
      return FALSE;
    }

  skip_blanks (self);
  self->at++;
  skip_blanks (self);
  value = walk_value (self);
  if (value == NULL)
    {
      chihuo_keys_set_error (self->keys, self->line, error,
                             "key “%s”: expected text without NUL, a number, true or false", name);
      return FALSE;
    }

  return chihuo_keys_add (self->keys, name, value, line, error);
}

static gboolean
add_object (ChihuoKeys *keys, const char *text, gsize length, GError **error)
{
  Walk walk = { .keys = keys, .at = text, .line = 1 };
  g_autoptr (GError) fault = NULL;
  ChihuoJsonScan scan;

  if (!chihuo_json_scan (text, length, &scan, &fault))
    {
      chihuo_keys_set_error (keys, count_lines (text, scan.stop), error, "%s", fault->message);
      return FALSE;
    }

  for (;;)
    {
      skip_blanks (&walk);
      if (*walk.at == '}')
        return TRUE;

      /* An opening bracket or a comma: either way a member may follow */
      walk.at++;
      skip_blanks (&walk);
      if (*walk.at == '"' && !walk_member (&walk, error))
        return FALSE;
    }
}

/* The carriage return of CRLF is white space at the end, and goes with it */
static gboolean
add_line (ChihuoKeys *keys, char *text, guint line, GError **error)
{
  char *equals;

  g_strstrip (text);
  if (*text == '\0' || *text == '#')
    return TRUE;

  equals = strchr (text, '=');
  if (equals == NULL)
    {
      chihuo_keys_set_error (keys, line, error, "expected KEY=VALUE");
      return FALSE;
    }

  *equals = '\0';
  return chihuo_keys_add (keys, g_strchomp (text), g_strchug (equals + 1), line, error);
}

/*
 * chihuo_keys_add_text:
 * @self: a table
 * @text: the text, ending with a NUL
 * @length: its length in bytes
 * @error: return location for an error
 *
 * Adds what a file says: lines of `key=value`, or a flat JSON object if the
 * first character is a brace.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 */
gboolean
chihuo_keys_add_text (ChihuoKeys *self, const char *text, gsize length, GError **error)
{
  g_auto (GStrv) lines = NULL;
  const char *end;

  if (!g_utf8_validate_len (text, length, &end))
    {
      chihuo_keys_set_error (self, count_lines (text, end - text), error,
                             "expected text in valid UTF-8 without NUL");
      return FALSE;
    }

  if (text[strspn (text, " \t\r\n")] == '{')
    return add_object (self, text, length, error);

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (!add_line (self, lines[i], i + 1, error))
      return FALSE;

  return TRUE;
}
