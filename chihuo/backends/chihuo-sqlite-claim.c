/* chihuo-sqlite-claim.c - who claims gets the first tasks of a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backend.h"
#include "chihuo-json.h"
#include "chihuo-sqlite-claim.h"
#include "chihuo-sqlite-task.h"

/* The rows are read first and changed afterwards: a statement that is half way through an index
 * does not bear that its rows move. What is read becomes what the item hands out, so that nothing
 * is copied in between. Tasks that have crashed before have an index of their own; where one of
 * them is asked for, the two orders are merged. */

/* Due tasks that move at one claim; the rest moves at the next ones */
#define MAX_DUE 512

/* A task that could be claimed. The claimed part of it is handed out */
typedef struct
{
  ChihuoClaimed claimed;
  gint64        place;
  guint32       own_tries;
  char         *junk; /* (owned) (nullable): why it is no task */
} Candidate;

typedef struct
{
  ChihuoSqliteQueues   *queues;
  ChihuoSqliteQueue    *queue;
  ChihuoSqliteClaimant *claimant;
  ChihuoItem           *item;
  const ChihuoMoment   *moment;
} Claim;

static void
candidate_clear (gpointer data)
{
  Candidate *self = data;

  g_clear_pointer (&self->claimed.payload, chihuo_payload_unref);
  g_clear_pointer (&self->junk, g_free);
}

/* Another program may have written anything. To be asked before the row is read, which makes text of it */
static const char *
find_wrong_type (sqlite3_stmt *row)
{
  if (sqlite3_column_type (row, 1) != SQLITE_TEXT)
    return "the id is no text";
  if (sqlite3_column_type (row, 2) != SQLITE_TEXT || sqlite3_column_bytes (row, 2) == 0)
    return "the info is no text, where a JSON value was expected";

  return NULL;
}

static char *
find_junk (ChihuoPayload *payload)
{
  g_autoptr (GError) error = NULL;

  if (!chihuo_id_check (chihuo_payload_get_id (payload), chihuo_payload_get_id_length (payload),
                        &error))
    return g_strdup (error->message);
  if (!chihuo_json_check (chihuo_payload_get_json (payload),
                          chihuo_payload_get_json_length (payload), &error))
    return g_strdup_printf ("the info: %s", error->message);

  return NULL;
}

static void
read_candidate (Candidate *self, sqlite3_stmt *row)
{
  ChihuoClaimed *claimed = &self->claimed;
  const char *wrong = find_wrong_type (row);
  const char *id = (const char *) sqlite3_column_text (row, 1);
  const char *info = (const char *) sqlite3_column_text (row, 2);

  claimed->payload = chihuo_payload_new (id != NULL ? id : "", sqlite3_column_bytes (row, 1), info,
                                         sqlite3_column_bytes (row, 2));
  self->junk = wrong != NULL ? g_strdup (wrong) : find_junk (claimed->payload);
  claimed->handle = sqlite3_column_int64 (row, 0);
  claimed->priority = chihuo_sqlite_statements_read (row, 3, G_MININT8, G_MAXINT8);
  self->place = chihuo_sqlite_statements_read (row, 4, -CHIHUO_SQLITE_MAX, CHIHUO_SQLITE_MAX);
  claimed->timeout = chihuo_sqlite_statements_read (row, 5, 0, G_MAXUINT32) * 1000;
  claimed->failures = sqlite3_column_int64 (row, 6);
  claimed->crashes = sqlite3_column_int64 (row, 7);
  self->own_tries = sqlite3_column_int64 (row, 8);
  claimed->token = sqlite3_column_int64 (row, 9);
}

static GArray *
candidates_new (guint n)
{
  GArray *candidates = g_array_sized_new (FALSE, TRUE, sizeof (Candidate), n);

  g_array_set_clear_func (candidates, candidate_clear);
  return candidates;
}

static GArray *
find_candidates (const Claim *claim, ChihuoSqliteStatement which, guint n)
{
  ChihuoSqliteStatements *db = claim->queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, which);
  GArray *candidates = candidates_new (n);

  sqlite3_bind_int64 (row, 1, claim->queue->q);
  sqlite3_bind_int64 (row, 2, n);
  while (chihuo_sqlite_statements_next (db, row))
    {
      Candidate candidate = { 0 };

      read_candidate (&candidate, row);
      g_array_append_val (candidates, candidate);
    }

  return candidates;
}

