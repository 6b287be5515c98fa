/* test-engine.c - the state machine alone, with a clock of the test's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "engine-fixture.h"

/* --- how runs end --- */

static void
test_ends (Fixture *f, gconstpointer data)
{
  const struct
  {
    ChihuoEndKind      kind;
    ChihuoCancelReason cancel;
    ChihuoSettle       how;
    ChihuoAnswer       answer;
    ChihuoOutcome      outcome;
  } cases[] = {
    { CHIHUO_END_DONE, CHIHUO_CANCEL_NONE, CHIHUO_SETTLE_DONE, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_DONE },
    { CHIHUO_END_DONE, CHIHUO_CANCEL_NONE, CHIHUO_SETTLE_DONE, CHIHUO_ANSWER_STALE,
      CHIHUO_OUTCOME_LOST },
    { CHIHUO_END_DONE, CHIHUO_CANCEL_STOP, CHIHUO_SETTLE_DONE, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_DONE },
    { CHIHUO_END_DONE, CHIHUO_CANCEL_TIMED_OUT, CHIHUO_SETTLE_DONE, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_DONE },
    { CHIHUO_END_FAILED, CHIHUO_CANCEL_NONE, CHIHUO_SETTLE_FAILED, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_FAILED },
    { CHIHUO_END_FAILED, CHIHUO_CANCEL_NONE, CHIHUO_SETTLE_FAILED, CHIHUO_ANSWER_DEAD,
      CHIHUO_OUTCOME_DEAD },
    { CHIHUO_END_FAILED, CHIHUO_CANCEL_STOP, CHIHUO_SETTLE_RETURNED, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_RETURNED },
    { CHIHUO_END_FAILED, CHIHUO_CANCEL_TIMED_OUT, CHIHUO_SETTLE_FAILED, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_FAILED },
    { CHIHUO_END_FAILED, CHIHUO_CANCEL_BY_HAND, CHIHUO_SETTLE_FAILED, CHIHUO_ANSWER_DEAD,
      CHIHUO_OUTCOME_DEAD },
    { CHIHUO_END_REJECTED, CHIHUO_CANCEL_NONE, CHIHUO_SETTLE_REJECTED, CHIHUO_ANSWER_DEAD,
      CHIHUO_OUTCOME_DEAD },
    { CHIHUO_END_REJECTED, CHIHUO_CANCEL_STOP, CHIHUO_SETTLE_RETURNED, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_RETURNED },
    { CHIHUO_END_POSTPONED, CHIHUO_CANCEL_NONE, CHIHUO_SETTLE_POSTPONED, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_POSTPONED },
    { CHIHUO_END_POSTPONED, CHIHUO_CANCEL_STOP, CHIHUO_SETTLE_RETURNED, CHIHUO_ANSWER_OK,
      CHIHUO_OUTCOME_RETURNED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ChihuoItem *settle;
      ChihuoRun *run;

      chihuo_engine_note_work (f->engine);
      claim (f, "a");
      run = take (f);
      if (cases[i].cancel != CHIHUO_CANCEL_NONE)
        chihuo_engine_cancel_run (f->engine, f->moment.lease, run, cases[i].cancel);
      end_with (f, run, cases[i].kind, 5, "why");
      collect (f);
      settle = find_mail (f, CHIHUO_OP_SETTLE);
      g_assert_nonnull (settle);
      g_assert_cmpint (settle->settle.how, ==, cases[i].how);
      g_assert_false (settle->settle.finish);
      g_assert_cmpuint (settle->token, ==, f->token);
      g_assert_cmpuint (settle->handle, ==, 1000 + f->token);
      settle->answer = cases[i].answer;
      deliver (f);
      assert_outcome (f, cases[i].outcome);
      g_assert_null (chihuo_engine_pop_over (f->engine));
    }
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  claim (f, "a b");
  end_with (f, take (f), CHIHUO_END_FAILED, NAN, "no luck");
  run = take (f);
  run->claimed.timeout = 1500 * 1000;
  chihuo_engine_cancel_run (f->engine, f->moment.lease, run, CHIHUO_CANCEL_TIMED_OUT);
  end (f, run, CHIHUO_END_FAILED);
  collect (f);
  g_assert_cmpstr (f->mails[0].item.settle.error, ==, "no luck");
  g_assert_cmpstr (f->mails[1].item.settle.error, ==, "timed out after 1.5 s: no answer");
  deliver (f);
}

/* --- how long until the next try --- */

/* µs, as the settle of a run with so many failures says */
static gint64
delay_after (Fixture *f, guint failures, double seconds)
{
  gint64 delay;
  ChihuoRun *run;

  chihuo_engine_note_work (f->engine);
  claim (f, "a");
  run = take (f);
  run->claimed.failures = failures;
  end_with (f, run, CHIHUO_END_FAILED, seconds, "why");
  collect (f);
  delay = find_mail (f, CHIHUO_OP_SETTLE)->settle.delay;
  g_assert_cmpint (find_mail (f, CHIHUO_OP_SETTLE)->settle.how, ==,
                   seconds < 0 ? CHIHUO_SETTLE_REJECTED : CHIHUO_SETTLE_FAILED);
  deliver (f);

  return delay;
}

static void
assert_delay_within (Fixture *f, guint failures, double min, double max)
{
  gint64 first = delay_after (f, failures, NAN);
  gboolean varies = FALSE;

  for (int i = 0; i < 200; i++)
    {
      gint64 delay = delay_after (f, failures, NAN);

      g_assert_cmpint (delay, >=, min * G_USEC_PER_SEC);
      g_assert_cmpint (delay, <=, max * G_USEC_PER_SEC);
      varies |= delay != first;
    }
  g_assert_true (varies);
}

static void
test_exponential (Fixture *f, gconstpointer data)
{
  /* the n-th failure: n⁴ + 15 + random (0 … 10 n) */
  assert_delay_within (f, 0, 16, 26);
  assert_delay_within (f, 1, 31, 51);
  assert_delay_within (f, 4, 640, 690);
}

static void
test_constant (Fixture *f, gconstpointer data)
{
  f->options.retry_policy = CHIHUO_RETRY_POLICY_CONSTANT;
  start_anew (f);
  assert_delay_within (f, 0, 15, 25);
  assert_delay_within (f, 20, 15, 25);
}

static void
test_immediate (Fixture *f, gconstpointer data)
{
  f->options.retry_policy = CHIHUO_RETRY_POLICY_IMMEDIATE;
  start_anew (f);
  g_assert_cmpint (delay_after (f, 7, NAN), ==, -1);
}

/* Somebody was asked: what he says counts */
static void
test_own_delay (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (delay_after (f, 3, 0.25), ==, 250 * 1000);
  g_assert_cmpint (delay_after (f, 3, 0), ==, 0);
  g_assert_cmpint (delay_after (f, 3, -1), ==, -1);
  g_assert_cmpint (delay_after (f, 3, INFINITY), ==, 1000000000 * (gint64) G_USEC_PER_SEC);
}

static void
test_seed (Fixture *f, gconstpointer data)
{
  gint64 first = delay_after (f, 5, NAN);

  start_anew (f);
  g_assert_cmpint (delay_after (f, 5, NAN), ==, first);
  f->options.seed = 2;
  start_anew (f);
  g_assert_cmpint (delay_after (f, 5, NAN), !=, first);
}

/* --- time-outs --- */

static ChihuoRun *
claim_limited (Fixture *f, gint64 timeout)
{
  collect (f);
  give (f, "a");
  find_mail (f, CHIHUO_OP_CLAIM)->claim.claimed[0].timeout = timeout;
  deliver (f);

  return take (f);
}

static void
assert_action (Fixture *f, ChihuoAction action, ChihuoRun *run)
{
  ChihuoRun *told = NULL;

  g_assert_cmpint (chihuo_engine_pop_action (f->engine, &told), ==, action);
  g_assert_true (told == run);
}

static void
test_time_out (Fixture *f, gconstpointer data)
{
  ChihuoRun *run = claim_limited (f, 5 * G_USEC_PER_SEC);

  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + 5 * G_USEC_PER_SEC);
  f->moment.lease += 5 * G_USEC_PER_SEC - 1;
  chihuo_engine_advance (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  f->moment.lease++;
  chihuo_engine_advance (f->engine, &f->moment);
  g_assert_cmpint (run->cancel, ==, CHIHUO_CANCEL_TIMED_OUT);
  assert_action (f, CHIHUO_ACTION_CANCEL, run);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);

  /* it was told: a lease later its slot is taken back, once */
  f->moment.lease += LEASE - 1;
  chihuo_engine_advance (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  f->moment.lease++;
  chihuo_engine_advance (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_OVERDUE, run);
  f->moment.lease += LEASE;
  chihuo_engine_advance (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  end (f, run, CHIHUO_END_FAILED);
}

/* The end of a run takes its action with it, and the alarm for it goes */
static void
test_end_before_time_out (Fixture *f, gconstpointer data)
{
  ChihuoRun *run = claim_limited (f, 5 * G_USEC_PER_SEC);

  f->moment.lease += 5 * G_USEC_PER_SEC;
  chihuo_engine_advance (f->engine, &f->moment);
  end (f, run, CHIHUO_END_DONE);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  collect (f);
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_DONE);
  f->moment.lease += LEASE;
  collect (f);
  deliver (f);
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, G_MAXINT64);
}

