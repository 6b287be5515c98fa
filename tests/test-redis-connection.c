/* test-redis-connection.c - one connection: what it says, what it hears, what an error means
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-redis-connection.h"
#include "redis-fixture.h"
#include "redis-options-fixture.h"

typedef struct
{
  RedisFixture       *fixture; /* NULL: no redis-server here */
  RedisServer        *server;
  ChihuoRedisOptions *options;
} Fixture;

static void
use (Fixture *self, char *text)
{
  g_clear_pointer (&self->options, chihuo_redis_options_free);
  self->options = make_options (text);
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  if (!redis_fixture_available ())
    return;

  self->fixture = redis_fixture_new ();
  self->server = redis_fixture_start (self->fixture, "--user", "eater", "on", ">p@ss:word", "~*", "&*",
                                      "+@all", NULL);
  use (self, g_strdup (self->server->uri));
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->options, chihuo_redis_options_free);
  g_clear_pointer (&self->fixture, redis_fixture_free);
}

static ChihuoRedisConnection *
try_open (Fixture *self, GError **error)
{
  return chihuo_redis_connection_new (self->options, self->options->addresses->pdata[0], error);
}

static ChihuoRedisConnection *
open_connection (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  ChihuoRedisConnection *connection = try_open (self, &error);

  g_assert_no_error (error);
  g_assert_nonnull (connection);

  return connection;
}

static void
assert_refused (Fixture *self, ChihuoError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_open (self, &error));
  g_assert_error (error, CHIHUO_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
assert_call (ChihuoRedisConnection *connection, const char *command, const char *argument,
             const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoRedisReply) reply = chihuo_redis_connection_call (connection, &error, command,
                                                                     argument, NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (reply->str, ==, expected);
}

static void
send_all (ChihuoRedisConnection *connection)
{
  g_autoptr (GError) error = NULL;

  chihuo_redis_connection_send (connection, &error);
  g_assert_no_error (error);
}

static ChihuoRedisReply *
receive (ChihuoRedisConnection *connection)
{
  g_autoptr (GError) error = NULL;
  ChihuoRedisReply *reply = chihuo_redis_connection_receive (connection, &error);

  g_assert_no_error (error);
  g_assert_nonnull (reply);

  return reply;
}

static void
assert_lost (ChihuoRedisConnection *connection, ChihuoError code, const char *command)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoRedisReply) reply = chihuo_redis_connection_call (connection, &error, command,
                                                                     NULL);

  g_assert_null (reply);
  g_assert_error (error, CHIHUO_ERROR, (int) code);
  g_assert_true (chihuo_redis_connection_is_broken (connection));
}

static void
test_pipeline (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (GBytes) raw = g_bytes_new_static ("$1\r\nk\r\n", 7);

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  for (int i = 0; i < 100; i++)
    {
      chihuo_redis_connection_begin (connection, 3);
      chihuo_redis_connection_add_string (connection, "INCRBY");
      chihuo_redis_connection_add_raw (connection, raw);
      chihuo_redis_connection_add_int (connection, -i);
    }
  send_all (connection);
  for (int i = 0, sum = 0; i < 100; i++)
    {
      g_autoptr (ChihuoRedisReply) reply = receive (connection);

      sum -= i;
      g_assert_cmpint (reply->integer, ==, sum);
    }
}

static void
test_forget (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  chihuo_redis_connection_add_command (connection, "SET", "key", "value", NULL);
  chihuo_redis_connection_forget (connection);
  assert_call (connection, "GET", "key", NULL);
}

