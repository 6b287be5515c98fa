/* chihuo-conformance-sequences.c - random sequences, printed for model.py to judge
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-conformance-parts.h"

/* Each line is a JSON object: what was asked, the answer, and what a look said afterwards. The
 * numbers are small and the ids few, so that much happens to each of them. */

#define N_IDS     5
#define N_STEPS   60
#define MAX_TRIES 3
#define MAX_DEATH 2

typedef struct
{
  ChihuoTrial   *trials[2];     /* (owned): one connection, or two */
  guint          n_trials;
  guint          turn;          /* whose claimant acts: 0 or 1 */
  GRand         *rand;          /* (owned) */
  ChihuoClaimed  runs[N_IDS];   /* (owned payload): the last claim of each id */
  const char    *holder[N_IDS]; /* who got it */
  guint          info;          /* of the last add */
} Sequence;

static const char * const ids[N_IDS] = { "a", "b", "c", "d", "e" };
static const char * const claimants[] = { "claimant-A", "claimant-B" };

static ChihuoTrial *
actor (Sequence *self)
{
  return self->trials[self->turn % self->n_trials];
}

static guint
dice (Sequence *self, guint sides)
{
  return g_rand_int_range (self->rand, 0, sides);
}

/* All connections live in one time */
static void
advance (Sequence *self, gint64 duration)
{
  chihuo_trial_advance (actor (self), duration);
  for (guint i = 0; i < self->n_trials; i++)
    self->trials[i]->moment = actor (self)->moment;
}

static const char *
nick (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  return g_enum_get_value (klass, value)->value_nick;
}

static const char *
json_or_null (const char *json)
{
  return json != NULL ? json : "null";
}

/* Error texts in here need no escaping */
static void
print_look (Sequence *self, const char *id)
{
  g_autoptr (ChihuoRecord) record = chihuo_trial_look (actor (self), id);
  gboolean there = record->state != CHIHUO_TASK_STATE_ABSENT;

  g_print ("{\"id\":\"%s\",\"state\":\"%s\",\"mark\":\"%s\",\"fate\":\"%s\",\"failures\":%u,"
           "\"crashes\":%u,\"cancelled\":%d,\"place\":%" G_GINT64_FORMAT ",\"info\":%s,"
           "\"error\":\"%s\"}",
           id, nick (CHIHUO_TYPE_TASK_STATE, record->state), record->finished ? "finished" : "no",
           nick (CHIHUO_TYPE_FATE, record->fate), record->failures, record->crashes,
           record->cancelled, there ? record->place : 0,
           there ? json_or_null (chihuo_payload_get_json (record->payload)) : "null",
           record->error != NULL ? record->error : "");
}

/* Sends it, now and then twice as after a lost reply, and prints the end of the line */
static void
send (Sequence *self, ChihuoItem *item, guint id)
{
  ChihuoTrial *trial = actor (self);
  ChihuoAnswer answer = chihuo_trial_do (trial, item);

  if (dice (self, 8) == 0)
    {
      chihuo_trial_send (trial, &item, 1, trial->request, TRUE);
      g_assert_cmpint (item->answer, ==, answer);
    }

  g_print (",\"id\":\"%s\",\"now\":%" G_GINT64_FORMAT ",\"answer\":\"%s\",\"look\":", ids[id],
           trial->moment.now, nick (CHIHUO_TYPE_ANSWER, answer));
  print_look (self, ids[id]);
  g_print ("}\n");
}

static void
do_add (Sequence *self)
{
  static const struct
  {
    ChihuoAddFlags flag;
    const char    *name;
  } flags[] = {
    { CHIHUO_ADD_FLAGS_AT_HEAD, "at-head" },
    { CHIHUO_ADD_FLAGS_EVEN_FINISHED, "even-finished" },
    { CHIHUO_ADD_FLAGS_EVEN_DEAD, "even-dead" },
    { CHIHUO_ADD_FLAGS_SKIP_RUNNING, "skip-running" },
    { CHIHUO_ADD_FLAGS_REPLACE, "replace" },
  };
  guint id = dice (self, N_IDS);
  g_autofree char *json = g_strdup_printf ("%u", ++self->info);
  g_auto (ChihuoItem) item = chihuo_trial_add_item (actor (self), ids[id], json);

  g_print ("{\"op\":\"add\",\"when\":[");
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      if (dice (self, 3) > 0)
        continue;
      g_print ("%s\"%s\"", item.add.flags != 0 ? "," : "", flags[i].name);
      item.add.flags |= flags[i].flag;
    }
  item.add.delay = dice (self, 3) == 0 ? (1 + dice (self, 9)) * G_USEC_PER_SEC : 0;
  item.add.has_priority = dice (self, 2);
  item.add.priority = item.add.has_priority ? (int) dice (self, 3) - 1 : 0;
  item.add.max_tries = dice (self, 3);
  g_print ("],\"delay\":%" G_GINT64_FORMAT ",\"has_priority\":%d,\"priority\":%d,\"tries\":%u,"
           "\"info\":%s",
           item.add.delay, item.add.has_priority, item.add.priority, item.add.max_tries, json);
  send (self, &item, id);
}

