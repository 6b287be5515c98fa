/* chihuo-conformance.c - the suite that every backend is run through
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-conformance-parts.h"

typedef struct
{
  const ChihuoConformanceFactory *factory;
  ChihuoConformanceTest           func;
} Test;

static void
run_test (gconstpointer data)
{
  const Test *test = data;

  test->func (test->factory);
}

static gboolean
is_for (const ChihuoConformanceFactory *factory, const ChihuoConformanceEntry *entry)
{
  if (factory->leaves_out != NULL && g_strv_contains (factory->leaves_out, entry->name))
    return FALSE;

  switch (entry->needs)
    {
    case CHIHUO_CONFORMANCE_NEEDS_SHARE:
      return factory->can_share;
    case CHIHUO_CONFORMANCE_NEEDS_SPAWN:
      return factory->can_spawn;
    case CHIHUO_CONFORMANCE_NEEDS_NOTHING:
    default:
      return TRUE;
    }
}

static void
add_part (const ChihuoConformanceFactory *factory, const ChihuoConformanceEntry *entries)
{
  for (; entries->name != NULL; entries++)
    {
      g_autofree char *path = g_strdup_printf ("/%s/%s", factory->name, entries->name);
      Test *test;

      if (!is_for (factory, entries))
        continue;

      test = g_new (Test, 1);
      test->factory = factory;
      test->func = entries->func;
      g_test_add_data_func_full (path, test, run_test, g_free);
    }
}

ChihuoBackend *
chihuo_conformance_open (GType type, const char *server_config, GError **error)
{
  g_autoptr (ChihuoConfig) config = chihuo_config_new (server_config, error);
  g_autoptr (ChihuoBackend) backend = g_object_new (type, NULL);

  if (config == NULL || !chihuo_backend_open (backend, config, error)
      || !chihuo_config_finish (config, error))
    return NULL;

  return g_steal_pointer (&backend);
}

void
chihuo_conformance_add_tests (const ChihuoConformanceFactory *factory)
{
  add_part (factory, chihuo_conformance_life);
  add_part (factory, chihuo_conformance_order);
  add_part (factory, chihuo_conformance_lists);
  add_part (factory, chihuo_conformance_requests);
  add_part (factory, chihuo_conformance_workers);
  add_part (factory, chihuo_conformance_process);
}

int
chihuo_conformance_run (const ChihuoConformanceFactory *factory, int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--sequences") == 0)
    return chihuo_conformance_sequences (factory, g_ascii_strtoull (argv[2], NULL, 10),
                                         g_ascii_strtoull (argv[3], NULL, 10));
  if (argc == 4 && strcmp (argv[1], "--die") == 0)
    return chihuo_conformance_die (factory, argv[2], g_ascii_strtoull (argv[3], NULL, 10));

  g_test_init (&argc, &argv, NULL);
  chihuo_conformance_add_tests (factory);

  return g_test_run ();
}
