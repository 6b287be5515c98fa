/* lodis-array.h - the commands of array-maps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-call.h"

G_BEGIN_DECLS

gboolean lodis_array_alpush   (LodisCall      *call);
gboolean lodis_array_alpushnx (LodisCall      *call);
gboolean lodis_array_arpush   (LodisCall      *call);
gboolean lodis_array_arpushnx (LodisCall      *call);
gboolean lodis_array_aincrby  (LodisCall      *call);
gboolean lodis_array_alpop    (LodisCall      *call);
gboolean lodis_array_arpop    (LodisCall      *call);
gboolean lodis_array_arandpop (LodisCall      *call);
gboolean lodis_array_aget     (LodisCall      *call);
gboolean lodis_array_arand    (LodisCall      *call);
gboolean lodis_array_alrange  (LodisCall      *call);
gboolean lodis_array_arrange  (LodisCall      *call);
gboolean lodis_array_akeys    (LodisCall      *call);
gboolean lodis_array_avals    (LodisCall      *call);
gboolean lodis_array_aall     (LodisCall      *call);
gboolean lodis_array_aexists  (LodisCall      *call);
gboolean lodis_array_alen     (LodisCall      *call);
gboolean lodis_array_adel     (LodisCall      *call);
gboolean lodis_array_arm      (LodisCall      *call);

/* For transactions */
gboolean lodis_array_push_new (LodisCall      *call,
                               LodisStructure *array,
                               LodisSpan       key,
                               LodisSpan       value);
gboolean lodis_array_delete   (LodisCall      *call,
                               LodisStructure *array,
                               LodisSpan       key);

G_END_DECLS
