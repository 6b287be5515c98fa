/* fuzz-grammar.h - RFC 8259 once more, as plainly as it can be written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

gboolean fuzz_grammar_accepts (const char *text,
                               gsize       length,
                               guint       max_depth);
