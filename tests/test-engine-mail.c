/* test-engine-mail.c - what an engine claims, renews and sends back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "engine-fixture.h"

/* --- claims --- */

static void
test_claim (Fixture *f, gconstpointer data)
{
  const ChihuoItem *claim;

  g_assert_true (chihuo_engine_wants_exchange (f->engine));
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 1);
  claim = find_mail (f, CHIHUO_OP_CLAIM);
  g_assert_nonnull (claim);
  g_assert_cmpstr (claim->queue, ==, "q");
  g_assert_cmpstr (claim->claimant, ==, "me");
  g_assert_cmpuint (claim->claim.n, ==, 2);
  g_assert_cmpuint (claim->claim.suspects, ==, 1);
  g_assert_cmpuint (claim->claim.request, ==, 1);
  g_assert_cmpint (claim->claim.lease, ==, LEASE);
  g_assert_cmpuint (claim->claim.max_tries, ==, 25);
  g_assert_cmpuint (claim->claim.max_crashes, ==, 3);

  /* while one is under way there is no other */
  g_assert_false (chihuo_engine_wants_exchange (f->engine));
  g_assert_cmpuint (chihuo_engine_collect (f->engine, &f->moment, TRUE, f->mails + 1, MAX_MAILS - 1),
                    ==, 0);
  give (f, "a b");
  deliver (f);
  g_assert_cmpuint (chihuo_engine_get_n_ready (f->engine), ==, 2);
  g_assert_cmpuint (chihuo_engine_get_n_free (f->engine), ==, 0);
}

/* Nothing more is asked for while there is no slot; when one is free, again at once */
static void
test_claim_by_free_slots (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  claim (f, "a b");
  run = take (f);
  g_assert_cmpstr (id_of (run), ==, "a");
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 0);
  end (f, run, CHIHUO_END_DONE);
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 2);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.n, ==, 1);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.request, ==, 2);
  deliver (f);
}

/* An empty answer: nothing is asked for until somebody tells of work */
static void
test_claim_in_vain (Fixture *f, gconstpointer data)
{
  claim (f, "");
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 0);
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, G_MAXINT64);
  chihuo_engine_note_work (f->engine);
  g_assert_true (chihuo_engine_wants_exchange (f->engine));
  claim (f, "a");
}

/* A full answer: there may be more */
static void
test_claim_more (Fixture *f, gconstpointer data)
{
  claim (f, "a b");
  chihuo_engine_set_concurrency (f->engine, 4);
  claim (f, "c d");
  chihuo_engine_set_concurrency (f->engine, 6);
  claim (f, "e");
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 0);
}

/* An answer in which not all is that was asked for, though it is there: the rest is asked for at once. Of
 * what nobody may have so nobody asks again and again */
static void
test_claim_in_parts (Fixture *f, gconstpointer data)
{
  collect (f);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.n, ==, 2);
  give (f, "a");
  find_mail (f, CHIHUO_OP_CLAIM)->claim.n_waiting = 5;
  deliver (f);

  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 1);
  give (f, "");
  find_mail (f, CHIHUO_OP_CLAIM)->claim.n_waiting = 5;
  deliver (f);
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 0);
}

/* A claim of n counts as n */
static void
test_claim_room (Fixture *f, gconstpointer data)
{
  chihuo_engine_set_concurrency (f->engine, 100);
  f->n_mails = chihuo_engine_collect (f->engine, &f->moment, TRUE, f->mails, 7);
  g_assert_cmpuint (f->n_mails, ==, 1);
  g_assert_cmpuint (f->mails[0].item.claim.n, ==, 7);
  deliver (f);
  chihuo_engine_note_work (f->engine);
  g_assert_cmpuint (chihuo_engine_collect (f->engine, &f->moment, TRUE, f->mails, 0), ==, 0);
}

