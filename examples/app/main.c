/* main.c - a small GNOME application: the fingerprints of all files of a folder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fingerprints [FOLDER…]
 *
 * The queue is in the user's data folder: what was not done when the window was closed is done the next time.
 */

#include <glib/gstdio.h>

#include "fp-window.h"

static char *
get_database (GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "chihuo-fingerprints", NULL);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", folder, g_strerror (errno));
      return NULL;
    }

  return g_build_filename (folder, "tasks.db", NULL);
}

static void
activate_cb (GtkApplication *application, gpointer data)
{
  GtkWindow *window = gtk_application_get_active_window (application);
  g_autofree char *path = NULL;
  g_autoptr (FpHasher) hasher = NULL;
  g_autoptr (GError) error = NULL;

  if (window == NULL)
    {
      path = get_database (&error);
      if (path == NULL)
        {
          g_printerr ("%s\n", error->message);
          return;
        }
      hasher = fp_hasher_new (path);
      window = GTK_WINDOW (fp_window_new (application, hasher));
    }

  gtk_window_present (window);
}

static void
open_cb (GtkApplication *application, GFile **files, int n_files, const char *hint, gpointer data)
{
  activate_cb (application, NULL);
  for (int i = 0; i < n_files; i++)
    fp_window_add_folder (FP_WINDOW (gtk_application_get_active_window (application)), files[i]);
}

int
main (int argc, char *argv[])
{
  g_autoptr (AdwApplication) application = adw_application_new ("org.chihuo.Fingerprints", G_APPLICATION_HANDLES_OPEN);

  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), NULL);
  g_signal_connect (application, "open", G_CALLBACK (open_cb), NULL);

  return g_application_run (G_APPLICATION (application), argc, argv);
}
