/* test-redis-refusals.c - who has refused us, and when we may ask again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-redis-refusals.h"

#define STEP G_TIME_SPAN_MILLISECOND
#define MINUTES (60 * G_USEC_PER_SEC)

/* A clock of the test's own, on which it is asked every millisecond, and refused whenever it may ask */
static guint
count_logins (ChihuoRedisRefusals *refusals, gint64 *now, gint64 time)
{
  g_autoptr (GError) refusal = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "WRONGPASS");
  gint64 end = *now + time;
  guint n = 0;

  for (; *now < end; *now += STEP)
    {
      g_autoptr (GError) error = NULL;

      if (chihuo_redis_refusals_check (refusals, "a", *now, &error))
        {
          n++;
          chihuo_redis_refusals_note (refusals, "a", *now, refusal);
        }
      else
        {
          g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
          g_assert_cmpstr (error->message, ==, refusal->message);
        }
    }

  return n;
}

/* Eleven until the limit is reached, and then one in 15 s in the mean: in ten minutes 51, ± 4 */
static void
test_bound (void)
{
  g_autoptr (ChihuoRedisRefusals) refusals = chihuo_redis_refusals_new ();
  gint64 now = 0;
  guint n = count_logins (refusals, &now, 10 * MINUTES);

  g_test_message ("%u logins", n);
  g_assert_cmpuint (n, <, 110);
  g_assert_cmpuint (n, >=, 20);

  /* whatever was drawn last, it is over after thirty seconds */
  for (guint i = 0; i < 20; i++)
    g_assert_cmpuint (count_logins (refusals, &now, CHIHUO_REDIS_REFUSALS_LONGEST + STEP), >, 0);
}

/* A login that succeeds: the next refusal begins small */
static void
test_forget (void)
{
  g_autoptr (ChihuoRedisRefusals) refusals = chihuo_redis_refusals_new ();
  g_autoptr (GError) refusal = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "WRONGPASS");
  gint64 now = 0;

  count_logins (refusals, &now, 10 * MINUTES);
  chihuo_redis_refusals_forget (refusals, "a");
  g_assert_true (chihuo_redis_refusals_check (refusals, "a", now, NULL));
  chihuo_redis_refusals_note (refusals, "a", now, refusal);
  g_assert_false (chihuo_redis_refusals_check (refusals, "a", now, NULL));
  g_assert_true (chihuo_redis_refusals_check (refusals, "a", now + 20 * STEP, NULL));
}

/* The others are not concerned, and neither is whoever is only away */
static void
test_others (void)
{
  g_autoptr (ChihuoRedisRefusals) refusals = chihuo_redis_refusals_new ();
  g_autoptr (GError) away = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "LOADING");
  gint64 now = 0;

  count_logins (refusals, &now, MINUTES);
  g_assert_true (chihuo_redis_refusals_check (refusals, "b", now, NULL));
  chihuo_redis_refusals_note (refusals, "b", now, away);
  g_assert_true (chihuo_redis_refusals_check (refusals, "b", now, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-refusals/bound", test_bound);
  g_test_add_func ("/redis-refusals/forget", test_forget);
  g_test_add_func ("/redis-refusals/others", test_others);

  return g_test_run ();
}
