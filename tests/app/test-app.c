/* test-app.c - the example application, in a real window
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <glib/gstdio.h>

#include "fp-row.h"
#include "fp-task-list.h"
#include "fp-window.h"

#define N_FOLDERS 100
#define N_FILES   10000

/* What may happen between two frames: no window is smooth in which a third of all is done unseen */
#define MAX_DONE_UNSEEN (N_FILES / 3)

typedef struct
{
  char           *folder;
  char           *database;
  GtkApplication *application;
  FpHasher       *hasher;
  FpWindow       *window;

  /* of its frames */
  guint   n_frames;
  guint64 n_done;      /* by the last frame */
  guint64 most_unseen; /* done between two frames */
  gint64  last;
  gint64  longest;     /* µs between two frames */
} Fixture;

static void
make_file (Fixture *f, guint number)
{
  g_autofree char *folder = g_strdup_printf ("%s/files/%02u", f->folder, number % N_FOLDERS);
  g_autofree char *path = g_strdup_printf ("%s/%u", folder, number);
  g_autofree char *text = g_strdup_printf ("this is file %u\n", number);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
frame_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Fixture *f = data;
  gint64 now = g_get_monotonic_time ();
  guint64 n_done = chihuo_loop_get_n_done (CHIHUO_LOOP (f->hasher));

  if (f->n_frames++ > 0)
    {
      f->most_unseen = MAX (f->most_unseen, n_done - f->n_done);
      f->longest = MAX (f->longest, now - f->last);
    }
  f->n_done = n_done;
  f->last = now;
  gtk_widget_queue_draw (widget);

  return G_SOURCE_CONTINUE;
}

static void
open_window (Fixture *f)
{
  f->hasher = fp_hasher_new (f->database);
  f->window = fp_window_new (f->application, f->hasher);
  g_object_add_weak_pointer (G_OBJECT (f->window), (gpointer *) &f->window);
  gtk_widget_add_tick_callback (GTK_WIDGET (f->window), frame_cb, f, NULL);
  gtk_window_present (GTK_WINDOW (f->window));
}

/* As a click on the window's cross does: it goes when all tasks are back */
static void
close_window (Fixture *f)
{
  gtk_window_close (GTK_WINDOW (f->window));
  while (f->window != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (chihuo_loop_get_n_running (CHIHUO_LOOP (f->hasher)), ==, 0);
  g_clear_object (&f->hasher);
}

static void
setup (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("chihuo-app-XXXXXX", &error);
  g_assert_no_error (error);
  f->database = g_build_filename (f->folder, "tasks.db", NULL);
  f->application = GTK_APPLICATION (adw_application_new (NULL, G_APPLICATION_DEFAULT_FLAGS));
  g_assert_true (g_application_register (G_APPLICATION (f->application), NULL, &error));
  open_window (f);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  const char *command[] = { "rm", "-rf", f->folder, NULL };

  if (f->window != NULL)
    close_window (f);
  g_object_unref (f->application);
  g_assert_true (g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free (f->folder);
  g_free (f->database);
}

static void
add_files (Fixture *f)
{
  g_autofree char *path = g_build_filename (f->folder, "files", NULL);
  g_autoptr (GFile) files = g_file_new_for_path (path);

  fp_window_add_folder (f->window, files);
}

static ChihuoStats *
get_stats (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats *stats = chihuo_queue_get_stats (chihuo_loop_get_queue (CHIHUO_LOOP (f->hasher)), &error);

  g_assert_no_error (error);
  return stats;
}

static void
wait_for_done (Fixture *f, guint64 n)
{
  while (chihuo_loop_get_n_done (CHIHUO_LOOP (f->hasher)) < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_smooth (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoStats) stats = NULL;

  for (guint i = 0; i < N_FILES; i++)
    make_file (f, i);
  f->longest = 0;
  add_files (f);
  wait_for_done (f, N_FILES);

  stats = get_stats (f);
  g_assert_cmpuint (stats->finished, ==, N_FILES);
  g_assert_cmpuint (stats->waiting + stats->running + stats->delayed + stats->dead, ==, 0);
  g_test_message ("%u frames, the longest took %.1f ms; at most %" G_GUINT64_FORMAT " tasks between two", f->n_frames,
                  f->longest / 1000.0, f->most_unseen);
  g_assert_cmpuint (f->n_frames, >, 3);
  g_assert_cmpuint (f->most_unseen, <, MAX_DONE_UNSEEN);
}

/* What was not done when the window went is done by the next one, and nothing twice */
static void
test_continue (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoStats) stats = NULL;
  g_autoptr (ChihuoStats) at_last = NULL;
  guint64 first;

  for (guint i = 0; i < N_FILES / 10; i++)
    make_file (f, i);
  add_files (f);
  wait_for_done (f, 10);
  close_window (f);

  open_window (f);
  stats = get_stats (f);
  first = stats->finished;
  g_assert_cmpuint (first, >=, 10);
  add_files (f); /* the folder may not have been read to its end */
  while (at_last == NULL || at_last->finished < N_FILES / 10)
    {
      g_clear_pointer (&at_last, chihuo_stats_free);
      at_last = get_stats (f);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (chihuo_loop_get_n_done (CHIHUO_LOOP (f->hasher)), <=, N_FILES / 10);
  g_assert_cmpuint (at_last->dead + at_last->waiting + at_last->running, ==, 0);
}

static void
click (Fixture *f, const char *child)
{
  g_signal_emit_by_name (gtk_widget_get_template_child (GTK_WIDGET (f->window), FP_TYPE_WINDOW, child), "clicked");
}

static void
wait_for_paused (Fixture *f, gboolean paused)
{
  for (;;)
    {
      g_autoptr (ChihuoStats) stats = get_stats (f);

      if (stats->paused == paused)
        return;
      g_main_context_iteration (NULL, FALSE);
    }
}

/* The button of the only row, as somebody finds it who looks */
static GtkWidget *
find_button (GtkWidget *widget, const char *label)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found;

      if (GTK_IS_BUTTON (child) && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (child)), label) == 0
          && gtk_widget_get_mapped (child))
        return child;
      found = find_button (child, label);
      if (found != NULL)
        return found;
    }

  return NULL;
}

