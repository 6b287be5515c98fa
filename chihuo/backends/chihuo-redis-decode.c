/* chihuo-redis-decode.c - replies of the scripts as answers and records
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-redis-decode.h"

/* Answers are a byte each: this, and the ChihuoAnswer */
#define ANSWER_BASE 48

/* What stands in the first four elements of a claim's reply, before the tasks */
#define CLAIM_HEAD 4

/* Values are written by Lua's struct library: little endian, without gaps */
#define TASK_HEAD    36
#define RUN_HEAD     22
#define PENDING_HEAD 18

/* Larger than any number in there that means something, and still exact as a double */
#define MAX_NUMBER (G_GINT64_CONSTANT (1) << 53)

/* Goes through the bytes of a value whose length has been checked */
typedef struct
{
  const guint8 *at;
} Reader;

/* A task value in pieces; what is text stays where it is */
typedef struct
{
  guint8      state;
  gint8       priority;
  gint64      place;
  gint64      when;
  guint32     failures;
  guint32     crashes;
  guint32     own_tries;
  guint32     timeout; /* ms */
  const char *error;
  gsize       error_length;
  const char *info;
  gsize       info_length;
} Task;

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL, "an unexpected reply: %s", what);
  return FALSE;
}

static guint8
read_byte (Reader *reader)
{
  return *reader->at++;
}

static guint16
read_uint16 (Reader *reader)
{
  guint16 number;

  memcpy (&number, reader->at, sizeof number);
  reader->at += sizeof number;

  return GUINT16_FROM_LE (number);
}

static guint32
read_uint32 (Reader *reader)
{
  guint32 number;

  memcpy (&number, reader->at, sizeof number);
  reader->at += sizeof number;

  return GUINT32_FROM_LE (number);
}

/* A whole number that Lua has kept as a double; FALSE if it cannot be one of ours */
static gboolean
read_double (Reader *reader, gint64 *number)
{
  guint64 bits;
  double value;

  memcpy (&bits, reader->at, sizeof bits);
  reader->at += sizeof bits;
  bits = GUINT64_FROM_LE (bits);
  memcpy (&value, &bits, sizeof value);
  if (!(value >= -(double) MAX_NUMBER && value <= (double) MAX_NUMBER))
    return FALSE;

  *number = value;
  return TRUE;
}

/* Another program may have written anything: FALSE if this is no task's value */
static gboolean
read_task (Task *task, const char *bytes, gsize length)
{
  Reader reader = { .at = (const guint8 *) bytes };

  *task = (Task) { .error = "" };
  if (length < TASK_HEAD)
    return FALSE;

  task->state = read_byte (&reader);
  task->priority = (gint8) read_byte (&reader);
  if (!read_double (&reader, &task->place) || !read_double (&reader, &task->when))
    return FALSE;
  task->failures = read_uint32 (&reader);
  task->crashes = read_uint32 (&reader);
  task->own_tries = read_uint32 (&reader);
  task->timeout = read_uint32 (&reader);
  task->error_length = read_uint16 (&reader);
  if (length - TASK_HEAD < task->error_length)
    return FALSE;

  task->error = bytes + TASK_HEAD;
  task->info = task->error + task->error_length;
  task->info_length = length - TASK_HEAD - task->error_length;

  return TRUE;
}

static gboolean
is_string (const ChihuoRedisReply *reply)
{
  return reply->type == REDIS_REPLY_STRING;
}

static gboolean
is_array (const ChihuoRedisReply *reply)
{
  return reply->type == REDIS_REPLY_ARRAY;
}

static gboolean
is_nil (const ChihuoRedisReply *reply)
{
  return reply->type == REDIS_REPLY_NIL || (is_string (reply) && reply->len == 0);
}

/* Numbers come as integers, or, where Lua had to keep more than those hold, as text */
static gboolean
read_number (const ChihuoRedisReply *reply, gint64 *number)
{
  g_autofree char *text = NULL;

  if (reply->type == REDIS_REPLY_INTEGER)
    {
      *number = reply->integer;
      return TRUE;
    }
  if (!is_string (reply) || reply->len == 0 || reply->len > 20)
    return FALSE;

  text = g_strndup (reply->str, reply->len);
  return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, number, NULL);
}

static char *
find_junk (const ChihuoRedisReply *id, const Task *task)
{
  g_autoptr (GError) error = NULL;

  if (!chihuo_id_check (id->str, id->len, &error))
    return g_strdup (error->message);
  if (task->info == NULL)
    return g_strdup ("the value is too short for a task's");
  if (!chihuo_json_check (task->info, task->info_length, &error))
    return g_strdup_printf ("the info: %s", error->message);

  return NULL;
}

