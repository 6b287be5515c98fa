/* history-checker.c - judges histories in files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>

#include "checker.h"

/* history-checker FILE… merges the files, which the processes of one battery have written, and
 * prints a line for each promise that was broken. Exit status: 0 = all kept, 1 = not, 2 = cannot be
 * read */
int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) lines = NULL;
  g_autoptr (GPtrArray) violations = NULL;
  GStringChunk *words;

  if (argc < 2)
    {
      g_printerr ("usage: history-checker FILE…\n");
      return 2;
    }

  words = g_string_chunk_new (4096);
  lines = history_load ((const char *const *) argv + 1, words, &error);
  if (lines == NULL)
    {
      g_printerr ("%s\n", error->message);
      g_string_chunk_free (words);
      return 2;
    }

  violations = checker_judge (lines);
  for (guint i = 0; i < violations->len; i++)
    {
      const Violation *violation = g_ptr_array_index (violations, i);

      g_print ("%s: %s\n", invariant_get_name (violation->invariant), violation->text);
    }
  g_print ("%u lines, %u violations\n", lines->len, violations->len);
  g_string_chunk_free (words);

  return violations->len > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
