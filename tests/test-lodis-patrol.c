/* test-lodis-patrol.c - when to look for dead workers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-lodis-patrol.h"
#include "chihuo-record-codec.h"

#define SECOND G_TIME_SPAN_SECOND

/* Two clocks: the caller's, and that of the leases, which is the server's */
#define NOW (1000 * SECOND)
#define LEASE (70000 * SECOND)

typedef struct
{
  ChihuoLodisPatrol patrol;
  ChihuoLodisTxn    txn;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  chihuo_lodis_patrol_init (&f->patrol);
  chihuo_lodis_txn_init (&f->txn, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  chihuo_lodis_txn_clear (&f->txn);
  chihuo_lodis_patrol_clear (&f->patrol);
}

/* What a look reads: the queue, its version, and one task that runs until then, by the clock of the leases */
static void
read_queue (Fixture *f, const char *version, const char *id, gint64 end)
{
  ChihuoLodisSpace *space = chihuo_lodis_txn_get_space (&f->txn, "eat");
  g_autoptr (ChihuoPayload) payload = NULL;
  g_autoptr (GBytes) value = NULL;
  g_autofree char *key = NULL;
  ChihuoLodisEntry *entry;
  ChihuoRecord record = { .state = CHIHUO_TASK_STATE_RUNNING, .claimant = "somebody", .when = end };

  g_clear_pointer (&space->version, g_bytes_unref);
  space->version = version != NULL ? g_bytes_new (version, strlen (version)) : NULL;
  if (id == NULL)
    return;

  payload = chihuo_payload_new (id, -1, "1", -1);
  record.payload = payload;
  value = chihuo_record_encode (&record);
  key = g_strconcat ("t", id, NULL);
  entry = chihuo_lodis_space_want (space, key);
  chihuo_lodis_space_learn (entry, NULL);
  chihuo_lodis_space_change (space, entry, "r1", value);
}

static void
note_look (Fixture *f)
{
  chihuo_lodis_patrol_note_look (&f->patrol, &f->txn, NOW, LEASE);
}

static void
note_claim (Fixture *f, gint64 lease, guint n_claimed)
{
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM, .queue = g_intern_static_string ("eat") };
  ChihuoItem *items[] = { &claim };
  ChihuoBatch batch = { .items = items, .n_items = 1 };

  claim.claim.lease = lease;
  claim.claim.n_claimed = n_claimed;
  chihuo_lodis_patrol_note_batch (&f->patrol, &f->txn, &batch);
}

/* From when on it is due, by the caller's clock */
static void
assert_due (Fixture *f, gint64 when)
{
  g_assert_false (chihuo_lodis_patrol_is_due (&f->patrol, when - 1));
  g_assert_true (chihuo_lodis_patrol_is_due (&f->patrol, when));
}

static void
assert_at_once (Fixture *f)
{
  g_assert_true (chihuo_lodis_patrol_is_due (&f->patrol, NOW));
}

static void
test_intervals (Fixture *f, gconstpointer data)
{
  assert_at_once (f);
  note_look (f);
  assert_due (f, NOW + 5 * SECOND);
}

/* A lease that is known ends sooner, or later, or has ended */
static void
test_known_lease (Fixture *f, gconstpointer data)
{
  read_queue (f, "1", "a", LEASE + 60 * SECOND);
  note_look (f);
  assert_due (f, NOW + 5 * SECOND);

  read_queue (f, "1", "b", LEASE + 2 * SECOND);
  note_look (f);
  assert_due (f, NOW + 2 * SECOND);

  read_queue (f, "1", "c", LEASE - SECOND);
  note_look (f);
  assert_at_once (f);
}

/* Whose own lease is short looks each time that he is asked, until he has looked */
static void
test_short_lease (Fixture *f, gconstpointer data)
{
  read_queue (f, "1", NULL, 0);
  note_look (f);
  note_claim (f, 30 * SECOND, 4);
  assert_due (f, NOW + 5 * SECOND);

  note_claim (f, 2 * SECOND, 4);
  assert_at_once (f);
  note_look (f);
  assert_due (f, NOW + 5 * SECOND);
}

/* Woken, and nothing to claim: somebody wants a lease to be looked after */
static void
test_woken (Fixture *f, gconstpointer data)
{
  read_queue (f, "1", NULL, 0);
  note_look (f);
  note_claim (f, 30 * SECOND, 0);
  assert_due (f, NOW + 5 * SECOND);

  read_queue (f, "2", NULL, 0);
  note_claim (f, 30 * SECOND, 1);
  assert_due (f, NOW + 5 * SECOND);
  note_claim (f, 30 * SECOND, 0);
  assert_at_once (f);

  note_look (f);
  note_claim (f, 30 * SECOND, 0);
  assert_due (f, NOW + 5 * SECOND);
}

/* What makes others be woken */
static void
test_is_short (void)
{
  ChihuoItem claim = { .op = CHIHUO_OP_CLAIM };
  ChihuoItem settle = { .op = CHIHUO_OP_SETTLE };

  claim.claim.lease = 5 * SECOND;
  g_assert_false (chihuo_lodis_patrol_is_short (&claim));
  claim.claim.lease = 5 * SECOND - 1;
  g_assert_true (chihuo_lodis_patrol_is_short (&claim));

  settle.settle.how = CHIHUO_SETTLE_RETURNED;
  g_assert_false (chihuo_lodis_patrol_is_short (&settle));
  settle.settle.how = CHIHUO_SETTLE_ABANDONED;
  g_assert_true (chihuo_lodis_patrol_is_short (&settle));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function) \
  g_test_add ("/lodis-patrol/" path, Fixture, NULL, set_up, function, tear_down)
  TEST ("intervals", test_intervals);
  TEST ("known-lease", test_known_lease);
  TEST ("short-lease", test_short_lease);
  TEST ("woken", test_woken);
  g_test_add_func ("/lodis-patrol/is-short", test_is_short);

  return g_test_run ();
}
