/* chihuo-keys.c - keys and values of a configuration, each with its place
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-keys.h"

/* What a configuration says, whatever form it came in: chihuo-keys-text.c reads lines and JSON
 * objects, chihuo-keys-uri.c reads URIs. Errors name the place and the key, never a value, so
 * that no secret can get into them, wherever somebody typed it. */

struct _ChihuoKeys
{
  char      *place; /* (owned): a file's name, or what else the errors begin with */
  GPtrArray *keys;  /* (owned) (element-type ChihuoKey): sorted by name */
};

static void
key_free (gpointer data)
{
  ChihuoKey *key = data;

  g_free (key->name);
  g_free (key->value);
  g_free (key);
}

/*
 * chihuo_keys_new:
 * @place: what the errors begin with
 *
 * Creates an empty table.
 *
 * Returns: (transfer full): a new table
 */
ChihuoKeys *
chihuo_keys_new (const char *place)
{
  ChihuoKeys *self = g_new0 (ChihuoKeys, 1);

  self->place = g_strdup (place);
  self->keys = g_ptr_array_new_with_free_func (key_free);

  return self;
}

void
chihuo_keys_free (ChihuoKeys *self)
{
  g_free (self->place);
  g_ptr_array_unref (self->keys);
  g_free (self);
}

void
chihuo_keys_set_place (ChihuoKeys *self, const char *place)
{
  g_free (self->place);
  self->place = g_strdup (place);
}

/* One line of UTF-8, whatever a key or a file is called */
static char *
make_printable (const char *text)
{
  char *printable = g_utf8_make_valid (text, -1);

  for (char *at = printable; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      *at = '?';

  return printable;
}

/*
 * chihuo_keys_set_error:
 * @self: a table
 * @line: the line that is at fault, or 0
 * @error: return location for an error
 * @format: what was expected
 *
 * Sets %CHIHUO_ERROR_CONFIG with the place in front. What is not UTF-8 in it,
 * and control characters, are replaced.
 */
void
chihuo_keys_set_error (ChihuoKeys *self, guint line, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *raw = NULL;
  g_autofree char *where = NULL;
  va_list args;

  va_start (args, format);
  raw = g_strdup_vprintf (format, args);
  va_end (args);

  text = make_printable (raw);
  where = make_printable (self->place);
  if (line > 0)
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG, "%s:%u: %s", where, line, text);
  else
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG, "%s: %s", where, text);
}

/* Where @name is, or where it belongs */
static guint
find_index (ChihuoKeys *self, const char *name)
{
  guint i;

  for (i = 0; i < self->keys->len; i++)
    {
      ChihuoKey *key = g_ptr_array_index (self->keys, i);

      if (strcmp (key->name, name) >= 0)
        break;
    }

  return i;
}

/*
 * chihuo_keys_find:
 * @self: a table
 * @name: a key
 *
 * Returns: (nullable): the key, or %NULL if nobody gave it
 */
ChihuoKey *
chihuo_keys_find (ChihuoKeys *self, const char *name)
{
  ChihuoKey *key = chihuo_keys_get (self, find_index (self, name));

  return key != NULL && g_str_equal (key->name, name) ? key : NULL;
}

/*
 * chihuo_keys_get:
 * @self: a table
 * @index: how many keys stand before, in the order of their names
 *
 * Returns: (nullable): the key, or %NULL behind the last one
 */
ChihuoKey *
chihuo_keys_get (ChihuoKeys *self, guint index)
{
  return index < self->keys->len ? g_ptr_array_index (self->keys, index) : NULL;
}

void
chihuo_keys_remove (ChihuoKeys *self, const char *name)
{
  if (chihuo_keys_find (self, name) != NULL)
    g_ptr_array_remove_index (self->keys, find_index (self, name));
}

static gboolean
is_key_name (const char *name)
{
  return *name != '\0' && name[strspn (name, G_CSET_a_2_z G_CSET_DIGITS "-")] == '\0';
}

static gboolean
has_control_character (const char *value)
{
  for (const char *at = value; *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      return TRUE;

  return FALSE;
}

/*
 * chihuo_keys_add:
 * @self: a table
 * @name: a key
 * @value: its value
 * @line: where it stands, or 0
 * @error: return location for an error
 *
 * Adds a key. A key that is there already is an error: which one did they mean?
 * So is a control character: some stores speak protocols of lines.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_CONFIG
 */
gboolean
chihuo_keys_add (ChihuoKeys *self, const char *name, const char *value, guint line, GError **error)
{
  ChihuoKey *key;

  if (!is_key_name (name))
    {
      chihuo_keys_set_error (self, line, error,
                             "expected a key of small letters, digits and “-”");
      return FALSE;
    }

  key = chihuo_keys_find (self, name);
  if (key != NULL)
    {
      if (key->line > 0 && key->line != line)
        chihuo_keys_set_error (self, line, error, "key “%s” is given already, in line %u", name,
                               key->line);
      else
        chihuo_keys_set_error (self, line, error, "key “%s” is given twice", name);
      return FALSE;
    }

  if (!g_utf8_validate (value, -1, NULL))
    {
      chihuo_keys_set_error (self, line, error, "key “%s”: expected valid UTF-8", name);
      return FALSE;
    }

  if (has_control_character (value))
    {
      chihuo_keys_set_error (self, line, error, "key “%s”: expected no control characters", name);
      return FALSE;
    }

  key = g_new0 (ChihuoKey, 1);
  key->name = g_strdup (name);
  key->value = g_strdup (value);
  key->line = line;
  g_ptr_array_insert (self->keys, find_index (self, name), key);

  return TRUE;
}
