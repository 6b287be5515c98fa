/* test-payload.c - checks payloads: an id and an info in one allocation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-payload.h"

#define N_THREADS 4
#define N_TURNS   10000

static void
test_both (void)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new ("squares/3", -1, "{\"n\":9}", -1);

  g_assert_cmpstr (chihuo_payload_get_id (payload), ==, "squares/3");
  g_assert_cmpuint (chihuo_payload_get_id_length (payload), ==, 9);
  g_assert_cmpstr (chihuo_payload_get_json (payload), ==, "{\"n\":9}");
  g_assert_cmpuint (chihuo_payload_get_json_length (payload), ==, 7);
}

static void
test_id_only (void)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new ("3", -1, NULL, -1);
  g_autoptr (ChihuoPayload) other = chihuo_payload_new ("3", -1, NULL, 17);

  g_assert_cmpstr (chihuo_payload_get_id (payload), ==, "3");
  g_assert_null (chihuo_payload_get_json (payload));
  g_assert_cmpuint (chihuo_payload_get_json_length (payload), ==, 0);
  g_assert_null (chihuo_payload_get_json (other));
  g_assert_cmpuint (chihuo_payload_get_json_length (other), ==, 0);
}

/* With a length the texts need not end with a NUL; what is returned does */
static void
test_lengths (void)
{
  g_autofree char *id = g_memdup2 ("idX", 3);
  g_autofree char *json = g_memdup2 ("12X", 3);
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, 2, json, 2);

  g_assert_cmpstr (chihuo_payload_get_id (payload), ==, "id");
  g_assert_cmpuint (chihuo_payload_get_id_length (payload), ==, 2);
  g_assert_cmpstr (chihuo_payload_get_json (payload), ==, "12");
  g_assert_cmpuint (chihuo_payload_get_json_length (payload), ==, 2);
}

/* It keeps a copy */
static void
test_immutable (void)
{
  char id[] = "id";
  char json[] = "12";
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, json, -1);

  memset (id, 'x', 2);
  memset (json, 'x', 2);
  g_assert_cmpstr (chihuo_payload_get_id (payload), ==, "id");
  g_assert_cmpstr (chihuo_payload_get_json (payload), ==, "12");
}

static void
test_large (void)
{
  g_autofree char *id = g_strnfill (4096, 'i');
  g_autofree char *json = g_strnfill (1024 * 1024, '1');
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, json, -1);

  g_assert_cmpstr (chihuo_payload_get_id (payload), ==, id);
  g_assert_cmpuint (chihuo_payload_get_id_length (payload), ==, 4096);
  g_assert_cmpmem (chihuo_payload_get_json (payload), chihuo_payload_get_json_length (payload),
                   json, 1024 * 1024);
}

static void
test_equal (void)
{
  g_autoptr (ChihuoPayload) a = chihuo_payload_new ("a", -1, "1", -1);
  g_autoptr (ChihuoPayload) a2 = chihuo_payload_new ("abc", 1, "2", -1);
  g_autoptr (ChihuoPayload) b = chihuo_payload_new ("b", -1, "1", -1);
  g_autoptr (ChihuoPayload) longer = chihuo_payload_new ("aa", -1, "1", -1);
  g_autoptr (ChihuoPayload) upper = chihuo_payload_new ("A", -1, "1", -1);

  g_assert_true (chihuo_payload_equal (a, a));
  g_assert_true (chihuo_payload_equal (a, a2));
  g_assert_cmpuint (chihuo_payload_hash (a), ==, chihuo_payload_hash (a2));
  g_assert_false (chihuo_payload_equal (a, b));
  g_assert_false (chihuo_payload_equal (a, longer));
  g_assert_false (chihuo_payload_equal (a, upper));
}

/* As keys of a table, found by another payload of the same id; so few collide that it stays fast */
static void
test_hash (void)
{
  g_autoptr (GHashTable) table = g_hash_table_new_full (chihuo_payload_hash, chihuo_payload_equal,
                                                        (GDestroyNotify) chihuo_payload_unref, NULL);
  g_autoptr (GHashTable) hashes = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *id = g_strdup_printf ("task-%u", i);
      ChihuoPayload *payload = chihuo_payload_new (id, -1, "1", -1);

      g_hash_table_add (hashes, GUINT_TO_POINTER (chihuo_payload_hash (payload)));
      g_assert_true (g_hash_table_add (table, payload));
    }

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *id = g_strdup_printf ("task-%u", i);
      g_autoptr (ChihuoPayload) key = chihuo_payload_new (id, -1, NULL, 0);

      g_assert_true (g_hash_table_contains (table, key));
    }

  g_assert_cmpuint (g_hash_table_size (table), ==, 10000);
  g_assert_cmpuint (g_hash_table_size (hashes), >, 9990);
}

static gpointer
use_cb (gpointer data)
{
  ChihuoPayload *payload = data;

  for (guint i = 0; i < N_TURNS; i++)
    {
      g_autoptr (ChihuoPayload) mine = chihuo_payload_ref (payload);

      g_assert_cmpstr (chihuo_payload_get_id (mine), ==, "shared");
    }
  chihuo_payload_unref (payload);

  return NULL;
}

/* Whoever is last frees it: a sanitizer says if that went wrong */
static void
test_threads (void)
{
  ChihuoPayload *payload = chihuo_payload_new ("shared", -1, "1", -1);
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("use", use_cb, chihuo_payload_ref (payload));
  chihuo_payload_unref (payload);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
test_boxed (void)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new ("a", -1, "1", -1);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, CHIHUO_TYPE_PAYLOAD);
  g_value_set_boxed (&value, payload);
  g_assert_true (g_value_get_boxed (&value) == payload);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/payload/both", test_both);
  g_test_add_func ("/payload/id-only", test_id_only);
  g_test_add_func ("/payload/lengths", test_lengths);
  g_test_add_func ("/payload/immutable", test_immutable);
  g_test_add_func ("/payload/large", test_large);
  g_test_add_func ("/payload/equal", test_equal);
  g_test_add_func ("/payload/hash", test_hash);
  g_test_add_func ("/payload/threads", test_threads);
  g_test_add_func ("/payload/boxed", test_boxed);

  return g_test_run ();
}
