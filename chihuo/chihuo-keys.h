/* chihuo-keys.h - keys and values of a configuration, each with its place
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The largest file that is read, in bytes */
#define CHIHUO_KEYS_MAX_LENGTH (64 * 1024)

typedef struct _ChihuoKey ChihuoKey;
typedef struct _ChihuoKeys ChihuoKeys;

struct _ChihuoKey
{
  char *name;  /* (owned) */
  char *value; /* (owned): UTF-8 without control characters */
  guint line;  /* 0 = it stands in no line */
};

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
ChihuoKeys *chihuo_keys_new       (const char  *place);
void        chihuo_keys_free      (ChihuoKeys  *self);
void        chihuo_keys_set_place (ChihuoKeys  *self,
                                   const char  *place);
gboolean    chihuo_keys_add       (ChihuoKeys  *self,
                                   const char  *name,
                                   const char  *value,
                                   guint        line,
                                   GError     **error);
gboolean    chihuo_keys_add_uri   (ChihuoKeys  *self,
                                   const char  *uri,
                                   guint        line,
                                   GError     **error);
gboolean    chihuo_keys_add_text  (ChihuoKeys  *self,
                                   const char  *text,
                                   gsize        length,
                                   GError     **error);
ChihuoKey  *chihuo_keys_find      (ChihuoKeys  *self,
                                   const char  *name);
void        chihuo_keys_remove    (ChihuoKeys  *self,
                                   const char  *name);
ChihuoKey  *chihuo_keys_get       (ChihuoKeys  *self,
                                   guint        index);
void        chihuo_keys_set_error (ChihuoKeys  *self,
                                   guint        line,
                                   GError     **error,
                                   const char  *format,
                                   ...) G_GNUC_PRINTF (4, 5);
gboolean    chihuo_keys_is_uri    (const char  *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoKeys, chihuo_keys_free)

G_END_DECLS
