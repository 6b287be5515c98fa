/* test-cache.c - what the store has under a key, without asking it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-cache.h"

/* A store that is a table stands behind it, as RocksDB does; whatever the cache says it knows has to be what the
 * store and the running command have */

#define N_KEYS 3000
#define N_STEPS 200000
#define LONGEST 2000 /* of a value; some are too large to be kept */

typedef struct
{
  LodisCache *cache;   /* (owned) */
  GHashTable *stored;  /* (owned): key → (owned) GBytes */
  GHashTable *written; /* (owned): key → (owned) (nullable) GBytes; NULL = deleted */
  guint       n_known;
  guint       n_unknown;
} World;

static void
bytes_free (gpointer bytes)
{
  if (bytes != NULL)
    g_bytes_unref (bytes);
}

static LodisSpan
span_of (const char *key)
{
  return (LodisSpan) { (const guint8 *) key, strlen (key) };
}

static LodisSpan
span_of_bytes (GBytes *bytes)
{
  LodisSpan span;

  span.data = g_bytes_get_data (bytes, &span.length);

  return span;
}

static void
set_up (World *world, gconstpointer data)
{
  world->cache = lodis_cache_new ();
  world->stored = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, bytes_free);
  world->written = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, bytes_free);
}

static void
tear_down (World *world, gconstpointer data)
{
  lodis_cache_free (world->cache);
  g_hash_table_unref (world->stored);
  g_hash_table_unref (world->written);
}

/* What a command would be told: NULL = there is nothing */
static GBytes *
look_up (World *world, const char *key)
{
  gpointer value;

  if (g_hash_table_lookup_extended (world->written, key, NULL, &value))
    return value;

  return g_hash_table_lookup (world->stored, key);
}

static void
get (World *world, const char *key)
{
  GBytes *wanted = look_up (world, key);
  LodisSpan value = { NULL, 0 };
  gboolean is_there = FALSE;

  if (lodis_cache_get (world->cache, span_of (key), &value, &is_there))
    {
      world->n_known++;
      g_assert_cmpint (is_there, ==, wanted != NULL);
      if (wanted != NULL)
        g_assert_cmpmem (value.data, value.length, span_of_bytes (wanted).data,
                         span_of_bytes (wanted).length);
      return;
    }

  /* what was written is always known */
  g_assert_false (g_hash_table_contains (world->written, key));
  world->n_unknown++;
  if (wanted != NULL)
    value = span_of_bytes (wanted);
  lodis_cache_learn (world->cache, span_of (key), wanted != NULL ? &value : NULL);
}

static void
write_to (World *world, const char *key, GBytes *bytes)
{
  LodisSpan value = { NULL, 0 };

  if (bytes != NULL)
    value = span_of_bytes (bytes);
  lodis_cache_write (world->cache, span_of (key), bytes != NULL ? &value : NULL);
  g_hash_table_insert (world->written, g_strdup (key), bytes);
}

static GBytes *
choose_value (void)
{
  g_autofree guint8 *data = g_malloc (LONGEST);
  int length = g_test_rand_int_range (0, LONGEST);

  memset (data, g_test_rand_int_range (0, 256), length);

  return g_test_rand_int_range (0, 4) == 0 ? NULL : g_bytes_new (data, length);
}

typedef struct
{
  World   *world;
  GString *last; /* (owned): the key before */
  guint    n;
} Walk;

static void
written_cb (LodisSpan key, const LodisSpan *value, gpointer data)
{
  Walk *walk = data;
  g_autofree char *name = g_strndup ((const char *) key.data, key.length);
  GBytes *wanted = g_hash_table_lookup (walk->world->written, name);

  g_assert_cmpstr (walk->last->str, <, name);
  g_string_assign (walk->last, name);
  walk->n++;
  g_assert_cmpint (value != NULL, ==, wanted != NULL);
  if (value != NULL)
    g_assert_cmpmem (value->data, value->length, span_of_bytes (wanted).data,
                     span_of_bytes (wanted).length);
}

/* What the running command has written is told in the order of the keys, each once */
static void
check_written (World *world)
{
  Walk walk = { .world = world, .last = g_string_new (NULL) };

  lodis_cache_for_written (world->cache, written_cb, &walk);
  g_assert_cmpuint (walk.n, ==, g_hash_table_size (world->written));
  g_assert_cmpint (lodis_cache_is_written (world->cache), ==, walk.n > 0);
  g_string_free (walk.last, TRUE);
}

static void
commit (World *world)
{
  GHashTableIter iter;
  gpointer key;
  gpointer bytes;

  check_written (world);
  lodis_cache_commit (world->cache);
  g_hash_table_iter_init (&iter, world->written);
  while (g_hash_table_iter_next (&iter, &key, &bytes))
    if (bytes != NULL)
      g_hash_table_insert (world->stored, g_strdup (key), g_bytes_ref (bytes));
    else
      g_hash_table_remove (world->stored, key);
  g_hash_table_remove_all (world->written);
}

static void
discard (World *world)
{
  check_written (world);
  lodis_cache_discard (world->cache);
  g_hash_table_remove_all (world->written);
}

static void
step (World *world)
{
  /* some keys are asked for more often than others */
  int last = g_test_rand_int_range (1, N_KEYS);
  g_autofree char *key = g_strdup_printf ("k%d", g_test_rand_int_range (0, last));

  switch (g_test_rand_int_range (0, 16))
    {
    case 0:
      commit (world);
      break;
    case 1:
      discard (world);
      break;
    case 2:
    case 3:
    case 4:
    case 5:
      write_to (world, key, choose_value ());
      break;
    default:
      get (world, key);
      break;
    }
}

/* 200,000 steps of a few commands; both tables are full many times */
static void
test_walk (World *world, gconstpointer data)
{
  for (guint i = 0; i < N_STEPS; i++)
    step (world);

  g_assert_cmpuint (world->n_known, >, N_STEPS / 8);
  g_assert_cmpuint (world->n_unknown, >, N_STEPS / 50);
}

/* What is too large to be kept is asked for again, and the value before it is not remembered */
static void
test_large (World *world, gconstpointer data)
{
  g_autofree guint8 *bytes = g_malloc0 (LONGEST);
  LodisSpan value;
  gboolean is_there;

  write_to (world, "a", g_bytes_new ("small", 5));
  commit (world);
  g_assert_true (lodis_cache_get (world->cache, span_of ("a"), &value, &is_there));

  write_to (world, "a", g_bytes_new (bytes, LONGEST));
  g_assert_true (lodis_cache_get (world->cache, span_of ("a"), &value, &is_there));
  g_assert_cmpuint (value.length, ==, LONGEST);
  commit (world);
  g_assert_false (lodis_cache_get (world->cache, span_of ("a"), &value, &is_there));
}

static void
test_clear (World *world, gconstpointer data)
{
  LodisSpan value;
  gboolean is_there;

  write_to (world, "a", g_bytes_new ("1", 1));
  commit (world);
  write_to (world, "b", NULL);
  lodis_cache_clear (world->cache);
  g_assert_false (lodis_cache_is_written (world->cache));
  g_assert_false (lodis_cache_get (world->cache, span_of ("a"), &value, &is_there));
  g_assert_false (lodis_cache_get (world->cache, span_of ("b"), &value, &is_there));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/lodis-cache/" path, World, NULL, set_up, function, tear_down)
  TEST ("walk", test_walk);
  TEST ("large", test_large);
  TEST ("clear", test_clear);

  return g_test_run ();
}
