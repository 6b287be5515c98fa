/* lodis-head.h - what the head of a request says
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-frame.h"

G_BEGIN_DECLS

/* Its bytes at most */
#define LODIS_HEAD_MAX (64u << 10)

typedef struct
{
  char    *method; /* (owned) */
  char    *path;   /* (owned): as it was sent, without a query */
  guint64  length; /* of the body, if it is not chunked */
  gboolean chunked;
  gboolean expects_continue;
  gboolean keep_alive;
} LodisHead;

gsize lodis_head_find  (LodisSpan  bytes);
guint lodis_head_parse (LodisHead *self,
                        LodisSpan  bytes);
void  lodis_head_clear (LodisHead *self);

G_END_DECLS
