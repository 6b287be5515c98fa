/* lodis-list.h - the commands of lists
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-call.h"

G_BEGIN_DECLS

gboolean lodis_list_lpush   (LodisCall *call);
gboolean lodis_list_rpush   (LodisCall *call);
gboolean lodis_list_lpop    (LodisCall *call);
gboolean lodis_list_rpop    (LodisCall *call);
gboolean lodis_list_randpop (LodisCall *call);
gboolean lodis_list_lrange  (LodisCall *call);
gboolean lodis_list_rrange  (LodisCall *call);
gboolean lodis_list_lindex  (LodisCall *call);
gboolean lodis_list_lrand   (LodisCall *call);
gboolean lodis_list_llen    (LodisCall *call);
gboolean lodis_list_ldel    (LodisCall *call);
gboolean lodis_list_lrm     (LodisCall *call);

G_END_DECLS
