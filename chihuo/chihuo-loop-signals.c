/* chihuo-loop-signals.c - the signals of a loop
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <math.h>

#include "chihuo-error.h"
#include "chihuo-loop-private.h"

/* The first answer wins */
static gboolean
first_answer_wins (GSignalInvocationHint *hint, GValue *return_accu, const GValue *handler_return,
                   gpointer data)
{
  g_value_copy (handler_return, return_accu);

  return FALSE;
}

void
chihuo_loop_install_signals (ChihuoLoopClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  /**
   * ChihuoLoop::task-started:
   * @self: the loop
   * @task: a snapshot of the task
   *
   * A run has begun.
   *
   * All signals but [signal@Chihuo.Loop::retry-delay] are emitted on the loop's
   * context, in order, some time after it happened. At most 10,000 of them are
   * held; what is dropped is counted by [signal@Chihuo.Loop::events-missed].
   *
   * Since: 1.0
   */
  chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_STARTED]
      = g_signal_new ("task-started", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                      CHIHUO_TYPE_TASK);
  /**
   * ChihuoLoop::task-progress:
   * @self: the loop
   * @task: a snapshot of the task
   * @fraction: 0 to 1, or negative for unknown
   * @message: (nullable): what is being done
   *
   * A running task has told how far it has come.
   *
   * Since: 1.0
   */
  chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_PROGRESS]
      = g_signal_new ("task-progress", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                      CHIHUO_TYPE_TASK, G_TYPE_DOUBLE, G_TYPE_STRING);
  /**
   * ChihuoLoop::task-ended:
   * @self: the loop
   * @task: a snapshot of the task
   * @outcome: how the run ended
   * @error: (nullable): the text of the error, if there was one
   *
   * A run has ended, and the store knows.
   *
   * Since: 1.0
   */
  chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_ENDED]
      = g_signal_new ("task-ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                      CHIHUO_TYPE_TASK, CHIHUO_TYPE_OUTCOME, G_TYPE_STRING);
  /**
   * ChihuoLoop::task-stalled:
   * @self: the loop
   * @task: a snapshot of the task
   *
   * A run was cancelled a lease ago, and its code has not ended.
   *
   * Since: 1.0
   */
  chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_STALLED]
      = g_signal_new ("task-stalled", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                      CHIHUO_TYPE_TASK);
  /**
   * ChihuoLoop::drained:
   * @self: the loop
   *
   * Nothing waits any more, and nothing runs here.
   *
   * Since: 1.0
   */
  chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_DRAINED]
      = g_signal_new ("drained", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * ChihuoLoop::events-missed:
   * @self: the loop
   * @n_events: how many
   *
   * The context was too slow: signals were dropped.
   *
   * Since: 1.0
   */
  chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_EVENTS_MISSED]
      = g_signal_new ("events-missed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                      G_TYPE_UINT64);
  /**
   * ChihuoLoop::retry-delay:
   * @self: the loop
   * @task: a snapshot of the task
   * @error: why its run failed
   *
   * Asks how long until a failed task is tried again. Only asked where it is
   * connected, never dropped, and the lease is renewed until there is an answer.
   * The first handler's answer wins.
   *
   * Returns: seconds; negative = it is dead now; NaN = the
   *   [property@Chihuo.Loop:retry-policy] decides
   *
   * Since: 1.0
   */
  chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_RETRY_DELAY]
      = g_signal_new ("retry-delay", type, G_SIGNAL_RUN_LAST, 0, first_answer_wins, NULL, NULL,
                      G_TYPE_DOUBLE, 2, CHIHUO_TYPE_TASK, G_TYPE_ERROR);
}

/* CHIHUO_EVENT_BIT()s of what somebody listens to. Any thread that may hold the loop */
guint
chihuo_loop_get_listeners (ChihuoLoop *self)
{
  static const struct
  {
    ChihuoEventKind kind;
    guint           signal;
  } pairs[] = {
    { CHIHUO_EVENT_STARTED, CHIHUO_LOOP_SIGNAL_TASK_STARTED },
    { CHIHUO_EVENT_PROGRESS, CHIHUO_LOOP_SIGNAL_TASK_PROGRESS },
    { CHIHUO_EVENT_ENDED, CHIHUO_LOOP_SIGNAL_TASK_ENDED },
    { CHIHUO_EVENT_STALLED, CHIHUO_LOOP_SIGNAL_TASK_STALLED },
    { CHIHUO_EVENT_DRAINED, CHIHUO_LOOP_SIGNAL_DRAINED },
    { CHIHUO_EVENT_QUESTION, CHIHUO_LOOP_SIGNAL_RETRY_DELAY },
  };
  guint bits = 0;

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    if (g_signal_has_handler_pending (self, chihuo_loop_signals[pairs[i].signal], 0, FALSE))
      bits |= CHIHUO_EVENT_BIT (pairs[i].kind);
  if (chihuo_loop_counts_watched (self))
    bits |= CHIHUO_EVENT_BIT (CHIHUO_EVENT_COUNTS);

  return bits;
}

static void
ask (ChihuoLoop *self, ChihuoRunner *runner, ChihuoEvent *event)
{
  guint signal = chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_RETRY_DELAY];
  double seconds = NAN;

  /* who was connected when the task failed may be gone: a signal without handlers would say 0 */
  if (g_signal_has_handler_pending (self, signal, 0, FALSE))
    {
      g_autoptr (ChihuoTask) task = chihuo_event_make_task (event);

      g_signal_emit (self, signal, 0, task, event->error, &seconds);
    }

  chihuo_runner_answer (runner, event, seconds);
}

/* On the loop's context */
void
chihuo_loop_emit_event (ChihuoLoop *self, ChihuoRunner *runner, ChihuoEvent *event)
{
  g_autoptr (ChihuoTask) task = NULL;

  if (event->payload != NULL && event->kind != CHIHUO_EVENT_QUESTION)
    task = chihuo_event_make_task (event);

  switch (event->kind)
    {
    case CHIHUO_EVENT_STARTED:
      g_signal_emit (self, chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_STARTED], 0, task);
      break;
    case CHIHUO_EVENT_PROGRESS:
      g_signal_emit (self, chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_PROGRESS], 0, task,
                     event->fraction, event->text);
      break;
    case CHIHUO_EVENT_ENDED:
      g_signal_emit (self, chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_ENDED], 0, task,
                     event->outcome, event->text);
      break;
    case CHIHUO_EVENT_STALLED:
      g_signal_emit (self, chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_TASK_STALLED], 0, task);
      break;
    case CHIHUO_EVENT_DRAINED:
      g_signal_emit (self, chihuo_loop_signals[CHIHUO_LOOP_SIGNAL_DRAINED], 0);
      break;
    case CHIHUO_EVENT_QUESTION:
      ask (self, runner, event);
      break;
    case CHIHUO_EVENT_COUNTS:
    default:
      g_assert_not_reached ();
    }
}
