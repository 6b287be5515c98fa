/* chihuo-sqlite-turnstile.c - lets processes at a database one after the other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-sqlite-lock.h"
#include "chihuo-sqlite-turnstile.h"

/* SQLite's own way of waiting (sleep, look again) starves processes. Two locks do not: who wants in
 * takes `next`, then `main`, then gives `next` back; so whoever has just left cannot come in again
 * before the one who waits.
 *
 * A lock that blocks in the kernel is fair but cannot be timed out, and the holder may be a stopped
 * process. So a helper thread does the waiting, only where there is something to wait for, and the
 * caller waits for the thread. When the caller has lost his patience the thread stays in the queue;
 * it gives the lock back if nobody wants it any more by then. */

typedef enum
{
  STATE_FREE = 1,
  STATE_WANTED, /* the helper is at it */
  STATE_HELD,
  STATE_FAILED, /* the kernel cannot lock */
  STATE_GONE,   /* closed: the helper ends as soon as it can */
} State;

struct _ChihuoSqliteTurnstile
{
  gatomicrefcount ref_count; /* the owner's and the helper's */
  int             fd;
  GMutex          mutex;
  GCond           cond;
  State           state;      /* under the mutex */
  gboolean        is_waiting; /* under the mutex: the owner is in enter() */
  gboolean        has_helper; /* the owner's only */
};

static void
turnstile_unref (ChihuoSqliteTurnstile *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  chihuo_sqlite_lock_close (self->fd);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

static gboolean
wait_in_line (ChihuoSqliteTurnstile *self)
{
  gboolean entered;

  if (!chihuo_sqlite_lock_wait (self->fd, CHIHUO_SQLITE_LOCK_NEXT))
    return FALSE;

  entered = chihuo_sqlite_lock_wait (self->fd, CHIHUO_SQLITE_LOCK_MAIN);
  chihuo_sqlite_lock_release (self->fd, CHIHUO_SQLITE_LOCK_NEXT);

  return entered;
}

/* The helper got what it waited for: it is for whoever still wants it */
static void
hand_over_locked (ChihuoSqliteTurnstile *self, gboolean entered)
{
  if (self->state == STATE_WANTED && !entered)
    self->state = STATE_FAILED;
  else if (self->state == STATE_WANTED && self->is_waiting)
    self->state = STATE_HELD;
  else
    {
      chihuo_sqlite_lock_release (self->fd, CHIHUO_SQLITE_LOCK_MAIN);
      if (self->state == STATE_WANTED)
        self->state = STATE_FREE;
    }
  g_cond_broadcast (&self->cond);
}

static gpointer
helper_cb (gpointer data)
{
  ChihuoSqliteTurnstile *self = data;

  g_mutex_lock (&self->mutex);
  while (self->state != STATE_GONE)
    {
      gboolean entered;

      if (self->state != STATE_WANTED)
        {
          g_cond_wait (&self->cond, &self->mutex);
          continue;
        }

      g_mutex_unlock (&self->mutex);
      entered = wait_in_line (self);
      g_mutex_lock (&self->mutex);
      hand_over_locked (self, entered);
    }
  g_mutex_unlock (&self->mutex);

  turnstile_unref (self);
  return NULL;
}

/* If `next` is free but `main` is not, `next` is kept: the helper goes on from there */
static gboolean
try_to_enter (ChihuoSqliteTurnstile *self)
{
  if (!chihuo_sqlite_lock_try (self->fd, CHIHUO_SQLITE_LOCK_NEXT)
      || !chihuo_sqlite_lock_try (self->fd, CHIHUO_SQLITE_LOCK_MAIN))
    return FALSE;

  chihuo_sqlite_lock_release (self->fd, CHIHUO_SQLITE_LOCK_NEXT);
  return TRUE;
}

static void
ask_helper_locked (ChihuoSqliteTurnstile *self)
{
  self->state = STATE_WANTED;

  if (self->has_helper)
    {
      g_cond_broadcast (&self->cond);
      return;
    }

  g_atomic_ref_count_inc (&self->ref_count);
  self->has_helper = TRUE;
  g_thread_unref (g_thread_new ("chihuo-turnstile", helper_cb, self));
}

/*
 * chihuo_sqlite_turnstile_new:
 * @lock_path: the lock file
 * @error: return location for %CHIHUO_ERROR_BACKEND
 *
 * Creates a turnstile. It is used by one thread at a time.
 *
 * Returns: (transfer full) (nullable): a turnstile
 */
ChihuoSqliteTurnstile *
chihuo_sqlite_turnstile_new (const char *lock_path, GError **error)
{
  ChihuoSqliteTurnstile *self;
  int fd = chihuo_sqlite_lock_open (lock_path, error);

  if (fd < 0)
    return NULL;

  self = g_new0 (ChihuoSqliteTurnstile, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->fd = fd;
  self->state = STATE_FREE;

  return self;
}

/*
 * chihuo_sqlite_turnstile_free:
 * @self: (transfer full): a turnstile that nobody is in
 *
 * Frees the turnstile. A helper that is still stuck behind a stopped process
 * keeps the file until that one goes on.
 */
void
chihuo_sqlite_turnstile_free (ChihuoSqliteTurnstile *self)
{
  g_mutex_lock (&self->mutex);
  g_assert (self->state != STATE_HELD);
  self->state = STATE_GONE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  turnstile_unref (self);
}

/*
 * chihuo_sqlite_turnstile_enter:
 * @self: a turnstile
 * @patience: how long to wait, in µs
 *
 * Goes in, after those who came before.
 *
 * Returns: whether we are in
 */
gboolean
chihuo_sqlite_turnstile_enter (ChihuoSqliteTurnstile *self, gint64 patience)
{
  gint64 deadline;
  gboolean is_in;

  g_mutex_lock (&self->mutex);
  g_assert (self->state != STATE_HELD && self->state != STATE_GONE);

  if (self->state != STATE_WANTED && try_to_enter (self))
    self->state = STATE_HELD;
  else if (self->state != STATE_WANTED)
    ask_helper_locked (self);

  deadline = g_get_monotonic_time () + patience;
  self->is_waiting = TRUE;
  while (self->state == STATE_WANTED)
    if (!g_cond_wait_until (&self->cond, &self->mutex, deadline))
      break;
  self->is_waiting = FALSE;

  is_in = self->state == STATE_HELD;
  g_mutex_unlock (&self->mutex);

  return is_in;
}

/*
 * chihuo_sqlite_turnstile_leave:
 * @self: a turnstile we are in
 *
 * Goes out: the next one may come in.
 */
void
chihuo_sqlite_turnstile_leave (ChihuoSqliteTurnstile *self)
{
  g_mutex_lock (&self->mutex);
  g_assert (self->state == STATE_HELD);
  chihuo_sqlite_lock_release (self->fd, CHIHUO_SQLITE_LOCK_MAIN);
  self->state = STATE_FREE;
  g_mutex_unlock (&self->mutex);
}
