/* chihuo-lodis-safe.h - a simple backend over the transactions of a Lodis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-lodis-server.h"
#include "chihuo-simple-backend.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_LODIS_SAFE (chihuo_lodis_safe_get_type ())

G_DECLARE_FINAL_TYPE (ChihuoLodisSafe, chihuo_lodis_safe, CHIHUO, LODIS_SAFE, ChihuoSimpleBackend)

ChihuoBackend *chihuo_lodis_safe_new (ChihuoLodisServer *server,
                                      gboolean           has_batch_clock);

G_END_DECLS
