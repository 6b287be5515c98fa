/* queue-fixture.h - a queue on a memory store of its own, and what its tests share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-error.h"
#include "chihuo-queue.h"
#include "chihuo-store.h"

typedef struct
{
  char        *config; /* (owned) */
  ChihuoQueue *queue;  /* (owned) */
  ChihuoStore *store;  /* (owned): its store, to be a worker or to stand in the way */
} Fixture;

static inline void
fixture_set_up (Fixture *f, gconstpointer data)
{
  static int n;

  f->config = g_strdup_printf ("memory:test-%d", n++);
  f->queue = chihuo_queue_new ("q", f->config);
  f->store = chihuo_store_get (f->config, NULL);
  g_assert_nonnull (f->store);
}

/* Each test is a leak test */
static inline void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->queue);
  chihuo_store_unref (f->store);
  g_free (f->config);
}

static inline void
add_fixture_test (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down);
}

static inline int
run_and_close (void)
{
  int status = g_test_run ();

  chihuo_store_wait_closed ();

  return status;
}

static inline void
keep_result_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* Returns when the callback has run and the call has let go of the queue */
static inline void
await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static inline void
add_id (ChihuoQueue *queue, const char *id)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chihuo_queue_add (queue, task, 0, &error), ==, CHIHUO_ADD_RESULT_ADDED);
  g_assert_no_error (error);
}

static inline void
assert_state (ChihuoQueue *queue, const char *id, ChihuoTaskState state, gboolean finished)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoTask) task = chihuo_queue_look (queue, id, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (chihuo_task_get_id (task), ==, id);
  g_assert_cmpint (chihuo_task_get_state (task), ==, state);
  g_assert_cmpint (chihuo_task_get_finished (task), ==, finished);
}

/* A worker's claim of one task. The answer is in the call's first item */
static inline ChihuoCall *
claim_one (ChihuoStore *store)
{
  static guint32 request;
  ChihuoCall *call = chihuo_call_new_items (1);
  g_autoptr (GError) error = NULL;

  call->items[0].op = CHIHUO_OP_CLAIM;
  call->items[0].queue = g_intern_static_string ("q");
  call->items[0].claimant = g_intern_static_string ("tester");
  call->items[0].claim.n = 1;
  call->items[0].claim.suspects = 1;
  call->items[0].claim.request = ++request;
  call->items[0].claim.max_tries = 25;
  call->items[0].claim.max_crashes = 3;
  call->items[0].claim.lease = 60 * G_USEC_PER_SEC;
  chihuo_store_call (store, call, 10, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (call->items[0].claim.n_claimed, ==, 1);

  return call;
}

/* Ends the run of a claim */
static inline void
settle (ChihuoStore *store, ChihuoCall *claim, ChihuoSettle how, const char *text)
{
  g_autoptr (ChihuoCall) call = chihuo_call_new_items (1);
  ChihuoClaimed *claimed = &claim->items[0].claim.claimed[0];
  g_autoptr (GError) error = NULL;

  call->items[0].op = CHIHUO_OP_SETTLE;
  call->items[0].queue = claim->items[0].queue;
  call->items[0].claimant = claim->items[0].claimant;
  call->items[0].payload = chihuo_payload_ref (claimed->payload);
  call->items[0].token = claimed->token;
  call->items[0].handle = claimed->handle;
  call->items[0].settle.how = how;
  call->items[0].settle.error = g_strdup (text);
  chihuo_store_call (store, call, 10, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (call->items[0].answer, !=, CHIHUO_ANSWER_STALE);
}

/* Adds a task and lets it die */
static inline void
add_dead (Fixture *f, const char *id)
{
  g_autoptr (ChihuoCall) claim = NULL;

  add_id (f->queue, id);
  claim = claim_one (f->store);
  settle (f->store, claim, CHIHUO_SETTLE_REJECTED, "no good");
}

/* Holds a store's thread up, so that nothing else is sent meanwhile */
typedef struct
{
  GMutex       mutex;
  GCond        cond;
  gboolean     reached;
  gboolean     opened;
  gboolean     passed;
  ChihuoCall  *call;
} Gate;

static inline gboolean
gate_func (ChihuoBackend *backend, const ChihuoMoment *moment, gpointer data, gboolean *again,
           GError **error)
{
  Gate *gate = data;

  g_mutex_lock (&gate->mutex);
  gate->reached = TRUE;
  g_cond_broadcast (&gate->cond);
  while (!gate->opened)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);

  return TRUE;
}

static inline void
gate_passed_cb (ChihuoCall *call, gpointer data)
{
  Gate *gate = data;

  g_mutex_lock (&gate->mutex);
  gate->passed = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

static inline void
gate_wait (Gate *gate, gboolean *flag)
{
  g_mutex_lock (&gate->mutex);
  while (!*flag)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
}

static inline void
gate_shut (Gate *gate, ChihuoStore *store)
{
  *gate = (Gate) { 0 };
  g_mutex_init (&gate->mutex);
  g_cond_init (&gate->cond);
  gate->call = chihuo_call_new_func (gate_func, gate, NULL);
  chihuo_store_send (store, gate->call, NULL, gate_passed_cb, gate);
  gate_wait (gate, &gate->reached);
}

static inline void
gate_open (Gate *gate)
{
  g_mutex_lock (&gate->mutex);
  gate->opened = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);

  gate_wait (gate, &gate->passed);
  chihuo_call_unref (gate->call);
}