/* --- what was taken and not started --- */

static void
test_give_back (Fixture *f, gconstpointer data)
{
  ChihuoRun *first = claim_limited (f, 5 * G_USEC_PER_SEC);
  ChihuoRun *second;

  chihuo_engine_note_work (f->engine);
  claim (f, "b");
  second = take (f);
  g_assert_cmpuint (chihuo_engine_get_n_running (f->engine), ==, 2);
  chihuo_engine_give_back (f->engine, second);
  chihuo_engine_give_back (f->engine, first);
  g_assert_cmpuint (chihuo_engine_get_n_running (f->engine), ==, 0);
  g_assert_cmpuint (chihuo_engine_get_n_startable (f->engine), ==, 2);

  /* its time has not begun */
  f->moment.lease += 6 * G_USEC_PER_SEC;
  chihuo_engine_advance (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  g_assert_true (chihuo_engine_peek (f->engine) == first);
  g_assert_true (take (f) == first);
  g_assert_true (take (f) == second);
}

static void
test_give_back_cancelled (Fixture *f, gconstpointer data)
{
  ChihuoRun *by_hand;
  ChihuoRun *lost;

  claim (f, "a b");
  by_hand = take (f);
  lost = take (f);
  chihuo_engine_cancel_run (f->engine, f->moment.lease, by_hand, CHIHUO_CANCEL_BY_HAND);
  chihuo_engine_cancel_run (f->engine, f->moment.lease, lost, CHIHUO_CANCEL_LOST);
  chihuo_engine_give_back (f->engine, by_hand);
  chihuo_engine_give_back (f->engine, lost);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  assert_outcome (f, CHIHUO_OUTCOME_LOST);
  collect (f);
  assert_settles (f, "a");
  g_assert_cmpint (find_mail (f, CHIHUO_OP_SETTLE)->settle.how, ==, CHIHUO_SETTLE_RETURNED);
  deliver (f);
}

/* --- stopping --- */

static void
test_stop (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  claim (f, "a b");
  run = take (f);
  g_assert_false (chihuo_engine_is_stopping (f->engine));
  chihuo_engine_stop (f->engine, &f->moment);
  g_assert_true (chihuo_engine_is_stopping (f->engine));
  assert_action (f, CHIHUO_ACTION_CANCEL, run);
  g_assert_null (chihuo_engine_peek (f->engine));
  g_assert_null (chihuo_engine_take (f->engine, &f->moment));
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 1);
  assert_settles (f, "b");
  deliver (f);
  g_assert_false (chihuo_engine_is_over (f->engine));
  end (f, run, CHIHUO_END_FAILED);
  g_assert_false (chihuo_engine_is_over (f->engine));
  collect (f);
  assert_settles (f, "a");
  g_assert_false (chihuo_engine_is_over (f->engine));
  deliver (f);
  g_assert_true (chihuo_engine_is_over (f->engine));
}

