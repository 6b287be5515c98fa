/* chihuo-bench.c - measures the library, and what bare programs reach with the same work
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * chihuo-bench [--only NAME] [--rounds N] [--size small|normal|large] [--json] [--svg FILE]
 *
 * It judges nothing: a machine that is busy with something else is no failure.
 */

#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "bench-child.h"
#include "bench.h"

static const BenchCase *const groups[] = {
  bench_memory_cases,  bench_sqlite_cases,    bench_crowd_cases,
  bench_latency_cases, bench_footprint_cases, bench_growth_cases, bench_redis_cases,
#ifdef BENCH_TYPELIB
  bench_languages_cases,
#endif
#ifdef LODIS_PROGRAM
  bench_lodis_cases,   bench_lodis_queue_cases,
#endif
};

typedef struct
{
  char   **only;
  char    *size;
  char    *svg;
  char    *folder;
  int      rounds;
  gboolean list;
  gboolean json;
} Options;

static gboolean
is_wanted (const Options *options, const BenchCase *bench)
{
  return options->only == NULL || options->only[0] == NULL
         || g_strv_contains ((const char *const *) options->only, bench->name);
}

static GPtrArray *
find_cases (const Options *options)
{
  GPtrArray *cases = g_ptr_array_new ();

  for (guint g = 0; g < G_N_ELEMENTS (groups); g++)
    for (const BenchCase *bench = groups[g]; bench->name != NULL; bench++)
      if (is_wanted (options, bench))
        g_ptr_array_add (cases, (gpointer) bench);

  return cases;
}

static void
list_cases (GPtrArray *cases)
{
  const char *last = NULL;

  for (guint i = 0; i < cases->len; i++)
    {
      const BenchCase *bench = g_ptr_array_index (cases, i);

      if (g_strcmp0 (last, bench->name) != 0)
        printf ("%s\n", bench->name);
      last = bench->name;
    }
}

static gboolean
parse_size (const char *text, BenchSize *size)
{
  static const char *const names[] = { "small", "normal", "large" };

  *size = BENCH_SIZE_NORMAL;
  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (text, names[i]))
      {
        *size = (BenchSize) i;
        return TRUE;
      }

  return text == NULL;
}

/* What a case has left there is of no use to the next one */
static void
empty_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
}

static gboolean
has_program (const char *name)
{
  g_autofree char *path = g_find_program_in_path (name);

  return path != NULL;
}

static gboolean
has_module (const char *name)
{
  const char *path = g_getenv ("NODE_PATH");
  g_auto (GStrv) folders = g_strsplit (path != NULL ? path : "", ":", -1);

  for (guint i = 0; folders[i] != NULL; i++)
    {
      g_autofree char *folder = g_build_filename (folders[i], name, NULL);

      if (g_file_test (folder, G_FILE_TEST_IS_DIR))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_possible (const BenchCase *bench)
{
  const char *missing = NULL;

  if (bench->needs != NULL && !has_program (bench->needs))
    missing = bench->needs;
  else if (bench->module != NULL && !has_module (bench->module))
    missing = bench->module;
  if (missing == NULL)
    return TRUE;

  g_printerr ("%s: %s is missing\n", bench->name, missing);
  return FALSE;
}

static GPtrArray *
run_cases (GPtrArray *cases, const Options *options, BenchSize size, const char *folder)
{
  GPtrArray *runs = g_ptr_array_new_with_free_func ((GDestroyNotify) bench_run_free);

  for (guint i = 0; i < cases->len; i++)
    {
      const BenchCase *bench = g_ptr_array_index (cases, i);
      BenchRun *run;

      if (!is_possible (bench))
        continue;

      run = bench_run_new (bench, folder, size, options->rounds);
      run->number = i + 1;
      run->n_cases = cases->len;
      bench->func (run);
      g_ptr_array_add (runs, run);
      empty_folder (folder);

      if (options->json)
        bench_json_print (run);
      else
        bench_table_print (run);
    }

  return runs;
}

/* Not in /tmp, which often lies in memory */
static char *
make_folder (const Options *options)
{
  const char *parent = options->folder != NULL ? options->folder : g_getenv ("TMPDIR");
  char *path = g_build_filename (parent != NULL ? parent : "/var/tmp", "chihuo-bench-XXXXXX", NULL);

  if (g_mkdtemp (path) != NULL)
    return path;

  g_printerr ("chihuo-bench: %s: no folder can be made there\n", path);
  g_free (path);
  return NULL;
}

static int
measure (GPtrArray *cases, const Options *options, BenchSize size)
{
  g_autofree char *folder = make_folder (options);
  g_autofree char *machine = NULL;
  g_autoptr (GPtrArray) runs = NULL;
  g_autoptr (GError) error = NULL;

  if (folder == NULL)
    return 73;

  machine = bench_machine_describe (folder);
  if (options->json)
    fprintf (stderr, "%s\n", machine);
  else
    printf ("%s\nmedians of %d rounds\n\n", machine, options->rounds);
  if (!options->json)
    bench_table_print_head ();

  runs = run_cases (cases, options, size, folder);
  g_rmdir (folder);

  if (options->svg == NULL || bench_svg_write (runs, machine, options->svg, &error))
    return 0;
  g_printerr ("chihuo-bench: %s\n", error->message);
  return 73;
}

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->only, "Run this one; may be given again",
      "NAME" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &options->list, "Print the names", NULL },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &options->rounds, "How many; the median is told (5)", "N" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options->size,
      "small, normal, or large: growth with 10 million tasks", "SIZE" },
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &options->folder,
      "Where the files go ($TMPDIR, else /var/tmp)", "PATH" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print one object a line", NULL },
    { "svg", 0, 0, G_OPTION_ARG_FILENAME, &options->svg, "Draw the table into a file", "FILE" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);

  return g_option_context_parse (context, argc, argv, error);
}

static int
run_with (const Options *options)
{
  g_autoptr (GPtrArray) cases = find_cases (options);
  BenchSize size;

  if (cases->len == 0 || options->rounds < 1 || !parse_size (options->size, &size))
    {
      g_printerr ("chihuo-bench: no such name, size, or number of rounds; see --help, --list\n");
      return 64;
    }
  if (!options->list)
    return measure (cases, options, size);

  list_cases (cases);
  return 0;
}

int
main (int argc, char *argv[])
{
  Options options = { .rounds = 5 };
  g_autoptr (GError) error = NULL;
  int status;

  if (argc > 2 && g_str_equal (argv[1], BENCH_CHILD_OPTION))
    return bench_child_main (argv[2], argv + 3);

  if (!parse_options (&argc, &argv, &options, &error))
    {
      g_printerr ("chihuo-bench: %s\n", error->message);
      return 64;
    }

  status = run_with (&options);
  g_strfreev (options.only);
  g_free (options.size);
  g_free (options.svg);
  g_free (options.folder);

  return status;
}
