/* test-lodis-bell.c - a source that fires when others may have added something, and only then
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>

#include "chihuo-lodis-bell.h"
#include "chihuo-lodis-frame.h"
#include "lodis-fake-server.h"
#include "lodis/lodis-fixture.h"

typedef struct
{
  FakeServer       fake;
  GMainContext    *context;
  ChihuoLodisBell *bell;
  GSource         *source;
  guint            n_rings;
} Fixture;

static gboolean
rung_cb (gpointer data)
{
  ((Fixture *) data)->n_rings++;

  return G_SOURCE_CONTINUE;
}

static void
begin (Fixture *f, guint16 port, gboolean can_wait)
{
  f->context = g_main_context_new ();
  f->bell = chihuo_lodis_bell_new ("127.0.0.1", port, can_wait);
  f->source = chihuo_lodis_bell_create_source (f->bell);
  g_source_set_callback (f->source, rung_cb, f, NULL);
  g_source_attach (f->source, f->context);
}

/* The bell, and then what is still on its way; its source is silent from then on */
static void
end (Fixture *f)
{
  g_clear_pointer (&f->bell, chihuo_lodis_bell_free);
  f->n_rings = 0;
  while (g_main_context_iteration (f->context, FALSE))
    continue;
  g_assert_cmpuint (f->n_rings, ==, 0);
  g_assert_cmpint (g_source_get_ready_time (f->source), ==, -1);
  g_source_destroy (f->source);
  g_source_unref (f->source);
  g_main_context_unref (f->context);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  fake_server_start (&f->fake);
  begin (f, f->fake.port, TRUE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  end (f);
  fake_server_stop (&f->fake);
}

static void
listen_to (Fixture *f)
{
  chihuo_lodis_bell_listen (f->bell, g_intern_static_string ("eat"));
}

static void
await_ring (Fixture *f)
{
  guint n = f->n_rings;

  while (f->n_rings == n)
    g_main_context_iteration (f->context, TRUE);
}

/* How many requests the server has had, while the bell goes on */
static void
await_requests (Fixture *f, guint n)
{
  gboolean is_there = FALSE;

  while (!is_there)
    {
      while (g_main_context_iteration (f->context, FALSE))
        continue;
      g_mutex_lock (&f->fake.mutex);
      is_there = f->fake.requests->len >= n;
      g_mutex_unlock (&f->fake.mutex);
      g_usleep (200);
    }
}

/* The version that the server has now */
static void
will_tell (Fixture *f, char version)
{
  const char body[] = { 0, 0, 0, 0, 0, 0, 0, 0, version };

  fake_server_will_answer (&f->fake, 200, body, sizeof body);
}

/* What a request asks for: the version that is known already */
static void
assert_asked (Fixture *f, guint index, char version)
{
  const char expected[] = { 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, version, 0, 0, 0, 4 };
  FakeRequest *request;

  g_mutex_lock (&f->fake.mutex);
  request = g_ptr_array_index (f->fake.requests, index);
  g_assert_cmpstr (request->line, ==, "POST /wait/chihuo:eat:news");
  g_assert_cmpuint (g_bytes_get_size (request->body), ==, sizeof expected + 4);
  g_assert_cmpmem (g_bytes_get_data (request->body, NULL), sizeof expected, expected,
                   sizeof expected);
  g_mutex_unlock (&f->fake.mutex);
}

/* --- with a server that says what it is told to --- */

/* Nobody is hungry: nobody asks, and nothing is to happen at any time */
static void
test_quiet (Fixture *f, gconstpointer data)
{
  while (g_main_context_iteration (f->context, FALSE))
    continue;
  g_assert_cmpint (g_source_get_ready_time (f->source), ==, -1);
  fake_server_assert_connections (&f->fake, 0);
}

/* The first answer and each change ring; that nothing has changed does not */
static void
test_changes (Fixture *f, gconstpointer data)
{
  listen_to (f);
  listen_to (f);
  will_tell (f, 5);
  await_ring (f);
  will_tell (f, 5);
  await_requests (f, 3);
  g_assert_cmpuint (f->n_rings, ==, 1);
  will_tell (f, 6);
  await_ring (f);
  await_requests (f, 4);
  g_assert_cmpuint (f->n_rings, ==, 2);

  assert_asked (f, 0, 0);
  assert_asked (f, 1, 5);
  assert_asked (f, 2, 5);
  assert_asked (f, 3, 6);
  fake_server_assert_connections (&f->fake, 1);
}

/* What happened while nobody listened is not known: the first answer on another connection rings, too */
static void
test_lost (Fixture *f, gconstpointer data)
{
  listen_to (f);
  will_tell (f, 5);
  await_ring (f);
  fake_server_will_hang_up (&f->fake);
  will_tell (f, 5);
  await_ring (f);
  g_assert_cmpuint (f->n_rings, ==, 2);
  await_requests (f, 4);
  assert_asked (f, 2, 0);
  assert_asked (f, 3, 5);
  fake_server_assert_connections (&f->fake, 2);
}

/* Whatever it says that is no answer: it is asked again, on another connection */
static void
test_bad_answers (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    "HTTP/1.1 500 x\r\nContent-Length: 3\r\n\r\n1no",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK",
    "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "220 smtp.example ESMTP\r\n\r\n",
  };
  const guint n = G_N_ELEMENTS (texts);

  for (guint i = 0; i < n; i++)
    fake_server_will_say (&f->fake, texts[i]);
  will_tell (f, 0);
  will_tell (f, 5);
  listen_to (f);
  await_ring (f);
  g_assert_cmpuint (f->n_rings, ==, 1);
  await_requests (f, n + 3);
  for (guint i = 0; i < n + 2; i++)
    assert_asked (f, i, 0);
  assert_asked (f, n + 2, 5);
  fake_server_assert_connections (&f->fake, n + 2);
}

