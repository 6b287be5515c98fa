/* lodis-options.h - what the command line and the environment say
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "lodis-store.h"

G_BEGIN_DECLS

typedef struct
{
  char           *db_path; /* (owned) */
  GSocketAddress *address; /* (owned) */
  LodisSync       sync;
  guint           patience; /* s */
  gboolean        version; /* print it, and end */
} LodisOptions;

gboolean lodis_options_parse (LodisOptions *self,
                              int          *argc,
                              char       ***argv,
                              GError      **error);
void     lodis_options_clear (LodisOptions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LodisOptions, lodis_options_clear)

G_END_DECLS