static void
test_drain_timeout (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  f->options.drain_timeout = 5 * G_USEC_PER_SEC;
  start_anew (f);
  claim (f, "a");
  run = take (f);
  chihuo_engine_stop (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + 5 * G_USEC_PER_SEC);
  f->moment.lease += 5 * G_USEC_PER_SEC - 1;
  chihuo_engine_stop (f->engine, &f->moment); /* a second one changes nothing */
  chihuo_engine_advance (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  f->moment.lease++;
  chihuo_engine_advance (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_CANCEL, run);
  g_assert_cmpint (run->cancel, ==, CHIHUO_CANCEL_STOP);
  end (f, run, CHIHUO_END_DONE);
  collect (f);
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_DONE);
  g_assert_true (chihuo_engine_is_over (f->engine));
}

/* A claim is under way: what it brings goes back */
static void
test_stop_while_claiming (Fixture *f, gconstpointer data)
{
  collect (f);
  chihuo_engine_stop (f->engine, &f->moment);
  g_assert_false (chihuo_engine_is_over (f->engine));
  give (f, "a b");
  deliver (f);
  g_assert_false (chihuo_engine_is_over (f->engine));
  collect (f);
  assert_settles (f, "a b");
  deliver (f);
  g_assert_true (chihuo_engine_is_over (f->engine));
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 0);
}

