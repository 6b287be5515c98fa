/* lodis-key.c - where in the store a structure has its parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-key.h"

static GByteArray *
new_key (guint8 first, gsize length)
{
  GByteArray *key = g_byte_array_sized_new (length);

  lodis_reply_add_byte (key, first);
  return key;
}

GByteArray *
lodis_key_new_meta (const char *name)
{
  GByteArray *key = new_key (LODIS_KEY_META, 16);

  lodis_reply_add_bytes (key, (LodisSpan) { (const guint8 *) name, strlen (name) });
  return key;
}

GByteArray *
lodis_key_new_head (char kind, LodisSpan name)
{
  GByteArray *key = new_key (LODIS_KEY_HEAD, name.length + 2);

  lodis_reply_add_byte (key, kind);
  lodis_reply_add_bytes (key, name);
  return key;
}

GByteArray *
lodis_key_new_part (guint64 id, LodisPart part, LodisSpan rest)
{
  GByteArray *key = new_key (LODIS_KEY_PART, LODIS_PART_PREFIX + rest.length);

  lodis_reply_add_u64 (key, id);
  lodis_reply_add_byte (key, part);
  lodis_reply_add_bytes (key, rest);
  return key;
}

GByteArray *
lodis_key_new_number (guint64 id, LodisPart part, guint64 number)
{
  guint64 bytes = GUINT64_TO_BE (number);

  return lodis_key_new_part (id, part, (LodisSpan) { (const guint8 *) &bytes, sizeof bytes });
}

/* What begins all parts of a structure; the same of id + 1 is where they end */
GByteArray *
lodis_key_new_all (guint64 id)
{
  GByteArray *key = new_key (LODIS_KEY_PART, 9);

  lodis_reply_add_u64 (key, id);
  return key;
}

GByteArray *
lodis_key_new_garbage (guint64 id)
{
  GByteArray *key = new_key (LODIS_KEY_GARBAGE, 9);

  lodis_reply_add_u64 (key, id);
  return key;
}
