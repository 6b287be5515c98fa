/* chihuo-fork.h - what must not live on in a forked child
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
void     chihuo_fork_add_fd    (int fd);
void     chihuo_fork_remove_fd (int fd);
void     chihuo_fork_hold      (void);
void     chihuo_fork_release   (void);
gboolean chihuo_fork_is_child  (void);

G_END_DECLS
