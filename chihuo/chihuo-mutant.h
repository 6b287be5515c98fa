/* chihuo-mutant.h - bugs planted on purpose, to see whether the tests find them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* CHIHUO_MUTANT (name) is constant FALSE, and nothing is left of the bug behind it, but in a build
 * made with -Dmutants=true: there the environment variable CHIHUO_MUTANT names the one bug to have.
 * tests/sim/mutants.txt says which there are, and who has to find each. */
#ifdef CHIHUO_MUTANTS

static inline gboolean
chihuo_mutant_is_chosen (const char *name)
{
  static const char *chosen;

  if (g_once_init_enter (&chosen))
    {
      const char *value = g_getenv ("CHIHUO_MUTANT");

      g_once_init_leave (&chosen, value != NULL ? value : "none");
    }

  return g_str_equal (chosen, name);
}

# define CHIHUO_MUTANT(name) (chihuo_mutant_is_chosen (name))
#else
# define CHIHUO_MUTANT(name) (FALSE)
#endif

G_END_DECLS
