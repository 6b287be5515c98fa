/* fp-row.h - a task as the list shows it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FP_TYPE_ROW (fp_row_get_type ())
G_DECLARE_FINAL_TYPE (FpRow, fp_row, FP, ROW, GObject)

FpRow      *fp_row_new          (const char *id);
const char *fp_row_get_id       (FpRow      *self);
gboolean    fp_row_is_dead      (FpRow      *self);
void        fp_row_set_fraction (FpRow      *self,
                                 double      fraction);
void        fp_row_set_error    (FpRow      *self,
                                 const char *error);

G_END_DECLS