static void
do_simple (Sequence *self)
{
  static const ChihuoOp ops[] = { CHIHUO_OP_FINISH, CHIHUO_OP_UNFINISH, CHIHUO_OP_UNFINISH,
                                  CHIHUO_OP_REMOVE, CHIHUO_OP_CANCEL, CHIHUO_OP_RETRY_DEAD };
  guint id = dice (self, N_IDS);
  ChihuoOp op = ops[dice (self, G_N_ELEMENTS (ops))];
  g_auto (ChihuoItem) item = chihuo_trial_item (actor (self), op, ids[id]);

  g_print ("{\"op\":\"%s\"", nick (CHIHUO_TYPE_OP, op));
  send (self, &item, id);
}

static void
keep_run (Sequence *self, const ChihuoClaimed *claimed)
{
  for (guint i = 0; i < N_IDS; i++)
    {
      if (strcmp (ids[i], chihuo_payload_get_id (claimed->payload)) != 0)
        continue;
      g_clear_pointer (&self->runs[i].payload, chihuo_payload_unref);
      self->runs[i] = *claimed;
      chihuo_payload_ref (claimed->payload);
      self->holder[i] = claimants[self->turn];
    }
}

static void
do_claim (Sequence *self)
{
  ChihuoTrial *trial = actor (self);
  g_auto (ChihuoItem) item = chihuo_trial_item (trial, CHIHUO_OP_CLAIM, NULL);

  item.claimant = g_intern_string (claimants[self->turn]);
  item.claim.n = 1 + dice (self, 3);
  item.claim.suspects = dice (self, 2);
  item.claim.request = ++self->trials[0]->claim_request;
  item.claim.lease = CHIHUO_TRIAL_LEASE;
  item.claim.max_tries = MAX_TRIES;
  item.claim.max_crashes = MAX_DEATH;
  chihuo_trial_do (trial, &item);

  g_print ("{\"op\":\"claim\",\"claimant\":\"%s\",\"n\":%u,\"suspects\":%u,\"now\":%" G_GINT64_FORMAT
           ",\"max_tries\":%d,\"max_crashes\":%d,\"waiting\":%" G_GUINT64_FORMAT ",\"got\":[",
           item.claimant, item.claim.n, item.claim.suspects, trial->moment.now, MAX_TRIES,
           MAX_DEATH, item.claim.n_waiting);
  for (guint i = 0; i < item.claim.n_claimed; i++)
    {
      ChihuoClaimed *claimed = &item.claim.claimed[i];

      g_print ("%s{\"id\":\"%s\",\"token\":%" G_GUINT64_FORMAT ",\"info\":%s,\"failures\":%u,"
               "\"crashes\":%u}",
               i > 0 ? "," : "", chihuo_payload_get_id (claimed->payload), claimed->token,
               json_or_null (chihuo_payload_get_json (claimed->payload)), claimed->failures,
               claimed->crashes);
      keep_run (self, claimed);
    }
  g_print ("]}\n");
}

/* A claimant speaks through its own connection only */
static guint
choose_run (Sequence *self)
{
  guint id = dice (self, N_IDS);

  if (self->holder[id] != NULL && dice (self, 9) > 0)
    self->turn = self->holder[id] == claimants[1];

  return id;
}

