/* chihuo-json.h - checks JSON text, ids and names without building anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHIHUO_JSON_MAX_DEPTH  128
#define CHIHUO_JSON_MAX_LENGTH (1024 * 1024)
#define CHIHUO_ID_MAX_LENGTH   4096
#define CHIHUO_NAME_MAX_LENGTH 64

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
gboolean chihuo_json_check (const char  *json,
                            gssize       length,
                            GError     **error);
gboolean chihuo_id_check   (const char  *id,
                            gssize       length,
                            GError     **error);
gboolean chihuo_name_check (const char  *name,
                            GError     **error);

G_END_DECLS
