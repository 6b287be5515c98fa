/* bench-svg.c - draws results: ours against the bare program's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "bench-figure.h"
#include "bench.h"

/* Each pair of bars has a scale of its own, the longer one is full: what a rate in memory and one on a
 * disk have in common is only their ratio */
#define WIDTH 760
#define LEFT 190
#define BAR 400
#define ROW 40
#define TOP 70

static gboolean
is_drawn (const BenchRun *run)
{
  return bench_run_has (run, "ceiling") && bench_run_has (run, "rate");
}

static void
append_bar (GString *svg, double y, double share, const char *color, const char *label)
{
  char width[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (width, sizeof width, "%.1f", MAX (share * BAR, 1));
  g_string_append_printf (svg,
                          "  <rect x=\"%d\" y=\"%.0f\" width=\"%s\" height=\"13\" rx=\"2\" "
                          "fill=\"%s\"/>\n"
                          "  <text x=\"%d\" y=\"%.0f\">%s</text>\n",
                          LEFT, y, width, color, LEFT + BAR + 8, y + 11, label);
}

static void
append_row (GString *svg, const BenchRun *run, guint row)
{
  const BenchCase *bench = run->bench;
  double rate = bench_run_get (run, "rate");
  double ceiling = bench_run_get (run, "ceiling");
  double longest = MAX (rate, ceiling);
  int y = TOP + row * ROW;
  g_autofree char *name = bench_figure_name (bench);
  g_autofree char *ours = bench_figure_format (rate, bench->unit);
  g_autofree char *theirs = bench_figure_format (ceiling, bench->unit);

  g_string_append_printf (svg, "  <text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
                          LEFT - 10, y + 18, name);
  append_bar (svg, y, rate / longest, "#2e7d5b", ours);
  append_bar (svg, y + 14, ceiling / longest, "#b9c2c9", theirs);
}

/* A picture of other task queues alone says so */
static const char *
describe_grey (GPtrArray *runs)
{
  for (guint i = 0; i < runs->len; i++)
    {
      const BenchRun *run = g_ptr_array_index (runs, i);

      if (!g_str_equal (run->bench->name, "redis-peers"))
        return "a bare program that does the same work";
    }

  return "other task queues of Redis";
}

static void
append_head (GString *svg, const char *grey, const char *machine, guint height)
{
  g_autofree char *text = g_markup_escape_text (machine, -1);

  g_string_append_printf (
      svg,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "  <title>chihuo against %s</title>\n"
      "  <rect width=\"%d\" height=\"%u\" fill=\"#ffffff\"/>\n"
      "  <text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"bold\">chihuo (green) against "
      "%s (grey)</text>\n"
      "  <text x=\"12\" y=\"40\" font-size=\"9\" fill=\"#555555\">%s</text>\n"
      "  <text x=\"12\" y=\"55\" font-size=\"9\" fill=\"#555555\">Each pair has its own scale. Rates: "
      "longer is better. Times (us): shorter is better.</text>\n",
      WIDTH, height, WIDTH, grey, WIDTH, height, grey, text);
}

gboolean
bench_svg_write (GPtrArray *runs, const char *machine, const char *path, GError **error)
{
  g_autoptr (GString) svg = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < runs->len; i++)
    n += is_drawn (g_ptr_array_index (runs, i));

  append_head (svg, describe_grey (runs), machine, TOP + n * ROW + 10);
  n = 0;
  for (guint i = 0; i < runs->len; i++)
    if (is_drawn (g_ptr_array_index (runs, i)))
      append_row (svg, g_ptr_array_index (runs, i), n++);
  g_string_append (svg, "</svg>\n");

  return g_file_set_contents (path, svg->str, svg->len, error);
}
