/* fuzz-life.c - bytes as operations on the memory backend, judged by a model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "chihuo-memory-backend.h"
#include "chihuo-record.h"
#include "fuzz-model.h"
#include "fuzz-target.h"

#define QUEUE (g_intern_static_string ("queue"))
#define MAX_OPS 400
#define N_RUNS 8 /* so many of the last ones can be settled, whether they still run or not */

typedef struct
{
  guint         id;
  guint64       token;
  guint64       handle;
  const char   *claimant;
} Run;

typedef struct
{
  FuzzBytes      bytes;
  FuzzModel      model;
  ChihuoBackend *backend; /* (owned) */
  ChihuoMoment   moment;
  guint32        request;
  guint32        claim_request;
  Run            runs[N_RUNS];
  guint          n_runs;
  guint          n_infos;
} Life;

/* The flags of an add are the first words of a ChihuoWhen */
G_STATIC_ASSERT ((int) CHIHUO_ADD_FLAGS_AT_HEAD == CHIHUO_WHEN_AT_HEAD);
G_STATIC_ASSERT ((int) CHIHUO_ADD_FLAGS_REPLACE == CHIHUO_WHEN_REPLACE);

static const char *const ops[] = { NULL, "add", "finish", "unfinish", "remove", "cancel", "retry-dead",
                                   NULL, "renew" };
static const char *const settles[] = { NULL, "settle-done", "settle-failed", "settle-rejected",
                                       "settle-postponed", "settle-returned", "settle-abandoned" };

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_init ();
  fuzz_model_load (FUZZ_TABLE);
  return 0;
}

static const char *
claimant_of (guint n)
{
  return n % 2 == 0 ? g_intern_static_string ("engine-0") : g_intern_static_string ("engine-1");
}

static void
exchange (Life *self, ChihuoItem *item, guint32 request)
{
  g_autoptr (GError) error = NULL;
  ChihuoBatch batch = { .client = g_intern_static_string ("client"),
                        .request = request,
                        .repeated = request == self->request,
                        .moment = self->moment,
                        .items = &item,
                        .n_items = 1 };

  item->queue = QUEUE;
  chihuo_backend_exchange (self->backend, &batch, &error);
  g_assert_no_error (error);
  self->request = request;
}

static void
set_payload (ChihuoItem *item, guint id, const char *json)
{
  g_autofree char *text = g_strdup_printf ("%u", id);

  item->payload = chihuo_payload_new (text, -1, json, json != NULL ? -1 : 0);
}

/* What an item says, in the words of the table */
static FuzzSaid
read_item (const FuzzTask *task, const ChihuoItem *item)
{
  FuzzSaid said = { 0 };

  if (item->token != task->token || item->claimant != task->claimant)
    said.when = CHIHUO_WHEN_STALE;

  switch ((guint) item->op)
    {
    case CHIHUO_OP_ADD:
      said = (FuzzSaid) { .when = item->add.flags | (item->add.delay > 0 ? CHIHUO_WHEN_DELAY : 0),
                          .info = g_intern_string (chihuo_payload_get_json (item->payload)),
                          .delay = item->add.delay,
                          .tries = item->add.max_tries,
                          .priority = item->add.priority,
                          .has_priority = item->add.has_priority };
      break;
    case CHIHUO_OP_SETTLE:
      said.when |= (item->settle.finish ? CHIHUO_WHEN_FINISH : 0)
                   | (item->settle.delay < 0 ? CHIHUO_WHEN_IN_PLACE : 0);
      said.delay = MAX (item->settle.delay, 0);
      said.lease = item->settle.how == CHIHUO_SETTLE_ABANDONED ? CHIHUO_ABANDONED_LEASE : 0;
      break;
    case CHIHUO_OP_RENEW:
      said.lease = item->renew.lease;
      break;
    default:
      break;
    }

  return said;
}

static ChihuoAnswer
expect (Life *self, guint id, const ChihuoItem *item)
{
  FuzzTask *task = &self->model.tasks[id];
  const FuzzSaid said = read_item (task, item);
  const char *event = item->op == CHIHUO_OP_SETTLE ? settles[item->settle.how] : ops[item->op];

  return fuzz_model_step (&self->model, task, event, &said, &self->moment);
}

