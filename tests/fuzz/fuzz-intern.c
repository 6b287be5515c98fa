/* fuzz-intern.c - strings that stay, without GLib's leak
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib.h>

/* GLib drops the old table of its quarks whenever it grows, so that lookups need no lock. No program has so many
 * names, but a fuzzer makes them: the linker sends the calls here (--wrap) */

const char *__wrap_g_intern_string (const char *text);

const char *
__wrap_g_intern_string (const char *text)
{
  static GHashTable *strings;
  char *kept;

  if (text == NULL)
    return NULL;
  if (strings == NULL)
    strings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  kept = g_hash_table_lookup (strings, text);
  if (kept == NULL)
    {
      kept = g_strdup (text);
      g_hash_table_insert (strings, kept, kept);
    }

  return kept;
}
