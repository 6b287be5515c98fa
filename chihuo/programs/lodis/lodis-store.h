/* lodis-store.h - keys and values on the disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-frame.h"

G_BEGIN_DECLS

typedef struct _LodisStore LodisStore;
typedef struct _LodisScan LodisScan;

/* When what was written is on the disk for good */
typedef enum
{
  LODIS_SYNC_ALWAYS,   /* before it is answered */
  LODIS_SYNC_INTERVAL, /* within a second */
  LODIS_SYNC_NONE,     /* when the kernel likes to */
} LodisSync;

/* What a read has found; without data if there is nothing */
typedef struct
{
  char    *data;    /* (owned) (nullable) */
  gsize    length;
  gboolean is_copy; /* not RocksDB's */
} LodisValue;

LodisStore *lodis_store_open        (const char       *path,
                                     LodisSync         sync,
                                     GError          **error);
void        lodis_store_close       (LodisStore       *self);

gboolean    lodis_store_get         (LodisStore       *self,
                                     LodisSpan         key,
                                     LodisValue       *value,
                                     GError          **error);
void        lodis_store_put         (LodisStore       *self,
                                     LodisSpan         key,
                                     LodisSpan         value);
void        lodis_store_delete      (LodisStore       *self,
                                     LodisSpan         key);
guint64     lodis_store_take_id     (LodisStore       *self);
void        lodis_store_abandon     (LodisStore       *self,
                                     guint64           id);
gboolean    lodis_store_is_writing  (LodisStore       *self);
gboolean    lodis_store_commit      (LodisStore       *self,
                                     GError          **error);
void        lodis_store_discard     (LodisStore       *self);
gboolean    lodis_store_needs_sync  (LodisStore       *self);
gboolean    lodis_store_sync        (LodisStore       *self,
                                     GError          **error);
gboolean    lodis_store_tick        (LodisStore       *self,
                                     GError          **error);
gint64      lodis_store_get_clock   (LodisStore       *self);
void        lodis_store_put_clock   (LodisStore       *self);

LodisScan  *lodis_scan_new          (LodisStore       *store,
                                     LodisSpan         lower,
                                     LodisSpan         upper);
void        lodis_scan_free         (LodisScan        *self);
void        lodis_scan_seek         (LodisScan        *self,
                                     LodisSpan         key);
void        lodis_scan_next         (LodisScan        *self);
gboolean    lodis_scan_get          (LodisScan        *self,
                                     LodisSpan        *key,
                                     LodisSpan        *value);
gboolean    lodis_scan_check        (LodisScan        *self,
                                     GError          **error);

void        lodis_value_clear       (LodisValue       *value);
LodisSpan   lodis_value_span        (const LodisValue *value);

static inline LodisSpan
lodis_span_of (const GByteArray *bytes)
{
  return (LodisSpan) { bytes->data, bytes->len };
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisStore, lodis_store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisScan, lodis_scan_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LodisValue, lodis_value_clear)

G_END_DECLS
