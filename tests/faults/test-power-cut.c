/* test-power-cut.c - what was answered is there, wherever the power was cut
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "fault-disk.h"
#include "fault-scene.h"

/* Each round works on a database through a file system that writes everything down. Then the disk
 * is built as it would be if the power had been cut after each write, sync, truncate and delete:
 * with all, nothing or a random half of the sectors that were not synced. Whoever opens that must
 * find what was answered before the cut; of a batch that was on its way, all or nothing. */

#define MIN_IMAGES 1000
#define MIN_IMAGES_LONG 5000
#define N_SESSIONS 3
#define N_STEPS 12

static gboolean is_long;

/* How much was tried, by what it was */
static struct
{
  guint images;
  guint in_flight;   /* cut while a batch was on its way */
  guint undone;      /* … and it had not happened */
  guint done;        /* … and it had */
  guint unsynced;    /* something was not synced */
  guint checkpoints; /* the database itself was being written */
} counts;

/* A checkpoint beside the work, so that the log begins anew while it goes on */
static void
checkpoint (const char *path)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  g_assert_cmpint (sqlite3_wal_checkpoint_v2 (db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), ==,
                   SQLITE_OK);
  sqlite3_close (db);
}

static void
step (FaultScene *scene)
{
  g_autoptr (GError) error = NULL;

  fault_vfs_note (FAULT_EVENT_ASKED);
  fault_scene_step (scene, &error);
  g_assert_no_error (error);
  fault_vfs_note (FAULT_EVENT_ANSWERED);
  if (g_rand_int_range (scene->random, 0, 5) == 0)
    checkpoint (scene->path);
}

/* Several connections, one after the other: the end of each is a checkpoint */
static GPtrArray *
work (FaultScene *scene)
{
  fault_vfs_record (TRUE);
  for (guint session = 0; session < N_SESSIONS; session++)
    {
      g_autoptr (GError) error = NULL;

      fault_scene_open (scene, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < N_STEPS; i++)
        step (scene);
      fault_scene_close (scene, &error);
      g_assert_no_error (error);
    }

  return fault_vfs_take ();
}

static void
check_counters (ChihuoBackend *backend, const char *states)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats stats = { 0 };
  guint n[256] = { 0 };

  for (const char *at = states; *at != '\0'; at++)
    n[(guchar) *at]++;
  chihuo_backend_stats (backend, g_intern_static_string ("eat"), 1, &stats, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (stats.waiting, ==, n[FAULT_WAITING]);
  g_assert_cmpuint (stats.running, ==, n[FAULT_RUNNING]);
  g_assert_cmpuint (stats.finished, ==, n[FAULT_FINISHED]);
}

/* @expected: what was answered; @possible: with the batch that was on its way */
static void
check_image (const char *path, const char *expected, const char *possible)
{
  g_autoptr (ChihuoSqliteBackend) backend = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;
  g_autofree char *integrity = NULL;

  chihuo_sqlite_backend_open_path (backend, path, TRUE, &error);
  g_assert_no_error (error);
  integrity = fault_read_plain (path, "PRAGMA integrity_check");
  g_assert_cmpstr (integrity, ==, "ok");

  found = fault_read_states (path);
  if (strcmp (found, expected) != 0)
    g_assert_cmpstr (found, ==, possible);
  check_counters (CHIHUO_BACKEND (backend), found);
  chihuo_backend_close (CHIHUO_BACKEND (backend), &error);
  g_assert_no_error (error);
  fault_drain (path, found);

  counts.images++;
  counts.in_flight += expected != possible;
  counts.undone += strcmp (expected, possible) != 0 && strcmp (found, expected) == 0;
  counts.done += strcmp (expected, possible) != 0 && strcmp (found, possible) == 0;
}

