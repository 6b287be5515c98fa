/* test-runner.c - an engine, its store and its threads together
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-runner-private.h"
#include "store-fixture.h"

typedef struct _Work Work;
typedef gboolean (* WorkFunc) (Work *work, ChihuoTask *task);

/* A runner with what its tasks do */
struct _Work
{
  ChihuoStore         *store;  /* (owned) */
  ChihuoEngineOptions  options;
  ChihuoRunner        *runner; /* (owned) */
  WorkFunc             func;

  GMutex               mutex;
  GCond                cond;
  /* under the mutex */
  guint                n_in;
  guint                max_in;
  guint                n_done;
  guint                max_threads;
  gboolean             opened;
  ChihuoTask          *blocked; /* not owned: in its code, until opened */
};

static gboolean
work_make_task (gpointer owner, ChihuoTask *task, GError **error)
{
  Work *work = owner;
  gboolean ok;

  g_mutex_lock (&work->mutex);
  work->n_in++;
  work->max_in = MAX (work->max_in, work->n_in);
  g_cond_broadcast (&work->cond);
  g_mutex_unlock (&work->mutex);

  ok = work->func == NULL || work->func (work, task);

  g_mutex_lock (&work->mutex);
  work->n_in--;
  work->n_done++;
  g_cond_broadcast (&work->cond);
  g_mutex_unlock (&work->mutex);

  return ok;
}

static guint
work_get_listeners (gpointer owner)
{
  return 0;
}

static void
work_dispatch (gpointer owner)
{
}

static const ChihuoRunnerFuncs work_funcs = {
  .make_task = work_make_task,
  .get_listeners = work_get_listeners,
  .dispatch = work_dispatch,
};

static void
work_init (Work *work, ChihuoStore *store, guint concurrency, WorkFunc func)
{
  g_autofree char *uuid = g_uuid_string_random ();

  *work = (Work) { .store = store, .func = func };
  work->options = (ChihuoEngineOptions) { .queue = g_intern_static_string ("q"),
                                          .claimant = g_intern_string (uuid),
                                          .concurrency = concurrency,
                                          .max_tries = 25,
                                          .max_crashes = 3,
                                          .lease = 30 * G_USEC_PER_SEC,
                                          .retry_policy = CHIHUO_RETRY_POLICY_EXPONENTIAL };
  g_mutex_init (&work->mutex);
  g_cond_init (&work->cond);
}

static void
work_start (Work *work)
{
  work->runner = chihuo_runner_new (work->store, &work->options, &work_funcs, work,
                                    g_main_context_default (), FALSE);
  chihuo_runner_start (work->runner);
}

/* Waits until it is over, and sees that nothing is left of it */
static void
work_finish (Work *work)
{
  while (!chihuo_runner_is_over (work->runner))
    g_main_context_iteration (NULL, TRUE);
  chihuo_runner_detach (work->runner);
  chihuo_runner_unref (work->runner);
  g_cond_clear (&work->cond);
  g_mutex_clear (&work->mutex);
}

static void
work_run (Work *work)
{
  work_start (work);
  work_finish (work);
}

static void
open_work (Work *work)
{
  g_mutex_lock (&work->mutex);
  work->opened = TRUE;
  g_cond_broadcast (&work->cond);
  g_mutex_unlock (&work->mutex);
}

/* Stays in the code until the work is opened */
static void
block (Work *work, ChihuoTask *task)
{
  g_mutex_lock (&work->mutex);
  work->blocked = task;
  g_cond_broadcast (&work->cond);
  while (!work->opened)
    g_cond_wait (&work->cond, &work->mutex);
  work->blocked = NULL;
  g_mutex_unlock (&work->mutex);
}

static void
wait_for_done (Work *work, guint n)
{
  g_mutex_lock (&work->mutex);
  while (work->n_done < n)
    g_cond_wait (&work->cond, &work->mutex);
  g_mutex_unlock (&work->mutex);
}

static void
wait_blocked (Work *work)
{
  g_mutex_lock (&work->mutex);
  while (work->blocked == NULL)
    g_cond_wait (&work->cond, &work->mutex);
  g_mutex_unlock (&work->mutex);
}

static ChihuoStore *
memory_store (void)
{
  static int n;
  g_autofree char *config = g_strdup_printf ("memory:runner-%d", n++);
  ChihuoStore *store = chihuo_store_get (config, NULL);

  g_assert_nonnull (store);

  return store;
}

static void
add_range (ChihuoStore *store, guint from, guint n)
{
  g_autoptr (ChihuoCall) call = chihuo_call_new_items (n);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", from + i);

      call->items[i].op = CHIHUO_OP_ADD;
      call->items[i].queue = g_intern_static_string ("q");
      call->items[i].payload = chihuo_payload_new (id, -1, "null", -1);
    }
  chihuo_store_call (store, call, 1000, NULL, &error);
  g_assert_no_error (error);
}

static guint
number_of (ChihuoTask *task)
{
  return g_ascii_strtoull (chihuo_task_get_id (task), NULL, 10);
}

