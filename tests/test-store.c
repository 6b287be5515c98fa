/* test-store.c - calls of many, and a backend with moods
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-fixture.h"

/* A time-out that no test waits for */
#define LONG 1000.0

static void
assert_call (Fixture *f, const char *ids, double timeout, int code)
{
  g_autoptr (ChihuoCall) call = new_adds (ids);
  g_autoptr (GError) error = NULL;

  chihuo_store_call (f->store, call, timeout, NULL, &error);
  if (code < 0)
    {
      g_assert_no_error (error);
      for (guint i = 0; i < call->n_items; i++)
        g_assert_cmpint (call->items[i].answer, ==, CHIHUO_ANSWER_ADDED);
    }
  else
    g_assert_error (error, CHIHUO_ERROR, code);
}

static void
test_call (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (f->backend->n_opened, ==, 0);
  assert_call (f, "a b", LONG, -1);
  assert_call (f, "c", LONG, -1);
  assert_log (f, "1:a,b 2:c");
  g_assert_cmpuint (f->backend->n_opened, ==, 1);
}

/* --- batches --- */

static char *
numbers (int from, int to, const char *separator)
{
  GString *text = g_string_new (NULL);

  for (int i = from; i <= to; i++)
    g_string_append_printf (text, "%s%d", i > from ? separator : "", i);

  return g_string_free (text, FALSE);
}

static void
test_cut_by_items (Fixture *f, gconstpointer data)
{
  g_autofree char *ids = numbers (1, 600, " ");
  g_autofree char *first = numbers (1, 256, ",");
  g_autofree char *second = numbers (257, 512, ",");
  g_autofree char *third = numbers (513, 600, ",");
  g_autofree char *log = NULL;
  Sent sent[3];

  shut_gate (f);
  send (f, &sent[0], new_adds ("x"));
  wait_inside (f);
  send (f, &sent[1], new_adds (ids));
  send (f, &sent[2], new_adds ("y z"));
  open_gate (f);
  for (guint i = 0; i < 3; i++)
    assert_answer (&sent[i], -1);
  log = g_strdup_printf ("1:x 2:%s 3:%s 4:%s,y,z", first, second, third);
  assert_log (f, log);
}

static ChihuoCall *
new_big_adds (guint n, gsize size)
{
  ChihuoCall *call = chihuo_call_new_items (n);
  g_autofree char *json = g_strnfill (size, '1');

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      call->items[i].op = CHIHUO_OP_ADD;
      call->items[i].queue = g_intern_static_string ("q");
      call->items[i].payload = chihuo_payload_new (id, -1, json, size);
    }

  return call;
}

static void
test_cut_by_bytes (Fixture *f, gconstpointer data)
{
  Sent sent;

  send (f, &sent, new_big_adds (5, CHIHUO_BATCH_MAX_BYTES / 2));
  assert_answer (&sent, -1);
  assert_log (f, "1:0,1 2:2,3 3:4");
}

/* What is asked while an exchange is under way travels together in the next one */
static gpointer
caller_main (gpointer data)
{
  assert_call (data, "a", LONG, -1);

  return NULL;
}

static void
wait_for_calls (Fixture *f, guint n)
{
  guint n_calls = 0;

  while (n_calls < n)
    {
      g_usleep (100);
      g_mutex_lock (&f->store->mutex);
      n_calls = f->store->n_calls;
      g_mutex_unlock (&f->store->mutex);
    }
}

static void
test_group_commit (Fixture *f, gconstpointer data)
{
  GThread *threads[8];
  Sent sent;

  shut_gate (f);
  send (f, &sent, new_adds ("x"));
  wait_inside (f);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, caller_main, f);
  wait_for_calls (f, G_N_ELEMENTS (threads));
  open_gate (f);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  assert_answer (&sent, -1);
  assert_log (f, "1:x 2:a,a,a,a,a,a,a,a");
}

/* All of them get their answers, and the backend sees one exchange at a time */
static gpointer
busy_caller_main (gpointer data)
{
  for (int i = 0; i < 200; i++)
    assert_call (data, "a", LONG, -1);

  return NULL;
}

