/* fuzz-redis.c - any bytes as a Redis' replies to our scripts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-redis-decode.h"
#include "fuzz-target.h"

/* The first byte says to which question the rest is the reply */
enum
{
  QUESTION_ADD,
  QUESTION_DO,
  QUESTION_CLAIM,
  QUESTION_LOOK,
  QUESTION_PAGE,
  QUESTION_MARKS,
  QUESTION_NUMBERS,
  N_QUESTIONS,
};

#define LIMIT 4

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_init ();
  return 0;
}

/* Whether decoding went well, all of it is what a store may get; else nothing is left behind */
static void
check_items (ChihuoItem **items, guint n_items, gboolean ok)
{
  for (guint i = 0; i < n_items; i++)
    {
      g_assert_cmpint (items[i]->answer != CHIHUO_ANSWER_NONE, ==, ok);
      g_assert_cmpint (items[i]->answer, <=, CHIHUO_ANSWER_ABSENT);
      if (items[i]->op != CHIHUO_OP_CLAIM)
        continue;

      g_assert_cmpuint (items[i]->claim.n_claimed, <=, items[i]->claim.n);
      for (guint c = 0; c < items[i]->claim.n_claimed; c++)
        g_assert_true (g_utf8_validate (
          chihuo_payload_get_id (items[i]->claim.claimed[c].payload), -1, NULL));
      if (!ok)
        g_assert_null (items[i]->claim.claimed);
    }
}

static void
decode_part (const ChihuoRedisReply *reply, const ChihuoOp *ops, guint n_items)
{
  g_autoptr (GArray) junk = g_array_new (FALSE, FALSE, sizeof (ChihuoRedisJunk));
  ChihuoItem items[LIMIT] = { 0 };
  ChihuoItem *pointers[LIMIT];
  gboolean ok;

  g_array_set_clear_func (junk, chihuo_redis_decode_clear_junk);
  for (guint i = 0; i < n_items; i++)
    {
      items[i].op = ops[i];
      if (ops[i] == CHIHUO_OP_CLAIM)
        items[i].claim.n = LIMIT;
      pointers[i] = &items[i];
    }

  ok = chihuo_redis_decode_part (reply, pointers, n_items, junk, NULL);
  check_items (pointers, n_items, ok);
  for (guint i = 0; i < n_items; i++)
    chihuo_item_clear (&items[i]);
}

static void
decode_records (const ChihuoRedisReply *reply, guint question)
{
  g_autoptr (GPtrArray) records
    = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
  g_autoptr (ChihuoPayload) id = chihuo_payload_new ("id", -1, NULL, 0);
  gboolean ready;

  if (question == QUESTION_LOOK)
    chihuo_redis_decode_look (reply, id, records, NULL);
  else if (question == QUESTION_PAGE)
    chihuo_redis_decode_page (reply, CHIHUO_TASK_STATE_RUNNING, LIMIT, records, NULL);
  else
    chihuo_redis_decode_marks (reply, LIMIT, &ready, records, NULL);

  g_assert_cmpuint (records->len, <=, LIMIT);
  for (guint i = 0; i < records->len; i++)
    {
      g_autofree char *cursor = chihuo_record_dup_cursor (g_ptr_array_index (records, i));

      g_assert_true (g_utf8_validate (cursor, -1, NULL));
    }
}

static void
decode (const ChihuoRedisReply *reply, guint question)
{
  static const ChihuoOp adds[] = { CHIHUO_OP_ADD, CHIHUO_OP_ADD };
  static const ChihuoOp others[] = { CHIHUO_OP_SETTLE, CHIHUO_OP_RENEW, CHIHUO_OP_FINISH,
                                     CHIHUO_OP_CANCEL };
  static const ChihuoOp claims[] = { CHIHUO_OP_CLAIM, CHIHUO_OP_CLAIM };
  gint64 numbers[LIMIT];

  switch (question)
    {
    case QUESTION_ADD:
      decode_part (reply, adds, G_N_ELEMENTS (adds));
      break;
    case QUESTION_DO:
      decode_part (reply, others, G_N_ELEMENTS (others));
      break;
    case QUESTION_CLAIM:
      decode_part (reply, claims, G_N_ELEMENTS (claims));
      break;
    case QUESTION_NUMBERS:
      chihuo_redis_decode_numbers (reply, numbers, LIMIT, NULL);
      break;
    default:
      decode_records (reply, question);
      break;
    }
}

/* hiredis allocates as many elements as an array announces: whether that is a lot is not for us to find out */
static gboolean
announces_too_much (const uint8_t *data, size_t size)
{
  guint n_digits = G_MAXUINT;

  for (size_t i = 0; i < size; i++)
    {
      if (data[i] == '*')
        n_digits = 0;
      else if (n_digits != G_MAXUINT && g_ascii_isdigit (data[i]))
        n_digits++;
      else
        n_digits = G_MAXUINT;
      if (n_digits != G_MAXUINT && n_digits > 3)
        return TRUE;
    }

  return FALSE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  redisReader *reader;
  void *reply = NULL;

  if (size == 0 || announces_too_much (data, size))
    return 0;

  reader = redisReaderCreate ();
  redisReaderFeed (reader, (const char *) data + 1, size - 1);
  while (redisReaderGetReply (reader, &reply) == REDIS_OK && reply != NULL)
    {
      decode (reply, data[0] % N_QUESTIONS);
      freeReplyObject (reply);
    }
  redisReaderFree (reader);

  return 0;
}
