/* test-lodis-http.c - one connection to an HTTP server, and what becomes of what is said on it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "chihuo-error.h"
#include "chihuo-lodis-http.h"
#include "lodis-fake-server.h"

/* Long enough for whatever is to come */
#define PATIENCE (60 * G_USEC_PER_SEC)
/* For what never comes */
#define SOON (50 * G_TIME_SPAN_MILLISECOND)

#define LARGE (8 << 20)

typedef struct
{
  FakeServer       server;
  ChihuoLodisHttp *http;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  fake_server_start (&f->server);
  f->http = chihuo_lodis_http_new ("127.0.0.1", f->server.port, PATIENCE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  chihuo_lodis_http_free (f->http);
  fake_server_stop (&f->server);
}

/* One that has less patience */
static void
hurry (Fixture *f)
{
  chihuo_lodis_http_free (f->http);
  f->http = chihuo_lodis_http_new ("127.0.0.1", f->server.port, SOON);
}

static void
post (ChihuoLodisHttp *self, const char *path, const char *text)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  g_byte_array_append (body, (const guint8 *) text, strlen (text));
  chihuo_lodis_http_ask (self, path, body);
}

static void
send_all (ChihuoLodisHttp *self)
{
  g_autoptr (GError) error = NULL;

  chihuo_lodis_http_send (self, NULL, &error);
  g_assert_no_error (error);
}

/* The next answer, as "200:body" */
static char *
receive (ChihuoLodisHttp *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) body = NULL;
  guint status;

  if (!chihuo_lodis_http_receive (self, &status, &body, cancellable, error))
    return NULL;

  return g_strdup_printf ("%u:%.*s", status, (int) g_bytes_get_size (body),
                          (const char *) g_bytes_get_data (body, NULL));
}

static void
assert_answer (ChihuoLodisHttp *self, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = receive (self, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, expected);
}

static void
assert_no_answer (ChihuoLodisHttp *self, int code, const char *word)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = receive (self, NULL, &error);

  g_assert_null (answer);
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_nonnull (strstr (error->message, "lodis at 127.0.0.1:"));
  g_assert_nonnull (strstr (error->message, word));
}

/* It is asked, and says this; the connection is of use, or another one is made */
static void
assert_good (Fixture *f)
{
  fake_server_will_answer (&f->server, 200, "good", 4);
  post (f->http, "/good/q", "");
  send_all (f->http);
  assert_answer (f->http, "200:good");
}

/* --- what is kept --- */

static void
test_kept_alive (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 3; i++)
    {
      fake_server_will_answer (&f->server, 200, "abc", 3);
      post (f->http, "/rpush/q", "xyz");
      send_all (f->http);
      assert_answer (f->http, "200:abc");
    }
  fake_server_will_answer (&f->server, 500, "1no", 3);
  chihuo_lodis_http_ask (f->http, "/", NULL);
  send_all (f->http);
  assert_answer (f->http, "500:1no");

  fake_server_assert_connections (&f->server, 1);
  fake_server_assert_log (&f->server, "POST /rpush/q\nPOST /rpush/q\nPOST /rpush/q\nGET /\n");
}

/* Several under way, answered in their order; one of them in chunks */
static void
test_several (Fixture *f, gconstpointer data)
{
  post (f->http, "/a/q", "1");
  post (f->http, "/b/q", "");
  post (f->http, "/c/q", "333");
  fake_server_will_answer (&f->server, 200, "a", 1);
  fake_server_will_say (&f->server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "1\r\nb\r\n1\r\nB\r\n0\r\n\r\n");
  fake_server_will_answer (&f->server, 200, "", 0);
  send_all (f->http);
  fake_server_await_requests (&f->server, 3);
  assert_answer (f->http, "200:a");
  post (f->http, "/d/q", "");
  fake_server_will_answer (&f->server, 200, "d", 1);
  send_all (f->http);
  assert_answer (f->http, "200:bB");
  assert_answer (f->http, "200:");
  assert_answer (f->http, "200:d");

  fake_server_assert_connections (&f->server, 1);
  fake_server_assert_log (&f->server, "POST /a/q\nPOST /b/q\nPOST /c/q\nPOST /d/q\n");
}

/* A server that cannot get rid of its answers reads no requests: whoever only wrote would wait for ever */
static void
test_large_both_ways (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strnfill (LARGE, 'x');

  for (int i = 0; i < 2; i++)
    {
      fake_server_will_answer (&f->server, 200, text, LARGE);
      post (f->http, "/large/q", text);
    }
  send_all (f->http);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *answer = receive (f->http, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (strlen (answer), ==, strlen ("200:") + LARGE);
    }
}

/* --- what is no answer --- */

