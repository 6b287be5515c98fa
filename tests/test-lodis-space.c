/* test-lodis-space.c - what a transaction knows of one queue's maps, and what it changes in them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-lodis-space.h"

static ChihuoLodisSpace *
new_space (void)
{
  return chihuo_lodis_space_new (g_intern_static_string ("eat"));
}

/* An entry that the server has; stored: (nullable): index, NUL, value */
static ChihuoLodisEntry *
learn (ChihuoLodisSpace *space, const char *key, const char *stored, gsize length)
{
  g_autoptr (GBytes) bytes = stored != NULL ? g_bytes_new (stored, length) : NULL;
  ChihuoLodisEntry *entry = chihuo_lodis_space_want (space, key);

  g_assert_nonnull (entry);
  chihuo_lodis_space_learn (entry, bytes);

  return entry;
}

static void
change (ChihuoLodisSpace *space, const char *key, const char *index, const char *value)
{
  g_autoptr (GBytes) bytes = value != NULL ? g_bytes_new (value, strlen (value)) : NULL;

  chihuo_lodis_space_change (space, chihuo_lodis_space_get (space, key), index, bytes);
}

/* What the server has behind the window's last: "w1=a w2=b" */
static void
extend (ChihuoLodisSpace *space, const char *after, const char *text, gboolean is_complete)
{
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (chihuo_lodis_space_free_place);
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  for (guint i = 0; words[i] != NULL && *words[i] != '\0'; i++)
    {
      g_auto (GStrv) pair = g_strsplit (words[i], "=", 2);

      g_ptr_array_add (places, chihuo_lodis_space_new_place (g_strdup (pair[0]), g_strdup (pair[1])));
    }
  chihuo_lodis_space_extend (space, chihuo_lodis_space_open (space, after), places, is_complete);
  g_assert_cmpuint (places->len, ==, 0);
}

/* What a walk from there finds, one after the other; "?" where more would have to be read */
static char *
walk (ChihuoLodisSpace *space, const char *after, const char *before)
{
  GString *found = g_string_new (NULL);
  g_autofree char *at = g_strdup (after);
  ChihuoLodisWindow *window;
  ChihuoLodisPlace *place;
  ChihuoLodisSearch search;

  while ((search = chihuo_lodis_space_search (space, at, before, &window, &place))
         == CHIHUO_LODIS_FOUND)
    {
      g_string_append_printf (found, "%s ", place->key);
      g_free (at);
      at = g_strdup (place->index);
    }
  g_string_append (found, search == CHIHUO_LODIS_UNKNOWN ? "?" : ".");

  return g_string_free (found, FALSE);
}

static void
assert_walk (ChihuoLodisSpace *space, const char *after, const char *before, const char *expected)
{
  g_autofree char *found = walk (space, after, before);

  g_assert_cmpstr (found, ==, expected);
}

/* No queue has the maps of another one, or of a program that calls its own as ours are called */
static void
test_names (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();
  g_autoptr (ChihuoLodisSpace) store = chihuo_lodis_space_new (g_intern_static_string ("!"));

  g_assert_cmpstr (space->map, ==, "chihuo:eat");
  g_assert_cmpstr (space->index_map, ==, "chihuo:eat:index");
  g_assert_cmpstr (space->news_map, ==, "chihuo:eat:news");
  g_assert_false (chihuo_lodis_space_is_store (space));
  g_assert_true (chihuo_lodis_space_is_store (store));
}

static void
test_want (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();
  ChihuoLodisEntry *entry = chihuo_lodis_space_want (space, "ta");

  g_assert_cmpstr (entry->key, ==, "ta");
  g_assert_null (chihuo_lodis_space_want (space, "ta"));
  g_assert_null (chihuo_lodis_space_get (space, "ta"));
  g_assert_null (chihuo_lodis_space_get (space, "tb"));
  chihuo_lodis_space_learn (entry, NULL);
  g_assert_true (chihuo_lodis_space_get (space, "ta") == entry);
  g_assert_null (chihuo_lodis_space_want (space, "ta"));
  g_assert_null (entry->value);
}

static void
assert_bytes (GBytes *bytes, const char *expected, gsize length)
{
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, length);
}

/* index, NUL, value; and what is of no such form is a value as it stands */
static void
test_form (void)
{
  static const struct
  {
    const char *stored;
    gsize       length;
    const char *index;
    const char *value;
    gsize       value_length;
  } cases[] = {
    { "w1\0abc", 6, "w1", "abc", 3 },
    { "\0abc", 4, NULL, "abc", 3 },
    { "w1\0a\0c", 6, "w1", "a\0c", 3 },
    { "w1\0", 3, "w1", "", 0 },
    { "junk", 4, NULL, "junk", 4 },
    { "\xff\0abc", 5, NULL, "\xff\0abc", 5 },
    { "", 0, NULL, "", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ChihuoLodisSpace) space = new_space ();
      ChihuoLodisEntry *entry = learn (space, "k", cases[i].stored, cases[i].length);
      g_autoptr (GBytes) packed = chihuo_lodis_space_pack (entry);

      g_assert_cmpstr (entry->index, ==, cases[i].index);
      g_assert_cmpstr (entry->stored_index, ==, cases[i].index);
      assert_bytes (entry->value, cases[i].value, cases[i].value_length);
      assert_bytes (entry->stored, cases[i].stored, cases[i].length);
      if (i < 4)
        assert_bytes (packed, cases[i].stored, cases[i].length);
    }
}

