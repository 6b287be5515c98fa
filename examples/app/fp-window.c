/* fp-window.c - the window: a progress bar, the list of tasks, and the buttons
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All that it asks the queue it asks asynchronously, so it never waits for the disk. When it is closed the loop is
 * stopped: what runs goes back to its place, and the program ends when that is stored.
 */

#include "fp-row.h"
#include "fp-task-list.h"
#include "fp-window.h"

#define STATS_INTERVAL_MS 200

struct _FpWindow
{
  AdwApplicationWindow parent_instance;

  FpHasher         *hasher;
  GCancellable     *cancellable; /* the window is going */
  guint             stats_timeout;
  gboolean          asking;      /* for the figures */
  gboolean          running;

  GtkStack         *stack;
  GtkProgressBar   *bar;
  GtkLabel         *figures;
  GtkToggleButton  *pause;
  GtkListView      *list;
  AdwToastOverlay  *toasts;
};

G_DEFINE_FINAL_TYPE (FpWindow, fp_window, ADW_TYPE_APPLICATION_WINDOW)

static ChihuoQueue *
get_queue (FpWindow *self)
{
  return chihuo_loop_get_queue (CHIHUO_LOOP (self->hasher));
}

/* Takes the error over */
static void
complain (FpWindow *self, GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    adw_toast_overlay_add_toast (self->toasts, adw_toast_new (error->message));
  g_error_free (error);
}

/* --- figures --- */

static void
show_stats (FpWindow *self, const ChihuoStats *stats)
{
  guint64 left = stats->waiting + stats->delayed + stats->running;
  guint64 all = left + stats->finished + stats->dead;
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT
                                           " not readable", stats->finished, all, stats->dead);

  gtk_progress_bar_set_fraction (self->bar, (double) (stats->finished + stats->dead) / MAX (all, 1));
  gtk_label_set_text (self->figures, text);
  gtk_toggle_button_set_active (self->pause, stats->paused);
  gtk_stack_set_visible_child_name (self->stack, all > 0 ? "tasks" : "empty");
}

static void
stats_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FpWindow) self = data;
  GError *error = NULL;
  g_autoptr (ChihuoStats) stats = chihuo_queue_get_stats_finish (CHIHUO_QUEUE (source), result, &error);

  self->asking = FALSE;
  if (g_cancellable_is_cancelled (self->cancellable))
    g_clear_error (&error);
  else if (stats != NULL)
    show_stats (self, stats);
  else
    complain (self, error);
}

static gboolean
ask_for_stats (gpointer data)
{
  FpWindow *self = data;

  if (!self->asking)
    {
      self->asking = TRUE;
      chihuo_queue_get_stats_async (get_queue (self), self->cancellable, stats_cb, g_object_ref (self));
    }

  return G_SOURCE_CONTINUE;
}

/* --- buttons --- */

static void
folder_added_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FpWindow) self = data;
  GError *error = NULL;

  if (!fp_hasher_add_folder_finish (FP_HASHER (source), result, &error))
    complain (self, error);
}

void
fp_window_add_folder (FpWindow *self, GFile *folder)
{
  fp_hasher_add_folder_async (self->hasher, folder, self->cancellable, folder_added_cb, g_object_ref (self));
}

static void
folder_chosen_cb (GtkNativeDialog *dialog, int response, gpointer data)
{
  g_autoptr (GFile) folder = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

  if (response == GTK_RESPONSE_ACCEPT)
    fp_window_add_folder (data, folder);
  g_object_unref (dialog);
}

static void
open_cb (GtkButton *button, FpWindow *self)
{
  GtkFileChooserNative *dialog
      = gtk_file_chooser_native_new ("Choose a Folder", GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
                                     "_Choose", "_Cancel");

  g_signal_connect_object (dialog, "response", G_CALLBACK (folder_chosen_cb), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
paused_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FpWindow) self = data;
  GError *error = NULL;

  if (!chihuo_queue_set_paused_finish (CHIHUO_QUEUE (source), result, &error))
    complain (self, error);
}

/* “clicked” is what people do; “toggled” would come from show_stats(), too */
static void
pause_cb (GtkToggleButton *button, FpWindow *self)
{
  chihuo_queue_set_paused_async (get_queue (self), gtk_toggle_button_get_active (button), self->cancellable, paused_cb,
                                 g_object_ref (self));
}

static void
retried_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FpWindow) self = data;
  GError *error = NULL;

  if (!chihuo_queue_retry_dead_finish (CHIHUO_QUEUE (source), result, &error))
    complain (self, error);
}

