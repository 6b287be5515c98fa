/* test-sqlite-notify.c - processes wake each other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "sqlite-fixture.h"

typedef struct
{
  Fixture        fixture;
  ChihuoBackend *other;
  GMainContext  *context;
  GSource       *source;
  guint          n_wakes;
} Listener;

static gboolean
wake_cb (gpointer data)
{
  ((Listener *) data)->n_wakes++;
  return G_SOURCE_CONTINUE;
}

static void
listener_set_up (Listener *self, gconstpointer data)
{
  fixture_set_up (&self->fixture, data);
  self->other = open_backend (self->fixture.path);
  self->context = g_main_context_new ();
  self->source = chihuo_backend_create_source (self->other);
  g_assert_nonnull (self->source);
  g_source_set_callback (self->source, wake_cb, self, NULL);
  g_source_attach (self->source, self->context);
}

static void
listener_tear_down (Listener *self, gconstpointer data)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_main_context_unref (self->context);
  close_backend (&self->other);
  fixture_tear_down (&self->fixture, data);
}

/* How often the other one was woken; what was touched before is there to be read at once */
static guint
count_wakes (Listener *self)
{
  self->n_wakes = 0;
  while (g_main_context_iteration (self->context, FALSE))
    continue;

  return self->n_wakes;
}

static void
test_add (Listener *self, gconstpointer data)
{
  g_assert_cmpuint (count_wakes (self), ==, 0);
  add (&self->fixture, "a");
  g_assert_cmpuint (count_wakes (self), ==, 1);
  g_assert_cmpuint (count_wakes (self), ==, 0);

  /* What changes nothing wakes nobody */
  add (&self->fixture, "a");
  get_stats (&self->fixture);
  g_assert_cmpuint (count_wakes (self), ==, 0);
}

static void
test_return (Listener *self, gconstpointer data)
{
  ChihuoItem claim = make_claim (&self->fixture, 1);

  add (&self->fixture, "a");
  exchange (&self->fixture, &claim, 1);
  count_wakes (self);
  do_item (&self->fixture,
           make_settle (&self->fixture, &claim.claim.claimed[0], CHIHUO_SETTLE_RETURNED));
  chihuo_item_clear (&claim);
  g_assert_cmpuint (count_wakes (self), ==, 1);
}

static void
test_done (Listener *self, gconstpointer data)
{
  ChihuoItem claim = make_claim (&self->fixture, 1);

  add (&self->fixture, "a");
  count_wakes (self);
  exchange (&self->fixture, &claim, 1);
  do_item (&self->fixture,
           make_settle (&self->fixture, &claim.claim.claimed[0], CHIHUO_SETTLE_DONE));
  chihuo_item_clear (&claim);
  g_assert_cmpuint (count_wakes (self), ==, 0);
}

static void
test_delayed_and_cancelled (Listener *self, gconstpointer data)
{
  ChihuoItem item = make_item (&self->fixture, CHIHUO_OP_ADD, "d", "1");

  item.add.delay = 1;
  do_item (&self->fixture, item);
  g_assert_cmpuint (count_wakes (self), ==, 1);

  add (&self->fixture, "a");
  item = make_claim (&self->fixture, 1);
  exchange (&self->fixture, &item, 1);
  chihuo_item_clear (&item);
  count_wakes (self);
  do_op (&self->fixture, CHIHUO_OP_CANCEL, "a");
  g_assert_cmpuint (count_wakes (self), ==, 1);
}

/* One's own adds wake nobody here, and hide nothing that came from elsewhere */
static void
test_own (Listener *self, gconstpointer data)
{
  ChihuoBackend *first = self->fixture.backend;

  self->fixture.backend = self->other;
  add (&self->fixture, "mine");
  g_assert_cmpuint (count_wakes (self), ==, 0);

  self->fixture.backend = first;
  self->fixture.queue = g_intern_static_string ("another");
  add (&self->fixture, "its");
  self->fixture.backend = self->other;
  self->fixture.queue = g_intern_static_string ("third");
  add (&self->fixture, "mine");
  g_assert_cmpuint (count_wakes (self), ==, 1);
  self->fixture.backend = first;
}

/* The source stays good when the backend is closed and opened again, or gone */
static void
test_reopened (Listener *self, gconstpointer data)
{
  close_backend (&self->other);
  count_wakes (self);
  add (&self->fixture, "a");
  g_assert_cmpuint (count_wakes (self), ==, 0);
  self->other = open_backend (self->fixture.path);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function)                                                           \
  g_test_add ("/sqlite-notify/" path, Listener, NULL, listener_set_up, function, \
              listener_tear_down)
  TEST ("add", test_add);
  TEST ("return", test_return);
  TEST ("done", test_done);
  TEST ("delayed-and-cancelled", test_delayed_and_cancelled);
  TEST ("own", test_own);
  TEST ("reopened", test_reopened);

  return g_test_run ();
}