static void
test_change (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();
  ChihuoLodisEntry *entry = learn (space, "ta", "r1\0old", 6);
  g_autoptr (GBytes) packed = NULL;

  learn (space, "tb", NULL, 0);
  change (space, "tb", NULL, NULL);
  g_assert_false (space->is_changed);

  change (space, "ta", "x9", "new");
  g_assert_true (space->is_changed && entry->is_changed);
  g_assert_false (space->has_news);
  packed = chihuo_lodis_space_pack (entry);
  assert_bytes (packed, "x9\0new", 6);
  g_assert_cmpstr (entry->stored_index, ==, "r1");
  assert_bytes (entry->stored, "r1\0old", 6);

  change (space, "ta", NULL, NULL);
  g_assert_null (entry->value);
  g_assert_null (entry->index);
}

/* What waits or will wait wakes others up; what only changes in its place does not */
static void
test_news (void)
{
  static const char *const kinds[] = { "w2", "s2", "d2", "r2", "x2", "g2" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (ChihuoLodisSpace) space = new_space ();

      learn (space, "ta", "w1\0a", 4);
      change (space, "ta", "w1", "b");
      g_assert_false (space->has_news);
      change (space, "ta", kinds[i], "c");
      g_assert_cmpint (space->has_news, ==, i < 3);
    }
}

/* An empty window says that more has to be read; a complete one, that there is nothing */
static void
test_windows (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();

  assert_walk (space, "w", "x", "?");
  extend (space, "w", "w1=a w2=b", FALSE);
  assert_walk (space, "w", "x", "a b ?");
  assert_walk (space, "w1", "x", "b ?");
  assert_walk (space, "w", "w2", "a .");
  extend (space, "w2", "w3=c", TRUE);
  assert_walk (space, "w", "x", "a b c .");
  assert_walk (space, "w9", "x", ".");
  g_assert_cmpuint (space->windows->len, ==, 1);

  assert_walk (space, "d", "e", "?");
  extend (space, "d", "", TRUE);
  assert_walk (space, "d", "e", ".");
  assert_walk (space, "w", "x", "a b c .");
  g_assert_cmpuint (space->windows->len, ==, 2);
}

/* What stands before a window or behind it is not known by it: it begins anew there */
static void
test_other_window (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();

  extend (space, "w5", "w6=f", FALSE);
  assert_walk (space, "w5", "x", "f ?");
  assert_walk (space, "w1", "x", "?");
  extend (space, "w1", "w2=b w6=f", FALSE);
  assert_walk (space, "w1", "x", "b f ?");
  assert_walk (space, "w8", "x", "?");
  g_assert_cmpuint (space->windows->len, ==, 1);
}

/* Changes are seen in what was read before and in what is read after them */
static void
test_moved (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();

  extend (space, "w", "w1=ta w3=tc", FALSE);
  learn (space, "ta", "w1\0a", 4);
  learn (space, "tb", NULL, 0);
  learn (space, "td", NULL, 0);
  learn (space, "te", "w5\0e", 4);
  change (space, "ta", "r1", "a");
  change (space, "tb", "w2", "b");
  change (space, "td", "w4", "d");
  change (space, "te", NULL, NULL);
  assert_walk (space, "w", "x", "tb tc ?");
  assert_walk (space, "r", "s", "?");

  extend (space, "w3", "w5=te w6=tf", TRUE);
  assert_walk (space, "w", "x", "tb tc td tf .");
  extend (space, "r", "r0=tz", TRUE);
  assert_walk (space, "r", "s", "tz ta .");
}

/* There and back again; and one takes the place that another one has left */
static void
test_back (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();

  extend (space, "w", "w1=ta w2=tb", TRUE);
  learn (space, "ta", "w1\0a", 4);
  learn (space, "tb", "w2\0b", 4);
  change (space, "ta", "r1", "a");
  change (space, "ta", "w1", "a");
  assert_walk (space, "w", "x", "ta tb .");
  change (space, "ta", NULL, NULL);
  change (space, "tb", "w1", "b");
  assert_walk (space, "w", "x", "tb .");
}

/* What has changed behind a page counts as soon as the page reaches it, once */
static void
test_moved_behind (void)
{
  g_autoptr (ChihuoLodisSpace) space = new_space ();

  extend (space, "w", "w1=ta", FALSE);
  learn (space, "tx", NULL, 0);
  change (space, "tx", "w7", "x");
  assert_walk (space, "w", "x", "ta ?");
  extend (space, "w1", "w5=te", FALSE);
  assert_walk (space, "w", "x", "ta te ?");
  extend (space, "w5", "w8=th", FALSE);
  assert_walk (space, "w", "x", "ta te tx th ?");
  extend (space, "w8", "", TRUE);
  assert_walk (space, "w", "x", "ta te tx th .");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lodis-space/names", test_names);
  g_test_add_func ("/lodis-space/want", test_want);
  g_test_add_func ("/lodis-space/form", test_form);
  g_test_add_func ("/lodis-space/change", test_change);
  g_test_add_func ("/lodis-space/news", test_news);
  g_test_add_func ("/lodis-space/windows", test_windows);
  g_test_add_func ("/lodis-space/other-window", test_other_window);
  g_test_add_func ("/lodis-space/moved", test_moved);
  g_test_add_func ("/lodis-space/back", test_back);
  g_test_add_func ("/lodis-space/moved-behind", test_moved_behind);

  return g_test_run ();
}
