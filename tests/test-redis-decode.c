/* test-redis-decode.c - replies of the scripts as answers and records
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-decode.h"

/* A task's value: a priority of −2, place 7, since 9, 3 failures, 1 crash, 5 tries, 250 ms, the error
 * “no”, the info {"a":1} */
#define TASK                                                                                       \
  "\1\376"                                                                                         \
  "\0\0\0\0\0\0\x1c\x40"                                                                           \
  "\0\0\0\0\0\0\x22\x40"                                                                           \
  "\3\0\0\0\1\0\0\0\5\0\0\0\372\0\0\0\2\0"                                                         \
  "no{\"a\":1}"
#define TASK_LENGTH (sizeof TASK - 1)

/* A run's value: token 3, request 4, 25 tries, 3 crashes, the fate AGAIN, cancelled, of “me” */
#define RUN "\0\0\0\0\0\0\x08\x40\4\0\0\0\31\0\0\0\3\0\0\0\1\1me"
#define RUN_LENGTH (sizeof RUN - 1)

/* A pending value: 2 µs, 8 ms, 6 tries, AT_HEAD, priority 1, the info 2 */
#define PENDING "\0\0\0\0\0\0\0\x40\10\0\0\0\6\0\0\0\1\1" "2"
#define PENDING_LENGTH (sizeof PENDING - 1)

/* Replies are written as text with these for what is no text, and put together as RESP */
static GString *
resp_new (guint n)
{
  GString *resp = g_string_new (NULL);

  g_string_append_printf (resp, "*%u\r\n", n);
  return resp;
}

static void
add_array (GString *resp, guint n)
{
  g_string_append_printf (resp, "*%u\r\n", n);
}

static void
add_int (GString *resp, gint64 number)
{
  g_string_append_printf (resp, ":%" G_GINT64_FORMAT "\r\n", number);
}

static void
add_bytes (GString *resp, const char *bytes, gsize length)
{
  g_string_append_printf (resp, "$%" G_GSIZE_FORMAT "\r\n", length);
  g_string_append_len (resp, bytes, length);
  g_string_append (resp, "\r\n");
}

static void
add_text (GString *resp, const char *text)
{
  add_bytes (resp, text, strlen (text));
}

static void
add_nil (GString *resp)
{
  g_string_append (resp, "$-1\r\n");
}

static ChihuoRedisReply *
parse (const char *bytes, gsize length)
{
  redisReader *reader = redisReaderCreate ();
  void *reply = NULL;

  g_assert_cmpint (redisReaderFeed (reader, bytes, length), ==, REDIS_OK);
  g_assert_cmpint (redisReaderGetReply (reader, &reply), ==, REDIS_OK);
  g_assert_nonnull (reply);
  redisReaderFree (reader);

  return reply;
}

static ChihuoRedisReply *
finish (GString *resp)
{
  ChihuoRedisReply *reply = parse (resp->str, resp->len);

  g_string_free (resp, TRUE);
  return reply;
}

static GArray *
junk_new (void)
{
  GArray *junk = g_array_new (FALSE, FALSE, sizeof (ChihuoRedisJunk));

  g_array_set_clear_func (junk, chihuo_redis_decode_clear_junk);
  return junk;
}

static GPtrArray *
records_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free);
}

static void
add_claim (GString *resp, const char *id, const char *value, gsize length)
{
  add_array (resp, 7);
  add_int (resp, 1);
  add_int (resp, 12);
  add_text (resp, "1800000000000000");
  add_int (resp, 1);
  add_text (resp, id);
  add_int (resp, 77);
  add_bytes (resp, value, length);
}

static ChihuoItem
make_claim (void)
{
  ChihuoItem item = { .op = CHIHUO_OP_CLAIM };

  item.claim.n = 2;
  item.claim.max_tries = 25;

  return item;
}

