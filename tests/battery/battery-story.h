/* battery-story.h - what one process of a battery tells of itself, line by line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "history.h"

G_BEGIN_DECLS

/* Lines as tests/sim/history.h has them; those that begin with # are for the conductor alone:
 *
 *     # ready                 it takes signals
 *     # reaped N              so many runs of dead workers were sent back
 *     # calm                  nobody here asks for anything any more
 *     # doubt                 the outcome of a commit is unknown
 *     # repeated N            a claim whose outcome was unknown was repeated, and got so many tasks
 *     # online YES TIME       the store answers, or does not any more
 *     # over STATUS           its run has ended so
 */

void        battery_story_open    (const char    *path,
                                   const char    *process);
HistoryLine battery_story_line    (HistoryEvent   event,
                                   HistoryPhase   phase);
void        battery_story_tell    (HistoryLine   *line);
void        battery_story_note    (const char    *format,
                                   ...) G_GNUC_PRINTF (1, 2);
guint64     battery_story_next_op (void);
const char *battery_story_process (void);

G_END_DECLS