/* The row as the function of a task's life needs it */
static void
make_task (const Claim *claim, Candidate *candidate, ChihuoSqliteTask *task)
{
  ChihuoRecord *record = &task->record;

  chihuo_sqlite_task_init (task, claim->queues, claim->queue);
  task->n = candidate->claimed.handle;
  task->claimant = claim->claimant->n;
  task->old_state = CHIHUO_TASK_STATE_WAITING;
  record->state = CHIHUO_TASK_STATE_WAITING;
  record->priority = candidate->claimed.priority;
  record->place = candidate->place;
  record->when = claim->moment->now;
  record->token = candidate->claimed.token;
  record->timeout = candidate->claimed.timeout / 1000;
  record->failures = candidate->claimed.failures;
  record->crashes = candidate->claimed.crashes;
  record->own_tries = candidate->own_tries;
}

static void
bury (const Claim *claim, Candidate *candidate)
{
  ChihuoItem event = { .op = CHIHUO_OP_JUNK, .junk.reason = candidate->junk };
  g_auto (ChihuoSqliteTask) task;

  make_task (claim, candidate, &task);
  chihuo_sqlite_task_step (&task, &event, claim->moment);
}

static void
hand_out (const Claim *claim, Candidate *candidate)
{
  ChihuoItem *item = claim->item;
  ChihuoClaimed *claimed = &candidate->claimed;
  g_auto (ChihuoSqliteTask) task;

  make_task (claim, candidate, &task);
  item->token = chihuo_sqlite_queue_token (claim->queue, claim->moment->now);
  chihuo_sqlite_task_step (&task, item, claim->moment);

  claimed->token = task.record.token;
  claimed->max_tries = task.record.max_tries;
  item->claim.claimed[item->claim.n_claimed++] = *claimed;
  claimed->payload = NULL;
}

static void
take (const Claim *claim, Candidate *candidate)
{
  if (candidate->junk != NULL)
    bury (claim, candidate);
  else
    hand_out (claim, candidate);
}

static gboolean
stands_before (const Candidate *a, const Candidate *b)
{
  if (a->claimed.priority != b->claimed.priority)
    return a->claimed.priority < b->claimed.priority;
  return a->place < b->place;
}

static Candidate *
candidate_at (GArray *candidates, guint i)
{
  return i < candidates->len ? &g_array_index (candidates, Candidate, i) : NULL;
}

/* The two orders as one, until nothing more is asked for */
static guint
merge (const Claim *claim, GArray *waiting, GArray *suspects, guint n)
{
  guint w = 0;
  guint s = 0;

  while (w + s < n)
    {
      Candidate *plain = candidate_at (waiting, w);
      Candidate *suspect = candidate_at (suspects, s);

      if (plain == NULL && suspect == NULL)
        break;

      if (suspect == NULL || (plain != NULL && stands_before (plain, suspect)))
        {
          take (claim, plain);
          w++;
        }
      else
        {
          take (claim, suspect);
          s++;
        }
    }

  return w + s;
}

/* In rounds, because what turns out to be junk is not handed out */
static void
claim_first (const Claim *claim)
{
  guint wanted = MIN (claim->item->claim.n, CHIHUO_BACKEND_MAX_TOUCHED);
  guint suspects = claim->item->claim.suspects;
  guint touched = 0;

  while (claim->item->claim.n_claimed < wanted && touched < CHIHUO_BACKEND_MAX_TOUCHED)
    {
      guint n = wanted - claim->item->claim.n_claimed;
      g_autoptr (GArray) waiting = find_candidates (claim, CHIHUO_SQLITE_FIRST_WAITING, n);
      g_autoptr (GArray) crashed
        = find_candidates (claim, CHIHUO_SQLITE_FIRST_SUSPECT, MIN (n, suspects));
      guint n_taken = merge (claim, waiting, crashed, n);

      if (n_taken == 0)
        break;
      touched += n_taken;
      suspects = 0;
    }
}

static void
promote_due (const Claim *claim)
{
  ChihuoSqliteStatements *db = claim->queues->db;
  ChihuoItem event = { .op = CHIHUO_OP_DUE };
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  sqlite3_stmt *row;

  if (claim->queue->counts[CHIHUO_TASK_STATE_DELAYED] == 0)
    return;

  row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_DUE);
  sqlite3_bind_int64 (row, 1, claim->queue->q);
  sqlite3_bind_int64 (row, 2, claim->moment->now);
  sqlite3_bind_int64 (row, 3, MAX_DUE);
  while (chihuo_sqlite_statements_next (db, row))
    {
      gint64 n = sqlite3_column_int64 (row, 0);

      g_array_append_val (rows, n);
    }

  for (guint i = 0; i < rows->len; i++)
    {
      g_auto (ChihuoSqliteTask) task;

      chihuo_sqlite_task_init (&task, claim->queues, claim->queue);
      if (chihuo_sqlite_task_load (&task, g_array_index (rows, gint64, i), NULL))
        chihuo_sqlite_task_step (&task, &event, claim->moment);
    }
}

