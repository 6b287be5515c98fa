/* redis-options-fixture.h - options from a text, for the tests of the Redis backend's parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-redis-options.h"

/* Takes the text */
static inline ChihuoRedisOptions *
make_options (char *text)
{
  g_autoptr (ChihuoConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  ChihuoRedisOptions *options;

  config = chihuo_config_new (text, &error);
  g_assert_no_error (error);
  options = chihuo_redis_options_new (config, &error);
  g_assert_no_error (error);
  chihuo_config_finish (config, &error);
  g_assert_no_error (error);
  chihuo_config_unref (g_steal_pointer (&config));
  g_free (text);

  return options;
}

/* GIO looks up names and shakes hands on threads of its own, which it meets in locks that ThreadSanitizer does not
 * see: its build has no test that goes there */
#ifdef __SANITIZE_THREAD__
#define CAN_WATCH_GIO FALSE
#else
#define CAN_WATCH_GIO TRUE
#endif
