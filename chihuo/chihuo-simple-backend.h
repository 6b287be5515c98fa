/* chihuo-simple-backend.h - a backend over a handful of storage calls
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include "chihuo-backend.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_SIMPLE_BACKEND (chihuo_simple_backend_get_type ())

CHIHUO_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (ChihuoSimpleBackend, chihuo_simple_backend, CHIHUO, SIMPLE_BACKEND,
                          GObject)

/**
 * ChihuoSimpleBackendClass:
 * @parent_class: the parent's class
 * @open: (nullable): connects, and takes its keys of the configuration
 * @close: (nullable): disconnects
 * @begin: (nullable): begins a transaction
 * @commit: (nullable): ends it; %FALSE with %CHIHUO_ERROR_UNKNOWN_OUTCOME where
 *   nobody knows whether it is stored
 * @roll_back: (nullable): undoes all since @begin
 * @load: gets the value of a key; %NULL where there is none
 * @save: stores a value under a key, over an older one, and moves the key to
 *   this place in the queue's index; %NULL takes it out of the index
 * @remove: removes a key and its place in the index; one that is not there is
 *   no error
 * @next: gets the first entry of a queue's index between two texts, both
 *   exclusive, in the order of their bytes; %NULL where there is none
 *
 * The storage of a simple backend: keys with values, and an index of those keys.
 *
 * Keys, indexes and queue names are UTF-8 text; a key has at most 4,097 bytes
 * and an index 4,120; no two keys of a queue have the same index. All calls
 * between @begin and @commit must be stored together or not at all, and must see
 * each other. "Nothing there" is %NULL, never %FALSE.
 *
 * Since: 1.0
 */
struct _ChihuoSimpleBackendClass
{
  GObjectClass parent_class;

  gboolean (* open)      (ChihuoSimpleBackend  *self,
                          ChihuoConfig         *config,
                          GError              **error);
  gboolean (* close)     (ChihuoSimpleBackend  *self,
                          GError              **error);
  gboolean (* begin)     (ChihuoSimpleBackend  *self,
                          GError              **error);
  gboolean (* commit)    (ChihuoSimpleBackend  *self,
                          GError              **error);
  gboolean (* roll_back) (ChihuoSimpleBackend  *self,
                          GError              **error);

  /**
   * ChihuoSimpleBackendClass::load:
   * @self: a backend
   * @queue: the queue
   * @key: the key
   * @value: (out) (transfer full) (nullable): its value
   * @error: return location for an error
   *
   * Returns: %FALSE on an error
   */
  gboolean (* load)      (ChihuoSimpleBackend  *self,
                          const char           *queue,
                          const char           *key,
                          GBytes              **value,
                          GError              **error);

  /**
   * ChihuoSimpleBackendClass::save:
   * @self: a backend
   * @queue: the queue
   * @key: the key
   * @index: (nullable): its place in the index
   * @value: its value
   * @error: return location for an error
   *
   * Returns: %FALSE on an error
   */
  gboolean (* save)      (ChihuoSimpleBackend  *self,
                          const char           *queue,
                          const char           *key,
                          const char           *index,
                          GBytes               *value,
                          GError              **error);
  gboolean (* remove)    (ChihuoSimpleBackend  *self,
                          const char           *queue,
                          const char           *key,
                          GError              **error);

  /**
   * ChihuoSimpleBackendClass::next:
   * @self: a backend
   * @queue: the queue
   * @after: entries after this index
   * @before: entries before this index
   * @key: (out) (transfer full) (nullable): the first one's key
   * @index: (out) (transfer full) (nullable): the first one's index
   * @error: return location for an error
   *
   * Returns: %FALSE on an error
   */
  gboolean (* next)      (ChihuoSimpleBackend  *self,
                          const char           *queue,
                          const char           *after,
                          const char           *before,
                          char                **key,
                          char                **index,
                          GError              **error);

  /*< private >*/
  gpointer _reserved[8];
};

G_END_DECLS
