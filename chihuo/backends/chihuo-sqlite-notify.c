/* chihuo-sqlite-notify.c - wakes other processes, and is woken by them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-sqlite-notify.h"

/* Whoever has stored something that others may claim writes a byte to a file beside the database,
 * and whoever waits watches that file: nobody polls. It is a file of its own, because opening the
 * database itself would drop SQLite's locks on it.
 *
 * All touches happen while the turnstile is held. So between looking whether somebody else has
 * touched the file and touching it no other touch can slip in, and what we did ourselves is taken
 * out of the queue of events again: one's own adds wake nobody here. */

/* Without a reason to hurry, one touch in that time is enough: those who can take more tasks than
 * they got come back by themselves */
#define TOUCH_INTERVAL (2 * G_TIME_SPAN_MILLISECOND)

struct _ChihuoSqliteNotify
{
  gatomicrefcount ref_count; /* the backend's and the source's */
  int             inotify;   /* -1: the kernel has none left for us */
  int             watch;     /* -1: nothing is watched */
  int             file;      /* the touch file; -1 = closed */
  gint64          touched;   /* when: monotonic µs */
};

typedef struct
{
  GSource             source;
  ChihuoSqliteNotify *notify; /* (owned) */
  gpointer            tag;    /* of the descriptor; NULL if there is none */
} Source;

static void
drain (ChihuoSqliteNotify *self)
{
  char events[4096];

  while (read (self->inotify, events, sizeof events) > 0)
    continue;
}

static gboolean
has_events (ChihuoSqliteNotify *self)
{
  struct pollfd poll_fd = { .fd = self->inotify, .events = POLLIN };

  return poll (&poll_fd, 1, 0) > 0;
}

/*
 * chihuo_sqlite_notify_new:
 *
 * Creates something that watches nothing yet.
 *
 * Returns: (transfer full): it
 */
ChihuoSqliteNotify *
chihuo_sqlite_notify_new (void)
{
  ChihuoSqliteNotify *self = g_new0 (ChihuoSqliteNotify, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->inotify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  self->watch = -1;
  self->file = -1;
  if (self->inotify < 0)
    g_message ("sqlite: no inotify (%s): tasks that others add are found later",
               g_strerror (errno));

  return self;
}

/*
 * chihuo_sqlite_notify_unref:
 * @self: (transfer full): something that is closed
 *
 * Gives a reference back.
 */
void
chihuo_sqlite_notify_unref (ChihuoSqliteNotify *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->inotify >= 0)
    close (self->inotify);
  g_free (self);
}

/*
 * chihuo_sqlite_notify_open:
 * @self: something that is closed
 * @touch_path: the touch file; created if it is missing
 * @error: return location for %CHIHUO_ERROR_BACKEND
 *
 * Watches the touch file.
 *
 * Returns: whether it could be opened
 */
gboolean
chihuo_sqlite_notify_open (ChihuoSqliteNotify *self, const char *touch_path, GError **error)
{
  self->file = open (touch_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->file < 0)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND,
                   "%s: cannot open the file that wakes others: %s", touch_path,
                   g_strerror (errno));
      return FALSE;
    }

  if (self->inotify >= 0)
    self->watch = inotify_add_watch (self->inotify, touch_path, IN_MODIFY);

  return TRUE;
}

/*
 * chihuo_sqlite_notify_close:
 * @self: something
 *
 * Watches nothing any more. The source stays, and is silent.
 */
void
chihuo_sqlite_notify_close (ChihuoSqliteNotify *self)
{
  if (self->watch >= 0)
    inotify_rm_watch (self->inotify, self->watch);
  self->watch = -1;
  if (self->file >= 0)
    close (self->file);
  self->file = -1;
}

/*
 * chihuo_sqlite_notify_touch:
 * @self: something that is open, while the turnstile is held
 * @urgent: whether somebody may be asleep who would not come back by himself
 *
 * Wakes the others.
 */
void
chihuo_sqlite_notify_touch (ChihuoSqliteNotify *self, gboolean urgent)
{
  gint64 now = g_get_monotonic_time ();
  gboolean is_woken;

  if (!urgent && now - self->touched < TOUCH_INTERVAL)
    return;

  self->touched = now;
  is_woken = self->watch >= 0 && has_events (self);
  if (pwrite (self->file, "!", 1, 0) != 1)
    g_message ("sqlite: cannot wake others: %s", g_strerror (errno));
  if (self->watch >= 0 && !is_woken)
    drain (self);
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Source *self = (Source *) source;

  drain (self->notify);
  return callback != NULL ? callback (data) : G_SOURCE_CONTINUE;
}

static gboolean
source_check (GSource *source)
{
  Source *self = (Source *) source;

  return (g_source_query_unix_fd (source, self->tag) & G_IO_IN) != 0;
}

static void
source_finalize (GSource *source)
{
  Source *self = (Source *) source;

  g_clear_pointer (&self->notify, chihuo_sqlite_notify_unref);
}

static GSourceFuncs source_funcs = {
  .check = source_check,
  .dispatch = source_dispatch,
  .finalize = source_finalize,
};

/*
 * chihuo_sqlite_notify_create_source:
 * @self: something, open or not
 *
 * Creates the source that is dispatched when somebody else has touched the
 * file.
 *
 * Returns: (transfer full) (nullable): a source, or %NULL without inotify
 */
GSource *
chihuo_sqlite_notify_create_source (ChihuoSqliteNotify *self)
{
  GSource *source;

  if (self->inotify < 0)
    return NULL;

  source = g_source_new (&source_funcs, sizeof (Source));
  g_atomic_ref_count_inc (&self->ref_count);
  ((Source *) source)->notify = self;
  ((Source *) source)->tag = g_source_add_unix_fd (source, self->inotify, G_IO_IN);
  g_source_set_static_name (source, "chihuo-sqlite");

  return source;
}
