/* bench-run.c - the rounds of a case, and the medians of what they say
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "bench.h"

/* What a small run has of a normal one's tasks, and at least */
#define SMALL_PART 100
#define SMALL_LEAST 512

static void
field_free (gpointer data)
{
  BenchField *field = data;

  g_free (field->name);
  g_array_unref (field->values);
  g_free (field);
}

BenchRun *
bench_run_new (const BenchCase *bench, const char *folder, BenchSize size, guint rounds)
{
  BenchRun *self = g_new0 (BenchRun, 1);

  self->bench = bench;
  self->folder = folder;
  self->size = size;
  self->rounds = rounds;
  self->fields = g_ptr_array_new_with_free_func (field_free);

  return self;
}

void
bench_run_free (BenchRun *self)
{
  g_ptr_array_unref (self->fields);
  g_free (self);
}

static void
show_progress (const BenchRun *self)
{
  const BenchCase *bench = self->bench;

  if (!isatty (STDERR_FILENO))
    return;

  if (self->round > self->rounds)
    fprintf (stderr, "\r\033[K");
  else
    fprintf (stderr, "\r\033[K[%u/%u] %s%s%s: round %u of %u", self->number, self->n_cases,
             bench->name, bench->variant != NULL ? " " : "",
             bench->variant != NULL ? bench->variant : "", self->round, self->rounds);
  fflush (stderr);
}

/* Whether there is one more round to do */
gboolean
bench_run_next (BenchRun *self)
{
  self->round++;
  show_progress (self);

  return self->round <= self->rounds;
}

/* How many tasks to take where a normal run has `normal` */
guint
bench_run_scale (BenchRun *self, guint normal)
{
  if (self->size == BENCH_SIZE_SMALL)
    return MIN (normal, MAX (normal / SMALL_PART, SMALL_LEAST));

  return normal;
}

static BenchField *
find_field (const BenchRun *self, const char *name)
{
  for (guint i = 0; i < self->fields->len; i++)
    {
      BenchField *field = g_ptr_array_index (self->fields, i);

      if (g_str_equal (field->name, name))
        return field;
    }

  return NULL;
}

void
bench_run_note (BenchRun *self, const char *name, double value)
{
  BenchField *field = find_field (self, name);

  if (field == NULL)
    {
      field = g_new0 (BenchField, 1);
      field->name = g_strdup (name);
      field->values = g_array_new (FALSE, FALSE, sizeof (double));
      g_ptr_array_add (self->fields, field);
    }

  g_array_append_val (field->values, value);
}

/* A ratio of 1 is as good as the bare program, whatever way round is better */
void
bench_run_note_rate (BenchRun *self, double rate, double ceiling)
{
  bench_run_note (self, "rate", rate);
  bench_run_note (self, "ceiling", ceiling);
  bench_run_note (self, "ratio", self->bench->less_is_better ? ceiling / rate : rate / ceiling);
}

gboolean
bench_run_has (const BenchRun *self, const char *name)
{
  return find_field (self, name) != NULL;
}

/* The median of a field's rounds */
double
bench_run_get (const BenchRun *self, const char *name)
{
  BenchField *field = find_field (self, name);

  return field != NULL ? bench_median (field->values) : 0;
}

gboolean
bench_run_reaches (const BenchRun *self, const BenchReach *reach)
{
  double value = bench_run_get (self, reach->field);

  return reach->at_most ? value <= reach->limit : value >= reach->limit;
}

/* A new path in the folder for each round, so that no file is used twice */
char *
bench_run_dup_path (BenchRun *self, const char *name)
{
  g_autofree char *base = g_strdup_printf ("%s-%u.db", name, self->round);

  return g_build_filename (self->folder, base, NULL);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The value that `share` of all do not pass */
double
bench_percentile (GArray *values, double share)
{
  g_autoptr (GArray) sorted = g_array_copy (values);

  g_assert (values->len > 0);
  g_array_sort (sorted, compare_doubles);

  return g_array_index (sorted, double, MIN ((guint) (sorted->len * share), sorted->len - 1));
}

double
bench_median (GArray *values)
{
  return bench_percentile (values, 0.5);
}

double
bench_seconds_since (gint64 before)
{
  return MAX (g_get_monotonic_time () - before, 1) / (double) G_USEC_PER_SEC;
}
