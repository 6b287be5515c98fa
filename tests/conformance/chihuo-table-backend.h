/* chihuo-table-backend.h - a simple backend over a hash table and a sequence
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-simple-backend.h"

G_BEGIN_DECLS

#define CHIHUO_TYPE_TABLE_BACKEND (chihuo_table_backend_get_type ())

G_DECLARE_FINAL_TYPE (ChihuoTableBackend, chihuo_table_backend, CHIHUO, TABLE_BACKEND,
                      ChihuoSimpleBackend)

/* What is stored; several backends may share one */
typedef struct _ChihuoTable ChihuoTable;

ChihuoTable   *chihuo_table_new         (void);
void           chihuo_table_free        (ChihuoTable *self);
guint          chihuo_table_get_size    (ChihuoTable *self);
ChihuoBackend *chihuo_table_backend_new (ChihuoTable *table);

/* The nth call of a storage vfunc from now on fails; 0 = none does */
void           chihuo_table_fail_at     (ChihuoTable *self,
                                         guint        nth);
void           chihuo_table_spoil       (ChihuoTable *self,
                                         const char  *queue,
                                         const char  *key);

G_END_DECLS
