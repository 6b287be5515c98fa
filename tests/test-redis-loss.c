/* test-redis-loss.c - a primary is lost, and durable=strict has promised something
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>

#include "redis-backend-fixture.h"

/* Until then nothing counts as written; both lines, since a rewrite waits for other children */
#define LOG_STANDS "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0"

/* How many adds are under way in one loss */
#define N_STRICT 60

/* Adds one after the other, until the server does not answer. Which of them were answered? */
static GPtrArray *
add_until_lost (Fixture *self, guint *n_doubtful)
{
  GPtrArray *known = g_ptr_array_new_with_free_func (g_free);
  gboolean lost = FALSE;

  for (guint i = 0; !lost; i++)
    {
      g_autofree char *id = g_strdup_printf ("t%u", i);
      g_auto (ChihuoItem) item = make_add (self, id);
      g_autoptr (GError) error = NULL;

      if (i == N_STRICT)
        redis_server_signal (self->server, SIGKILL);
      if (try_exchange (self, &item, 1, &error))
        {
          g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_ADDED);
          g_ptr_array_add (known, g_steal_pointer (&id));
        }
      else if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
        {
          g_test_message ("%s: %s", id, error->message);
          (*n_doubtful)++;
        }
      else
        {
          g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
          lost = TRUE;
        }
      self->request++;
    }

  return known;
}

/* The replica takes over: all that was answered has to be there */
static void
assert_known (Fixture *self, RedisServer *replica, GPtrArray *known)
{
  g_autoptr (GError) error = NULL;

  g_free (redis_server_text (replica, "REPLICAOF NO ONE"));
  close_backend (&self->backend);
  self->backend = try_open (replica, "", &error);
  g_assert_no_error (error);
  for (guint i = 0; i < known->len; i++)
    {
      g_autoptr (ChihuoRecord) record = look (self, known->pdata[i]);

      g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_WAITING);
    }
}

/* Stops the replica again and again, for longer than the primary waits for it, and for less */
static gpointer
stutter_thread (gpointer data)
{
  RedisServer *replica = data;

  for (guint i = 0; i < 6; i++)
    {
      g_usleep (5 * G_TIME_SPAN_MILLISECOND);
      redis_server_signal (replica, SIGSTOP);
      g_usleep ((i % 2 == 0 ? 150 : 5) * G_TIME_SPAN_MILLISECOND);
      redis_server_signal (replica, SIGCONT);
    }

  return NULL;
}

/* The primary dies for good, with a replica that did not always keep up: what was answered lives on in it,
 * and what may not was said to be of unknown outcome. With logs, so a server that knows WAITAOF is asked
 * for that */
static void
test_keeping_up (Fixture *self, gconstpointer data)
{
  g_autofree char *port = g_strdup_printf ("%u", self->server->port);
  RedisServer *replica
    = redis_fixture_start (self->servers, "--replicaof", "127.0.0.1", port, "--appendonly", "yes",
                           "--appendfsync", "always", NULL);
  g_autoptr (GPtrArray) known = NULL;
  g_autoptr (GError) error = NULL;
  guint n_doubtful = 0;
  GThread *thread;

  tell_server (self, "CONFIG SET appendfsync always");
  tell_server (self, "CONFIG SET appendonly yes");
  redis_server_wait (self->server, LOG_STANDS, "INFO persistence");
  redis_server_wait (replica, "master_link_status:up", "INFO replication");
  redis_server_wait (replica, LOG_STANDS, "INFO persistence");
  close_backend (&self->backend);
  self->backend = try_open (self->server, ",\"durable\":\"strict\",\"timeout\":0.4", &error);
  g_assert_no_error (error);
  thread = g_thread_new ("stutter", stutter_thread, replica);
  known = add_until_lost (self, &n_doubtful);
  g_thread_join (thread);

  g_test_message ("%u known, %u doubtful", known->len, n_doubtful);
  g_assert_cmpuint (known->len + n_doubtful, >=, N_STRICT);
  assert_known (self, replica, known);
}

/* The replica sleeps as the primary dies: nothing that it does not know was answered */
static void
test_asleep (Fixture *self, gconstpointer data)
{
  g_autofree char *port = g_strdup_printf ("%u", self->server->port);
  RedisServer *replica
    = redis_fixture_start (self->servers, "--replicaof", "127.0.0.1", port, NULL);
  g_auto (ChihuoItem) first = make_add (self, "first");
  g_auto (ChihuoItem) last = make_add (self, "last");
  g_autoptr (GPtrArray) known = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  redis_server_wait (replica, "master_link_status:up", "INFO replication");
  close_backend (&self->backend);
  self->backend = try_open (self->server, ",\"durable\":\"strict\",\"timeout\":0.2", &error);
  g_assert_no_error (error);
  exchange_known (self, &first);
  redis_server_signal (replica, SIGSTOP);
  g_assert_false (try_exchange (self, &last, 1, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  redis_server_signal (self->server, SIGKILL);
  redis_server_signal (replica, SIGCONT);

  g_ptr_array_add (known, "first");
  assert_known (self, replica, known);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/redis-loss/keeping-up", Fixture, NULL, fixture_set_up, test_keeping_up,
              fixture_tear_down);
  g_test_add ("/redis-loss/asleep", Fixture, NULL, fixture_set_up, test_asleep, fixture_tear_down);

  return g_test_run ();
}
