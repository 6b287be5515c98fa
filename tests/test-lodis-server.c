/* test-lodis-server.c - what a Lodis says of itself, and what an answer to a command means
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-server.h"
#include "lodis-fake-server.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

typedef struct
{
  FakeServer         fake;
  ChihuoLodisServer *server;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  fake_server_start (&f->fake);
  f->server = chihuo_lodis_server_new ("127.0.0.1", f->fake.port, PATIENCE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  chihuo_lodis_server_free (f->server);
  fake_server_stop (&f->fake);
}

/* What it is taken for, as the first letters of what it knows */
static char *
get_skills (Fixture *f, guint status, const char *body)
{
  ChihuoLodisSkills skills = { TRUE, TRUE, TRUE };
  g_autoptr (GError) error = NULL;

  fake_server_will_answer (&f->fake, status, body, strlen (body));
  chihuo_lodis_server_get_skills (f->server, &skills, &error);
  g_assert_no_error (error);

  return g_strconcat (skills.has_txn ? "t" : "", skills.has_range ? "r" : "",
                      skills.has_wait ? "w" : "", NULL);
}

static void
test_skills (Fixture *f, gconstpointer data)
{
  static const struct
  {
    guint       status;
    const char *body;
    const char *skills;
  } cases[] = {
    { 200, "{\"server\":\"lodis\",\"version\":\"1.0.0\",\"commands\":[\"txn\",\"range\",\"wait\"]}", "trw" },
    { 200, "{\"commands\":[\"txn\",\"later\"]}", "t" },
    { 200, "{\"commands\":[\"wait\",\"range\"]}", "rw" },
    { 200, "{\"commands\":[]}", "" },
    { 200, "{\"commands\":[1,null,[\"txn\"],{\"txn\":1},true]}", "" },
    { 200, "{\"commands\":\"txn\"}", "" },
    { 200, "{}", "" },
    { 200, "[\"txn\"]", "" },
    { 200, "\"txn\"", "" },
    { 200, "null", "" },
    { 200, "", "" },
    { 200, "<html>txn</html>", "" },
    { 500, "{\"commands\":[\"txn\"]}", "" },
    { 404, "1no such path", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *skills = get_skills (f, cases[i].status, cases[i].body);

      g_assert_cmpstr (skills, ==, cases[i].skills);
    }
  fake_server_assert_connections (&f->fake, 1);
  fake_server_assert_arguments (&f->fake, 0, "");
}

/* A bomb for readers that call themselves */
static void
test_deep_skills (Fixture *f, gconstpointer data)
{
  g_autofree char *brackets = g_strnfill (200000, '[');
  g_autofree char *text = g_strconcat ("{\"commands\":[\"txn\",", brackets, NULL);
  g_autofree char *skills = get_skills (f, 200, text);

  g_assert_cmpstr (skills, ==, "");
}

/* Who says nothing to it may be asked again */
static void
test_no_skills (Fixture *f, gconstpointer data)
{
  ChihuoLodisSkills skills = { TRUE, TRUE, TRUE };
  g_autoptr (GError) error = NULL;

  fake_server_will_hang_up (&f->fake);
  g_assert_false (chihuo_lodis_server_get_skills (f->server, &skills, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT);
  g_assert_false (skills.has_txn);
  g_clear_error (&error);

  fake_server_will_say_last (&f->fake, "220 smtp.example ESMTP\r\n\r\n");
  g_assert_false (chihuo_lodis_server_get_skills (f->server, &skills, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
}

static int
call (Fixture *f, ChihuoLodisEffect effect)
{
  ChihuoLodisReader reader;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body
    = chihuo_lodis_server_call (f->server, "hset", "q", NULL, effect, &reader, &error);

  g_assert_true ((body == NULL) == (error != NULL));
  if (error == NULL)
    return 0;

  g_assert_true (error->domain == CHIHUO_ERROR);
  g_assert_nonnull (strstr (error->message, chihuo_lodis_server_get_name (f->server)));
  return error->code;
}

/* Whether something may have been done decides what may be done next. What Lodis has not said itself, such as what a
 * proxy before it says, leaves that open */
static void
test_answers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    guint       status;
    const char *body;
    gsize       length;
    int         changes;
    int         reads;
  } cases[] = {
    { 200, "\0", 1, 0, 0 },
    { 200, "\0abc", 4, 0, 0 },
    { 500, "1no", 3, CHIHUO_ERROR_BACKEND, CHIHUO_ERROR_BACKEND },
    { 500, "2disk", 5, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_BACKEND },
    { 500, "3conf", 5, CHIHUO_ERROR_BACKEND, CHIHUO_ERROR_BACKEND },
    { 500, "4body", 5, CHIHUO_ERROR_PROTOCOL, CHIHUO_ERROR_PROTOCOL },
    { 500, "5args", 5, CHIHUO_ERROR_PROTOCOL, CHIHUO_ERROR_PROTOCOL },
    { 500, "6type", 5, CHIHUO_ERROR_PROTOCOL, CHIHUO_ERROR_PROTOCOL },
    { 500, "", 0, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_PROTOCOL },
    { 500, "<html>", 6, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_PROTOCOL },
    { 503, "1full", 5, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_TIMED_OUT },
    { 502, "4body", 5, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_PROTOCOL },
    { 404, "none", 4, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_PROTOCOL },
    { 200, "", 0, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_PROTOCOL },
    { 200, "OK", 2, CHIHUO_ERROR_UNKNOWN_OUTCOME, CHIHUO_ERROR_PROTOCOL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      fake_server_will_answer (&f->fake, cases[i].status, cases[i].body, cases[i].length);
      g_assert_cmpint (call (f, CHIHUO_LODIS_CHANGES), ==, cases[i].changes);
      fake_server_will_answer (&f->fake, cases[i].status, cases[i].body, cases[i].length);
      g_assert_cmpint (call (f, CHIHUO_LODIS_READS), ==, cases[i].reads);
    }
}

/* No answer: of what reads nothing has been done */
static void
test_lost (Fixture *f, gconstpointer data)
{
  fake_server_will_hang_up (&f->fake);
  g_assert_cmpint (call (f, CHIHUO_LODIS_CHANGES), ==, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  fake_server_will_hang_up (&f->fake);
  g_assert_cmpint (call (f, CHIHUO_LODIS_READS), ==, CHIHUO_ERROR_TIMED_OUT);
  fake_server_assert_log (&f->fake, "POST /hset/q\nPOST /hset/q\n");
}

/* Nobody there: it may all be done again, whatever it was */
static void
test_away (void)
{
  FakeServer gone;
  Fixture f;

  fake_server_start (&gone);
  f.server = chihuo_lodis_server_new ("127.0.0.1", gone.port, PATIENCE);
  fake_server_stop (&gone);
  g_assert_cmpint (call (&f, CHIHUO_LODIS_CHANGES), ==, CHIHUO_ERROR_TIMED_OUT);
  chihuo_lodis_server_free (f.server);
}

/* Several go out together, each with its own arguments */
static void
test_several (Fixture *f, gconstpointer data)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  ChihuoLodisReader reader;
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;
  g_autoptr (GError) error = NULL;

  chihuo_lodis_frame_add_string (arguments, "field");
  chihuo_lodis_frame_add_string (arguments, "value");
  chihuo_lodis_server_ask (f->server, "hset", "chihuo:q:index", arguments);
  chihuo_lodis_server_ask (f->server, "alen", "q", NULL);
  fake_server_will_answer (&f->fake, 200, "\0", 1);
  fake_server_will_answer (&f->fake, 200, "\0\0\0\0\11", 5);
  g_assert_true (chihuo_lodis_server_send (f->server, &error));
  first = chihuo_lodis_server_receive (f->server, CHIHUO_LODIS_CHANGES, &reader, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (reader.left, ==, 0);
  second = chihuo_lodis_server_receive (f->server, CHIHUO_LODIS_READS, &reader, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (reader.at, reader.left, "\0\0\0\11", 4);

  fake_server_assert_log (&f->fake, "POST /hset/chihuo:q:index\nPOST /alen/q\n");
  fake_server_assert_arguments (&f->fake, 0, "field,value");
  fake_server_assert_arguments (&f->fake, 1, "");
}

/* Answers that nobody waits for any more are none to what comes next */
static void
test_drop (Fixture *f, gconstpointer data)
{
  chihuo_lodis_server_ask (f->server, "alen", "q", NULL);
  fake_server_will_answer (&f->fake, 500, "1old", 4);
  g_assert_true (chihuo_lodis_server_send (f->server, NULL));
  fake_server_await_requests (&f->fake, 1);
  chihuo_lodis_server_drop (f->server);
  fake_server_will_answer (&f->fake, 200, "\0", 1);
  g_assert_cmpint (call (f, CHIHUO_LODIS_READS), ==, 0);
  fake_server_assert_connections (&f->fake, 2);
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

  add ("/lodis-server/skills", test_skills);
  add ("/lodis-server/deep-skills", test_deep_skills);
  add ("/lodis-server/no-skills", test_no_skills);
  add ("/lodis-server/answers", test_answers);
  add ("/lodis-server/lost", test_lost);
  g_test_add_func ("/lodis-server/away", test_away);
  add ("/lodis-server/several", test_several);
  add ("/lodis-server/drop", test_drop);

  return g_test_run ();
}
