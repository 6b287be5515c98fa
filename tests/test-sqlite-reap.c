/* test-sqlite-reap.c - what the dead held goes back, what is old goes away
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>

#include "sqlite-fixture.h"

static void
folder_set_up (Fixture *self, gconstpointer data)
{
  fixture_make_folder (self);
}

/* Another process adds and claims n tasks, says so, and waits to be killed */
static pid_t
spawn_worker (Fixture *self, guint n, int *until)
{
  int ready[2];
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe (ready), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      g_autofree char *name = g_strdup_printf ("process-%d", getpid ());
      ChihuoItem claim;

      self->client = self->claimant = g_intern_string (name);
      self->backend = open_backend (self->path);
      for (guint i = 0; i < n; i++)
        {
          g_autofree char *id = g_strdup_printf ("t%u", i);

          add (self, id);
        }
      claim = make_claim (self, n);
      claim.claim.suspects = 1;
      exchange (self, &claim, 1);
      if (claim.claim.n_claimed > 0 && write (ready[1], "!", 1) == 1)
        pause ();
      _exit (1);
    }

  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  *until = ready[0];
  return pid;
}

static void
kill_worker (pid_t pid, int until)
{
  int status;

  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  close (until);
}

static guint
reap (Fixture *self)
{
  guint n_all = 0;
  guint n;
  gboolean more;

  do
    {
      g_autoptr (GError) error = NULL;

      chihuo_backend_reap (self->backend, &self->moment, &n, &more, &error);
      g_assert_no_error (error);
      n_all += n;
    }
  while (more);

  return n_all;
}

static void
test_killed (Fixture *self, gconstpointer data)
{
  ChihuoItem claim;
  int until;
  pid_t pid = spawn_worker (self, 3, &until);

  self->backend = open_backend (self->path);
  g_assert_cmpuint (reap (self), ==, 0);
  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  g_assert_cmpuint (reap (self), ==, 0);
  kill_worker (pid, until);

  g_assert_cmpuint (reap (self), ==, 3);
  g_assert_cmpuint (reap (self), ==, 0);
  assert_plain (self, "SELECT id || state || crashes FROM task ORDER BY place", "t011 t111 t211");
  assert_plain (self, "SELECT (SELECT count (*) FROM worker) + (SELECT count (*) FROM claimant)",
                "0");

  /* Those who crashed are claimed one at a time, and after their turn in the order */
  add (self, "new");
  claim = make_claim (self, 9);
  exchange (self, &claim, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  chihuo_item_clear (&claim);
  claim = make_claim (self, 9);
  claim.claim.suspects = 1;
  exchange (self, &claim, 1);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  g_assert_cmpstr (chihuo_payload_get_id (claim.claim.claimed[0].payload), ==, "t0");
  g_assert_cmpuint (claim.claim.claimed[0].crashes, ==, 1);
  g_assert_cmpuint (claim.claim.n_waiting, ==, 2);
  chihuo_item_clear (&claim);
}

/* A killer is dead in the end, and kills nobody else */
static void
test_killer (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      int until;
      pid_t pid = spawn_worker (self, 1, &until);

      kill_worker (pid, until);
      self->backend = open_backend (self->path);
      g_assert_cmpuint (reap (self), ==, 1);
      close_backend (&self->backend);
    }
  assert_plain (self, "SELECT id || state || crashes || error FROM task",
                "t043its worker died while it ran");
}

/* The machine went down: nobody's fault */
static void
test_other_boot (Fixture *self, gconstpointer data)
{
  int until;
  pid_t pid = spawn_worker (self, 2, &until);

  kill_worker (pid, until);
  run_plain (self->path, "UPDATE worker SET boot = 'before'");
  self->backend = open_backend (self->path);
  g_assert_cmpuint (reap (self), ==, 2);
  assert_plain (self, "SELECT id || state || crashes FROM task ORDER BY place", "t010 t110");
}

/* Two stores of one process are two workers; a close frees what was held */
static void
test_closed (Fixture *self, gconstpointer data)
{
  ChihuoBackend *other;
  ChihuoItem claim = make_claim (self, 1);

  self->backend = open_backend (self->path);
  other = open_backend (self->path);
  add (self, "a");
  exchange (self, &claim, 1);
  chihuo_item_clear (&claim);
  g_clear_pointer (&self->backend, g_object_unref);
  self->backend = other;

  g_assert_cmpuint (reap (self), ==, 1);
  assert_plain (self, "SELECT id || state FROM task", "a1");
}

/* Whoever comes back under his name has what he held */
static void
test_reopened (Fixture *self, gconstpointer data)
{
  ChihuoBackend *other;
  ChihuoItem claim = make_claim (self, 1);
  ChihuoItem renew;

  self->backend = open_backend (self->path);
  add (self, "a");
  exchange (self, &claim, 1);
  close_backend (&self->backend);
  self->backend = open_backend (self->path);
  renew = make_item (self, CHIHUO_OP_RENEW, "a", NULL);
  renew.token = claim.claim.claimed[0].token;
  renew.handle = claim.claim.claimed[0].handle;
  g_assert_cmpint (do_item (self, renew), ==, CHIHUO_ANSWER_OK);

  other = open_backend (self->path);
  g_assert_true (other != self->backend);
  g_assert_cmpuint (reap (self), ==, 0);
  assert_plain (self, "SELECT state FROM task", "3");
  g_assert_cmpint (do_item (self, make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE)),
                   ==, CHIHUO_ANSWER_OK);
  chihuo_item_clear (&claim);
  close_backend (&other);
}

