/* shifted-clock.c - the wall clock of a program that was told another time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LD_PRELOAD=libshifted-clock.so SHIFTED_CLOCK=FILE redis-server …
 *
 * FILE holds a number of 8 bytes: by how many seconds the program's wall clock is wrong. It may change at any
 * time. libfaketime does the same for most programs; jemalloc, which Redis brings along, asks for the time
 * before it can be set up. Nothing here allocates, and the kernel is asked directly.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t right_time = 0;
static const volatile int64_t *shift = &right_time;

__attribute__ ((constructor)) static void
find_shift (void)
{
  const char *path = getenv ("SHIFTED_CLOCK");
  int fd = path != NULL ? open (path, O_RDONLY | O_CLOEXEC) : -1;
  void *map = fd >= 0 ? mmap (NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

  if (map != MAP_FAILED)
    shift = map;
  if (fd >= 0)
    close (fd);
}

__attribute__ ((visibility ("default"))) int
clock_gettime (clockid_t clock, struct timespec *value)
{
  int status = syscall (SYS_clock_gettime, clock, value);

  if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    value->tv_sec += *shift;

  return status;
}

__attribute__ ((visibility ("default"))) int
gettimeofday (struct timeval *restrict value, void *restrict zone)
{
  struct timespec now;

  if (clock_gettime (CLOCK_REALTIME, &now) != 0)
    return -1;

  value->tv_sec = now.tv_sec;
  value->tv_usec = now.tv_nsec / 1000;

  return 0;
}

__attribute__ ((visibility ("default"))) time_t
time (time_t *value)
{
  struct timespec now = { 0 };

  clock_gettime (CLOCK_REALTIME, &now);
  if (value != NULL)
    *value = now.tv_sec;

  return now.tv_sec;
}
