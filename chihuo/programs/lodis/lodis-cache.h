/* lodis-cache.h - what the store has under a key, without asking it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-frame.h"

G_BEGIN_DECLS

typedef struct _LodisCache LodisCache;

/* value: (nullable): NULL = it was deleted */
typedef void (* LodisCacheFunc) (LodisSpan        key,
                                 const LodisSpan *value,
                                 gpointer         data);

LodisCache *lodis_cache_new         (void);
void        lodis_cache_free        (LodisCache      *self);
gboolean    lodis_cache_get         (LodisCache      *self,
                                     LodisSpan        key,
                                     LodisSpan       *value,
                                     gboolean        *is_there);
void        lodis_cache_learn       (LodisCache      *self,
                                     LodisSpan        key,
                                     const LodisSpan *value);
void        lodis_cache_write       (LodisCache      *self,
                                     LodisSpan        key,
                                     const LodisSpan *value);
gboolean    lodis_cache_is_written  (LodisCache      *self);
void        lodis_cache_for_written (LodisCache      *self,
                                     LodisCacheFunc   func,
                                     gpointer         data);
void        lodis_cache_commit      (LodisCache      *self);
void        lodis_cache_discard     (LodisCache      *self);
void        lodis_cache_clear       (LodisCache      *self);

G_END_DECLS
