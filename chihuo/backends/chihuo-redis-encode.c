/* chihuo-redis-encode.c - items as arguments of the scripts that carry them out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-redis-encode.h"

/* A call's arguments begin with what all have in common (moment, request, part, predecessor, how long
 * it is remembered); then come runs of items of one kind, each with its letter and number. The letters
 * are explained in redis/do.lua and redis/add.lua.
 *
 * RESP wants the number of arguments first: they are walked through twice, and the first time only
 * counted. */

/* Arguments that all parts have, the moment not counted */
#define N_COMMON 4

typedef struct
{
  ChihuoRedisConnection *connection; /* (nullable): NULL = only counting */
  const char            *claimant;   /* interned (nullable): whose what follows is */
  guint                  n;          /* arguments so far */
} Writer;

static void
put (Writer *writer, const void *data, gsize length)
{
  writer->n++;
  if (writer->connection != NULL)
    chihuo_redis_connection_add (writer->connection, data, length);
}

static void
put_string (Writer *writer, const char *text)
{
  writer->n++;
  if (writer->connection != NULL)
    chihuo_redis_connection_add_string (writer->connection, text);
}

static void
put_int (Writer *writer, gint64 number)
{
  writer->n++;
  if (writer->connection != NULL)
    chihuo_redis_connection_add_int (writer->connection, number);
}

static void
put_letter (Writer *writer, char letter)
{
  put (writer, &letter, 1);
}

static void
put_id (Writer *writer, const ChihuoItem *item)
{
  put (writer, chihuo_payload_get_id (item->payload),
       chihuo_payload_get_id_length (item->payload));
}

static void
put_info (Writer *writer, const ChihuoItem *item)
{
  put (writer, chihuo_payload_get_json (item->payload),
       chihuo_payload_get_json_length (item->payload));
}

/* As much of it as is kept */
static void
put_error (Writer *writer, const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;

  if (length > CHIHUO_ERROR_MAX_LENGTH)
    length = g_utf8_find_prev_char (text, text + CHIHUO_ERROR_MAX_LENGTH) - text;
  put (writer, text != NULL ? text : "", length);
}

static gboolean
is_plain (const ChihuoItem *item)
{
  return item->add.flags == CHIHUO_ADD_FLAGS_NONE && !item->add.has_priority
         && item->add.priority == 0 && item->add.delay == 0 && item->add.timeout == 0
         && item->add.max_tries == 0;
}

static char
get_settle_letter (const ChihuoItem *item)
{
  if (item->settle.how != CHIHUO_SETTLE_DONE)
    return 'E';
  return item->settle.finish ? 'F' : 'D';
}

static char
get_letter (const ChihuoItem *item)
{
  switch (item->op)
    {
    case CHIHUO_OP_ADD:
      return is_plain (item) ? 'A' : 'X';
    case CHIHUO_OP_FINISH:
      return 'f';
    case CHIHUO_OP_UNFINISH:
      return 'u';
    case CHIHUO_OP_REMOVE:
      return 'r';
    case CHIHUO_OP_CANCEL:
      return 'c';
    case CHIHUO_OP_RETRY_DEAD:
      return 'y';
    case CHIHUO_OP_SETTLE:
      return get_settle_letter (item);
    case CHIHUO_OP_RENEW:
      return 'R';
    case CHIHUO_OP_CLAIM:
      return 'C';
    case CHIHUO_OP_SET_PAUSED:
      return 'P';
    case CHIHUO_OP_SET_RETENTION:
      return 'T';
    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    case CHIHUO_OP_JUNK:
    default:
      g_assert_not_reached ();
    }
}

/* Whether it matters who asks: for the others `claimant` is not even set */
static gboolean
has_claimant (char letter)
{
  return strchr ("DFERC", letter) != NULL;
}

/* Whether what stands in the head of a run is the same for both */
static gboolean
share_head (const ChihuoItem *a, const ChihuoItem *b, char letter)
{
  if (get_letter (b) != letter)
    return FALSE;
  if (has_claimant (letter) && a->claimant != b->claimant)
    return FALSE;
  return letter != 'R' || a->renew.lease == b->renew.lease;
}

static guint
count_run (ChihuoItem **items, guint n_items, char letter)
{
  guint n = 1;

  while (n < n_items && share_head (items[0], items[n], letter))
    n++;

  return n;
}