static void
add_junk (GArray *junk, ChihuoItem *claim, const ChihuoRedisReply *id, gint64 token, char *reason)
{
  ChihuoRedisJunk one = { .claim = claim,
                          .id = g_bytes_new (id->str, id->len),
                          .token = token,
                          .reason = reason };

  g_array_append_val (junk, one);
}

static gboolean
decode_claimed (const ChihuoRedisReply *const *element, ChihuoItem *item, GArray *junk,
                GError **error)
{
  const ChihuoRedisReply *id = element[0];
  const ChihuoRedisReply *value = element[2];
  ChihuoClaimed *claimed = &item->claim.claimed[item->claim.n_claimed];
  gint64 token;
  char *reason;
  Task task;

  if (!is_string (id) || !is_string (value) || !read_number (element[1], &token) || token < 0)
    return refuse (error, "expected id, token and value of a claimed task");

  read_task (&task, value->str, value->len);
  reason = find_junk (id, &task);
  if (reason != NULL)
    {
      add_junk (junk, item, id, token, reason);
      return TRUE;
    }

  *claimed = (ChihuoClaimed) {
    .payload = chihuo_payload_new (id->str, id->len, task.info, task.info_length),
    .token = token,
    .timeout = (gint64) task.timeout * 1000,
    .failures = task.failures,
    .crashes = task.crashes,
    .max_tries = task.own_tries > 0 ? task.own_tries : item->claim.max_tries,
    .priority = task.priority,
  };
  item->claim.n_claimed++;

  return TRUE;
}

static gboolean
decode_claim_head (const ChihuoRedisReply *reply, ChihuoItem *item)
{
  gint64 numbers[CLAIM_HEAD];

  for (guint i = 0; i < CLAIM_HEAD; i++)
    if (!read_number (reply->element[i], &numbers[i]) || numbers[i] < 0)
      return FALSE;

  item->claim.n_lost = MIN (numbers[0], G_MAXUINT);
  item->claim.n_waiting = numbers[1];
  item->claim.next_due = numbers[2];
  item->claim.paused = numbers[3] != 0;

  return TRUE;
}

static gboolean
decode_claim (const ChihuoRedisReply *reply, ChihuoItem *item, GArray *junk, GError **error)
{
  gsize n;

  if (!is_array (reply) || reply->elements < CLAIM_HEAD || (reply->elements - CLAIM_HEAD) % 3 != 0
      || !decode_claim_head (reply, item))
    return refuse (error, "expected what a claim got");

  n = (reply->elements - CLAIM_HEAD) / 3;
  if (n > item->claim.n)
    return refuse (error, "a claim got more than it asked for");

  item->claim.claimed = g_new (ChihuoClaimed, n);
  for (gsize i = 0; i < n; i++)
    if (!decode_claimed ((const ChihuoRedisReply *const *) reply->element + CLAIM_HEAD + 3 * i,
                         item, junk, error))
      return FALSE;

  return TRUE;
}

#define BIT(answer) (1u << CHIHUO_ANSWER_##answer)

