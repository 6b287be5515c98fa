/* chihuo-lodis-response.h - the answers of an HTTP server, out of the bytes that come in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChihuoLodisResponse ChihuoLodisResponse;

ChihuoLodisResponse *chihuo_lodis_response_new      (void);
void                 chihuo_lodis_response_free     (ChihuoLodisResponse  *self);
void                 chihuo_lodis_response_feed     (ChihuoLodisResponse  *self,
                                                     const void           *data,
                                                     gsize                 length);
gboolean             chihuo_lodis_response_next     (ChihuoLodisResponse  *self,
                                                     guint                *status,
                                                     GBytes              **body,
                                                     GError              **error);
gboolean             chihuo_lodis_response_has_more (ChihuoLodisResponse  *self);
gboolean             chihuo_lodis_response_is_last  (ChihuoLodisResponse  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoLodisResponse, chihuo_lodis_response_free)

G_END_DECLS
