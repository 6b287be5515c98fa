/* chihuo-config.h - a server configuration: a table of keys and values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <glib-object.h>

#include "chihuo-version.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_CONFIG (chihuo_config_get_type ())

typedef struct _ChihuoConfig ChihuoConfig;

CHIHUO_AVAILABLE_IN_ALL
GType         chihuo_config_get_type     (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
ChihuoConfig *chihuo_config_new          (const char    *server_config,
                                          GError       **error);
CHIHUO_AVAILABLE_IN_ALL
ChihuoConfig *chihuo_config_ref          (ChihuoConfig  *self);
CHIHUO_AVAILABLE_IN_ALL
void          chihuo_config_unref        (ChihuoConfig  *self);
CHIHUO_AVAILABLE_IN_ALL
const char   *chihuo_config_get_backend  (ChihuoConfig  *self);
CHIHUO_AVAILABLE_IN_ALL
const char   *chihuo_config_get_identity (ChihuoConfig  *self);
CHIHUO_AVAILABLE_IN_ALL
gboolean      chihuo_config_take_string  (ChihuoConfig  *self,
                                          const char    *key,
                                          char         **value,
                                          GError       **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean      chihuo_config_take_int     (ChihuoConfig  *self,
                                          const char    *key,
                                          gint64         min,
                                          gint64         max,
                                          gint64        *value,
                                          GError       **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean      chihuo_config_take_double  (ChihuoConfig  *self,
                                          const char    *key,
                                          double         min,
                                          double         max,
                                          double        *value,
                                          GError       **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean      chihuo_config_take_boolean (ChihuoConfig  *self,
                                          const char    *key,
                                          gboolean      *value,
                                          GError       **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean      chihuo_config_take_choice  (ChihuoConfig  *self,
                                          const char    *key,
                                          const char * const *choices,
                                          guint         *value,
                                          GError       **error);
CHIHUO_AVAILABLE_IN_ALL
gboolean      chihuo_config_finish       (ChihuoConfig  *self,
                                          GError       **error);
CHIHUO_AVAILABLE_IN_ALL
char         *chihuo_config_find_default (GError       **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoConfig, chihuo_config_unref)

G_END_DECLS
