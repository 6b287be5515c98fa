/* test-lodis-txn.c - one transaction on a Lodis: what is asked, and what answers mean
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-txn.h"
#include "lodis-fake-server.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

/* Versions: with a length before, and as a log shows them */
#define VERSION_A "\1\0\0\0\10\0\0\0\0\0\0\0A"
#define VERSION_B "\1\0\0\0\10\0\0\0\0\0\0\0B"

typedef struct
{
  FakeServer         fake;
  ChihuoLodisServer *server;
  ChihuoLodisTxn     txn;
  ChihuoLodisSpace  *space; /* of the queue “eat” */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  fake_server_start (&f->fake);
  f->server = chihuo_lodis_server_new ("127.0.0.1", f->fake.port, PATIENCE);
  chihuo_lodis_txn_init (&f->txn, f->server);
  f->space = chihuo_lodis_txn_get_space (&f->txn, "eat");
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  chihuo_lodis_txn_clear (&f->txn);
  chihuo_lodis_server_free (f->server);
  fake_server_stop (&f->fake);
}

/* A 0 byte, whether it was done, the wall clock 1000, the lease clock 2000, and what was read */
static void
will_say (Fixture *f, guint8 is_done, const char *rest, gsize length)
{
  static const char clocks[] = "\0\0\0\0\0\0\3\xe8\0\0\0\0\0\0\7\xd0";
  g_autoptr (GByteArray) body = g_byte_array_new ();

  g_byte_array_append (body, (const guint8[]) { 0, is_done }, 2);
  g_byte_array_append (body, (const guint8 *) clocks, sizeof clocks - 1);
  g_byte_array_append (body, (const guint8 *) rest, length);
  fake_server_will_answer (&f->fake, 200, body->data, body->len);
}

#define WILL_SAY(f, text) will_say (f, 1, text, sizeof text - 1)

static void
read_all (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  chihuo_lodis_txn_read (&f->txn, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (f->txn.wants->len, ==, 0);
}

static void
assert_not_read (Fixture *f, int code, gboolean is_conflict)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_lodis_txn_read (&f->txn, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_cmpint (f->txn.is_conflict, ==, is_conflict);
  g_assert_cmpuint (f->txn.wants->len, ==, 0);
}

static void
assert_not_committed (Fixture *f, int code, gboolean is_conflict)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_lodis_txn_commit (&f->txn, &error));
  g_assert_error (error, CHIHUO_ERROR, code);
  g_assert_cmpint (f->txn.is_conflict, ==, is_conflict);
}

static void
commit (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  chihuo_lodis_txn_commit (&f->txn, &error);
  g_assert_no_error (error);
}

static void
change (Fixture *f, const char *key, const char *index, const char *value)
{
  g_autoptr (GBytes) bytes = value != NULL ? g_bytes_new (value, strlen (value)) : NULL;
  ChihuoLodisEntry *entry = chihuo_lodis_space_get (f->space, key);

  g_assert_nonnull (entry);
  chihuo_lodis_space_change (f->space, entry, index, bytes);
}

/* Reads a task that waits, and its queue's version A */
static void
read_task (Fixture *f)
{
  chihuo_lodis_txn_want (&f->txn, f->space, "ta");
  WILL_SAY (f, VERSION_A "\1\0\0\0\7w1\0info");
  read_all (f);
}

/* --- reading --- */