/* --- how many at a time --- */

static gboolean
note_threads (Work *work, ChihuoTask *task)
{
  g_mutex_lock (&work->runner->mutex);
  work->max_threads = MAX (work->max_threads, work->runner->workers->len);
  g_mutex_unlock (&work->runner->mutex);

  return TRUE;
}

/* Nobody goes on before as many are in at once as there may be */
static gboolean
wait_for_all (Work *work, ChihuoTask *task)
{
  note_threads (work, task);
  g_mutex_lock (&work->mutex);
  while (work->max_in < work->options.concurrency)
    g_cond_wait (&work->cond, &work->mutex);
  g_mutex_unlock (&work->mutex);

  return TRUE;
}

static void
test_concurrency (gconstpointer data)
{
  guint concurrency = GPOINTER_TO_UINT (data);
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;

  work_init (&work, store, concurrency, wait_for_all);
  add_range (store, 0, 10 * concurrency);
  work_run (&work);
  g_assert_cmpuint (work.n_done, ==, 10 * concurrency);
  g_assert_cmpuint (work.max_in, ==, concurrency);
  g_assert_cmpuint (work.max_threads, ==, concurrency);
}

static void
wait_idle (Work *work)
{
  gboolean idle = FALSE;

  while (!idle)
    {
      g_mutex_lock (&work->runner->mutex);
      idle = work->runner->n_idle == work->runner->workers->len;
      g_mutex_unlock (&work->runner->mutex);
      g_usleep (100);
    }
}

/* One task after another never needs a second thread */
static void
test_threads_as_needed (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;

  work_init (&work, store, 50, note_threads);
  work.options.run_forever = TRUE;
  work_start (&work);
  g_assert_cmpuint (work.runner->workers->len, ==, 0);
  for (guint i = 0; i < 50; i++)
    {
      add_range (store, i, 1);
      wait_for_done (&work, i + 1);
      wait_idle (&work);
    }
  chihuo_runner_stop (work.runner);
  work_finish (&work);
  g_assert_cmpuint (work.max_threads, ==, 1);
}

static void
test_many (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;

  work_init (&work, store, 8, NULL);
  for (guint i = 0; i < 100; i++)
    add_range (store, i * 1000, 1000);
  work_run (&work);
  g_assert_cmpuint (work.n_done, ==, 100000);
  g_assert_cmpuint (work.max_in, <=, 8);
}

/* --- a long one among short ones --- */

#define LONG_ONE 3000

static gboolean
block_one (Work *work, ChihuoTask *task)
{
  if (number_of (task) == LONG_ONE)
    block (work, task);

  return TRUE;
}

/* By the time it comes, hands are big. Those behind it in its hand are done all the same while it blocks:
 * all others must be done before it is let go */
static void
test_long_one (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;

  work_init (&work, store, 2, block_one);
  add_range (store, 0, 5000);
  work_start (&work);
  wait_for_done (&work, 4999);
  g_assert_cmpuint (work.n_in, ==, 1);
  open_work (&work);
  work_finish (&work);
  g_assert_cmpuint (work.n_done, ==, 5000);
}

/* With one slot only, those behind it are returned to the store, for others */
static void
test_long_one_alone (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;
  Work other;

  work_init (&work, store, 1, block_one);
  add_range (store, 0, 4000);
  work_start (&work);
  wait_blocked (&work);
  work_init (&other, store, 1, NULL);
  other.options.run_forever = TRUE;
  work_start (&other);
  wait_for_done (&other, 4000 - LONG_ONE - 1);
  chihuo_runner_stop (other.runner);
  work_finish (&other);
  open_work (&work);
  work_finish (&work);
  g_assert_cmpuint (work.n_done + other.n_done, ==, 4000);
}

/* --- cancelling --- */

static void
ask (ChihuoStore *store, ChihuoOp op, const char *id)
{
  g_autoptr (ChihuoCall) call = chihuo_call_new_items (1);
  g_autoptr (GError) error = NULL;

  call->items[0].op = op;
  call->items[0].queue = g_intern_static_string ("q");
  call->items[0].payload = chihuo_payload_new (id, -1, "null", -1);
  chihuo_store_call (store, call, 1000, NULL, &error);
  g_assert_no_error (error);
}

/* "1" waits until it is cancelled, the others until "1" has gone */
static gboolean
cancel_first (Work *work, ChihuoTask *task)
{
  if (number_of (task) == 1)
    {
      GCancellable *cancellable = chihuo_task_get_cancellable (task);

      while (!g_cancellable_is_cancelled (cancellable))
        g_usleep (200);
      g_assert_true (chihuo_task_is_cancelled (task));
      open_work (work);
      return FALSE;
    }

  wait_for_all (work, task);
  if (number_of (task) == 0)
    ask (work->store, CHIHUO_OP_CANCEL, "1");
  block (work, task);
  g_assert_false (chihuo_task_is_cancelled (task));
  g_assert_false (g_cancellable_is_cancelled (chihuo_task_get_cancellable (task)));

  return TRUE;
}

