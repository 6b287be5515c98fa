/* chihuo-lodis-plain.h - queues as the first version stored them in a Lodis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-backend.h"
#include "chihuo-lodis-server.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_LODIS_PLAIN (chihuo_lodis_plain_get_type ())

G_DECLARE_FINAL_TYPE (ChihuoLodisPlain, chihuo_lodis_plain, CHIHUO, LODIS_PLAIN, GObject)

ChihuoBackend *chihuo_lodis_plain_new (ChihuoLodisServer *server);

G_END_DECLS