/* A run that ends or is renewed: mostly the newest one, by its holder */
static void
do_run (Sequence *self, gboolean renewal)
{
  guint id = choose_run (self);
  g_auto (ChihuoItem) item = chihuo_trial_item (actor (self), CHIHUO_OP_RENEW, ids[id]);
  g_autoptr (ChihuoRecord) record = chihuo_trial_look (actor (self), ids[id]);

  if (self->holder[id] == NULL || (renewal && record->abandoned))
    return;

  item.claimant = g_intern_string (claimants[self->turn]);
  item.token = self->runs[id].token - (dice (self, 12) == 0);
  item.handle = self->runs[id].handle;
  if (renewal)
    {
      item.renew.lease = CHIHUO_TRIAL_LEASE;
      g_print ("{\"op\":\"renew\"");
    }
  else
    {
      item.op = CHIHUO_OP_SETTLE;
      item.settle.how = 1 + dice (self, CHIHUO_SETTLE_ABANDONED);
      item.settle.finish = dice (self, 4) == 0;
      item.settle.delay = item.settle.how == CHIHUO_SETTLE_FAILED && dice (self, 2) == 0
                            ? -1
                            : (1 + (gint64) dice (self, 9)) * G_USEC_PER_SEC;
      item.settle.error = g_strdup ("given error");
      g_print ("{\"op\":\"settle-%s\",\"finish\":%d,\"delay\":%" G_GINT64_FORMAT,
               nick (CHIHUO_TYPE_SETTLE, item.settle.how), item.settle.finish, item.settle.delay);
    }
  g_print (",\"claimant\":\"%s\",\"token\":%" G_GUINT64_FORMAT, item.claimant, item.token);
  send (self, &item, id);
}

/* A connection dies with all claimants on it; where leases tell, that is everybody */
static void
do_death (Sequence *self)
{
  gboolean all = self->n_trials == 1 || actor (self)->factory->crash == NULL;
  gint64 now;

  g_print ("{\"op\":\"reap\",\"claimants\":[\"%s\"%s%s%s],\"looks\":[", claimants[self->turn],
           all ? ",\"" : "", all ? claimants[1 - self->turn] : "", all ? "\"" : "");
  chihuo_trial_kill (actor (self));
  now = actor (self)->moment.now + CHIHUO_TRIAL_REAP_PAUSE;
  chihuo_trial_reap (actor (self));
  advance (self, 0);
  for (guint i = 0; i < N_IDS; i++)
    {
      g_print ("%s", i > 0 ? "," : "");
      print_look (self, ids[i]);
    }
  g_print ("],\"now\":%" G_GINT64_FORMAT "}\n", now);
}

static void
print_list (Sequence *self, ChihuoTaskState state)
{
  g_autofree char *text = chihuo_trial_list_ids (actor (self), state);

  g_print ("{\"op\":\"list\",\"state\":\"%s\",\"ids\":\"%s\"}\n",
           nick (CHIHUO_TYPE_TASK_STATE, state), text);
}

static void
step (Sequence *self)
{
  self->turn = dice (self, 2);
  advance (self, dice (self, 4) * G_USEC_PER_SEC / 2);

  switch (dice (self, 20))
    {
    case 0:
      do_death (self);
      break;
    case 1:
    case 2:
      do_run (self, TRUE);
      break;
    case 3:
    case 4:
    case 5:
    case 6:
      do_run (self, FALSE);
      break;
    case 7:
    case 8:
    case 9:
    case 10:
      do_claim (self);
      break;
    case 11:
    case 12:
      do_simple (self);
      break;
    case 13:
      print_list (self, 1 + dice (self, CHIHUO_TASK_STATE_DEAD));
      break;
    default:
      do_add (self);
      break;
    }
}

static void
run (const ChihuoConformanceFactory *factory, guint seed)
{
  Sequence self = { .rand = g_rand_new_with_seed (seed), .n_trials = 1 };

  g_print ("{\"op\":\"start\",\"seed\":%u}\n", seed);
  self.trials[0] = chihuo_trial_new (factory);
  if (factory->can_share && seed % 2 == 1)
    self.trials[self.n_trials++] = chihuo_trial_new_other (self.trials[0], claimants[1]);

  for (guint i = 0; i < N_STEPS; i++)
    step (&self);
  chihuo_trial_check (actor (&self));

  for (guint i = 0; i < N_IDS; i++)
    g_clear_pointer (&self.runs[i].payload, chihuo_payload_unref);
  for (guint i = self.n_trials; i > 0; i--)
    chihuo_trial_free (self.trials[i - 1]);
  g_rand_free (self.rand);
}

int
chihuo_conformance_sequences (const ChihuoConformanceFactory *factory, guint first, guint n)
{
  for (guint i = 0; i < n; i++)
    run (factory, first + i);

  return 0;
}
