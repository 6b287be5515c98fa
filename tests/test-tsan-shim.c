/* test-tsan-shim.c - the sanitizer's build sees GLib's locks, and still finds a race
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib-object.h>

#define N_THREADS 4
#define N_ROUNDS  5000
#define N_OBJECTS 200

typedef struct
{
  gatomicrefcount  ref_count;
  char            *text;
} Counted;

typedef struct
{
  GMutex    lock;
  GRecMutex rec_lock;
  GRWLock   rw_lock;
  GCond     turn_over;
  guint     turn;    /* whose turn it is; lock */
  guint     locked;  /* lock */
  guint     rec;     /* rec_lock */
  guint     rw;      /* rw_lock */
  guint     bare;    /* guarded by nothing: the race to be found */
  Counted  *counted;
  GObject  *object;
} Shared;

static Shared shared;

static gpointer
count_thread (gpointer data)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_mutex_lock (&shared.lock);
      shared.locked++;
      g_mutex_unlock (&shared.lock);

      g_rec_mutex_lock (&shared.rec_lock);
      g_rec_mutex_lock (&shared.rec_lock);
      shared.rec++;
      g_rec_mutex_unlock (&shared.rec_lock);
      g_rec_mutex_unlock (&shared.rec_lock);

      g_rw_lock_writer_lock (&shared.rw_lock);
      shared.rw++;
      g_rw_lock_writer_unlock (&shared.rw_lock);

      g_rw_lock_reader_lock (&shared.rw_lock);
      g_assert_cmpuint (shared.rw, >, 0);
      g_rw_lock_reader_unlock (&shared.rw_lock);
    }

  return NULL;
}

static gpointer
turn_thread (gpointer data)
{
  guint mine = GPOINTER_TO_UINT (data);

  g_mutex_lock (&shared.lock);
  while (shared.turn != mine)
    g_cond_wait (&shared.turn_over, &shared.lock);
  shared.turn++;
  g_cond_broadcast (&shared.turn_over);
  g_mutex_unlock (&shared.lock);

  return NULL;
}

/* Whoever is last frees what the others have read */
static gpointer
count_down_thread (gpointer data)
{
  Counted *counted = shared.counted;

  g_assert_cmpstr (counted->text, ==, "text");
  if (g_atomic_ref_count_dec (&counted->ref_count))
    {
      g_free (counted->text);
      g_free (counted);
    }

  return NULL;
}

static gpointer
unref_thread (gpointer data)
{
  char *text = g_object_get_data (shared.object, "text");

  g_assert_cmpstr (text, ==, "text");
  g_object_unref (shared.object);

  return NULL;
}

/* Instrumented, as a finalize of ours is: the sanitizer sees what it writes */
static void
wipe (gpointer data)
{
  char *text = data;

  text[0] = '\0';
  g_free (text);
}

static gpointer
race_thread (gpointer data)
{
  shared.bare++;

  return NULL;
}

static void
run_threads (GThreadFunc func)
{
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new (NULL, func, GUINT_TO_POINTER (N_THREADS - 1 - i));
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
test_locks (void)
{
  run_threads (count_thread);

  g_assert_cmpuint (shared.locked, ==, N_THREADS * N_ROUNDS);
  g_assert_cmpuint (shared.rec, ==, N_THREADS * N_ROUNDS);
  g_assert_cmpuint (shared.rw, ==, N_THREADS * N_ROUNDS);
}

static void
test_cond (void)
{
  shared.turn = 0;
  run_threads (turn_thread);

  g_assert_cmpuint (shared.turn, ==, N_THREADS);
}

static void
test_cond_until (void)
{
  g_mutex_lock (&shared.lock);
  g_assert_false (g_cond_wait_until (&shared.turn_over, &shared.lock, g_get_monotonic_time () + 1000));
  g_mutex_unlock (&shared.lock);
}

static void
test_ref_count (void)
{
  shared.counted = g_new (Counted, 1);
  shared.counted->text = g_strdup ("text");
  g_atomic_ref_count_init (&shared.counted->ref_count);
  for (guint i = 1; i < N_THREADS; i++)
    g_atomic_ref_count_inc (&shared.counted->ref_count);

  run_threads (count_down_thread);
}

static void
drop_object (void)
{
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);

  shared.object = object;
  g_object_set_data_full (object, "text", g_strdup ("text"), wipe);
  g_object_add_weak_pointer (object, (gpointer *) &object);
  for (guint i = 1; i < N_THREADS; i++)
    g_object_ref (object);

  run_threads (unref_thread);
  g_assert_null (object);
}

/* Often, since two have to let go at the same moment */
static void
test_object (void)
{
  for (guint i = 0; i < N_OBJECTS; i++)
    drop_object ();
}

/* A sanitizer that sees nothing would pass, too: a real race has to be reported */
static void
test_race_found (void)
{
  if (g_test_subprocess ())
    {
      run_threads (race_thread);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*data race*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tsan-shim/locks", test_locks);
  g_test_add_func ("/tsan-shim/cond", test_cond);
  g_test_add_func ("/tsan-shim/cond-until", test_cond_until);
  g_test_add_func ("/tsan-shim/ref-count", test_ref_count);
  g_test_add_func ("/tsan-shim/object", test_object);
  g_test_add_func ("/tsan-shim/race-found", test_race_found);

  return g_test_run ();
}
