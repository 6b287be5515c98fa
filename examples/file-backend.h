/* file-backend.h - queues in one plain file: a backend of one's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <chihuo/chihuo.h>

#define EXAMPLE_TYPE_FILE_BACKEND (example_file_backend_get_type ())
G_DECLARE_FINAL_TYPE (ExampleFileBackend, example_file_backend, EXAMPLE, FILE_BACKEND,
                      ChihuoSimpleBackend)
