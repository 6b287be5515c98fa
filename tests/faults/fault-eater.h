/* fault-eater.h - a loop that counts what it eats
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-loop.h"

#define FAULT_TYPE_EATER (fault_eater_get_type ())

G_DECLARE_FINAL_TYPE (FaultEater, fault_eater, FAULT, EATER, ChihuoLoop)

FaultEater *fault_eater_new      (const char *path);
guint       fault_eater_get_runs (FaultEater *self,
                                  const char *id);
guint       fault_eater_get_all  (FaultEater *self);
