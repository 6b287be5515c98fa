/* lodis-structure.h - the head of a list, a map or an array-map
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-store.h"

G_BEGIN_DECLS

/* The letters with which their commands begin */
#define LODIS_KIND_LIST 'l'
#define LODIS_KIND_MAP 'h'
#define LODIS_KIND_ARRAY 'a'

/* One that does not exist has no elements, and gets a number with its first one */
typedef struct
{
  LodisStore *store;   /* unowned */
  char        kind;
  GBytes     *name;    /* (owned) */
  guint64     id;      /* 0: it does not exist */
  guint64     count;   /* of elements, or of fields */
  guint64     head;    /* position of the first element */
  guint64     tail;    /* behind that of the last one */
  guint64     n_holes; /* between elements */
  gboolean    changed;
} LodisStructure;

LodisStructure *lodis_structure_load   (LodisStore     *store,
                                        char            kind,
                                        LodisSpan       name,
                                        GError        **error);
void            lodis_structure_free   (LodisStructure *self);
void            lodis_structure_begin  (LodisStructure *self);
void            lodis_structure_save   (LodisStructure *self);
void            lodis_structure_remove (LodisStructure *self);
guint32         lodis_structure_get_length (LodisStructure *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisStructure, lodis_structure_free)

G_END_DECLS
