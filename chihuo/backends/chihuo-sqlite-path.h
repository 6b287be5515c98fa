/* chihuo-sqlite-path.h - checks where a database is, or is to be
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *chihuo_sqlite_path_prepare (const char  *path,
                                  GError     **error);

G_END_DECLS