static void
test_part (void)
{
  ChihuoItem add = { .op = CHIHUO_OP_ADD };
  ChihuoItem claim = make_claim ();
  ChihuoItem *items[] = { &add, &claim };
  g_autoptr (GArray) junk = junk_new ();
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;
  GString *resp = resp_new (2);
  ChihuoClaimed *claimed;

  add_text (resp, "17");
  add_claim (resp, "id", TASK, TASK_LENGTH);
  reply = finish (resp);
  chihuo_redis_decode_part (reply, items, 2, junk, &error);
  g_assert_no_error (error);

  g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_ADDED);
  g_assert_cmpint (claim.answer, ==, CHIHUO_ANSWER_OK);
  g_assert_cmpuint (claim.claim.n_lost, ==, 1);
  g_assert_cmpuint (claim.claim.n_waiting, ==, 12);
  g_assert_cmpint (claim.claim.next_due, ==, 1800000000000000);
  g_assert_true (claim.claim.paused);
  g_assert_cmpuint (claim.claim.n_claimed, ==, 1);
  g_assert_cmpuint (junk->len, ==, 0);

  claimed = &claim.claim.claimed[0];
  g_assert_cmpstr (chihuo_payload_get_id (claimed->payload), ==, "id");
  g_assert_cmpstr (chihuo_payload_get_json (claimed->payload), ==, "{\"a\":1}");
  g_assert_cmpuint (claimed->token, ==, 77);
  g_assert_cmpint (claimed->timeout, ==, 250000);
  g_assert_cmpuint (claimed->failures, ==, 3);
  g_assert_cmpuint (claimed->crashes, ==, 1);
  g_assert_cmpuint (claimed->max_tries, ==, 5);
  g_assert_cmpint (claimed->priority, ==, -2);
  chihuo_item_clear (&claim);
}

