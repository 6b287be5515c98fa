/* fp-window.h - the window: a progress bar, the list of tasks, and the buttons
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <adwaita.h>

#include "fp-hasher.h"

G_BEGIN_DECLS

#define FP_TYPE_WINDOW (fp_window_get_type ())
G_DECLARE_FINAL_TYPE (FpWindow, fp_window, FP, WINDOW, AdwApplicationWindow)

FpWindow *fp_window_new        (GtkApplication *application,
                                FpHasher       *hasher);
void      fp_window_add_folder (FpWindow       *self,
                                GFile          *folder);

G_END_DECLS
