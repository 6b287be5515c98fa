/* chihuo-lodis-bell.h - a source that fires when others may have added something
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChihuoLodisBell ChihuoLodisBell;

ChihuoLodisBell *chihuo_lodis_bell_new           (const char       *host,
                                                  guint16           port,
                                                  gboolean          can_wait);
void             chihuo_lodis_bell_free          (ChihuoLodisBell  *self);
void             chihuo_lodis_bell_listen        (ChihuoLodisBell  *self,
                                                  const char       *queue);
void             chihuo_lodis_bell_note_work     (ChihuoLodisBell  *self);
GSource         *chihuo_lodis_bell_create_source (ChihuoLodisBell  *self);

G_END_DECLS
