/* test-redis-bell.c - it rings when there are news, and after each time it could not hear them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include "chihuo-redis-bell.h"
#include "redis-fixture.h"
#include "redis-options-fixture.h"

#define NEWS "{chihuo:eat}:news"

typedef struct
{
  RedisFixture        *fixture; /* NULL: no redis-server here */
  RedisServer         *server;
  ChihuoRedisOptions  *options;
  ChihuoRedisRefusals *refusals;
  ChihuoRedisRouter   *router;
  ChihuoRedisBell     *bell;
  GMainContext        *context;
  GSource             *source;
  guint                n_rings;
} Fixture;

static gboolean
ring_cb (gpointer data)
{
  ((Fixture *) data)->n_rings++;
  return G_SOURCE_CONTINUE;
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  if (!redis_fixture_available ())
    return;

  self->fixture = redis_fixture_new ();
  self->server = redis_fixture_start (self->fixture, NULL);
  self->context = g_main_context_new ();
}

static void
stop (Fixture *self)
{
  g_clear_pointer (&self->bell, chihuo_redis_bell_free);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_pointer (&self->router, chihuo_redis_router_free);
  g_clear_pointer (&self->refusals, chihuo_redis_refusals_free);
  g_clear_pointer (&self->options, chihuo_redis_options_free);
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  stop (self);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->fixture, redis_fixture_free);
}

static void
start (Fixture *self, char *text)
{
  self->options = make_options (text);
  self->refusals = chihuo_redis_refusals_new ();
  self->router = chihuo_redis_router_new (self->options, self->refusals, NULL, NULL);
  self->bell = chihuo_redis_bell_new (self->options, self->router);
  self->source = chihuo_redis_bell_create_source (self->bell);
  g_source_set_callback (self->source, ring_cb, self, NULL);
  g_source_attach (self->source, self->context);
  chihuo_redis_bell_listen (self->bell, NEWS);
}

static gboolean
late_cb (gpointer data)
{
  g_error ("nothing rings");
  return G_SOURCE_REMOVE;
}

static void
run_once (Fixture *self)
{
  g_autoptr (GSource) late = g_timeout_source_new_seconds (30);

  g_source_set_callback (late, late_cb, NULL, NULL);
  g_source_attach (late, self->context);
  g_main_context_iteration (self->context, TRUE);
  g_source_destroy (late);
}

static void
wait_ring (Fixture *self)
{
  guint before = self->n_rings;

  while (self->n_rings == before)
    run_once (self);
}

/* Until the server says that so many listen */
static void
wait_listeners (Fixture *self, const char *channel, const char *expected)
{
  for (;;)
    {
      g_autofree char *text = redis_server_text (self->server, "PUBSUB NUMSUB %s", channel);

      if (g_str_has_suffix (text, expected))
        return;
      run_once (self);
    }
}

static void
publish (Fixture *self, const char *channel, const char *expected)
{
  g_autofree char *text = redis_server_text (self->server, "PUBLISH %s w", channel);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_news (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  start (self, g_strdup (self->server->uri));
  wait_ring (self);
  for (guint i = 0; i < 3; i++)
    {
      publish (self, NEWS, "1");
      wait_ring (self);
    }
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_assert_cmpuint (self->n_rings, ==, 4);
  publish (self, "{chihuo:drink}:news", "0");
}

/* Many at once, when it connects and while it listens */
static void
test_channels (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  start (self, g_strdup (self->server->uri));
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("{chihuo:a%u}:news", i);

      chihuo_redis_bell_listen (self->bell, name);
    }
  wait_listeners (self, "{chihuo:a999}:news", " 1");
  wait_ring (self);
  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *name = g_strdup_printf ("{chihuo:b%u}:news", i);

      chihuo_redis_bell_listen (self->bell, name);
    }
  wait_listeners (self, "{chihuo:b2999}:news", " 1");
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  publish (self, "{chihuo:b2999}:news", "1");
  wait_ring (self);
}

static void
test_restart (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  start (self, g_strdup (self->server->uri));
  wait_ring (self);
  redis_server_signal (self->server, SIGKILL);
  for (guint i = 0; i < 5; i++)
    run_once (self);
  redis_server_restart (self->server);
  wait_ring (self);
  publish (self, NEWS, "1");
  wait_ring (self);

  g_free (redis_server_text (self->server, "CLIENT KILL TYPE pubsub"));
  wait_ring (self);
  publish (self, NEWS, "1");
  wait_ring (self);
}

/* A server of our own, which says what is expected of it at once, and nothing later */
typedef struct
{
  GSocketListener *listener;
  GPtrArray       *connections;
  guint16          port;
} Peer;

static void
accept_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  const char text[] = "+OK\r\n*3\r\n$9\r\nsubscribe\r\n$17\r\n" NEWS "\r\n:1\r\n";
  GSocketConnection *connection =
    g_socket_listener_accept_finish (G_SOCKET_LISTENER (object), result, NULL, NULL);
  Peer *self = data;

  if (connection == NULL)
    return;

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
                             strlen (text), NULL, NULL, NULL);
  g_ptr_array_add (self->connections, connection);
  g_socket_listener_accept_async (self->listener, NULL, accept_cb, self);
}

