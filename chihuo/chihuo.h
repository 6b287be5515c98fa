/* chihuo.h - the one header that programs include
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#define CHIHUO_INSIDE

#include "chihuo-backend.h"
#include "chihuo-batch.h"
#include "chihuo-config.h"
#include "chihuo-enums.h"
#include "chihuo-error.h"
#include "chihuo-item.h"
#include "chihuo-loop.h"
#include "chihuo-payload.h"
#include "chihuo-queue.h"
#include "chihuo-record.h"
#include "chihuo-run.h"
#include "chihuo-simple-backend.h"
#include "chihuo-stats.h"
#include "chihuo-task.h"
#include "chihuo-task-life.h"
#include "chihuo-version.h"

#undef CHIHUO_INSIDE
