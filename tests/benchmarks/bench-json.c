/* bench-json.c - tells results to programs: one object a line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

#include "bench.h"

static void
add_text (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_fields (JsonBuilder *builder, const BenchRun *run)
{
  for (guint i = 0; i < run->fields->len; i++)
    {
      const BenchField *field = g_ptr_array_index (run->fields, i);

      json_builder_set_member_name (builder, field->name);
      json_builder_add_double_value (builder, bench_median (field->values));
    }
}

static gboolean
reaches_all (const BenchRun *run)
{
  const BenchReach *reach = run->bench->reach;

  for (guint i = 0; i < BENCH_MAX_REACH && reach[i].field != NULL; i++)
    if (!bench_run_reaches (run, &reach[i]))
      return FALSE;

  return TRUE;
}

static JsonNode *
describe (const BenchRun *run)
{
  const BenchCase *bench = run->bench;
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_text (builder, "name", bench->name);
  if (bench->variant != NULL)
    add_text (builder, "variant", bench->variant);
  add_text (builder, "unit", bench->unit);
  add_fields (builder, run);
  if (bench->ceiling != NULL)
    add_text (builder, "bare", bench->ceiling);
  if (bench->on_disk)
    add_text (builder, "file-system", bench_machine_get_file_system (run->folder));
  json_builder_set_member_name (builder, "rounds");
  json_builder_add_int_value (builder, run->rounds);
  if (bench->reach[0].field != NULL)
    {
      json_builder_set_member_name (builder, "reached");
      json_builder_add_boolean_value (builder, reaches_all (run));
    }
  json_builder_end_object (builder);

  return json_builder_get_root (builder);
}

void
bench_json_print (const BenchRun *run)
{
  g_autoptr (JsonNode) node = describe (run);
  g_autofree char *line = json_to_string (node, FALSE);

  printf ("%s\n", line);
  fflush (stdout);
}
