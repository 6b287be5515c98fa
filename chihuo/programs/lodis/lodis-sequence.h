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

/* Walks from one side towards the other */
typedef struct
{
  LodisStructure *structure; /* unowned */
  LodisSide       side;
  LodisScan      *scan;      /* (owned) */
  guint64         position;
  guint64         left;      /* elements, this one included */
} LodisCursor;

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

gboolean lodis_cursor_init     (LodisCursor    *self,
                                LodisStructure *structure,
                                LodisSide       side,
                                guint64         start,
                                guint64         end,
                                GError        **error);
void     lodis_cursor_clear    (LodisCursor    *self);
gboolean lodis_cursor_get      (LodisCursor    *self,
                                LodisSpan      *element,
                                GError        **error);
gboolean lodis_cursor_next     (LodisCursor    *self,
                                GError        **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LodisCursor, lodis_cursor_clear)

G_END_DECLS