static void
test_suspects (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  f->n_mails = chihuo_engine_collect (f->engine, &f->moment, FALSE, f->mails, MAX_MAILS);
  g_assert_cmpuint (f->mails[0].item.claim.suspects, ==, 0);
  deliver (f);

  chihuo_engine_note_work (f->engine);
  collect (f);
  give (f, "a");
  f->mails[0].item.claim.claimed[0].crashes = 1;
  deliver (f);
  g_assert_true (chihuo_engine_holds_suspect (f->engine));
  run = take (f);
  end (f, run, CHIHUO_END_DONE);
  g_assert_true (chihuo_engine_holds_suspect (f->engine));
  collect (f);
  deliver (f);
  g_assert_false (chihuo_engine_holds_suspect (f->engine));
}

/* What is only claimed ahead is never a suspect */
static void
test_no_suspect_ahead (Fixture *f, gconstpointer data)
{
  chihuo_engine_note_pace (f->engine, 1000, 1);
  claim (f, "a b c d");
  chihuo_engine_note_work (f->engine);
  collect (f);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.suspects, ==, 0);
  deliver (f);
}

/* --- how much ahead --- */

static void
test_prefetch (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (chihuo_engine_get_prefetch (f->engine), ==, 0);
  chihuo_engine_note_pace (f->engine, 1000, 1);
  g_assert_cmpuint (chihuo_engine_get_prefetch (f->engine), ==, 40); /* 2 slots × 20 ms ÷ 1 ms */
  g_assert_cmpuint (chihuo_engine_get_want (f->engine), ==, 42);
  g_assert_cmpuint (chihuo_engine_get_hand (f->engine), ==, 1);

  for (int i = 0; i < 100; i++)
    chihuo_engine_note_pace (f->engine, 10, 10);
  g_assert_cmpuint (chihuo_engine_get_prefetch (f->engine), ==, 1024);
  g_assert_cmpuint (chihuo_engine_get_hand (f->engine), ==, 64);
  collect (f);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.n, ==, CHIHUO_BATCH_MAX_ITEMS);
  deliver (f);

  /* tasks of 50 ms: nothing is claimed ahead */
  for (int i = 0; i < 100; i++)
    chihuo_engine_note_pace (f->engine, 50 * 1000, 1);
  g_assert_cmpuint (chihuo_engine_get_prefetch (f->engine), ==, 0);
  g_assert_cmpuint (chihuo_engine_get_want (f->engine), ==, 2);
  g_assert_cmpuint (chihuo_engine_get_hand (f->engine), ==, 1);
}

/* A task that still runs may be a long one: nothing is claimed ahead on its word, only less */
static void
test_age (Fixture *f, gconstpointer data)
{
  chihuo_engine_note_age (f->engine, 1000);
  g_assert_cmpuint (chihuo_engine_get_prefetch (f->engine), ==, 0);

  chihuo_engine_note_pace (f->engine, 1000, 1);
  chihuo_engine_note_age (f->engine, 500);
  g_assert_cmpuint (chihuo_engine_get_prefetch (f->engine), ==, 40);
  for (int i = 0; i < 100; i++)
    chihuo_engine_note_age (f->engine, 50 * 1000);
  g_assert_cmpuint (chihuo_engine_get_prefetch (f->engine), ==, 0);
}

/* Begun tasks tell their pace by their ends */
static void
test_pace_of_begun (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;

  claim (f, "a");
  run = take (f);
  run->begun = TRUE;
  f->moment.lease += 4000;
  end (f, run, CHIHUO_END_DONE);
  g_assert_cmpfloat (chihuo_engine_get_pace (f->engine), ==, 4000);
}

/* While there is work at hand, claims and settles go in big steps */
static void
test_hysteresis (Fixture *f, gconstpointer data)
{
  guint n_ended = 0;

  chihuo_engine_note_pace (f->engine, 1000, 1);
  claim_n (f, 42);
  while (chihuo_engine_get_want (f->engine) < 20)
    {
      g_assert_false (chihuo_engine_wants_exchange (f->engine));
      end (f, take (f), CHIHUO_END_DONE);
      n_ended++;
    }
  g_assert_cmpuint (n_ended, ==, 20);
  g_assert_true (chihuo_engine_wants_exchange (f->engine));
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 21);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.n, ==, 20);
  deliver (f);
}