/* The version comes first, and is a condition of what is read later */
static void
test_read (Fixture *f, gconstpointer data)
{
  ChihuoLodisEntry *entry;

  chihuo_lodis_txn_want (&f->txn, f->space, "q");
  chihuo_lodis_txn_want (&f->txn, f->space, "q");
  chihuo_lodis_txn_want_task (&f->txn, f->space, "a");
  WILL_SAY (f, VERSION_A "\0" "\1\0\0\0\7w1\0info" "\0");
  read_all (f);
  fake_server_assert_arguments (&f->fake, 0, "@,chihuo:eat,v,@,chihuo:eat,q,@,chihuo:eat,ta,@,chihuo:eat,fa");
  g_assert_cmpint (f->txn.moment.now, ==, 1000);
  g_assert_cmpint (f->txn.moment.lease, ==, 2000);
  g_assert_null (chihuo_lodis_space_get (f->space, "q")->value);
  g_assert_null (chihuo_lodis_space_get (f->space, "fa")->value);
  entry = chihuo_lodis_space_get (f->space, "ta");
  g_assert_cmpstr (entry->index, ==, "w1");

  chihuo_lodis_txn_want (&f->txn, f->space, "ta");
  chihuo_lodis_txn_want (&f->txn, f->space, "tb");
  WILL_SAY (f, "\0");
  read_all (f);
  fake_server_assert_arguments (&f->fake, 1, "?,chihuo:eat,v,.......A,@,chihuo:eat,tb");
}

/* No version is one, too: nobody has used the queue meanwhile */
static void
test_no_version (Fixture *f, gconstpointer data)
{
  chihuo_lodis_txn_want (&f->txn, f->space, "q");
  WILL_SAY (f, "\0\0");
  read_all (f);
  chihuo_lodis_txn_want (&f->txn, f->space, "ta");
  WILL_SAY (f, "\0");
  read_all (f);
  fake_server_assert_arguments (&f->fake, 1, "!,chihuo:eat,v,@,chihuo:eat,ta");
}

/* What belongs to no queue has no version */
static void
test_store (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) value = g_bytes_new_static ("new", 3);
  ChihuoLodisSpace *store;

  chihuo_lodis_txn_begin (&f->txn);
  store = chihuo_lodis_txn_get_space (&f->txn, "!");
  chihuo_lodis_txn_want (&f->txn, store, "bme");
  chihuo_lodis_txn_want (&f->txn, store, "byou");
  WILL_SAY (f, "\1\0\0\0\4\0old" "\0");
  read_all (f);
  fake_server_assert_arguments (&f->fake, 0, "@,chihuo:!,bme,@,chihuo:!,byou");

  chihuo_lodis_space_change (store, chihuo_lodis_space_get (store, "bme"), NULL, value);
  WILL_SAY (f, "");
  commit (f);
  fake_server_assert_arguments (&f->fake, 1, "?,chihuo:!,bme,.old,=,chihuo:!,bme,.new");
}

/* A page of the index, and what stands in it */
static void
test_page (Fixture *f, gconstpointer data)
{
  ChihuoLodisPlace *place;
  g_autoptr (GError) error = NULL;

  chihuo_lodis_txn_want_page (&f->txn, f->space, "w", 2);
  WILL_SAY (f, VERSION_A "\0\0\0\2" "\0\0\0\2w1" "\0\0\0\2ta" "\0\0\0\2w2" "\0\0\0\2tb");
  read_all (f);
  fake_server_assert_arguments (&f->fake, 0, "@,chihuo:eat,v,#,chihuo:eat:index,w,x,....");
  g_assert_true (chihuo_lodis_txn_next (&f->txn, "eat", "w1", "x", &place, &error));
  g_assert_cmpstr (place->key, ==, "tb");

  /* there was as much as was asked for, so it is asked again, and with what is found its tasks */
  WILL_SAY (f, "\0\0\0\1" "\0\0\0\2w3" "\0\0\0\2tc");
  WILL_SAY (f, "\0\0\0\0\0\0");
  g_assert_true (chihuo_lodis_txn_next (&f->txn, "eat", "w2", "x", &place, &error));
  g_assert_cmpstr (place->index, ==, "w3");
  fake_server_assert_arguments (&f->fake, 1, "?,chihuo:eat,v,.......A,#,chihuo:eat:index,w2,x,....");

  g_assert_true (chihuo_lodis_txn_next (&f->txn, "eat", "w3", "x", &place, &error));
  g_assert_null (place);
  g_assert_no_error (error);
}

