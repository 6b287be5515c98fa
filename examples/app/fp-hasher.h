/* fp-hasher.h - the loop: fingerprints of files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <chihuo/chihuo.h>

G_BEGIN_DECLS

#define FP_TYPE_HASHER (fp_hasher_get_type ())
G_DECLARE_FINAL_TYPE (FpHasher, fp_hasher, FP, HASHER, ChihuoLoop)

FpHasher *fp_hasher_new               (const char           *path);
void      fp_hasher_add_folder_async  (FpHasher             *self,
                                       GFile                *folder,
                                       GCancellable         *cancellable,
                                       GAsyncReadyCallback   callback,
                                       gpointer              user_data);
gboolean  fp_hasher_add_folder_finish (FpHasher             *self,
                                       GAsyncResult         *result,
                                       GError              **error);

G_END_DECLS