static void
put_full_add (Writer *writer, const ChihuoItem *item)
{
  put_id (writer, item);
  put_info (writer, item);
  put_int (writer, item->add.flags);
  put_int (writer, item->add.has_priority);
  put_int (writer, item->add.priority);
  put_int (writer, item->add.delay);
  put_int (writer, item->add.timeout / 1000);
  put_int (writer, item->add.max_tries);
}

static void
put_end (Writer *writer, const ChihuoItem *item)
{
  put_id (writer, item);
  put_int (writer, item->token);
  put_int (writer, item->settle.how);
  put_int (writer, item->settle.finish);
  put_int (writer, item->settle.delay);
  put_error (writer, item->settle.error);
}

static void
put_member (Writer *writer, const ChihuoItem *item, char letter)
{
  switch (letter)
    {
    case 'A':
      put_id (writer, item);
      put_info (writer, item);
      break;
    case 'X':
      put_full_add (writer, item);
      break;
    case 'E':
      put_end (writer, item);
      break;
    case 'D':
    case 'F':
    case 'R':
      put_id (writer, item);
      put_int (writer, item->token);
      break;
    default:
      put_id (writer, item);
      break;
    }
}

static void
put_claim (Writer *writer, const ChihuoItem *item)
{
  put_int (writer, item->claim.n);
  put_int (writer, item->claim.suspects);
  put_int (writer, item->claim.request);
  put_int (writer, item->claim.max_tries);
  put_int (writer, item->claim.max_crashes);
  put_int (writer, item->claim.lease);
}

static void
put_retention (Writer *writer, const ChihuoItem *item)
{
  put_int (writer, item->retention.finished);
  put_int (writer, item->retention.dead);
  put_int (writer, MIN (item->retention.dead_max, G_MAXINT64));
}

static void
put_claimant (Writer *writer, const ChihuoItem *item, char letter)
{
  if (!has_claimant (letter) || item->claimant == writer->claimant)
    return;

  writer->claimant = item->claimant;
  put_letter (writer, 'W');
  put_string (writer, item->claimant);
}

/* Items that concern no single id; FALSE for the others */
static gboolean
put_single (Writer *writer, const ChihuoItem *item, char letter)
{
  if (strchr ("CPT", letter) == NULL)
    return FALSE;

  put_letter (writer, letter);
  if (letter == 'C')
    put_claim (writer, item);
  else if (letter == 'P')
    put_int (writer, item->pause.paused);
  else
    put_retention (writer, item);

  return TRUE;
}

/* How many items it took */
static guint
put_run (Writer *writer, ChihuoItem **items, guint n_items)
{
  char letter = get_letter (items[0]);
  guint n;

  put_claimant (writer, items[0], letter);
  if (put_single (writer, items[0], letter))
    return 1;

  n = count_run (items, n_items, letter);
  put_letter (writer, letter);
  put_int (writer, n);
  if (letter == 'R')
    put_int (writer, items[0]->renew.lease);
  for (guint i = 0; i < n; i++)
    put_member (writer, items[i], letter);

  return n;
}

static void
put_items (Writer *writer, const ChihuoRedisPart *part)
{
  for (guint i = 0; i < part->n_items;)
    i += put_run (writer, part->items + i, part->n_items - i);
}

static void
put_common (Writer *writer, const ChihuoBatch *batch, guint number, guint after)
{
  put_int (writer, batch->request);
  put_int (writer, number);
  put_int (writer, after);
  put_int (writer, CHIHUO_REDIS_CLIENT_LIFE);
}

/*
 * chihuo_redis_encode_part:
 * @part: a part of @batch
 * @queue: its queue
 * @batch: a batch
 * @moment: from chihuo_redis_encode_moment()
 * @connection: where to
 *
 * Writes the call that carries out a part.
 */
void
chihuo_redis_encode_part (const ChihuoRedisPart *part, ChihuoRedisQueue *queue,
                          const ChihuoBatch *batch, const char *moment,
                          ChihuoRedisConnection *connection)
{
  Writer counter = { .n = 0 };
  Writer writer = { .connection = connection };

  put_items (&counter, part);
  chihuo_redis_queue_begin_call (queue, connection, part->script, batch->client, moment,
                                 N_COMMON + counter.n);
  put_common (&writer, batch, part->number, part->after);
  put_items (&writer, part);
}

