/* test-lodis-view.c - looks at a plain queue, whatever the server answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-view.h"
#include "lodis-fake-server.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

typedef struct
{
  FakeServer         fake;
  ChihuoLodisServer *server;
  ChihuoLodisShelf  *shelf;
  ChihuoPage         page;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  fake_server_start (&f->fake);
  f->server = chihuo_lodis_server_new ("127.0.0.1", f->fake.port, PATIENCE);
  f->shelf = chihuo_lodis_shelf_new (g_intern_static_string ("eat"));
  f->page = (ChihuoPage) { .queue = f->shelf->name,
                           .state = CHIHUO_TASK_STATE_WAITING,
                           .limit = 3,
                           .records
                           = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free) };
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_ptr_array_unref (f->page.records);
  g_clear_pointer (&f->page.id, chihuo_payload_unref);
  chihuo_lodis_shelf_free (f->shelf);
  chihuo_lodis_server_free (f->server);
  fake_server_stop (&f->fake);
}

#define WILL_SAY(f, text) fake_server_will_answer (&(f)->fake, 200, text, sizeof text - 1)

/* Something that is only here */
static void
hold (Fixture *f, const char *id, ChihuoTaskState state, gint64 place)
{
  ChihuoRecord *record = chihuo_lodis_shelf_take (f->shelf, id);

  record->state = state;
  record->place = place;
  record->when = 100 - place;
  chihuo_lodis_shelf_put (f->shelf, record);
}

static void
look_at (Fixture *f, const char *id)
{
  g_clear_pointer (&f->page.id, chihuo_payload_unref);
  f->page.id = chihuo_payload_new (id, -1, NULL, 0);
}

