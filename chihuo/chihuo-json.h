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

typedef struct _ChihuoJsonScan ChihuoJsonScan;

/* What a scan found out */
struct _ChihuoJsonScan
{
  gsize length;   /* of the text, in bytes */
  gsize n_blanks; /* bytes of white space between its tokens: 0 = it is compact */
  gsize stop;     /* offset where the scan stopped: the length, or that of the first fault */
};

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
gboolean chihuo_json_scan    (const char      *json,
                              gssize           length,
                              ChihuoJsonScan  *scan,
                              GError         **error);
gboolean chihuo_json_check   (const char      *json,
                              gssize           length,
                              GError         **error);
char    *chihuo_json_compact (const char      *json,
                              gssize           length,
                              gsize           *out_length);
gboolean chihuo_id_check     (const char      *id,
                              gssize           length,
                              GError         **error);
gboolean chihuo_name_check   (const char      *name,
                              GError         **error);

G_END_DECLS
