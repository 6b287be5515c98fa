/* test-lodis-frame.c - what is said to a Lodis and what it answers, as bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-lodis-frame.h"

#define BYTES(text) g_bytes_new_static (text, sizeof text - 1)

/* All kinds of items; their lengths, the highest byte first */
static void
test_encode (void)
{
  static const char expected[] = "\0\0\0\2ab"
                                 "\0\0\0\0"
                                 "\0\0\0\3x\0y"
                                 "\0\0\0\4\1\2\3\4"
                                 "\0\0\0\10\1\2\3\4\5\6\7\10";
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x\0y", 3);

  chihuo_lodis_frame_add_string (arguments, "ab");
  chihuo_lodis_frame_add (arguments, NULL, 0);
  chihuo_lodis_frame_add_bytes (arguments, bytes);
  chihuo_lodis_frame_add_u32 (arguments, 0x01020304);
  chihuo_lodis_frame_add_u64 (arguments, G_GUINT64_CONSTANT (0x0102030405060708));
  g_assert_cmpmem (arguments->data, arguments->len, expected, sizeof expected - 1);
}

/* Longer than one byte of a length can say */
static void
test_encode_long (void)
{
  g_autofree char *text = g_strnfill (0x012345, 'x');
  g_autoptr (GByteArray) arguments = g_byte_array_new ();

  chihuo_lodis_frame_add_string (arguments, text);
  g_assert_cmpuint (arguments->len, ==, 4 + 0x012345);
  g_assert_cmpmem (arguments->data, 4, "\0\1\x23\x45", 4);
}

/* An answer with one of each, and what was read of it, as a text */
static const char everything[] = "\0"
                                 "\7"
                                 "\0\0\1\0"
                                 "\0\0\0\0\0\0\2\0"
                                 "\0\0\0\3x\0y"
                                 "\0\0\0\2\xc3\xa4"
                                 "\0"
                                 "\1\0\0\0\1z"
                                 "\1\0\0\0\0";

static gboolean
read_everything (GBytes *body, char **text, GError **error)
{
  ChihuoLodisReader reader;
  g_autoptr (GBytes) item = NULL;
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GBytes) some = NULL;
  g_autoptr (GBytes) empty = NULL;
  g_autofree char *word = NULL;
  guint8 small;
  guint32 middle;
  guint64 large;

  if (!chihuo_lodis_frame_open (&reader, 200, body, error)
      || !chihuo_lodis_frame_take_u8 (&reader, &small, error)
      || !chihuo_lodis_frame_take_u32 (&reader, &middle, error)
      || !chihuo_lodis_frame_take_u64 (&reader, &large, error)
      || !chihuo_lodis_frame_take_item (&reader, &item, error)
      || !chihuo_lodis_frame_take_text (&reader, &word, error)
      || !chihuo_lodis_frame_take_option (&reader, &none, error)
      || !chihuo_lodis_frame_take_option (&reader, &some, error)
      || !chihuo_lodis_frame_take_option (&reader, &empty, error)
      || !chihuo_lodis_frame_finish (&reader, error))
    return FALSE;

  g_assert_null (none);
  g_assert_cmpmem (g_bytes_get_data (item, NULL), g_bytes_get_size (item), "x\0y", 3);
  g_assert_cmpmem (g_bytes_get_data (some, NULL), g_bytes_get_size (some), "z", 1);
  g_assert_cmpuint (g_bytes_get_size (empty), ==, 0);
  *text = g_strdup_printf ("%u %u %" G_GUINT64_FORMAT " %s", small, middle, large, word);
  return TRUE;
}

static void
test_decode (void)
{
  g_autoptr (GBytes) body = BYTES (everything);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  read_everything (body, &text, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "7 256 512 ä");
}

/* An item keeps the bytes that it points into */
static void
test_item_outlives (void)
{
  GBytes *body = g_bytes_new ("\0\0\0\0\3abc", 8);
  g_autoptr (GBytes) item = NULL;
  g_autoptr (GError) error = NULL;
  ChihuoLodisReader reader;

  g_assert_true (chihuo_lodis_frame_open (&reader, 200, body, &error));
  g_assert_true (chihuo_lodis_frame_take_item (&reader, &item, &error));
  g_bytes_unref (body);
  g_assert_cmpmem (g_bytes_get_data (item, NULL), g_bytes_get_size (item), "abc", 3);
}

