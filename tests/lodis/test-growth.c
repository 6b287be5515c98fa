/* test-growth.c - a large array-map is not slower at its ends than a small one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>

#include "lodis-command.h"

/* What is counted is what RocksDB does: keys compared, deleted keys walked over, blocks read. No time decides.
 * test-growth [--items N]: a million, if nothing is said; 10 million is the goal. */

#define WINDOW 20000
#define BATCH 100
#define MORE_ALLOWED 1.4
#define MORE_BY_LUCK 2.0

static guint64 n_items = 1000000;

typedef struct
{
  char           *folder; /* (owned) */
  LodisData       data;
  rocksdb_perfcontext_t *perf; /* (owned) */
} Scene;

/* Per request */
typedef struct
{
  double comparisons;
  double deleted; /* keys walked over */
  double hidden;  /* older versions of keys walked over */
  double blocks;
  double microseconds; /* only to be looked at */
} Cost;

static void
scene_init (Scene *scene)
{
  g_autoptr (GError) error = NULL;

  scene->folder = g_dir_make_tmp ("lodis-growth-XXXXXX", &error);
  g_assert_no_error (error);
  scene->data.store = lodis_store_open (scene->folder, LODIS_SYNC_NONE, &error);
  g_assert_no_error (error);
  scene->data.gaps = lodis_gaps_new ();
  scene->data.waits = lodis_waits_new ();
  scene->perf = rocksdb_perfcontext_create ();
  rocksdb_set_perf_level (rocksdb_enable_count);
}

static void
scene_clear (Scene *scene)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  rocksdb_perfcontext_destroy (scene->perf);
  lodis_store_close (scene->data.store);
  lodis_gaps_free (scene->data.gaps);
  lodis_waits_free (scene->data.waits);
  dir = g_dir_open (scene->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (scene->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (scene->folder);
  g_free (scene->folder);
}

static void
add (GByteArray *body, const void *bytes, gsize length)
{
  lodis_reply_add_u32 (body, length);
  lodis_reply_add_bytes (body, (LodisSpan) { bytes, length });
}

static void
ask (Scene *scene, const char *command, GByteArray *body, GByteArray *reply)
{
  g_autoptr (GError) error = NULL;

  g_byte_array_set_size (reply, 0);
  lodis_command_run (&scene->data, command, (LodisSpan) { (const guint8 *) "q", 1 },
                     (LodisSpan) { body->data, body->len }, reply, &error);
  g_assert_no_error (error);
}

static void
push (Scene *scene, const char *command, guint64 first, guint n)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) reply = g_byte_array_new ();

  for (guint64 i = first; i < first + n; i++)
    {
      g_autofree char *key = g_strdup_printf ("task-%" G_GUINT64_FORMAT, i);

      add (body, key, strlen (key));
      add (body, "{\"n\":123456789}", 15);
    }
  ask (scene, command, body, reply);
}

static guint
pop (Scene *scene, const char *command)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) reply = g_byte_array_new ();

  ask (scene, command, body, reply);
  return reply->len;
}

static void
read_range (Scene *scene, const char *command)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) reply = g_byte_array_new ();
  guint32 start = 0;
  guint32 end = GUINT32_TO_BE (BATCH);

  add (body, &start, 4);
  add (body, &end, 4);
  ask (scene, command, body, reply);
  g_assert_cmpuint (reply->len, >=, BATCH * 25);
}

typedef enum
{
  WORK_PUSH,
  WORK_LEFT_PUSH,
  WORK_POP,
  WORK_RIGHT_POP,
  WORK_RANGE,
  WORK_RIGHT_RANGE,
} Work;

static const char *const work_names[] = { "arpushnx", "alpushnx", "alpop", "arpop", "alrange", "arrange" };

static Cost
measure (Scene *scene, Work work, guint64 *next)
{
  guint n = work < WORK_RANGE ? WINDOW : WINDOW / BATCH;
  gint64 before = g_get_monotonic_time ();
  Cost cost;

  rocksdb_perfcontext_reset (scene->perf);
  for (guint i = 0; i < n; i++)
    {
      if (work <= WORK_LEFT_PUSH)
        push (scene, work_names[work], (*next)++, 1);
      else if (work <= WORK_RIGHT_POP)
        g_assert_cmpuint (pop (scene, work_names[work]), >, 20);
      else
        read_range (scene, work_names[work]);
    }

  cost.comparisons = (double) rocksdb_perfcontext_metric (scene->perf, rocksdb_user_key_comparison_count) / n;
  cost.deleted = (double) rocksdb_perfcontext_metric (scene->perf, rocksdb_internal_delete_skipped_count) / n;
  cost.hidden = (double) rocksdb_perfcontext_metric (scene->perf, rocksdb_internal_key_skipped_count) / n;
  cost.blocks = (double) rocksdb_perfcontext_metric (scene->perf, rocksdb_block_read_count) / n;
  cost.microseconds = (double) (g_get_monotonic_time () - before) / n;
  return cost;
}

