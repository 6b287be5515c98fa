/* redis-fixture.c - private Redis servers, for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "redis-fixture.h"

#define PATIENCE (10 * G_USEC_PER_SEC)
#define STEP (5 * G_TIME_SPAN_MILLISECOND)

/* A Valkey, or another version: whatever the environment says */
static const char *
get_program (void)
{
  const char *program = g_getenv ("CHIHUO_REDIS_SERVER");

  return program != NULL ? program : "redis-server";
}

gboolean
redis_fixture_available (void)
{
  g_autofree char *program = g_find_program_in_path (get_program ());

  if (program == NULL)
    g_test_skip ("redis-server is not installed");

  return program != NULL;
}

static void
server_stop (RedisServer *self)
{
  if (self->pid == 0)
    return;

  kill (self->pid, SIGKILL);
  while (waitpid (self->pid, NULL, 0) < 0 && errno == EINTR)
    continue;
  self->pid = 0;
}

static void
server_free (gpointer data)
{
  RedisServer *self = data;

  server_stop (self);
  g_strfreev (self->arguments);
  g_free (self->folder);
  g_free (self->socket);
  g_free (self->uri);
  g_free (self);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_tree (child);
      else
        g_assert_cmpint (g_remove (child), ==, 0);
    }

  g_assert_cmpint (g_rmdir (path), ==, 0);
}

RedisFixture *
redis_fixture_new (void)
{
  g_autoptr (GError) error = NULL;
  RedisFixture *self = g_new0 (RedisFixture, 1);

  self->folder = g_dir_make_tmp ("chihuo-XXXXXX", &error);
  g_assert_no_error (error);
  self->servers = g_ptr_array_new_with_free_func (server_free);

  return self;
}

void
redis_fixture_free (RedisFixture *self)
{
  g_ptr_array_unref (self->servers);
  remove_tree (self->folder);
  g_free (self->folder);
  g_free (self);
}

char *
redis_fixture_path (RedisFixture *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

/* Below the ports that the kernel hands out, so that nobody's connection takes it meanwhile */
static guint
find_port (void)
{
  for (;;)
    {
      guint port = g_random_int_range (11000, 32000);
      g_autoptr (GInetAddress) host = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new (host, port);
      g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                                 G_SOCKET_PROTOCOL_DEFAULT, NULL);

      if (g_socket_bind (socket, address, FALSE, NULL))
        return port;
    }
}

/* In the child: a server never outlives the test, whatever becomes of it */
static void
prepare_child_cb (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != GPOINTER_TO_INT (data))
    _exit (1);
}

static redisContext *
server_connect (RedisServer *self)
{
  struct timeval timeout = { .tv_sec = 10 };
  redisContext *context = redisConnectWithTimeout ("127.0.0.1", self->port, timeout);

  if (context == NULL || context->err != 0)
    {
      g_clear_pointer (&context, redisFree);
      return NULL;
    }
  redisSetTimeout (context, timeout);

  return context;
}

/* Any reply but LOADING will do: a server may want a password */
static gboolean
server_answers (RedisServer *self)
{
  redisContext *context = server_connect (self);
  g_autoptr (redisReply) reply = NULL;

  if (context == NULL)
    return FALSE;

  reply = redisCommand (context, "PING");
  redisFree (context);

  return reply != NULL && !(reply->type == REDIS_REPLY_ERROR
                            && g_str_has_prefix (reply->str, "LOADING"));
}

static gboolean
server_wait_ready (RedisServer *self)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (g_get_monotonic_time () < end)
    {
      if (waitpid (self->pid, NULL, WNOHANG) == self->pid)
        {
          self->pid = 0;
          return FALSE;
        }
      if (server_answers (self))
        return TRUE;
      g_usleep (STEP);
    }

  server_stop (self);
  return FALSE;
}

static gboolean
server_launch (RedisServer *self)
{
  g_autoptr (GError) error = NULL;

  g_spawn_async (self->folder, self->arguments, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL
                   | G_SPAWN_STDERR_TO_DEV_NULL,
                 prepare_child_cb, GINT_TO_POINTER (getpid ()), &self->pid, &error);
  g_assert_no_error (error);

  return server_wait_ready (self);
}

