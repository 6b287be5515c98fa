/* chihuo-payload.c - a task's id and info in one immutable allocation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-payload.h"

/**
 * ChihuoPayload:
 *
 * The id of a task and, mostly, its info as JSON text.
 *
 * One allocation with an atomic reference count holds both, so that a task
 * goes from the caller through the batch into the memory backend and back
 * without a copy. It never changes, and may be used from any thread.
 *
 * Since: 1.0
 */
struct _ChihuoPayload
{
  gatomicrefcount ref_count;
  guint32         hash;        /* of the id */
  guint32         id_length;
  guint32         json_length; /* 0: there is only an id */
  char            text[];      /* the id, NUL, the JSON text, NUL */
};

G_DEFINE_BOXED_TYPE (ChihuoPayload, chihuo_payload, chihuo_payload_ref, chihuo_payload_unref)

/* FNV-1a over the id: ids are short, and a multiplication a byte is cheap */
static guint32
hash_bytes (const char *bytes, gsize length)
{
  guint32 hash = 2166136261u;

  for (gsize i = 0; i < length; i++)
    hash = (hash ^ (guchar) bytes[i]) * 16777619u;

  return hash ^ (hash >> 15);
}

/**
 * chihuo_payload_new:
 * @id: the id: its bytes are taken as they are
 * @id_length: the length of @id in bytes, or -1 if it ends with a NUL
 * @json: (nullable): the info as JSON text, or %NULL where only the id matters
 * @json_length: the length of @json in bytes, or -1 if it ends with a NUL
 *
 * Creates a payload. Nothing is checked here: [class@Chihuo.Task] and the
 * queue's calls do that before.
 *
 * Returns: (transfer full): a new payload
 *
 * Since: 1.0
 */
ChihuoPayload *
chihuo_payload_new (const char *id, gssize id_length, const char *json, gssize json_length)
{
  ChihuoPayload *self;

  g_return_val_if_fail (id != NULL, NULL);

  if (id_length < 0)
    id_length = strlen (id);
  if (json == NULL)
    json_length = 0;
  else if (json_length < 0)
    json_length = strlen (json);

  self = g_malloc (sizeof *self + id_length + json_length + 2);
  g_atomic_ref_count_init (&self->ref_count);
  self->hash = hash_bytes (id, id_length);
  self->id_length = id_length;
  self->json_length = json_length;
  memcpy (self->text, id, id_length);
  self->text[id_length] = '\0';
  if (json_length > 0)
    memcpy (self->text + id_length + 1, json, json_length);
  self->text[id_length + 1 + json_length] = '\0';

  return self;
}

/**
 * chihuo_payload_ref:
 * @self: a payload
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
ChihuoPayload *
chihuo_payload_ref (ChihuoPayload *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * chihuo_payload_unref:
 * @self: (transfer full): a payload
 *
 * Gives a reference back; the last one frees it.
 *
 * Since: 1.0
 */
void
chihuo_payload_unref (ChihuoPayload *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

/**
 * chihuo_payload_get_id:
 * @self: a payload
 *
 * Gets the id.
 *
 * Returns: (transfer none): the id, ending with a NUL
 *
 * Since: 1.0
 */
const char *
chihuo_payload_get_id (ChihuoPayload *self)
{
  return self->text;
}

/**
 * chihuo_payload_get_id_length:
 * @self: a payload
 *
 * Gets the length of the id.
 *
 * Returns: the length in bytes
 *
 * Since: 1.0
 */
gsize
chihuo_payload_get_id_length (ChihuoPayload *self)
{
  return self->id_length;
}

/**
 * chihuo_payload_get_json:
 * @self: a payload
 *
 * Gets the info.
 *
 * Returns: (transfer none) (nullable): JSON text, ending with a NUL, or %NULL
 *   where there is only an id
 *
 * Since: 1.0
 */
const char *
chihuo_payload_get_json (ChihuoPayload *self)
{
  return self->json_length > 0 ? self->text + self->id_length + 1 : NULL;
}

/**
 * chihuo_payload_get_json_length:
 * @self: a payload
 *
 * Gets the length of the info.
 *
 * Returns: the length in bytes; 0 where there is only an id
 *
 * Since: 1.0
 */
gsize
chihuo_payload_get_json_length (ChihuoPayload *self)
{
  return self->json_length;
}

/**
 * chihuo_payload_hash:
 * @payload: (type ChihuoPayload): a payload
 *
 * Hashes the id, for a [struct@GLib.HashTable]; the number was computed once.
 *
 * Returns: the hash
 *
 * Since: 1.0
 */
guint
chihuo_payload_hash (gconstpointer payload)
{
  return ((const ChihuoPayload *) payload)->hash;
}

/**
 * chihuo_payload_equal:
 * @a: (type ChihuoPayload): a payload
 * @b: (type ChihuoPayload): another one
 *
 * Compares the ids byte by byte; the infos do not matter.
 *
 * Returns: whether they have the same id
 *
 * Since: 1.0
 */
gboolean
chihuo_payload_equal (gconstpointer a, gconstpointer b)
{
  const ChihuoPayload *x = a;
  const ChihuoPayload *y = b;

  return x->hash == y->hash && x->id_length == y->id_length
         && memcmp (x->text, y->text, x->id_length) == 0;
}