/* The button of a row; its name is the id */
static void
retry_cb (GtkButton *button, FpWindow *self)
{
  const char *ids[] = { gtk_widget_get_name (GTK_WIDGET (button)), NULL };

  chihuo_queue_retry_dead_async (get_queue (self), ids, self->cancellable, retried_cb, g_object_ref (self));
}

/* --- rows --- */

static void
bind (GtkListItem *item, const char *property, GtkWidget *widget, const char *target)
{
  GtkExpression *row = gtk_property_expression_new (GTK_TYPE_LIST_ITEM, NULL, "item");
  GtkExpression *value = gtk_property_expression_new (FP_TYPE_ROW, row, property);

  gtk_expression_bind (value, widget, target, item);
}

static void
setup_row_cb (GtkSignalListItemFactory *factory, GtkListItem *item, FpWindow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *title = gtk_label_new (NULL);
  GtkWidget *error = gtk_label_new (NULL);
  GtkWidget *bar = gtk_level_bar_new ();
  GtkWidget *retry = gtk_button_new_with_label ("Try Again");

  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_ellipsize (GTK_LABEL (error), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (error), 0);
  gtk_widget_set_margin_start (box, 12);
  gtk_widget_set_margin_end (box, 12);
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_add_css_class (error, "error");
  gtk_widget_set_hexpand (error, TRUE);
  gtk_widget_set_size_request (bar, 120, -1);
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  gtk_list_item_set_activatable (item, FALSE);
  gtk_list_item_set_selectable (item, FALSE);
  g_signal_connect_object (retry, "clicked", G_CALLBACK (retry_cb), self, 0);

  bind (item, "title", title, "label");
  bind (item, "error", error, "label");
  bind (item, "fraction", bar, "value");
  bind (item, "dead", retry, "visible");
  bind (item, "id", retry, "name");

  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), error);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), retry);
  gtk_list_item_set_child (item, box);
}

/* --- the run --- */

static void
run_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FpWindow) self = data;
  GError *error = NULL;

  self->running = FALSE;
  if (!chihuo_loop_run_finish (CHIHUO_LOOP (source), result, &error))
    complain (self, error);
  else
    gtk_window_destroy (GTK_WINDOW (self));
}

/* First the tasks go back, then the window goes: run_cb() */
static gboolean
fp_window_close_request (GtkWindow *window)
{
  FpWindow *self = FP_WINDOW (window);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->stats_timeout, g_source_remove);
  if (!self->running)
    return FALSE;

  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  chihuo_loop_set_stop (CHIHUO_LOOP (self->hasher), TRUE);

  return TRUE;
}

static void
fp_window_dispose (GObject *object)
{
  FpWindow *self = FP_WINDOW (object);

  g_clear_handle_id (&self->stats_timeout, g_source_remove);
  g_clear_object (&self->hasher);

  G_OBJECT_CLASS (fp_window_parent_class)->dispose (object);
}

static void
fp_window_finalize (GObject *object)
{
  g_object_unref (FP_WINDOW (object)->cancellable);

  G_OBJECT_CLASS (fp_window_parent_class)->finalize (object);
}

static void
fp_window_class_init (FpWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = fp_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = fp_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = fp_window_close_request;

  gtk_widget_class_set_template_from_resource (widget_class, "/org/chihuo/Fingerprints/fp-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FpWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, FpWindow, bar);
  gtk_widget_class_bind_template_child (widget_class, FpWindow, figures);
  gtk_widget_class_bind_template_child (widget_class, FpWindow, pause);
  gtk_widget_class_bind_template_child (widget_class, FpWindow, list);
  gtk_widget_class_bind_template_child (widget_class, FpWindow, toasts);
  gtk_widget_class_bind_template_callback (widget_class, open_cb);
  gtk_widget_class_bind_template_callback (widget_class, pause_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_row_cb);
}

static void
fp_window_init (FpWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
}

/* Shows the loop, and runs it */
FpWindow *
fp_window_new (GtkApplication *application, FpHasher *hasher)
{
  FpWindow *self = g_object_new (FP_TYPE_WINDOW, "application", application, NULL);
  FpTaskList *tasks = fp_task_list_new (CHIHUO_LOOP (hasher));
  GtkNoSelection *model;

  self->hasher = g_object_ref (hasher);
  fp_task_list_refresh (tasks);
  model = gtk_no_selection_new (G_LIST_MODEL (tasks));
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (model));
  g_object_unref (model);

  self->running = TRUE;
  chihuo_loop_run_async (CHIHUO_LOOP (hasher), NULL, run_cb, g_object_ref (self));
  self->stats_timeout = g_timeout_add (STATS_INTERVAL_MS, ask_for_stats, self);

  return self;
}
