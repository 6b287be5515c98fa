/* test-lodis-operations.c - what a transaction on a Lodis is made of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-lodis-frame.h"
#include "chihuo-lodis-operations.h"

#define LARGE 10000

/* The arguments with spaces between; what is no short text is told by its length, and NUL is "/" */
static char *
describe (const GByteArray *arguments)
{
  g_autoptr (GBytes) body = g_bytes_new (arguments->data, arguments->len);
  ChihuoLodisReader reader = { .body = body, .at = g_bytes_get_data (body, NULL),
                               .left = arguments->len };
  GString *text = g_string_new (NULL);

  while (reader.left > 0)
    {
      g_autoptr (GBytes) item = NULL;
      g_autoptr (GError) error = NULL;
      const char *data;
      gsize length;

      chihuo_lodis_frame_take_item (&reader, &item, &error);
      g_assert_no_error (error);
      data = g_bytes_get_data (item, &length);
      if (text->len > 0)
        g_string_append_c (text, ' ');
      if (length > 30)
        g_string_append_printf (text, "(%" G_GSIZE_FORMAT ")", length);
      for (gsize i = 0; length <= 30 && i < length; i++)
        g_string_append_c (text, data[i] != '\0' ? data[i] : '/');
    }

  return g_string_free (text, FALSE);
}

static void
assert_changes (ChihuoLodisSpace *space, const char *wanted)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autofree char *text = NULL;

  chihuo_lodis_operations_add_space (arguments, space, 0x6162636465666768);
  text = describe (arguments);
  g_assert_cmpstr (text, ==, wanted);
}

static ChihuoLodisSpace *
new_space (void)
{
  ChihuoLodisSpace *space = chihuo_lodis_space_new (g_intern_static_string ("eat"));

  g_free (space->map);
  g_free (space->index_map);
  g_free (space->news_map);
  space->map = g_strdup ("MAP");
  space->index_map = g_strdup ("INDEX");
  space->news_map = g_strdup ("NEWS");
  space->version = g_bytes_new_static ("12345678", 8); /* the number behind it is text, too */

  return space;
}

static void
change (ChihuoLodisSpace *space, const char *key, const char *stored, gsize n_stored,
        const char *index, const char *value)
{
  g_autoptr (GBytes) before = stored != NULL ? g_bytes_new (stored, n_stored) : NULL;
  g_autoptr (GBytes) after = value != NULL ? g_bytes_new (value, strlen (value)) : NULL;
  ChihuoLodisEntry *entry = chihuo_lodis_space_want (space, key);

  chihuo_lodis_space_learn (entry, before);
  chihuo_lodis_space_change (space, entry, index, after);
}

static void
test_conditions (void)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autoptr (GBytes) value = g_bytes_new_static ("value", 5);
  g_autofree char *text = NULL;

  chihuo_lodis_operations_add (arguments, '#', "map");
  chihuo_lodis_operations_add_condition (arguments, "map", "key", value);
  chihuo_lodis_operations_add_condition (arguments, "map", "key", NULL);
  text = describe (arguments);
  g_assert_cmpstr (text, ==, "# map ? map key value ! map key");
}

/* A task comes, moves, goes; each time the version grows by one, and what is new to claim is news */
static void
test_life (void)
{
  g_autoptr (ChihuoLodisSpace) comes = new_space ();
  g_autoptr (ChihuoLodisSpace) moves = new_space ();
  g_autoptr (ChihuoLodisSpace) goes = new_space ();

  change (comes, "ta", NULL, 0, "w1", "x");
  assert_changes (comes, "= MAP ta w1/x = INDEX w1 ta = MAP v 12345679 = NEWS n abcdefgh");
  change (moves, "ta", "w1\0x", 4, "r5", "y");
  assert_changes (moves, "= MAP ta r5/y - INDEX w1 = INDEX r5 ta = MAP v 12345679");
  change (goes, "ta", "r5\0y", 4, NULL, NULL);
  assert_changes (goes, "- MAP ta - INDEX r5 = MAP v 12345679");
}

/* Whoever wants to be looked at says so without a new task */
static void
test_news (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();

  change (space, "ta", "r1\0x", 4, "r1", "y");
  space->has_news = TRUE;
  assert_changes (space, "= MAP ta r1/y = MAP v 12345679 = NEWS n abcdefgh");
}

/* Of a large value only the head is sent when the rest stays, and all of it when that changes */
static void
test_large (void)
{
  g_autofree char *value = g_strnfill (LARGE, 'x');
  g_autofree char *other = g_strnfill (LARGE, 'z');
  g_autoptr (GByteArray) stored = g_byte_array_new ();
  g_autoptr (ChihuoLodisSpace) moves = new_space ();
  g_autoptr (ChihuoLodisSpace) changes = new_space ();
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autofree char *text = NULL;

  g_byte_array_append (stored, (const guint8 *) "w1", 3);
  g_byte_array_append (stored, (const guint8 *) value, LARGE);
  memcpy (value, "head", 4);

  change (moves, "ta", (const char *) stored->data, stored->len, "r5", value);
  chihuo_lodis_operations_add_space (arguments, moves, 0);
  g_assert_cmpuint (arguments->len, <, 200);
  text = describe (arguments);
  g_assert_true (g_str_has_prefix (text, "~ MAP ta r5/head "));

  change (changes, "ta", (const char *) stored->data, stored->len, "r5", other);
  assert_changes (changes, "= MAP ta (10003) - INDEX w1 = INDEX r5 ta = MAP v 12345679");
}

/* A queue that was wiped has none of its old versions again */
static void
test_first_version (void)
{
  g_autoptr (GHashTable) texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int i = 0; i < 8; i++)
    {
      g_autoptr (ChihuoLodisSpace) space = new_space ();
      g_autoptr (GByteArray) arguments = g_byte_array_new ();

      g_clear_pointer (&space->version, g_bytes_unref);
      change (space, "ta", NULL, 0, "w1", "x");
      chihuo_lodis_operations_add_space (arguments, space, 0);
      g_hash_table_add (texts, g_base64_encode (arguments->data, arguments->len));
    }

  g_assert_cmpuint (g_hash_table_size (texts), ==, 8);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lodis-operations/conditions", test_conditions);
  g_test_add_func ("/lodis-operations/life", test_life);
  g_test_add_func ("/lodis-operations/news", test_news);
  g_test_add_func ("/lodis-operations/large", test_large);
  g_test_add_func ("/lodis-operations/first-version", test_first_version);

  return g_test_run ();
}
