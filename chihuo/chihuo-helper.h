/* chihuo-helper.h - a thread for what the store's thread must not do itself
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void chihuo_helper_push (GFunc    func,
                         gpointer data);

G_END_DECLS
