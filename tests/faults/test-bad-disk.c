/* test-bad-disk.c - no answer without durability, wherever a write or a sync fails
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-run.h"
#include "chihuo-store.h"
#include "fault-disk.h"
#include "fault-eater.h"
#include "fault-scene.h"

/* The n-th write or sync fails, with EIO or ENOSPC: alone, with the two after it, or with all that
 * come until the disk is healed (each in its turn, or with --long all three at each n). What was
 * answered is there, what was refused is not, the error says where, and the work goes on when the
 * disk does. At the end of each run the power is cut, and all that no successful sync has covered is
 * lost: a kernel forgets what it could not write. */

#define LAST 200 /* n = 1…LAST */
#define N_STEPS 40
#define PATIENCE 3 /* so many refusals, and the disk is healed */

typedef struct
{
  guint hit;     /* runs in which something failed */
  guint refused; /* batches that were certainly not done */
  guint unknown; /* batches of which nobody knew */
  guint unopened;
} Counts;

static const guint lengths[] = { 1, 3, G_MAXUINT };
static gboolean is_long;

static void
check_error (const GError *error, const char *path)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == CHIHUO_ERROR);
  g_assert_true (error->code == CHIHUO_ERROR_BACKEND || error->code == CHIHUO_ERROR_UNKNOWN_OUTCOME);
  if (strstr (error->message, path) == NULL || strstr (error->message, "disk") == NULL)
    g_error ("expected “%s” and “disk” in: %s", path, error->message);
}

static void
open_at_last (FaultScene *scene, Counts *counts)
{
  for (guint n = 0; scene->backend == NULL; n++)
    {
      g_autoptr (GError) error = NULL;

      if (n == PATIENCE)
        fault_vfs_heal ();
      g_assert_cmpuint (n, <=, PATIENCE);
      if (fault_scene_open (scene, &error))
        return;
      check_error (error, scene->path);
      counts->unopened++;
    }
}

/* Nobody knows whether it was done: it is repeated until somebody does */
static void
repeat_until_answered (FaultScene *scene)
{
  for (guint n = 1;; n++)
    {
      g_autoptr (GError) error = NULL;

      if (n == PATIENCE)
        fault_vfs_heal ();
      g_assert_cmpuint (n, <=, PATIENCE);
      if (fault_scene_repeat (scene, &error))
        return;
      check_error (error, scene->path);
    }
}

static void
step (FaultScene *scene, Counts *counts)
{
  g_autoptr (GError) error = NULL;

  if (fault_scene_step (scene, &error))
    return;

  check_error (error, scene->path);
  if (error->code == CHIHUO_ERROR_UNKNOWN_OUTCOME)
    {
      counts->unknown++;
      repeat_until_answered (scene);
      return;
    }

  counts->refused++;
  fault_scene_give_up (scene);
  if (counts->refused % PATIENCE == 0)
    fault_vfs_heal ();
}

static void
check_states (const char *path, const char *expected)
{
  g_autofree char *states = fault_read_states (path);
  g_autofree char *integrity = fault_read_plain (path, "PRAGMA integrity_check");

  g_assert_cmpstr (states, ==, expected);
  g_assert_cmpstr (integrity, ==, "ok");
}

/* The power is cut after all that */
static void
cut (const char *path, GPtrArray *events)
{
  g_autoptr (FaultDisk) disk = fault_disk_new ();

  for (guint i = 0; i < events->len; i++)
    fault_disk_feed (disk, g_ptr_array_index (events, i));
  fault_disk_write_image (disk, FAULT_CUT_NONE, NULL, path);
}

static guint
play (const FaultPlan *plan, Counts *counts)
{
  g_autofree char *folder = fault_make_folder ();
  g_autoptr (FaultScene) scene = fault_scene_new (folder, plan->first);
  g_autoptr (GPtrArray) events = NULL;
  g_autoptr (GError) error = NULL;
  guint n_failed;

  fault_vfs_record (TRUE);
  fault_vfs_fail (plan);
  open_at_last (scene, counts);
  for (guint i = 0; i < N_STEPS; i++)
    step (scene, counts);
  n_failed = fault_vfs_heal ();

  check_states (scene->path, scene->states);
  fault_scene_close (scene, &error);
  g_assert_no_error (error);
  events = fault_vfs_take ();
  cut (scene->path, events);
  check_states (scene->path, scene->states);
  fault_drain (scene->path, scene->states);
  fault_remove_folder (folder);

  return n_failed;
}

static void
test_backend (gconstpointer is_full)
{
  Counts counts = { 0 };
  guint n_runs = 0;

  for (guint n = 1; n <= LAST; n++)
    for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
      {
        const FaultPlan plan = { .first = n, .count = lengths[i], .torn = n % 2 == 0,
                                 .is_full = GPOINTER_TO_INT (is_full) };

        if (!is_long && n % G_N_ELEMENTS (lengths) != i)
          continue;
        counts.hit += play (&plan, &counts) > 0;
        n_runs++;
      }

  g_test_message ("%u runs, %u hit; %u batches refused, %u unknown; %u times not opened", n_runs,
                  counts.hit, counts.refused, counts.unknown, counts.unopened);
  g_assert_cmpuint (counts.hit, ==, n_runs);
  g_assert_cmpuint (counts.refused, >=, is_full ? n_runs / 4 : 0);
  g_assert_cmpuint (counts.unknown, >=, is_full ? n_runs / 50 : n_runs / 4);
  g_assert_cmpuint (counts.unopened, >=, n_runs / 20);
}

/* --- the whole library: adds, a loop, its settles --- */

