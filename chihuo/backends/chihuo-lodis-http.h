/* chihuo-lodis-http.h - one connection to an HTTP server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChihuoLodisHttp ChihuoLodisHttp;

ChihuoLodisHttp *chihuo_lodis_http_new      (const char       *host,
                                             guint16           port,
                                             gint64            timeout);
void             chihuo_lodis_http_free     (ChihuoLodisHttp  *self);
const char      *chihuo_lodis_http_get_name (ChihuoLodisHttp  *self);
void             chihuo_lodis_http_ask      (ChihuoLodisHttp  *self,
                                             const char       *path,
                                             GByteArray       *body);
gboolean         chihuo_lodis_http_send     (ChihuoLodisHttp  *self,
                                             GCancellable     *cancellable,
                                             GError          **error);
gboolean         chihuo_lodis_http_receive  (ChihuoLodisHttp  *self,
                                             guint            *status,
                                             GBytes          **body,
                                             GCancellable     *cancellable,
                                             GError          **error);
void             chihuo_lodis_http_drop     (ChihuoLodisHttp  *self);

char            *chihuo_lodis_http_dup_name (const char       *host,
                                             guint16           port);
void             chihuo_lodis_http_write    (GByteArray       *output,
                                             const char       *name,
                                             const char       *path,
                                             GByteArray       *body);
GSocket         *chihuo_lodis_http_adopt    (GSocketConnection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoLodisHttp, chihuo_lodis_http_free)

G_END_DECLS
