/* checker.h - judges a history: what was promised, and was it kept
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "history.h"

G_BEGIN_DECLS

typedef enum
{
  INVARIANT_NO_LOSS,
  INVARIANT_NO_PHANTOM,
  INVARIANT_NO_DOUBLE_COMPLETION,
  INVARIANT_TOKENS_GROW,
  INVARIANT_NO_TWO_VALID_RUNS,
  INVARIANT_FIFO_WITHOUT_FAULTS,
  INVARIANT_FINISHED_STICKS,
  INVARIANT_RERUN_HAS_CAUSE,
  INVARIANT_DRAINS_IN_TIME,
  INVARIANT_NOTHING_STARTS_AFTER_STOP,
  INVARIANT_WELL_FORMED, /* the history itself: it says enough to be judged */

  N_INVARIANTS,
} Invariant;

typedef struct
{
  Invariant invariant;
  char     *text; /* (owned) */
} Violation;

const char *invariant_get_name (Invariant    invariant);
GPtrArray  *checker_judge      (GArray      *lines);

G_END_DECLS
