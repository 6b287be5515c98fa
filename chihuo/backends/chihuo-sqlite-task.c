/* chihuo-sqlite-task.c - a task's row as a record, and back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-sqlite-task.h"

/* A step loads the row, asks the function of a task's life, and stores what differs. The info is
 * left where it is: a record without a payload says that it has not changed. */

/* Who runs a row, where nobody needs to know more than that it is not the one who asks */
static const char somebody[] = "";

static void
bind_id (sqlite3_stmt *row, int index, ChihuoPayload *payload)
{
  sqlite3_bind_text (row, index, chihuo_payload_get_id (payload),
                     chihuo_payload_get_id_length (payload), SQLITE_STATIC);
}

static void
bind_info (sqlite3_stmt *row, int index, ChihuoPayload *payload)
{
  sqlite3_bind_text (row, index, chihuo_payload_get_json (payload),
                     chihuo_payload_get_json_length (payload), SQLITE_STATIC);
}

/*
 * chihuo_sqlite_task_init:
 * @self: room for the task
 * @queues: the queues of this transaction
 * @queue: one of them
 *
 * Begins with a task that nobody has heard of.
 */
void
chihuo_sqlite_task_init (ChihuoSqliteTask *self, ChihuoSqliteQueues *queues,
                         ChihuoSqliteQueue *queue)
{
  memset (self, 0, sizeof *self);
  self->queues = queues;
  self->queue = queue;
}

/*
 * chihuo_sqlite_task_clear:
 * @self: a task
 *
 * Frees what it owns.
 */
void
chihuo_sqlite_task_clear (ChihuoSqliteTask *self)
{
  chihuo_record_clear (&self->record);
}

/* A state that nobody knows is as good as dead: nothing runs it, and people can remove it */
static ChihuoTaskState
read_state (sqlite3_stmt *row)
{
  int state = sqlite3_column_int (row, 3);

  return state >= CHIHUO_TASK_STATE_WAITING && state <= CHIHUO_TASK_STATE_DEAD
           ? (ChihuoTaskState) state
           : CHIHUO_TASK_STATE_DEAD;
}

/*
 * chihuo_sqlite_task_read_row:
 * @self: a task
 * @row: a statement that stands on a row of the task table
 *
 * Takes over the columns that all statements about tasks begin with.
 */
void
chihuo_sqlite_task_read_row (ChihuoSqliteTask *self, sqlite3_stmt *row)
{
  const gint64 max = CHIHUO_SQLITE_MAX;
  ChihuoRecord *record = &self->record;

  self->n = sqlite3_column_int64 (row, 0);
  self->claimant = sqlite3_column_int64 (row, 8);
  record->state = read_state (row);
  record->priority = chihuo_sqlite_statements_read (row, 4, G_MININT8, G_MAXINT8);
  record->place = chihuo_sqlite_statements_read (row, 5, -max, max);
  record->when = chihuo_sqlite_statements_read (row, 6, 0, max);
  record->token = sqlite3_column_int64 (row, 7);
  record->claimant = self->claimant != 0 ? somebody : NULL;
  record->request = sqlite3_column_int64 (row, 9);
  record->timeout = chihuo_sqlite_statements_read (row, 10, 0, G_MAXUINT32);
  record->failures = sqlite3_column_int64 (row, 11);
  record->crashes = sqlite3_column_int64 (row, 12);
  record->own_tries = sqlite3_column_int64 (row, 13);
  record->max_tries = sqlite3_column_int64 (row, 14);
  record->max_crashes = sqlite3_column_int64 (row, 15);
  record->fate = chihuo_sqlite_statements_read (row, 16, 0, CHIHUO_FATE_DROP);
  record->cancelled = sqlite3_column_int (row, 17) != 0;
  record->abandoned = sqlite3_column_int (row, 18) != 0;
  if (sqlite3_column_type (row, 19) != SQLITE_NULL)
    record->error = g_utf8_make_valid ((const char *) sqlite3_column_text (row, 19),
                                       sqlite3_column_bytes (row, 19));

  self->old_state = record->state;
}

static gboolean
has_id (sqlite3_stmt *row, ChihuoPayload *id)
{
  const void *bytes = sqlite3_column_text (row, 2);
  gsize length = sqlite3_column_bytes (row, 2);

  return length == chihuo_payload_get_id_length (id)
         && memcmp (bytes, chihuo_payload_get_id (id), length) == 0;
}

