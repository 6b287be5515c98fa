/* lodis-call.c - one request as the commands see it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "lodis-call.h"

static gboolean
is_it (LodisStructure *structure, char kind, LodisSpan name)
{
  LodisSpan other;

  other.data = g_bytes_get_data (structure->name, &other.length);
  return structure->kind == kind && lodis_span_compare (other, name) == 0;
}

/* Loads a structure once for the whole call; NULL if the database fails. Few calls have more than three
 * of them, so they are looked for one by one. */
LodisStructure *
lodis_call_get_structure (LodisCall *self, char kind, LodisSpan name)
{
  LodisStructure *structure;

  for (guint i = 0; i < self->structures->len; i++)
    if (is_it (g_ptr_array_index (self->structures, i), kind, name))
      return g_ptr_array_index (self->structures, i);

  structure = lodis_structure_load (self->store, kind, name, self->error);
  if (structure != NULL)
    g_ptr_array_add (self->structures, structure);

  return structure;
}