/* --- one that cannot be asked to wait --- */

/* No later than so many ms from now */
static void
assert_next (Fixture *f, gint64 longest)
{
  g_assert_cmpint (g_source_get_ready_time (f->source), <=,
                   g_get_monotonic_time () + longest * G_TIME_SPAN_MILLISECOND);
}

/* At intervals, as soon as somebody is hungry. They double up to a limit, and begin anew when there was something */
static void
test_polls (void)
{
  Fixture f = { .n_rings = 0 };
  gint64 start;

  begin (&f, 1, FALSE);
  g_assert_cmpint (g_source_get_ready_time (f.source), ==, -1);
  listen_to (&f);
  assert_next (&f, 5);
  for (guint i = 0; i < 5; i++)
    await_ring (&f);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < 3; i++)
    await_ring (&f);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 3 * 100 * G_TIME_SPAN_MILLISECOND);
  assert_next (&f, 105);

  chihuo_lodis_bell_note_work (f.bell);
  assert_next (&f, 5);
  end (&f);
}

/* --- freed --- */

/* While it connects: nothing may be touched when that ends */
static void
test_freed_connecting (Fixture *f, gconstpointer data)
{
  listen_to (f);
}

/* While the server thinks about it */
static void
test_freed_waiting (Fixture *f, gconstpointer data)
{
  listen_to (f);
  await_requests (f, 1);
}

/* Rung, and about to ask again */
static void
test_freed_rung (Fixture *f, gconstpointer data)
{
  listen_to (f);
  will_tell (f, 5);
  await_ring (f);
}

/* While it waits before it tries again */
static void
test_freed_resting (Fixture *f, gconstpointer data)
{
  listen_to (f);
  fake_server_will_hang_up (&f->fake);
  await_requests (f, 1);
  fake_server_await_closed (&f->fake, 1);
  g_main_context_iteration (f->context, TRUE);
}

/* With news on the way that nobody reads any more */
static void
test_freed_told (Fixture *f, gconstpointer data)
{
  listen_to (f);
  await_requests (f, 1);
  fake_server_will_say_last (&f->fake, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  fake_server_await_closed (&f->fake, 1);
}

/* Before there is a source: then nobody could be told */
static void
test_no_source (void)
{
  ChihuoLodisBell *bell = chihuo_lodis_bell_new ("127.0.0.1", 1, TRUE);
  g_autoptr (GSource) source = NULL;

  chihuo_lodis_bell_listen (bell, g_intern_static_string ("eat"));
  source = chihuo_lodis_bell_create_source (bell);
  chihuo_lodis_bell_listen (bell, g_intern_static_string ("eat"));
  chihuo_lodis_bell_free (bell);
  g_assert_cmpint (g_source_get_ready_time (source), ==, -1);
}

/* --- with our server --- */

static void
call (LodisFixture *server, const char *name, const char *value)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection
    = g_socket_client_connect_to_host (client, "127.0.0.1", server->port, NULL, &error);
  GSocket *socket = g_socket_connection_get_socket (connection);
  g_autofree char *head = NULL;
  char answer[256] = "";

  g_assert_no_error (error);
  chihuo_lodis_frame_add_string (arguments, "n");
  chihuo_lodis_frame_add_string (arguments, value);
  head = g_strdup_printf ("POST /hset/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n\r\n", name,
                          arguments->len);
  g_byte_array_prepend (arguments, (const guint8 *) head, strlen (head));
  g_assert_cmpint (g_socket_send (socket, (const char *) arguments->data, arguments->len, NULL,
                                  &error), ==, arguments->len);
  g_assert_cmpint (g_socket_receive (socket, answer, sizeof answer - 1, NULL, &error), >, 0);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200"));
}

/* News of either queue ring, others do not; and so it goes on when the server has been started anew */
static void
test_real (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_OURS);
  Fixture f = { .n_rings = 0 };

  begin (&f, server->port, TRUE);
  chihuo_lodis_bell_listen (f.bell, g_intern_static_string ("eat"));
  await_ring (&f);
  chihuo_lodis_bell_listen (f.bell, g_intern_static_string ("drink"));
  await_ring (&f);
  call (server, "chihuo:sleep:news", "1");
  call (server, "chihuo:eat", "1");
  call (server, "chihuo:eat:news", "1");
  await_ring (&f);
  call (server, "chihuo:drink:news", "1");
  await_ring (&f);

  lodis_fixture_stop (server, SIGKILL);
  lodis_fixture_start (server);
  await_ring (&f);
  call (server, "chihuo:eat:news", "2");
  await_ring (&f);
  end (&f);
}

static void
add (const char *path, void (* func) (Fixture *f, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/lodis-bell/quiet", test_quiet);
  add ("/lodis-bell/changes", test_changes);
  add ("/lodis-bell/lost", test_lost);
  add ("/lodis-bell/bad-answers", test_bad_answers);
  g_test_add_func ("/lodis-bell/polls", test_polls);
  add ("/lodis-bell/freed-connecting", test_freed_connecting);
  add ("/lodis-bell/freed-waiting", test_freed_waiting);
  add ("/lodis-bell/freed-rung", test_freed_rung);
  add ("/lodis-bell/freed-resting", test_freed_resting);
  add ("/lodis-bell/freed-told", test_freed_told);
  g_test_add_func ("/lodis-bell/no-source", test_no_source);

  if (g_getenv ("LODIS") != NULL)
    g_test_add_func ("/lodis-bell/real", test_real);

  return g_test_run ();
}