/* A fate without its add, in a file that somebody has mended by hand, is plain */
static void
load_pending (ChihuoSqliteTask *self, ChihuoPayload *id)
{
  ChihuoSqliteStatements *db = self->queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_PENDING_LOAD);
  ChihuoPending *pending;

  self->had_pending = TRUE;
  sqlite3_bind_int64 (row, 1, self->n);
  if (!chihuo_sqlite_statements_next (db, row))
    {
      self->record.fate = CHIHUO_FATE_PLAIN;
      return;
    }

  pending = g_new0 (ChihuoPending, 1);
  pending->delay = chihuo_sqlite_statements_read (row, 0, 0, CHIHUO_SQLITE_MAX);
  pending->timeout = chihuo_sqlite_statements_read (row, 1, 0, CHIHUO_SQLITE_MAX);
  pending->flags = sqlite3_column_int (row, 2);
  pending->max_tries = sqlite3_column_int64 (row, 3);
  pending->priority = chihuo_sqlite_statements_read (row, 4, G_MININT8, G_MAXINT8);
  pending->payload
    = chihuo_payload_new (chihuo_payload_get_id (id), chihuo_payload_get_id_length (id),
                          (const char *) sqlite3_column_text (row, 5),
                          sqlite3_column_bytes (row, 5));
  self->record.pending = pending;
  sqlite3_reset (row);
}

/* The id of a row, where the caller only knows its number */
static ChihuoPayload *
dup_id (sqlite3_stmt *row)
{
  const char *bytes = (const char *) sqlite3_column_text (row, 2);

  return chihuo_payload_new (bytes != NULL ? bytes : "", sqlite3_column_bytes (row, 2), NULL, 0);
}

/*
 * chihuo_sqlite_task_load:
 * @self: a task
 * @n: the number of its row
 * @id: (nullable): its id: that row may have become another's
 *
 * Loads a task by its row.
 *
 * Returns: whether it is there
 */
gboolean
chihuo_sqlite_task_load (ChihuoSqliteTask *self, gint64 n, ChihuoPayload *id)
{
  ChihuoSqliteStatements *db = self->queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_TASK_LOAD);
  g_autoptr (ChihuoPayload) found = NULL;
  gboolean is_it;

  sqlite3_bind_int64 (row, 1, n);
  if (!chihuo_sqlite_statements_next (db, row))
    return FALSE;

  is_it = sqlite3_column_int64 (row, 1) == self->queue->q && (id == NULL || has_id (row, id));
  if (is_it)
    {
      chihuo_sqlite_task_read_row (self, row);
      if (self->record.fate == CHIHUO_FATE_AGAIN && id == NULL)
        id = found = dup_id (row);
    }
  sqlite3_reset (row);

  if (is_it && self->record.fate == CHIHUO_FATE_AGAIN)
    load_pending (self, id);
  return is_it;
}

/*
 * chihuo_sqlite_task_load_by_id:
 * @self: a task
 * @id: its id
 *
 * Loads a task by its id.
 *
 * Returns: whether it is there
 */
gboolean
chihuo_sqlite_task_load_by_id (ChihuoSqliteTask *self, ChihuoPayload *id)
{
  ChihuoSqliteStatements *db = self->queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_TASK_LOAD_BY_ID);

  sqlite3_bind_int64 (row, 1, self->queue->q);
  bind_id (row, 2, id);
  if (!chihuo_sqlite_statements_next (db, row))
    return FALSE;

  chihuo_sqlite_task_read_row (self, row);
  sqlite3_reset (row);
  if (self->record.fate == CHIHUO_FATE_AGAIN)
    load_pending (self, id);

  return TRUE;
}

/*
 * chihuo_sqlite_task_load_mark:
 * @self: a task
 * @id: its id
 *
 * Loads the finished mark of an id: most steps can do without it.
 */
void
chihuo_sqlite_task_load_mark (ChihuoSqliteTask *self, ChihuoPayload *id)
{
  ChihuoSqliteStatements *db = self->queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_FINISHED_LOOK);

  sqlite3_bind_int64 (row, 1, self->queue->q);
  bind_id (row, 2, id);
  self->was_finished = chihuo_sqlite_statements_next (db, row);
  if (self->was_finished)
    sqlite3_reset (row);
  self->record.finished = self->was_finished;
}

static void
delete_row (ChihuoSqliteTask *self, ChihuoSqliteStatement which)
{
  ChihuoSqliteStatements *db = self->queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, which);

  sqlite3_bind_int64 (row, 1, self->n);
  chihuo_sqlite_statements_run (db, row);
}

