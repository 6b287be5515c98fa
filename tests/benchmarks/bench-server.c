/* bench-server.c - a private Redis to measure with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "bench-server.h"

/* How long it may take to begin, µs */
#define PATIENCE (20 * G_USEC_PER_SEC)

/* --- its beginning --- */

static void
die_with_parent_cb (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *
spawn (const char *const *command, GSubprocessFlags flags)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (flags);
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_subprocess_launcher_set_child_setup (launcher, die_with_parent_cb, NULL, NULL);
  process = g_subprocess_launcher_spawnv (launcher, command, &error);
  if (process == NULL)
    g_error ("%s", error->message);

  return process;
}

/* One that is free; nobody else takes it within the next moment */
static guint
find_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_socket_listener_close (listener);

  return port;
}

static redisContext *
try_connect (BenchServer *self)
{
  redisContext *context = self->kind == BENCH_SERVER_UNIX
                              ? redisConnectUnix (self->socket)
                              : redisConnect ("127.0.0.1", self->port);

  if (context == NULL || context->err == 0)
    return context;

  redisFree (context);
  return NULL;
}

static void
wait_for_begin (BenchServer *self)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;
  redisContext *context;

  while ((context = try_connect (self)) == NULL)
    {
      if (g_get_monotonic_time () > end)
        g_error (BENCH_SERVER_PROGRAM " does not begin");
      g_usleep (2000);
    }

  redisFree (context);
}

BenchServer *
bench_server_new (BenchRun *run, BenchServerKind kind)
{
  BenchServer *self = g_new0 (BenchServer, 1);
  g_autofree char *base = g_strdup_printf ("redis-%u", run->round);
  g_autofree char *port = NULL;

  self->kind = kind;
  self->folder = g_build_filename (run->folder, base, NULL);
  self->socket = g_build_filename (self->folder, "socket", NULL);
  self->port = kind == BENCH_SERVER_UNIX ? 0 : find_port ();
  g_mkdir (self->folder, 0700);

  port = g_strdup_printf ("%u", self->port);
  self->process = spawn (
      (const char *[]){ BENCH_SERVER_PROGRAM, "--port", port, "--bind", "127.0.0.1", "--unixsocket",
                        self->socket, "--dir", self->folder, "--save", "", "--appendonly",
                        kind == BENCH_SERVER_EVERYSEC ? "yes" : "no", "--appendfsync", "everysec",
                        "--maxmemory-policy", "noeviction", "--loglevel", "warning", NULL },
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  wait_for_begin (self);

  return self;
}

/* --- its end --- */

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

static void
end (GSubprocess *process)
{
  g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);
  g_object_unref (process);
}

void
bench_server_free (BenchServer *self)
{
  g_clear_pointer (&self->proxy, end);
  end (self->process);
  remove_folder (self->folder);
  g_free (self->proxy_url);
  g_free (self->folder);
  g_free (self->socket);
  g_free (self);
}

/* --- while it is there --- */

/* What a queue is told of it */
char *
bench_server_dup_url (BenchServer *self)
{
  if (self->proxy_url != NULL)
    return g_strdup (self->proxy_url);
  if (self->kind == BENCH_SERVER_UNIX)
    return g_strconcat ("redis+unix://", self->socket, NULL);

  return g_strdup_printf ("redis://127.0.0.1:%u", self->port);
}

/* The bare program's way to it, by the same roads */
redisContext *
bench_server_connect (BenchServer *self)
{
  const char *colon = self->proxy_url != NULL ? strrchr (self->proxy_url, ':') : NULL;
  redisContext *context
      = colon != NULL ? redisConnect ("127.0.0.1", atoi (colon + 1)) : try_connect (self);

  if (context == NULL || context->err != 0)
    g_error ("no connection to " BENCH_SERVER_PROGRAM);

  return context;
}

static redisReply *
ask (BenchServer *self, const char *question)
{
  redisContext *context = bench_server_connect (self);
  redisReply *reply = redisCommand (context, question);

  if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
    g_error ("%s: %s", question, reply != NULL ? reply->str : context->errstr);
  redisFree (context);

  return reply;
}

double
bench_server_get_bytes (BenchServer *self)
{
  redisReply *reply = ask (self, "INFO memory");
  const char *place = strstr (reply->str, "used_memory:");
  double bytes = place != NULL ? g_ascii_strtod (place + strlen ("used_memory:"), NULL) : 0;

  freeReplyObject (reply);

  return bytes;
}

/* From here on it is reached through a proxy only, `delay` µs each way */
void
bench_server_go_far (BenchServer *self, guint delay)
{
  g_autofree char *target = g_strdup_printf ("127.0.0.1:%u", self->port);
  g_autofree char *order = g_strdup_printf ("delay %u %u\n", delay, delay);
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;

  self->proxy = spawn ((const char *[]){ CHAOS_PROXY, "127.0.0.1:0", target, NULL },
                       G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->proxy));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (output), FALSE);

  line = g_data_input_stream_read_line (output, NULL, NULL, NULL);
  if (line == NULL || !g_str_has_prefix (line, "listening "))
    g_error ("%s does not begin", CHAOS_PROXY);
  self->proxy_url = g_strconcat ("redis://", line + strlen ("listening "), NULL);

  g_output_stream_write_all (g_subprocess_get_stdin_pipe (self->proxy), order, strlen (order), NULL,
                             NULL, NULL);
  g_free (g_data_input_stream_read_line (output, NULL, NULL, NULL));
}

/* What another task queue of Redis does: a line of bench-peers.py, .rb or .cjs */
char *
bench_server_ask_peer (const BenchPeer *peer, const char *url, guint n_jobs)
{
  g_autofree char *script = g_strconcat (BENCH_PEERS, peer->ending, NULL);
  g_autofree char *number = g_strdup_printf ("%u", n_jobs);
  const char *const command[] = { peer->interpreter, script, peer->name, url, number, NULL };
  g_autoptr (GSubprocess) process = spawn (command, G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  char *line = NULL;

  if (!g_subprocess_communicate_utf8 (process, NULL, NULL, &line, NULL, NULL)
      || !g_subprocess_get_successful (process))
    g_error ("%s has failed", peer->name);

  return line;
}