static void
cut (FaultDisk *disk, GRand *random, const char *path, const char *expected, const char *possible)
{
  for (FaultCut how = 0; how < FAULT_N_CUTS; how++)
    {
      if (how != FAULT_CUT_NONE && fault_disk_is_synced (disk))
        continue;
      counts.unsynced += how != FAULT_CUT_NONE;
      fault_disk_write_image (disk, how, random, path);
      check_image (path, expected, possible);
    }
}

static void
cut_everywhere (FaultScene *scene, GPtrArray *events)
{
  g_autofree char *folder = fault_make_folder ();
  g_autofree char *path = g_build_filename (folder, "tasks.db", NULL);
  g_autoptr (FaultDisk) disk = fault_disk_new ();
  guint n_asked = 0;
  guint n_answered = 0;

  for (guint i = 0; i < events->len; i++)
    {
      const FaultEvent *event = g_ptr_array_index (events, i);

      fault_disk_feed (disk, event);
      n_asked += event->kind == FAULT_EVENT_ASKED;
      n_answered += event->kind == FAULT_EVENT_ANSWERED;
      if (event->kind == FAULT_EVENT_ASKED)
        continue;

      counts.checkpoints += event->file == FAULT_FILE_DATABASE && event->kind == FAULT_EVENT_WRITE;
      cut (disk, scene->random, path, g_ptr_array_index (scene->history, n_answered),
           g_ptr_array_index (scene->history, n_asked));
    }

  fault_remove_folder (folder);
}

static void
play_round (guint32 seed)
{
  g_autofree char *folder = fault_make_folder ();
  g_autoptr (FaultScene) scene = fault_scene_new (folder, seed);
  g_autoptr (GPtrArray) events = work (scene);

  g_test_message ("seed %u: %u events, %u batches", seed, events->len, scene->history->len - 1);
  cut_everywhere (scene, events);
  fault_remove_folder (folder);
}

static void
test_power_cut (void)
{
  guint n_images = is_long ? MIN_IMAGES_LONG : MIN_IMAGES;

  for (guint32 seed = 1; counts.images < n_images; seed++)
    play_round (seed);

  g_test_message ("%u images; %u cut in a batch: %u of them without it, %u with it; "
                  "%u with something unsynced; %u writes of the database",
                  counts.images, counts.in_flight, counts.undone, counts.done, counts.unsynced,
                  counts.checkpoints);
  g_assert_cmpuint (counts.undone, >=, n_images / 10);
  g_assert_cmpuint (counts.done, >=, n_images / 50);
  g_assert_cmpuint (counts.unsynced, >=, n_images / 4);
  g_assert_cmpuint (counts.checkpoints, >=, n_images / 50);
}

/* The test itself: a disk that forgets what was synced must be found out */
static void
test_lost_syncs_are_seen (void)
{
  g_autofree char *folder = fault_make_folder ();
  g_autoptr (FaultScene) scene = fault_scene_new (folder, 1);
  g_autoptr (GPtrArray) events = work (scene);
  g_autoptr (FaultDisk) disk = fault_disk_new ();
  g_autofree char *found = NULL;

  for (guint i = 0; i < events->len; i++)
    {
      FaultEvent *event = g_ptr_array_index (events, i);

      if (event->kind == FAULT_EVENT_SYNC && i > events->len / 3)
        event->kind = FAULT_EVENT_LOST_SYNC;
      fault_disk_feed (disk, event);
    }
  fault_disk_write_image (disk, FAULT_CUT_NONE, NULL, scene->path);
  found = fault_read_plain (scene->path, "SELECT count (*) FROM finished");
  g_assert_cmpint (atoi (found), <, scene->history->len);
  g_free (found);
  found = fault_read_states (scene->path);
  g_assert_cmpstr (found, !=, scene->states);
  fault_remove_folder (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  is_long = argc > 1 && strcmp (argv[1], "--long") == 0;
  fault_vfs_install ();
  g_test_add_func ("/faults/power-cut", test_power_cut);
  g_test_add_func ("/faults/power-cut/lost-syncs-are-seen", test_lost_syncs_are_seen);

  return g_test_run ();
}