/* Whether there was nothing of that id */
static gboolean
insert_row (ChihuoSqliteTask *self)
{
  ChihuoSqliteStatements *db = self->queues->db;
  const ChihuoRecord *record = &self->record;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_TASK_ADD);

  sqlite3_bind_int64 (row, 1, self->queue->q);
  bind_id (row, 2, record->payload);
  sqlite3_bind_int (row, 3, record->state);
  sqlite3_bind_int (row, 4, record->priority);
  sqlite3_bind_int64 (row, 5, record->place);
  sqlite3_bind_int64 (row, 6, record->when);
  sqlite3_bind_int64 (row, 7, record->timeout);
  sqlite3_bind_int64 (row, 8, record->own_tries);
  bind_info (row, 9, record->payload);

  return chihuo_sqlite_statements_run (db, row) && sqlite3_changes (db->db) == 1;
}

/* An index that lies may name a row twice, or one that does not wait: nobody gets it */
static void
update_claim (ChihuoSqliteTask *self)
{
  ChihuoSqliteStatements *db = self->queues->db;
  const ChihuoRecord *record = &self->record;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_TASK_CLAIM);

  sqlite3_bind_int64 (row, 1, self->n);
  sqlite3_bind_int64 (row, 2, record->when);
  sqlite3_bind_int64 (row, 3, record->token);
  sqlite3_bind_int64 (row, 4, self->claimant);
  sqlite3_bind_int64 (row, 5, record->request);
  sqlite3_bind_int64 (row, 6, record->max_tries);
  sqlite3_bind_int64 (row, 7, record->max_crashes);
  if (chihuo_sqlite_statements_run (db, row) && sqlite3_changes (db->db) != 1)
    chihuo_sqlite_statements_fail (db, SQLITE_CORRUPT);
}

static void
update_row (ChihuoSqliteTask *self)
{
  ChihuoSqliteStatements *db = self->queues->db;
  const ChihuoRecord *record = &self->record;
  sqlite3_stmt *row
    = chihuo_sqlite_statements_use (db, record->payload != NULL ? CHIHUO_SQLITE_TASK_UPDATE_INFO
                                                                : CHIHUO_SQLITE_TASK_UPDATE);

  sqlite3_bind_int64 (row, 1, self->n);
  sqlite3_bind_int (row, 2, record->state);
  sqlite3_bind_int (row, 3, record->priority);
  sqlite3_bind_int64 (row, 4, record->place);
  sqlite3_bind_int64 (row, 5, record->when);
  if (record->claimant != NULL)
    sqlite3_bind_int64 (row, 6, self->claimant);
  else
    sqlite3_bind_null (row, 6);
  sqlite3_bind_int64 (row, 7, record->timeout);
  sqlite3_bind_int64 (row, 8, record->failures);
  sqlite3_bind_int64 (row, 9, record->crashes);
  sqlite3_bind_int64 (row, 10, record->own_tries);
  sqlite3_bind_int (row, 11, record->fate);
  sqlite3_bind_int (row, 12, record->cancelled);
  sqlite3_bind_int (row, 13, record->abandoned);
  sqlite3_bind_text (row, 14, record->error, -1, SQLITE_STATIC);
  if (record->payload != NULL)
    bind_info (row, 15, record->payload);
  chihuo_sqlite_statements_run (db, row);
}

static void
store_pending (ChihuoSqliteTask *self)
{
  ChihuoSqliteStatements *db = self->queues->db;
  const ChihuoPending *pending = self->record.pending;
  sqlite3_stmt *row;

  if (pending == NULL)
    {
      if (self->had_pending)
        delete_row (self, CHIHUO_SQLITE_PENDING_DELETE);
      return;
    }

  row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_PENDING_SAVE);
  sqlite3_bind_int64 (row, 1, self->n);
  sqlite3_bind_int64 (row, 2, pending->delay);
  sqlite3_bind_int64 (row, 3, pending->timeout);
  sqlite3_bind_int (row, 4, pending->flags);
  sqlite3_bind_int64 (row, 5, pending->max_tries);
  sqlite3_bind_int (row, 6, pending->priority);
  bind_info (row, 7, pending->payload);
  chihuo_sqlite_statements_run (db, row);
}

