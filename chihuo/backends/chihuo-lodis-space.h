/* chihuo-lodis-space.h - what a transaction knows of one queue's maps, and what it changes in them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A key of the queue: as the server has it, and as it is to be */
typedef struct
{
  char     *key;          /* (owned) */
  GBytes   *stored;       /* (owned) (nullable): the field's bytes; NULL = there is none */
  char     *stored_index; /* (owned) (nullable): what of these is the index */
  GBytes   *value;        /* (owned) (nullable): what it is to be; NULL = none */
  char     *index;        /* (owned) (nullable) */
  gboolean  is_known;     /* FALSE = asked for, not answered yet */
  gboolean  is_changed;
} ChihuoLodisEntry;

/* An entry of the index */
typedef struct
{
  char *index; /* (owned) */
  char *key;   /* (owned) */
} ChihuoLodisPlace;

/* A part of the index from one text on: all entries of one kind, that is with one first character */
typedef struct
{
  char       kind;
  char      *from;        /* (owned): entries after this one */
  char      *last;        /* (owned): up to this one, and it too */
  gboolean   is_complete; /* up to the end of the kind */
  GPtrArray *places;      /* (owned) (element-type ChihuoLodisPlace): in order, changes included */
} ChihuoLodisWindow;

typedef struct
{
  const char *queue;      /* interned */
  char       *map;        /* (owned): name of the map: key → index, NUL, value */
  char       *index_map;  /* (owned): name of the map: index → key */
  char       *news_map;   /* (owned): name of the map that is changed when there is something to claim */
  GHashTable *entries;    /* (owned): key → (owned) ChihuoLodisEntry */
  GHashTable *moved;      /* (owned): index → its key now; "" = there is none any more */
  GPtrArray  *windows;    /* (owned) (element-type ChihuoLodisWindow) */
  GBytes     *version;    /* (owned) (nullable): NULL = there is none, or it is not known */
  gboolean    is_asked;   /* for its version */
  gboolean    is_known;   /* its version */
  gboolean    is_changed;
  gboolean    has_news;
} ChihuoLodisSpace;

/* An answer to a search in the index */
typedef enum
{
  CHIHUO_LODIS_FOUND,
  CHIHUO_LODIS_NOTHING,
  CHIHUO_LODIS_UNKNOWN, /* the next page of the window has to be read */
} ChihuoLodisSearch;

ChihuoLodisSpace  *chihuo_lodis_space_new        (const char         *queue);
void               chihuo_lodis_space_free       (ChihuoLodisSpace   *self);
gboolean           chihuo_lodis_space_is_store   (ChihuoLodisSpace   *self);
ChihuoLodisEntry  *chihuo_lodis_space_get        (ChihuoLodisSpace   *self,
                                                  const char         *key);
ChihuoLodisEntry  *chihuo_lodis_space_want       (ChihuoLodisSpace   *self,
                                                  const char         *key);
gboolean           chihuo_lodis_space_is_own_index (char             kind);
void               chihuo_lodis_space_learn      (ChihuoLodisEntry   *entry,
                                                  GBytes             *stored);
void               chihuo_lodis_space_change     (ChihuoLodisSpace   *self,
                                                  ChihuoLodisEntry   *entry,
                                                  const char         *index,
                                                  GBytes             *value);
GBytes            *chihuo_lodis_space_pack       (ChihuoLodisEntry   *entry);
ChihuoLodisSearch  chihuo_lodis_space_search     (ChihuoLodisSpace   *self,
                                                  const char         *after,
                                                  const char         *before,
                                                  ChihuoLodisWindow **window,
                                                  ChihuoLodisPlace  **place);
ChihuoLodisWindow *chihuo_lodis_space_open       (ChihuoLodisSpace   *self,
                                                  const char         *after);
void               chihuo_lodis_space_extend     (ChihuoLodisSpace   *self,
                                                  ChihuoLodisWindow  *window,
                                                  GPtrArray          *places,
                                                  gboolean            is_complete);
ChihuoLodisPlace  *chihuo_lodis_space_new_place  (char               *index,
                                                  char               *key);
void               chihuo_lodis_space_free_place (gpointer            place);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoLodisSpace, chihuo_lodis_space_free)

G_END_DECLS
