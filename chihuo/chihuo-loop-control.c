/* chihuo-loop-control.c - what people and tasks say to a loop that runs, and what it has done
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-loop-private.h"

/* Counts are told at most ten times a second */
#define COUNTS_INTERVAL (G_USEC_PER_SEC / 10)

gboolean
chihuo_loop_is_held (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  gboolean held;

  g_mutex_lock (&priv->mutex);
  held = priv->hold_count > 0;
  g_mutex_unlock (&priv->mutex);

  return held;
}

GError *
chihuo_loop_steal_failure (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  GError *failure;

  g_mutex_lock (&priv->mutex);
  failure = g_steal_pointer (&priv->failure);
  g_mutex_unlock (&priv->mutex);

  return failure;
}

void
chihuo_loop_set_n_stuck (ChihuoLoop *self, guint n_stuck)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  g_mutex_lock (&priv->mutex);
  priv->n_stuck = n_stuck;
  g_mutex_unlock (&priv->mutex);
}

/* How many runs were abandoned whose code had not returned when the last run ended */
guint
chihuo_loop_get_n_stuck (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  guint n_stuck;

  g_mutex_lock (&priv->mutex);
  n_stuck = priv->n_stuck;
  g_mutex_unlock (&priv->mutex);

  return n_stuck;
}

static void
get_counts (ChihuoLoop *self, ChihuoRunnerCounts *counts)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  ChihuoRunner *runner = chihuo_loop_ref_runner (self);

  if (runner == NULL)
    {
      g_mutex_lock (&priv->mutex);
      *counts = priv->counts;
      g_mutex_unlock (&priv->mutex);
      counts->n_running = 0;
      return;
    }

  chihuo_runner_get_counts (runner, counts);
  chihuo_runner_unref (runner);
}

/* Tells who watches, on the context; µs until it may be told again, 0 = it was told now */
gint64
chihuo_loop_notify_counts (ChihuoLoop *self, gboolean at_once)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  gint64 now = g_get_monotonic_time ();
  ChihuoRunnerCounts counts;
  ChihuoRunnerCounts old;

  if (!at_once && now < priv->told_at + COUNTS_INTERVAL)
    return priv->told_at + COUNTS_INTERVAL - now;

  get_counts (self, &counts);
  priv->told_at = now;
  g_mutex_lock (&priv->mutex);
  old = priv->counts;
  priv->counts = counts;
  g_mutex_unlock (&priv->mutex);

  if (counts.n_running != old.n_running)
    g_object_notify (G_OBJECT (self), "n-running");
  if (counts.n_done != old.n_done)
    g_object_notify (G_OBJECT (self), "n-done");
  if (counts.n_failed != old.n_failed)
    g_object_notify (G_OBJECT (self), "n-failed");

  return 0;
}

/* On the context: stop was changed, on whatever thread */
void
chihuo_loop_tell_stop (gpointer object)
{
  ChihuoLoop *self = object;
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  gboolean stop = chihuo_loop_get_stop (self);

  if (priv->told_stop == stop)
    return;

  priv->told_stop = stop;
  g_object_notify (G_OBJECT (self), "stop");
}

/**
 * chihuo_loop_get_stop: (get-property stop)
 * @self: a loop
 *
 * Gets whether the run is to end, or has.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_get_stop (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  gboolean stop;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);

  g_mutex_lock (&priv->mutex);
  stop = priv->stop;
  g_mutex_unlock (&priv->mutex);

  return stop;
}

/**
 * chihuo_loop_set_stop: (set-property stop)
 * @self: a loop
 * @stop: whether the run is to end; %FALSE only counts before the next run
 *
 * Ends the run: nothing more is claimed, tasks that have not started go back,
 * and after [property@Chihuo.Loop:drain-timeout] the running ones are cancelled.
 * Whatever of them is then no success goes back to its old place. May be called
 * from any thread, from a running task, too.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_stop (ChihuoLoop *self, gboolean stop)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  gboolean changed;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  g_mutex_lock (&priv->mutex);
  changed = priv->stop != !!stop;
  priv->stop = !!stop;
  g_mutex_unlock (&priv->mutex);

  if (!changed)
    return;

  chihuo_loop_stop_changed (self);
  if (g_main_context_is_owner (priv->context))
    chihuo_loop_tell_stop (self);
  else
    chihuo_bell_ring (priv->bell);
}

/**
 * chihuo_loop_hold:
 * @self: a loop
 *
 * Keeps a loop that does not run forever from ending by itself, until
 * [method@Chihuo.Loop.release] is called as often: for a start that goes on
 * after it has returned.
 *
 * Since: 1.0
 */
void
chihuo_loop_hold (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  g_mutex_lock (&priv->mutex);
  priv->hold_count++;
  g_mutex_unlock (&priv->mutex);

  chihuo_loop_hold_changed (self);
}

/**
 * chihuo_loop_release:
 * @self: a loop that is held
 *
 * Takes back one [method@Chihuo.Loop.hold].
 *
 * Since: 1.0
 */
void
chihuo_loop_release (ChihuoLoop *self)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);
  gboolean was_held;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  g_mutex_lock (&priv->mutex);
  was_held = priv->hold_count > 0;
  if (was_held)
    priv->hold_count--;
  g_mutex_unlock (&priv->mutex);

  g_return_if_fail (was_held);
  chihuo_loop_hold_changed (self);
}

/**
 * chihuo_loop_fail:
 * @self: a loop that runs
 * @error: why
 *
 * Ends the run as a stop does; its result is then @error. The first one counts.
 *
 * Since: 1.0
 */
void
chihuo_loop_fail (ChihuoLoop *self, const GError *error)
{
  ChihuoLoopPrivate *priv = chihuo_loop_get_priv (self);

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (error != NULL);

  g_mutex_lock (&priv->mutex);
  if (priv->failure == NULL)
    priv->failure = g_error_copy (error);
  g_mutex_unlock (&priv->mutex);

  chihuo_loop_set_stop (self, TRUE);
}

/**
 * chihuo_loop_get_n_running: (get-property n-running)
 * @self: a loop
 *
 * Gets how many tasks run now.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
chihuo_loop_get_n_running (ChihuoLoop *self)
{
  ChihuoRunnerCounts counts;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  get_counts (self, &counts);

  return counts.n_running;
}

/**
 * chihuo_loop_get_n_done: (get-property n-done)
 * @self: a loop
 *
 * Gets how many tasks were done or finished in this run, or the last one.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint64
chihuo_loop_get_n_done (ChihuoLoop *self)
{
  ChihuoRunnerCounts counts;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  get_counts (self, &counts);

  return counts.n_done;
}

/**
 * chihuo_loop_get_n_failed: (get-property n-failed)
 * @self: a loop
 *
 * Gets how many tasks failed or died in this run, or the last one.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint64
chihuo_loop_get_n_failed (ChihuoLoop *self)
{
  ChihuoRunnerCounts counts;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  get_counts (self, &counts);

  return counts.n_failed;
}

/**
 * chihuo_loop_get_online: (get-property online)
 * @self: a loop
 *
 * Gets whether the store answers. May be called from any thread.
 *
 * Returns: whether it does; %FALSE before the first call
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_get_online (ChihuoLoop *self)
{
  g_return_val_if_fail (CHIHUO_IS_LOOP (self), FALSE);

  return chihuo_queue_get_online (chihuo_loop_get_queue (self));
}
