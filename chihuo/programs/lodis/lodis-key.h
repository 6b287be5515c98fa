/* lodis-key.h - where in the store a structure has its parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-frame.h"

G_BEGIN_DECLS

/* The first byte of a key. A structure's head is found by its kind and name; all else that it has lies
 * under a number that no other structure ever gets, so that what is left of a removed one is never in
 * the way of a new one of its name. */
#define LODIS_KEY_META 0
#define LODIS_KEY_HEAD 1
#define LODIS_KEY_PART 2
#define LODIS_KEY_GARBAGE 3

/* The parts; in a key the byte behind the structure's number */
typedef enum
{
  LODIS_PART_ITEM = 1,  /* + position: an element */
  LODIS_PART_INDEX = 2, /* + key: the position of an array-map's element */
  LODIS_PART_HOLE = 3,  /* + first position without an element: the last one */
  LODIS_PART_EDGE = 4,  /* + last position without an element: the first one */
  LODIS_PART_FIELD = 5, /* + field: a map's value */
} LodisPart;

#define LODIS_PART_PREFIX 10

GByteArray *lodis_key_new_meta    (const char *name);
GByteArray *lodis_key_new_head    (char        kind,
                                   LodisSpan   name);
GByteArray *lodis_key_new_part    (guint64     id,
                                   LodisPart   part,
                                   LodisSpan   rest);
GByteArray *lodis_key_new_number  (guint64     id,
                                   LodisPart   part,
                                   guint64     number);
GByteArray *lodis_key_new_all     (guint64     id);
GByteArray *lodis_key_new_garbage (guint64     id);

G_END_DECLS
