/* chihuo-sqlite-notify.h - wakes other processes, and is woken by them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChihuoSqliteNotify ChihuoSqliteNotify;

ChihuoSqliteNotify *chihuo_sqlite_notify_new           (void);
void                chihuo_sqlite_notify_unref         (ChihuoSqliteNotify  *self);
gboolean            chihuo_sqlite_notify_open          (ChihuoSqliteNotify  *self,
                                                        const char          *touch_path,
                                                        GError             **error);
void                chihuo_sqlite_notify_close         (ChihuoSqliteNotify  *self);
void                chihuo_sqlite_notify_touch         (ChihuoSqliteNotify  *self,
                                                        gboolean             urgent);
GSource            *chihuo_sqlite_notify_create_source (ChihuoSqliteNotify  *self);

G_END_DECLS
