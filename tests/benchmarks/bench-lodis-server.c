/* bench-lodis-server.c - a private Lodis to measure with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench-lodis-server.h"

static void
die_with_parent_cb (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *
spawn (const char *path, const char *sync)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autofree char *flag = g_strconcat ("--sync=", sync, NULL);
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_subprocess_launcher_set_child_setup (launcher, die_with_parent_cb, NULL, NULL);
  process = g_subprocess_launcher_spawn (launcher, &error, LODIS_PROGRAM, "--db-path", path,
                                         "--listen=127.0.0.1:0", flag, NULL);
  if (process == NULL)
    g_error ("%s", error->message);

  return process;
}

/* sync: as the server's option has it. Its folder is empty */
BenchLodis *
bench_lodis_new (BenchRun *run, const char *sync)
{
  BenchLodis *self = g_new0 (BenchLodis, 1);
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;
  const char *port;

  self->path = bench_run_dup_path (run, "lodis");
  self->process = spawn (self->path, sync);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  line = g_data_input_stream_read_line (output, NULL, NULL, NULL);
  port = line != NULL ? strstr (line, "127.0.0.1:") : NULL;
  if (port == NULL)
    g_error ("lodis does not listen: %s", line);
  self->port = atoi (port + strlen ("127.0.0.1:"));

  return self;
}

/* Ends it, and leaves nothing of it */
void
bench_lodis_free (BenchLodis *self)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_subprocess_send_signal (self->process, SIGTERM);
  g_subprocess_wait (self->process, NULL, NULL);
  dir = g_dir_open (self->path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (self->path, name, NULL);

      g_unlink (file);
    }
  g_rmdir (self->path);
  g_object_unref (self->process);
  g_free (self->path);
  g_free (self);
}

/* What it has in memory */
double
bench_lodis_get_bytes (BenchLodis *self)
{
  g_autofree char *path
      = g_strdup_printf ("/proc/%s/statm", g_subprocess_get_identifier (self->process));
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read", path);
  words = g_strsplit (text, " ", 3);

  return g_ascii_strtod (words[1], NULL) * sysconf (_SC_PAGESIZE);
}

/* What a queue is told of one on this port */
char *
bench_lodis_dup_url (guint16 port, const char *mode)
{
  return g_strdup_printf ("{\"backend\":\"lodis\",\"port\":%u,\"mode\":\"%s\"}", port, mode);
}
