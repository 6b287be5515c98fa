/* chihuo-loop-options.c - the options of a loop's runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-loop-private.h"

/**
 * chihuo_loop_get_concurrency: (get-property concurrency)
 * @self: a loop
 *
 * Gets how many tasks may run at the same time.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_concurrency] explains it
 *
 * Since: 1.0
 */
guint
chihuo_loop_get_concurrency (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.concurrency;
}

/**
 * chihuo_loop_set_concurrency: (set-property concurrency)
 * @self: a loop
 * @concurrency: 1 or more; the default is 1, or what the class says. It may be
 *   changed while the loop runs; lowering it cancels nothing
 *
 * Sets how many tasks may run at the same time. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_concurrency (ChihuoLoop *self, guint concurrency)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (concurrency >= 1);

  chihuo_loop_get_options (self, &options);
  if (options.concurrency == concurrency)
    return;

  options.concurrency = concurrency;
  chihuo_loop_set_options (self, &options, "concurrency");
}

/**
 * chihuo_loop_get_run_forever: (get-property run-forever)
 * @self: a loop
 *
 * Gets whether the loop waits for more when its queue is empty.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_run_forever] explains it
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_get_run_forever (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.run_forever;
}

/**
 * chihuo_loop_set_run_forever: (set-property run-forever)
 * @self: a loop
 * @run_forever: the default is %TRUE. Otherwise the run ends when nobody holds
 *   the loop, nothing waits, nothing runs here and nothing is due within
 *   [property@Chihuo.Loop:linger]
 *
 * Sets whether the loop waits for more when its queue is empty. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_run_forever (ChihuoLoop *self, gboolean run_forever)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  chihuo_loop_get_options (self, &options);
  if (options.run_forever == !!run_forever)
    return;

  options.run_forever = !!run_forever;
  chihuo_loop_set_options (self, &options, "run-forever");
}

/**
 * chihuo_loop_get_linger: (get-property linger)
 * @self: a loop
 *
 * Gets how long a loop that does not run forever waits for a delayed task.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_linger] explains it
 *
 * Since: 1.0
 */
double
chihuo_loop_get_linger (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.linger;
}

/**
 * chihuo_loop_set_linger: (set-property linger)
 * @self: a loop
 * @seconds: seconds, 0 or more; the default is 0
 *
 * Sets how long a loop that does not run forever waits for a delayed task. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_linger (ChihuoLoop *self, double seconds)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (seconds >= 0);

  chihuo_loop_get_options (self, &options);
  if (options.linger == seconds)
    return;

  options.linger = seconds;
  chihuo_loop_set_options (self, &options, "linger");
}

/**
 * chihuo_loop_get_lease: (get-property lease)
 * @self: a loop
 *
 * Gets how long a claim lasts without a renewal.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_lease] explains it
 *
 * Since: 1.0
 */
double
chihuo_loop_get_lease (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.lease;
}

/**
 * chihuo_loop_set_lease: (set-property lease)
 * @self: a loop
 * @seconds: seconds, 0.05 to 86,400; the default is 30. It is renewed every
 *   third of it by a thread of chihuo's own
 *
 * Sets how long a claim lasts without a renewal. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_lease (ChihuoLoop *self, double seconds)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (seconds >= 0.05 && seconds <= 86400);

  chihuo_loop_get_options (self, &options);
  if (options.lease == seconds)
    return;

  options.lease = seconds;
  chihuo_loop_set_options (self, &options, "lease");
}

/**
 * chihuo_loop_get_max_tries: (get-property max-tries)
 * @self: a loop
 *
 * Gets at how many failures a task is dead.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_max_tries] explains it
 *
 * Since: 1.0
 */
guint
chihuo_loop_get_max_tries (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.max_tries;
}

/**
 * chihuo_loop_set_max_tries: (set-property max-tries)
 * @self: a loop
 * @max_tries: 1 or more; the default is 25. A task's own limit wins
 *
 * Sets at how many failures a task is dead. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_max_tries (ChihuoLoop *self, guint max_tries)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (max_tries >= 1);

  chihuo_loop_get_options (self, &options);
  if (options.max_tries == max_tries)
    return;

  options.max_tries = max_tries;
  chihuo_loop_set_options (self, &options, "max-tries");
}

/**
 * chihuo_loop_get_max_crashes: (get-property max-crashes)
 * @self: a loop
 *
 * Gets at how many deaths of its worker a task is dead.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_max_crashes] explains it
 *
 * Since: 1.0
 */
guint
chihuo_loop_get_max_crashes (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.max_crashes;
}

