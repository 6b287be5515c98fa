/* test-memory-index.c - whatever comes and goes, each id leads to its own record
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-index.h"

#define N_NODES 1000
#define N_STEPS 20000

typedef struct
{
  ChihuoMemoryIndex index;
  ChihuoMemoryNode  nodes[N_NODES];
  gboolean          is_in[N_NODES];
  guint             n_in;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < N_NODES; i++)
    {
      g_autofree char *id = g_strdup_printf ("task-%u", i);

      f->nodes[i].record.payload = chihuo_payload_new (id, -1, NULL, 0);
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  chihuo_memory_index_clear (&f->index);
  for (guint i = 0; i < N_NODES; i++)
    chihuo_record_clear (&f->nodes[i].record);
}

static void
toggle (Fixture *f, guint i)
{
  if (f->is_in[i])
    chihuo_memory_index_remove (&f->index, &f->nodes[i]);
  else
    chihuo_memory_index_add (&f->index, &f->nodes[i]);
  f->is_in[i] = !f->is_in[i];
  f->n_in += f->is_in[i] ? 1 : -1;
}

/* Asked with another payload of the same id, as a settle does */
static void
check (Fixture *f, guint i)
{
  ChihuoPayload *known = f->nodes[i].record.payload;
  g_autoptr (ChihuoPayload) id = chihuo_payload_new (chihuo_payload_get_id (known), -1, "1", 1);

  chihuo_memory_index_prefetch (&f->index, id);
  g_assert_true (chihuo_memory_index_find (&f->index, id) == (f->is_in[i] ? &f->nodes[i] : NULL));
}

static void
check_all (Fixture *f)
{
  ChihuoMemoryNode *node;
  gsize at = 0;
  guint n = 0;

  for (guint i = 0; i < N_NODES; i++)
    check (f, i);
  while ((node = chihuo_memory_index_next (&f->index, &at)) != NULL)
    {
      g_assert_true (f->is_in[node - f->nodes]);
      n++;
    }
  g_assert_cmpuint (n, ==, f->n_in);
  g_assert_cmpuint (f->index.n_nodes, ==, f->n_in);
}

static void
test_empty (Fixture *f, gconstpointer data)
{
  gsize at = 0;

  check (f, 0);
  g_assert_null (chihuo_memory_index_next (&f->index, &at));
  toggle (f, 0);
  toggle (f, 0);
  check_all (f);
}

static void
test_random (Fixture *f, gconstpointer data)
{
  for (guint step = 0; step < N_STEPS; step++)
    {
      guint i = g_test_rand_int_range (0, N_NODES);

      toggle (f, i);
      check (f, i);
      check (f, g_test_rand_int_range (0, N_NODES));
      if (step % 1000 == 0)
        check_all (f);
    }
  check_all (f);
}

/* As many as the least size takes: rows of them go over its end, and gaps are closed around it */
static void
test_crowded (Fixture *f, gconstpointer data)
{
  for (guint first = 0; first + 12 <= N_NODES; first += 12)
    {
      for (guint i = 0; i < 12; i++)
        toggle (f, first + i);
      g_assert_cmpuint (f->index.size, ==, 16);

      for (guint i = 0; i < 12; i++)
        {
          toggle (f, first + i * 5 % 12);
          for (guint other = 0; other < 12; other++)
            check (f, first + other);
        }
      g_assert_cmpuint (f->n_in, ==, 0);
    }
}

static void
test_size_follows (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < N_NODES; i++)
    {
      toggle (f, i);
      g_assert_cmpuint (f->index.n_nodes * 4, <=, f->index.size * 3);
    }
  g_assert_cmpuint (f->index.size, ==, 2048);

  for (guint i = 0; i < N_NODES; i++)
    {
      toggle (f, i);
      if (i % 100 == 0)
        check_all (f);
    }
  g_assert_cmpuint (f->index.size, ==, 16);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/memory-index/empty", Fixture, NULL, set_up, test_empty, tear_down);
  g_test_add ("/memory-index/random", Fixture, NULL, set_up, test_random, tear_down);
  g_test_add ("/memory-index/crowded", Fixture, NULL, set_up, test_crowded, tear_down);
  g_test_add ("/memory-index/size-follows", Fixture, NULL, set_up, test_size_follows, tear_down);

  return g_test_run ();
}