static void
test_types (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (ChihuoRedisReply) reply = NULL;

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  chihuo_redis_connection_add_command (
    connection, "EVAL", "return {1, 'text', false, {}, {{'deep'}}, redis.status_reply ('FINE'), "
    "redis.error_reply ('BAD luck')}", "0", NULL);
  send_all (connection);
  reply = receive (connection);
  g_assert_cmpint (reply->type, ==, REDIS_REPLY_ARRAY);
  g_assert_cmpuint (reply->elements, ==, 7);
  g_assert_cmpint (reply->element[0]->integer, ==, 1);
  g_assert_cmpint (reply->element[1]->type, ==, REDIS_REPLY_STRING);
  g_assert_cmpint (reply->element[2]->type, ==, REDIS_REPLY_NIL);
  g_assert_cmpuint (reply->element[3]->elements, ==, 0);
  g_assert_cmpstr (reply->element[4]->element[0]->element[0]->str, ==, "deep");
  g_assert_cmpint (reply->element[5]->type, ==, REDIS_REPLY_STATUS);
  g_assert_cmpint (reply->element[6]->type, ==, REDIS_REPLY_ERROR);
}

static void
test_error_reply (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  reply = chihuo_redis_connection_call (connection, &error, "EVALSHA", "abc", "0", NULL);
  g_assert_null (reply);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
  g_assert_true (g_str_has_prefix (error->message,
                                   chihuo_redis_connection_get_name (connection)));
  g_assert_false (chihuo_redis_connection_is_broken (connection));
  assert_call (connection, "ECHO", "still there", "still there");
}

/* A megabyte with every byte in it, there and back */
static void
test_large (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autofree char *bytes = g_malloc (1024 * 1024);

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  for (guint i = 0; i < 1024 * 1024; i++)
    bytes[i] = i * 7 + i / 256;
  for (guint i = 0; i < 8; i++)
    {
      chihuo_redis_connection_begin (connection, 2);
      chihuo_redis_connection_add_string (connection, "ECHO");
      chihuo_redis_connection_add (connection, bytes, 1024 * 1024);
    }
  send_all (connection);
  for (guint i = 0; i < 8; i++)
    {
      g_clear_pointer (&reply, chihuo_redis_reply_free);
      reply = receive (connection);
      g_assert_cmpmem (reply->str, reply->len, bytes, 1024 * 1024);
    }
}

static void
test_login (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autofree char *there = NULL;
  g_autofree char *name = NULL;

  if (self->fixture == NULL)
    return;

  use (self, g_strdup_printf ("redis://eater:p%%40ss%%3Aword@127.0.0.1:%u/3", self->server->port));
  connection = open_connection (self);
  assert_call (connection, "ACL", "WHOAMI", "eater");
  assert_call (connection, "CLIENT", "GETNAME", "chihuo");
  assert_call (connection, "INCR", "key", NULL);
  there = redis_server_text (self->server, "EVAL %s 0", "redis.call('SELECT',3) "
                             "return redis.call('GET','key')");
  g_assert_cmpstr (there, ==, "1");
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  guint port;

  if (self->fixture == NULL)
    return;

  port = self->server->port;
  use (self, g_strdup_printf ("redis://eater:wrong@127.0.0.1:%u", port));
  assert_refused (self, CHIHUO_ERROR_BACKEND, "WRONGPASS");
  use (self, g_strdup_printf ("redis://:wrong@127.0.0.1:%u", port));
  assert_refused (self, CHIHUO_ERROR_BACKEND, "AUTH");
  use (self, g_strdup_printf ("redis://127.0.0.1:%u/99", port));
  assert_refused (self, CHIHUO_ERROR_CONFIG, "key “db”");
  g_free (redis_server_text (self->server, "CONFIG SET requirepass secret"));
  use (self, g_strdup_printf ("redis://127.0.0.1:%u", port));
  assert_refused (self, CHIHUO_ERROR_BACKEND, "NOAUTH");
}

static void
test_unix (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;

  if (self->fixture == NULL)
    return;

  use (self, g_strdup_printf ("redis+unix://%s", self->server->socket));
  connection = open_connection (self);
  assert_call (connection, "ECHO", "here", "here");
  redis_server_signal (self->server, SIGKILL);
  assert_lost (connection, CHIHUO_ERROR_TIMED_OUT, "PING");
  assert_refused (self, CHIHUO_ERROR_TIMED_OUT, "cannot connect");
}