/* Wherever it ends, that is an error; each copy is a block of its own, so that a sanitizer sees one byte too many */
static void
test_truncated (void)
{
  for (gsize length = 0; length < sizeof everything - 1; length++)
    {
      g_autoptr (GBytes) body = g_bytes_new (everything, length);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      g_assert_false (read_everything (body, &text, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
    }
}

static void
test_too_long (void)
{
  g_autoptr (GBytes) body = g_bytes_new (everything, sizeof everything);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_false (read_everything (body, &text, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, "1 bytes stand behind"));
}

/* A length that no body has */
static void
test_bad_items (void)
{
  static const char *const lengths[] = { "\xff\xff\xff\xff" "ab", "\x7f\xff\xff\xff" "ab", "\0\0\0\3ab" };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *bytes = g_memdup2 ("\0      ", 7);
      g_autoptr (GBytes) body = NULL;
      g_autoptr (GBytes) item = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      ChihuoLodisReader reader;

      memcpy (bytes + 1, lengths[i], 6);
      body = g_bytes_new (bytes, 7);
      g_assert_true (chihuo_lodis_frame_open (&reader, 200, body, NULL));
      g_assert_false (chihuo_lodis_frame_take_item (&reader, &item, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
      g_assert_true (chihuo_lodis_frame_open (&reader, 200, body, NULL));
      g_assert_false (chihuo_lodis_frame_take_text (&reader, &text, NULL));
    }
}

static void
test_bad_text (void)
{
  static const char *const texts[] = { "\0\0\0\0\2\xff" "a", "\0\0\0\0\2a\0" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GBytes) body = g_bytes_new (texts[i], 7);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      ChihuoLodisReader reader;

      g_assert_true (chihuo_lodis_frame_open (&reader, 200, body, NULL));
      g_assert_false (chihuo_lodis_frame_take_text (&reader, &text, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
      g_assert_nonnull (strstr (error->message, "UTF-8"));
    }
}

static void
test_bad_option (void)
{
  g_autoptr (GBytes) body = g_bytes_new ("\0\2\0\0\0\0", 6);
  g_autoptr (GBytes) item = NULL;
  g_autoptr (GError) error = NULL;
  ChihuoLodisReader reader;

  g_assert_true (chihuo_lodis_frame_open (&reader, 200, body, NULL));
  g_assert_false (chihuo_lodis_frame_take_option (&reader, &item, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  g_assert_null (item);
}

static void
assert_refused (guint status, const char *text, gsize length, int code, const char *word)
{
  g_autoptr (GBytes) body = g_bytes_new (text, length);
  g_autoptr (GError) error = NULL;
  ChihuoLodisReader reader;

  g_assert_false (chihuo_lodis_frame_open (&reader, status, body, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_nonnull (strstr (error->message, word));
  g_assert_null (strchr (error->message, '\n'));
}

/* What the server could not do, what we should not have sent, and what no Lodis says */
static void
test_refusals (void)
{
  g_autofree char *long_text = g_strnfill (1000, '1');

  assert_refused (500, "1no luck", 8, CHIHUO_ERROR_BACKEND, "error 1: no luck");
  assert_refused (500, "2a\nb\x1b", 5, CHIHUO_ERROR_BACKEND, "error 2: a b ");
  assert_refused (500, "3x", 2, CHIHUO_ERROR_BACKEND, "error 3: x");
  assert_refused (500, "4x", 2, CHIHUO_ERROR_PROTOCOL, "error 4: x");
  assert_refused (500, "5x", 2, CHIHUO_ERROR_PROTOCOL, "error 5: x");
  assert_refused (500, "6\xff", 2, CHIHUO_ERROR_PROTOCOL, "error 6: \xef\xbf\xbd");
  assert_refused (500, "1", 1, CHIHUO_ERROR_BACKEND, "does not say why");
  assert_refused (500, "", 0, CHIHUO_ERROR_PROTOCOL, "another server");
  assert_refused (500, "<html>", 6, CHIHUO_ERROR_PROTOCOL, "another server");
  assert_refused (500, "7x", 2, CHIHUO_ERROR_PROTOCOL, "another server");
  assert_refused (503, "1full", 5, CHIHUO_ERROR_TIMED_OUT, "503");
  assert_refused (404, "\0", 1, CHIHUO_ERROR_PROTOCOL, "status 404");
  assert_refused (200, "", 0, CHIHUO_ERROR_PROTOCOL, "status 200 with 0 bytes");
  assert_refused (200, "OK", 2, CHIHUO_ERROR_PROTOCOL, "status 200 with 2 bytes");
  assert_refused (500, long_text, 1000, CHIHUO_ERROR_BACKEND, "error 1: 1111");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lodis-frame/encode", test_encode);
  g_test_add_func ("/lodis-frame/encode-long", test_encode_long);
  g_test_add_func ("/lodis-frame/decode", test_decode);
  g_test_add_func ("/lodis-frame/item-outlives", test_item_outlives);
  g_test_add_func ("/lodis-frame/truncated", test_truncated);
  g_test_add_func ("/lodis-frame/too-long", test_too_long);
  g_test_add_func ("/lodis-frame/bad-items", test_bad_items);
  g_test_add_func ("/lodis-frame/bad-text", test_bad_text);
  g_test_add_func ("/lodis-frame/bad-option", test_bad_option);
  g_test_add_func ("/lodis-frame/refusals", test_refusals);

  return g_test_run ();
}