/**
 * chihuo_loop_set_max_crashes: (set-property max-crashes)
 * @self: a loop
 * @max_crashes: the default is 3; 0 means that it never starts again after a crash
 *
 * Sets at how many deaths of its worker a task is dead. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_max_crashes (ChihuoLoop *self, guint max_crashes)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  chihuo_loop_get_options (self, &options);
  if (options.max_crashes == max_crashes)
    return;

  options.max_crashes = max_crashes;
  chihuo_loop_set_options (self, &options, "max-crashes");
}

/**
 * chihuo_loop_get_retry_policy: (get-property retry-policy)
 * @self: a loop
 *
 * Gets when a failed task is tried again.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_retry_policy] explains it
 *
 * Since: 1.0
 */
ChihuoRetryPolicy
chihuo_loop_get_retry_policy (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.retry_policy;
}

/**
 * chihuo_loop_set_retry_policy: (set-property retry-policy)
 * @self: a loop
 * @retry_policy: the default is %CHIHUO_RETRY_POLICY_EXPONENTIAL
 *
 * Sets when a failed task is tried again. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_retry_policy (ChihuoLoop *self, ChihuoRetryPolicy retry_policy)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  chihuo_loop_get_options (self, &options);
  if (options.retry_policy == retry_policy)
    return;

  options.retry_policy = retry_policy;
  chihuo_loop_set_options (self, &options, "retry-policy");
}

/**
 * chihuo_loop_get_finish_on_success: (get-property finish-on-success)
 * @self: a loop
 *
 * Gets whether a task that is done is also marked as finished.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_finish_on_success] explains it
 *
 * Since: 1.0
 */
gboolean
chihuo_loop_get_finish_on_success (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.finish_on_success;
}

/**
 * chihuo_loop_set_finish_on_success: (set-property finish-on-success)
 * @self: a loop
 * @finish_on_success: the default is %FALSE
 *
 * Sets whether a task that is done is also marked as finished. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_finish_on_success (ChihuoLoop *self, gboolean finish_on_success)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));

  chihuo_loop_get_options (self, &options);
  if (options.finish_on_success == !!finish_on_success)
    return;

  options.finish_on_success = !!finish_on_success;
  chihuo_loop_set_options (self, &options, "finish-on-success");
}

/**
 * chihuo_loop_get_drain_timeout: (get-property drain-timeout)
 * @self: a loop
 *
 * Gets how long running tasks may go on at a stop before they are cancelled.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_drain_timeout] explains it
 *
 * Since: 1.0
 */
double
chihuo_loop_get_drain_timeout (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.drain_timeout;
}

/**
 * chihuo_loop_set_drain_timeout: (set-property drain-timeout)
 * @self: a loop
 * @seconds: seconds, 0 or more; the default is 0
 *
 * Sets how long running tasks may go on at a stop before they are cancelled.
 * From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_drain_timeout (ChihuoLoop *self, double seconds)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (seconds >= 0);

  chihuo_loop_get_options (self, &options);
  if (options.drain_timeout == seconds)
    return;

  options.drain_timeout = seconds;
  chihuo_loop_set_options (self, &options, "drain-timeout");
}

/**
 * chihuo_loop_get_shutdown_timeout: (get-property shutdown-timeout)
 * @self: a loop
 *
 * Gets how long [func@Chihuo.run] waits for running tasks after a stop.
 *
 * Returns: the value, as [method@Chihuo.Loop.set_shutdown_timeout] explains it
 *
 * Since: 1.0
 */
double
chihuo_loop_get_shutdown_timeout (ChihuoLoop *self)
{
  ChihuoLoopOptions options;

  g_return_val_if_fail (CHIHUO_IS_LOOP (self), 0);

  chihuo_loop_get_options (self, &options);

  return options.shutdown_timeout;
}

/**
 * chihuo_loop_set_shutdown_timeout: (set-property shutdown-timeout)
 * @self: a loop
 * @seconds: seconds, 0 or more; the default is 25. What still runs then is abandoned
 *
 * Sets how long [func@Chihuo.run] waits for running tasks after a stop. From the loop's context.
 *
 * Since: 1.0
 */
void
chihuo_loop_set_shutdown_timeout (ChihuoLoop *self, double seconds)
{
  ChihuoLoopOptions options;

  g_return_if_fail (CHIHUO_IS_LOOP (self));
  g_return_if_fail (seconds >= 0);

  chihuo_loop_get_options (self, &options);
  if (options.shutdown_timeout == seconds)
    return;

  options.shutdown_timeout = seconds;
  chihuo_loop_set_options (self, &options, "shutdown-timeout");
}