/* A server that died while nobody talked to it casts no doubt on anything, and kills nobody */
static void
test_killed (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  redis_server_signal (self->server, SIGKILL);
  assert_lost (connection, CHIHUO_ERROR_TIMED_OUT, "PING");
  assert_lost (connection, CHIHUO_ERROR_TIMED_OUT, "PING");
  assert_refused (self, CHIHUO_ERROR_TIMED_OUT, "cannot connect");
  redis_server_restart (self->server);
  g_clear_pointer (&connection, chihuo_redis_connection_free);
  connection = open_connection (self);
  assert_call (connection, "PING", "again", "again");
}

static void
test_killed_meanwhile (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  redis_server_signal (self->server, SIGSTOP);
  chihuo_redis_connection_add_command (connection, "PING", NULL);
  send_all (connection);
  redis_server_signal (self->server, SIGKILL);
  g_assert_null (chihuo_redis_connection_receive (connection, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  g_assert_true (chihuo_redis_connection_is_broken (connection));
}

static void
test_slow (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;

  if (self->fixture == NULL)
    return;

  use (self, g_strdup_printf ("%s?timeout=0.2", self->server->uri));
  connection = open_connection (self);
  reply = chihuo_redis_connection_call (connection, &error, "DEBUG", "SLEEP", "1", NULL);
  g_assert_null (reply);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  g_assert_nonnull (strstr (error->message, "within 0.2 s"));
  g_assert_true (chihuo_redis_connection_is_broken (connection));

  redis_server_wait (self->server, "PONG", "PING");
  g_clear_pointer (&connection, chihuo_redis_connection_free);
  connection = open_connection (self);
  assert_call (connection, "PING", "fresh", "fresh");
}

/* The kernel takes the connection, the server never says a word */
static void
test_half_open (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  redis_server_signal (self->server, SIGSTOP);
  use (self, g_strdup_printf ("%s?timeout=0.1", self->server->uri));
  assert_refused (self, CHIHUO_ERROR_TIMED_OUT, "within 0.1 s");
}

static void
test_no_name (Fixture *self, gconstpointer data)
{
  use (self, g_strdup ("redis://chihuo.invalid?timeout=5"));
  assert_refused (self, CHIHUO_ERROR_TIMED_OUT, "chihuo.invalid");
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;

  return n;
}

/* Nothing is left of a connection, however it ended */
static void
test_reconnect (Fixture *self, gconstpointer data)
{
  guint before = 0;

  if (self->fixture == NULL)
    return;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (ChihuoRedisConnection) connection = open_connection (self);

      assert_call (connection, "PING", "here", "here");
      if (i % 2 == 0)
        chihuo_redis_connection_add_command (connection, "PING", NULL);
      if (i % 4 == 0)
        send_all (connection);
      if (i == 0)
        before = count_descriptors ();
      g_assert_cmpuint (count_descriptors (), ==, before);
    }
}

/* A child that lives on does not keep its parent's connections open */
static void
test_fork (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection;
  int ends[2];
  pid_t pid;
  char byte;

  if (self->fixture == NULL)
    return;

  connection = open_connection (self);
  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      close (ends[1]);
      _exit (read (ends[0], &byte, 1) == 0 ? 0 : 1);
    }

  assert_call (connection, "ECHO", "still mine", "still mine");
  redis_server_wait (self->server, "name=chihuo", "CLIENT LIST");
  chihuo_redis_connection_free (connection);
  redis_server_wait (self->server, "connected_clients:1\r", "INFO clients");
  close (ends[1]);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  close (ends[0]);
}

/* A peer of our own: hears something, says the first text, hears something, says the second byte by byte */
typedef struct
{
  GSocketListener *listener;
  GThread         *thread;
  const char      *texts[2];
  guint16          port;
} Peer;

static void
peer_hear (GIOStream *stream)
{
  char buffer[4096];

  g_input_stream_read (g_io_stream_get_input_stream (stream), buffer, sizeof buffer, NULL, NULL);
}

static void
peer_say (GIOStream *stream, const char *text, gsize step)
{
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i += step)
    g_output_stream_write_all (output, text + i, MIN (step, length - i), NULL, NULL, NULL);
}