/* Many settles are worth an exchange of their own */
static void
test_settles_in_big_steps (Fixture *f, gconstpointer data)
{
  guint n_ended = 0;

  for (int i = 0; i < 100; i++)
    chihuo_engine_note_pace (f->engine, 10, 10);
  claim_n (f, 256);
  chihuo_engine_set_concurrency (f->engine, 1);
  claim (f, "last");
  while (!chihuo_engine_wants_exchange (f->engine))
    {
      end (f, take (f), CHIHUO_END_DONE);
      n_ended++;
    }
  g_assert_cmpuint (n_ended, ==, CHIHUO_BATCH_MAX_ITEMS / 2);
}

static void
test_patience (Fixture *f, gconstpointer data)
{
  chihuo_engine_note_pace (f->engine, 1000, 1);
  claim (f, "a b c d");
  take (f);
  take (f);
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + G_USEC_PER_SEC);
  f->moment.lease += G_USEC_PER_SEC - 1;
  collect (f);
  g_assert_null (find_mail (f, CHIHUO_OP_SETTLE));
  deliver (f);

  f->moment.lease++;
  collect (f);
  g_assert_cmpuint (count_mails (f, CHIHUO_OP_SETTLE), ==, 2);
  g_assert_cmpint (find_mail (f, CHIHUO_OP_SETTLE)->settle.how, ==, CHIHUO_SETTLE_RETURNED);
  assert_settles (f, "c d");
  g_assert_null (find_mail (f, CHIHUO_OP_CLAIM));
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_RETURNED);
  assert_outcome (f, CHIHUO_OUTCOME_RETURNED);
}

/* With a slot free, what was claimed ahead waits for its thread only */
static void
test_patience_with_free_slots (Fixture *f, gconstpointer data)
{
  claim (f, "a b");
  take (f);
  f->moment.lease += 2 * G_USEC_PER_SEC;
  chihuo_engine_advance (f->engine, &f->moment);
  g_assert_cmpuint (chihuo_engine_get_n_ready (f->engine), ==, 1);
}

/* --- renewals --- */

static void
test_renewals (Fixture *f, gconstpointer data)
{
  claim (f, "a b");
  take (f);
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + LEASE / 3);
  f->moment.lease += LEASE / 3 - 1;
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 0);

  f->moment.lease++;
  collect (f);
  g_assert_cmpuint (count_mails (f, CHIHUO_OP_RENEW), ==, 2);
  g_assert_cmpint (find_mail (f, CHIHUO_OP_RENEW)->renew.lease, ==, LEASE);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_RENEW)->token, ==, 1);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_RENEW)->handle, ==, 1001);
  deliver (f);
  g_assert_cmpint (chihuo_engine_get_next_time (f->engine), ==, f->moment.lease + LEASE / 3);
}

/* What is due soon travels with what is due now */
static void
test_renewals_together (Fixture *f, gconstpointer data)
{
  claim (f, "a");
  f->moment.lease += LEASE / 12;
  chihuo_engine_note_work (f->engine);
  claim (f, "b");
  take (f);
  take (f);
  f->moment.lease += LEASE / 3 - LEASE / 12;
  collect (f);
  g_assert_cmpuint (count_mails (f, CHIHUO_OP_RENEW), ==, 2);
  deliver (f);
}

/* They come first, and what does not fit in is offered at once */
static void
test_renewals_first (Fixture *f, gconstpointer data)
{
  claim (f, "a b");
  end (f, take (f), CHIHUO_END_DONE);
  chihuo_engine_note_work (f->engine);
  collect (f);
  give (f, "c");
  deliver (f);
  take (f);
  take (f);
  end (f, find (f, "b"), CHIHUO_END_DONE);
  f->moment.lease += LEASE / 3;
  f->n_mails = chihuo_engine_collect (f->engine, &f->moment, TRUE, f->mails, 1);
  g_assert_cmpuint (f->n_mails, ==, 1);
  g_assert_cmpint (f->mails[0].item.op, ==, CHIHUO_OP_RENEW);
  deliver (f);
  collect (f);
  assert_settles (f, "b");
  deliver (f);
}