/* What may be said to an item */
static guint
get_possible_answers (ChihuoOp op)
{
  switch (op)
    {
    case CHIHUO_OP_ADD:
      return BIT (ADDED) | BIT (EXISTS) | BIT (AGAIN) | BIT (RUNNING) | BIT (DEAD) | BIT (FINISHED);
    case CHIHUO_OP_FINISH:
      return BIT (FINISHED);
    case CHIHUO_OP_UNFINISH:
    case CHIHUO_OP_REMOVE:
    case CHIHUO_OP_CANCEL:
    case CHIHUO_OP_RETRY_DEAD:
      return BIT (OK) | BIT (ABSENT);
    case CHIHUO_OP_SETTLE:
      return BIT (OK) | BIT (STALE) | BIT (DEAD);
    case CHIHUO_OP_RENEW:
      return BIT (OK) | BIT (STALE) | BIT (CANCELLED) | BIT (DROPPED);
    case CHIHUO_OP_CLAIM:
    case CHIHUO_OP_SET_PAUSED:
    case CHIHUO_OP_SET_RETENTION:
      return BIT (OK);
    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    case CHIHUO_OP_JUNK:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
decode_answers (const ChihuoRedisReply *answers, ChihuoItem **items, guint n_items, GError **error)
{
  if (!is_string (answers) || answers->len != n_items)
    return refuse (error, "expected an answer for each item");

  for (guint i = 0; i < n_items; i++)
    {
      int answer = (guint8) answers->str[i] - ANSWER_BASE;

      if (answer < 0 || answer > CHIHUO_ANSWER_ABSENT
          || (get_possible_answers (items[i]->op) & 1u << answer) == 0)
        return refuse (error, "an answer that means nothing to its item");
      items[i]->answer = answer;
    }

  return TRUE;
}

static gboolean
decode_claims (const ChihuoRedisReply *reply, ChihuoItem **items, guint n_items, GArray *junk,
               GError **error)
{
  gsize next = 1;

  for (guint i = 0; i < n_items; i++)
    {
      if (items[i]->op != CHIHUO_OP_CLAIM)
        continue;
      if (next >= reply->elements)
        return refuse (error, "expected more claims");
      if (!decode_claim (reply->element[next++], items[i], junk, error))
        return FALSE;
    }

  return next == reply->elements || refuse (error, "expected fewer claims");
}

static void
clear_answers (ChihuoItem **items, guint n_items)
{
  for (guint i = 0; i < n_items; i++)
    chihuo_item_clear_answer (items[i]);
}

gboolean
chihuo_redis_decode_part (const ChihuoRedisReply *reply, ChihuoItem **items, guint n_items,
                          GArray *junk, GError **error)
{
  guint n_junk = junk->len;

  clear_answers (items, n_items);
  if (!is_array (reply) || reply->elements == 0)
    return refuse (error, "expected the answers of a part");
  if (decode_answers (reply->element[0], items, n_items, error)
      && decode_claims (reply, items, n_items, junk, error))
    return TRUE;

  clear_answers (items, n_items);
  g_array_set_size (junk, n_junk);
  return FALSE;
}

/* What is junk is shown as well as it goes: people look here to find out what it is */
static ChihuoPayload *
make_payload (const char *id, gsize id_length, const char *info, gsize info_length)
{
  g_autofree char *valid = NULL;

  if (info == NULL || !chihuo_json_check (info, info_length, NULL))
    {
      info = "null";
      info_length = strlen (info);
    }
  if (chihuo_id_check (id, id_length, NULL))
    return chihuo_payload_new (id, id_length, info, info_length);

  valid = g_utf8_make_valid (id, id_length);
  return chihuo_payload_new (valid, -1, info, info_length);
}

static char *
dup_error (const Task *task)
{
  return task->error_length > 0 ? g_utf8_make_valid (task->error, task->error_length) : NULL;
}

static ChihuoRecord *
make_record (const char *id, gsize id_length, const char *value, gsize length)
{
  ChihuoRecord *record = g_new0 (ChihuoRecord, 1);
  Task task;

  read_task (&task, value, length);
  record->payload = make_payload (id, id_length, task.info, task.info_length);
  record->error = dup_error (&task);
  record->state = task.state;
  record->priority = task.priority;
  record->place = task.place;
  record->when = task.when;
  record->timeout = task.timeout;
  record->failures = task.failures;
  record->crashes = task.crashes;
  record->own_tries = task.own_tries;

  return record;
}

/* What stands in the task's value as its state does not count while it runs */
static gboolean
add_run (ChihuoRecord *record, const ChihuoRedisReply *value)
{
  Reader reader = { .at = (const guint8 *) value->str };
  g_autofree char *claimant = NULL;
  gint64 token;
  guint8 flags;

  if (!is_string (value) || value->len < RUN_HEAD || !read_double (&reader, &token))
    return FALSE;

  record->state = CHIHUO_TASK_STATE_RUNNING;
  record->when = 0;
  record->token = token;
  record->request = read_uint32 (&reader);
  record->max_tries = read_uint32 (&reader);
  record->max_crashes = read_uint32 (&reader);
  record->fate = read_byte (&reader);
  flags = read_byte (&reader);
  record->cancelled = (flags & 1) != 0;
  record->abandoned = (flags & 2) != 0;
  claimant = g_utf8_make_valid (value->str + RUN_HEAD, value->len - RUN_HEAD);
  record->claimant = g_intern_string (claimant);

  return record->fate <= CHIHUO_FATE_DROP;
}

static gboolean
add_pending (ChihuoRecord *record, const ChihuoRedisReply *value)
{
  Reader reader = { .at = (const guint8 *) value->str };
  gint64 delay;

  if (!is_string (value) || value->len < PENDING_HEAD || !read_double (&reader, &delay))
    return FALSE;

  record->pending = g_new0 (ChihuoPending, 1);
  record->pending->delay = delay;
  record->pending->timeout = (gint64) read_uint32 (&reader) * 1000;
  record->pending->max_tries = read_uint32 (&reader);
  record->pending->flags = read_byte (&reader);
  record->pending->priority = (gint8) read_byte (&reader);
  record->pending->payload
    = make_payload (chihuo_payload_get_id (record->payload),
                    chihuo_payload_get_id_length (record->payload),
                    value->str + PENDING_HEAD, value->len - PENDING_HEAD);

  return TRUE;
}

static gboolean
is_state (guint8 state)
{
  return state == CHIHUO_TASK_STATE_WAITING || state == CHIHUO_TASK_STATE_DELAYED
         || state == CHIHUO_TASK_STATE_DEAD;
}

/* { task or nil, run or nil, the lease's end, pending or nil, time of the mark or nil } */
gboolean
chihuo_redis_decode_look (const ChihuoRedisReply *reply, ChihuoPayload *id, GPtrArray *records,
                          GError **error)
{
  g_autoptr (ChihuoRecord) record = NULL;
  ChihuoRedisReply **parts;
  gint64 lease = 0;

  if (!is_array (reply) || reply->elements != 5
      || (!is_nil (reply->element[0]) && !is_string (reply->element[0])))
    return refuse (error, "expected what is known of an id");

  parts = reply->element;
  if (is_nil (parts[0]))
    {
      record = g_new0 (ChihuoRecord, 1);
      record->payload = chihuo_payload_ref (id);
    }
  else
    record = make_record (chihuo_payload_get_id (id), chihuo_payload_get_id_length (id),
                          parts[0]->str, parts[0]->len);

  if (!is_nil (parts[1]) && !add_run (record, parts[1]))
    return refuse (error, "expected a run's value");
  if (!is_nil (parts[2]) && !read_number (parts[2], &lease))
    return refuse (error, "expected the end of a lease");
  if (!is_nil (parts[3]) && !add_pending (record, parts[3]))
    return refuse (error, "expected a pending add's value");

  if (record->state == CHIHUO_TASK_STATE_RUNNING)
    record->when = lease;
  else if (!is_nil (parts[0]) && !is_state (record->state))
    record->state = CHIHUO_TASK_STATE_WAITING;
  record->finished = parts[4]->type != REDIS_REPLY_NIL;
  g_ptr_array_add (records, g_steal_pointer (&record));

  return TRUE;
}

/* { (id, task, run or "")* } */
gboolean
chihuo_redis_decode_page (const ChihuoRedisReply *reply, ChihuoTaskState state, guint limit,
                          GPtrArray *records, GError **error)
{
  if (!is_array (reply) || reply->elements % 3 != 0 || reply->elements / 3 > limit)
    return refuse (error, "expected a page of tasks");

  for (gsize i = 0; i < reply->elements; i += 3)
    {
      ChihuoRedisReply **parts = reply->element + i;
      g_autoptr (ChihuoRecord) record = NULL;

      if (!is_string (parts[0]) || (!is_string (parts[1]) && !is_nil (parts[1])))
        return refuse (error, "expected an id and a task's value");

      record = make_record (parts[0]->str, parts[0]->len, parts[1]->str,
                            is_nil (parts[1]) ? 0 : parts[1]->len);
      if (!is_nil (parts[2]) && !add_run (record, parts[2]))
        return refuse (error, "expected a run's value");
      record->state = state;
      g_ptr_array_add (records, g_steal_pointer (&record));
    }

  return TRUE;
}

/* { ready, id* } */
gboolean
chihuo_redis_decode_marks (const ChihuoRedisReply *reply, guint limit, gboolean *ready,
                           GPtrArray *records, GError **error)
{
  gint64 flag;

  if (!is_array (reply) || reply->elements == 0 || reply->elements - 1 > limit
      || !read_number (reply->element[0], &flag))
    return refuse (error, "expected a page of finished ids");

  *ready = flag != 0;
  for (gsize i = 1; i < reply->elements; i++)
    {
      const ChihuoRedisReply *id = reply->element[i];
      g_autofree char *valid = NULL;
      ChihuoRecord *record;

      if (!is_string (id))
        return refuse (error, "expected a finished id");

      record = g_new0 (ChihuoRecord, 1);
      record->finished = TRUE;
      valid = g_utf8_make_valid (id->str, id->len);
      record->payload = chihuo_payload_new (valid, -1, NULL, 0);
      g_ptr_array_add (records, record);
    }

  return TRUE;
}

gboolean
chihuo_redis_decode_numbers (const ChihuoRedisReply *reply, gint64 *numbers, guint n_numbers,
                             GError **error)
{
  if (!is_array (reply) || reply->elements != n_numbers)
    return refuse (error, "expected another number of figures");

  for (guint i = 0; i < n_numbers; i++)
    if (!read_number (reply->element[i], &numbers[i]))
      return refuse (error, "expected figures");

  return TRUE;
}

void
chihuo_redis_decode_clear_junk (gpointer junk)
{
  ChihuoRedisJunk *self = junk;

  g_bytes_unref (self->id);
  g_free (self->reason);
}
