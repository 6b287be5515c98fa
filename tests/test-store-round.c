/* test-store-round.c - what engines send, and what they are told
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "store-fixture.h"

static ScriptClient *
add_client (Fixture *f, const char *queue, guint n_settles)
{
  ScriptClient *client = script_client_new (queue);

  client->n_settles = n_settles;
  chihuo_store_add_client (f->store, &client->client);

  return client;
}

static void
drop_client (Fixture *f, ScriptClient *client)
{
  chihuo_store_remove_client (f->store, &client->client);
  chihuo_store_client_unref (&client->client);
}

/* What an engine has to say is kept over an outage, and offered until it is answered */
static void
test_outage (Fixture *f, gconstpointer data)
{
  ScriptClient *client;

  set_script (f, "aar.");
  client = add_client (f, "q", 2);
  script_client_wait (client, "undone-2 undone-2 undone-2 delivered-2");
  assert_log (f, "1:s,s 2:s,s 3:s,s 4:s,s");
  drop_client (f, client);
}

/* While nobody knows, it is not given back */
static void
test_doubt (Fixture *f, gconstpointer data)
{
  ScriptClient *client;

  set_script (f, "uau.");
  client = add_client (f, "q", 1);
  script_client_wait (client, "delivered-1");
  assert_log (f, "1:s 1R:s 1R:s 1R:s");
  drop_client (f, client);
}

/* The store is asked again when the client says so, with nobody to kick it */
static void
test_next (Fixture *f, gconstpointer data)
{
  ScriptClient *client = script_client_new ("q");

  client->n_settles = 1;
  client->once_more = TRUE;
  chihuo_store_add_client (f->store, &client->client);
  script_client_wait (client, "delivered-1 delivered-1");
  drop_client (f, client);
}

/* --- news --- */

static void
ask (Fixture *f, ChihuoOp op, const char *queue)
{
  ChihuoCall *call = chihuo_call_new_items (1);
  Sent sent;

  call->items[0].op = op;
  call->items[0].queue = g_intern_string (queue);
  call->items[0].payload = chihuo_payload_new ("a", -1, "null", -1);
  send (f, &sent, call);
  assert_answer (&sent, -1);
}

static void
assert_news (Fixture *f, ChihuoOp op, const char *expected)
{
  ScriptClient *client = add_client (f, "q", 0);
  ScriptClient *other = add_client (f, "other", 0);

  ask (f, op, "q");
  ask (f, CHIHUO_OP_UNFINISH, "q"); /* when it is answered, the news has gone round */
  g_assert_cmpstr (client->log->str, ==, expected);
  g_assert_cmpstr (other->log->str, ==, "");
  drop_client (f, client);
  drop_client (f, other);
}

static void
test_news (Fixture *f, gconstpointer data)
{
  assert_news (f, CHIHUO_OP_ADD, "work");
  assert_news (f, CHIHUO_OP_RETRY_DEAD, "work");
  assert_news (f, CHIHUO_OP_SET_PAUSED, "work");
  assert_news (f, CHIHUO_OP_CANCEL, "notice");
  assert_news (f, CHIHUO_OP_REMOVE, "notice");
  assert_news (f, CHIHUO_OP_FINISH, "notice");
  assert_news (f, CHIHUO_OP_UNFINISH, "");
}

/* --- many engines on one store --- */

#define N_CLIENTS 10

static void
wait_served (ScriptClient *client)
{
  g_mutex_lock (&client->mutex);
  while (client->n_served == 0)
    g_cond_wait (&client->cond, &client->mutex);
  g_mutex_unlock (&client->mutex);
}

/* Whoever always has more to send than fits in does not keep the others out */
static void
test_fair (Fixture *f, gconstpointer data)
{
  ScriptClient *clients[N_CLIENTS];

  shut_gate (f);
  for (guint i = 0; i < N_CLIENTS; i++)
    {
      clients[i] = script_client_new ("q");
      clients[i]->insatiable = TRUE;
      chihuo_store_add_client (f->store, &clients[i]->client);
    }
  open_gate (f);
  for (guint i = 0; i < N_CLIENTS; i++)
    wait_served (clients[i]);
  for (guint i = 0; i < N_CLIENTS; i++)
    drop_client (f, clients[i]);
  g_assert_cmpuint (f->backend->max_touched, <=, CHIHUO_BACKEND_MAX_TOUCHED);
}

/* All of them together claim no more than a backend has to bear */
static void
test_claims (Fixture *f, gconstpointer data)
{
  ScriptClient *clients[N_CLIENTS];
  Sent sent;

  shut_gate (f);
  send (f, &sent, new_adds ("a"));
  wait_inside (f);
  for (guint i = 0; i < N_CLIENTS; i++)
    {
      clients[i] = script_client_new ("q");
      clients[i]->n_claim = CHIHUO_BATCH_MAX_ITEMS;
      chihuo_store_add_client (f->store, &clients[i]->client);
    }
  open_gate (f);
  assert_answer (&sent, -1);
  for (guint i = 0; i < N_CLIENTS; i++)
    wait_served (clients[i]);
  for (guint i = 0; i < N_CLIENTS; i++)
    drop_client (f, clients[i]);
  g_assert_cmpuint (f->backend->max_touched, >, CHIHUO_BATCH_MAX_ITEMS);
  g_assert_cmpuint (f->backend->max_touched, <=, CHIHUO_BACKEND_MAX_TOUCHED);
}

static void
test_clients (Fixture *f, gconstpointer data)
{
  ScriptClient *a = add_client (f, "a", 0);
  ScriptClient *b = add_client (f, "b", 0);
  g_autoptr (GPtrArray) of_a = chihuo_store_get_clients (f->store, g_intern_string ("a"));
  g_autoptr (GPtrArray) all = chihuo_store_get_clients (f->store, NULL);

  g_assert_cmpuint (of_a->len, ==, 1);
  g_assert_true (g_ptr_array_index (of_a, 0) == a);
  g_assert_cmpuint (all->len, ==, 2);
  chihuo_store_remove_client (f->store, &b->client);
  chihuo_store_remove_client (f->store, &b->client); /* once more does no harm */
  g_ptr_array_unref (g_steal_pointer (&all));
  all = chihuo_store_get_clients (f->store, NULL);
  g_assert_cmpuint (all->len, ==, 1);
  chihuo_store_client_unref (&b->client);
  drop_client (f, a);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_store_test ("/store-round/outage", test_outage);
  add_store_test ("/store-round/doubt", test_doubt);
  add_store_test ("/store-round/next", test_next);
  add_store_test ("/store-round/news", test_news);
  add_store_test ("/store-round/fair", test_fair);
  add_store_test ("/store-round/claims", test_claims);
  add_store_test ("/store-round/clients", test_clients);

  return g_test_run ();
}