/* What the page shows: ids, states, marks and infos */
static void
assert_page (Fixture *f, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_ptr_array_set_size (f->page.records, 0);
  chihuo_lodis_view_page (f->server, f->shelf, &f->page, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < f->page.records->len; i++)
    {
      ChihuoRecord *record = g_ptr_array_index (f->page.records, i);
      const char *json = chihuo_payload_get_json (record->payload);

      g_string_append_printf (text, "%s:%u%s%s%s ", chihuo_payload_get_id (record->payload),
                              record->state, record->finished ? "f" : "", json != NULL ? "=" : "",
                              json != NULL ? json : "");
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
assert_no_page (Fixture *f, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_lodis_view_page (f->server, f->shelf, &f->page, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
}

static void
test_count (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint32 n = 0;

  WILL_SAY (f, "\0\0\0\1\2");
  g_assert_true (chihuo_lodis_view_count (f->server, "alen", "eat", &n, &error));
  g_assert_cmpuint (n, ==, 258);
  WILL_SAY (f, "\0\0\0\1");
  g_assert_false (chihuo_lodis_view_count (f->server, "alen", "eat", &n, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
  fake_server_assert_log (&f->fake, "POST /alen/eat\nPOST /alen/eat\n");
}

/* The mark and the task are two questions; what is only here the server is not believed of */
static void
test_look (Fixture *f, gconstpointer data)
{
  look_at (f, "a");
  WILL_SAY (f, "\0\1");
  WILL_SAY (f, "\0{\"x\":1}");
  assert_page (f, "a:1f={\"x\":1} ");
  fake_server_assert_log (&f->fake, "POST /hexists/eat\nPOST /aget/eat\n");
  fake_server_assert_arguments (&f->fake, 0, "a");
  fake_server_assert_arguments (&f->fake, 1, "a");

  WILL_SAY (f, "\0\0");
  WILL_SAY (f, "\0");
  assert_page (f, "a:0 ");
  WILL_SAY (f, "\0\0");
  WILL_SAY (f, "\0no JSON");
  assert_page (f, "a:0 ");

  hold (f, "a", CHIHUO_TASK_STATE_RUNNING, 1);
  WILL_SAY (f, "\0\1");
  WILL_SAY (f, "\0\"another\"");
  assert_page (f, "a:3f ");
}

static void
test_look_refused (Fixture *f, gconstpointer data)
{
  look_at (f, "a");
  WILL_SAY (f, "\0");
  assert_no_page (f, CHIHUO_ERROR_PROTOCOL);
  WILL_SAY (f, "\0\0");
  fake_server_will_answer (&f->fake, 500, "2disk", 5);
  assert_no_page (f, CHIHUO_ERROR_BACKEND);
  fake_server_will_hang_up (&f->fake);
  assert_no_page (f, CHIHUO_ERROR_TIMED_OUT);
}

/* Numbered from the head; what another program wrote and is no task is left out, and has its number */
static void
test_waiting (Fixture *f, gconstpointer data)
{
  g_autofree char *cursor = NULL;

  WILL_SAY (f, "\0\0\0\0\1a\0\0\0\1" "1" "\0\0\0\1b\0\0\0\2no" "\0\0\0\1c\0\0\0\1" "3");
  assert_page (f, "a:1=1 c:1=3 ");
  g_assert_cmpint (((ChihuoRecord *) g_ptr_array_index (f->page.records, 1))->place, ==, 2);
  cursor = chihuo_record_dup_cursor (g_ptr_array_index (f->page.records, 1));
  f->page.after = cursor;
  WILL_SAY (f, "\0");
  assert_page (f, "");
  f->page.after = NULL;

  fake_server_assert_log (&f->fake, "POST /alrange/eat\nPOST /alrange/eat\n");
  g_mutex_lock (&f->fake.mutex);
  for (guint i = 0; i < 2; i++)
    {
      static const char *const arguments[] = { "\0\0\0\4\0\0\0\0\0\0\0\4\0\0\0\3",
                                               "\0\0\0\4\0\0\0\3\0\0\0\4\0\0\0\6" };
      GBytes *body = ((FakeRequest *) g_ptr_array_index (f->fake.requests, i))->body;

      g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), arguments[i], 16);
    }
  g_mutex_unlock (&f->fake.mutex);
}

static void
test_waiting_refused (Fixture *f, gconstpointer data)
{
  WILL_SAY (f, "\0\0\0\0\1a\0\0\0\1");
  assert_no_page (f, CHIHUO_ERROR_PROTOCOL);
  f->page.after = "junk";
  assert_no_page (f, CHIHUO_ERROR_INVALID);
  f->page.after = NULL;
}

/* Without a question to the server */
static void
test_held (Fixture *f, gconstpointer data)
{
  g_autofree char *cursor = NULL;

  hold (f, "a", CHIHUO_TASK_STATE_DEAD, 1);
  hold (f, "b", CHIHUO_TASK_STATE_DEAD, 2);
  hold (f, "c", CHIHUO_TASK_STATE_DEAD, 3);
  hold (f, "r", CHIHUO_TASK_STATE_RUNNING, 4);
  f->page.state = CHIHUO_TASK_STATE_DEAD;
  f->page.limit = 2;
  assert_page (f, "a:4 b:4 ");
  cursor = chihuo_record_dup_cursor (g_ptr_array_index (f->page.records, 1));
  f->page.after = cursor;
  assert_page (f, "c:4 ");
  f->page.after = NULL;
  fake_server_assert_connections (&f->fake, 0);
}

/* In the order of their bytes, whatever the server's is */
static void
test_finished (Fixture *f, gconstpointer data)
{
  static const char keys[] = "\0\0\0\0\1c\0\0\0\1a\0\0\0\0\0\0\0\1\xff\0\0\0\1d\0\0\0\1b";

  f->page.finished = TRUE;
  WILL_SAY (f, keys);
  assert_page (f, "a:0f b:0f c:0f ");
  f->page.after = "c";
  WILL_SAY (f, keys);
  assert_page (f, "d:0f ");
  f->page.after = NULL;
  WILL_SAY (f, "\0\0\0\0\2c");
  assert_no_page (f, CHIHUO_ERROR_PROTOCOL);
}

static void
test_stats (Fixture *f, gconstpointer data)
{
  ChihuoStats stats = { 0 };
  g_autoptr (GError) error = NULL;

  hold (f, "a", CHIHUO_TASK_STATE_DELAYED, 1);
  hold (f, "b", CHIHUO_TASK_STATE_DELAYED, 2);
  hold (f, "c", CHIHUO_TASK_STATE_RUNNING, 3);
  f->shelf->paused = TRUE;
  WILL_SAY (f, "\0\0\0\0\7");
  WILL_SAY (f, "\0\0\0\0\11");
  g_assert_true (chihuo_lodis_view_stats (f->server, f->shelf, &stats, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (stats.waiting, ==, 7);
  g_assert_cmpuint (stats.finished, ==, 9);
  g_assert_cmpuint (stats.delayed, ==, 2);
  g_assert_cmpuint (stats.running, ==, 1);
  g_assert_cmpuint (stats.dead, ==, 0);
  g_assert_cmpuint (stats.workers, ==, 1);
  g_assert_cmpint (stats.next_due, ==, 98);
  g_assert_true (stats.paused);
  fake_server_assert_log (&f->fake, "POST /alen/eat\nPOST /hlen/eat\n");

  WILL_SAY (f, "\0\0\0\0\7");
  fake_server_will_hang_up (&f->fake);
  g_assert_false (chihuo_lodis_view_stats (f->server, f->shelf, &stats, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
}

static void
add (const char *path, void (* func) (Fixture *f, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/lodis-view/count", test_count);
  add ("/lodis-view/look", test_look);
  add ("/lodis-view/look-refused", test_look_refused);
  add ("/lodis-view/waiting", test_waiting);
  add ("/lodis-view/waiting-refused", test_waiting_refused);
  add ("/lodis-view/held", test_held);
  add ("/lodis-view/finished", test_finished);
  add ("/lodis-view/stats", test_stats);

  return g_test_run ();
}
