/* lodis-command.h - the commands by their names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-gaps.h"
#include "lodis-store.h"
#include "lodis-wait.h"

G_BEGIN_DECLS

/* What all commands work with */
typedef struct
{
  LodisStore *store; /* (owned by whoever made it), as all of them */
  LodisGaps  *gaps;
  LodisWaits *waits;
} LodisData;

gboolean lodis_command_run (const LodisData *data,
                            const char      *command,
                            LodisSpan        name,
                            LodisSpan        body,
                            GByteArray      *reply,
                            GError         **error);

G_END_DECLS
