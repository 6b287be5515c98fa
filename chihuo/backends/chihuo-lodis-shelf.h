/* chihuo-lodis-shelf.h - what a process holds of a queue that knows nothing of runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-task-life.h"

G_BEGIN_DECLS

/* A claim that was answered: who asks again gets the same */
typedef struct
{
  guint32 request;
  guint   n;
} ChihuoLodisClaim;

typedef struct
{
  const char *name;     /* interned */
  GHashTable *records;  /* (owned): id → (owned) ChihuoRecord: running, delayed or dead here */
  GHashTable *failures; /* (owned): id → how often it failed, of what went back to the server */
  GHashTable *claims;   /* (owned): claimant, interned → (owned) ChihuoLodisClaim */
  GHashTable *known;    /* (owned): id → what the server has of it, as far as this batch needs it */
  guint64     token;    /* the newest one given */
  gint64      place;    /* the newest one given */
  gboolean    paused;
} ChihuoLodisShelf;

ChihuoLodisShelf *chihuo_lodis_shelf_new      (const char        *name);
void              chihuo_lodis_shelf_free     (ChihuoLodisShelf  *self);
ChihuoRecord     *chihuo_lodis_shelf_get      (ChihuoLodisShelf  *self,
                                               const char        *id);
ChihuoRecord     *chihuo_lodis_shelf_take     (ChihuoLodisShelf  *self,
                                               const char        *id);
void              chihuo_lodis_shelf_put      (ChihuoLodisShelf  *self,
                                               ChihuoRecord      *record);
GPtrArray        *chihuo_lodis_shelf_list     (ChihuoLodisShelf  *self,
                                               ChihuoTaskState    state);
guint             chihuo_lodis_shelf_count    (ChihuoLodisShelf  *self,
                                               ChihuoTaskState    state);
gint64            chihuo_lodis_shelf_next_due (ChihuoLodisShelf  *self);

G_END_DECLS
