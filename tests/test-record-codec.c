/* test-record-codec.c - records there and back, and junk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-record-codec.h"

static void
make_record (ChihuoRecord *record, ChihuoPayload *id)
{
  memset (record, 0, sizeof *record);
  record->payload = chihuo_payload_new (chihuo_payload_get_id (id), -1, "{\"ü\":[1]}", -1);
  record->error = g_strdup ("an error");
  record->claimant = g_intern_static_string ("me");
  record->place = -5;
  record->when = G_MAXINT64;
  record->token = G_MAXUINT64;
  record->request = G_MAXUINT32;
  record->timeout = 3;
  record->failures = 4;
  record->crashes = 5;
  record->own_tries = 6;
  record->max_tries = 7;
  record->max_crashes = 8;
  record->priority = -128;
  record->state = CHIHUO_TASK_STATE_RUNNING;
  record->fate = CHIHUO_FATE_AGAIN;
  record->cancelled = TRUE;
  record->pending = g_new0 (ChihuoPending, 1);
  record->pending->payload = chihuo_payload_new (chihuo_payload_get_id (id), -1, "2", -1);
  record->pending->delay = 10;
  record->pending->timeout = 11;
  record->pending->flags = CHIHUO_ADD_FLAGS_AT_HEAD;
  record->pending->max_tries = 12;
  record->pending->priority = 127;
}

static void
test_round_trip (void)
{
  g_autoptr (ChihuoPayload) id = chihuo_payload_new ("id", -1, NULL, 0);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;
  ChihuoRecord record;
  ChihuoRecord read = { 0 };

  make_record (&record, id);
  bytes = chihuo_record_encode (&record);
  g_assert_true (chihuo_record_decode (&read, id, bytes, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (chihuo_payload_get_json (read.payload), ==, "{\"ü\":[1]}");
  g_assert_cmpstr (read.error, ==, "an error");
  g_assert_true (read.claimant == record.claimant);
  g_assert_cmpint (read.place, ==, -5);
  g_assert_cmpint (read.when, ==, G_MAXINT64);
  g_assert_cmpuint (read.token, ==, G_MAXUINT64);
  g_assert_cmpuint (read.request, ==, G_MAXUINT32);
  g_assert_cmpuint (read.max_crashes, ==, 8);
  g_assert_cmpint (read.priority, ==, -128);
  g_assert_true (read.cancelled && !read.abandoned);
  g_assert_cmpstr (chihuo_payload_get_json (read.pending->payload), ==, "2");
  g_assert_cmpint (read.pending->priority, ==, 127);

  again = chihuo_record_encode (&read);
  g_assert_true (g_bytes_equal (bytes, again));
  chihuo_record_clear (&record);
  chihuo_record_clear (&read);
}

static gboolean
is_refused (ChihuoPayload *id, const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  ChihuoRecord record = { 0 };

  if (chihuo_record_decode (&record, id, bytes, &error))
    {
      chihuo_record_clear (&record);
      return FALSE;
    }
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  g_assert_null (record.payload);
  g_assert_null (record.error);

  return TRUE;
}

/* Cut short anywhere it is no record; with any one byte changed it is one or is none, and does
 * no harm */
static void
test_junk (void)
{
  g_autoptr (ChihuoPayload) id = chihuo_payload_new ("id", -1, NULL, 0);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree guint8 *data = NULL;
  ChihuoRecord record;
  gsize size;
  guint n_refused = 0;

  make_record (&record, id);
  bytes = chihuo_record_encode (&record);
  chihuo_record_clear (&record);
  data = g_memdup2 (g_bytes_get_data (bytes, &size), g_bytes_get_size (bytes));

  for (gsize length = 0; length < size; length++)
    g_assert_true (is_refused (id, data, length));
  for (gsize i = 0; i < size; i++)
    {
      data[i] ^= 0xff;
      n_refused += is_refused (id, data, size);
      data[i] ^= 0xff;
    }
  g_assert_cmpuint (n_refused, >, 0);

  data[0] = 1;
  g_assert_true (is_refused (id, data, size));
}

/* Text that sorts as the numbers do */
static void
test_index (void)
{
  static const gint64 numbers[] = { G_MININT64, -300, -1, 0, 1, 255, 256, G_MAXINT64 };

  for (guint i = 1; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autofree char *a = chihuo_record_codec_index ('d', numbers[i - 1], numbers[i]);
      g_autofree char *b = chihuo_record_codec_index ('d', numbers[i], numbers[i - 1]);
      g_autofree char *c = chihuo_record_codec_index ('r', 0, numbers[i - 1]);
      g_autofree char *d = chihuo_record_codec_index ('r', 0, numbers[i]);

      g_assert_cmpint (strcmp (a, b), <, 0);
      g_assert_cmpint (strcmp (c, d), <, 0);
    }
  for (int priority = -127; priority < 128; priority++)
    {
      g_autofree char *a = chihuo_record_codec_index ('w', priority - 1, G_MAXINT64);
      g_autofree char *b = chihuo_record_codec_index ('w', priority, G_MININT64);

      g_assert_cmpint (strcmp (a, b), <, 0);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record-codec/round-trip", test_round_trip);
  g_test_add_func ("/record-codec/junk", test_junk);
  g_test_add_func ("/record-codec/index", test_index);
  return g_test_run ();
}