static void
test_bad_pages (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize       length;
  } cases[] = {
#define CASE(text) { text, sizeof text - 1 }
    CASE ("\0\0\0\3" "\0\0\0\2w1" "\0\0\0\2ta" "\0\0\0\2w2" "\0\0\0\2tb" "\0\0\0\2w3" "\0\0\0\2tc"),
    CASE ("\0\0\0\2" "\0\0\0\2w2" "\0\0\0\2ta" "\0\0\0\2w1" "\0\0\0\2tb"),
    CASE ("\0\0\0\2" "\0\0\0\2w1" "\0\0\0\2ta" "\0\0\0\2w1" "\0\0\0\2tb"),
    CASE ("\0\0\0\1" "\0\0\0\2x1" "\0\0\0\2ta"),
    CASE ("\0\0\0\1" "\0\0\0\1w" "\0\0\0\2ta"),
    CASE ("\0\0\0\1" "\0\0\0\2w1" "\0\0\0\0"),
    CASE ("\0\0\0\1" "\0\0\0\2w\xff" "\0\0\0\2ta"),
    CASE ("\0\0\0\1" "\0\0\0\2w1"),
    CASE ("\xff\xff\xff\xff"),
    CASE ("\0\0\0\0" "more"),
    CASE (""),
#undef CASE
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) rest = g_byte_array_new ();

      chihuo_lodis_txn_begin (&f->txn);
      f->space = chihuo_lodis_txn_get_space (&f->txn, "eat");
      chihuo_lodis_txn_want_page (&f->txn, f->space, "w", 2);
      g_byte_array_append (rest, (const guint8 *) VERSION_A, sizeof VERSION_A - 1);
      g_byte_array_append (rest, (const guint8 *) cases[i].bytes, cases[i].length);
      will_say (f, 1, (const char *) rest->data, rest->len);
      assert_not_read (f, CHIHUO_ERROR_PROTOCOL, FALSE);
    }
}

/* A clock that no computer has */
static void
test_bad_clock (Fixture *f, gconstpointer data)
{
  chihuo_lodis_txn_want (&f->txn, f->space, "q");
  fake_server_will_answer (&f->fake, 200, "\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0", 20);
  assert_not_read (f, CHIHUO_ERROR_PROTOCOL, FALSE);
}

/* Neither done nor not done */
static void
test_bad_outcome (Fixture *f, gconstpointer data)
{
  chihuo_lodis_txn_want (&f->txn, f->space, "q");
  will_say (f, 2, "\0\0", 2);
  assert_not_read (f, CHIHUO_ERROR_PROTOCOL, FALSE);
}

/* Somebody has changed the queue between two reads */
static void
test_read_conflict (Fixture *f, gconstpointer data)
{
  read_task (f);
  chihuo_lodis_txn_want (&f->txn, f->space, "tb");
  will_say (f, 0, "\0\0\0\0", 4);
  assert_not_read (f, CHIHUO_ERROR_TIMED_OUT, TRUE);

  chihuo_lodis_txn_begin (&f->txn);
  g_assert_false (f->txn.is_conflict);
  g_assert_null (chihuo_lodis_space_get (chihuo_lodis_txn_get_space (&f->txn, "eat"), "ta"));
}

static void
want_many (Fixture *f)
{
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *key = g_strdup_printf ("t%u", i);

      chihuo_lodis_txn_want (&f->txn, f->space, key);
    }
}

static void
will_say_nothing_of (Fixture *f, const char *version, gsize length, guint n)
{
  g_autoptr (GByteArray) rest = g_byte_array_new ();

  g_byte_array_append (rest, (const guint8 *) version, length);
  for (guint i = 0; i < n; i++)
    g_byte_array_append (rest, (const guint8 *) "\0", 1);
  will_say (f, 1, (const char *) rest->data, rest->len);
}

