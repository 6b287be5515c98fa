/* test-json.c - checks the scanner of JSON text, ids and names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "chihuo-error.h"
#include "chihuo-json.h"

#define SAMPLE "{\"a\":[1,-2.5e+3,true,null,\"\\u00e9\\ud83d\\ude00 \xc3\xa9\\n\"],\"b\":{\"c\":false}}"

typedef struct
{
  const char *json;
  const char *message;
} Bad;

static const char * const good_texts[] = {
  "0", "-0", "7", "-12", "0.5", "1e5", "1E-5", "-1.25e+10", "123456789012345678901234567890",
  "\"\"", "\"a\"", "true", "false", "null", "[]", "{}", "[[]]", "[{}]", "{\"\":{}}",
  "{\"a\":1,\"a\":2}", "[1,2,3]", " [ 1 , 2 ] ", "\t\r\n {\"a\" : 1}\n",
  "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uABCD\\uabcd\"", "\"\\u0000\"", "\"\\ud800\\udc00\"",
  "\"\\udbff\\udfff\"", "\"\x7f\"", "\"\xc2\x80\"", "\"\xdf\xbf\"", "\"\xe0\xa0\x80\"",
  "\"\xed\x9f\xbf\"", "\"\xee\x80\x80\"", "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80\"",
  "\"\xf4\x8f\xbf\xbf\"", "\"eight plain bytes and more of them\"", SAMPLE,
};

static const Bad bad_texts[] = {
  { "", "byte 0: expected a value, but the text ends there" },
  { "  ", "byte 2: expected a value, but the text ends there" },
  { "tru", "byte 0: expected a value" },
  { "True", "byte 0: expected a value" },
  { "nul", "byte 0: expected a value" },
  { "nulll", "byte 4: expected the end of the text" },
  { "NaN", "byte 0: expected a value" },
  { "Infinity", "byte 0: expected a value" },
  { "'a'", "byte 0: expected a value" },
  { "+1", "byte 0: expected a value" },
  { ".5", "byte 0: expected a value" },
  { "-", "byte 1: expected a digit, but the text ends there" },
  { "-a", "byte 1: expected a digit" },
  { "01", "byte 1: expected the end of the text" },
  { "-01", "byte 2: expected the end of the text" },
  { "0x1", "byte 1: expected the end of the text" },
  { "1.", "byte 2: expected a digit, but the text ends there" },
  { "1.e5", "byte 2: expected a digit" },
  { "1e", "byte 2: expected a digit, but the text ends there" },
  { "1e+", "byte 3: expected a digit, but the text ends there" },
  { "1 2", "byte 2: expected the end of the text" },
  { "[", "byte 1: expected a value, but the text ends there" },
  { "]", "byte 0: expected a value" },
  { "[1", "byte 2: expected a comma or “]”, but the text ends there" },
  { "[1,]", "byte 3: expected a value" },
  { "[,1]", "byte 1: expected a value" },
  { "[1 2]", "byte 3: expected a comma or “]”" },
  { "[1}", "byte 2: expected a comma or “]”" },
  { "{\"a\":1]", "byte 6: expected a comma or “}”" },
  { "[1]]", "byte 3: expected the end of the text" },
  { "{", "byte 1: expected a key in quotes, but the text ends there" },
  { "{a:1}", "byte 1: expected a key in quotes" },
  { "{1:1}", "byte 1: expected a key in quotes" },
  { "{\"a\"}", "byte 4: expected a colon" },
  { "{\"a\":}", "byte 5: expected a value" },
  { "{\"a\":1,}", "byte 7: expected a key in quotes" },
  { "{\"a\":1,2}", "byte 7: expected a key in quotes" },
  { "// a\n1", "byte 0: expected a value" },
  { "1 /* a */", "byte 2: expected the end of the text" },
  { "\xef\xbb\xbf""1", "byte 0: expected a value" },
  { "\v1", "byte 0: expected a value" },
  { "\"", "byte 1: expected a closing quote, but the text ends there" },
  { "\"abcdefghijk", "byte 12: expected a closing quote, but the text ends there" },
  { "\"\n\"", "byte 1: expected an escape in place of the control character" },
  { "\"abcdefgh\x1f\"", "byte 9: expected an escape in place of the control character" },
  { "\"\\", "byte 2: expected one of “\"\\/bfnrtu” after the backslash, but the text ends there" },
  { "\"\\u12", "byte 5: expected four hexadecimal digits, but the text ends there" },
  { "\"\\u12g4\"", "byte 5: expected four hexadecimal digits" },
  { "\"\\ud800\"", "byte 1: expected a pair of surrogates, not half of one" },
  { "\"\\udc00\"", "byte 1: expected a pair of surrogates, not half of one" },
  { "\"a\\ud800a\"", "byte 2: expected a pair of surrogates, not half of one" },
  { "\"\\ud800\\n\"", "byte 1: expected a pair of surrogates, not half of one" },
  { "\"\\ud800\\ud800\"", "byte 1: expected a pair of surrogates, not half of one" },
  { "\"\\ud800\\u0041\"", "byte 1: expected a pair of surrogates, not half of one" },
  { "\"\\udc00\\ud800\"", "byte 1: expected a pair of surrogates, not half of one" },
  { "\"\x80\"", "byte 1: expected valid UTF-8" },
  { "\"\xc0\x80\"", "byte 1: expected valid UTF-8" },
  { "\"\xc1\xbf\"", "byte 1: expected valid UTF-8" },
  { "\"\xc3\"", "byte 1: expected valid UTF-8" },
  { "\"\xc3", "byte 1: expected valid UTF-8" },
  { "\"\xe0\x9f\xbf\"", "byte 1: expected valid UTF-8" },
  { "\"\xed\xa0\x80\"", "byte 1: expected valid UTF-8" },
  { "\"\xe2\x82\"", "byte 1: expected valid UTF-8" },
  { "\"\xf0\x8f\xbf\xbf\"", "byte 1: expected valid UTF-8" },
  { "\"\xf4\x90\x80\x80\"", "byte 1: expected valid UTF-8" },
  { "\"\xf5\x80\x80\x80\"", "byte 1: expected valid UTF-8" },
  { "\"\xff\"", "byte 1: expected valid UTF-8" },
  { "{\"\xff\":1}", "byte 2: expected valid UTF-8" },
};