static void
test_abandoned (Fixture *self, gconstpointer data)
{
  ChihuoItem claim = make_claim (self, 1);

  self->backend = open_backend (self->path);
  add (self, "a");
  exchange (self, &claim, 1);
  g_assert_cmpint (
    do_item (self, make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_ABANDONED)), ==,
    CHIHUO_ANSWER_OK);
  chihuo_item_clear (&claim);
  g_assert_cmpuint (reap (self), ==, 0);
  self->moment.lease += CHIHUO_ABANDONED_LEASE;
  g_assert_cmpuint (reap (self), ==, 1);
  assert_plain (self, "SELECT id || state || crashes || abandoned FROM task", "a100");
}

static void
set_retention (Fixture *self, gint64 finished, gint64 dead, guint64 dead_max)
{
  ChihuoItem item = make_item (self, CHIHUO_OP_SET_RETENTION, NULL, NULL);

  item.retention.finished = finished;
  item.retention.dead = dead;
  item.retention.dead_max = dead_max;
  g_assert_cmpint (do_item (self, item), ==, CHIHUO_ANSWER_OK);
}

static void
test_retention (Fixture *self, gconstpointer data)
{
  self->backend = open_backend (self->path);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      g_autofree char *mark = g_strdup_printf ("m%u", i);
      ChihuoItem claim = make_claim (self, 1);

      add (self, id);
      do_op (self, CHIHUO_OP_FINISH, mark);
      exchange (self, &claim, 1);
      g_assert_cmpint (
        do_item (self, make_settle (self, &claim.claim.claimed[0], CHIHUO_SETTLE_REJECTED)), ==,
        CHIHUO_ANSWER_DEAD);
      chihuo_item_clear (&claim);
      self->moment.now += 10;
    }

  reap (self);
  g_assert_cmpint (get_stats (self).dead, ==, 6);
  set_retention (self, 0, 0, 4);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "queue eat: 2 dead*0 finished*");
  reap (self);
  g_test_assert_expected_messages ();
  assert_plain (self, "SELECT id FROM task ORDER BY place", "2 3 4 5");

  set_retention (self, 25, 25, 0);
  g_test_expect_message ("chihuo", G_LOG_LEVEL_MESSAGE, "queue eat: 2 dead*4 finished*");
  reap (self);
  g_test_assert_expected_messages ();
  assert_plain (self, "SELECT id FROM task ORDER BY place", "4 5");
  assert_plain (self, "SELECT id FROM finished ORDER BY id", "m4 m5");
  g_assert_cmpint (get_stats (self).dead, ==, 2);
  g_assert_cmpint (get_stats (self).finished, ==, 2);
}

/* Neither what was open before the fork nor anything else */
static gboolean
is_all_closed (Fixture *self)
{
  g_autoptr (ChihuoSqliteBackend) own = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) own_error = NULL;

  return !chihuo_backend_stats (self->backend, self->queue, 0, &(ChihuoStats) { 0 }, &error)
         && g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED)
         && !chihuo_sqlite_backend_open_path (own, self->path, TRUE, &own_error)
         && g_error_matches (own_error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED)
         && chihuo_backend_close (self->backend, NULL);
}

/* A child of a fork is no worker, and does not keep its parent's tasks from being reaped */
static void
test_fork (Fixture *self, gconstpointer data)
{
  int ready[2];
  int number[2];
  int status;
  char byte;
  pid_t child;
  pid_t grandchild;

  g_assert_cmpint (pipe (ready), ==, 0);
  g_assert_cmpint (pipe (number), ==, 0);
  child = fork ();
  if (child == 0)
    {
      ChihuoItem claim = make_claim (self, 1);

      self->claimant = claim.claimant = g_intern_static_string ("engine-of-child");
      self->backend = open_backend (self->path);
      add (self, "a");
      exchange (self, &claim, 1);
      grandchild = fork ();
      if (grandchild == 0)
        {
          gboolean is_closed = is_all_closed (self);

          if (write (ready[1], is_closed ? "y" : "n", 1) == 1)
            pause ();
          _exit (0);
        }
      if (write (number[1], &grandchild, sizeof grandchild) > 0)
        pause ();
      _exit (1);
    }

  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (read (number[0], &grandchild, sizeof grandchild), ==, sizeof grandchild);
  g_assert_cmpint (byte, ==, 'y');

  g_assert_cmpint (kill (child, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (kill (grandchild, 0), ==, 0);
  self->backend = open_backend (self->path);
  g_assert_cmpuint (reap (self), ==, 1);
  g_assert_cmpint (kill (grandchild, SIGKILL), ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      close (ready[i]);
      close (number[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/sqlite-reap/" path, Fixture, NULL, folder_set_up, function, fixture_tear_down)
  TEST ("killed", test_killed);
  TEST ("killer", test_killer);
  TEST ("other-boot", test_other_boot);
  TEST ("fork", test_fork);
  TEST ("closed", test_closed);
  TEST ("reopened", test_reopened);
  TEST ("abandoned", test_abandoned);
  TEST ("retention", test_retention);

  return g_test_run ();
}
