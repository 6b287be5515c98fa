/* chihuo-memory-index.c - finds a record by its id
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-memory-index.h"

/* A hash table like GHashTable, with two differences that count where a million ids are known and
 * none of what belongs to one is in the processor's cache: an id's slot is one place in memory, not
 * two, and it can be asked for before it is needed. A batch asks for all of its slots first, so it waits
 * for memory once instead of for each of its ids.
 *
 * A node stands in the first free slot from the one on that its hash says. What is removed leaves no
 * gap: those behind it move up. */

struct _ChihuoMemorySlot
{
  ChihuoMemoryNode *node; /* (not owned) (nullable): free */
  guint32           hash;
};

#define LEAST_SIZE 16

/* Neighbouring hashes shall not have neighbouring slots: multiplied by the golden ratio they spread */
static gsize
get_home (const ChihuoMemoryIndex *self, guint32 hash)
{
  return ((hash * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 32) & (self->size - 1);
}

static gsize
get_next (const ChihuoMemoryIndex *self, gsize at)
{
  return (at + 1) & (self->size - 1);
}

static void
put (ChihuoMemoryIndex *self, ChihuoMemorySlot slot)
{
  gsize at = get_home (self, slot.hash);

  while (self->slots[at].node != NULL)
    at = get_next (self, at);

  self->slots[at] = slot;
}

static void
resize (ChihuoMemoryIndex *self, gsize size)
{
  g_autofree ChihuoMemorySlot *old = self->slots;
  gsize old_size = self->size;

  self->slots = g_new0 (ChihuoMemorySlot, size);
  self->size = size;
  for (gsize i = 0; i < old_size; i++)
    if (old[i].node != NULL)
      put (self, old[i]);
}

/* The nodes stay */
void
chihuo_memory_index_clear (ChihuoMemoryIndex *self)
{
  g_free (self->slots);
  *self = (ChihuoMemoryIndex) { 0 };
}

/* Asks the processor for the place where an id will be looked for soon */
void
chihuo_memory_index_prefetch (const ChihuoMemoryIndex *self, ChihuoPayload *id)
{
  if (self->size > 0)
    __builtin_prefetch (&self->slots[get_home (self, chihuo_payload_hash (id))]);
}

/* (nullable) */
ChihuoMemoryNode *
chihuo_memory_index_find (const ChihuoMemoryIndex *self, ChihuoPayload *id)
{
  guint32 hash = chihuo_payload_hash (id);

  if (self->size == 0)
    return NULL;

  for (gsize at = get_home (self, hash); self->slots[at].node != NULL; at = get_next (self, at))
    {
      const ChihuoMemorySlot *slot = &self->slots[at];

      if (slot->hash == hash && chihuo_payload_equal (slot->node->record.payload, id))
        return slot->node;
    }

  return NULL;
}

/* The id of the node must not be in the index yet */
void
chihuo_memory_index_add (ChihuoMemoryIndex *self, ChihuoMemoryNode *node)
{
  if (self->n_nodes >= self->size / 4 * 3)
    resize (self, MAX (2 * self->size, LEAST_SIZE));

  put (self, (ChihuoMemorySlot) { node, chihuo_payload_hash (node->record.payload) });
  self->n_nodes++;
}

static gsize
find_slot (const ChihuoMemoryIndex *self, const ChihuoMemoryNode *node)
{
  gsize at = get_home (self, chihuo_payload_hash (node->record.payload));

  while (self->slots[at].node != node)
    {
      g_assert (self->slots[at].node != NULL);
      at = get_next (self, at);
    }

  return at;
}

/* The node must be in the index */
void
chihuo_memory_index_remove (ChihuoMemoryIndex *self, ChihuoMemoryNode *node)
{
  gsize gap = find_slot (self, node);

  for (gsize at = get_next (self, gap); self->slots[at].node != NULL; at = get_next (self, at))
    {
      gsize home = get_home (self, self->slots[at].hash);

      /* whether the gap is on the way from its home to where it stands */
      if (((at - home) & (self->size - 1)) >= ((at - gap) & (self->size - 1)))
        {
          self->slots[gap] = self->slots[at];
          gap = at;
        }
    }
  self->slots[gap] = (ChihuoMemorySlot) { NULL, 0 };
  self->n_nodes--;

  if (self->size > LEAST_SIZE && self->n_nodes < self->size / 8)
    resize (self, self->size / 2);
}

/* Goes through all nodes, in no order: `at` begins with 0, and NULL comes after the last one */
ChihuoMemoryNode *
chihuo_memory_index_next (const ChihuoMemoryIndex *self, gsize *at)
{
  while (*at < self->size)
    {
      ChihuoMemoryNode *node = self->slots[(*at)++].node;

      if (node != NULL)
        return node;
    }

  return NULL;
}