static guint
add_all (ChihuoQueue *queue, const char *path, GHashTable *answered)
{
  guint n_errors = 0;

  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%u", i);
      g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);
      g_autoptr (GError) error = NULL;
      ChihuoAddResult result = chihuo_queue_add (queue, task, 0, &error);

      if (result == CHIHUO_ADD_RESULT_ERROR)
        check_error (error, path);
      else
        g_hash_table_add (answered, g_steal_pointer (&id));
      n_errors += result == CHIHUO_ADD_RESULT_ERROR;
    }

  return n_errors;
}

static void
check_eaten (FaultEater *eater, const char *path, GHashTable *answered)
{
  g_autofree char *left = fault_read_plain (path, "SELECT id FROM task");
  g_autofree char *finished = fault_read_plain (path, "SELECT count (*) FROM finished");
  GHashTableIter iter;
  gpointer id;

  g_assert_cmpstr (left, ==, "");
  g_assert_cmpuint (fault_eater_get_all (eater), ==, atoi (finished));
  g_assert_cmpint (atoi (finished), >=, g_hash_table_size (answered));
  g_hash_table_iter_init (&iter, answered);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_assert_cmpuint (fault_eater_get_runs (eater, id), ==, 1);
}

/* The disk fails while tasks are added, and again while they are eaten */
static void
play_library (const FaultPlan *plan, guint *n_add_errors, guint *n_loop_failures)
{
  g_autofree char *folder = fault_make_folder ();
  g_autofree char *path = g_build_filename (folder, "tasks.db", NULL);
  g_autoptr (FaultEater) eater = fault_eater_new (path);
  g_autoptr (GHashTable) answered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (eater) };
  g_autoptr (GError) error = NULL;
  FaultPlan later = *plan;
  int status;

  fault_vfs_fail (plan);
  *n_add_errors += add_all (chihuo_loop_get_queue (loops[0]), path, answered);
  fault_vfs_heal ();

  later.first = 1 + plan->first / 4;
  fault_vfs_fail (&later);
  status = chihuo_run_loops (loops, 1, &error);
  *n_loop_failures += fault_vfs_heal () > 0;
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);

  check_eaten (eater, path, answered);
  g_assert_finalize_object (g_steal_pointer (&eater));
  chihuo_store_wait_closed ();
  fault_remove_folder (folder);
}

static void
test_library (gconstpointer is_full)
{
  guint step_size = is_long ? 1 : 10;
  guint n_runs = 0;
  guint n_add_errors = 0;
  guint n_loop_failures = 0;

  for (guint n = 1; n <= LAST; n += step_size)
    {
      const FaultPlan plan = { .first = n, .count = 1 + n % 3, .torn = n % 3 == 0,
                               .is_full = GPOINTER_TO_INT (is_full) };

      play_library (&plan, &n_add_errors, &n_loop_failures);
      n_runs++;
    }

  g_test_message ("%u runs; %u adds refused; %u loops met failures", n_runs, n_add_errors,
                  n_loop_failures);
  g_assert_cmpuint (n_add_errors, >=, n_runs / 4);
  g_assert_cmpuint (n_loop_failures, >=, n_runs / 4);
}

static void
copy (const char *from, const char *to, const char *suffix)
{
  g_autofree char *from_path = g_strconcat (from, suffix, NULL);
  g_autofree char *to_path = g_strconcat (to, suffix, NULL);
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (from_path, &data, &length, &error);
  g_assert_no_error (error);
  g_file_set_contents (to_path, data, length, &error);
  g_assert_no_error (error);
}

static ChihuoAddResult
add_one (ChihuoQueue *queue, const char *id, GError **error)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);

  return chihuo_queue_add (queue, task, 0, error);
}

/* A sync fails, and the repetition meets a full disk. What the next process finds in the log is the
 * first attempt: so nobody may have been told that nothing was done */
static void
test_unknown_stays_unknown (void)
{
  const FaultPlan plan = { .first = 1, .count = 2, .at_sync = TRUE, .then_full = TRUE };
  g_autofree char *folder = fault_make_folder ();
  g_autofree char *path = g_build_filename (folder, "tasks.db", NULL);
  g_autofree char *next = g_build_filename (folder, "next.db", NULL);
  g_autofree char *found = NULL;
  g_autofree char *uri = g_strconcat ("sqlite://", path, NULL);
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new ("eat", uri);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (add_one (queue, "first", NULL), ==, CHIHUO_ADD_RESULT_ADDED);
  fault_vfs_fail (&plan);
  g_assert_cmpint (add_one (queue, "second", &error), ==, CHIHUO_ADD_RESULT_ERROR);
  g_assert_cmpuint (fault_vfs_heal (), ==, 2);
  check_error (error, path);

  copy (path, next, "");
  copy (path, next, "-wal");
  found = fault_read_plain (next, "SELECT id FROM task ORDER BY n");
  g_assert_cmpstr (found, ==, "first second");
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);

  g_assert_cmpint (add_one (queue, "second", NULL), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_finalize_object (g_steal_pointer (&queue));
  chihuo_store_wait_closed ();
  fault_remove_folder (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  is_long = argc > 1 && strcmp (argv[1], "--long") == 0;
  fault_vfs_install ();
  g_test_add_data_func ("/faults/bad-disk/eio", GINT_TO_POINTER (FALSE), test_backend);
  g_test_add_data_func ("/faults/bad-disk/enospc", GINT_TO_POINTER (TRUE), test_backend);
  g_test_add_data_func ("/faults/bad-disk/library/eio", GINT_TO_POINTER (FALSE), test_library);
  g_test_add_data_func ("/faults/bad-disk/library/enospc", GINT_TO_POINTER (TRUE), test_library);
  g_test_add_func ("/faults/bad-disk/unknown-stays-unknown", test_unknown_stays_unknown);

  return g_test_run ();
}