/* A file that goes away while the queue is paused is dead; with the file back, “Try Again” does it */
static void
test_retry (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "files", "00", "0", NULL);
  g_autoptr (ChihuoStats) stats = NULL;
  GtkWidget *button;

  make_file (f, 0);
  click (f, "pause");
  wait_for_paused (f, TRUE);
  add_files (f);
  while (stats == NULL || stats->waiting == 0)
    {
      g_clear_pointer (&stats, chihuo_stats_free);
      stats = get_stats (f);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpint (g_unlink (path), ==, 0);
  click (f, "pause");
  wait_for_paused (f, FALSE);

  while ((button = find_button (GTK_WIDGET (f->window), "Try Again")) == NULL)
    g_main_context_iteration (NULL, TRUE);
  make_file (f, 0);
  g_signal_emit_by_name (button, "clicked");
  wait_for_done (f, 1);
  while (find_button (GTK_WIDGET (f->window), "Try Again") != NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* The list of a loop shows what ran, and forgets what is done */
static void
test_list (Fixture *f, gconstpointer data)
{
  g_autoptr (FpTaskList) list = fp_task_list_new (CHIHUO_LOOP (f->hasher));
  g_autoptr (ChihuoTask) gone = chihuo_task_new ("file:///no/such/file", NULL);
  g_autoptr (FpRow) row = NULL;
  g_autofree char *error = NULL;

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (list)) == FP_TYPE_ROW);
  g_assert_cmpint (chihuo_queue_add (chihuo_loop_get_queue (CHIHUO_LOOP (f->hasher)), gone, 0, NULL), ==,
                   CHIHUO_ADD_RESULT_ADDED);
  while (g_list_model_get_n_items (G_LIST_MODEL (list)) == 0
         || !fp_row_is_dead (row = g_list_model_get_item (G_LIST_MODEL (list), 0)))
    {
      g_clear_object (&row);
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpstr (fp_row_get_id (row), ==, "file:///no/such/file");
  g_object_get (row, "error", &error, NULL);
  g_assert_nonnull (strstr (error, "No such file"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP no display\n");
      return 77;
    }

  g_test_add ("/app/smooth", Fixture, NULL, setup, test_smooth, teardown);
  g_test_add ("/app/continue", Fixture, NULL, setup, test_continue, teardown);
  g_test_add ("/app/retry", Fixture, NULL, setup, test_retry, teardown);
  g_test_add ("/app/list", Fixture, NULL, setup, test_list, teardown);

  return g_test_run ();
}