static void
add_pair (GPtrArray *arguments, const char *key, const char *value)
{
  g_ptr_array_add (arguments, g_strdup (key));
  g_ptr_array_add (arguments, g_strdup (value));
}

static void
add_number (GPtrArray *arguments, const char *key, guint number)
{
  g_ptr_array_add (arguments, g_strdup (key));
  g_ptr_array_add (arguments, g_strdup_printf ("%u", number));
}

/* A server with a folder and ports, and the arguments that all have */
static RedisServer *
server_new (RedisFixture *fixture, GPtrArray *arguments, gboolean with_tls)
{
  g_autofree char *name = g_strdup_printf ("%u", g_random_int ());
  RedisServer *self = g_new0 (RedisServer, 1);

  self->folder = g_build_filename (fixture->folder, name, NULL);
  g_assert_cmpint (g_mkdir (self->folder, 0700), ==, 0);
  self->socket = g_build_filename (self->folder, "socket", NULL);
  self->port = find_port ();
  self->tls_port = with_tls ? find_port () : 0;
  self->uri = g_strdup_printf ("redis://127.0.0.1:%u", self->port);

  g_ptr_array_add (arguments, g_strdup (get_program ()));
  add_number (arguments, "--port", self->port);
  add_pair (arguments, "--bind", "127.0.0.1");
  add_pair (arguments, "--dir", self->folder);
  add_pair (arguments, "--logfile", "log");
  add_pair (arguments, "--unixsocket", self->socket);
  add_pair (arguments, "--enable-debug-command", "yes");
  add_pair (arguments, "--save", "");
  add_pair (arguments, "--repl-diskless-sync-delay", "0");
  if (with_tls)
    add_number (arguments, "--tls-port", self->tls_port);

  return self;
}

/* Takes the arguments. Somebody may have taken the port meanwhile: the caller tries again */
static gboolean
server_start (RedisFixture *fixture, RedisServer *self, GPtrArray *arguments)
{
  g_ptr_array_add (arguments, NULL);
  self->arguments = (char **) g_ptr_array_free (arguments, FALSE);
  if (!server_launch (self))
    {
      server_free (self);
      return FALSE;
    }

  g_ptr_array_add (fixture->servers, self);
  return TRUE;
}

static RedisServer *
start_with (RedisFixture *fixture, const char * const *more, gboolean with_tls)
{
  for (int i = 0; i < 5; i++)
    {
      GPtrArray *arguments = g_ptr_array_new ();
      RedisServer *self = server_new (fixture, arguments, with_tls);

      /* A replica would wait 5 s for others that want the same copy */
      add_pair (arguments, "--repl-diskless-sync-delay", "0");
      for (guint j = 0; more[j] != NULL; j++)
        g_ptr_array_add (arguments, g_strdup (more[j]));
      if (server_start (fixture, self, arguments))
        return self;
    }

  g_error ("redis-server does not start");
}

RedisServer *
redis_fixture_start (RedisFixture *self, ...)
{
  g_autoptr (GPtrArray) more = g_ptr_array_new ();
  const char *argument;
  va_list list;

  va_start (list, self);
  while ((argument = va_arg (list, const char *)) != NULL)
    g_ptr_array_add (more, (char *) argument);
  va_end (list);
  g_ptr_array_add (more, NULL);

  return start_with (self, (const char * const *) more->pdata, FALSE);
}

char *
redis_fixture_read_page (const char *beginning)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  const char *line;

  g_file_get_contents (REDIS_PAGE, &text, NULL, &error);
  g_assert_no_error (error);
  line = strstr (text, beginning);
  g_assert_nonnull (line);
  line += strlen (beginning);

  return g_strndup (line, strcspn (line, "\n"));
}

RedisServer *
redis_fixture_start_as_told (RedisFixture *self)
{
  g_autofree char *rights = redis_fixture_read_page ("\nuser chihuo on >PASSWORD ~");
  g_autofree char *line
    = g_strdup_printf ("--user chihuo on >%s ~%s", REDIS_FIXTURE_PASSWORD, rights);
  g_auto (GStrv) arguments = g_strsplit (line, " ", -1);

  return start_with (self, (const char * const *) arguments, FALSE);
}

