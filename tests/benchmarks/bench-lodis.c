/* bench-lodis.c - how many single requests the queue server answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench-lodis-server.h"

/* A bare client: so many connections, each with one request under way, and nothing else. It runs beside
 * the server on the same processors. The ceiling are requests that read and write nothing. */

#define N_CONNECTIONS 32
#define N_REQUESTS 50000
#define N_SYNCED 5000

typedef struct
{
  GSocketConnection *connection; /* (owned) */
  int                fd;
  char               input[1024];
  gsize              length;
} Line;

/* Writes the n-th request; returns its length */
typedef gsize (* RequestFunc) (char *buffer,
                               guint n);

/* Arguments that are shorter than 256 bytes */
static gsize
put_request (char *buffer, const char *path, const char *first, const char *second)
{
  char body[256];
  gsize length = 0;
  int head;

  for (guint i = 0; i < 2; i++)
    {
      const char *argument = i == 0 ? first : second;
      gsize n = argument != NULL ? strlen (argument) : 0;

      if (argument == NULL)
        continue;
      memset (body + length, 0, 3);
      body[length + 3] = n;
      memcpy (body + length + 4, argument, n);
      length += 4 + n;
    }
  head = sprintf (buffer, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n\r\n", path, (guint) length);
  memcpy (buffer + head, body, length);

  return head + length;
}

static gsize
put_nothing (char *buffer, guint n)
{
  static const char body[20] = { 0, 0, 0, 8, [11] = 0, [15] = 4 };
  int head = sprintf (buffer, "POST /wait/x HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n");

  memcpy (buffer + head, body, sizeof body);
  return head + sizeof body;
}

static gsize
put_push (char *buffer, guint n)
{
  char key[16];

  g_snprintf (key, sizeof key, "task-%u", n);
  return put_request (buffer, "/arpushnx/q", key, "{\"number\":123456789}");
}

static gsize
put_get (char *buffer, guint n)
{
  char key[16];

  g_snprintf (key, sizeof key, "task-%u", n);
  return put_request (buffer, "/aget/q", key, NULL);
}

static void
line_open (Line *line, BenchLodis *server)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;

  line->connection = g_socket_client_connect_to_host (client, "127.0.0.1", server->port, NULL, &error);
  if (line->connection == NULL)
    g_error ("%s", error->message);
  line->fd = g_socket_get_fd (g_socket_connection_get_socket (line->connection));
  line->length = 0;
}

static void
line_ask (Line *line, RequestFunc request, guint n)
{
  char buffer[512];
  gsize length = request (buffer, n);

  line->length = 0;
  if (write (line->fd, buffer, length) != (gssize) length)
    g_error ("the server takes no request");
}

/* TRUE once all of the reply is there */
static gboolean
line_read (Line *line)
{
  gssize n = read (line->fd, line->input + line->length, sizeof line->input - line->length - 1);
  const char *body;
  const char *length;

  if (n <= 0)
    g_error ("the server has closed a connection");
  line->length += n;
  line->input[line->length] = '\0';
  body = strstr (line->input, "\r\n\r\n");
  if (body == NULL)
    return FALSE;
  if (!g_str_has_prefix (line->input, "HTTP/1.1 200"))
    g_error ("the server answers %.60s", line->input);

  length = strstr (line->input, "Content-Length: ");
  return line->length >= body + 4 - line->input + strtoul (length + 16, NULL, 10);
}

/* Requests per second */
static double
ask_all (BenchLodis *server, RequestFunc request, guint n_requests)
{
  Line lines[N_CONNECTIONS];
  int poll = epoll_create1 (EPOLL_CLOEXEC);
  gint64 before;
  guint asked = 0;
  guint answered = 0;

  for (guint i = 0; i < N_CONNECTIONS; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.ptr = &lines[i] };

      line_open (&lines[i], server);
      epoll_ctl (poll, EPOLL_CTL_ADD, lines[i].fd, &event);
    }
  before = g_get_monotonic_time ();
  for (guint i = 0; i < N_CONNECTIONS; i++)
    line_ask (&lines[i], request, asked++);
  while (answered < n_requests)
    {
      struct epoll_event events[N_CONNECTIONS];
      int n = epoll_wait (poll, events, N_CONNECTIONS, -1);

      for (int i = 0; i < n; i++)
        if (line_read (events[i].data.ptr))
          {
            answered++;
            line_ask (events[i].data.ptr, request, asked++);
          }
    }

  close (poll);
  for (guint i = 0; i < N_CONNECTIONS; i++)
    g_object_unref (lines[i].connection);
  return answered / bench_seconds_since (before);
}

/* Pushes a second, one after another on one connection: each waits for the answer to the last one */
double
bench_lodis_push (BenchLodis *server, guint n)
{
  gint64 before;
  Line line;

  line_open (&line, server);
  before = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    {
      line_ask (&line, put_push, i);
      do
        g_socket_condition_wait (g_socket_connection_get_socket (line.connection), G_IO_IN, NULL, NULL);
      while (!line_read (&line));
    }
  g_object_unref (line.connection);

  return n / bench_seconds_since (before);
}

static void
measure (BenchRun *run, const char *sync, RequestFunc request, guint n)
{
  while (bench_run_next (run))
    {
      g_autoptr (BenchLodis) server = bench_lodis_new (run, sync);
      double ceiling = ask_all (server, put_nothing, bench_run_scale (run, N_REQUESTS));
      if (request == put_get)
        ask_all (server, put_push, n);
      bench_run_note_rate (run, ask_all (server, request, n), ceiling);
    }
}

static void
measure_get (BenchRun *run)
{
  measure (run, "none", put_get, bench_run_scale (run, N_REQUESTS));
}

static void
measure_push (BenchRun *run)
{
  measure (run, "none", put_push, bench_run_scale (run, N_REQUESTS));
}

static void
measure_synced (BenchRun *run)
{
  measure (run, "always", put_push, bench_run_scale (run, N_SYNCED));
}

const BenchCase bench_lodis_cases[] = {
  { .name = "lodis-server",
    .variant = "aget",
    .unit = "/s",
    .func = measure_get,
    .ceiling = "the same, with requests that read and write nothing" },
  { .name = "lodis-server",
    .variant = "arpushnx",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_push,
    .ceiling = "the same, with requests that read and write nothing" },
  { .name = "lodis-server",
    .variant = "arpushnx-synced",
    .unit = "/s",
    .on_disk = TRUE,
    .func = measure_synced,
    .ceiling = "the same, with requests that read and write nothing" },
  { 0 },
};
