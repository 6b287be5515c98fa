/* bench.h - what the groups of chihuo-bench share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define BENCH_MAX_REACH 3

typedef struct _BenchRun BenchRun;

/* What a field has to be: at least, or at most. Told in the table, never judged */
typedef struct
{
  const char *field;
  gboolean    at_most;
  double      limit;
} BenchReach;

/* One line of the table. "rate" is the field in `unit`; "ceiling" is what a bare program reaches that
 * does the same work, and "ratio" is made of both, round by round */
typedef struct
{
  const char *name;
  const char *variant; /* (nullable) */
  const char *unit;
  gboolean    less_is_better;
  gboolean    on_disk; /* what it says depends on the file system */
  const char *needs;   /* (nullable): a program; without it, the case is left out */
  const char *module;  /* (nullable): a module of node's, which NODE_PATH leads to; the same */
  void     (* func) (BenchRun *run);
  const char *ceiling; /* (nullable): what the bare program does */
  BenchReach  reach[BENCH_MAX_REACH];
} BenchCase;

typedef enum
{
  BENCH_SIZE_SMALL,
  BENCH_SIZE_NORMAL,
  BENCH_SIZE_LARGE,
} BenchSize;

typedef struct
{
  char  *name;   /* (owned) */
  GArray *values; /* (owned): of each round, double */
} BenchField;

/* A case while it runs, and then what it said */
struct _BenchRun
{
  const BenchCase *bench;
  const char      *folder; /* on the file system that is measured */
  BenchSize        size;
  guint            rounds;
  guint            round;
  guint            number; /* of the case, and of how many: for the progress line */
  guint            n_cases;
  GPtrArray       *fields; /* (owned): of BenchField, in the order in which they were noted */
};

/* A case's function does its work while there is a next round */
BenchRun   *bench_run_new         (const BenchCase *bench,
                                   const char      *folder,
                                   BenchSize        size,
                                   guint            rounds);
void        bench_run_free        (BenchRun        *self);
gboolean    bench_run_next        (BenchRun        *self);
guint       bench_run_scale       (BenchRun        *self,
                                   guint            normal);
void        bench_run_note        (BenchRun        *self,
                                   const char      *field,
                                   double           value);
void        bench_run_note_rate   (BenchRun        *self,
                                   double           rate,
                                   double           ceiling);
gboolean    bench_run_has         (const BenchRun  *self,
                                   const char      *field);
double      bench_run_get         (const BenchRun  *self,
                                   const char      *field);
gboolean    bench_run_reaches     (const BenchRun  *self,
                                   const BenchReach *reach);
char       *bench_run_dup_path    (BenchRun        *self,
                                   const char      *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchRun, bench_run_free)

/* The groups; each list ends with a case without a name */
extern const BenchCase bench_memory_cases[];
extern const BenchCase bench_sqlite_cases[];
extern const BenchCase bench_crowd_cases[];
extern const BenchCase bench_latency_cases[];
extern const BenchCase bench_footprint_cases[];
extern const BenchCase bench_growth_cases[];
extern const BenchCase bench_redis_cases[];
extern const BenchCase bench_languages_cases[];
extern const BenchCase bench_lodis_cases[];
extern const BenchCase bench_lodis_queue_cases[];

/* How it is told */
char       *bench_machine_describe (const char      *folder);
const char *bench_machine_get_file_system (const char *folder);
void        bench_table_print_head (void);
void        bench_table_print      (const BenchRun  *run);
void        bench_json_print       (const BenchRun  *run);
gboolean    bench_svg_write        (GPtrArray       *runs,
                                    const char      *machine,
                                    const char      *path,
                                    GError         **error);

/* Small tools */
double      bench_median           (GArray          *values);
double      bench_percentile       (GArray          *values,
                                    double           share);
double      bench_seconds_since    (gint64           before);

G_END_DECLS
