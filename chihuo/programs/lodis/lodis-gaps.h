/* lodis-gaps.h - remembers where in a map nothing is left
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-frame.h"

G_BEGIN_DECLS

typedef struct _LodisGaps LodisGaps;

LodisGaps *lodis_gaps_new    (void);
void       lodis_gaps_free   (LodisGaps *self);
void       lodis_gaps_clear  (LodisGaps *self);
LodisSpan  lodis_gaps_skip   (LodisGaps *self,
                              guint64    map,
                              LodisSpan  after);
void       lodis_gaps_learn  (LodisGaps *self,
                              guint64    map,
                              LodisSpan  after,
                              LodisSpan  first);
void       lodis_gaps_insert (LodisGaps *self,
                              guint64    map,
                              LodisSpan  field);
void       lodis_gaps_forget (LodisGaps *self,
                              guint64    map);

int        lodis_span_compare (LodisSpan a,
                               LodisSpan b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisGaps, lodis_gaps_free)

G_END_DECLS