/* A copy of exactly that many bytes, so that a sanitizer sees who reads behind them */
static gboolean
check_bytes (const char *json, gsize length, GError **error)
{
  g_autofree char *copy = g_memdup2 (json, length);

  return chihuo_json_check (copy, length, error);
}

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", good_texts[i]);
      g_assert_true (chihuo_json_check (good_texts[i], -1, &error));
      g_assert_no_error (error);
      g_assert_true (check_bytes (good_texts[i], strlen (good_texts[i]), NULL));
    }
}

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (check_bytes (bad_texts[i].json, strlen (bad_texts[i].json), &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, bad_texts[i].message);
      g_assert_false (chihuo_json_check (bad_texts[i].json, -1, NULL));
    }
}

static void
test_null (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_json_check (NULL, -1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_false (chihuo_json_check (NULL, 0, NULL));
}

static void
test_nul (void)
{
  g_assert_false (check_bytes ("\0", 1, NULL));
  g_assert_false (check_bytes ("1\0", 2, NULL));
  g_assert_false (check_bytes ("[1,\0]", 5, NULL));
  g_assert_false (check_bytes ("\"a\0b\"", 5, NULL));
  g_assert_false (check_bytes ("\"a\\\0\"", 5, NULL));
}

static void
test_escapes (void)
{
  for (guint c = 0; c < 256; c++)
    {
      char text[] = { '"', '\\', c, '0', '0', '4', '1', '"' };
      gboolean allowed = c != 0 && strchr ("\"\\/bfnrtu", c) != NULL;

      g_assert_cmpint (check_bytes (text, sizeof text, NULL), ==, allowed);
    }
}

static void
test_control_characters (void)
{
  for (guint c = 0; c < 256; c++)
    for (guint before = 0; before < 16; before++)
      {
        char text[32] = "\"................";
        gboolean plain = c >= ' ' && c < 0x80 && c != '"' && c != '\\';

        text[1 + before] = c;
        text[17] = '"';
        g_assert_cmpint (check_bytes (text, 18, NULL), ==, plain);
      }
}

static void
test_truncated (void)
{
  const gsize length = strlen (SAMPLE);

  g_assert_true (check_bytes (SAMPLE, length, NULL));

  for (gsize i = 0; i < length; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (check_bytes (SAMPLE, i, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
    }
}

static void
assert_depth (guint depth, const char *open, const char *inner, const char *close, int code)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean good;

  for (guint i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, inner);
  for (guint i = 0; i < depth; i++)
    g_string_append (text, close);

  good = check_bytes (text->str, text->len, &error);
  g_assert_cmpint (good, ==, code < 0);
  if (!good)
    g_assert_error (error, CHIHUO_ERROR, code);
}

static void
test_depth (void)
{
  for (guint depth = 1; depth <= 1000000; depth = depth < 200 ? depth + 1 : depth * 3)
    {
      int code = depth <= CHIHUO_JSON_MAX_DEPTH ? -1 : CHIHUO_ERROR_TOO_LARGE;

      assert_depth (depth, "[", "1", "]", code);
      assert_depth (depth, "[", "", "]", code);
      assert_depth (depth, "{\"a\":", "1", "}", code);
      assert_depth (depth, "[", "", "", depth <= CHIHUO_JSON_MAX_DEPTH ? CHIHUO_ERROR_INVALID : code);
    }
  assert_depth (1000000, "[", "", "", CHIHUO_ERROR_TOO_LARGE);
}

static void
test_depth_message (void)
{
  g_autofree char *text = g_strnfill (CHIHUO_JSON_MAX_DEPTH + 1, '[');
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_json_check (text, -1, &error));
  g_assert_cmpstr (error->message, ==,
                   "byte 128: expected at most 128 brackets within each other");
}

/* Many brackets are good as long as few of them are open */
static void
test_wide (void)
{
  g_autoptr (GString) text = g_string_new ("[");

  for (guint i = 0; i < 10000; i++)
    g_string_append (text, "[{\"a\":[]}],");
  g_string_append (text, "0]");
  g_assert_true (chihuo_json_check (text->str, text->len, NULL));
}

static void
test_length (void)
{
  g_autofree char *text = g_strnfill (CHIHUO_JSON_MAX_LENGTH + 1, 'a');
  g_autoptr (GError) error = NULL;

  text[0] = '"';
  text[CHIHUO_JSON_MAX_LENGTH - 1] = '"';
  g_assert_true (chihuo_json_check (text, CHIHUO_JSON_MAX_LENGTH, NULL));

  g_assert_false (chihuo_json_check (text, CHIHUO_JSON_MAX_LENGTH + 1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TOO_LARGE);
  g_assert_cmpstr (error->message, ==,
                   "expected JSON text of at most 1048576 bytes, not of 1048577");
}

static void
assert_compact (const char *json, const char *compact)
{
  g_autofree char *result = NULL;
  ChihuoJsonScan scan;
  gsize length;

  g_assert_true (chihuo_json_scan (json, -1, &scan, NULL));
  g_assert_cmpuint (scan.length, ==, strlen (json));
  g_assert_cmpuint (scan.stop, ==, scan.length);
  g_assert_cmpuint (scan.length - scan.n_blanks, ==, strlen (compact));

  result = chihuo_json_compact (json, -1, &length);
  g_assert_cmpstr (result, ==, compact);
  g_assert_cmpuint (length, ==, strlen (compact));
}

static void
test_compact (void)
{
  g_autofree char *part = NULL;

  assert_compact ("1", "1");
  assert_compact (SAMPLE, SAMPLE);
  assert_compact (" \t\r\n1 \t\r\n", "1");
  assert_compact ("[ 1 , \"a b\" ,\n{ \"c d\" : [ ] } ]", "[1,\"a b\",{\"c d\":[]}]");
  assert_compact ("[ \"\\\" \" , \"\\\\\" , \" \\\\\\\" \" ]", "[\"\\\" \",\"\\\\\",\" \\\\\\\" \"]");
  assert_compact ("{ }", "{}");

  part = chihuo_json_compact ("[ 1 ] garbage", 5, NULL);
  g_assert_cmpstr (part, ==, "[1]");
}

static void
test_scan_stop (void)
{
  ChihuoJsonScan scan;

  g_assert_false (chihuo_json_scan ("[ 1,\n x]", -1, &scan, NULL));
  g_assert_cmpuint (scan.stop, ==, 6);
}

/* The differential check: small documents, some of them spoilt by one byte */

static void
append_random_value (GString *text, GRand *rand, guint depth)
{
  static const char * const scalars[] = { "0", "-1", "2.5", "1e3", "true", "false", "null", "\"\"",
                                          "\"a\\n\"", "\"\\u00e9\"", "\"\xc3\xa9\"" };
  guint n = g_rand_int_range (rand, 0, 4);
  gboolean object = g_rand_boolean (rand);

  if (depth == 0 || g_rand_int_range (rand, 0, 3) == 0)
    {
      g_string_append (text, scalars[g_rand_int_range (rand, 0, G_N_ELEMENTS (scalars))]);
      return;
    }

  g_string_append_c (text, object ? '{' : '[');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      if (object)
        g_string_append_printf (text, "\"k%u\":", i);
      append_random_value (text, rand, depth - 1);
    }
  g_string_append_c (text, object ? '}' : ']');
}

static gboolean
json_glib_takes (const char *text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  return json_parser_load_from_data (parser, text, -1, NULL) && json_parser_get_root (parser) != NULL;
}

/* Whatever is generated is good, and both say so */
static void
test_against_json_glib_good (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240817);

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      append_random_value (text, rand, 4);
      g_test_message ("%s", text->str);
      g_assert_true (json_glib_takes (text->str));
      g_assert_true (check_bytes (text->str, text->len, NULL));
    }
}

