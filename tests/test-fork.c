/* test-fork.c - what must not live on in a forked child
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chihuo-fork.h"

static gboolean
is_open (int fd)
{
  return fcntl (fd, F_GETFD) >= 0;
}

/* What a forked child says of itself */
static int
ask_child (int fd)
{
  int status;
  pid_t pid = fork ();

  if (pid == 0)
    _exit ((is_open (fd) ? 1 : 0) + (chihuo_fork_is_child () ? 2 : 0));

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_child (void)
{
  int fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ask_child (fd), ==, 1);
  chihuo_fork_add_fd (fd);
  g_assert_cmpint (ask_child (fd), ==, 2);
  g_assert_true (is_open (fd));
  g_assert_false (chihuo_fork_is_child ());
  chihuo_fork_remove_fd (fd);
  chihuo_fork_remove_fd (fd);
  g_assert_cmpint (ask_child (fd), ==, 1);
  close (fd);
}

/* What lives in threads is not there in a child */
static void
test_hold (void)
{
  chihuo_fork_hold ();
  chihuo_fork_hold ();
  chihuo_fork_release ();
  g_assert_cmpint (ask_child (-1), ==, 2);
  g_assert_false (chihuo_fork_is_child ());
  chihuo_fork_release ();
  g_assert_cmpint (ask_child (-1), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fork/child", test_child);
  g_test_add_func ("/fork/hold", test_hold);

  return g_test_run ();
}
