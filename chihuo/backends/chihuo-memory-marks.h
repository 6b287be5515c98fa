/* chihuo-memory-marks.h - the finished ids in the order of their bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-memory-lane.h"

G_BEGIN_DECLS

typedef struct _ChihuoMemoryMarks ChihuoMemoryMarks;

ChihuoMemoryMarks *chihuo_memory_marks_new    (void);
void               chihuo_memory_marks_free   (ChihuoMemoryMarks *self);
void               chihuo_memory_marks_add    (ChihuoMemoryMarks *self,
                                               ChihuoMemoryNode  *node);
void               chihuo_memory_marks_remove (ChihuoMemoryMarks *self,
                                               ChihuoMemoryNode  *node);
ChihuoMemoryNode  *chihuo_memory_marks_first  (ChihuoMemoryMarks *self);
ChihuoMemoryNode  *chihuo_memory_marks_after  (ChihuoMemoryMarks *self,
                                               const char        *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoMemoryMarks, chihuo_memory_marks_free)

G_END_DECLS
