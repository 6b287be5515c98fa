/* fault-disk.h - what a disk holds after the power was cut
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "fault-vfs.h"

typedef struct _FaultDisk FaultDisk;

/* What becomes of that which was written and not synced */
typedef enum
{
  FAULT_CUT_ALL,  /* it is all there */
  FAULT_CUT_NONE, /* nothing of it is there */
  FAULT_CUT_HALF, /* a random half of its sectors is there */
  FAULT_N_CUTS,
} FaultCut;

FaultDisk *fault_disk_new         (void);
void       fault_disk_free        (FaultDisk        *self);
void       fault_disk_feed        (FaultDisk        *self,
                                   const FaultEvent *event);
gboolean   fault_disk_is_synced   (FaultDisk        *self);
void       fault_disk_write_image (FaultDisk        *self,
                                   FaultCut          cut,
                                   GRand            *random,
                                   const char       *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FaultDisk, fault_disk_free)
