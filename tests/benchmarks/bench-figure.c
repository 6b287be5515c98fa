/* bench-figure.c - figures and names as people read them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "bench-figure.h"

/* "1.92 M/s", "141 k/s", "37 us": three digits are all that such figures are worth */
char *
bench_figure_format (double value, const char *unit)
{
  const char *prefix = "";
  int digits;

  if (value >= 1e6)
    {
      value /= 1e6;
      prefix = "M";
    }
  else if (value >= 1e4)
    {
      value /= 1e3;
      prefix = "k";
    }

  digits = value >= 100 || value == floor (value) ? 0 : value >= 10 ? 1 : 2;
  return g_strdup_printf ("%.*f%s%s%s", digits, value, *prefix != '\0' || *unit != '\0' ? " " : "",
                          prefix, unit);
}

char *
bench_figure_name (const BenchCase *bench)
{
  if (bench->variant == NULL)
    return g_strdup (bench->name);

  return g_strdup_printf ("%s %s", bench->name, bench->variant);
}
