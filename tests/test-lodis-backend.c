/* test-lodis-backend.c - which mode is chosen, and how its trouble is told
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-lodis-backend.h"
#include "lodis/lodis-fixture.h"

static ChihuoBackend *
try_open (LodisFixture *server, const char *more, GError **error)
{
  g_autofree char *text
    = g_strdup_printf ("{\"backend\":\"lodis\",\"port\":%u%s}", server->port, more);
  g_autoptr (ChihuoConfig) config = chihuo_config_new (text, error);
  g_autoptr (ChihuoBackend) backend = g_object_new (CHIHUO_TYPE_LODIS_BACKEND, NULL);

  g_assert_nonnull (config);
  if (!chihuo_backend_open (backend, config, error))
    return NULL;

  return g_steal_pointer (&backend);
}

/* Nothing is said of it but what to do */
static void
test_safe_refused (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = try_open (server, ",\"mode\":\"safe\"", &error);

  g_assert_null (backend);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "mode=plain"));
}

/* With no mode asked for it is plain, and says so in one line */
static void
test_plain_chosen (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = NULL;

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "*plain mode*at most once*");
  backend = try_open (server, "", &error);
  g_assert_no_error (error);
  g_test_assert_expected_messages ();
  chihuo_backend_close (backend, &error);
  g_assert_no_error (error);
}

/* Where nobody listens nothing was done, and it may be tried again */
static void
test_away (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  ChihuoStats stats;
  g_autoptr (ChihuoBackend) backend = try_open (server, ",\"mode\":\"plain\"", &error);

  g_assert_no_error (error);
  lodis_fixture_stop (server, SIGKILL);
  g_assert_false (chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
  g_clear_error (&error);

  lodis_fixture_start (server);
  g_assert_true (chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error));
  g_assert_no_error (error);
}

/* A child gets CLOSED, and what it lets go stays the parent's */
static void
test_fork (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_ORIGINAL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = NULL;
  ChihuoStats stats;
  pid_t child;
  int status;

  chihuo_fork_hold ();
  backend = try_open (server, ",\"mode\":\"plain\"", &error);
  g_assert_no_error (error);
  child = fork ();
  if (child == 0)
    {
      gboolean ok = chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error);

      chihuo_backend_close (backend, NULL);
      _exit (!ok && g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED) ? 7 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 7);
  g_assert_true (chihuo_backend_stats (backend, g_intern_static_string ("q"), 0, &stats, &error));
  g_assert_no_error (error);
  chihuo_fork_release ();
}

/* The server's clocks are for the tasks; who asks goes on by his own, and would claim for ever otherwise */
static void
test_clocks (void)
{
  g_autoptr (LodisFixture) server = lodis_fixture_new (LODIS_FIXTURE_OURS);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) backend = try_open (server, "", &error);
  ChihuoItem add = { .op = CHIHUO_OP_ADD, .queue = g_intern_static_string ("q") };
  ChihuoItem *items[] = { &add };
  ChihuoBatch batch = { .client = g_intern_static_string ("client"),
                        .request = 1,
                        .moment = { .now = 1000, .lease = 2000 },
                        .items = items,
                        .n_items = 1 };

  g_assert_no_error (error);
  add.payload = chihuo_payload_new ("id", -1, "1", -1);
  g_assert_true (chihuo_backend_exchange (backend, &batch, &error));
  g_assert_no_error (error);
  g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (batch.moment.now, ==, 1000);
  g_assert_cmpint (batch.moment.lease, ==, 2000);
  chihuo_item_clear (&add);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lodis-backend/safe-refused", test_safe_refused);
  g_test_add_func ("/lodis-backend/plain-chosen", test_plain_chosen);
  g_test_add_func ("/lodis-backend/away", test_away);
  g_test_add_func ("/lodis-backend/fork", test_fork);

  if (g_getenv ("LODIS") != NULL)
    g_test_add_func ("/lodis-backend/clocks", test_clocks);

  return g_test_run ();
}
