/* chihuo-lodis-backend.h - queues in a Lodis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_LODIS_BACKEND (chihuo_lodis_backend_get_type ())

G_DECLARE_FINAL_TYPE (ChihuoLodisBackend, chihuo_lodis_backend, CHIHUO, LODIS_BACKEND, GObject)

G_END_DECLS
