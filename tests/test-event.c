/* test-event.c - what happened, kept for the loop's context
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-event.h"

static ChihuoEvent *
event_of (ChihuoEventKind kind, const char *id)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);

  return chihuo_event_new (kind, payload);
}

/* Too many: the new ones are dropped and counted, but for those that somebody waits for */
static void
test_queue (void)
{
  ChihuoEventQueue queue = { .events = G_QUEUE_INIT };
  ChihuoEvent *event;

  g_assert_null (chihuo_event_queue_pop (&queue));
  for (guint i = 0; i < CHIHUO_EVENTS_MAX; i++)
    chihuo_event_queue_push (&queue, event_of (CHIHUO_EVENT_STARTED, i == 0 ? "first" : "id"));
  g_assert_cmpuint (queue.n_dropped, ==, 0);
  chihuo_event_queue_push (&queue, event_of (CHIHUO_EVENT_ENDED, "late"));
  chihuo_event_queue_push (&queue, event_of (CHIHUO_EVENT_QUESTION, "question"));
  g_assert_cmpuint (queue.n_dropped, ==, 1);
  g_assert_cmpuint (queue.events.length, ==, CHIHUO_EVENTS_MAX + 1);

  event = chihuo_event_queue_pop (&queue);
  g_assert_cmpstr (chihuo_payload_get_id (event->payload), ==, "first");
  chihuo_event_free (event);
  event = g_queue_peek_tail (&queue.events);
  g_assert_cmpint (event->kind, ==, CHIHUO_EVENT_QUESTION);
  chihuo_event_queue_clear (&queue);
  g_assert_null (chihuo_event_queue_pop (&queue));
}

static void
test_of_run (void)
{
  ChihuoRun run = { .claimed = { .token = 3, .timeout = 5000000, .failures = 1, .crashes = 2,
                                 .max_tries = 4, .priority = -7 } };
  g_autoptr (ChihuoTask) task = NULL;
  ChihuoEvent *event;

  run.claimed.payload = chihuo_payload_new ("id", -1, "[1]", -1);
  event = chihuo_event_new_of_run (CHIHUO_EVENT_STARTED, &run);
  g_assert_cmpint (event->details.started, ==, 0); /* it was not started */
  event->text = g_strdup ("text");
  event->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "why");
  task = chihuo_event_make_task (event);
  chihuo_event_free (event);
  chihuo_payload_unref (run.claimed.payload);

  g_assert_cmpstr (chihuo_task_get_id (task), ==, "id");
  g_assert_cmpstr (chihuo_task_get_json (task), ==, "[1]");
  g_assert_cmpuint (chihuo_task_get_token (task), ==, 3);
  g_assert_cmpfloat (chihuo_task_get_timeout (task), ==, 5);
  g_assert_cmpuint (chihuo_task_get_tries (task), ==, 4);
  g_assert_cmpuint (chihuo_task_get_max_tries (task), ==, 4);
  g_assert_cmpint (chihuo_task_get_priority (task), ==, -7);
  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_RUNNING);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/event/queue", test_queue);
  g_test_add_func ("/event/of-run", test_of_run);

  return g_test_run ();
}
