/* chihuo-task-life.h - the life of a task as one pure function
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include "chihuo-item.h"
#include "chihuo-record.h"

G_BEGIN_DECLS

/**
 * CHIHUO_ABANDONED_LEASE:
 *
 * How long an abandoned run keeps its lease, in µs.
 *
 * Since: 1.0
 */
#define CHIHUO_ABANDONED_LEASE 1000000

/**
 * CHIHUO_ERROR_MAX_LENGTH:
 *
 * How much of an error's text is kept, in bytes.
 *
 * Since: 1.0
 */
#define CHIHUO_ERROR_MAX_LENGTH 4096

#define CHIHUO_TYPE_PLACE (chihuo_place_get_type ())

/**
 * ChihuoPlace:
 * @CHIHUO_PLACE_KEEP: its place stays as it is
 * @CHIHUO_PLACE_TAIL: give it a new place at the tail
 * @CHIHUO_PLACE_HEAD: give it a new place at the head
 *
 * What a step asks the backend to do with the record's place.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_PLACE_KEEP,
  CHIHUO_PLACE_TAIL,
  CHIHUO_PLACE_HEAD,
} ChihuoPlace;

typedef struct _ChihuoMoment ChihuoMoment;

#ifndef __GI_SCANNER__
/* The time of a step, told by whoever asks, so that a simulation can tell its own */
struct _ChihuoMoment
{
  gint64 now;   /* the store's wall clock, µs since the epoch */
  gint64 lease; /* the store's lease clock, µs: only differences count */
};
#endif

CHIHUO_AVAILABLE_IN_ALL
GType        chihuo_place_get_type (void) G_GNUC_CONST;
CHIHUO_AVAILABLE_IN_ALL
ChihuoAnswer chihuo_task_life_step (ChihuoRecord       *record,
                                    const ChihuoItem   *event,
                                    const ChihuoMoment *moment,
                                    ChihuoPlace        *place);

G_END_DECLS
