/* chihuo-lodis-operations.h - what a transaction on a Lodis is made of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-lodis-space.h"

G_BEGIN_DECLS

/* The field of a queue's map that changes with each write to the queue */
#define CHIHUO_LODIS_VERSION_KEY "v"

void chihuo_lodis_operations_add           (GByteArray        *arguments,
                                            char               operation,
                                            const char        *map);
void chihuo_lodis_operations_add_key       (GByteArray        *arguments,
                                            char               operation,
                                            const char        *map,
                                            const char        *key);
void chihuo_lodis_operations_add_condition (GByteArray        *arguments,
                                            const char        *map,
                                            const char        *key,
                                            GBytes            *value);
void chihuo_lodis_operations_add_space     (GByteArray        *arguments,
                                            ChihuoLodisSpace  *space,
                                            gint64             now);

G_END_DECLS
