/* lodis-map.h - the commands of maps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-call.h"

G_BEGIN_DECLS

gboolean lodis_map_hget    (LodisCall      *call);
gboolean lodis_map_hset    (LodisCall      *call);
gboolean lodis_map_hsetnx  (LodisCall      *call);
gboolean lodis_map_hgetall (LodisCall      *call);
gboolean lodis_map_hmget   (LodisCall      *call);
gboolean lodis_map_hmset   (LodisCall      *call);
gboolean lodis_map_hincrby (LodisCall      *call);
gboolean lodis_map_hkeys   (LodisCall      *call);
gboolean lodis_map_hvals   (LodisCall      *call);
gboolean lodis_map_hexists (LodisCall      *call);
gboolean lodis_map_hdel    (LodisCall      *call);
gboolean lodis_map_hlen    (LodisCall      *call);
gboolean lodis_map_hrm     (LodisCall      *call);
gboolean lodis_map_range   (LodisCall      *call);

/* For transactions */
gboolean lodis_map_get     (LodisStructure *map,
                            LodisSpan       field,
                            LodisValue     *value,
                            GError        **error);
gboolean lodis_map_set     (LodisCall      *call,
                            LodisStructure *map,
                            LodisSpan       field,
                            LodisSpan       value);
gboolean lodis_map_delete  (LodisCall      *call,
                            LodisStructure *map,
                            LodisSpan       field);
gboolean lodis_map_read    (LodisCall      *call,
                            LodisStructure *map,
                            LodisSpan      *bounds,
                            guint32        *n);

/* Adds to a number that is stored as text */
gboolean lodis_number_add  (const LodisValue *value,
                            gint64            more,
                            char              text[24],
                            GError          **error);

G_END_DECLS
