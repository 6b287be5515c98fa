/* bench-python.c - the Python package, in an interpreter of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <gio/gio.h>

#include "bench.h"

/* BENCH_PYTHON_… come from meson.build: where the interpreter, its program and the package are */

#define N_TASKS 200000

static GSubprocess *
start (const char *what, guint n, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autofree char *number = g_strdup_printf ("%u", n);

  g_subprocess_launcher_setenv (launcher, "PYTHONPATH", BENCH_PYTHON_PACKAGE, TRUE);
  g_subprocess_launcher_setenv (launcher, "PYTHONDONTWRITEBYTECODE", "1", TRUE);
  g_subprocess_launcher_setenv (launcher, "GI_TYPELIB_PATH", BENCH_PYTHON_TYPELIB, TRUE);
  g_subprocess_launcher_setenv (launcher, "LD_LIBRARY_PATH", BENCH_PYTHON_LIBRARY, TRUE);

  return g_subprocess_launcher_spawn (launcher, error, BENCH_PYTHON, BENCH_PYTHON_PROGRAM, what,
                                      number, NULL);
}

/* Tasks a second, as it prints them */
static double
ask (const char *what, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = start (what, n, &error);
  g_autofree char *text = NULL;

  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, &error))
    g_error ("%s: %s", BENCH_PYTHON_PROGRAM, error->message);
  if (!g_subprocess_get_successful (process))
    g_error ("%s %s has failed", BENCH_PYTHON_PROGRAM, what);

  return g_ascii_strtod (text, NULL);
}

static void
measure_sync (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    bench_run_note (run, "rate", ask ("sync", n));
}

static void
measure_async (BenchRun *run)
{
  guint n = bench_run_scale (run, N_TASKS);

  while (bench_run_next (run))
    {
      double bare = ask ("bare", n);

      bench_run_note_rate (run, ask ("async", n), bare);
    }
}

const BenchCase bench_python_cases[] = {
  { .name = "python-sync",
    .unit = "/s",
    .func = measure_sync,
    .reach = { { "rate", FALSE, 8e4 } } },
  { .name = "python-async",
    .unit = "/s",
    .func = measure_async,
    .ceiling = "asyncio alone: a queue and a task each, 64 at a time, nothing kept",
    .reach = { { "rate", FALSE, 5e4 }, { "ratio", FALSE, 0.3 } } },
  { 0 },
};