static void
test_many_callers (Fixture *f, gconstpointer data)
{
  GThread *threads[8];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, busy_caller_main, f);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* --- moods --- */

static void
test_refused (Fixture *f, gconstpointer data)
{
  set_script (f, "r.r");
  assert_call (f, "a", LONG, CHIHUO_ERROR_BACKEND);
  assert_call (f, "b", LONG, -1);
  assert_call (f, "c", LONG, CHIHUO_ERROR_BACKEND);
  assert_log (f, "1:a 2:b 3:c");
}

/* What finds no room fails, and what else travels with it is done. The next batch knows nothing of it */
static void
test_full (Fixture *f, gconstpointer data)
{
  ChihuoCall *finish = new_adds ("b");
  Sent sent[3];

  finish->items[0].op = CHIHUO_OP_FINISH;
  set_script (f, ".f");
  shut_gate (f);
  send (f, &sent[0], new_adds ("x"));
  wait_inside (f);
  send (f, &sent[1], new_adds ("a"));
  send (f, &sent[2], finish);
  open_gate (f);
  assert_answer (&sent[0], -1);
  assert_answer (&sent[1], CHIHUO_ERROR_BACKEND);
  assert_answer (&sent[2], -1);
  assert_call (f, "c", LONG, -1);
  assert_log (f, "1:x 2:a,b 3:c");
}

static void
test_away (Fixture *f, gconstpointer data)
{
  set_script (f, "aaa");
  assert_call (f, "a b", LONG, -1);
  assert_log (f, "1:a,b 2:a,b 3:a,b 4:a,b");
}

/* Part of a call was done before the store went away: only the rest is sent again */
static void
test_away_in_between (Fixture *f, gconstpointer data)
{
  Sent sent[2];

  set_script (f, ".a");
  shut_gate (f);
  send (f, &sent[0], new_big_adds (3, CHIHUO_BATCH_MAX_BYTES / 2));
  wait_inside (f);
  send (f, &sent[1], new_adds ("x"));
  open_gate (f);
  assert_answer (&sent[0], -1);
  assert_answer (&sent[1], -1);
  assert_log (f, "1:0,1 2:2,x 3:2,x");
}