static void
store_mark (ChihuoSqliteTask *self, ChihuoPayload *id, gint64 now)
{
  ChihuoSqliteStatements *db = self->queues->db;
  gboolean finished = self->record.finished;
  sqlite3_stmt *row;

  if (finished == self->was_finished)
    return;

  chihuo_sqlite_queues_ensure (self->queues, self->queue);
  row = chihuo_sqlite_statements_use (db, finished ? CHIHUO_SQLITE_FINISHED_ADD
                                                   : CHIHUO_SQLITE_FINISHED_DELETE);
  sqlite3_bind_int64 (row, 1, self->queue->q);
  bind_id (row, 2, id);
  if (finished)
    sqlite3_bind_int64 (row, 3, now);
  if (!chihuo_sqlite_statements_run (db, row) || sqlite3_changes (db->db) == 0)
    return;

  self->queue->is_dirty = TRUE;
  self->queue->finished = MAX (self->queue->finished + (finished ? 1 : -1), 0);
}

static void
store_row (ChihuoSqliteTask *self, ChihuoOp op)
{
  if (self->n == 0 && self->record.state == CHIHUO_TASK_STATE_ABSENT)
    return;

  if (self->record.state == CHIHUO_TASK_STATE_ABSENT)
    delete_row (self, CHIHUO_SQLITE_TASK_DELETE);
  else if (op == CHIHUO_OP_CLAIM)
    update_claim (self);
  else
    update_row (self);
  store_pending (self);

  chihuo_sqlite_queues_count (self->queues, self->queue, self->old_state, self->record.state);
}

/* Whether an answer says that the record is as it was */
static gboolean
is_unchanged (const ChihuoItem *event, ChihuoAnswer answer)
{
  switch (answer)
    {
    case CHIHUO_ANSWER_STALE:
    case CHIHUO_ANSWER_ABSENT:
    case CHIHUO_ANSWER_REFUSED:
    case CHIHUO_ANSWER_RUNNING:
      return TRUE;
    case CHIHUO_ANSWER_DEAD:
    case CHIHUO_ANSWER_FINISHED:
      return event->op == CHIHUO_OP_ADD;
    case CHIHUO_ANSWER_EXISTS:
      return !(event->add.flags & CHIHUO_ADD_FLAGS_REPLACE);
    case CHIHUO_ANSWER_NONE:
    case CHIHUO_ANSWER_ADDED:
    case CHIHUO_ANSWER_AGAIN:
    case CHIHUO_ANSWER_OK:
    case CHIHUO_ANSWER_CANCELLED:
    case CHIHUO_ANSWER_DROPPED:
    default:
      /* A lease's end is for people to read: a renewal writes nothing */
      return event->op == CHIHUO_OP_RENEW;
    }
}

/* Somebody else runs it: he is to hear of it soon */
static void
tell_of_drop (ChihuoSqliteTask *self)
{
  if (self->record.state == CHIHUO_TASK_STATE_RUNNING
      && (self->record.cancelled || self->record.fate == CHIHUO_FATE_DROP))
    chihuo_sqlite_queues_tell (self->queues, CHIHUO_SQLITE_NEWS_WAKE);
}

/*
 * chihuo_sqlite_task_step:
 * @self: a task that was loaded
 * @event: what happens to it
 * @moment: when
 *
 * Carries out an event of a task that has a row, or needs none.
 *
 * Returns: the answer
 */
ChihuoAnswer
chihuo_sqlite_task_step (ChihuoSqliteTask *self, const ChihuoItem *event,
                         const ChihuoMoment *moment)
{
  ChihuoRecord *record = &self->record;
  ChihuoPlace place;
  ChihuoAnswer answer = chihuo_task_life_step (record, event, moment, &place);

  if (is_unchanged (event, answer) && record->finished == self->was_finished)
    return answer;

  record->place = chihuo_sqlite_queue_place (self->queue, record->place, place);
  store_row (self, event->op);
  if (event->payload != NULL)
    store_mark (self, event->payload, moment->now);
  tell_of_drop (self);

  return answer;
}

/* Whether the row is that of the run as it was claimed, with nothing done to it since. Then it is gone */
static gboolean
delete_run (ChihuoSqliteTask *self, const ChihuoItem *event)
{
  ChihuoSqliteStatements *db = self->queues->db;
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_TASK_DELETE_RUN);

  sqlite3_bind_int64 (row, 1, self->n);
  sqlite3_bind_int64 (row, 2, event->token);
  sqlite3_bind_int64 (row, 3, self->claimant);
  sqlite3_bind_int64 (row, 4, self->queue->q);
  bind_id (row, 5, event->payload);

  return chihuo_sqlite_statements_run (db, row) && sqlite3_changes (db->db) == 1;
}

