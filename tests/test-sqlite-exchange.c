/* test-sqlite-exchange.c - several processes eat from one file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <sys/mman.h>

#include "sqlite-fixture.h"

#define N_TASKS   1500
#define N_WORKERS 4
#define N_KILLS   20

/* How often each task was settled with the answer OK */
typedef struct
{
  int settled[N_TASKS];
} Shared;

static void
folder_set_up (Fixture *self, gconstpointer data)
{
  fixture_make_folder (self);
}

static void
fill (Fixture *self)
{
  ChihuoItem items[250];

  self->backend = open_backend (self->path);
  for (guint n = 0; n < N_TASKS; n += 250)
    {
      for (guint i = 0; i < 250; i++)
        {
          g_autofree char *id = g_strdup_printf ("%u", n + i);

          items[i] = make_item (self, CHIHUO_OP_ADD, id, "1");
        }
      exchange (self, items, 250);
      for (guint i = 0; i < 250; i++)
        chihuo_item_clear (&items[i]);
    }
  close_backend (&self->backend);
}

static void
settle_one (Fixture *self, Shared *shared, const ChihuoClaimed *claimed)
{
  ChihuoItem settle = make_settle (self, claimed, CHIHUO_SETTLE_DONE);

  settle.settle.finish = TRUE;
  if (do_item (self, settle) == CHIHUO_ANSWER_OK)
    g_atomic_int_inc (&shared->settled[atoi (chihuo_payload_get_id (claimed->payload))]);
}

static void
reap_all (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  gboolean more = TRUE;
  guint n;

  while (more)
    {
      chihuo_backend_reap (self->backend, &self->moment, &n, &more, &error);
      g_assert_no_error (error);
    }
}

/* A worker that eats until nothing is left, anywhere */
static void
work (Fixture *self, Shared *shared)
{
  g_autofree char *name = g_strdup_printf ("process-%d", getpid ());

  self->client = self->claimant = g_intern_string (name);
  self->backend = open_backend (self->path);
  while (TRUE)
    {
      ChihuoItem claim = make_claim (self, 5);
      ChihuoStats stats;

      claim.claim.suspects = 1;
      claim.claim.max_crashes = 1000;
      exchange (self, &claim, 1);
      for (guint i = 0; i < claim.claim.n_claimed; i++)
        settle_one (self, shared, &claim.claim.claimed[i]);
      chihuo_item_clear (&claim);

      reap_all (self);
      stats = get_stats (self);
      if (stats.waiting + stats.running == 0)
        break;
    }
  close_backend (&self->backend);
  _exit (0);
}

static pid_t
spawn (Fixture *self, Shared *shared)
{
  pid_t pid = fork ();

  if (pid == 0)
    work (self, shared);
  return pid;
}

/* Whatever is killed and when: each task is settled, none twice, and the file is whole. A worker
 * may be killed between the answer and the count, so a task may be counted one time less than it
 * was settled, but never more */
static void
test_killed_at_random (Fixture *self, gconstpointer data)
{
  Shared *shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                         -1, 0);
  g_autofree char *expected = g_strdup_printf ("%d", N_TASKS);
  pid_t pids[N_WORKERS];
  guint n_uncounted = 0;
  int status;

  fill (self);
  for (guint i = 0; i < N_WORKERS; i++)
    pids[i] = spawn (self, shared);

  for (guint i = 0; i < N_KILLS; i++)
    {
      guint victim = g_test_rand_int_range (0, N_WORKERS);

      g_usleep (g_test_rand_int_range (1000, 20000));
      kill (pids[victim], SIGKILL);
      g_assert_cmpint (waitpid (pids[victim], &status, 0), ==, pids[victim]);
      pids[victim] = spawn (self, shared);
    }
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_cmpint (status, ==, 0);
    }

  for (guint i = 0; i < N_TASKS; i++)
    {
      g_assert_cmpint (shared->settled[i], <=, 1);
      n_uncounted += shared->settled[i] == 0;
    }
  g_assert_cmpuint (n_uncounted, <=, N_KILLS);
  assert_plain (self, "SELECT count (*) FROM finished", expected);
  assert_plain (self, "SELECT finished || ' ' || waiting || ' ' || running FROM queue",
                "1500 0 0");
  assert_plain (self, "SELECT count (*) FROM task", "0");
  assert_plain (self, "PRAGMA integrity_check", "ok");
  munmap (shared, sizeof *shared);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/sqlite-exchange/killed-at-random", Fixture, NULL, folder_set_up,
              test_killed_at_random, fixture_tear_down);

  return g_test_run ();
}