/* Sends an item, now and then twice: the second time nothing may be done */
static void
judge (Life *self, guint id, ChihuoItem *item)
{
  ChihuoAnswer expected = expect (self, id, item);

  exchange (self, item, self->request + 1);
  g_assert_cmpint (item->answer, ==, expected);
  if (self->request % 4 == 0)
    {
      item->answer = CHIHUO_ANSWER_NONE;
      exchange (self, item, self->request);
      g_assert_cmpint (item->answer, ==, expected);
    }
  chihuo_item_clear (item);
}

static void
add (Life *self, guint id)
{
  g_autofree char *json = g_strdup_printf ("%u", self->n_infos++);
  ChihuoItem item = { .op = CHIHUO_OP_ADD };
  guint more = fuzz_take (&self->bytes);

  set_payload (&item, id, json);
  item.add.flags = fuzz_take (&self->bytes) % 32;
  item.add.delay = (more & 3) == 3 ? (more >> 6) * G_USEC_PER_SEC : 0;
  item.add.has_priority = (more & 4) != 0;
  item.add.priority = item.add.has_priority ? (int) (more >> 3 & 3) - 1 : 0;
  item.add.max_tries = more >> 5 & 1;
  judge (self, id, &item);
}

static void
change (Life *self, guint id, ChihuoOp op)
{
  ChihuoItem item = { .op = op };

  set_payload (&item, id, NULL);
  judge (self, id, &item);
}

/* A run that may be over; sometimes with another's token, or in another's name */
static ChihuoItem
item_for_run (Life *self, ChihuoOp op, guint *id)
{
  guint choice = fuzz_take (&self->bytes);
  const Run *run = &self->runs[choice % MAX (MIN (self->n_runs, N_RUNS), 1)];
  ChihuoItem item = { .op = op, .token = run->token, .handle = run->handle,
                      .claimant = run->claimant };

  *id = run->id;
  if (item.claimant == NULL)
    item.claimant = claimant_of (0);
  if (choice >= 0xf8)
    item.token++;
  else if (choice >= 0xf0)
    item.claimant = claimant_of (item.claimant == claimant_of (0));
  set_payload (&item, run->id, NULL);

  return item;
}

static void
settle (Life *self)
{
  guint id;
  ChihuoItem item = item_for_run (self, CHIHUO_OP_SETTLE, &id);
  guint how = fuzz_take (&self->bytes);

  item.settle.how = CHIHUO_SETTLE_DONE + how % 6;
  item.settle.finish = (how >> 3) % 4 == 3;
  item.settle.delay = (gint64) (how >> 5) * G_USEC_PER_SEC - G_USEC_PER_SEC;
  item.settle.error = g_strdup ("error");
  judge (self, id, &item);
}

static void
renew (Life *self)
{
  guint id;
  ChihuoItem item = item_for_run (self, CHIHUO_OP_RENEW, &id);

  item.renew.lease = 10 * G_USEC_PER_SEC;
  judge (self, id, &item);
}

static void
claim (Life *self)
{
  guint choice = fuzz_take (&self->bytes);
  ChihuoItem item = { .op = CHIHUO_OP_CLAIM, .claimant = claimant_of (choice >> 7) };

  item.claim.n = 1 + (choice & 3);
  item.claim.suspects = choice >> 2 & 1;
  item.claim.request = ++self->claim_request;
  item.claim.max_tries = 1 + (choice >> 3 & 3);
  item.claim.max_crashes = choice >> 5 & 3;
  item.claim.lease = 10 * G_USEC_PER_SEC;
  exchange (self, &item, self->request + 1);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_OK);
  fuzz_model_claim (&self->model, &item, &self->moment);

  for (guint i = 0; i < item.claim.n_claimed; i++)
    self->runs[self->n_runs++ % N_RUNS]
      = (Run) { .id = atoi (chihuo_payload_get_id (item.claim.claimed[i].payload)),
                .token = item.claim.claimed[i].token,
                .handle = item.claim.claimed[i].handle,
                .claimant = item.claimant };
  chihuo_item_clear (&item);
}

static void
reap (Life *self)
{
  g_autoptr (GError) error = NULL;
  gboolean more;
  guint n_reaped;

  chihuo_backend_reap (self->backend, &self->moment, &n_reaped, &more, &error);
  g_assert_no_error (error);
  g_assert_false (more);
  fuzz_model_reap (&self->model, &self->moment);
}

