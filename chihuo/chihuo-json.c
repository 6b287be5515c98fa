/* chihuo-json.c - checks JSON text, ids and names without building anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-json.h"

/* One pass over the bytes, strictly after RFC 8259, before any parser sees the text: json-glib
 * recurses once a bracket, so some 60,000 of them overflow its stack. There is no recursion here;
 * what is open stands in an array as the bracket that will close it.
 *
 * Stricter than the RFC in two things: an escaped surrogate needs its other half, and length
 * and nesting have their limits. "\u0000" is good JSON and passes. */

typedef struct
{
  const guchar *at;
  const guchar *end;
  gsize         n_blanks;
  guint         depth;
  int           code;                            /* of the fault */
  const char   *expected;                        /* what the fault is */
  guchar        closers[CHIHUO_JSON_MAX_DEPTH];  /* those up to depth are set */
} Scanner;

static gboolean
expected (Scanner *self, const char *what)
{
  self->code = CHIHUO_ERROR_INVALID;
  self->expected = what;

  return FALSE;
}

/* NUL at the end of the text: nothing good begins with it */
static inline guchar
peek (Scanner *self)
{
  return G_LIKELY (self->at < self->end) ? *self->at : '\0';
}

static inline gboolean
is_blank (guchar c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline guchar
skip_blanks (Scanner *self)
{
  guchar c = peek (self);

  while (G_UNLIKELY (is_blank (c)))
    {
      self->at++;
      self->n_blanks++;
      c = peek (self);
    }

  return c;
}

/* The high bit of each byte that is a quote, a backslash, a control character or not ASCII. A borrow
 * can flag bytes above the first such one by mistake, so only the lowest bit counts */
static inline guint64
find_special (guint64 word)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);

  return (word | (word - ones * ' ') | ((word ^ (ones * '"')) - ones)
          | ((word ^ (ones * '\\')) - ones)) & (ones * 0x80);
}

static inline const guchar *
skip_plain (const guchar *at, const guchar *end)
{
  while (end - at >= 8)
    {
      guint64 word;
      guint64 special;

      memcpy (&word, at, sizeof word);
      special = find_special (GUINT64_FROM_LE (word));
      if (special != 0)
        return at + (__builtin_ctzll (special) >> 3);
      at += 8;
    }

  while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\')
    at++;

  return at;
}

/* How many bytes the character has that begins at @at, 0 if it is not UTF-8 (RFC 3629, §4) */
static gsize
measure_character (const guchar *at, const guchar *end)
{
  guchar low = 0x80;
  guchar high = 0xBF;
  gsize length;

  if (*at < 0xC2 || *at > 0xF4)
    return 0;
  length = *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;
  if ((gsize) (end - at) < length)
    return 0;

  /* The second byte shuts out what is overlong, a surrogate or above U+10FFFF */
  if (*at == 0xE0)
    low = 0xA0;
  else if (*at == 0xED)
    high = 0x9F;
  else if (*at == 0xF0)
    low = 0x90;
  else if (*at == 0xF4)
    high = 0x8F;

  if (at[1] < low || at[1] > high)
    return 0;
  for (gsize i = 2; i < length; i++)
    if ((at[i] & 0xC0) != 0x80)
      return 0;

  return length;
}

/* The four digits after "\u"; −1 if they are not there */
static int
scan_hex (Scanner *self)
{
  int value = 0;

  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (peek (self));

      if (digit < 0)
        {
          expected (self, "four hexadecimal digits");
          return -1;
        }
      value = value * 16 + digit;
      self->at++;
    }

  return value;
}

static gboolean
scan_unicode_escape (Scanner *self)
{
  const guchar *start = self->at - 2;
  int unit = scan_hex (self);

  if (unit < 0)
    return FALSE;
  if (unit < 0xD800 || unit > 0xDFFF)
    return TRUE;

  if (unit < 0xDC00 && self->end - self->at >= 2 && self->at[0] == '\\' && self->at[1] == 'u')
    {
      self->at += 2;
      unit = scan_hex (self);
      if (unit < 0)
        return FALSE;
      if (unit >= 0xDC00 && unit <= 0xDFFF)
        return TRUE;
    }

  self->at = start;
  return expected (self, "a pair of surrogates, not half of one");
}

static gboolean
scan_escape (Scanner *self)
{
  self->at++;

  switch (peek (self))
    {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      self->at++;
      return TRUE;
    case 'u':
      self->at++;
      return scan_unicode_escape (self);
    default:
      return expected (self, "one of “\"\\/bfnrtu” after the backslash");
    }
}

static gboolean
scan_string (Scanner *self)
{
  self->at++;

  for (;;)
    {
      gsize length;

      self->at = skip_plain (self->at, self->end);
      if (self->at == self->end)
        return expected (self, "a closing quote");

      if (*self->at == '"')
        {
          self->at++;
          return TRUE;
        }

      if (*self->at == '\\')
        {
          if (!scan_escape (self))
            return FALSE;
          continue;
        }

      if (*self->at < ' ')
        return expected (self, "an escape in place of the control character");

      length = measure_character (self->at, self->end);
      if (length == 0)
        return expected (self, "valid UTF-8");
      self->at += length;
    }
}

