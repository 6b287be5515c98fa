/* fuzz-sqlite-template.h - a good database with tasks in every state
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

#define FUZZ_N_TASKS 16
#define FUZZ_NOW G_GINT64_CONSTANT (1800000000000000)
#define FUZZ_QUEUE (g_intern_static_string ("queue"))
#define FUZZ_CLIENT (g_intern_static_string ("client"))
#define FUZZ_CLAIMANT (g_intern_static_string ("engine"))

GBytes *fuzz_sqlite_template_new (const char *path);