/* What our scanner takes, json-glib must take, or a task's info could not be read. The other way
 * round does not hold: json-glib 1.6 also takes comments, numbers such as “01”, “1.” and “0x1”, and
 * escapes and control characters that the RFC forbids. Structure is where it is strict */
static void
test_against_json_glib_spoilt (void)
{
  static const char structure[] = "[]{},:";
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240818);
  guint n_bad = 0;

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      gboolean good;
      gsize at;

      append_random_value (text, rand, 4);
      at = g_rand_int_range (rand, 0, text->len);
      if (g_rand_boolean (rand))
        text->str[at] = structure[g_rand_int_range (rand, 0, sizeof structure - 1)];
      else
        g_string_erase (text, at, 1);

      good = check_bytes (text->str, text->len, NULL);
      n_bad += !good;
      if (good && !json_glib_takes (text->str))
        g_error ("json-glib does not take %s", text->str);
    }

  g_assert_cmpuint (n_bad, >, 500);
}

/* Whether all of @text stands within its first bracket */
static gboolean
has_one_root (const char *text)
{
  int depth = 0;

  for (const char *at = text; *at != '\0'; at++)
    {
      depth += *at == '[' || *at == '{' ? 1 : -1;
      if (depth <= 0 && at[1] != '\0')
        return FALSE;
    }

  return TRUE;
}

