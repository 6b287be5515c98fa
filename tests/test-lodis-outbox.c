/* test-lodis-outbox.c - changes of plain queues on their way to the server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-outbox.h"
#include "lodis-fake-server.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

typedef struct
{
  FakeServer         fake;
  ChihuoLodisServer *server;
  ChihuoLodisOutbox  outbox;
  const char        *queue;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  fake_server_start (&f->fake);
  f->server = chihuo_lodis_server_new ("127.0.0.1", f->fake.port, PATIENCE);
  f->queue = g_intern_static_string ("eat");
  chihuo_lodis_outbox_init (&f->outbox, f->server);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  chihuo_lodis_outbox_clear (&f->outbox);
  chihuo_lodis_server_free (f->server);
  fake_server_stop (&f->fake);
}

static void
put (Fixture *f, const char *command, const char *id, const char *value)
{
  chihuo_lodis_outbox_add (&f->outbox, command, f->queue, id, value);
}

static void
put_back (Fixture *f, const char *id, gint64 place)
{
  ChihuoRecord record = { .payload = chihuo_payload_new (id, -1, "1", 1), .place = place };

  chihuo_lodis_outbox_return (&f->outbox, f->queue, &record);
  chihuo_payload_unref (record.payload);
}

static void
will_do (Fixture *f, guint n)
{
  for (; n > 0; n--)
    fake_server_will_answer (&f->fake, 200, "\0", 1);
}

static void
flush (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  chihuo_lodis_outbox_flush (&f->outbox, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (f->outbox.commands->len, ==, 0);
}

/* What is not answered may have been done, whatever the reason */
static void
assert_not_flushed (Fixture *f, guint n_left)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_lodis_outbox_flush (&f->outbox, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  g_assert_cmpuint (f->outbox.commands->len, ==, n_left);
}

/* Nothing to say is said to nobody */
static void
test_empty (Fixture *f, gconstpointer data)
{
  flush (f);
  fake_server_assert_connections (&f->fake, 0);
}

/* What follows each other and is alike goes in one command, in its order */
static void
test_joined (Fixture *f, gconstpointer data)
{
  put (f, "arpushnx", "a", "1");
  put (f, "arpushnx", "b", "2");
  put (f, "hset", "a", "");
  put (f, "arpushnx", "c", "3");
  f->queue = g_intern_static_string ("drink");
  put (f, "arpushnx", "d", "4");
  will_do (f, 4);
  flush (f);
  fake_server_assert_log (&f->fake, "POST /arpushnx/eat\nPOST /hset/eat\nPOST /arpushnx/eat\nPOST /arpushnx/drink\n");
  fake_server_assert_arguments (&f->fake, 0, "a,1,b,2");
  fake_server_assert_arguments (&f->fake, 1, "a,");
  fake_server_assert_arguments (&f->fake, 2, "c,3");
  fake_server_assert_arguments (&f->fake, 3, "d,4");
}

/* These take one argument only */
static void
test_single (Fixture *f, gconstpointer data)
{
  put (f, "adel", "a", NULL);
  put (f, "adel", "b", NULL);
  put (f, "hdel", "a", NULL);
  put (f, "hdel", "b", NULL);
  will_do (f, 4);
  flush (f);
  fake_server_assert_log (&f->fake, "POST /adel/eat\nPOST /adel/eat\nPOST /hdel/eat\nPOST /hdel/eat\n");
  fake_server_assert_arguments (&f->fake, 1, "b");
}

/* Not any number in one command */
static void
test_many (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      put (f, "arpushnx", id, "1");
    }
  g_assert_cmpuint (f->outbox.commands->len, ==, 2);
  will_do (f, 2);
  flush (f);
  fake_server_assert_log (&f->fake, "POST /arpushnx/eat\nPOST /arpushnx/eat\n");
}

/* The last one is pushed first, so that at the head they stand as they stood; and after all else */
static void
test_returned (Fixture *f, gconstpointer data)
{
  put_back (f, "b", 2);
  put_back (f, "d", G_MAXINT64);
  put_back (f, "a", -1);
  put_back (f, "c", 3);
  put (f, "adel", "x", NULL);
  will_do (f, 2);
  flush (f);
  fake_server_assert_log (&f->fake, "POST /adel/eat\nPOST /alpushnx/eat\n");
  fake_server_assert_arguments (&f->fake, 1, "d,1,c,1,b,1,a,1");
}

/* What was answered is not said again; what was not is, and may be done twice */
static void
test_lost (Fixture *f, gconstpointer data)
{
  put (f, "arpushnx", "a", "1");
  put (f, "adel", "b", NULL);
  put_back (f, "c", 1);
  will_do (f, 1);
  fake_server_will_hang_up (&f->fake);
  assert_not_flushed (f, 2);
  fake_server_assert_log (&f->fake, "POST /arpushnx/eat\nPOST /adel/eat\n");

  put (f, "arpushnx", "d", "4");
  will_do (f, 3);
  flush (f);
  fake_server_assert_log (&f->fake, "POST /arpushnx/eat\nPOST /adel/eat\n"
                                    "POST /adel/eat\nPOST /alpushnx/eat\nPOST /arpushnx/eat\n");
}

/* An error for one of them: answers that are still to come are none to what is said later */
static void
test_refused (Fixture *f, gconstpointer data)
{
  put (f, "adel", "a", NULL);
  put (f, "adel", "b", NULL);
  fake_server_will_answer (&f->fake, 500, "2disk", 5);
  fake_server_will_answer (&f->fake, 500, "1late", 5);
  assert_not_flushed (f, 2);
  fake_server_await_requests (&f->fake, 2);
  will_do (f, 2);
  flush (f);
  fake_server_assert_connections (&f->fake, 2);
}

/* Nobody is there: all of it stays */
static void
test_away (void)
{
  Fixture f;

  set_up (&f, NULL);
  put (&f, "adel", "a", NULL);
  put_back (&f, "b", 1);
  fake_server_stop (&f.fake);
  assert_not_flushed (&f, 2);
  assert_not_flushed (&f, 2);
  chihuo_lodis_outbox_clear (&f.outbox);
  chihuo_lodis_server_free (f.server);
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

  add ("/lodis-outbox/empty", test_empty);
  add ("/lodis-outbox/joined", test_joined);
  add ("/lodis-outbox/single", test_single);
  add ("/lodis-outbox/many", test_many);
  add ("/lodis-outbox/returned", test_returned);
  add ("/lodis-outbox/lost", test_lost);
  add ("/lodis-outbox/refused", test_refused);
  g_test_add_func ("/lodis-outbox/away", test_away);

  return g_test_run ();
}