/* $1 = the authority, $2 = a name, $3 = its subject's alternative names, $4 = days */
static const char make_certificates[] =
  "set -e\n"
  "key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'\n"
  "authority () {\n"
  "  openssl req -x509 $key -keyout $1.key -out $1.pem -days 30 -subj /CN=$1\n"
  "}\n"
  "sign () {\n"
  "  openssl req $key -keyout $2.key -out $2.csr -subj /CN=$2 -addext subjectAltName=$3\n"
  "  openssl x509 -req -in $2.csr -CA $1.pem -CAkey $1.key -CAcreateserial -out $2.pem -days $4 \\\n"
  "    -copy_extensions copy\n"
  "}\n"
  "authority ca\n"
  "authority other-ca\n"
  "sign ca good DNS:localhost,IP:127.0.0.1 30\n"
  "sign ca stranger DNS:elsewhere.example 30\n"
  "sign ca expired DNS:localhost,IP:127.0.0.1 -1\n"
  "sign ca client DNS:client 30\n";

void
redis_fixture_make_certificates (RedisFixture *self)
{
  g_autofree char *path = redis_fixture_path (self, "ca.pem");
  const char *arguments[] = { "sh", "-c", make_certificates, NULL };
  g_autofree char *messages = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return;

  g_spawn_sync (self->folder, (char **) arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                &messages, &status, &error);
  g_assert_no_error (error);
  if (status != 0)
    g_error ("no certificates: %s", messages);
}

RedisServer *
redis_fixture_start_tls (RedisFixture *self, const char *certificate, gboolean ask_clients)
{
  g_autofree char *pem = g_strdup_printf ("%s/%s.pem", self->folder, certificate);
  g_autofree char *key = g_strdup_printf ("%s/%s.key", self->folder, certificate);
  g_autofree char *ca = redis_fixture_path (self, "ca.pem");
  const char *more[] = { "--tls-cert-file", pem, "--tls-key-file", key, "--tls-ca-cert-file", ca,
                         "--tls-auth-clients", ask_clients ? "yes" : "no", NULL };

  redis_fixture_make_certificates (self);
  return start_with (self, more, TRUE);
}

/* Who watches servers with TLS speaks it with everybody */
static char *
make_tls_lines (RedisServer *self, const char *folder)
{
  if (self->tls_port == 0)
    return g_strdup ("");

  return g_strdup_printf ("tls-port %u\ntls-replication yes\ntls-auth-clients no\n"
                          "tls-cert-file %s/good.pem\ntls-key-file %s/good.key\n"
                          "tls-ca-cert-file %s/ca.pem\n",
                          self->tls_port, folder, folder, folder);
}

/* A sentinel keeps what it knows in its configuration file */
static char *
write_sentinel_file (RedisFixture *fixture, RedisServer *self, const char *service,
                     RedisServer *primary, guint quorum)
{
  g_autofree char *tls_lines = make_tls_lines (self, fixture->folder);
  g_autofree char *text =
    g_strdup_printf ("port %u\nbind 127.0.0.1\ndir %s\nlogfile log\n%s"
                     "sentinel monitor %s 127.0.0.1 %u %u\n"
                     "sentinel down-after-milliseconds %s 300\n"
                     "sentinel failover-timeout %s 3000\n",
                     self->port, self->folder, tls_lines, service,
                     primary->tls_port != 0 ? primary->tls_port : primary->port, quorum, service,
                     service);
  char *path = g_build_filename (self->folder, "sentinel.conf", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);

  return path;
}

RedisServer *
redis_fixture_start_sentinel (RedisFixture *self, const char *service, RedisServer *primary,
                              guint quorum)
{
  for (int i = 0; i < 5; i++)
    {
      g_autoptr (GPtrArray) unused = g_ptr_array_new_with_free_func (g_free);
      GPtrArray *arguments = g_ptr_array_new ();
      RedisServer *server = server_new (self, unused, primary->tls_port != 0);
      g_autofree char *path = write_sentinel_file (self, server, service, primary, quorum);

      g_clear_pointer (&server->socket, g_free);
      g_ptr_array_add (arguments, g_strdup (get_program ()));
      add_pair (arguments, path, "--sentinel");
      if (server_start (self, server, arguments))
        return server;
    }

  g_error ("redis-sentinel does not start");
}

