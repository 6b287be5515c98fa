/* chihuo-registry.h - from a scheme to a backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"

G_BEGIN_DECLS

ChihuoBackend *chihuo_registry_create (const char  *scheme,
                                       GError     **error);

G_END_DECLS
