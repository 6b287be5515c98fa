/* lodis-gaps.c - remembers where in a map nothing is left
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-gaps.h"

/* Who uses a map as a queue reads its first fields and deletes them, again and again. RocksDB finds
 * the first field behind all the deleted ones only by walking over them. So what a read has found is
 * kept in here: no field lies between `after` and `first`. The next read begins at `first`, and walks
 * over each deleted field once. It is only a memory: without it the answers are the same. */

#define MAX_GAPS 16
#define MAX_MAPS 1024
#define MAX_LENGTH 1024

typedef struct
{
  GBytes *after; /* (owned) */
  GBytes *first; /* (owned) */
} Gap;

struct _LodisGaps
{
  GHashTable *maps; /* (owned): the map's id → GArray of Gap, the oldest first */
};

static void
gap_clear (gpointer data)
{
  Gap *gap = data;

  g_bytes_unref (gap->after);
  g_bytes_unref (gap->first);
}

static LodisSpan
get_span (GBytes *bytes)
{
  LodisSpan span;

  span.data = g_bytes_get_data (bytes, &span.length);
  return span;
}

/* As memcmp() of the shorter length; of two that begin alike the shorter is first */
int
lodis_span_compare (LodisSpan a, LodisSpan b)
{
  gsize common = MIN (a.length, b.length);
  int order = common == 0 ? 0 : memcmp (a.data, b.data, common);

  if (order != 0)
    return order;

  return a.length < b.length ? -1 : a.length > b.length;
}

LodisGaps *
lodis_gaps_new (void)
{
  LodisGaps *self = g_new0 (LodisGaps, 1);

  self->maps = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                      (GDestroyNotify) g_array_unref);
  return self;
}

void
lodis_gaps_free (LodisGaps *self)
{
  g_hash_table_unref (self->maps);
  g_free (self);
}

void
lodis_gaps_clear (LodisGaps *self)
{
  g_hash_table_remove_all (self->maps);
}

static GArray *
add_map (LodisGaps *self, guint64 map)
{
  GArray *gaps = g_hash_table_lookup (self->maps, &map);

  if (gaps != NULL)
    return gaps;

  if (g_hash_table_size (self->maps) >= MAX_MAPS)
    lodis_gaps_clear (self);
  gaps = g_array_new (FALSE, FALSE, sizeof (Gap));
  g_array_set_clear_func (gaps, gap_clear);
  g_hash_table_insert (self->maps, g_memdup2 (&map, sizeof map), gaps);

  return gaps;
}

static Gap *
find (GArray *gaps, LodisSpan after)
{
  for (guint i = 0; gaps != NULL && i < gaps->len; i++)
    {
      Gap *gap = &g_array_index (gaps, Gap, i);

      if (lodis_span_compare (get_span (gap->after), after) <= 0
          && lodis_span_compare (after, get_span (gap->first)) < 0)
        return gap;
    }

  return NULL;
}

/* The field at which a read of what comes after `after` may begin, itself included; empty if nothing
 * is known. Valid until the next change. */
LodisSpan
lodis_gaps_skip (LodisGaps *self, guint64 map, LodisSpan after)
{
  Gap *gap = find (g_hash_table_lookup (self->maps, &map), after);

  return gap != NULL ? get_span (gap->first) : (LodisSpan) { NULL, 0 };
}

/* A read has found: after `after` and before `first` there is no field */
void
lodis_gaps_learn (LodisGaps *self, guint64 map, LodisSpan after, LodisSpan first)
{
  GArray *gaps;
  Gap *known;
  Gap gap;

  if (after.length > MAX_LENGTH || first.length > MAX_LENGTH || lodis_span_compare (after, first) >= 0)
    return;

  gaps = add_map (self, map);
  known = find (gaps, after);
  if (known != NULL)
    {
      if (lodis_span_compare (get_span (known->first), first) < 0)
        {
          g_bytes_unref (known->first);
          known->first = g_bytes_new (first.data, first.length);
        }
      return;
    }

  if (gaps->len >= MAX_GAPS)
    g_array_remove_index (gaps, 0);
  gap.after = g_bytes_new (after.data, after.length);
  gap.first = g_bytes_new (first.data, first.length);
  g_array_append_val (gaps, gap);
}

/* A field is put into the map */
void
lodis_gaps_insert (LodisGaps *self, guint64 map, LodisSpan field)
{
  GArray *gaps = g_hash_table_lookup (self->maps, &map);

  for (guint i = 0; gaps != NULL && i < gaps->len; i++)
    {
      Gap *gap = &g_array_index (gaps, Gap, i);

      if (lodis_span_compare (get_span (gap->after), field) < 0
          && lodis_span_compare (field, get_span (gap->first)) < 0)
        {
          g_bytes_unref (gap->first);
          gap->first = g_bytes_new (field.data, field.length);
        }
    }
}

/* The map is gone */
void
lodis_gaps_forget (LodisGaps *self, guint64 map)
{
  g_hash_table_remove (self->maps, &map);
}
