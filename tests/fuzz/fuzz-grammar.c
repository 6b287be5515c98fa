/* fuzz-grammar.c - RFC 8259 once more, as plainly as it can be written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "fuzz-grammar.h"

/* The judge of the scanner: one function for each rule of the grammar, no thought of speed, and
 * nothing of the scanner's own code. As there, a surrogate that is escaped needs its other half. */

typedef struct
{
  const char *at;
  const char *end;
  guint       depth; /* that is left */
} Text;

static gboolean value (Text *text);

static int
next (Text *text)
{
  return text->at < text->end ? (guchar) *text->at : -1;
}

static gboolean
accept (Text *text, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (text->end - text->at) < length || strncmp (text->at, word, length) != 0)
    return FALSE;

  text->at += length;
  return TRUE;
}

static void
blanks (Text *text)
{
  while (next (text) > 0 && strchr (" \t\r\n", next (text)) != NULL)
    text->at++;
}

static gboolean
digits (Text *text)
{
  const char *start = text->at;

  while (next (text) >= '0' && next (text) <= '9')
    text->at++;

  return text->at > start;
}

static gboolean
number (Text *text)
{
  accept (text, "-");
  if (!accept (text, "0") && !digits (text))
    return FALSE;
  if (accept (text, ".") && !digits (text))
    return FALSE;
  if (!accept (text, "e") && !accept (text, "E"))
    return TRUE;
  if (!accept (text, "+"))
    accept (text, "-");

  return digits (text);
}

static gboolean
hex (Text *text, guint *unit)
{
  *unit = 0;
  for (guint i = 0; i < 4; i++, text->at++)
    {
      if (next (text) < 0 || !g_ascii_isxdigit (next (text)))
        return FALSE;
      *unit = *unit * 16 + g_ascii_xdigit_value (next (text));
    }

  return TRUE;
}

static gboolean
escape (Text *text)
{
  guint unit;
  guint other;

  if (next (text) > 0 && strchr ("\"\\/bfnrt", next (text)) != NULL)
    {
      text->at++;
      return TRUE;
    }
  if (!accept (text, "u") || !hex (text, &unit))
    return FALSE;
  if (unit < 0xD800 || unit > 0xDFFF)
    return TRUE;

  return unit < 0xDC00 && accept (text, "\\u") && hex (text, &other) && other >= 0xDC00
         && other <= 0xDFFF;
}

static gboolean
string (Text *text)
{
  if (!accept (text, "\""))
    return FALSE;

  while (!accept (text, "\""))
    {
      if (next (text) < ' ')
        return FALSE;
      if (!accept (text, "\\"))
        text->at++;
      else if (!escape (text))
        return FALSE;
    }

  return TRUE;
}

static gboolean
member (Text *text)
{
  blanks (text);
  if (!string (text))
    return FALSE;
  blanks (text);

  return accept (text, ":") && value (text);
}

static gboolean
list (Text *text, const char *close, gboolean (*element) (Text *text))
{
  if (text->depth == 0)
    return FALSE;
  text->depth--;

  blanks (text);
  if (!accept (text, close))
    {
      do
        if (!element (text))
          return FALSE;
      while (accept (text, ","));
      if (!accept (text, close))
        return FALSE;
    }
  text->depth++;

  return TRUE;
}

/* With the blanks around it */
static gboolean
value (Text *text)
{
  gboolean ok;

  blanks (text);
  if (accept (text, "["))
    ok = list (text, "]", value);
  else if (accept (text, "{"))
    ok = list (text, "}", member);
  else if (next (text) == '"')
    ok = string (text);
  else
    ok = accept (text, "true") || accept (text, "false") || accept (text, "null") || number (text);
  blanks (text);

  return ok;
}

/* A member ends with a value, and so with its blanks: a comma or a bracket comes next */
gboolean
fuzz_grammar_accepts (const char *text, gsize length, guint max_depth)
{
  Text self = { .at = text, .end = text + length, .depth = max_depth };

  return g_utf8_validate_len (text, length, NULL) && value (&self) && self.at == self.end;
}
