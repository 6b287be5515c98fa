/* chihuo-runner.h - joins an engine to its store and to what runs the tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-engine.h"
#include "chihuo-store.h"
#include "chihuo-task-private.h"

G_BEGIN_DECLS

typedef struct _ChihuoRunner ChihuoRunner;

typedef enum
{
  CHIHUO_FINISHING_NOT_HERE, /* no run of the id in this process */
  CHIHUO_FINISHING_RECORDED, /* it goes out with the run's settle */
  CHIHUO_FINISHING_STALE,    /* the run has lost its lease */
} ChihuoFinishing;

/* For the queue: marking an id that runs in this process. `client` is one of the store's clients */
ChihuoFinishing chihuo_runner_record_finish (ChihuoStoreClient *client,
                                             ChihuoPayload     *id,
                                             gboolean           finish);
gboolean        chihuo_runner_has_finish    (ChihuoStoreClient *client,
                                             ChihuoPayload     *id);

G_END_DECLS
