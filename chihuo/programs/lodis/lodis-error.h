/* lodis-error.h - what a command can answer in place of a result
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LODIS_ERROR (lodis_error_quark ())

/* The number is the digit that begins the body of a refusal */
typedef enum
{
  LODIS_ERROR_FAILED = 1,
  LODIS_ERROR_DATABASE = 2,
  LODIS_ERROR_CONFIGURATION = 3,
  LODIS_ERROR_FRAME = 4,
  LODIS_ERROR_ARGUMENTS = 5,
  LODIS_ERROR_TYPE = 6,
} LodisError;

GQuark lodis_error_quark (void);

G_END_DECLS
