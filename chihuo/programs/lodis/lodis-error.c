/* lodis-error.c - what a command can answer in place of a result
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "lodis-error.h"

G_DEFINE_QUARK (lodis-error-quark, lodis_error)
