/* lodis-txn.h - conditions, reads and writes that happen together or not at all
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-call.h"

G_BEGIN_DECLS

gboolean lodis_txn_run (LodisCall *call);

G_END_DECLS