/* They run already, for one claimant: he rejects them, as he would if he had tried */
static void
put_junk (Writer *writer, const ChihuoRedisJunk *junk, guint n_junk)
{
  put_claimant (writer, junk->claim, 'E');
  put_letter (writer, 'E');
  put_int (writer, n_junk);
  for (guint i = 0; i < n_junk; i++)
    {
      gsize length;
      const void *id = g_bytes_get_data (junk[i].id, &length);

      put (writer, id, length);
      put_int (writer, junk[i].token);
      put_int (writer, CHIHUO_SETTLE_REJECTED);
      put_int (writer, FALSE);
      put_int (writer, 0);
      put_error (writer, junk[i].reason);
    }
}

/*
 * chihuo_redis_encode_junk:
 * @junk: tasks that are none, all claimed by one claimant
 * @n_junk: how many
 * @number: of this part
 * @queue: their queue
 * @batch: the batch whose claim brought them to light
 * @moment: from chihuo_redis_encode_moment()
 * @connection: where to
 *
 * Writes the call that buries them.
 */
void
chihuo_redis_encode_junk (const ChihuoRedisJunk *junk, guint n_junk, guint number,
                          ChihuoRedisQueue *queue, const ChihuoBatch *batch, const char *moment,
                          ChihuoRedisConnection *connection)
{
  Writer counter = { .n = 0 };
  Writer writer = { .connection = connection };

  put_junk (&counter, junk, n_junk);
  chihuo_redis_queue_begin_call (queue, connection, CHIHUO_REDIS_SCRIPT_DO, batch->client, moment,
                                 N_COMMON + counter.n);
  put_common (&writer, batch, number, 0);
  put_junk (&writer, junk, n_junk);
}

static ChihuoRedisScript
get_script (const ChihuoItem *item)
{
  return item->op == CHIHUO_OP_ADD ? CHIHUO_REDIS_SCRIPT_ADD : CHIHUO_REDIS_SCRIPT_DO;
}

static gboolean
is_known_queue (const GArray *parts, const char *queue)
{
  for (guint i = 0; i < parts->len; i++)
    if (g_array_index (parts, ChihuoRedisPart, i).queue == queue)
      return TRUE;

  return FALSE;
}

/* The batch's items of one queue; most batches have no others */
static void
gather_queue (const ChihuoBatch *batch, guint first, GPtrArray *items)
{
  for (guint i = first; i < batch->n_items; i++)
    if (batch->items[i]->queue == batch->items[first]->queue)
      g_ptr_array_add (items, batch->items[i]);
}

/* first: the first of `items` that is of this queue */
static void
split_queue (GPtrArray *items, guint first, GArray *parts)
{
  ChihuoItem **pointers = (ChihuoItem **) items->pdata;
  guint number = 0;

  for (guint i = first; i < items->len;)
    {
      ChihuoRedisPart part = { .queue = pointers[i]->queue,
                               .script = get_script (pointers[i]),
                               .items = pointers + i,
                               .number = number + 1,
                               .after = number };

      while (i + part.n_items < items->len
             && get_script (pointers[i + part.n_items]) == part.script)
        part.n_items++;
      g_array_append_val (parts, part);
      i += part.n_items;
      number++;
    }
}

/*
 * chihuo_redis_encode_split:
 * @batch: a batch
 * @items: (element-type ChihuoItem): empty; the parts point into it
 * @parts: (element-type ChihuoRedisPart): empty
 *
 * Splits a batch into parts: for each queue, in order, runs of adds and runs of
 * all else.
 */
void
chihuo_redis_encode_split (const ChihuoBatch *batch, GPtrArray *items, GArray *parts)
{
  /* the parts point into it, so it must not move any more */
  g_ptr_array_set_size (items, batch->n_items);
  g_ptr_array_set_size (items, 0);

  for (guint i = 0; i < batch->n_items; i++)
    {
      guint first = items->len;

      if (is_known_queue (parts, batch->items[i]->queue))
        continue;
      gather_queue (batch, i, items);
      split_queue (items, first, parts);
    }
}

/*
 * chihuo_redis_encode_moment:
 * @clock: (nullable): clocks of the caller's own; %NULL for the server's
 * @text: (out): the argument, `CHIHUO_REDIS_MOMENT_SIZE` bytes
 *
 * Writes the first argument of each script.
 */
void
chihuo_redis_encode_moment (const ChihuoMoment *clock, char *text)
{
  *text = '\0';
  if (clock != NULL)
    g_snprintf (text, CHIHUO_REDIS_MOMENT_SIZE, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
                clock->now, clock->lease);
}