static void
test_cancel (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;

  work_init (&work, store, 4, cancel_first);
  add_range (store, 0, 4);
  work_run (&work);
  g_assert_cmpuint (work.n_done, ==, 4);
}

/* A thread goes on with another task: what the last one was told is not that one's */
static gboolean
cancel_then_look (Work *work, ChihuoTask *task)
{
  if (number_of (task) > 0)
    {
      g_assert_false (chihuo_task_is_cancelled (task));
      return TRUE;
    }

  ask (work->store, CHIHUO_OP_CANCEL, "0");
  while (!chihuo_task_is_cancelled (task))
    g_usleep (200);

  return FALSE;
}

static void
test_cancel_and_go_on (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;

  work_init (&work, store, 1, cancel_then_look);
  add_range (store, 0, 20);
  work_run (&work);
  g_assert_cmpuint (work.n_done, ==, 20);
}

/* --- heartbeats --- */

static gboolean
block_all (Work *work, ChihuoTask *task)
{
  block (work, task);

  return TRUE;
}

/* All threads are in their code, and the loop's context stands still: leases are renewed all the same */
static void
test_heartbeats (Fixture *f, gconstpointer data)
{
  Work work;

  g_queue_push_tail (&f->backend->waiting, g_strdup ("a"));
  g_queue_push_tail (&f->backend->waiting, g_strdup ("b"));
  work_init (&work, f->store, 2, block_all);
  work.options.lease = 60 * 1000;
  work_start (&work);
  g_mutex_lock (&f->backend->mutex);
  while (f->backend->n_renewals < 10)
    g_cond_wait (&f->backend->cond, &f->backend->mutex);
  g_mutex_unlock (&f->backend->mutex);
  open_work (&work);
  work_finish (&work);
  g_assert_cmpuint (work.n_done, ==, 2);
}

/* While the store is away the code goes on, and the settles are offered until they are answered */
static void
test_outage (Fixture *f, gconstpointer data)
{
  Work work;

  for (guint i = 0; i < 20; i++)
    g_queue_push_tail (&f->backend->waiting, g_strdup_printf ("%u", i));
  work_init (&work, f->store, 20, wait_for_all);
  set_script (f, ".aaruaa.");
  work_run (&work);
  g_assert_cmpuint (work.n_done, ==, 20);
  g_assert_cmpuint (f->backend->waiting.length, ==, 0);
}

/* --- stopping --- */

static gboolean
stop_in_code (Work *work, ChihuoTask *task)
{
  if (number_of (task) == 100)
    chihuo_runner_stop (work->runner);

  return TRUE;
}

static void
test_stop (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  Work work;
  Work next;
  guint n_first;

  work_init (&work, store, 1, stop_in_code);
  add_range (store, 0, 1000);
  work_run (&work);
  n_first = work.n_done;
  g_assert_cmpuint (n_first, ==, 101);

  /* what was not started stands in its old place, for the next one */
  work_init (&next, store, 1, NULL);
  work_run (&next);
  g_assert_cmpuint (n_first + next.n_done, ==, 1000);
}

/* What still runs is given up, and its code may go on */
static void
test_abandon (void)
{
  g_autoptr (ChihuoStore) store = memory_store ();
  ChihuoRunner *runner;
  Work work;

  work_init (&work, store, 1, block_all);
  add_range (store, 0, 1);
  work_start (&work);
  runner = chihuo_runner_ref (work.runner);
  wait_blocked (&work);
  chihuo_runner_abandon (work.runner);
  while (!chihuo_runner_is_over (work.runner))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (chihuo_runner_get_n_stuck (runner), ==, 1);
  g_assert_true (chihuo_task_is_cancelled (work.blocked));
  open_work (&work);
  while (chihuo_runner_get_n_stuck (runner) > 0)
    g_usleep (200);
  chihuo_runner_unref (runner);
  work_finish (&work);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_main_context_default (); /* whoever makes it does so under a lock that no sanitizer sees */

  g_test_add_data_func ("/runner/concurrency/1", GUINT_TO_POINTER (1), test_concurrency);
  g_test_add_data_func ("/runner/concurrency/3", GUINT_TO_POINTER (3), test_concurrency);
  g_test_add_data_func ("/runner/concurrency/40", GUINT_TO_POINTER (40), test_concurrency);
  g_test_add_func ("/runner/threads-as-needed", test_threads_as_needed);
  g_test_add_func ("/runner/many", test_many);
  g_test_add_func ("/runner/long-one", test_long_one);
  g_test_add_func ("/runner/long-one/alone", test_long_one_alone);
  g_test_add_func ("/runner/cancel", test_cancel);
  g_test_add_func ("/runner/cancel/go-on", test_cancel_and_go_on);
  add_store_test ("/runner/heartbeats", test_heartbeats);
  add_store_test ("/runner/outage", test_outage);
  g_test_add_func ("/runner/stop", test_stop);
  g_test_add_func ("/runner/abandon", test_abandon);

  status = g_test_run ();
  chihuo_store_wait_closed ();

  return status;
}