/* The row of a run as the one who ends it must find it */
static void
suppose_run (ChihuoSqliteTask *self, gint64 claimant, const ChihuoItem *event)
{
  self->n = event->handle;
  self->claimant = claimant;
  self->old_state = CHIHUO_TASK_STATE_RUNNING;
  self->record.state = CHIHUO_TASK_STATE_RUNNING;
  self->record.token = event->token;
  self->record.claimant = event->claimant;
  self->record.fate = CHIHUO_FATE_PLAIN;
}

/*
 * chihuo_sqlite_task_end:
 * @self: a task that was initialized
 * @claimant: the number of who ends the run
 * @event: a settle that knows the row
 * @moment: when it happens
 *
 * Carries out the end of a run that leaves no record, without loading the row.
 *
 * Most tasks succeed, and nothing happens to them while they run. So that is
 * supposed, and the function of a task's life says what follows, as it always
 * does. If it lets the record go, that hung on state, token, claimant and fate
 * alone, and the statement that deletes the row looks at these itself. Where
 * they differ, or something is left to be stored, nothing has been done.
 *
 * Returns: the answer; %CHIHUO_ANSWER_NONE if the task must be loaded for it
 */
ChihuoAnswer
chihuo_sqlite_task_end (ChihuoSqliteTask *self, gint64 claimant, const ChihuoItem *event,
                        const ChihuoMoment *moment)
{
  ChihuoAnswer answer;
  ChihuoPlace place;

  if (!event->settle.finish && event->settle.how != CHIHUO_SETTLE_DONE)
    return CHIHUO_ANSWER_NONE;

  suppose_run (self, claimant, event);
  answer = chihuo_task_life_step (&self->record, event, moment, &place);
  if (self->record.state == CHIHUO_TASK_STATE_ABSENT && delete_run (self, event))
    {
      chihuo_sqlite_queues_count (self->queues, self->queue, self->old_state, self->record.state);
      store_mark (self, event->payload, moment->now);
      return answer;
    }

  chihuo_sqlite_task_clear (self);
  chihuo_sqlite_task_init (self, self->queues, self->queue);
  return CHIHUO_ANSWER_NONE;
}

/* The mark goes first: the statement that adds looks for it */
static void
insert_new (ChihuoSqliteTask *self, const ChihuoItem *event, const ChihuoMoment *moment)
{
  store_mark (self, event->payload, moment->now);
  insert_row (self);
  chihuo_sqlite_queues_count (self->queues, self->queue, CHIHUO_TASK_STATE_ABSENT,
                              self->record.state);
}

/*
 * chihuo_sqlite_task_add:
 * @self: a task that was initialized
 * @event: an add
 * @moment: when it happens
 *
 * Carries out an add. Most ids are new: so that is tried first, in one
 * statement, and only if it is not so the task is loaded.
 *
 * Returns: the answer
 */
ChihuoAnswer
chihuo_sqlite_task_add (ChihuoSqliteTask *self, const ChihuoItem *event, const ChihuoMoment *moment)
{
  ChihuoSqliteQueue *queue = self->queue;
  gint64 head = queue->head;
  gint64 tail = queue->tail;
  gboolean was_dirty;
  ChihuoPlace place;
  ChihuoAnswer answer;

  chihuo_sqlite_queues_ensure (self->queues, queue);
  was_dirty = queue->is_dirty;
  answer = chihuo_task_life_step (&self->record, event, moment, &place);
  self->record.place = chihuo_sqlite_queue_place (queue, 0, place);
  if (insert_row (self))
    {
      chihuo_sqlite_queues_count (self->queues, queue, CHIHUO_TASK_STATE_ABSENT,
                                  self->record.state);
      return answer;
    }

  queue->head = head;
  queue->tail = tail;
  queue->is_dirty = was_dirty;
  chihuo_record_clear (&self->record);
  chihuo_sqlite_task_load_mark (self, event->payload);
  if (chihuo_sqlite_task_load_by_id (self, event->payload))
    return chihuo_sqlite_task_step (self, event, moment);

  answer = chihuo_task_life_step (&self->record, event, moment, &place);
  if (answer != CHIHUO_ANSWER_ADDED)
    return answer;
  self->record.place = chihuo_sqlite_queue_place (queue, 0, place);
  insert_new (self, event, moment);

  return answer;
}