/* Brackets alone: both agree in both directions, but for texts of more than one value, of which
 * json-glib takes the last */
static void
test_against_json_glib_brackets (void)
{
  static const char alphabet[] = "[]{}";

  for (guint word = 0; word < 4096; word++)
    {
      char text[7] = "";

      for (guint i = 0; i < 6; i++)
        text[i] = alphabet[(word >> (2 * i)) & 3];
      if (!has_one_root (text))
        g_assert_false (chihuo_json_check (text, -1, NULL));
      else if (json_glib_takes (text) != chihuo_json_check (text, -1, NULL))
        g_error ("they do not agree on %s", text);
    }
}

static void
assert_id (const char *id, gssize length, int code, const char *message)
{
  g_autoptr (GError) error = NULL;

  if (code < 0)
    {
      g_assert_true (chihuo_id_check (id, length, &error));
      g_assert_no_error (error);
      return;
    }

  g_assert_false (chihuo_id_check (id, length, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_id (void)
{
  g_autofree char *longest = g_strnfill (CHIHUO_ID_MAX_LENGTH, 'x');
  g_autofree char *too_long = g_strnfill (CHIHUO_ID_MAX_LENGTH + 1, 'x');

  assert_id ("0", -1, -1, NULL);
  assert_id ("/home/é, 日本", -1, -1, NULL);
  assert_id ("a\nb\x01", -1, -1, NULL);
  assert_id ("ab\xff", 2, -1, NULL);
  assert_id (longest, -1, -1, NULL);
  assert_id (too_long, CHIHUO_ID_MAX_LENGTH, -1, NULL);

  assert_id (NULL, -1, CHIHUO_ERROR_INVALID, "expected an id of 1 to 4096 bytes, not an empty one");
  assert_id ("", -1, CHIHUO_ERROR_INVALID, "expected an id of 1 to 4096 bytes, not an empty one");
  assert_id ("a", 0, CHIHUO_ERROR_INVALID, "expected an id of 1 to 4096 bytes, not an empty one");
  assert_id (too_long, -1, CHIHUO_ERROR_TOO_LARGE, "expected an id of 1 to 4096 bytes, not of 4097");
  assert_id ("ab\xe9", -1, CHIHUO_ERROR_INVALID, "byte 2 of the id: expected valid UTF-8");
  assert_id ("\xed\xa0\x80", -1, CHIHUO_ERROR_INVALID, "byte 0 of the id: expected valid UTF-8");
  assert_id ("a\xc3", 2, CHIHUO_ERROR_INVALID, "byte 1 of the id: expected valid UTF-8");
  assert_id ("a\xc3\xa9", 2, CHIHUO_ERROR_INVALID, "byte 1 of the id: expected valid UTF-8");
  assert_id ("abc\0d", 5, CHIHUO_ERROR_INVALID, "byte 3 of the id: expected no NUL");
}

static void
assert_bad_name (const char *name, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_name_check (name, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_name (void)
{
  g_autofree char *longest = g_strnfill (CHIHUO_NAME_MAX_LENGTH, 'x');
  g_autofree char *too_long = g_strnfill (CHIHUO_NAME_MAX_LENGTH + 1, 'x');

  g_assert_true (chihuo_name_check ("my-tasksA", NULL));
  g_assert_true (chihuo_name_check ("AZaz09._-", NULL));
  g_assert_true (chihuo_name_check (longest, NULL));

  for (guint c = 1; c < 256; c++)
    {
      char name[] = { 'a', c, '\0' };
      gboolean allowed = g_ascii_isalnum (c) || c == '.' || c == '_' || c == '-';

      g_assert_cmpint (chihuo_name_check (name, NULL), ==, allowed);
    }

  assert_bad_name (NULL, "expected a queue name of 1 to 64 characters, not of 0");
  assert_bad_name ("", "expected a queue name of 1 to 64 characters, not of 0");
  assert_bad_name (too_long, "expected a queue name of 1 to 64 characters, not of 65");
  assert_bad_name ("my tasks",
                   "byte 2 of the queue name “my tasks”: expected a letter from A to Z or a to z, "
                   "a digit, “.”, “_” or “-”");
  assert_bad_name ("a\xff",
                   "byte 1 of the queue name “a\xef\xbf\xbd”: expected a letter from A to Z or "
                   "a to z, a digit, “.”, “_” or “-”");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/json/good", test_good);
  g_test_add_func ("/json/bad", test_bad);
  g_test_add_func ("/json/null", test_null);
  g_test_add_func ("/json/nul", test_nul);
  g_test_add_func ("/json/escapes", test_escapes);
  g_test_add_func ("/json/control-characters", test_control_characters);
  g_test_add_func ("/json/truncated", test_truncated);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/depth-message", test_depth_message);
  g_test_add_func ("/json/wide", test_wide);
  g_test_add_func ("/json/length", test_length);
  g_test_add_func ("/json/compact", test_compact);
  g_test_add_func ("/json/scan-stop", test_scan_stop);
  g_test_add_func ("/json/json-glib/good", test_against_json_glib_good);
  g_test_add_func ("/json/json-glib/spoilt", test_against_json_glib_spoilt);
  g_test_add_func ("/json/json-glib/brackets", test_against_json_glib_brackets);
  g_test_add_func ("/json/id", test_id);
  g_test_add_func ("/json/name", test_name);

  return g_test_run ();
}
