/* bench-child.h - other processes that take part in a measurement
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define BENCH_CHILD_OPTION "--child"

/* What it can be; each is told its store's configuration, and one number */
#define BENCH_CHILD_BUSY "busy"       /* eats for so many seconds, prints how many tasks, and outages */
#define BENCH_CHILD_PROMPT "prompt"   /* prints when a task has begun, until its stdin is closed */
#define BENCH_CHILD_IDLE "idle"       /* waits so many seconds, prints its memory and its CPU time */
#define BENCH_CHILD_WAITING "waiting" /* adds so many tasks, prints what they take */

/* Under an instruction counter: what the second one takes more is what eating takes */
#define BENCH_CHILD_ADDING "adding" /* adds so many tasks */
#define BENCH_CHILD_EATING "eating" /* adds so many tasks and eats them, with one worker */

typedef struct
{
  GSubprocess      *process; /* (owned) */
  GDataInputStream *output;  /* (owned) */
} BenchChild;

int         bench_child_main      (const char *role,
                                   char      **arguments);
BenchChild *bench_child_new       (const char *role,
                                   const char *server_config,
                                   double      number);
void        bench_child_go        (BenchChild *self);
char       *bench_child_read_line (BenchChild *self);
void        bench_child_free      (BenchChild *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchChild, bench_child_free)

G_END_DECLS