static void
find_next_due (const Claim *claim)
{
  ChihuoSqliteStatements *db = claim->queues->db;
  sqlite3_stmt *row;

  if (claim->queue->counts[CHIHUO_TASK_STATE_DELAYED] == 0)
    return;

  row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_NEXT_DUE);
  sqlite3_bind_int64 (row, 1, claim->queue->q);
  if (chihuo_sqlite_statements_next (db, row))
    {
      claim->item->claim.next_due = sqlite3_column_int64 (row, 0);
      sqlite3_reset (row);
    }
}

static void
begin (Claim *self, ChihuoSqliteQueues *queues, ChihuoSqliteWorkers *workers, ChihuoItem *item,
       const ChihuoMoment *moment)
{
  *self = (Claim) { .queues = queues, .item = item, .moment = moment };
  self->queue = chihuo_sqlite_queues_get (queues, item->queue);
  self->claimant = chihuo_sqlite_workers_claimant (workers, item->claimant);

  item->claim.claimed = NULL;
  item->claim.n_claimed = 0;
  item->claim.n_lost = 0;
  item->claim.next_due = 0;
}

static void
end (const Claim *self)
{
  find_next_due (self);
  self->item->claim.n_waiting = self->queue->counts[CHIHUO_TASK_STATE_WAITING];
  self->item->claim.paused = self->queue->paused;
  self->item->answer = CHIHUO_ANSWER_OK;
}

/* What a request got before, as far as it is still held, and has not become junk meanwhile */
static void
find_held (const Claim *claim)
{
  ChihuoSqliteStatements *db = claim->queues->db;
  ChihuoItem *item = claim->item;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_HELD);
  g_autoptr (GArray) held = g_array_new (FALSE, FALSE, sizeof (ChihuoClaimed));

  sqlite3_bind_int64 (row, 1, claim->claimant->n);
  sqlite3_bind_int64 (row, 2, claim->queue->q);
  sqlite3_bind_int64 (row, 3, item->claim.request);
  while (chihuo_sqlite_statements_next (db, row))
    {
      Candidate candidate = { 0 };

      read_candidate (&candidate, row);
      if (candidate.junk != NULL)
        {
          candidate_clear (&candidate);
          continue;
        }
      candidate.claimed.max_tries = sqlite3_column_int64 (row, 10);
      g_array_append_val (held, candidate.claimed);
    }

  item->claim.n_claimed = held->len;
  item->claim.claimed = (ChihuoClaimed *) g_array_steal (held, NULL);
}

/*
 * chihuo_sqlite_claim:
 * @queues: the queues of this transaction
 * @workers: the claimants of this transaction
 * @item: a claim
 * @moment: the time
 *
 * Claims the first tasks of a queue. A request that got tasks before gets those
 * of them that are still held, instead of new ones.
 */
void
chihuo_sqlite_claim (ChihuoSqliteQueues *queues, ChihuoSqliteWorkers *workers, ChihuoItem *item,
                     const ChihuoMoment *moment)
{
  Claim claim;

  begin (&claim, queues, workers, item, moment);
  if (claim.claimant->n != 0 && item->claim.request <= claim.claimant->request)
    {
      guint given = item->claim.request == claim.claimant->request ? claim.claimant->given : 0;

      chihuo_sqlite_claim_again (queues, workers, item, moment, given);
      return;
    }

  if (!claim.queue->paused && item->claim.n > 0)
    {
      item->claim.claimed
        = g_new (ChihuoClaimed, MIN (item->claim.n, CHIHUO_BACKEND_MAX_TOUCHED));
      promote_due (&claim);
      if (claim.queue->q != 0)
        chihuo_sqlite_workers_attach (workers, claim.claimant);
      claim_first (&claim);
    }

  if (item->claim.n_claimed > 0)
    {
      claim.claimant->request = item->claim.request;
      claim.claimant->given = item->claim.n_claimed;
      claim.claimant->is_dirty = TRUE;
    }
  end (&claim);
}

/*
 * chihuo_sqlite_claim_again:
 * @queues: the queues of this transaction
 * @workers: the claimants of this transaction
 * @item: a claim that was carried out before
 * @moment: the time
 * @given: how many tasks it got then
 *
 * Answers a claim that is repeated because its answer was lost: with what is
 * still held under it, and with how many are not.
 */
void
chihuo_sqlite_claim_again (ChihuoSqliteQueues *queues, ChihuoSqliteWorkers *workers,
                           ChihuoItem *item, const ChihuoMoment *moment, guint given)
{
  Claim claim;

  begin (&claim, queues, workers, item, moment);
  if (claim.claimant->n != 0)
    {
      chihuo_sqlite_workers_attach (workers, claim.claimant);
      find_held (&claim);
    }
  item->claim.n_lost = given > item->claim.n_claimed ? given - item->claim.n_claimed : 0;
  end (&claim);
}