/* More than one request carries: they go out together */
static void
test_many_keys (Fixture *f, gconstpointer data)
{
  want_many (f);
  will_say_nothing_of (f, VERSION_A, sizeof VERSION_A - 1, 96);
  will_say_nothing_of (f, VERSION_A, sizeof VERSION_A - 1, 96);
  will_say_nothing_of (f, VERSION_A, sizeof VERSION_A - 1, 8);
  read_all (f);
  g_assert_nonnull (chihuo_lodis_space_get (f->space, "t199"));
  fake_server_assert_log (&f->fake, "POST /txn/-\nPOST /txn/-\nPOST /txn/-\n");
}

/* Between these somebody has changed the queue: half of what was read would be old. The third answer is none to the
 * next request */
static void
test_many_keys_conflict (Fixture *f, gconstpointer data)
{
  want_many (f);
  will_say_nothing_of (f, VERSION_A, sizeof VERSION_A - 1, 96);
  will_say_nothing_of (f, VERSION_B, sizeof VERSION_B - 1, 96);
  will_say_nothing_of (f, VERSION_B, sizeof VERSION_B - 1, 8);
  assert_not_read (f, CHIHUO_ERROR_TIMED_OUT, TRUE);
  fake_server_await_requests (&f->fake, 3);

  chihuo_lodis_txn_begin (&f->txn);
  f->space = chihuo_lodis_txn_get_space (&f->txn, "eat");
  read_task (f);
  g_assert_nonnull (chihuo_lodis_space_get (f->space, "ta")->value);
}

/* --- writing --- */

/* What leaves goes first, then what comes, and the version grows by one. What waits anew is news */
static void
test_commit (Fixture *f, gconstpointer data)
{
  read_task (f);
  change (f, "ta", "r1", "new");
  WILL_SAY (f, "");
  commit (f);
  fake_server_assert_arguments (&f->fake, 1,
                                "?,chihuo:eat,v,.......A,"
                                "=,chihuo:eat,ta,r1.new,-,chihuo:eat:index,w1,"
                                "=,chihuo:eat:index,r1,ta,"
                                "=,chihuo:eat,v,.......B");
}

static void
test_commit_removed (Fixture *f, gconstpointer data)
{
  read_task (f);
  change (f, "ta", NULL, NULL);
  WILL_SAY (f, "");
  commit (f);
  fake_server_assert_arguments (&f->fake, 1,
                                "?,chihuo:eat,v,.......A,"
                                "-,chihuo:eat,ta,-,chihuo:eat:index,w1,"
                                "=,chihuo:eat,v,.......B");
}

static void
test_commit_news (Fixture *f, gconstpointer data)
{
  chihuo_lodis_txn_want (&f->txn, f->space, "tb");
  WILL_SAY (f, VERSION_A "\0");
  read_all (f);
  change (f, "tb", "w2", "info");
  WILL_SAY (f, "");
  commit (f);
  fake_server_assert_arguments (&f->fake, 1,
                                "?,chihuo:eat,v,.......A,"
                                "=,chihuo:eat,tb,w2.info,"
                                "=,chihuo:eat:index,w2,tb,"
                                "=,chihuo:eat,v,.......B,"
                                "=,chihuo:eat:news,n,........");
}

/* A queue that nobody has used must still be so; its first version is not 0, 1, 2 … */
static void
test_commit_first (Fixture *f, gconstpointer data)
{
  g_autofree char *arguments = NULL;

  chihuo_lodis_txn_want (&f->txn, f->space, "q");
  WILL_SAY (f, "\0\0");
  read_all (f);
  change (f, "q", NULL, "rules");
  WILL_SAY (f, "");
  commit (f);
  arguments = fake_server_get_arguments (&f->fake, 1);
  g_assert_true (g_str_has_prefix (arguments, "!,chihuo:eat,v,=,chihuo:eat,q,.rules,=,chihuo:eat,v,"));
}