/* The claim was never sent */
static void
test_stop_in_an_outage (Fixture *f, gconstpointer data)
{
  collect (f);
  chihuo_engine_stop (f->engine, &f->moment);
  undo (f);
  g_assert_true (chihuo_engine_is_over (f->engine));
}

/* --- abandoned code --- */

static void
test_abandon (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;
  ChihuoRun *lost;

  claim (f, "a b");
  run = take (f);
  lost = take (f);
  chihuo_engine_cancel_run (f->engine, f->moment.lease, lost, CHIHUO_CANCEL_LOST);
  chihuo_engine_stop (f->engine, &f->moment);
  chihuo_engine_abandon (f->engine);
  assert_action (f, CHIHUO_ACTION_NONE, NULL);
  collect (f);
  assert_settles (f, "a");
  g_assert_cmpint (find_mail (f, CHIHUO_OP_SETTLE)->settle.how, ==, CHIHUO_SETTLE_ABANDONED);
  g_assert_false (chihuo_engine_is_over (f->engine));
  deliver (f);
  g_assert_true (chihuo_engine_is_over (f->engine));

  /* the record stays until the code has let go of it */
  g_assert_null (chihuo_engine_pop_over (f->engine));
  g_assert_cmpuint (chihuo_engine_get_n_left (f->engine), ==, 1);
  end (f, run, CHIHUO_END_DONE);
  g_assert_cmpuint (chihuo_engine_get_n_left (f->engine), ==, 0);
  assert_outcome (f, CHIHUO_OUTCOME_RETURNED);
  end (f, lost, CHIHUO_END_DONE);
  assert_outcome (f, CHIHUO_OUTCOME_LOST);
}

/* The code returns while the settle is on its way */
static void
test_abandon_and_return (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  claim (f, "a");
  run = take (f);
  chihuo_engine_stop (f->engine, &f->moment);
  chihuo_engine_abandon (f->engine);
  collect (f);
  end (f, run, CHIHUO_END_DONE);
  g_assert_null (chihuo_engine_pop_over (f->engine));
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_RETURNED);
}

/* The code returns before the settle goes out: it counts, and nothing is left to be looked for */
static void
test_abandon_too_late (Fixture *f, gconstpointer data)
{
  ChihuoRun *done;
  ChihuoRun *cancelled;

  claim (f, "a b");
  done = take (f);
  cancelled = take (f);
  chihuo_engine_stop (f->engine, &f->moment);
  assert_action (f, CHIHUO_ACTION_CANCEL, done);
  assert_action (f, CHIHUO_ACTION_CANCEL, cancelled);
  chihuo_engine_abandon (f->engine);
  end (f, done, CHIHUO_END_DONE);
  end (f, cancelled, CHIHUO_END_FAILED);
  collect (f);
  assert_settles (f, "a b");
  g_assert_cmpint (f->mails[0].item.settle.how, ==, CHIHUO_SETTLE_DONE);
  g_assert_cmpint (f->mails[1].item.settle.how, ==, CHIHUO_SETTLE_RETURNED);
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_DONE);
  assert_outcome (f, CHIHUO_OUTCOME_RETURNED);
  g_assert_true (chihuo_engine_is_over (f->engine));
}

/* --- finish marks --- */

static void
test_finish (Fixture *f, gconstpointer data)
{
  ChihuoRun *running;
  ChihuoRun *ready;

  claim (f, "a b");
  running = take (f);
  ready = chihuo_engine_peek (f->engine);
  g_assert_true (chihuo_engine_set_finish (f->engine, ready, TRUE)); /* it shall not start any more */
  g_assert_null (chihuo_engine_peek (f->engine));
  g_assert_true (chihuo_engine_set_finish (f->engine, running, TRUE));
  g_assert_true (chihuo_engine_set_finish (f->engine, running, FALSE));
  end (f, running, CHIHUO_END_FAILED);
  g_assert_true (chihuo_engine_set_finish (f->engine, running, TRUE));

  collect (f);
  assert_settles (f, "b a");
  g_assert_true (f->mails[0].item.settle.finish);
  g_assert_true (f->mails[1].item.settle.finish);
  g_assert_false (chihuo_engine_set_finish (f->engine, running, FALSE));

  /* it was not sent after all */
  undo (f);
  g_assert_true (chihuo_engine_set_finish (f->engine, running, FALSE));
  collect (f);
  assert_settles (f, "b a");
  g_assert_false (f->mails[1].item.settle.finish);
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_FINISHED);
  assert_outcome (f, CHIHUO_OUTCOME_FAILED);
}

