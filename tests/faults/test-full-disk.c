/* test-full-disk.c - file systems that are too small, and get bigger
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-run.h"
#include "chihuo-store.h"
#include "fault-eater.h"
#include "fault-scene.h"

/* A real file system of 40 KiB to 1 MiB, in a mount name space of this process. Where the kernel does
 * not allow that, the one of test-bad-disk (SQLite sees ENOSPC) has to be enough: this one then
 * proves only that it says so. */

static const guint sizes[] = { 40, 48, 64, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, 1024 };

static gboolean can_mount;

/* How much was tried */
static struct
{
  guint unopened;
  guint filled;
  guint answered;
} counts;

static gboolean
enter_own_world (void)
{
  return unshare (CLONE_NEWNS) == 0
         && mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static gboolean
mount_disk (const char *folder, guint size, gulong flags)
{
  g_autofree char *options = g_strdup_printf ("size=%uk", size);

  return mount ("chihuo-faults", folder, "tmpfs", flags, options) == 0;
}

static void
grow_disk (const char *folder)
{
  g_assert_true (mount_disk (folder, 8 * 1024, MS_REMOUNT));
}

static void
remove_disk (const char *folder)
{
  g_assert_cmpint (umount2 (folder, MNT_DETACH), ==, 0);
  g_assert_cmpint (rmdir (folder), ==, 0);
}

static void
check_error (const GError *error, const char *path)
{
  g_assert_true (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND)
                 || g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME));
  if (strstr (error->message, path) == NULL)
    g_error ("expected “%s” in: %s", path, error->message);
}

static void
check_states (FaultScene *scene)
{
  g_autofree char *states = fault_read_states (scene->path);
  g_autofree char *integrity = fault_read_plain (scene->path, "PRAGMA integrity_check");

  g_assert_cmpstr (states, ==, scene->states);
  g_assert_cmpstr (integrity, ==, "ok");
}

/* Works until the disk is full, or nothing is left to do */
static gboolean
fill (FaultScene *scene, const char *folder)
{
  while (scene->n_added < FAULT_N_IDS)
    {
      g_autoptr (GError) error = NULL;

      if (fault_scene_step (scene, &error))
        continue;

      check_error (error, scene->path);
      if (error->code == CHIHUO_ERROR_BACKEND)
        {
          fault_scene_give_up (scene);
          check_states (scene);
          return TRUE;
        }
      grow_disk (folder);
      g_clear_error (&error);
      g_assert_true (fault_scene_repeat (scene, &error));
      return TRUE;
    }

  return FALSE;
}

static void
play_backend (const char *folder)
{
  g_autoptr (FaultScene) scene = fault_scene_new (folder, 1);
  g_autoptr (GError) error = NULL;

  if (!fault_scene_open (scene, &error))
    {
      check_error (error, scene->path);
      counts.unopened++;
      grow_disk (folder);
      g_clear_error (&error);
      fault_scene_open (scene, &error);
      g_assert_no_error (error);
    }

  counts.filled += fill (scene, folder);
  counts.answered += scene->history->len - 1;
  grow_disk (folder);
  for (guint i = 0; i < 20; i++)
    g_assert_true (fault_scene_step (scene, &error));
  check_states (scene);
  fault_scene_close (scene, &error);
  g_assert_no_error (error);
  fault_drain (scene->path, scene->states);
}

static void
on_each_size (void (*play) (const char *folder))
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *folder = g_dir_make_tmp ("chihuo-disk-XXXXXX", &error);

      g_assert_no_error (error);
      g_assert_true (mount_disk (folder, sizes[i], 0));
      play (folder);
      remove_disk (folder);
    }
}

/* What cannot be mounted is told, not passed over: test-bad-disk stands for it */
static gboolean
has_disks (void)
{
  if (!can_mount)
    g_test_message ("no tmpfs may be mounted here: see the enospc cases of test-bad-disk");
  return can_mount;
}

static void
test_backend (void)
{
  if (!has_disks ())
    return;

  on_each_size (play_backend);
  g_test_message ("%u file systems: %u too small to open, %u filled up; %u batches answered",
                  (guint) G_N_ELEMENTS (sizes), counts.unopened, counts.filled, counts.answered);
  g_assert_cmpuint (counts.unopened, >=, 2);
  g_assert_cmpuint (counts.filled, >=, 5);
  g_assert_cmpuint (counts.answered, >=, 100);
}

/* --- the whole library --- */

static gpointer
grow_later_cb (gpointer folder)
{
  g_usleep (G_USEC_PER_SEC / 4);
  grow_disk (folder);
  return NULL;
}

/* Adds until the disk is full; what was answered is remembered */
static GPtrArray *
add_until_full (ChihuoQueue *queue, const char *path)
{
  GPtrArray *answered = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *pad = g_strnfill (700, 'x');
  g_autofree char *json = g_strdup_printf ("\"%s\"", pad);

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%u", i);
      g_autoptr (GError) error = NULL;
      g_autoptr (ChihuoTask) task = chihuo_task_new_from_json (id, json, &error);

      if (chihuo_queue_add (queue, task, 0, &error) != CHIHUO_ADD_RESULT_ERROR)
        {
          g_ptr_array_add (answered, g_steal_pointer (&id));
          continue;
        }
      check_error (error, path);
      counts.filled++;
      break;
    }

  return answered;
}

/* The disk is full when the loop begins: it can store no claim and no settle, until there is room */
static void
play_library (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "tasks.db", NULL);
  g_autoptr (FaultEater) eater = fault_eater_new (path);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (eater) };
  g_autoptr (GPtrArray) answered = add_until_full (chihuo_loop_get_queue (loops[0]), path);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("grow", grow_later_cb, (gpointer) folder);
  g_autofree char *left = NULL;
  int status;

  counts.answered += answered->len;
  if (answered->len == 0)
    g_thread_join (g_steal_pointer (&thread));
  status = chihuo_run_loops (loops, 1, &error);
  if (thread != NULL)
    g_thread_join (thread);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);

  for (guint i = 0; i < answered->len; i++)
    g_assert_cmpuint (fault_eater_get_runs (eater, g_ptr_array_index (answered, i)), ==, 1);
  left = fault_read_plain (path, "SELECT id FROM task");
  g_assert_cmpstr (left, ==, "");
  g_free (left);
  left = fault_read_plain (path, "SELECT count (*) FROM finished");
  g_assert_cmpint (atoi (left), >=, answered->len);
  g_assert_finalize_object (g_steal_pointer (&eater));
  chihuo_store_wait_closed ();
}

static void
test_library (void)
{
  if (!has_disks ())
    return;

  memset (&counts, 0, sizeof counts);
  on_each_size (play_library);
  g_test_message ("%u filled up; %u adds answered", counts.filled, counts.answered);
  g_assert_cmpuint (counts.filled, >=, G_N_ELEMENTS (sizes) - 2);
  g_assert_cmpuint (counts.answered, >=, 60);
}

int
main (int argc, char *argv[])
{
  can_mount = enter_own_world ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/full-disk/backend", test_backend);
  g_test_add_func ("/faults/full-disk/library", test_library);

  return g_test_run ();
}