/* What is no task is not handed out, whatever is wrong with it */
static void
test_junk (void)
{
  static const struct
  {
    const char *id;
    gsize       length; /* of the value */
    const char *info;
    const char *reason;
  } cases[] = {
    { "id", 10, NULL, "*too short*" },
    { "id", TASK_LENGTH - 7, NULL, "*info*" },
    { "id", TASK_LENGTH, "{\"a\":]}", "*info*" },
    { "\xff", TASK_LENGTH, NULL, "*UTF-8*" },
    { "", TASK_LENGTH, NULL, "*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ChihuoItem claim = make_claim ();
      ChihuoItem *items[] = { &claim };
      g_autoptr (GArray) junk = junk_new ();
      g_autoptr (ChihuoRedisReply) reply = NULL;
      g_autoptr (GError) error = NULL;
      GString *resp = resp_new (2);
      char value[TASK_LENGTH];
      ChihuoRedisJunk *one;

      memcpy (value, TASK, TASK_LENGTH);
      if (cases[i].info != NULL)
        memcpy (value + TASK_LENGTH - 7, cases[i].info, 7);
      add_text (resp, "7");
      add_claim (resp, cases[i].id, value, cases[i].length);
      reply = finish (resp);
      chihuo_redis_decode_part (reply, items, 1, junk, &error);
      g_assert_no_error (error);

      g_assert_cmpuint (claim.claim.n_claimed, ==, 0);
      g_assert_cmpuint (junk->len, ==, 1);
      one = &g_array_index (junk, ChihuoRedisJunk, 0);
      g_assert_true (one->claim == &claim);
      g_assert_cmpint (one->token, ==, 77);
      g_assert_cmpmem (g_bytes_get_data (one->id, NULL), g_bytes_get_size (one->id), cases[i].id,
                       strlen (cases[i].id));
      if (!g_pattern_match_simple (cases[i].reason, one->reason))
        g_error ("case %u: “%s” does not match “%s”", i, one->reason, cases[i].reason);
      chihuo_item_clear (&claim);
    }
}

/* A wrong type, count or length is an error each time, and leaves nothing behind */
static void
test_wrong_parts (void)
{
  static const char *const replies[] = {
    "+OK\r\n",
    ":7\r\n",
    "$-1\r\n",
    "*0\r\n",
    "*1\r\n:17\r\n",
    "*1\r\n$2\r\n17\r\n",
    "*1\r\n$1\r\n1\r\n",
    "*2\r\n$2\r\n17\r\n$4\r\nnone\r\n",
    "*2\r\n$2\r\n17\r\n*3\r\n:0\r\n:0\r\n:0\r\n",
    "*2\r\n$2\r\n17\r\n*4\r\n:0\r\n:0\r\n:-1\r\n:0\r\n",
    "*2\r\n$2\r\n17\r\n*4\r\n:0\r\n:0\r\n$1\r\nx\r\n:0\r\n",
    "*2\r\n$2\r\n17\r\n*5\r\n:0\r\n:0\r\n:0\r\n:0\r\n$2\r\nid\r\n",
    "*2\r\n$2\r\n17\r\n*7\r\n:0\r\n:0\r\n:0\r\n:0\r\n:5\r\n:5\r\n$1\r\nx\r\n",
    "*2\r\n$2\r\n17\r\n*7\r\n:0\r\n:0\r\n:0\r\n:0\r\n$2\r\nid\r\n:-5\r\n$1\r\nx\r\n",
    "*2\r\n$2\r\n1=\r\n*4\r\n:0\r\n:0\r\n:0\r\n:0\r\n",
    "*2\r\n$2\r\n77\r\n*4\r\n:0\r\n:0\r\n:0\r\n:0\r\n",
    "*2\r\n$2\r\n1/\r\n*4\r\n:0\r\n:0\r\n:0\r\n:0\r\n",
    "*3\r\n$2\r\n17\r\n*4\r\n:0\r\n:0\r\n:0\r\n:0\r\n*4\r\n:0\r\n:0\r\n:0\r\n:0\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      ChihuoItem add = { .op = CHIHUO_OP_ADD };
      ChihuoItem claim = make_claim ();
      ChihuoItem *items[] = { &add, &claim };
      g_autoptr (GArray) junk = junk_new ();
      g_autoptr (ChihuoRedisReply) reply = parse (replies[i], strlen (replies[i]));
      g_autoptr (GError) error = NULL;

      g_assert_false (chihuo_redis_decode_part (reply, items, 2, junk, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
      g_assert_cmpint (add.answer, ==, CHIHUO_ANSWER_NONE);
      g_assert_cmpint (claim.answer, ==, CHIHUO_ANSWER_NONE);
      g_assert_null (claim.claim.claimed);
      g_assert_cmpuint (junk->len, ==, 0);
    }
}

/* Not more than was asked for */
static void
test_too_many (void)
{
  ChihuoItem claim = make_claim ();
  ChihuoItem *items[] = { &claim };
  g_autoptr (GArray) junk = junk_new ();
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;
  GString *resp = resp_new (2);

  claim.claim.n = 0;
  add_text (resp, "7");
  add_claim (resp, "id", TASK, TASK_LENGTH);
  reply = finish (resp);
  g_assert_false (chihuo_redis_decode_part (reply, items, 1, junk, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
}

static ChihuoRecord *
look (GString *resp)
{
  g_autoptr (ChihuoPayload) id = chihuo_payload_new ("id", -1, NULL, 0);
  g_autoptr (ChihuoRedisReply) reply = finish (resp);
  g_autoptr (GPtrArray) records = records_new ();
  g_autoptr (GError) error = NULL;

  chihuo_redis_decode_look (reply, id, records, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);

  return g_ptr_array_steal_index (records, 0);
}

static void
test_look_waiting (void)
{
  g_autoptr (ChihuoRecord) record = NULL;
  GString *resp = resp_new (5);

  add_bytes (resp, TASK, TASK_LENGTH);
  add_nil (resp);
  add_nil (resp);
  add_nil (resp);
  add_nil (resp);
  record = look (resp);

  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_WAITING);
  g_assert_false (record->finished);
  g_assert_cmpint (record->place, ==, 7);
  g_assert_cmpint (record->when, ==, 9);
  g_assert_cmpstr (record->error, ==, "no");
  g_assert_cmpstr (chihuo_payload_get_id (record->payload), ==, "id");
  g_assert_cmpstr (chihuo_payload_get_json (record->payload), ==, "{\"a\":1}");
  g_assert_cmpuint (record->own_tries, ==, 5);
}

static void
test_look_running (void)
{
  g_autoptr (ChihuoRecord) record = NULL;
  GString *resp = resp_new (5);

  add_bytes (resp, TASK, TASK_LENGTH);
  add_bytes (resp, RUN, RUN_LENGTH);
  add_text (resp, "1000");
  add_bytes (resp, PENDING, PENDING_LENGTH);
  add_bytes (resp, "12345678", 8);
  record = look (resp);

  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_RUNNING);
  g_assert_true (record->finished);
  g_assert_cmpint (record->when, ==, 1000);
  g_assert_cmpuint (record->token, ==, 3);
  g_assert_cmpuint (record->request, ==, 4);
  g_assert_cmpuint (record->max_tries, ==, 25);
  g_assert_cmpuint (record->max_crashes, ==, 3);
  g_assert_cmpint (record->fate, ==, CHIHUO_FATE_AGAIN);
  g_assert_true (record->cancelled);
  g_assert_false (record->abandoned);
  g_assert_cmpstr (record->claimant, ==, "me");
  g_assert_cmpint (record->pending->delay, ==, 2);
  g_assert_cmpint (record->pending->timeout, ==, 8000);
  g_assert_cmpuint (record->pending->max_tries, ==, 6);
  g_assert_cmpint (record->pending->flags, ==, 1);
  g_assert_cmpint (record->pending->priority, ==, 1);
  g_assert_cmpstr (chihuo_payload_get_json (record->pending->payload), ==, "2");
}

static void
test_look_absent (void)
{
  g_autoptr (ChihuoRecord) record = NULL;
  GString *resp = resp_new (5);

  for (guint i = 0; i < 4; i++)
    add_nil (resp);
  add_bytes (resp, "12345678", 8);
  record = look (resp);

  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_ABSENT);
  g_assert_true (record->finished);
}

/* Lists show junk as well as it goes */
static void
test_page (void)
{
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GPtrArray) records = records_new ();
  g_autoptr (GError) error = NULL;
  GString *resp = resp_new (6);
  ChihuoRecord *record;

  add_text (resp, "id");
  add_bytes (resp, TASK, TASK_LENGTH);
  add_bytes (resp, RUN, RUN_LENGTH);
  add_bytes (resp, "\xff", 1);
  add_text (resp, "no task");
  add_text (resp, "");
  reply = finish (resp);

  g_assert_false (chihuo_redis_decode_page (reply, CHIHUO_TASK_STATE_RUNNING, 1, records, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  g_clear_error (&error);
  chihuo_redis_decode_page (reply, CHIHUO_TASK_STATE_RUNNING, 2, records, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 2);

  record = g_ptr_array_index (records, 0);
  g_assert_cmpuint (record->token, ==, 3);
  record = g_ptr_array_index (records, 1);
  g_assert_cmpint (record->state, ==, CHIHUO_TASK_STATE_RUNNING);
  g_assert_cmpstr (chihuo_payload_get_id (record->payload), ==, "\357\277\275");
  g_assert_cmpstr (chihuo_payload_get_json (record->payload), ==, "null");
}

static void
test_marks (void)
{
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GPtrArray) records = records_new ();
  g_autoptr (GError) error = NULL;
  GString *resp = resp_new (3);
  gboolean ready = FALSE;
  ChihuoRecord *record;

  add_int (resp, 1);
  add_text (resp, "a");
  add_text (resp, "b");
  reply = finish (resp);
  chihuo_redis_decode_marks (reply, 2, &ready, records, &error);
  g_assert_no_error (error);
  g_assert_true (ready);
  g_assert_cmpuint (records->len, ==, 2);
  record = g_ptr_array_index (records, 1);
  g_assert_true (record->finished);
  g_assert_cmpstr (chihuo_payload_get_id (record->payload), ==, "b");

  g_assert_false (chihuo_redis_decode_marks (reply, 1, &ready, records, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
}

static void
test_numbers (void)
{
  g_autoptr (ChihuoRedisReply) reply = NULL;
  g_autoptr (GError) error = NULL;
  GString *resp = resp_new (2);
  gint64 numbers[3];

  add_int (resp, -3);
  add_text (resp, "1800000000000000");
  reply = finish (resp);
  chihuo_redis_decode_numbers (reply, numbers, 2, &error);
  g_assert_no_error (error);
  g_assert_cmpint (numbers[0], ==, -3);
  g_assert_cmpint (numbers[1], ==, 1800000000000000);

  g_assert_false (chihuo_redis_decode_numbers (reply, numbers, 3, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-decode/part", test_part);
  g_test_add_func ("/redis-decode/junk", test_junk);
  g_test_add_func ("/redis-decode/wrong-parts", test_wrong_parts);
  g_test_add_func ("/redis-decode/too-many", test_too_many);
  g_test_add_func ("/redis-decode/look-waiting", test_look_waiting);
  g_test_add_func ("/redis-decode/look-running", test_look_running);
  g_test_add_func ("/redis-decode/look-absent", test_look_absent);
  g_test_add_func ("/redis-decode/page", test_page);
  g_test_add_func ("/redis-decode/marks", test_marks);
  g_test_add_func ("/redis-decode/numbers", test_numbers);

  return g_test_run ();
}
