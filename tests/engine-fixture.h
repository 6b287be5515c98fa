/* engine-fixture.h - an engine, its clock, and a store that answers what the test says
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <math.h>

#include "chihuo-engine-private.h"

#define LEASE (30 * G_USEC_PER_SEC)
#define MAX_MAILS (3 * CHIHUO_BATCH_MAX_ITEMS)

typedef struct
{
  ChihuoEngineOptions options;
  ChihuoEngine       *engine; /* (owned) */
  ChihuoMoment        moment; /* the time is what the test says */
  ChihuoMail          mails[MAX_MAILS];
  guint               n_mails;
  guint64             token;  /* the last one that was given */
} Fixture;

static inline void
fixture_set_up (Fixture *f, gconstpointer data)
{
  f->options = (ChihuoEngineOptions) { .queue = g_intern_static_string ("q"),
                                       .claimant = g_intern_static_string ("me"),
                                       .concurrency = 2,
                                       .max_tries = 25,
                                       .max_crashes = 3,
                                       .lease = LEASE,
                                       .retry_policy = CHIHUO_RETRY_POLICY_EXPONENTIAL,
                                       .run_forever = TRUE,
                                       .seed = 1 };
  f->engine = chihuo_engine_new (&f->options);
  f->moment = (ChihuoMoment) { .now = 5000 * (gint64) G_USEC_PER_SEC, .lease = 100 * G_USEC_PER_SEC };
}

static inline void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < f->n_mails; i++)
    chihuo_item_clear (&f->mails[i].item);
  chihuo_engine_free (f->engine);
}

static inline void
add_engine_test (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down);
}

/* Another engine, after the test has changed the options */
static inline void
start_anew (Fixture *f)
{
  fixture_tear_down (f, NULL);
  f->n_mails = 0;
  f->engine = chihuo_engine_new (&f->options);
}

/* --- the store's side --- */

static inline void
collect (Fixture *f)
{
  g_assert_cmpuint (f->n_mails, ==, 0);
  f->n_mails = chihuo_engine_collect (f->engine, &f->moment, TRUE, f->mails, MAX_MAILS);
}

static inline ChihuoItem *
find_mail (Fixture *f, ChihuoOp op)
{
  for (guint i = 0; i < f->n_mails; i++)
    if (f->mails[i].item.op == op)
      return &f->mails[i].item;

  return NULL;
}

static inline guint
count_mails (Fixture *f, ChihuoOp op)
{
  guint n = 0;

  for (guint i = 0; i < f->n_mails; i++)
    n += f->mails[i].item.op == op;

  return n;
}

static inline void
clear_mails (Fixture *f)
{
  for (guint i = 0; i < f->n_mails; i++)
    chihuo_item_clear (&f->mails[i].item);
  f->n_mails = 0;
}

/* Gives the engine its answers: OK where the test has given none */
static inline void
deliver (Fixture *f)
{
  for (guint i = 0; i < f->n_mails; i++)
    if (f->mails[i].item.answer == CHIHUO_ANSWER_NONE)
      f->mails[i].item.answer = CHIHUO_ANSWER_OK;
  chihuo_engine_deliver (f->engine, &f->moment, f->mails, f->n_mails);
  clear_mails (f);
}

static inline void
undo (Fixture *f)
{
  chihuo_engine_undone (f->engine, f->mails, f->n_mails);
  clear_mails (f);
}

/* Answers the claim that was collected with the words of `ids` */
static inline void
give (Fixture *f, const char *ids)
{
  g_auto (GStrv) words = g_strsplit (ids, " ", -1);
  ChihuoItem *item = find_mail (f, CHIHUO_OP_CLAIM);

  g_assert_nonnull (item);
  item->claim.claimed = g_new0 (ChihuoClaimed, g_strv_length (words));
  for (guint i = 0; words[i] != NULL; i++)
    {
      ChihuoClaimed *claimed = &item->claim.claimed[item->claim.n_claimed++];

      claimed->payload = chihuo_payload_new (words[i], -1, "null", -1);
      claimed->token = ++f->token;
      claimed->handle = 1000 + f->token;
      claimed->max_tries = 25;
    }
  g_assert_cmpuint (item->claim.n_claimed, <=, item->claim.n);
}

static inline void
claim (Fixture *f, const char *ids)
{
  collect (f);
  give (f, ids);
  deliver (f);
}

/* Claims tasks without end, as many as there should be */
static inline void
claim_n (Fixture *f, guint n)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (ids, "%s%" G_GUINT64_FORMAT, i > 0 ? " " : "", f->token + i);
  collect (f);
  g_assert_cmpuint (find_mail (f, CHIHUO_OP_CLAIM)->claim.n, ==, n);
  give (f, ids->str);
  deliver (f);
}

/* The ids whose settles were collected, in order */
static inline void
assert_settles (Fixture *f, const char *expected)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < f->n_mails; i++)
    if (f->mails[i].item.op == CHIHUO_OP_SETTLE)
      g_string_append_printf (ids, "%s%s", ids->len > 0 ? " " : "",
                              chihuo_payload_get_id (f->mails[i].item.payload));
  g_assert_cmpstr (ids->str, ==, expected);
}

/* --- the side of the code --- */

static inline const char *
id_of (ChihuoRun *run)
{
  return chihuo_payload_get_id (run->claimed.payload);
}

static inline ChihuoRun *
take (Fixture *f)
{
  ChihuoRun *run = chihuo_engine_take (f->engine, &f->moment);

  g_assert_nonnull (run);

  return run;
}

static inline void
end_with (Fixture *f, ChihuoRun *run, ChihuoEndKind kind, double seconds, const char *error)
{
  ChihuoEnd end = { .kind = kind, .seconds = seconds, .error = error };

  chihuo_engine_end (f->engine, &f->moment, run, &end);
}

static inline void
end (Fixture *f, ChihuoRun *run, ChihuoEndKind kind)
{
  end_with (f, run, kind, NAN, NULL);
}

static inline ChihuoRun *
find (Fixture *f, const char *id)
{
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, "null", -1);

  return chihuo_engine_find (f->engine, payload);
}

/* How the next run that is over ended */
static inline void
assert_outcome (Fixture *f, ChihuoOutcome outcome)
{
  ChihuoRun *run = chihuo_engine_pop_over (f->engine);

  g_assert_nonnull (run);
  g_assert_cmpint (run->outcome, ==, outcome);
  chihuo_engine_free_run (run);
}
