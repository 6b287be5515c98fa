/* bench-languages.c - handlers in Python and JavaScript, each in an interpreter of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <gio/gio.h>

#include "bench.h"

/* BENCH_… come from meson.build: where the interpreters, their programs and the library are */

#define N_PYTHON_TASKS 200000
#define N_GJS_TASKS    1000000

static GSubprocess *
start (const char *const *command, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);

  g_subprocess_launcher_setenv (launcher, "PYTHONPATH", BENCH_PYTHON_PACKAGE, TRUE);
  g_subprocess_launcher_setenv (launcher, "PYTHONDONTWRITEBYTECODE", "1", TRUE);
  g_subprocess_launcher_setenv (launcher, "GJS_PATH", BENCH_GJS_OVERRIDES, TRUE);
  g_subprocess_launcher_setenv (launcher, "GI_TYPELIB_PATH", BENCH_TYPELIB, TRUE);
  g_subprocess_launcher_setenv (launcher, "LD_LIBRARY_PATH", BENCH_LIBRARY, TRUE);

  return g_subprocess_launcher_spawnv (launcher, command, error);
}

/* What it prints: numbers, with spaces between */
static char *
ask (const char *const *command)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = start (command, &error);
  char *text = NULL;

  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, &error))
    g_error ("%s: %s", command[1], error->message);
  if (!g_subprocess_get_successful (process))
    g_error ("%s has failed", command[1]);

  return text;
}

#ifdef BENCH_PYTHON
/* Tasks a second */
static double
ask_python (const char *what, guint n)
{
  g_autofree char *number = g_strdup_printf ("%u", n);
  const char *const command[] = { BENCH_PYTHON, BENCH_PYTHON_PROGRAM, what, number, NULL };
  g_autofree char *text = ask (command);

  return g_ascii_strtod (text, NULL);
}

static void
measure_sync (BenchRun *run)
{
  guint n = bench_run_scale (run, N_PYTHON_TASKS);

  while (bench_run_next (run))
    bench_run_note (run, "rate", ask_python ("sync", n));
}

static void
measure_async (BenchRun *run)
{
  guint n = bench_run_scale (run, N_PYTHON_TASKS);

  while (bench_run_next (run))
    {
      double bare = ask_python ("bare", n);

      bench_run_note_rate (run, ask_python ("async", n), bare);
    }
}
#endif

#ifdef BENCH_GJS
/* Tasks a second, and by how many MiB the process grew when three tenths of them were done */
static void
measure_gjs (BenchRun *run)
{
  g_autofree char *number = g_strdup_printf ("%u", bench_run_scale (run, N_GJS_TASKS));
  const char *const command[] = { BENCH_GJS, "-m", BENCH_GJS_PROGRAM, number, NULL };

  while (bench_run_next (run))
    {
      g_autofree char *text = ask (command);
      char *rest;

      bench_run_note (run, "rate", g_ascii_strtod (text, &rest));
      bench_run_note (run, "grown", g_ascii_strtod (rest, NULL));
    }
}
#endif

const BenchCase bench_languages_cases[] = {
#ifdef BENCH_PYTHON
  { .name = "python-sync",
    .unit = "/s",
    .func = measure_sync,
    .reach = { { "rate", FALSE, 8e4 } } },
  { .name = "python-async",
    .unit = "/s",
    .func = measure_async,
    .ceiling = "asyncio alone: a queue and a task each, 64 at a time, nothing kept",
    .reach = { { "rate", FALSE, 5e4 }, { "ratio", FALSE, 0.3 } } },
#endif
#ifdef BENCH_GJS
  { .name = "gjs",
    .unit = "/s",
    .func = measure_gjs,
    .reach = { { "rate", FALSE, 1e5 }, { "grown", TRUE, 8 } } },
#endif
  { 0 },
};
