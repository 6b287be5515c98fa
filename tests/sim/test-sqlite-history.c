/* test-sqlite-history.c - a real file whose disk is full now and then, judged by the history
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "checker.h"
#include "chihuo-error.h"
#include "sim-random.h"
#include "sqlite-fixture.h"

#define N_ROUNDS 200
#define N_ADDS 6
#define N_CLAIM 4
#define FEWEST 20 /* failed and done exchanges that are needed to prove anything */

/* One process and one worker; what the store does not answer OK it must not have done, and what it
 * does must be there at the end, by plain sqlite3 */
typedef struct
{
  Fixture fixture;
  GArray *history; /* of HistoryLine */
  GArray *held;    /* of ChihuoClaimed, owned: claimed and not settled */
  SimRandom random;
  gint64 time;
  guint n_ids;
  guint n_failed;
  guint n_done;
} Battery;

static HistoryLine *
tell (Battery *self, HistoryEvent event, HistoryPhase phase)
{
  HistoryLine line = { .time = ++self->time, .event = event, .phase = phase };

  line.process = g_intern_static_string ("p1");
  if (event >= HISTORY_EVENT_CLAIM)
    line.worker = g_intern_static_string ("p1/0");
  g_array_append_val (self->history, line);

  return &g_array_index (self->history, HistoryLine, self->history->len - 1);
}

static void
tell_item (Battery *self, const ChihuoItem *item, HistoryPhase phase)
{
  HistoryLine *line;

  if (item->op == CHIHUO_OP_CLAIM)
    return;

  line = tell (self, item->op == CHIHUO_OP_ADD ? HISTORY_EVENT_ADD : HISTORY_EVENT_SETTLE, phase);
  line->id = g_intern_string (chihuo_payload_get_id (item->payload));
  line->answer = item->answer;
  if (item->op == CHIHUO_OP_ADD)
    line->op = g_ascii_strtoull (line->id, NULL, 10) + 1;
  else
    {
      line->token = item->token;
      line->how = item->settle.how;
    }
}

/* Its code is run at once */
static void
take_claimed (Battery *self, ChihuoItem *item, gint64 since)
{
  static const HistoryEvent events[] = { HISTORY_EVENT_CLAIM, HISTORY_EVENT_START,
                                         HISTORY_EVENT_END };

  for (guint i = 0; i < item->claim.n_claimed; i++)
    {
      ChihuoClaimed *claimed = &item->claim.claimed[i];

      for (guint j = 0; j < G_N_ELEMENTS (events); j++)
        {
          HistoryLine *line = tell (self, events[j], HISTORY_PHASE_OK);

          line->id = g_intern_string (chihuo_payload_get_id (claimed->payload));
          line->token = claimed->token;
          line->since = since;
        }
      g_array_append_val (self->held, *claimed);
      claimed->payload = NULL;
    }
}

static void
forget_held (gpointer data)
{
  g_clear_pointer (&((ChihuoClaimed *) data)->payload, chihuo_payload_unref);
}

/* --- a full disk --- */

static void
limit_files (gint64 size)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = size < 0 ? limit.rlim_max : (rlim_t) size;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* No file may grow by more than some pages */
static void
fill_disk (Battery *self)
{
  g_autofree char *log = g_strconcat (self->fixture.path, "-wal", NULL);
  GStatBuf status = { 0 };

  g_stat (log, &status);
  limit_files (status.st_size + sim_random_range (&self->random, 0, 12) * 1024);
}

/* --- rounds --- */

static guint
make_items (Battery *self, ChihuoItem *items, gboolean with_adds)
{
  guint n = 0;

  for (guint i = 0; i < self->held->len; i++)
    {
      ChihuoClaimed *claimed = &g_array_index (self->held, ChihuoClaimed, i);

      items[n] = make_item (&self->fixture, CHIHUO_OP_SETTLE, NULL, NULL);
      items[n].payload = chihuo_payload_ref (claimed->payload);
      items[n].token = claimed->token;
      items[n].handle = claimed->handle;
      items[n++].settle.how = CHIHUO_SETTLE_DONE;
    }
  for (guint i = 0; i < N_ADDS && with_adds; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", self->n_ids++);
      g_autofree char *info = g_strdup_printf ("\"%0*d\"", 1500, 0);

      items[n++] = make_item (&self->fixture, CHIHUO_OP_ADD, id, info);
    }

  items[n] = make_item (&self->fixture, CHIHUO_OP_CLAIM, NULL, NULL);
  items[n].claim.n = N_CLAIM;
  items[n].claim.request = self->fixture.claim++;
  items[n].claim.lease = 30 * G_USEC_PER_SEC;
  items[n].claim.max_tries = 25;

  return n + 1;
}

