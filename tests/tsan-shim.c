/* tsan-shim.c - GLib's locks and reference counts, so that ThreadSanitizer sees them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Debian's GLib is not instrumented and locks with futexes of its own: the sanitizer takes each hand-over for a
 * race. These definitions stand before GLib's in the program, and so for the calls of libgio, too. The lock lies
 * behind the struct's pointer, as in GLib's own fallback. It is made at the first use and freed by the clear
 * function; a static one lives as long as the program. Reports without the shim are not suppressed. */

#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <glib-object.h>

typedef void (* Destroy) (void *lock);

/* Gets what a struct's pointer points to. Two threads may be first at once: one of them wins */
static void *
get (gpointer *slot, void *(* make) (void), Destroy destroy)
{
  void *lock = __atomic_load_n (slot, __ATOMIC_ACQUIRE);
  void *expected = NULL;

  if (lock != NULL)
    return lock;

  lock = make ();
  if (__atomic_compare_exchange_n (slot, &expected, lock, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return lock;

  destroy (lock);
  return expected;
}

static void
drop (gpointer *slot, Destroy destroy)
{
  void *lock = __atomic_exchange_n (slot, NULL, __ATOMIC_ACQ_REL);

  if (lock != NULL)
    destroy (lock);
}

static void
check (int status)
{
  if (status != 0)
    abort ();
}

static void *
make_mutex_of_kind (int kind)
{
  pthread_mutexattr_t attributes;
  pthread_mutex_t *mutex = malloc (sizeof *mutex);

  check (mutex == NULL);
  check (pthread_mutexattr_init (&attributes));
  check (pthread_mutexattr_settype (&attributes, kind));
  check (pthread_mutex_init (mutex, &attributes));
  check (pthread_mutexattr_destroy (&attributes));

  return mutex;
}

static void *
make_mutex (void)
{
  return make_mutex_of_kind (PTHREAD_MUTEX_NORMAL);
}

static void *
make_rec_mutex (void)
{
  return make_mutex_of_kind (PTHREAD_MUTEX_RECURSIVE);
}

static void
destroy_mutex (void *mutex)
{
  pthread_mutex_destroy (mutex);
  free (mutex);
}

static void *
make_cond (void)
{
  pthread_condattr_t attributes;
  pthread_cond_t *cond = malloc (sizeof *cond);

  check (cond == NULL);
  check (pthread_condattr_init (&attributes));
  check (pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC));
  check (pthread_cond_init (cond, &attributes));
  check (pthread_condattr_destroy (&attributes));

  return cond;
}

static void
destroy_cond (void *cond)
{
  pthread_cond_destroy (cond);
  free (cond);
}

static void *
make_rw_lock (void)
{
  pthread_rwlock_t *lock = malloc (sizeof *lock);

  check (lock == NULL);
  check (pthread_rwlock_init (lock, NULL));

  return lock;
}

static void
destroy_rw_lock (void *lock)
{
  pthread_rwlock_destroy (lock);
  free (lock);
}

#define MUTEX(self)     get (&(self)->p, make_mutex, destroy_mutex)
#define REC_MUTEX(self) get (&(self)->p, make_rec_mutex, destroy_mutex)
#define COND(self)      get (&(self)->p, make_cond, destroy_cond)
#define RW_LOCK(self)   get (&(self)->p, make_rw_lock, destroy_rw_lock)

void
g_mutex_init (GMutex *self)
{
  self->p = make_mutex ();
}

void
g_mutex_clear (GMutex *self)
{
  drop (&self->p, destroy_mutex);
}

void
g_mutex_lock (GMutex *self)
{
  check (pthread_mutex_lock (MUTEX (self)));
}

gboolean
g_mutex_trylock (GMutex *self)
{
  return pthread_mutex_trylock (MUTEX (self)) == 0;
}

void
g_mutex_unlock (GMutex *self)
{
  check (pthread_mutex_unlock (MUTEX (self)));
}

void
g_rec_mutex_init (GRecMutex *self)
{
  self->p = make_rec_mutex ();
}

void
g_rec_mutex_clear (GRecMutex *self)
{
  drop (&self->p, destroy_mutex);
}

void
g_rec_mutex_lock (GRecMutex *self)
{
  check (pthread_mutex_lock (REC_MUTEX (self)));
}

gboolean
g_rec_mutex_trylock (GRecMutex *self)
{
  return pthread_mutex_trylock (REC_MUTEX (self)) == 0;
}

void
g_rec_mutex_unlock (GRecMutex *self)
{
  check (pthread_mutex_unlock (REC_MUTEX (self)));
}

void
g_rw_lock_init (GRWLock *self)
{
  self->p = make_rw_lock ();
}

void
g_rw_lock_clear (GRWLock *self)
{
  drop (&self->p, destroy_rw_lock);
}

void
g_rw_lock_writer_lock (GRWLock *self)
{
  check (pthread_rwlock_wrlock (RW_LOCK (self)));
}

gboolean
g_rw_lock_writer_trylock (GRWLock *self)
{
  return pthread_rwlock_trywrlock (RW_LOCK (self)) == 0;
}

void
g_rw_lock_writer_unlock (GRWLock *self)
{
  check (pthread_rwlock_unlock (RW_LOCK (self)));
}

void
g_rw_lock_reader_lock (GRWLock *self)
{
  check (pthread_rwlock_rdlock (RW_LOCK (self)));
}

gboolean
g_rw_lock_reader_trylock (GRWLock *self)
{
  return pthread_rwlock_tryrdlock (RW_LOCK (self)) == 0;
}

void
g_rw_lock_reader_unlock (GRWLock *self)
{
  check (pthread_rwlock_unlock (RW_LOCK (self)));
}

void
g_cond_init (GCond *self)
{
  self->p = make_cond ();
}

void
g_cond_clear (GCond *self)
{
  drop (&self->p, destroy_cond);
}

void
g_cond_wait (GCond *self, GMutex *mutex)
{
  check (pthread_cond_wait (COND (self), MUTEX (mutex)));
}

gboolean
g_cond_wait_until (GCond *self, GMutex *mutex, gint64 end_time)
{
  struct timespec until = {
    .tv_sec = end_time / G_USEC_PER_SEC,
    .tv_nsec = (end_time % G_USEC_PER_SEC) * 1000,
  };
  int status = pthread_cond_timedwait (COND (self), MUTEX (mutex), &until);

  if (status != ETIMEDOUT)
    check (status);
  return status == 0;
}

void
g_cond_signal (GCond *self)
{
  check (pthread_cond_signal (COND (self)));
}

void
g_cond_broadcast (GCond *self)
{
  check (pthread_cond_broadcast (COND (self)));
}

/* The macros of these names check types; the functions are what is called */
void
(g_atomic_ref_count_inc) (gatomicrefcount *count)
{
  __atomic_fetch_add (count, 1, __ATOMIC_RELAXED);
}

gboolean
(g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  return __atomic_fetch_sub (count, 1, __ATOMIC_ACQ_REL) == 1;
}

/* Whoever drops the last reference sees what the others did before: so the count is subtracted from in here, as GLib
 * does it. In this program nobody has toggle references, which would want to be told. */
void
(g_object_unref) (gpointer object)
{
  static void (* unref) (gpointer);
  void (* real) (gpointer) = __atomic_load_n (&unref, __ATOMIC_RELAXED);
  volatile guint *count = &((GObject *) object)->ref_count;
  guint n = __atomic_load_n (count, __ATOMIC_ACQUIRE);

  while (n > 1)
    if (__atomic_compare_exchange_n (count, &n, n - 1, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      return;

  if (real == NULL)
    {
      real = (void (*) (gpointer)) dlsym (RTLD_NEXT, "g_object_unref");
      check (real == NULL);
      __atomic_store_n (&unref, real, __ATOMIC_RELAXED);
    }
  real (object);
}