static void
test_bad_answers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *text;
    const char *word;
  } cases[] = {
    { "SSH-2.0-OpenSSH_9\r\n\r\n", "no answer of HTTP/1.1" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n", "64 MiB" },
    { "HTTP/1.1 200 OK\r\n\r\n", "expected" },
    { "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "elsewhere" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "expected" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      fake_server_will_say (&f->server, cases[i].text);
      post (f->http, "/bad/q", "");
      send_all (f->http);
      assert_no_answer (f->http, CHIHUO_ERROR_PROTOCOL, cases[i].word);
      assert_good (f);
    }
  fake_server_assert_connections (&f->server, 1 + G_N_ELEMENTS (cases));
}

/* It ends in the middle: nobody knows what was done, and it is not asked again */
static void
test_truncated (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    "H",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      fake_server_will_say_last (&f->server, texts[i]);
      post (f->http, "/cut/q", "");
      send_all (f->http);
      assert_no_answer (f->http, CHIHUO_ERROR_UNKNOWN_OUTCOME, "hung up");
    }
  assert_good (f);
  fake_server_assert_log (&f->server, "POST /cut/q\nPOST /cut/q\nPOST /cut/q\nPOST /cut/q\nPOST /good/q\n");
}

/* What comes behind an answer unasked is no answer to the next request */
static void
test_unasked (Fixture *f, gconstpointer data)
{
  fake_server_will_say (&f->server, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 408 Late\r\n");
  post (f->http, "/a/q", "");
  send_all (f->http);
  assert_answer (f->http, "200:a");
  assert_good (f);
  fake_server_assert_connections (&f->server, 2);
}

/* --- connections that end --- */

/* Between two requests: that is no reason to doubt the second one */
static void
test_closed_between (Fixture *f, gconstpointer data)
{
  fake_server_will_say_last (&f->server, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  post (f->http, "/a/q", "");
  send_all (f->http);
  assert_answer (f->http, "200:a");
  fake_server_await_closed (&f->server, 1);
  assert_good (f);
  fake_server_assert_connections (&f->server, 2);
  fake_server_assert_log (&f->server, "POST /a/q\nPOST /good/q\n");
}

static void
test_said_to_be_last (Fixture *f, gconstpointer data)
{
  fake_server_will_say (&f->server,
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na");
  post (f->http, "/a/q", "");
  send_all (f->http);
  assert_answer (f->http, "200:a");
  assert_good (f);
  fake_server_assert_connections (&f->server, 2);
}

/* Of three the first one is answered: the other two are in doubt, and neither is sent again */
static void
test_lost (Fixture *f, gconstpointer data)
{
  fake_server_will_say_last (&f->server, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  post (f->http, "/a/q", "");
  post (f->http, "/b/q", "");
  post (f->http, "/c/q", "");
  send_all (f->http);
  assert_answer (f->http, "200:a");
  assert_no_answer (f->http, CHIHUO_ERROR_UNKNOWN_OUTCOME, "");
  assert_no_answer (f->http, CHIHUO_ERROR_UNKNOWN_OUTCOME, "lost");

  fake_server_will_hang_up (&f->server);
  post (f->http, "/d/q", "");
  send_all (f->http);
  assert_no_answer (f->http, CHIHUO_ERROR_UNKNOWN_OUTCOME, "hung up");
  assert_good (f);
  fake_server_assert_log (&f->server, "POST /a/q\nPOST /d/q\nPOST /good/q\n");
}

/* Who asks for an answer without a request is told so at once */
static void
test_nothing_asked (Fixture *f, gconstpointer data)
{
  assert_no_answer (f->http, CHIHUO_ERROR_UNKNOWN_OUTCOME, "lost");
  fake_server_assert_connections (&f->server, 0);
}

/* --- what comes too late --- */

static void
test_late_answer (Fixture *f, gconstpointer data)
{
  hurry (f);
  fake_server_will_ignore (&f->server);
  post (f->http, "/a/q", "");
  send_all (f->http);
  assert_no_answer (f->http, CHIHUO_ERROR_UNKNOWN_OUTCOME, "within 0.05 s");
  fake_server_await_closed (&f->server, 1);
  fake_server_assert_log (&f->server, "POST /a/q\n");
}

static int
new_listener (guint16 *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, length), ==, 0);
  g_assert_cmpint (listen (listener, 0), ==, 0);
  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &address, &length), ==, 0);
  *port = ntohs (address.sin_port);

  return listener;
}

static void
assert_not_sent (ChihuoLodisHttp *self, GCancellable *cancellable, int code,
                 const char *word)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_lodis_http_send (self, cancellable, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_nonnull (strstr (error->message, word));
}

/* Somebody takes the connection and reads nothing: some of it has left */
static void
test_late_reader (void)
{
  guint16 port;
  int listener = new_listener (&port);
  g_autoptr (ChihuoLodisHttp) http = chihuo_lodis_http_new ("127.0.0.1", port, SOON);
  g_autofree char *text = g_strnfill (32 << 20, 'x');

  post (http, "/a/q", text);
  assert_not_sent (http, NULL, CHIHUO_ERROR_UNKNOWN_OUTCOME, "within 0.05 s");
  close (listener);
}

