/* fuzz-json.c - any text for the JSON scanner, judged by a plain grammar and by json-glib
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-task.h"
#include "fuzz-grammar.h"
#include "fuzz-target.h"

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_init ();
  return 0;
}

static JsonNode *
parse (const char *text, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;

  if (!json_parser_load_from_data (parser, text, length, &error))
    g_error ("json-glib refuses what the scanner has let pass: %s", error->message);

  return json_parser_steal_root (parser);
}

/* Scanned, made compact, parsed: it stays the same all the way */
static void
check_good (const char *text, gsize length, const ChihuoJsonScan *scan)
{
  ChihuoJsonScan again;
  gsize compact_length = 0;
  g_autofree char *compact = chihuo_json_compact (text, length, &compact_length);
  g_autoptr (JsonNode) node = parse (text, length);
  g_autoptr (JsonNode) compact_node = parse (compact, compact_length);
  g_autoptr (ChihuoTask) task = NULL;
  g_autoptr (JsonNode) info = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (scan->length, ==, length);
  g_assert_cmpuint (scan->stop, ==, length);
  g_assert_cmpuint (compact_length, ==, length - scan->n_blanks);
  g_assert_true (chihuo_json_scan (compact, compact_length, &again, NULL));
  g_assert_cmpuint (again.n_blanks, ==, 0);
  g_assert_true (json_node_equal (node, compact_node));

  task = chihuo_task_new_from_json ("id", compact, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (chihuo_task_get_json (task), ==, compact);
  info = chihuo_task_dup_info (task);
  g_assert_true (json_node_equal (node, info));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  const char *text = (const char *) data;
  ChihuoJsonScan scan;
  gboolean good = chihuo_json_scan (text, size, &scan, &error);

  g_assert_cmpint (good, ==, fuzz_grammar_accepts (text, size, CHIHUO_JSON_MAX_DEPTH));
  g_assert_cmpint (good, ==, chihuo_json_check (text, size, NULL));
  g_assert_cmpint (good, ==, error == NULL);
  if (good)
    check_good (text, size, &scan);
  else
    {
      g_assert_cmpuint (scan.stop, <=, size);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }

  chihuo_id_check (text, size, NULL);
  return 0;
}