static void
test_notice (Fixture *f, gconstpointer data)
{
  chihuo_engine_note_notice (f->engine);
  claim (f, "a");
  take (f);
  collect (f);
  g_assert_cmpuint (count_mails (f, CHIHUO_OP_RENEW), ==, 0);
  deliver (f);
  chihuo_engine_note_notice (f->engine);
  collect (f);
  g_assert_cmpuint (count_mails (f, CHIHUO_OP_RENEW), ==, 1);
  deliver (f);
}

static void
test_renewal_of_ready (Fixture *f, gconstpointer data)
{
  claim (f, "a b");
  f->moment.lease += LEASE / 3;
  collect (f);
  f->mails[0].item.answer = CHIHUO_ANSWER_STALE;
  f->mails[1].item.answer = CHIHUO_ANSWER_DROPPED;
  deliver (f);
  assert_outcome (f, CHIHUO_OUTCOME_LOST);
  g_assert_cmpuint (chihuo_engine_get_n_ready (f->engine), ==, 0);
  collect (f);
  assert_settles (f, "b");
  g_assert_cmpint (find_mail (f, CHIHUO_OP_SETTLE)->settle.how, ==, CHIHUO_SETTLE_RETURNED);
  deliver (f);
}

static void
test_renewal_of_running (Fixture *f, gconstpointer data)
{
  const struct
  {
    ChihuoAnswer       answer;
    ChihuoCancelReason cancel;
  } cases[] = {
    { CHIHUO_ANSWER_STALE, CHIHUO_CANCEL_LOST },
    { CHIHUO_ANSWER_CANCELLED, CHIHUO_CANCEL_BY_HAND },
    { CHIHUO_ANSWER_DROPPED, CHIHUO_CANCEL_BY_HAND },
    { CHIHUO_ANSWER_OK, CHIHUO_CANCEL_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ChihuoRun *run;
      ChihuoRun *told = NULL;
      gboolean cancelled = cases[i].cancel != CHIHUO_CANCEL_NONE;

      claim (f, "a");
      run = take (f);
      f->moment.lease += LEASE / 3;
      collect (f);
      f->mails[0].item.answer = cases[i].answer;
      deliver (f);
      g_assert_cmpint (run->cancel, ==, cases[i].cancel);
      g_assert_cmpint (chihuo_engine_pop_action (f->engine, &told), ==,
                       cancelled ? CHIHUO_ACTION_CANCEL : CHIHUO_ACTION_NONE);
      g_assert_true (told == (cancelled ? run : NULL));
      end (f, run, CHIHUO_END_DONE);
      collect (f);
      g_assert_cmpuint (count_mails (f, CHIHUO_OP_SETTLE), ==,
                        cases[i].cancel == CHIHUO_CANCEL_LOST ? 0 : 1);
      deliver (f);
      assert_outcome (f, cases[i].cancel == CHIHUO_CANCEL_LOST ? CHIHUO_OUTCOME_LOST
                                                               : CHIHUO_OUTCOME_DONE);
      chihuo_engine_note_work (f->engine);
    }
}

/* A lost lease outweighs what the run was told before, and is not told twice */
static void
test_lost_after_stop (Fixture *f, gconstpointer data)
{
  ChihuoRun *run;
  ChihuoRun *told;

  claim (f, "a");
  run = take (f);
  chihuo_engine_stop (f->engine, &f->moment);
  g_assert_cmpint (chihuo_engine_pop_action (f->engine, &told), ==, CHIHUO_ACTION_CANCEL);
  f->moment.lease += LEASE / 3;
  collect (f);
  f->mails[0].item.answer = CHIHUO_ANSWER_STALE;
  deliver (f);
  g_assert_cmpint (run->cancel, ==, CHIHUO_CANCEL_LOST);
  g_assert_cmpint (chihuo_engine_pop_action (f->engine, &told), ==, CHIHUO_ACTION_NONE);
  f->moment.lease += LEASE / 3;
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 0);
  end (f, run, CHIHUO_END_DONE);
  assert_outcome (f, CHIHUO_OUTCOME_LOST);
  g_assert_true (chihuo_engine_is_over (f->engine));
}

