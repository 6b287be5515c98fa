/* lodis-sequence.h - elements in order, at positions that may have holes between them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-structure.h"

G_BEGIN_DECLS

typedef enum
{
  LODIS_SIDE_LEFT,
  LODIS_SIDE_RIGHT,
} LodisSide;

/* Appends an element to a reply, in some form */
typedef gboolean (* LodisElementFunc) (GByteArray *reply,
                                       LodisSpan   element,
                                       gpointer    data,
                                       GError    **error);

/* A part of a sequence: elements start … end - 1, counted from a side */
typedef struct
{
  LodisSide side;
  guint64   start;
  guint64   end;
} LodisRange;

guint64  lodis_sequence_push   (LodisStructure *self,
                                LodisSide       side,
                                LodisSpan       element);
void     lodis_sequence_put    (LodisStructure *self,
                                guint64         position,
                                LodisSpan       element);
gboolean lodis_sequence_get    (LodisStructure *self,
                                guint64         position,
                                LodisValue     *value,
                                GError        **error);
gboolean lodis_sequence_remove (LodisStructure *self,
                                guint64         position,
                                GError        **error);
gboolean lodis_sequence_find   (LodisStructure *self,
                                LodisSide       side,
                                guint64         index,
                                guint64        *position,
                                GError        **error);
gboolean lodis_sequence_choose (LodisStructure *self,
                                guint64        *position,
                                GError        **error);
guint64  lodis_sequence_end    (LodisStructure *self,
                                LodisSide       side);
gboolean lodis_sequence_answer (LodisStructure *self,
                                LodisRange      range,
                                GByteArray     *reply,
                                LodisElementFunc func,
                                gpointer        data,
                                GError        **error);

G_END_DECLS