static gpointer
peer_thread (gpointer data)
{
  Peer *self = data;
  g_autoptr (GSocketConnection) connection =
    g_socket_listener_accept (self->listener, NULL, NULL, NULL);
  GIOStream *stream = G_IO_STREAM (connection);

  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1,
                       NULL);
  peer_hear (stream);
  peer_say (stream, self->texts[0], 4096);
  peer_hear (stream);
  if (self->texts[1] != NULL)
    peer_say (stream, self->texts[1], 1);
  peer_hear (stream);

  return NULL;
}

static void
peer_start (Peer *self, const char *first, const char *second)
{
  g_autoptr (GError) error = NULL;

  *self = (Peer) { .listener = g_socket_listener_new (), .texts = { first, second } };
  self->port = g_socket_listener_add_any_inet_port (self->listener, NULL, &error);
  g_assert_no_error (error);
  self->thread = g_thread_new ("peer", peer_thread, self);
}

/* When the other side has hung up */
static void
peer_stop (Peer *self)
{
  g_thread_join (self->thread);
  g_object_unref (self->listener);
}

static void
test_bytewise (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection;
  ChihuoRedisReply *reply;
  Peer peer;

  peer_start (&peer, "+OK\r\n", "*2\r\n$5\r\nhello\r\n:-12345\r\n-ERR no\r\n");
  use (self, g_strdup_printf ("redis://127.0.0.1:%u", peer.port));
  connection = open_connection (self);
  chihuo_redis_connection_add_command (connection, "ANYTHING", NULL);
  chihuo_redis_connection_add_command (connection, "ANYTHING", "ELSE", NULL);
  send_all (connection);
  reply = receive (connection);
  g_assert_cmpstr (reply->element[0]->str, ==, "hello");
  g_assert_cmpint (reply->element[1]->integer, ==, -12345);
  chihuo_redis_reply_free (reply);
  reply = receive (connection);
  g_assert_cmpstr (reply->str, ==, "ERR no");
  chihuo_redis_reply_free (reply);
  chihuo_redis_connection_free (connection);
  peer_stop (&peer);
}

/* Who answers more than was asked answers something else than what will be asked */
static void
test_unasked (Fixture *self, gconstpointer data)
{
  ChihuoRedisConnection *connection;
  Peer peer;

  peer_start (&peer, "+OK\r\n+OK\r\n", NULL);
  use (self, g_strdup_printf ("redis://127.0.0.1:%u", peer.port));
  connection = open_connection (self);
  assert_lost (connection, CHIHUO_ERROR_TIMED_OUT, "PING");
  chihuo_redis_connection_free (connection);
  peer_stop (&peer);
}

static void
test_nonsense (Fixture *self, gconstpointer data)
{
  const char *texts[] = { "HTTP/1.1 400 Bad Request\r\n", "*2147483647\r\n", "*-5\r\n",
                          "$99999999999999999999\r\n", ":12x\r\n",
                          "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      Peer peer;

      peer_start (&peer, texts[i], NULL);
      use (self, g_strdup_printf ("redis://127.0.0.1:%u", peer.port));
      assert_refused (self, CHIHUO_ERROR_PROTOCOL, "no reply of a Redis");
      peer_stop (&peer);
    }
}

typedef struct
{
  const char  *certificate;
  const char  *authority;
  const char  *host;
  ChihuoError  code;
  const char  *words;
} Tls;

static const Tls good_tls = { "good", "ca.pem", "localhost", 0, NULL };
static const Tls wrong_ca = { "good", "other-ca.pem", "127.0.0.1", CHIHUO_ERROR_BACKEND,
                              "not trusted" };
static const Tls wrong_host = { "stranger", "ca.pem", "127.0.0.1", CHIHUO_ERROR_BACKEND,
                                "another host" };
static const Tls expired = { "expired", "ca.pem", "127.0.0.1", CHIHUO_ERROR_BACKEND, "expired" };
static const Tls no_file = { "good", "nowhere.pem", "127.0.0.1", CHIHUO_ERROR_CONFIG, "tls-ca" };