/* --- what was not done --- */

static void
test_undone (Fixture *f, gconstpointer data)
{
  chihuo_engine_set_concurrency (f->engine, 4);
  claim (f, "a b c d");
  end (f, take (f), CHIHUO_END_DONE);
  end (f, take (f), CHIHUO_END_DONE);
  take (f);
  f->moment.lease += LEASE / 3;
  collect (f);
  g_assert_cmpuint (f->n_mails, ==, 5); /* two renewals, two settles, a claim */
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.request, ==, 2);
  end (f, find (f, "c"), CHIHUO_END_DONE);
  undo (f);

  /* all of it again, what has ended since behind the others, and the claim as a new one */
  collect (f);
  assert_settles (f, "a b c");
  g_assert_cmpuint (count_mails (f, CHIHUO_OP_RENEW), ==, 1);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.request, ==, 3);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.n, ==, 3);
  undo (f);
  collect (f);
  assert_settles (f, "a b c");
  deliver (f);
}

/* --- the clock --- */

/* One step of whoever runs the tasks */
static void
act_at_random (Fixture *f, GRand *random)
{
  ChihuoRun *run = NULL;
  guint n = chihuo_engine_get_n_running (f->engine);

  if (n > 0)
    run = g_queue_peek_nth (&f->engine->running, g_rand_int_range (random, 0, n));

  switch (g_rand_int_range (random, 0, 7))
    {
    case 0:
    case 1:
      if (chihuo_engine_get_n_startable (f->engine) > 0)
        take (f);
      break;
    case 2:
    case 3:
      if (run != NULL)
        end_with (f, run, g_rand_int_range (random, 0, 4), 1, "why");
      break;
    case 4:
      if (run != NULL)
        chihuo_engine_give_back (f->engine, run);
      break;
    case 5:
      chihuo_engine_note_pace (f->engine, g_rand_int_range (random, 1, 100000), 1);
      break;
    default:
      f->moment.lease += g_rand_int_range (random, 1, 3 * G_USEC_PER_SEC);
      chihuo_engine_set_concurrency (f->engine, g_rand_int_range (random, 1, 5));
      break;
    }
}

/* One exchange, with answers of all kinds. Says whether anything was sent */
static gboolean
exchange_at_random (Fixture *f, GRand *random)
{
  const ChihuoAnswer answers[] = { CHIHUO_ANSWER_OK, CHIHUO_ANSWER_OK, CHIHUO_ANSWER_STALE,
                                   CHIHUO_ANSWER_CANCELLED, CHIHUO_ANSWER_DROPPED };
  ChihuoItem *item;

  collect (f);
  if (f->n_mails == 0)
    return FALSE;

  if (g_rand_int_range (random, 0, 10) == 0)
    {
      undo (f);
      return TRUE;
    }
  for (guint i = 0; i < f->n_mails; i++)
    if (f->mails[i].item.op == CHIHUO_OP_RENEW)
      f->mails[i].item.answer = answers[g_rand_int_range (random, 0, G_N_ELEMENTS (answers))];
  item = find_mail (f, CHIHUO_OP_CLAIM);
  if (item != NULL && g_rand_boolean (random))
    {
      g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, f->token);

      give (f, id);
      item->claim.claimed[0].timeout = g_rand_int_range (random, 0, 3) * G_USEC_PER_SEC;
    }
  deliver (f);

  return TRUE;
}

