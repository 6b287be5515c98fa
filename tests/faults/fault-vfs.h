/* fault-vfs.h - a file system for SQLite that keeps a record, and fails when it is told to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

typedef enum
{
  FAULT_FILE_DATABASE,
  FAULT_FILE_LOG,
  FAULT_FILE_JOURNAL,
  FAULT_N_FILES,
} FaultFile;

typedef enum
{
  FAULT_EVENT_CREATE = 1,
  FAULT_EVENT_WRITE,
  FAULT_EVENT_TRUNCATE,
  FAULT_EVENT_DELETE,
  FAULT_EVENT_SYNC,
  FAULT_EVENT_LOST_SYNC, /* it failed: the kernel marks the pages as clean all the same */
  FAULT_EVENT_ASKED,     /* noted by the test: a batch begins, */
  FAULT_EVENT_ANSWERED,  /* and was answered */
} FaultEventKind;

typedef struct
{
  FaultEventKind  kind;
  FaultFile       file;
  gint64          offset;  /* of a write; a truncate's size; delete, sync: is the folder synced? */
  GBytes         *data;    /* (owned) (nullable): of a write */
} FaultEvent;

/* What is to fail: all writes and syncs from the n-th on, until so many have failed; or the answer of
 * the n-th commit, which has been carried out, is lost */
typedef struct
{
  guint    first;     /* 1 = the next one */
  guint    count;     /* G_MAXUINT = until the plan is taken away */
  gboolean at_sync;   /* it begins with the n-th sync */
  gboolean at_commit; /* no write and no sync fails: a commit does, when all of it is on the disk */
  gboolean is_full;   /* ENOSPC, otherwise EIO */
  gboolean then_full; /* EIO first, then ENOSPC */
  gboolean torn;      /* a write that fails has written its first half */
} FaultPlan;

void       fault_vfs_install (void);
void       fault_vfs_record  (gboolean             on);
GPtrArray *fault_vfs_take    (void);
void       fault_vfs_note    (FaultEventKind       kind);
void       fault_vfs_fail    (const FaultPlan     *plan);
guint      fault_vfs_heal    (void);

const char *fault_file_get_suffix (FaultFile file);