static void
test_tls (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  const Tls *tls = data;
  RedisServer *server;

  if (self->fixture == NULL)
    return;

  server = redis_fixture_start_tls (self->fixture, tls->certificate, FALSE);
  use (self, g_strdup_printf ("rediss://%s:%u?timeout=5&tls-ca=%s/%s", tls->host, server->tls_port,
                              self->fixture->folder, tls->authority));
  if (tls->words != NULL)
    {
      assert_refused (self, tls->code, tls->words);
      return;
    }

  connection = open_connection (self);
  assert_call (connection, "ECHO", "secretly", "secretly");
  redis_server_signal (server, SIGKILL);
  assert_lost (connection, CHIHUO_ERROR_TIMED_OUT, "PING");
}

static void
test_tls_clients (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoRedisConnection) connection = NULL;
  const char *folder;
  RedisServer *server;

  if (self->fixture == NULL)
    return;

  folder = self->fixture->folder;
  server = redis_fixture_start_tls (self->fixture, "good", TRUE);
  use (self, g_strdup_printf ("rediss://127.0.0.1:%u?timeout=5&tls-ca=%s/ca.pem", server->tls_port,
                              folder));
  assert_refused (self, CHIHUO_ERROR_BACKEND, "ertificate");
  use (self, g_strdup_printf ("rediss://127.0.0.1:%u?timeout=5&tls-ca=%s/ca.pem"
                              "&tls-cert=%s/client.pem&tls-key=%s/client.key", server->tls_port,
                              folder, folder, folder));
  connection = open_connection (self);
  assert_call (connection, "ECHO", "it is me", "it is me");
}

/* TLS with somebody who does not speak it, or says nothing at all */
static void
test_tls_with_others (Fixture *self, gconstpointer data)
{
  RedisServer *server;
  Peer peer;

  if (self->fixture == NULL)
    return;

  peer_start (&peer, "-ERR unknown command\r\n", NULL);
  use (self, g_strdup_printf ("rediss://127.0.0.1:%u", peer.port));
  assert_refused (self, CHIHUO_ERROR_BACKEND, "no TLS with it");
  peer_stop (&peer);

  server = redis_fixture_start_tls (self->fixture, "good", FALSE);
  use (self, g_strdup_printf ("rediss://127.0.0.1:%u?timeout=0.2&tls-ca=%s/ca.pem", server->tls_port,
                              self->fixture->folder));
  redis_server_signal (server, SIGSTOP);
  assert_refused (self, CHIHUO_ERROR_TIMED_OUT, "within 0.2 s");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, data, function) \
  g_test_add ("/redis-connection/" path, Fixture, data, fixture_set_up, function, fixture_tear_down)
  TEST ("pipeline", NULL, test_pipeline);
  TEST ("forget", NULL, test_forget);
  TEST ("types", NULL, test_types);
  TEST ("error-reply", NULL, test_error_reply);
  TEST ("large", NULL, test_large);
  TEST ("login", NULL, test_login);
  TEST ("refused", NULL, test_refused);
  TEST ("unix", NULL, test_unix);
  TEST ("killed", NULL, test_killed);
  TEST ("killed-meanwhile", NULL, test_killed_meanwhile);
  TEST ("slow", NULL, test_slow);
  TEST ("half-open", NULL, test_half_open);
  TEST ("reconnect", NULL, test_reconnect);
  TEST ("fork", NULL, test_fork);
  TEST ("bytewise", NULL, test_bytewise);
  TEST ("unasked", NULL, test_unasked);
  TEST ("nonsense", NULL, test_nonsense);

  if (!CAN_WATCH_GIO)
    return g_test_run ();

  TEST ("no-name", NULL, test_no_name);
  TEST ("tls/good", &good_tls, test_tls);
  TEST ("tls/wrong-ca", &wrong_ca, test_tls);
  TEST ("tls/wrong-host", &wrong_host, test_tls);
  TEST ("tls/expired", &expired, test_tls);
  TEST ("tls/no-file", &no_file, test_tls);
  TEST ("tls/clients", NULL, test_tls_clients);
  TEST ("tls/others", NULL, test_tls_with_others);

  return g_test_run ();
}
