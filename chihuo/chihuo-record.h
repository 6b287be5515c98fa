/* chihuo-record.h - what a queue knows of one id
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include "chihuo-item.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_RECORD (chihuo_record_get_type ())

typedef struct _ChihuoRecord ChihuoRecord;
typedef struct _ChihuoPending ChihuoPending;

#ifndef __GI_SCANNER__
/* The add that waits for a run's end. All times in µs */
struct _ChihuoPending
{
  ChihuoPayload *payload;   /* (owned) */
  gint64         delay;
  gint64         timeout;
  ChihuoAddFlags flags;
  guint32        max_tries;
  gint8          priority;
};

/* 96 bytes: the memory backend keeps one for each id it knows */
struct _ChihuoRecord
{
  ChihuoPayload *payload;     /* (owned) (nullable): id and info. A backend may leave out what it need not change */
  ChihuoPending *pending;     /* (owned) (nullable): only while the fate is AGAIN */
  char          *error;       /* (owned) (nullable): the last one, ≤ 4 KiB */
  gint64         place;       /* order within the priority; kept while running */
  gint64         when;        /* waiting: since; delayed: due; running: the lease's end; dead: since.
                                 µs since the epoch, but a lease goes by the store's lease clock */
  guint64        token;       /* of the last run */
  const char    *claimant;    /* (not owned) (nullable): while running */
  guint32        request;     /* the claim that got it */
  guint32        timeout;     /* ms; 0 = none */
  guint32        failures;
  guint32        crashes;
  guint32        own_tries;   /* the task's own limit; 0 = as the loop says */
  guint32        max_tries;   /* of this run */
  guint32        max_crashes; /* of this run */
  gint8          priority;
  guint8         state;       /* ChihuoTaskState */
  guint8         fate;        /* ChihuoFate */
  guint8         finished;    /* the mark on the id */
  guint8         cancelled;   /* people want the run to end */
  guint8         abandoned;   /* the reap that follows counts nothing */
};
#endif

CHIHUO_AVAILABLE_IN_ALL
GType         chihuo_record_get_type    (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
ChihuoRecord *chihuo_record_copy        (const ChihuoRecord  *self);
CHIHUO_AVAILABLE_IN_ALL
void          chihuo_record_free        (ChihuoRecord        *self);
CHIHUO_AVAILABLE_IN_ALL
void          chihuo_record_clear       (ChihuoRecord        *self);
CHIHUO_AVAILABLE_IN_ALL
void          chihuo_record_get_key     (const ChihuoRecord  *self,
                                         gint64              *major,
                                         gint64              *minor);
CHIHUO_AVAILABLE_IN_ALL
char         *chihuo_record_dup_cursor  (const ChihuoRecord  *self);
CHIHUO_AVAILABLE_IN_ALL
void          chihuo_record_hand_out    (const ChihuoRecord  *self,
                                         ChihuoItem          *claim);
CHIHUO_AVAILABLE_IN_ALL
gboolean      chihuo_cursor_parse       (const char          *cursor,
                                         gint64              *major,
                                         gint64              *minor,
                                         const char         **id,
                                         GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRecord, chihuo_record_free)

G_END_DECLS
