/* chihuo-fork.c - what must not live on in a forked child
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <pthread.h>
#include <unistd.h>

#include "chihuo-fork.h"

/* A lock on an open file description belongs to the child of a fork, too, and would outlive a
 * killed parent: its tasks would look as if somebody still ran them. So the child closes its
 * copies, and whatever it had of the library is closed for it. close() is all it does: nothing else
 * is safe between fork and exec. */

static GMutex fds_mutex;
static GArray *fds;   /* (element-type int) (owned) (nullable) */
static guint n_holds; /* what lives in threads, which a child has not got */
static gboolean is_child;

static void
before_fork_cb (void)
{
  g_mutex_lock (&fds_mutex);
}

static void
after_fork_in_parent_cb (void)
{
  g_mutex_unlock (&fds_mutex);
}

static void
after_fork_in_child_cb (void)
{
  if (fds->len > 0 || n_holds > 0)
    is_child = TRUE;

  for (guint i = 0; i < fds->len; i++)
    close (g_array_index (fds, int, i));
  fds->len = 0;
  n_holds = 0;

  g_mutex_unlock (&fds_mutex);
}

static void
ensure_handlers_locked (void)
{
  if (fds != NULL)
    return;

  fds = g_array_new (FALSE, FALSE, sizeof (int));
  pthread_atfork (before_fork_cb, after_fork_in_parent_cb, after_fork_in_child_cb);
}

/*
 * chihuo_fork_add_fd:
 * @fd: a file descriptor
 *
 * Has a file descriptor closed in children that are forked from now on.
 */
void
chihuo_fork_add_fd (int fd)
{
  g_mutex_lock (&fds_mutex);
  ensure_handlers_locked ();
  g_array_append_val (fds, fd);
  g_mutex_unlock (&fds_mutex);
}

/*
 * chihuo_fork_remove_fd:
 * @fd: a file descriptor
 *
 * Takes chihuo_fork_add_fd() back. To be called before @fd is closed.
 */
void
chihuo_fork_remove_fd (int fd)
{
  g_mutex_lock (&fds_mutex);
  for (guint i = 0; fds != NULL && i < fds->len; i++)
    {
      if (g_array_index (fds, int, i) == fd)
        {
          g_array_remove_index_fast (fds, i);
          break;
        }
    }
  g_mutex_unlock (&fds_mutex);
}

/*
 * chihuo_fork_hold:
 *
 * Says that there is something now whose thread children will not have.
 */
void
chihuo_fork_hold (void)
{
  g_mutex_lock (&fds_mutex);
  ensure_handlers_locked ();
  n_holds++;
  g_mutex_unlock (&fds_mutex);
}

/*
 * chihuo_fork_release:
 *
 * Takes chihuo_fork_hold() back.
 */
void
chihuo_fork_release (void)
{
  g_mutex_lock (&fds_mutex);
  n_holds--;
  g_mutex_unlock (&fds_mutex);
}

/*
 * chihuo_fork_is_child:
 *
 * Gets whether this process was forked off while something of the library was
 * open. What was open then cannot be used in here.
 *
 * Returns: whether it was
 */
gboolean
chihuo_fork_is_child (void)
{
  return is_child;
}
