/* fault-scene.h - work on a database, and what must be in it after each answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-sqlite-backend.h"

#define FAULT_N_IDS 200

typedef struct _FaultScene FaultScene;

/* Where an id stands: one letter of a text that has FAULT_N_IDS of them */
typedef enum
{
  FAULT_ABSENT = '.',
  FAULT_WAITING = 'w',
  FAULT_RUNNING = 'r',
  FAULT_FINISHED = 'f',
} FaultState;

struct _FaultScene
{
  char          *folder;   /* (owned) */
  char          *path;     /* (owned) */
  ChihuoBackend *backend;  /* (owned) (nullable): while open */
  GRand         *random;   /* (owned) */
  char           states[FAULT_N_IDS + 1];
  GPtrArray     *history;  /* (owned) (element-type utf8): the states after each answered batch */
  GArray        *held;     /* (owned) (element-type ChihuoClaimed) */
  GArray        *items;    /* (owned) (element-type ChihuoItem): of the batch that is on its way */
  guint          n_added;  /* how many ids were used */
  guint32        request;
  guint32        claim;
};

char       *fault_make_folder         (void);
void        fault_remove_folder       (const char   *folder);

FaultScene *fault_scene_new           (const char   *folder,
                                       guint32       seed);
void        fault_scene_free          (FaultScene   *self);
gboolean    fault_scene_open          (FaultScene   *self,
                                       GError      **error);
gboolean    fault_scene_close         (FaultScene   *self,
                                       GError      **error);
gboolean    fault_scene_step          (FaultScene   *self,
                                       GError      **error);
gboolean    fault_scene_repeat        (FaultScene   *self,
                                       GError      **error);
void        fault_scene_give_up       (FaultScene   *self);

char       *fault_read_states         (const char   *path);
char       *fault_read_plain          (const char   *path,
                                       const char   *sql);
void        fault_drain               (const char   *path,
                                       const char   *states);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FaultScene, fault_scene_free)
