/* chihuo-conformance-parts.h - the parts that the conformance suite is made of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-trial.h"

G_BEGIN_DECLS

typedef void (* ChihuoConformanceTest) (const ChihuoConformanceFactory *factory);

/* A test's name and its function, for each part a list that ends with NULL */
/* What a store has to be able to do for a test. One that cannot is not asked, so nothing is skipped */
typedef enum
{
  CHIHUO_CONFORMANCE_NEEDS_NOTHING,
  CHIHUO_CONFORMANCE_NEEDS_SHARE,
  CHIHUO_CONFORMANCE_NEEDS_SPAWN,
} ChihuoConformanceNeeds;

typedef struct
{
  const char            *name;
  ChihuoConformanceTest  func;
  ChihuoConformanceNeeds needs;
} ChihuoConformanceEntry;

extern const ChihuoConformanceEntry chihuo_conformance_life[];
extern const ChihuoConformanceEntry chihuo_conformance_order[];
extern const ChihuoConformanceEntry chihuo_conformance_lists[];
extern const ChihuoConformanceEntry chihuo_conformance_requests[];
extern const ChihuoConformanceEntry chihuo_conformance_workers[];
extern const ChihuoConformanceEntry chihuo_conformance_process[];

int chihuo_conformance_sequences (const ChihuoConformanceFactory *factory,
                                  guint                           first,
                                  guint                           n);
int chihuo_conformance_die       (const ChihuoConformanceFactory *factory,
                                  const char                     *address,
                                  guint                           n);

G_END_DECLS