static void
measure_all (Scene *scene, guint64 *next, Cost *costs)
{
  for (guint work = 0; work < G_N_ELEMENTS (work_names); work++)
    costs[work] = measure (scene, (Work) work, next);
}

/* At both ends together. How the memtable's skip list has grown is luck, which favours one end: alone it may have
 * more, though nothing like what a walk would take */
static double
add_comparisons (const Cost *costs, guint work)
{
  return costs[work].comparisons + costs[work ^ 1].comparisons;
}

/* Comparisons grow with the logarithm, which is what is allowed; walking over what was deleted is not */
static void
check (const Cost *small, const Cost *large)
{
  for (guint work = 0; work < G_N_ELEMENTS (work_names); work++)
    {
      g_test_message ("%s: %.1f comparisons, %.3f deleted, %.3f blocks, %.1f us; small: %.1f, %.3f, %.3f, %.1f us",
                      work_names[work], large[work].comparisons, large[work].deleted, large[work].blocks,
                      large[work].microseconds, small[work].comparisons, small[work].deleted, small[work].blocks,
                      small[work].microseconds);
      g_assert_cmpfloat (large[work].deleted, <, 0.01);
      g_assert_cmpfloat (add_comparisons (large, work), <=, add_comparisons (small, work) * MORE_ALLOWED);
      g_assert_cmpfloat (large[work].comparisons, <=, small[work].comparisons * MORE_BY_LUCK);
    }
}

static void
fill (Scene *scene, guint64 *next, guint64 n)
{
  for (guint64 end = *next + n; *next < end; *next += BATCH)
    push (scene, "arpushnx", *next, BATCH);
}

static void
test_growth (void)
{
  Scene scene;
  Cost small[G_N_ELEMENTS (work_names)];
  Cost large[G_N_ELEMENTS (work_names)];
  guint64 next = 0;

  scene_init (&scene);
  fill (&scene, &next, n_items / 10);
  measure_all (&scene, &next, small);
  fill (&scene, &next, n_items - n_items / 10);
  measure_all (&scene, &next, large);
  check (small, large);
  scene_clear (&scene);
}

/* After all of it has gone through from one end to the other, its tail is as near as at the start */
static void
test_turnover (void)
{
  Scene scene;
  Cost small[G_N_ELEMENTS (work_names)];
  Cost large[G_N_ELEMENTS (work_names)];
  guint64 next = 0;

  scene_init (&scene);
  fill (&scene, &next, n_items / 10);
  measure_all (&scene, &next, small);
  for (guint64 i = 0; i < n_items / 5; i++)
    {
      push (&scene, "arpushnx", next++, 1);
      pop (&scene, "alpop");
    }
  measure_all (&scene, &next, large);
  check (small, large);
  scene_clear (&scene);
}

/* What is taken out of the middle leaves a hole, over which a walk jumps */
static void
test_hole (void)
{
  Scene scene;
  Cost cost;
  guint64 next = 0;
  guint n = 50000;

  scene_init (&scene);
  fill (&scene, &next, n);
  for (guint i = 10; i < n - 100; i++)
    {
      g_autoptr (GByteArray) body = g_byte_array_new ();
      g_autoptr (GByteArray) reply = g_byte_array_new ();
      g_autofree char *key = g_strdup_printf ("task-%u", i);

      add (body, key, strlen (key));
      ask (&scene, "adel", body, reply);
    }
  cost = measure (&scene, WORK_RANGE, &next);
  g_test_message ("alrange over a hole: %.1f comparisons, %.3f deleted, %.3f hidden", cost.comparisons, cost.deleted,
                  cost.hidden);
  g_assert_cmpfloat (cost.deleted, <, 0.01);
  cost = measure (&scene, WORK_RIGHT_RANGE, &next);
  g_assert_cmpfloat (cost.deleted, <, 0.01);
  scene_clear (&scene);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (argc == 3 && g_str_equal (argv[1], "--items"))
    n_items = g_ascii_strtoull (argv[2], NULL, 10);
  g_test_add_func ("/lodis/growth", test_growth);
  g_test_add_func ("/lodis/turnover", test_turnover);
  g_test_add_func ("/lodis/hole", test_hole);

  return g_test_run ();
}