static void
test_finish_on_success (Fixture *f, gconstpointer data)
{
  f->options.finish_on_success = TRUE;
  start_anew (f);
  claim (f, "a b");
  end (f, take (f), CHIHUO_END_DONE);
  end (f, take (f), CHIHUO_END_FAILED);
  collect (f);
  g_assert_true (f->mails[0].item.settle.finish);
  g_assert_false (f->mails[1].item.settle.finish);
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_FINISHED);
}

/* --- the index --- */

static void
test_find (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  g_assert_null (find (f, "a"));
  claim (f, "a b");
  run = find (f, "a");
  g_assert_nonnull (run);
  g_assert_null (find (f, "c"));
  g_assert_true (take (f) == run);
  g_assert_true (find (f, "a") == run);
  end (f, run, CHIHUO_END_DONE);
  g_assert_true (find (f, "a") == run);
  collect (f);
  g_assert_true (find (f, "a") == run);
  deliver (f);
  g_assert_null (find (f, "a"));
  g_assert_nonnull (find (f, "b"));
}

/* Made only when there is something in every state */
static void
test_find_late (Fixture *f, gconstpointer data)
{
  chihuo_engine_set_concurrency (f->engine, 4);
  claim (f, "sent ended running ready");
  end (f, take (f), CHIHUO_END_DONE);
  collect (f);
  end (f, take (f), CHIHUO_END_DONE);
  take (f);
  g_assert_cmpint (find (f, "sent")->state, ==, CHIHUO_RUN_STATE_SENT);
  g_assert_cmpint (find (f, "ended")->state, ==, CHIHUO_RUN_STATE_ENDED);
  g_assert_cmpint (find (f, "running")->state, ==, CHIHUO_RUN_STATE_RUNNING);
  g_assert_cmpint (find (f, "ready")->state, ==, CHIHUO_RUN_STATE_READY);
  deliver (f);
}

/* The lease was lost, and the same engine has got the task once more: the old code still runs */
static void
lose_and_claim_again (Fixture *f, gboolean index_before)
{
  ChihuoRun *old;
  ChihuoRun *new;

  claim (f, "a");
  if (index_before)
    g_assert_nonnull (find (f, "a"));
  old = take (f);
  chihuo_engine_cancel_run (f->engine, f->moment.lease, old, CHIHUO_CANCEL_LOST);
  chihuo_engine_note_work (f->engine);
  claim (f, "a");
  new = find (f, "a");
  g_assert_true (new != old);
  end (f, old, CHIHUO_END_DONE);
  assert_outcome (f, CHIHUO_OUTCOME_LOST);
  g_assert_true (find (f, "a") == new);
  g_assert_true (take (f) == new);
  end (f, new, CHIHUO_END_DONE);
  collect (f);
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_DONE);
  g_assert_null (find (f, "a"));
}

static void
test_find_again (Fixture *f, gconstpointer data)
{
  lose_and_claim_again (f, TRUE);
  start_anew (f);
  lose_and_claim_again (f, FALSE);
}

/* --- the end of a loop that does not run for ever --- */

/* Claims in vain, with what the store says of the rest */
static gboolean
ends_after (Fixture *f, guint64 n_waiting, gint64 next_due)
{
  ChihuoItem *item;

  chihuo_engine_note_work (f->engine);
  collect (f);
  item = find_mail (f, CHIHUO_OP_CLAIM);
  item->claim.n_waiting = n_waiting;
  item->claim.next_due = next_due;
  deliver (f);

  return chihuo_engine_is_over (f->engine);
}