static void
drop_what_is_out (Fixture *f)
{
  ChihuoRun *run;

  while (chihuo_engine_pop_action (f->engine, &run) != CHIHUO_ACTION_NONE)
    g_assert_cmpint (run->state, ==, CHIHUO_RUN_STATE_RUNNING);
  while ((run = chihuo_engine_pop_over (f->engine)) != NULL)
    chihuo_engine_free_run (run);
}

/* Where there is nothing to send, the time to ask again lies ahead: nobody is kept busy with nothing.
 * And whatever has happened, a stop gets everything out */
static void
test_next_time (Fixture *f, gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (GPOINTER_TO_UINT (data));

  for (int i = 0; i < 2000; i++)
    {
      int n_exchanges = 0;

      act_at_random (f, random);
      while (exchange_at_random (f, random))
        g_assert_cmpint (++n_exchanges, <, 1000);
      g_assert_cmpint (chihuo_engine_get_next_time (f->engine), >, f->moment.lease);
      if (g_rand_int_range (random, 0, 20) == 0)
        chihuo_engine_note_work (f->engine);
      drop_what_is_out (f);
    }

  find (f, "0"); /* makes the index */
  chihuo_engine_stop (f->engine, &f->moment);
  while (chihuo_engine_get_n_running (f->engine) > 0)
    end (f, f->engine->running.head->data, CHIHUO_END_FAILED);
  for (int i = 0; i < 10 && !chihuo_engine_is_over (f->engine); i++)
    {
      collect (f);
      g_assert_null (find_mail (f, CHIHUO_OP_CLAIM));
      deliver (f);
    }
  g_assert_true (chihuo_engine_is_over (f->engine));
  drop_what_is_out (f);
  g_assert_cmpuint (g_hash_table_size (f->engine->index), ==, 0);
  g_assert_false (chihuo_engine_holds_suspect (f->engine));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_engine_test ("/engine-mail/claim", test_claim);
  add_engine_test ("/engine-mail/claim/by-free-slots", test_claim_by_free_slots);
  add_engine_test ("/engine-mail/claim/in-vain", test_claim_in_vain);
  add_engine_test ("/engine-mail/claim/more", test_claim_more);
  add_engine_test ("/engine-mail/claim/in-parts", test_claim_in_parts);
  add_engine_test ("/engine-mail/claim/room", test_claim_room);
  add_engine_test ("/engine-mail/suspects", test_suspects);
  add_engine_test ("/engine-mail/suspects/not-ahead", test_no_suspect_ahead);
  add_engine_test ("/engine-mail/prefetch", test_prefetch);
  add_engine_test ("/engine-mail/age", test_age);
  add_engine_test ("/engine-mail/prefetch/begun", test_pace_of_begun);
  add_engine_test ("/engine-mail/hysteresis", test_hysteresis);
  add_engine_test ("/engine-mail/hysteresis/settles", test_settles_in_big_steps);
  add_engine_test ("/engine-mail/patience", test_patience);
  add_engine_test ("/engine-mail/patience/free-slots", test_patience_with_free_slots);
  add_engine_test ("/engine-mail/renewals", test_renewals);
  add_engine_test ("/engine-mail/renewals/together", test_renewals_together);
  add_engine_test ("/engine-mail/renewals/first", test_renewals_first);
  add_engine_test ("/engine-mail/renewals/notice", test_notice);
  add_engine_test ("/engine-mail/renewals/ready", test_renewal_of_ready);
  add_engine_test ("/engine-mail/renewals/running", test_renewal_of_running);
  add_engine_test ("/engine-mail/renewals/lost-after-stop", test_lost_after_stop);

  add_engine_test ("/engine-mail/undone", test_undone);
  for (guint i = 1; i <= 20; i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine-mail/next-time/%u", i);

      g_test_add (path, Fixture, GUINT_TO_POINTER (i), fixture_set_up, test_next_time,
                  fixture_tear_down);
    }

  return g_test_run ();
}