static void
pause_queue (Life *self, gboolean paused)
{
  ChihuoItem item = { .op = CHIHUO_OP_SET_PAUSED, .pause.paused = paused };

  exchange (self, &item, self->request + 1);
  g_assert_cmpint (item.answer, ==, CHIHUO_ANSWER_OK);
  self->model.paused = paused;
}

static void
check_task (Life *self, guint id)
{
  const FuzzTask *task = &self->model.tasks[id];
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  g_autofree char *text = g_strdup_printf ("%u", id);
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (text, -1, NULL, 0);
  g_autoptr (GError) error = NULL;
  ChihuoPage page = { .queue = QUEUE, .id = payload, .limit = 1, .records = records };
  const ChihuoRecord *record;

  chihuo_backend_page (self->backend, &page, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);
  record = g_ptr_array_index (records, 0);
  g_assert_cmpuint (record->state, ==, task->state);
  g_assert_cmpint (record->finished, ==, task->finished);
  if (task->state == CHIHUO_TASK_STATE_ABSENT)
    return;

  g_assert_cmpuint (record->failures, ==, task->failures);
  g_assert_cmpuint (record->crashes, ==, task->crashes);
  g_assert_cmpint (record->priority, ==, task->add.priority);
  g_assert_cmpuint (record->fate, ==, task->fate);
  g_assert_cmpint (record->cancelled, ==, (task->flags & CHIHUO_WHEN_CANCELLED) != 0);
  g_assert_cmpint (record->abandoned, ==, (task->flags & CHIHUO_WHEN_ABANDONED) != 0);
  g_assert_cmpstr (chihuo_payload_get_json (record->payload), ==, task->add.info);
}

static void
check_counters (Life *self)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats stats = { 0 };
  guint n[CHIHUO_TASK_STATE_DEAD + 1] = { 0 };
  guint n_finished = 0;

  for (guint id = 0; id < FUZZ_N_IDS; id++)
    {
      n[self->model.tasks[id].state]++;
      n_finished += self->model.tasks[id].finished;
    }
  chihuo_backend_stats (self->backend, QUEUE, self->moment.now, &stats, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (stats.waiting, ==, n[CHIHUO_TASK_STATE_WAITING]);
  g_assert_cmpuint (stats.delayed, ==, n[CHIHUO_TASK_STATE_DELAYED]);
  g_assert_cmpuint (stats.running, ==, n[CHIHUO_TASK_STATE_RUNNING]);
  g_assert_cmpuint (stats.dead, ==, n[CHIHUO_TASK_STATE_DEAD]);
  g_assert_cmpuint (stats.finished, ==, n_finished);
}

static void
live (Life *self)
{
  guint choice = fuzz_take (&self->bytes);
  guint id = (choice >> 4) % FUZZ_N_IDS;

  switch (choice & 15)
    {
    case 0:
    case 1:
    case 2:
    case 3:
      add (self, id);
      break;
    case 4:
    case 5:
      claim (self);
      break;
    case 6:
    case 7:
    case 8:
      settle (self);
      break;
    case 9:
      renew (self);
      break;
    case 10:
      change (self, id, CHIHUO_OP_FINISH);
      break;
    case 11:
      change (self, id, choice >= 0x80 ? CHIHUO_OP_UNFINISH : CHIHUO_OP_REMOVE);
      break;
    case 12:
      change (self, id, choice >= 0x80 ? CHIHUO_OP_CANCEL : CHIHUO_OP_RETRY_DEAD);
      break;
    case 13:
      reap (self);
      break;
    case 14:
      self->moment.now += (choice >> 4) * G_USEC_PER_SEC;
      self->moment.lease += (choice >> 4) * G_USEC_PER_SEC;
      break;
    default:
      pause_queue (self, choice >= 0xc0);
      break;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  Life self = { .bytes = { data, data + size },
                .backend = chihuo_memory_backend_new (),
                .moment = { .now = 1700000000 * G_TIME_SPAN_SECOND, .lease = G_USEC_PER_SEC } };

  chihuo_backend_open (self.backend, NULL, &error);
  g_assert_no_error (error);
  for (guint n = 0; n < MAX_OPS && fuzz_has_more (&self.bytes); n++)
    {
      live (&self);
      for (guint id = 0; id < FUZZ_N_IDS; id++)
        check_task (&self, id);
      check_counters (&self);
    }
  chihuo_backend_close (self.backend, &error);
  g_assert_no_error (error);
  g_object_unref (self.backend);

  return 0;
}