/* Offers the batch; where nobody knows what became of it, again when the disk is well */
static gboolean
offer (Battery *self, ChihuoItem *items, guint n)
{
  Fixture *fixture = &self->fixture;
  g_autoptr (GError) error = NULL;
  gboolean ok = try_exchange (fixture, items, n, &error);

  limit_files (-1);
  self->n_failed += !ok;
  self->n_done += ok;
  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    {
      g_clear_error (&error);
      ok = try_exchange (fixture, items, n, &error);
      g_assert_no_error (error);
    }
  fixture->request++;

  return ok;
}

static void
play_round (Battery *self, gboolean with_adds, gboolean full)
{
  ChihuoItem items[N_ADDS + N_CLAIM + 1];
  guint n = make_items (self, items, with_adds);
  gint64 since = self->time;
  gboolean ok;

  for (guint i = 0; i < n; i++)
    tell_item (self, &items[i], HISTORY_PHASE_INVOKE);
  if (full)
    fill_disk (self);
  ok = offer (self, items, n);
  for (guint i = 0; i < n; i++)
    tell_item (self, &items[i], ok ? HISTORY_PHASE_OK : HISTORY_PHASE_FAIL);

  if (ok)
    {
      g_array_set_size (self->held, 0);
      take_claimed (self, &items[n - 1], since);
    }
  for (guint i = 0; i < n; i++)
    chihuo_item_clear (&items[i]);
}

/* --- the end --- */

static void
look_at_all (Battery *self)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *row = NULL;

  g_assert_cmpint (sqlite3_open (self->fixture.path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT state FROM task WHERE id = ?", -1, &row, NULL),
                   ==, SQLITE_OK);
  for (guint i = 0; i < self->n_ids; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      HistoryLine *line = tell (self, HISTORY_EVENT_FINAL, HISTORY_PHASE_NONE);

      line->id = g_intern_string (id);
      sqlite3_reset (row);
      sqlite3_bind_text (row, 1, id, -1, SQLITE_STATIC);
      if (sqlite3_step (row) == SQLITE_ROW)
        line->state = sqlite3_column_int (row, 0);
    }
  sqlite3_finalize (row);
  sqlite3_close (db);
}

static void
judge (Battery *self)
{
  g_autoptr (GPtrArray) violations = checker_judge (self->history);

  for (guint i = 0; i < violations->len; i++)
    {
      const Violation *violation = g_ptr_array_index (violations, i);

      g_test_message ("%s: %s", invariant_get_name (violation->invariant), violation->text);
    }
  g_test_message ("%u exchanges done, %u failed", self->n_done, self->n_failed);
  g_assert_cmpuint (violations->len, ==, 0);
  g_assert_cmpuint (self->n_done, >=, FEWEST);
}

static void
test_full_disk (void)
{
  Battery self = { .random = { 1 }, .time = 1000 };

  signal (SIGXFSZ, SIG_IGN);
  fixture_set_up (&self.fixture, NULL);
  self.history = g_array_new (FALSE, FALSE, sizeof (HistoryLine));
  self.held = g_array_new (FALSE, FALSE, sizeof (ChihuoClaimed));
  g_array_set_clear_func (self.held, forget_held);

  for (guint i = 0; i < N_ROUNDS; i++)
    play_round (&self, TRUE, sim_random_chance (&self.random, 0.4));
  tell (&self, HISTORY_EVENT_HEAL, HISTORY_PHASE_NONE)->lease = G_MAXINT32;
  for (guint i = 0; i < N_ROUNDS * N_ADDS / N_CLAIM + 2; i++)
    play_round (&self, FALSE, FALSE);
  tell (&self, HISTORY_EVENT_DRAINED, HISTORY_PHASE_NONE);
  look_at_all (&self);
  judge (&self);
  g_assert_cmpuint (self.n_failed, >=, g_getenv ("CHIHUO_MUTANT") == NULL ? FEWEST : 0);

  g_array_unref (self.held);
  g_array_unref (self.history);
  fixture_tear_down (&self.fixture, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sqlite-history/full-disk", test_full_disk);

  return g_test_run ();
}
