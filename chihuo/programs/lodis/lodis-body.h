/* lodis-body.h - the body of a request, as it comes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-frame.h"

G_BEGIN_DECLS

/* The largest one; of what is larger nothing is kept */
#define LODIS_BODY_MAX (64u << 20)

typedef enum
{
  LODIS_BODY_MORE,  /* is to come */
  LODIS_BODY_DONE,
  LODIS_BODY_WRONG, /* no chunk, or no end in sight */
} LodisBodyState;

/* What the bodies of all connections may be together, and are */
typedef struct
{
  gsize max;
  gsize held;
} LodisBodyRoom;

typedef struct
{
  LodisBodyRoom *room; /* unowned (nullable): NULL = there is enough */
  GByteArray *bytes;   /* (owned) */
  guint64     left;    /* of the body, or of the chunk that comes */
  guint64     seen;
  gboolean    chunked;
  gboolean    behind;  /* a chunk: its end of line is to come */
  gboolean    trailer; /* behind the last chunk */
  gboolean    crowded; /* there was no room: nothing of it is kept */
} LodisBody;

void           lodis_body_begin      (LodisBody     *self,
                                      LodisBodyRoom *room,
                                      gboolean       chunked,
                                      guint64        length);
LodisBodyState lodis_body_feed       (LodisBody     *self,
                                      LodisSpan      bytes,
                                      gsize         *used);
gboolean       lodis_body_is_large   (LodisBody     *self);
gboolean       lodis_body_is_crowded (LodisBody     *self);
void           lodis_body_clear      (LodisBody     *self);

G_END_DECLS
