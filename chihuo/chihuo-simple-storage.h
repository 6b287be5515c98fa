/* chihuo-simple-storage.h - checked calls of a simple backend's storage
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-simple-backend.h"

G_BEGIN_DECLS

/* Keys that belong to no queue stand in this one; no queue can have such a name */
#define CHIHUO_SIMPLE_STORE "!"

/* private to the library: no CHIHUO_AVAILABLE_IN_ALL here */
gboolean chihuo_simple_storage_begin     (ChihuoSimpleBackend  *backend,
                                          GError              **error);
gboolean chihuo_simple_storage_commit    (ChihuoSimpleBackend  *backend,
                                          GError              **error);
void     chihuo_simple_storage_roll_back (ChihuoSimpleBackend  *backend);
gboolean chihuo_simple_storage_load      (ChihuoSimpleBackend  *backend,
                                          const char           *queue,
                                          const char           *key,
                                          GBytes              **value,
                                          GError              **error);
gboolean chihuo_simple_storage_save      (ChihuoSimpleBackend  *backend,
                                          const char           *queue,
                                          const char           *key,
                                          const char           *index,
                                          GBytes               *value,
                                          GError              **error);
gboolean chihuo_simple_storage_remove    (ChihuoSimpleBackend  *backend,
                                          const char           *queue,
                                          const char           *key,
                                          GError              **error);
gboolean chihuo_simple_storage_next      (ChihuoSimpleBackend  *backend,
                                          const char           *queue,
                                          const char           *after,
                                          const char           *before,
                                          char                **key,
                                          char                **index,
                                          GError              **error);

G_END_DECLS