static void
test_end_by_itself (Fixture *f, gconstpointer data)
{
  gint64 second = G_USEC_PER_SEC;
  ChihuoRun *run;

  f->options.run_forever = FALSE;
  f->options.linger = 3 * second;
  start_anew (f);

  /* what cannot be had (a paused queue) waits: look again in a second */
  g_assert_false (ends_after (f, 1, 0));
  g_assert_false (chihuo_engine_is_drained (f->engine));
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + second);

  /* due within linger: that long */
  g_assert_false (ends_after (f, 0, f->moment.now + 3 * second));
  g_assert_true (chihuo_engine_is_drained (f->engine));
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + 3 * second);

  chihuo_engine_set_held (f->engine, TRUE);
  g_assert_false (ends_after (f, 0, 0));

  chihuo_engine_note_work (f->engine);
  claim (f, "a");
  run = take (f);
  chihuo_engine_set_held (f->engine, FALSE);
  g_assert_false (ends_after (f, 0, 0));
  end (f, run, CHIHUO_END_DONE);
  g_assert_false (chihuo_engine_is_over (f->engine));
  collect (f); /* the settle, and a claim behind it */
  g_assert_cmpuint (f->n_mails, ==, 2);
  deliver (f);
  g_assert_true (chihuo_engine_is_over (f->engine));
  assert_outcome (f, CHIHUO_OUTCOME_DONE);
}

static void
test_end_beyond_linger (Fixture *f, gconstpointer data)
{
  f->options.run_forever = FALSE;
  f->options.linger = 3 * G_USEC_PER_SEC;
  start_anew (f);
  g_assert_true (ends_after (f, 0, f->moment.now + 3 * G_USEC_PER_SEC + 1));
  g_assert_true (chihuo_engine_is_stopping (f->engine));
  g_assert_false (chihuo_engine_wants_exchange (f->engine));
}

static void
test_run_forever (Fixture *f, gconstpointer data)
{
  g_assert_false (ends_after (f, 0, 0));
  g_assert_true (chihuo_engine_is_drained (f->engine));
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, G_MAXINT64);

  /* the wall clock may have been set: looked for once a minute */
  g_assert_false (ends_after (f, 0, f->moment.now + 3600 * (gint64) G_USEC_PER_SEC));
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + 60 * G_USEC_PER_SEC);
  f->moment.lease += 60 * G_USEC_PER_SEC;
  g_assert_false (chihuo_engine_wants_exchange (f->engine));
  chihuo_engine_advance (f->engine, &f->moment);
  g_assert_true (chihuo_engine_wants_exchange (f->engine));
}

static void
test_poll (Fixture *f, gconstpointer data)
{
  f->options.poll = 2 * G_USEC_PER_SEC;
  start_anew (f);
  g_assert_false (ends_after (f, 0, 0));
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + 2 * G_USEC_PER_SEC);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_engine_test ("/engine/ends", test_ends);
  add_engine_test ("/engine/ends/errors", test_errors);
  add_engine_test ("/engine/retry/exponential", test_exponential);
  add_engine_test ("/engine/retry/constant", test_constant);
  add_engine_test ("/engine/retry/immediate", test_immediate);
  add_engine_test ("/engine/retry/own", test_own_delay);
  add_engine_test ("/engine/retry/seed", test_seed);
  add_engine_test ("/engine/time-out", test_time_out);
  add_engine_test ("/engine/time-out/end-before", test_end_before_time_out);
  add_engine_test ("/engine/give-back", test_give_back);
  add_engine_test ("/engine/give-back/cancelled", test_give_back_cancelled);
  add_engine_test ("/engine/stop", test_stop);
  add_engine_test ("/engine/stop/drain-timeout", test_drain_timeout);
  add_engine_test ("/engine/stop/claiming", test_stop_while_claiming);
  add_engine_test ("/engine/stop/outage", test_stop_in_an_outage);
  add_engine_test ("/engine/abandon", test_abandon);
  add_engine_test ("/engine/abandon/return", test_abandon_and_return);
  add_engine_test ("/engine/abandon/too-late", test_abandon_too_late);
  add_engine_test ("/engine/finish", test_finish);
  add_engine_test ("/engine/finish/on-success", test_finish_on_success);
  add_engine_test ("/engine/find", test_find);
  add_engine_test ("/engine/find/late", test_find_late);
  add_engine_test ("/engine/find/again", test_find_again);
  add_engine_test ("/engine/end-by-itself", test_end_by_itself);
  add_engine_test ("/engine/end-by-itself/linger", test_end_beyond_linger);
  add_engine_test ("/engine/run-forever", test_run_forever);
  add_engine_test ("/engine/poll", test_poll);

  return g_test_run ();
}