/* Nobody hangs up, nobody says a word: it is noticed */
static void
test_half_open (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  Peer peer;

  if (self->fixture == NULL)
    return;

  peer.listener = g_socket_listener_new ();
  peer.connections = g_ptr_array_new_with_free_func (g_object_unref);
  peer.port = g_socket_listener_add_any_inet_port (peer.listener, NULL, &error);
  g_assert_no_error (error);
  g_main_context_push_thread_default (self->context);
  g_socket_listener_accept_async (peer.listener, NULL, accept_cb, &peer);

  start (self, g_strdup_printf ("redis://127.0.0.1:%u?timeout=0.1", peer.port));
  wait_ring (self);
  while (peer.connections->len < 2)
    run_once (self);
  wait_ring (self);

  g_socket_listener_close (peer.listener);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_pop_thread_default (self->context);
  g_ptr_array_unref (peer.connections);
  g_object_unref (peer.listener);
}

static void
log_cb (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  g_assert_nonnull (strstr (message, "WRONGPASS"));
  g_assert_null (strstr (message, "watchword"));
  *(gboolean *) data = TRUE;
}

/* Said once, and not tried again and again */
static void
test_refused (Fixture *self, gconstpointer data)
{
  gboolean said = FALSE;
  guint handler;

  if (self->fixture == NULL)
    return;

  handler = g_log_set_handler ("chihuo", G_LOG_LEVEL_MESSAGE, log_cb, &said);
  start (self, g_strdup_printf ("redis://eater:watchword@127.0.0.1:%u", self->server->port));
  while (!said)
    run_once (self);
  g_assert_cmpuint (self->n_rings, ==, 0);
  g_log_remove_handler ("chihuo", handler);
}

static void
test_tls (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  self->server = redis_fixture_start_tls (self->fixture, "good", FALSE);
  start (self, g_strdup_printf ("rediss://localhost:%u?timeout=10&tls-ca=%s/ca.pem",
                                self->server->tls_port, self->fixture->folder));
  wait_ring (self);
  publish (self, NEWS, "1");
  wait_ring (self);
}

/* Before it has listened, and after */
static void
test_freed (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  start (self, g_strdup (self->server->uri));
  stop (self);

  start (self, g_strdup (self->server->uri));
  wait_ring (self);
  publish (self, NEWS, "1");
  stop (self);
}

/* While GIO looks up its name, or shakes hands */
static void
test_freed_on_the_way (Fixture *self, gconstpointer data)
{
  RedisServer *server;

  if (self->fixture == NULL)
    return;

  start (self, g_strdup ("redis://chihuo.invalid"));
  run_once (self);
  stop (self);

  server = redis_fixture_start_tls (self->fixture, "good", FALSE);
  redis_server_signal (server, SIGSTOP);
  for (guint n = 1; n < 10; n++)
    {
      start (self, g_strdup_printf ("rediss://127.0.0.1:%u?tls-ca=%s/ca.pem", server->tls_port,
                                    self->fixture->folder));
      for (guint i = 0; i < n && i < 4; i++)
        run_once (self);
      stop (self);
    }
}

/* The source may live longer, and is silent then */
static void
test_source_outlives (Fixture *self, gconstpointer data)
{
  if (self->fixture == NULL)
    return;

  start (self, g_strdup (self->server->uri));
  wait_ring (self);
  publish (self, NEWS, "1");
  g_clear_pointer (&self->bell, chihuo_redis_bell_free);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_assert_cmpuint (self->n_rings, ==, 1);
  publish (self, NEWS, "0");
}

/* It asks nobody where the primary is, but waits until somebody has */
static void
test_sentinel (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  RedisServer *sentinel;

  if (self->fixture == NULL)
    return;

  sentinel = redis_fixture_start_sentinel (self->fixture, "eat", self->server, 1);
  start (self, g_strdup_printf ("redis+sentinel://127.0.0.1:%u/eat", sentinel->port));
  for (guint i = 0; i < 3; i++)
    run_once (self);
  g_assert_cmpuint (self->n_rings, ==, 0);
  chihuo_redis_router_get (self->router, NULL, &error);
  g_assert_no_error (error);
  wait_ring (self);
  publish (self, NEWS, "1");
  wait_ring (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/redis-bell/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  TEST ("news", test_news);
  TEST ("channels", test_channels);
  TEST ("restart", test_restart);
  TEST ("half-open", test_half_open);
  TEST ("refused", test_refused);
  TEST ("freed", test_freed);
  TEST ("source-outlives", test_source_outlives);
  TEST ("sentinel", test_sentinel);

  if (!CAN_WATCH_GIO)
    return g_test_run ();

  TEST ("tls", test_tls);
  TEST ("freed-on-the-way", test_freed_on_the_way);

  return g_test_run ();
}