static gboolean
scan_digits (Scanner *self)
{
  if (!g_ascii_isdigit (peek (self)))
    return expected (self, "a digit");

  do
    self->at++;
  while (g_ascii_isdigit (peek (self)));

  return TRUE;
}

static gboolean
scan_number (Scanner *self)
{
  if (*self->at == '-')
    self->at++;

  if (peek (self) == '0')
    self->at++;
  else if (!scan_digits (self))
    return FALSE;

  if (peek (self) == '.')
    {
      self->at++;
      if (!scan_digits (self))
        return FALSE;
    }

  if (peek (self) == 'e' || peek (self) == 'E')
    {
      self->at++;
      if (peek (self) == '+' || peek (self) == '-')
        self->at++;
      return scan_digits (self);
    }

  return TRUE;
}

static gboolean
scan_word (Scanner *self, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (self->end - self->at) < length || memcmp (self->at, word, length) != 0)
    return expected (self, "a value");

  self->at += length;
  return TRUE;
}

static gboolean
scan_key (Scanner *self)
{
  if (skip_blanks (self) != '"')
    return expected (self, "a key in quotes");
  if (!scan_string (self))
    return FALSE;
  if (skip_blanks (self) != ':')
    return expected (self, "a colon");

  self->at++;
  return TRUE;
}

static gboolean
open_bracket (Scanner *self)
{
  if (self->depth == CHIHUO_JSON_MAX_DEPTH)
    {
      expected (self, "at most " G_STRINGIFY (CHIHUO_JSON_MAX_DEPTH) " brackets within each other");
      self->code = CHIHUO_ERROR_TOO_LARGE;
      return FALSE;
    }

  self->closers[self->depth++] = *self->at == '{' ? '}' : ']';
  self->at++;

  return TRUE;
}

/* Goes down through opening brackets until a value is complete: a scalar, or an empty pair */
static gboolean
scan_down (Scanner *self)
{
  for (;;)
    {
      guchar c = skip_blanks (self);

      switch (c)
        {
        case '"':
          return scan_string (self);
        case 't':
          return scan_word (self, "true");
        case 'f':
          return scan_word (self, "false");
        case 'n':
          return scan_word (self, "null");
        case '{':
        case '[':
          if (!open_bracket (self))
            return FALSE;
          if (skip_blanks (self) == self->closers[self->depth - 1])
            return TRUE;
          if (c == '{' && !scan_key (self))
            return FALSE;
          break;
        default:
          if (c != '-' && !g_ascii_isdigit (c))
            return expected (self, "a value");
          return scan_number (self);
        }
    }
}

/* Goes up through closing brackets to where the next value begins, or to the outside */
static gboolean
scan_up (Scanner *self)
{
  guchar c = skip_blanks (self);

  while (self->depth > 0 && c == self->closers[self->depth - 1])
    {
      self->depth--;
      self->at++;
      c = skip_blanks (self);
    }

  if (self->depth == 0)
    return TRUE;
  if (c != ',')
    return expected (self, self->closers[self->depth - 1] == ']' ? "a comma or “]”"
                                                                 : "a comma or “}”");
  self->at++;
  return self->closers[self->depth - 1] == ']' || scan_key (self);
}

static gboolean
scan_text (Scanner *self)
{
  do
    {
      if (!scan_down (self) || !scan_up (self))
        return FALSE;
    }
  while (self->depth > 0);

  if (self->at < self->end)
    return expected (self, "the end of the text");

  return TRUE;
}

/*
 * chihuo_json_scan:
 * @json: (nullable): JSON text; %NULL is as good as the empty text
 * @length: the length of @json in bytes, or -1 if it ends with a NUL
 * @scan: (out caller-allocates): what was found out, also in case of an error
 * @error: return location for an error
 *
 * Checks that @json is one JSON value: the grammar of RFC 8259 with white space
 * around it, valid UTF-8, no NUL, no half of a surrogate pair, not longer than
 * %CHIHUO_JSON_MAX_LENGTH and nested no deeper than %CHIHUO_JSON_MAX_DEPTH.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_INVALID or
 *   %CHIHUO_ERROR_TOO_LARGE, which name the byte (the first one is 0) and what
 *   was expected there
 */