/* The queue of those who want to be let in is full: nothing has left */
static void
test_late_connection (void)
{
  guint16 port;
  int listener = new_listener (&port);
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (port),
                                 .sin_addr = { htonl (INADDR_LOOPBACK) } };
  g_autoptr (ChihuoLodisHttp) http = chihuo_lodis_http_new ("127.0.0.1", port, SOON);
  int others[8];

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      others[i] = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      connect (others[i], (struct sockaddr *) &address, sizeof address);
    }
  post (http, "/a/q", "");
  assert_not_sent (http, NULL, CHIHUO_ERROR_TIMED_OUT, "within 0.05 s");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    close (others[i]);
  close (listener);
}

/* Nobody listens: nothing has left, and what was gathered is forgotten */
static void
test_away (void)
{
  guint16 port;
  int listener = new_listener (&port);
  g_autoptr (ChihuoLodisHttp) http = chihuo_lodis_http_new ("127.0.0.1", port, PATIENCE);
  g_autofree char *name = g_strdup_printf ("127.0.0.1:%u", port);

  close (listener);
  post (http, "/a/q", "");
  g_assert_cmpstr (chihuo_lodis_http_get_name (http), ==, name);
  assert_not_sent (http, NULL, CHIHUO_ERROR_TIMED_OUT, name);
  assert_no_answer (http, CHIHUO_ERROR_UNKNOWN_OUTCOME, "lost");
}

/* --- what is cancelled --- */

static gpointer
cancel_thread (gpointer data)
{
  gpointer *pair = data;

  fake_server_await_requests (pair[0], 1);
  g_cancellable_cancel (pair[1]);

  return NULL;
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gpointer pair[] = { &f->server, cancellable };
  GThread *thread = g_thread_new ("cancel", cancel_thread, pair);
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;

  fake_server_will_ignore (&f->server);
  post (f->http, "/a/q", "");
  send_all (f->http);
  answer = receive (f->http, cancellable, &error);
  g_thread_join (thread);
  g_assert_null (answer);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  g_assert_nonnull (strstr (error->message, "cancelled"));

  assert_good (f);
  fake_server_assert_log (&f->server, "POST /a/q\nPOST /good/q\n");
}

/* Before anything is sent: nothing ever is, whether there is a connection or not */
static void
test_cancelled_before (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  post (f->http, "/a/q", "");
  assert_not_sent (f->http, cancellable, CHIHUO_ERROR_TIMED_OUT, "cancelled");
  assert_good (f);
  post (f->http, "/b/q", "");
  assert_not_sent (f->http, cancellable, CHIHUO_ERROR_TIMED_OUT, "cancelled");
  assert_good (f);
  fake_server_assert_log (&f->server, "POST /good/q\nPOST /good/q\n");
}

/* --- a fork --- */

/* A child that lets its copy go does not end the parent's connection */
static void
test_fork (Fixture *f, gconstpointer data)
{
  int status;
  pid_t child;

  assert_good (f);
  child = fork ();
  if (child == 0)
    {
      chihuo_lodis_http_drop (f->http);
      _exit (7);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 7);
  assert_good (f);
  fake_server_assert_connections (&f->server, 1);
}

static void
add (const char *path, void (* func) (Fixture *f, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

static void
test_names (void)
{
  g_autofree char *name = chihuo_lodis_http_dup_name ("localhost", 8311);
  g_autofree char *address = chihuo_lodis_http_dup_name ("::1", 8311);

  g_assert_cmpstr (name, ==, "localhost:8311");
  g_assert_cmpstr (address, ==, "[::1]:8311");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/lodis-http/kept-alive", test_kept_alive);
  add ("/lodis-http/several", test_several);
  add ("/lodis-http/large-both-ways", test_large_both_ways);
  add ("/lodis-http/bad-answers", test_bad_answers);
  add ("/lodis-http/truncated", test_truncated);
  add ("/lodis-http/unasked", test_unasked);
  add ("/lodis-http/closed-between", test_closed_between);
  add ("/lodis-http/said-to-be-last", test_said_to_be_last);
  add ("/lodis-http/lost", test_lost);
  add ("/lodis-http/nothing-asked", test_nothing_asked);
  add ("/lodis-http/late-answer", test_late_answer);
  g_test_add_func ("/lodis-http/late-reader", test_late_reader);
  g_test_add_func ("/lodis-http/late-connection", test_late_connection);
  g_test_add_func ("/lodis-http/away", test_away);
  add ("/lodis-http/cancelled", test_cancelled);
  add ("/lodis-http/cancelled-before", test_cancelled_before);
  add ("/lodis-http/fork", test_fork);
  g_test_add_func ("/lodis-http/names", test_names);

  return g_test_run ();
}
