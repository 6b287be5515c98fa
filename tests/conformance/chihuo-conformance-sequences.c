/* chihuo-conformance-sequences.c - random sequences, printed for model.py to judge
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-conformance-parts.h"

int
chihuo_conformance_sequences (const ChihuoConformanceFactory *factory, guint first, guint n)
{
  return 0;
}
