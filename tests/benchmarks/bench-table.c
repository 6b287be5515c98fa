/* bench-table.c - tells results to people
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdio.h>

#include "bench-figure.h"
#include "bench.h"

void
bench_table_print_head (void)
{
  printf ("%-26s %12s %12s %7s  %s\n", "name", "chihuo", "bare", "ratio", "to reach, and more");
  fflush (stdout);
}

static gboolean
is_column (const char *field)
{
  return g_str_equal (field, "rate") || g_str_equal (field, "ceiling")
         || g_str_equal (field, "ratio");
}

static void
append_reach (GString *line, const BenchRun *run)
{
  const BenchReach *reach = run->bench->reach;

  for (guint i = 0; i < BENCH_MAX_REACH && reach[i].field != NULL; i++)
    {
      gboolean is_rate = g_str_equal (reach[i].field, "rate");
      g_autofree char *limit
          = bench_figure_format (reach[i].limit, is_rate ? run->bench->unit : "");

      g_string_append_printf (line, "%s%s %s %s: %s", line->len > 0 ? "; " : "", reach[i].field,
                              reach[i].at_most ? "≤" : "≥", limit,
                              bench_run_reaches (run, &reach[i]) ? "yes" : "NO");
    }
}

static void
append_more (GString *line, const BenchRun *run)
{
  for (guint i = 0; i < run->fields->len; i++)
    {
      const BenchField *field = g_ptr_array_index (run->fields, i);
      g_autofree char *value = NULL;

      if (is_column (field->name))
        continue;
      value = bench_figure_format (bench_median (field->values), "");
      g_string_append_printf (line, "%s%s %s", line->len > 0 ? "; " : "", field->name, value);
    }
}

void
bench_table_print (const BenchRun *run)
{
  const BenchCase *bench = run->bench;
  gboolean has_ceiling = bench_run_has (run, "ceiling");
  g_autofree char *name = bench_figure_name (bench);
  g_autofree char *rate = bench_figure_format (bench_run_get (run, "rate"), bench->unit);
  g_autofree char *ceiling
      = has_ceiling ? bench_figure_format (bench_run_get (run, "ceiling"), bench->unit)
                    : g_strdup ("");
  g_autofree char *ratio
      = has_ceiling ? g_strdup_printf ("%.2f", bench_run_get (run, "ratio")) : g_strdup ("");
  g_autoptr (GString) rest = g_string_new (NULL);

  append_reach (rest, run);
  append_more (rest, run);
  printf ("%-26s %12s %12s %7s  %s\n", name, rate, ceiling, ratio, rest->str);
  fflush (stdout);
}
