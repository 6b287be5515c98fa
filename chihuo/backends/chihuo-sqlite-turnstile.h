/* chihuo-sqlite-turnstile.h - lets processes at a database one after the other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChihuoSqliteTurnstile ChihuoSqliteTurnstile;

ChihuoSqliteTurnstile *chihuo_sqlite_turnstile_new   (const char             *lock_path,
                                                      GError                **error);
void                   chihuo_sqlite_turnstile_free  (ChihuoSqliteTurnstile  *self);
gboolean               chihuo_sqlite_turnstile_enter (ChihuoSqliteTurnstile  *self,
                                                      gint64                  patience);
void                   chihuo_sqlite_turnstile_leave (ChihuoSqliteTurnstile  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoSqliteTurnstile, chihuo_sqlite_turnstile_free)

G_END_DECLS
