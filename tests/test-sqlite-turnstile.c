/* test-sqlite-turnstile.c - one process after the other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <sys/mman.h>

#include "chihuo-sqlite-lock.h"
#include "chihuo-sqlite-turnstile.h"
#include "sqlite-fixture.h"

#define N_PROCESSES 6
#define N_TURNS     1200

static void
folder_set_up (Fixture *self, gconstpointer data)
{
  fixture_make_folder (self);
}

static ChihuoSqliteTurnstile *
make_turnstile (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  ChihuoSqliteTurnstile *turnstile = chihuo_sqlite_turnstile_new (self->path, &error);

  g_assert_no_error (error);
  return turnstile;
}

static void
test_two (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoSqliteTurnstile) a = make_turnstile (self);
  g_autoptr (ChihuoSqliteTurnstile) b = make_turnstile (self);

  g_assert_true (chihuo_sqlite_turnstile_enter (a, 0));
  g_assert_false (chihuo_sqlite_turnstile_enter (b, 1000));
  g_assert_false (chihuo_sqlite_turnstile_enter (b, 0));
  chihuo_sqlite_turnstile_leave (a);
  g_assert_true (chihuo_sqlite_turnstile_enter (b, 10 * G_USEC_PER_SEC));
  g_assert_false (chihuo_sqlite_turnstile_enter (a, 1000));
  chihuo_sqlite_turnstile_leave (b);
}

/* Whoever loses his patience keeps nobody out */
static void
test_impatient (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoSqliteTurnstile) a = make_turnstile (self);
  g_autoptr (ChihuoSqliteTurnstile) c = make_turnstile (self);
  ChihuoSqliteTurnstile *b = make_turnstile (self);

  g_assert_true (chihuo_sqlite_turnstile_enter (a, 0));
  g_assert_false (chihuo_sqlite_turnstile_enter (b, 1000));
  chihuo_sqlite_turnstile_leave (a);
  g_assert_true (chihuo_sqlite_turnstile_enter (c, 10 * G_USEC_PER_SEC));
  chihuo_sqlite_turnstile_leave (c);

  g_assert_true (chihuo_sqlite_turnstile_enter (a, 10 * G_USEC_PER_SEC));
  g_assert_false (chihuo_sqlite_turnstile_enter (b, 1000));
  chihuo_sqlite_turnstile_free (b);
  chihuo_sqlite_turnstile_leave (a);
  g_assert_true (chihuo_sqlite_turnstile_enter (c, 10 * G_USEC_PER_SEC));
  chihuo_sqlite_turnstile_leave (c);
}

typedef struct
{
  int n_ready;
  int n_turns;              /* of all */
  int turns[N_PROCESSES];
  int n_inside;
  int n_overlaps;
} Shared;

static void
take_turns (Fixture *self, Shared *shared, int me)
{
  ChihuoSqliteTurnstile *turnstile = make_turnstile (self);

  g_atomic_int_inc (&shared->n_ready);
  while (g_atomic_int_get (&shared->n_ready) < N_PROCESSES)
    g_usleep (100);

  while (g_atomic_int_get (&shared->n_turns) < N_TURNS)
    {
      if (!chihuo_sqlite_turnstile_enter (turnstile, 30 * G_USEC_PER_SEC))
        _exit (1);
      if (g_atomic_int_add (&shared->n_inside, 1) != 0)
        g_atomic_int_inc (&shared->n_overlaps);
      g_usleep (200);
      shared->turns[me]++;
      g_atomic_int_inc (&shared->n_turns);
      g_atomic_int_add (&shared->n_inside, -1);
      chihuo_sqlite_turnstile_leave (turnstile);
    }
  _exit (0);
}

/* All want in all the time: nobody may starve. (With plain locks five of eight get nothing. How equal the
 * shares are depends on the scheduler: the benchmark says so) */
static void
test_fair (Fixture *self, gconstpointer data)
{
  Shared *shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                         -1, 0);
  pid_t pids[N_PROCESSES];

  for (int i = 0; i < N_PROCESSES; i++)
    {
      pids[i] = fork ();
      if (pids[i] == 0)
        take_turns (self, shared, i);
    }

  for (int i = 0; i < N_PROCESSES; i++)
    {
      int status;

      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_cmpint (status, ==, 0);
    }
  for (int i = 0; i < N_PROCESSES; i++)
    {
      g_test_message ("process %d: %d turns", i, shared->turns[i]);
      g_assert_cmpint (shared->turns[i], >=, N_TURNS / N_PROCESSES / 10);
    }
  g_assert_cmpint (shared->n_overlaps, ==, 0);
  munmap (shared, sizeof *shared);
}

/* A process that is stopped in there, and then killed, is waited for, and then no longer */
static void
test_stopped (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoSqliteTurnstile) turnstile = NULL;
  int ready[2];
  int status;
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe (ready), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      ChihuoSqliteTurnstile *mine = make_turnstile (self);

      if (!chihuo_sqlite_turnstile_enter (mine, 0) || write (ready[1], "!", 1) != 1)
        _exit (1);
      raise (SIGSTOP);
      _exit (0);
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (waitpid (pid, &status, WUNTRACED), ==, pid);
  g_assert_true (WIFSTOPPED (status));

  turnstile = make_turnstile (self);
  g_assert_false (chihuo_sqlite_turnstile_enter (turnstile, 50000));
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (chihuo_sqlite_turnstile_enter (turnstile, 30 * G_USEC_PER_SEC));
  chihuo_sqlite_turnstile_leave (turnstile);
  close (ready[0]);
  close (ready[1]);
}

static void
test_bytes (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  int a = chihuo_sqlite_lock_open (self->path, &error);
  int b = chihuo_sqlite_lock_open (self->path, &error);
  int c = chihuo_sqlite_lock_open (self->path, &error);

  g_assert_no_error (error);
  g_assert_true (chihuo_sqlite_lock_try (a, 2000));
  g_assert_true (chihuo_sqlite_lock_try (b, 2001));
  g_assert_false (chihuo_sqlite_lock_try (b, 2000));
  g_assert_true (chihuo_sqlite_lock_is_held (b, 2000));
  g_assert_false (chihuo_sqlite_lock_is_held (b, 2002));

  /* Another descriptor of the same file is closed: POSIX locks would be gone now */
  chihuo_sqlite_lock_close (c);
  g_assert_true (chihuo_sqlite_lock_is_held (b, 2000));
  chihuo_sqlite_lock_close (a);
  g_assert_false (chihuo_sqlite_lock_is_held (b, 2000));
  chihuo_sqlite_lock_close (b);
}

static void
test_no_file (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->folder, "no", "lock", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_sqlite_turnstile_new (path, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/sqlite-turnstile/" path, Fixture, NULL, folder_set_up, function, fixture_tear_down)
  TEST ("fair", test_fair);
  TEST ("stopped", test_stopped);
  TEST ("two", test_two);
  TEST ("impatient", test_impatient);
  TEST ("bytes", test_bytes);
  TEST ("no-file", test_no_file);

  return g_test_run ();
}
