/* chihuo-sqlite-lock.c - bytes of a lock file, as locks between processes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-sqlite-lock.h"

/* The locks belong to the open file description (F_OFD_*), not to the process: so they work between
 * two stores of one process, and closing another descriptor of the file does not drop them. The
 * file is never unlinked, therefore nobody can lock one that has just been replaced. */

static int
control (int fd, int command, short type, gint64 byte, struct flock *lock)
{
  int result;

  *lock = (struct flock) { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
  do
    result = fcntl (fd, command, lock);
  while (result < 0 && errno == EINTR);

  return result;
}

/*
 * chihuo_sqlite_lock_open:
 * @path: the lock file; created if it is missing
 * @error: return location for %CHIHUO_ERROR_BACKEND
 *
 * Opens the lock file for its user alone. Children do not inherit it.
 *
 * Returns: a file descriptor, or -1
 */
int
chihuo_sqlite_lock_open (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    {
      int code = errno;

      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "%s: cannot open the lock file: %s",
                   path, g_strerror (code));
      return -1;
    }

  chihuo_fork_add_fd (fd);
  return fd;
}

/*
 * chihuo_sqlite_lock_close:
 * @fd: what chihuo_sqlite_lock_open() gave
 *
 * Closes the lock file; all locks taken through @fd are released. In a forked
 * child it is closed already.
 */
void
chihuo_sqlite_lock_close (int fd)
{
  if (chihuo_fork_is_child ())
    return;

  chihuo_fork_remove_fd (fd);
  close (fd);
}

/*
 * chihuo_sqlite_lock_try:
 * @fd: the lock file
 * @byte: a byte
 *
 * Locks a byte if nobody else holds it.
 *
 * Returns: whether it is ours now
 */
gboolean
chihuo_sqlite_lock_try (int fd, gint64 byte)
{
  struct flock lock;

  return control (fd, F_OFD_SETLK, F_WRLCK, byte, &lock) == 0;
}

/*
 * chihuo_sqlite_lock_wait:
 * @fd: the lock file
 * @byte: a byte
 *
 * Locks a byte, however long that takes.
 *
 * Returns: %FALSE only if the kernel cannot do it
 */
gboolean
chihuo_sqlite_lock_wait (int fd, gint64 byte)
{
  struct flock lock;

  return control (fd, F_OFD_SETLKW, F_WRLCK, byte, &lock) == 0;
}

/*
 * chihuo_sqlite_lock_release:
 * @fd: the lock file
 * @byte: a byte
 *
 * Releases a byte.
 */
void
chihuo_sqlite_lock_release (int fd, gint64 byte)
{
  struct flock lock;

  control (fd, F_OFD_SETLK, F_UNLCK, byte, &lock);
}

/*
 * chihuo_sqlite_lock_is_held:
 * @fd: the lock file
 * @byte: a byte
 *
 * Looks whether somebody else holds a byte. One's own lock is not seen.
 *
 * Returns: whether it is held; in doubt it is
 */
gboolean
chihuo_sqlite_lock_is_held (int fd, gint64 byte)
{
  struct flock lock;

  if (control (fd, F_OFD_GETLK, F_WRLCK, byte, &lock) < 0)
    return TRUE;
  return lock.l_type != F_UNLCK;
}