static void
test_away_too_long (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoCall) call = new_adds ("a");
  g_autoptr (GError) error = NULL;

  set_script (f, "A");
  g_assert_false (chihuo_store_call (f->store, call, 0.1, NULL, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
  g_assert_cmpstr (error->message, ==, "not sent within 0.1 s: gone");
  set_script (f, "");
  assert_call (f, "b", LONG, -1);
  g_assert_true (g_str_has_suffix (f->backend->log->str, ":b"));
}

static void
test_away_at_open (Fixture *f, gconstpointer data)
{
  f->backend->opening = g_strdup ("aar");
  assert_call (f, "a", LONG, CHIHUO_ERROR_BACKEND);
  assert_call (f, "b", LONG, -1);
  g_assert_cmpuint (f->backend->n_opened, ==, 4);
  assert_log (f, "4:b");
}

static void
test_unknown (Fixture *f, gconstpointer data)
{
  set_script (f, "u");
  assert_call (f, "a", LONG, -1);
  assert_call (f, "b", LONG, -1);
  assert_log (f, "1:a 1R:a 2:b");
}

/* Nothing else is sent before the doubt is over */
static void
test_unknown_and_away (Fixture *f, gconstpointer data)
{
  Sent sent[2];

  set_script (f, "uaua");
  shut_gate (f);
  send (f, &sent[0], new_adds ("a"));
  wait_inside (f);
  send (f, &sent[1], new_adds ("b"));
  open_gate (f);
  assert_answer (&sent[0], -1);
  assert_answer (&sent[1], -1);
  assert_log (f, "1:a 1R:a 1R:a 1R:a 1R:a 2:b");
}

/* The second attempt was refused: what became of the first one nobody knows */
static void
test_unknown_and_refused (Fixture *f, gconstpointer data)
{
  set_script (f, "ur");
  assert_call (f, "a", LONG, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  assert_call (f, "b", LONG, -1);
  assert_log (f, "1:a 1R:a 2:b");
}

/* Sent, and no answer in time */
static void
test_no_answer (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoCall) call = new_adds ("a");
  g_autoptr (GError) error = NULL;

  shut_gate (f);
  g_assert_false (chihuo_store_call (f->store, call, 0.5, NULL, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  g_assert_cmpstr (error->message, ==, "sent, but no answer within 0.5 s");
  open_gate (f);
  assert_call (f, "b", LONG, -1);
  assert_log (f, "1:a 2:b");
}

/* Nobody waits any more when it turns out that nothing was done: it is not sent again */
static void
test_forsaken (Fixture *f, gconstpointer data)
{
  set_script (f, "a");
  shut_gate (f);
  assert_call (f, "a", 0.5, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  open_gate (f);
  assert_call (f, "b", LONG, -1);
  assert_log (f, "1:a 2:b");
}

/* --- taking back --- */

static void
test_take_back (Fixture *f, gconstpointer data)
{
  Sent sent[3];

  shut_gate (f);
  send (f, &sent[0], new_adds ("a"));
  wait_inside (f);
  send (f, &sent[1], new_adds ("b"));
  send (f, &sent[2], new_adds ("c"));
  g_assert_false (chihuo_store_take_back (f->store, sent[0].call));
  g_assert_true (chihuo_store_take_back (f->store, sent[1].call));
  g_assert_false (chihuo_store_take_back (f->store, sent[1].call));
  g_assert_error (sent[1].call->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&sent[1].call->error);
  open_gate (f);
  for (guint i = 0; i < 3; i++)
    assert_answer (&sent[i], -1);
  assert_log (f, "1:a 2:c");
}

static gpointer
cancel_main (gpointer data)
{
  g_cancellable_cancel (data);

  return NULL;
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (ChihuoCall) call = new_adds ("b");
  g_autoptr (GError) error = NULL;
  GThread *thread;
  Sent sent;

  shut_gate (f);
  send (f, &sent, new_adds ("a"));
  wait_inside (f);
  thread = g_thread_new (NULL, cancel_main, cancellable);
  g_assert_false (chihuo_store_call (f->store, call, LONG, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  open_gate (f);
  assert_answer (&sent, -1);
  assert_log (f, "1:a");
}

/* --- online --- */

typedef struct
{
  ChihuoStore *store;
  GMutex       mutex;
  GCond        cond;
  int          n_told;
  gboolean     freed;
} Watch;

static void
watch_cb (gpointer data)
{
  Watch *watch = data;

  g_mutex_lock (&watch->mutex);
  watch->n_told++;
  g_cond_broadcast (&watch->cond);
  g_mutex_unlock (&watch->mutex);
}

static void
watch_free (gpointer data)
{
  ((Watch *) data)->freed = TRUE;
}

static void
wait_told (Watch *watch, int n)
{
  g_mutex_lock (&watch->mutex);
  while (watch->n_told < n)
    g_cond_wait (&watch->cond, &watch->mutex);
  g_mutex_unlock (&watch->mutex);
}

static void
test_online (Fixture *f, gconstpointer data)
{
  Watch watch = { .store = f->store };
  guint id;
  Sent sent;

  g_mutex_init (&watch.mutex);
  g_cond_init (&watch.cond);
  id = chihuo_store_watch_online (f->store, watch_cb, &watch, watch_free);
  g_assert_true (chihuo_store_get_online (f->store));
  assert_call (f, "a", LONG, -1);
  g_assert_cmpint (watch.n_told, ==, 0);

  set_script (f, "A");
  send (f, &sent, new_adds ("b"));
  wait_told (&watch, 1);
  g_assert_false (chihuo_store_get_online (f->store));
  wait_for_exchanges (f, 4); /* it is told of changes only */
  g_assert_cmpint (watch.n_told, ==, 1);
  set_script (f, "");
  assert_answer (&sent, -1);
  wait_told (&watch, 2);
  g_assert_true (chihuo_store_get_online (f->store));

  g_assert_false (watch.freed);
  chihuo_store_unwatch_online (f->store, id);
  g_assert_true (watch.freed);
  set_script (f, "a");
  assert_call (f, "c", LONG, -1);
  g_assert_cmpint (watch.n_told, ==, 2);
  g_cond_clear (&watch.cond);
  g_mutex_clear (&watch.mutex);
}

/* --- work that is no batch item --- */

typedef struct
{
  int      n_steps;
  int      n_left;
  char     letter; /* of the last step */
  GThread *thread;
} Work;

static gboolean
work_func (ChihuoBackend *backend, const ChihuoMoment *moment, gpointer data, gboolean *again,
           GError **error)
{
  Work *work = data;

  g_assert_cmpint (moment->now, >, 0);
  g_assert_cmpint (moment->lease, >, 0);
  work->thread = g_thread_self ();
  work->n_steps++;
  if (--work->n_left > 0)
    {
      *again = TRUE;
      return TRUE;
    }

  return work->letter == '\0' || follow (work->letter, error);
}

static void
test_func (Fixture *f, gconstpointer data)
{
  Work work = { .n_left = 3 };
  Sent sent[3];

  shut_gate (f);
  send (f, &sent[0], new_adds ("a"));
  wait_inside (f);
  send (f, &sent[1], chihuo_call_new_func (work_func, &work, NULL));
  send (f, &sent[2], new_adds ("b"));
  open_gate (f);
  for (guint i = 0; i < 3; i++)
    assert_answer (&sent[i], -1);
  g_assert_cmpint (work.n_steps, ==, 3);
  g_assert_true (work.thread != g_thread_self ());
  assert_log (f, "1:a 2:b");
}

static void
test_func_refused (Fixture *f, gconstpointer data)
{
  Work work = { .n_left = 1, .letter = IS_REFUSED };
  Sent sent;

  send (f, &sent, chihuo_call_new_func (work_func, &work, NULL));
  assert_answer (&sent, CHIHUO_ERROR_BACKEND);
  g_assert_cmpint (work.n_steps, ==, 1);
}

/* It waits until the store is there */
static void
test_func_away (Fixture *f, gconstpointer data)
{
  Work work = { .n_left = 1 };
  Sent sent;

  f->backend->opening = g_strdup ("aa");
  send (f, &sent, chihuo_call_new_func (work_func, &work, NULL));
  assert_answer (&sent, -1);
  g_assert_cmpint (work.n_steps, ==, 1);
  g_assert_cmpuint (f->backend->n_opened, ==, 3);
}

/* A store that refuses us is not there for us, whatever is asked of it */
static void
test_func_not_opened (Fixture *f, gconstpointer data)
{
  Work work = { .n_left = 1 };
  Sent sent;

  f->backend->opening = g_strdup ("r");
  send (f, &sent, chihuo_call_new_func (work_func, &work, NULL));
  assert_answer (&sent, CHIHUO_ERROR_BACKEND);
  g_assert_cmpint (work.n_steps, ==, 0);
  g_assert_false (chihuo_store_get_online (f->store));

  send (f, &sent, chihuo_call_new_func (work_func, &work, NULL));
  assert_answer (&sent, -1);
  g_assert_cmpint (work.n_steps, ==, 1);
  g_assert_true (chihuo_store_get_online (f->store));
}

/* Its first step was done: the rest can wait, but it was not "not sent" */
static void
test_func_away_in_between (Fixture *f, gconstpointer data)
{
  Work work = { .n_left = 2, .letter = IS_AWAY };
  g_autoptr (ChihuoCall) call = chihuo_call_new_func (work_func, &work, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (chihuo_store_call (f->store, call, 0.5, NULL, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME);
  assert_call (f, "a", LONG, -1);
}

/* --- who makes the round --- */

static void
test_carry (void)
{
  g_autoptr (ChihuoStore) store = chihuo_store_get ("memory:carry", NULL);
  Work work = { .n_left = 3 };
  g_autoptr (ChihuoCall) call = chihuo_call_new_func (work_func, &work, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (chihuo_store_call (store, call, LONG, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (work.thread == g_thread_self ());
  g_assert_cmpint (work.n_steps, ==, 3);
  g_assert_false (chihuo_store_is_shared (store));
}

static void
test_shared (Fixture *f, gconstpointer data)
{
  g_autoptr (ChihuoStore) a = chihuo_store_get ("memory:shared", NULL);
  g_autoptr (ChihuoStore) same = chihuo_store_get ("memory:shared", NULL);
  g_autoptr (ChihuoStore) other = chihuo_store_get ("memory:other", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (a == same);
  g_assert_true (a != other);
  g_assert_null (chihuo_store_get ("nonsense://x", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_true (chihuo_store_is_shared (f->store));
  g_assert_false (chihuo_store_can_notify (f->store));
}

/* --- the end --- */

static void
test_close (Fixture *f, gconstpointer data)
{
  assert_call (f, "a", LONG, -1);
  chihuo_store_ref (f->store);
  chihuo_store_unref (f->store);
  assert_call (f, "b", LONG, -1);
  g_clear_pointer (&f->store, chihuo_store_unref);
  chihuo_store_wait_closed ();
  g_assert_cmpuint (f->backend->n_closed, ==, 1);
}

/* What was never opened is not closed */
static void
test_close_unopened (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->store, chihuo_store_unref);
  chihuo_store_wait_closed ();
  g_assert_cmpuint (f->backend->n_closed, ==, 0);
}

/* --- a forked child has no store --- */

static int
try_in_child (Fixture *f)
{
  g_autoptr (ChihuoCall) call = new_adds ("a");
  g_autoptr (GError) error = NULL;

  if (chihuo_store_call (f->store, call, 1, NULL, &error))
    return 1;

  return g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED) ? 0 : 2;
}

static void
test_fork (Fixture *f, gconstpointer data)
{
  int status;
  pid_t pid;

  assert_call (f, "a", LONG, -1);
  pid = fork ();
  if (pid == 0)
    _exit (try_in_child (f));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  assert_call (f, "b", LONG, -1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_store_test ("/store/call", test_call);
  add_store_test ("/store/batch/items", test_cut_by_items);
  add_store_test ("/store/batch/bytes", test_cut_by_bytes);
  add_store_test ("/store/batch/group-commit", test_group_commit);
  add_store_test ("/store/batch/many-callers", test_many_callers);
  add_store_test ("/store/refused", test_refused);
  add_store_test ("/store/full", test_full);
  add_store_test ("/store/away", test_away);
  add_store_test ("/store/away/in-between", test_away_in_between);
  add_store_test ("/store/away/too-long", test_away_too_long);
  add_store_test ("/store/away/at-open", test_away_at_open);
  add_store_test ("/store/unknown", test_unknown);
  add_store_test ("/store/unknown/away", test_unknown_and_away);
  add_store_test ("/store/unknown/refused", test_unknown_and_refused);
  add_store_test ("/store/no-answer", test_no_answer);
  add_store_test ("/store/no-answer/forsaken", test_forsaken);
  add_store_test ("/store/take-back", test_take_back);
  add_store_test ("/store/take-back/cancel", test_cancel);
  add_store_test ("/store/online", test_online);
  add_store_test ("/store/func", test_func);
  add_store_test ("/store/func/refused", test_func_refused);
  add_store_test ("/store/func/not-opened", test_func_not_opened);
  add_store_test ("/store/func/away", test_func_away);
  add_store_test ("/store/func/away-in-between", test_func_away_in_between);
  g_test_add_func ("/store/carry", test_carry);
  add_store_test ("/store/shared", test_shared);
  add_store_test ("/store/close", test_close);
  add_store_test ("/store/close/unopened", test_close_unopened);
  add_store_test ("/store/fork", test_fork);

  return g_test_run ();
}