gboolean
chihuo_json_scan (const char *json, gssize length, ChihuoJsonScan *scan, GError **error)
{
  Scanner scanner;
  gboolean good;

  if (json == NULL)
    json = "";
  scan->length = length >= 0 ? (gsize) length : strlen (json);
  scan->n_blanks = 0;
  scan->stop = 0;

  if (scan->length > CHIHUO_JSON_MAX_LENGTH)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TOO_LARGE,
                   "expected JSON text of at most %d bytes, not of %" G_GSIZE_FORMAT,
                   CHIHUO_JSON_MAX_LENGTH, scan->length);
      return FALSE;
    }

  /* Not cleared as a whole: the closers would cost more than a small text */
  scanner.at = (const guchar *) json;
  scanner.end = scanner.at + scan->length;
  scanner.n_blanks = 0;
  scanner.depth = 0;

  good = scan_text (&scanner);
  scan->n_blanks = scanner.n_blanks;
  scan->stop = scanner.at - (const guchar *) json;
  if (!good)
    g_set_error (error, CHIHUO_ERROR, scanner.code, "byte %" G_GSIZE_FORMAT ": expected %s%s",
                 scan->stop, scanner.expected,
                 scanner.at == scanner.end ? ", but the text ends there" : "");

  return good;
}

/*
 * chihuo_json_check:
 * @json: (nullable): JSON text
 * @length: the length of @json in bytes, or -1 if it ends with a NUL
 * @error: return location for an error
 *
 * As chihuo_json_scan(), for those who want to know no more than that.
 *
 * Returns: whether the text is good
 */
gboolean
chihuo_json_check (const char *json, gssize length, GError **error)
{
  ChihuoJsonScan scan;

  return chihuo_json_scan (json, length, &scan, error);
}

/*
 * chihuo_json_compact:
 * @json: JSON text that has been checked
 * @length: the length of @json in bytes, or -1 if it ends with a NUL
 * @out_length: (out) (optional): the length of what is returned
 *
 * Leaves out the white space between the tokens. Where a scan has found no
 * blanks, that is a copy: keep the text as it is then.
 *
 * Returns: (transfer full): the compact text, ending with a NUL
 */
char *
chihuo_json_compact (const char *json, gssize length, gsize *out_length)
{
  gsize left = length >= 0 ? (gsize) length : strlen (json);
  g_autofree char *compact = g_malloc (left + 1);
  char *to = compact;
  gboolean in_string = FALSE;

  for (; left > 0; left--, json++)
    {
      if (!in_string && is_blank (*json))
        continue;

      *to++ = *json;
      if (*json == '"')
        in_string = !in_string;
      else if (*json == '\\' && left > 1)
        {
          *to++ = *++json;
          left--;
        }
    }

  *to = '\0';
  if (out_length != NULL)
    *out_length = to - compact;

  return g_steal_pointer (&compact);
}

/*
 * chihuo_id_check:
 * @id: (nullable): an id; %NULL is as bad as the empty one
 * @length: the length of @id in bytes, or -1 if it ends with a NUL
 * @error: return location for an error
 *
 * Checks that a task may have this id: UTF-8 without NUL, 1 to
 * %CHIHUO_ID_MAX_LENGTH bytes.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_INVALID or
 *   %CHIHUO_ERROR_TOO_LARGE
 */
gboolean
chihuo_id_check (const char *id, gssize length, GError **error)
{
  gsize n = length >= 0 ? (gsize) length : id != NULL ? strlen (id) : 0;
  const char *end;

  if (n == 0)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID,
                   "expected an id of 1 to %d bytes, not an empty one", CHIHUO_ID_MAX_LENGTH);
      return FALSE;
    }

  if (n > CHIHUO_ID_MAX_LENGTH)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TOO_LARGE,
                   "expected an id of 1 to %d bytes, not of %" G_GSIZE_FORMAT,
                   CHIHUO_ID_MAX_LENGTH, n);
      return FALSE;
    }

  if (g_utf8_validate_len (id, n, &end))
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID,
               "byte %d of the id: expected %s", (int) (end - id),
               *end == '\0' ? "no NUL" : "valid UTF-8");
  return FALSE;
}

/*
 * chihuo_name_check:
 * @name: (nullable): the name of a queue
 * @error: return location for an error
 *
 * Checks that a queue may have this name: `[A-Za-z0-9._-]{1,64}`.
 *
 * Returns: %TRUE, or %FALSE with %CHIHUO_ERROR_INVALID
 */
gboolean
chihuo_name_check (const char *name, GError **error)
{
  const char *allowed = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-";
  gsize length = name != NULL ? strlen (name) : 0;
  gsize good = name != NULL ? strspn (name, allowed) : 0;
  g_autofree char *shown = NULL;

  if (length == 0 || length > CHIHUO_NAME_MAX_LENGTH)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID,
                   "expected a queue name of 1 to %d characters, not of %" G_GSIZE_FORMAT,
                   CHIHUO_NAME_MAX_LENGTH, length);
      return FALSE;
    }

  if (good == length)
    return TRUE;

  shown = g_utf8_make_valid (name, length);
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID,
               "byte %" G_GSIZE_FORMAT " of the queue name “%s”: expected a letter from A to Z or "
               "a to z, a digit, “.”, “_” or “-”", good, shown);
  return FALSE;
}
