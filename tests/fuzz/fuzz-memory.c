/* fuzz-memory.c - memory for SQLite, cheap, and watched by the sanitizer all the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sanitizer/asan_interface.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz-memory.h"

/* SQLite itself is not instrumented, and allocates so much that the sanitizer's own allocator takes
 * half of the time. Blocks are powers of two, from a list for each; what is not given out is
 * poisoned, so code of ours that reads or writes beyond a value is seen. */

#define ARENA_SIZE ((gsize) 512 << 20)
#define N_CLASSES 28 /* up to 128 MiB */

typedef struct _Block Block;

struct _Block
{
  guint32  class;
  guint32  size;
  Block   *next; /* while it is free */
};

static char *arena;
static gsize used;
static Block *lists[N_CLASSES];
static guint n_given;

#define UNWATCHED __attribute__ ((no_sanitize_address))

UNWATCHED static void *
memory_allocate (int n)
{
  guint32 size = (n + 7) & ~7;
  guint32 class = g_bit_storage (size + sizeof (Block) - 1);
  Block *block = lists[class];

  if (block != NULL)
    lists[class] = block->next;
  else if (used + ((gsize) 1 << class) > ARENA_SIZE)
    return NULL;
  else
    {
      block = (Block *) (arena + used);
      used += (gsize) 1 << class;
    }
  block->class = class;
  block->size = size;
  n_given++;
  ASAN_UNPOISON_MEMORY_REGION (block + 1, size);

  return block + 1;
}

UNWATCHED static void
memory_free (void *data)
{
  Block *block = (Block *) data - 1;

  ASAN_POISON_MEMORY_REGION (data, block->size);
  block->next = lists[block->class];
  lists[block->class] = block;
  n_given--;
}

UNWATCHED static int
memory_get_size (void *data)
{
  return data != NULL ? ((Block *) data - 1)->size : 0;
}

static void *
memory_reallocate (void *data, int n)
{
  int size = memory_get_size (data);
  void *other;

  if (n <= size && n > size / 2)
    return data;

  other = memory_allocate (n);
  if (other != NULL)
    {
      memcpy (other, data, MIN (n, size));
      memory_free (data);
    }
  return other;
}

static int
memory_round_up (int n)
{
  return (n + 7) & ~7;
}

static int
memory_init (void *data)
{
  return SQLITE_OK;
}

static void
memory_shutdown (void *data)
{
}

/* Before SQLite is used, and by one thread only */
void
fuzz_memory_install (void)
{
  static const sqlite3_mem_methods methods
    = { memory_allocate, memory_free, memory_reallocate, memory_get_size,
        memory_round_up, memory_init, memory_shutdown, NULL };

  arena = mmap (NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  g_assert_true (arena != MAP_FAILED);
  ASAN_POISON_MEMORY_REGION (arena, ARENA_SIZE);
  sqlite3_config (SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config (SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config (SQLITE_CONFIG_MALLOC, &methods);
}

/* How many blocks are given out: whoever is done leaves as many as there were */
guint
fuzz_memory_count (void)
{
  return n_given;
}