static void
share_slots (RedisServer **nodes, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = redis_server_text (nodes[i], "CLUSTER ADDSLOTSRANGE %u %u",
                                                 i * 16384 / n, (i + 1) * 16384 / n - 1);

      g_assert_cmpstr (text, ==, "OK");
    }
}

/* What stands behind an argument */
static const char *
find_argument (RedisServer *self, const char *name)
{
  guint i = 0;

  while (!g_str_equal (self->arguments[i], name))
    i++;

  return self->arguments[i + 1];
}

static void
join_cluster (RedisServer *self, RedisServer *first, guint epoch)
{
  g_autofree char *set = redis_server_text (self, "CLUSTER SET-CONFIG-EPOCH %u", epoch);
  g_autofree char *met = redis_server_text (self, "CLUSTER MEET 127.0.0.1 %u %s", first->port,
                                            find_argument (first, "--cluster-port"));

  g_assert_cmpstr (set, ==, "OK");
  g_assert_cmpstr (met, ==, "OK");
}

void
redis_fixture_start_cluster (RedisFixture *self, RedisServer **nodes, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *bus = g_strdup_printf ("%u", find_port ());

      nodes[i] = redis_fixture_start (self, "--cluster-enabled", "yes", "--cluster-port", bus,
                                      "--cluster-node-timeout", "2000", NULL);
      join_cluster (nodes[i], nodes[0], i + 1);
    }

  share_slots (nodes, n);
  for (guint i = 0; i < n; i++)
    redis_server_wait (nodes[i], "cluster_state:ok", "CLUSTER INFO");
}

void
redis_server_signal (RedisServer *self, int number)
{
  g_assert_cmpint (self->pid, !=, 0);
  if (number == SIGKILL)
    server_stop (self);
  else
    g_assert_cmpint (kill (self->pid, number), ==, 0);
}

void
redis_server_restart (RedisServer *self)
{
  g_assert_cmpint (self->pid, ==, 0);
  g_assert_true (server_launch (self));
}

static redisReply *
server_ask (RedisServer *self, const char *format, va_list list)
{
  redisContext *context = server_connect (self);
  redisReply *reply;

  g_assert_nonnull (context);
  reply = redisvCommand (context, format, list);
  redisFree (context);
  g_assert_nonnull (reply);

  return reply;
}

redisReply *
redis_server_command (RedisServer *self, const char *format, ...)
{
  redisReply *reply;
  va_list list;

  va_start (list, format);
  reply = server_ask (self, format, list);
  va_end (list);

  return reply;
}

static void
append_reply (GString *text, redisReply *reply)
{
  if (reply->type == REDIS_REPLY_NIL)
    g_string_append (text, "(nil)");
  else if (reply->type == REDIS_REPLY_INTEGER)
    g_string_append_printf (text, "%lld", reply->integer);
  else if (reply->type != REDIS_REPLY_ARRAY)
    g_string_append_len (text, reply->str, reply->len);
  else
    for (gsize i = 0; i < reply->elements; i++)
      {
        if (i > 0)
          g_string_append_c (text, ' ');
        append_reply (text, reply->element[i]);
      }
}

char *
redis_server_text (RedisServer *self, const char *format, ...)
{
  g_autoptr (redisReply) reply = NULL;
  GString *text = g_string_new (NULL);
  va_list list;

  va_start (list, format);
  reply = server_ask (self, format, list);
  va_end (list);
  append_reply (text, reply);

  return g_string_free (text, FALSE);
}

void
redis_server_wait (RedisServer *self, const char *expected, const char *command)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  for (;;)
    {
      g_autofree char *text = redis_server_text (self, command, NULL);

      if (strstr (text, expected) != NULL)
        return;
      if (g_get_monotonic_time () > end)
        g_error ("%s: expected %s, got %s", command, expected, text);
      g_usleep (STEP);
    }
}

char *
redis_server_find_queue (RedisServer *self)
{
  for (guint i = 0; ; i++)
    {
      char *name = g_strdup_printf ("q%u", i);
      g_autofree char *text = redis_server_text (self, "EXISTS {chihuo:%s}:queue", name);

      if (!g_str_has_prefix (text, "MOVED"))
        return name;
      g_free (name);
    }
}
