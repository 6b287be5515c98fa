/* chihuo-sqlite-error.h - what SQLite's result codes mean for a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean chihuo_sqlite_error_set (GError     **error,
                                  const char  *path,
                                  int          rc,
                                  const char  *detail);

G_END_DECLS