/* What only was read is no reason to write; something of another program's is */
static void
test_commit_extra (Fixture *f, gconstpointer data)
{
  read_task (f);
  commit (f);
  fake_server_assert_log (&f->fake, "POST /txn/-\n");

  chihuo_lodis_txn_add_extra (&f->txn, 'd', "eat", "a");
  WILL_SAY (f, "");
  commit (f);
  fake_server_assert_arguments (&f->fake, 1, "?,chihuo:eat,v,.......A,d,eat,a");
}

/* Nothing is done then, and it may be tried again at once */
static void
test_commit_conflict (Fixture *f, gconstpointer data)
{
  read_task (f);
  change (f, "ta", "r1", "new");
  will_say (f, 0, "\0\0\0\0", 4);
  assert_not_committed (f, CHIHUO_ERROR_TIMED_OUT, TRUE);
}

/* What the server has said clearly is no doubt */
static void
test_commit_refused (Fixture *f, gconstpointer data)
{
  read_task (f);
  change (f, "ta", "r1", "new");
  fake_server_will_answer (&f->fake, 500, "1no", 3);
  assert_not_committed (f, CHIHUO_ERROR_BACKEND, FALSE);
}

/* An answer that is lost, or that nobody understands: it may have been done */
static void
test_commit_unknown (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize       length;
  } cases[] = {
    { "\0", 1 },
    { "\0\1\0\0\0\0\0\0\3\xe8\0\0\0\0\0\0\7", 17 },
    { "\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\7\xd0", 18 },
    { "\0\2\0\0\0\0\0\0\3\xe8\0\0\0\0\0\0\7\xd0", 18 },
    { "OK", 2 },
  };

  read_task (f);
  change (f, "ta", "r1", "new");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      fake_server_will_answer (&f->fake, 200, cases[i].bytes, cases[i].length);
      assert_not_committed (f, CHIHUO_ERROR_UNKNOWN_OUTCOME, FALSE);
    }
  fake_server_will_hang_up (&f->fake);
  assert_not_committed (f, CHIHUO_ERROR_UNKNOWN_OUTCOME, FALSE);
}

/* The server would not take it, so it is not asked */
static void
test_commit_too_large (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strnfill (CHIHUO_LODIS_MAX_BODY, 'x');

  read_task (f);
  change (f, "ta", "w1", text);
  assert_not_committed (f, CHIHUO_ERROR_TOO_LARGE, FALSE);
  fake_server_assert_log (&f->fake, "POST /txn/-\n");
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

  add ("/lodis-txn/read", test_read);
  add ("/lodis-txn/no-version", test_no_version);
  add ("/lodis-txn/store", test_store);
  add ("/lodis-txn/page", test_page);
  add ("/lodis-txn/bad-pages", test_bad_pages);
  add ("/lodis-txn/bad-clock", test_bad_clock);
  add ("/lodis-txn/bad-outcome", test_bad_outcome);
  add ("/lodis-txn/read-conflict", test_read_conflict);
  add ("/lodis-txn/many-keys", test_many_keys);
  add ("/lodis-txn/many-keys-conflict", test_many_keys_conflict);
  add ("/lodis-txn/commit", test_commit);
  add ("/lodis-txn/commit-removed", test_commit_removed);
  add ("/lodis-txn/commit-news", test_commit_news);
  add ("/lodis-txn/commit-first", test_commit_first);
  add ("/lodis-txn/commit-extra", test_commit_extra);
  add ("/lodis-txn/commit-conflict", test_commit_conflict);
  add ("/lodis-txn/commit-refused", test_commit_refused);
  add ("/lodis-txn/commit-unknown", test_commit_unknown);
  add ("/lodis-txn/commit-too-large", test_commit_too_large);

  return g_test_run ();
}
