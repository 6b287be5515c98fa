/* lodis-wait.h - who wants to know when a structure changes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lodis-frame.h"

G_BEGIN_DECLS

/* The longest time to wait, in ms */
#define LODIS_WAIT_MAX 60000

typedef struct _LodisWaits LodisWaits;

typedef void (* LodisWaitFunc) (guint64  version,
                                gpointer data);

/* What a request to wait says */
typedef struct
{
  guint64 version; /* that its sender knows */
  guint32 ms;
  char    kind;
} LodisWaitTerms;

LodisWaits *lodis_waits_new         (void);
void        lodis_waits_free        (LodisWaits      *self);
gboolean    lodis_waits_parse       (LodisSpan        body,
                                     LodisWaitTerms  *terms,
                                     GError         **error);
guint64     lodis_waits_get_version (LodisWaits      *self,
                                     char             kind,
                                     LodisSpan        name);
void        lodis_waits_add         (LodisWaits      *self,
                                     LodisSpan        name,
                                     const LodisWaitTerms *terms,
                                     LodisWaitFunc    func,
                                     gpointer         data);
void        lodis_waits_ring        (LodisWaits      *self,
                                     char             kind,
                                     GBytes          *name);
gboolean    lodis_waits_is_rung     (LodisWaits      *self);
void        lodis_waits_answer      (LodisWaits      *self);
void        lodis_waits_answer_all  (LodisWaits      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisWaits, lodis_waits_free)

G_END_DECLS
