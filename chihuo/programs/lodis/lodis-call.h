/* lodis-call.h - one request as the commands see it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-gaps.h"
#include "lodis-structure.h"

G_BEGIN_DECLS

/* A command finds its arguments here, and appends its answer to `reply` */
typedef struct
{
  LodisStore *store;       /* unowned */
  LodisGaps  *gaps;        /* unowned */
  GPtrArray  *structures;  /* (owned): of LodisStructure: what the command works on */
  LodisSpan   name;
  LodisSpan  *arguments;   /* unowned */
  guint       n_arguments;
  GByteArray *reply;       /* unowned */
  GError    **error;       /* unowned */
} LodisCall;

typedef gboolean (* LodisFunction) (LodisCall *call);

LodisStructure *lodis_call_get_structure (LodisCall *self,
                                          char       kind,
                                          LodisSpan  name);

G_END_DECLS
