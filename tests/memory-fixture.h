/* memory-fixture.h - what the tests of the memory backend share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-error.h"
#include "chihuo-memory-backend.h"

#define START G_GINT64_CONSTANT (1700000000000000)
#define LEASE (30 * G_USEC_PER_SEC)
/* No test needs more calls for work that is done in steps */
#define MAX_STEPS 100

#define QUEUE (g_intern_static_string ("queue"))

typedef struct
{
  ChihuoBackend *backend;
  ChihuoMoment   moment;
  guint32        request;
  guint32        claim_request;
} Fixture;

static inline void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->backend = chihuo_memory_backend_new ();
  f->moment = (ChihuoMoment) { .now = START, .lease = 0 };
  g_assert_true (chihuo_backend_open (f->backend, NULL, &error));
  g_assert_no_error (error);
}

static inline void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chihuo_backend_close (f->backend, &error));
  g_assert_no_error (error);
  g_assert_finalize_object (f->backend);
}

static inline void
pass (Fixture *f, gint64 duration)
{
  f->moment.now += duration;
  f->moment.lease += duration;
}

static inline void
exchange (Fixture *f, const char *client, ChihuoItem **items, guint n_items, guint32 request)
{
  g_autoptr (GError) error = NULL;
  ChihuoBatch batch = { .client = g_intern_string (client),
                        .request = request,
                        .moment = f->moment,
                        .items = items,
                        .n_items = n_items };

  g_assert_true (chihuo_backend_exchange (f->backend, &batch, &error));
  g_assert_no_error (error);
}

static inline ChihuoAnswer
send (Fixture *f, ChihuoItem *item)
{
  item->queue = QUEUE;
  exchange (f, "client", &item, 1, ++f->request);

  return item->answer;
}

static inline ChihuoItem
add_item (const char *id, ChihuoAddFlags flags, int priority, gint64 delay)
{
  ChihuoItem item = { .op = CHIHUO_OP_ADD,
                      .queue = QUEUE,
                      .payload = chihuo_payload_new (id, -1, "{\"n\":1}", -1) };

  item.add.flags = flags;
  item.add.priority = priority;
  item.add.has_priority = priority != 0;
  item.add.delay = delay;

  return item;
}

static inline ChihuoAnswer
add (Fixture *f, const char *id, ChihuoAddFlags flags, int priority, gint64 delay)
{
  ChihuoItem item = add_item (id, flags, priority, delay);
  ChihuoAnswer answer = send (f, &item);

  chihuo_item_clear (&item);
  return answer;
}

static inline void
add_all (Fixture *f, const char *ids)
{
  g_auto (GStrv) list = g_strsplit (ids, " ", -1);

  for (guint i = 0; list[i] != NULL; i++)
    g_assert_cmpint (add (f, list[i], 0, 0, 0), ==, CHIHUO_ANSWER_ADDED);
}

static inline ChihuoAnswer
act (Fixture *f, ChihuoOp op, const char *id)
{
  ChihuoItem item = { .op = op, .payload = chihuo_payload_new (id, -1, NULL, 0) };
  ChihuoAnswer answer = send (f, &item);

  chihuo_item_clear (&item);
  return answer;
}

static inline ChihuoItem
claim_item (guint n, guint suspects, guint32 request)
{
  ChihuoItem item = { .op = CHIHUO_OP_CLAIM,
                      .queue = QUEUE,
                      .claimant = g_intern_static_string ("engine") };

  item.claim.n = n;
  item.claim.suspects = suspects;
  item.claim.request = request;
  item.claim.max_tries = 25;
  item.claim.max_crashes = 3;
  item.claim.lease = LEASE;

  return item;
}

static inline ChihuoItem
claim_some (Fixture *f, guint n, guint suspects)
{
  ChihuoItem item = claim_item (n, suspects, ++f->claim_request);

  g_assert_cmpint (send (f, &item), ==, CHIHUO_ANSWER_OK);
  return item;
}

static inline char *
join_claimed (const ChihuoItem *item)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < item->claim.n_claimed; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "",
                            chihuo_payload_get_id (item->claim.claimed[i].payload));

  return g_string_free (ids, FALSE);
}

static inline void
assert_claimed (const ChihuoItem *item, const char *expected)
{
  g_autofree char *ids = join_claimed (item);

  g_assert_cmpstr (ids, ==, expected);
}

static inline ChihuoAnswer
settle (Fixture *f, const ChihuoClaimed *claimed, ChihuoSettle how, gint64 delay)
{
  ChihuoItem item = { .op = CHIHUO_OP_SETTLE,
                      .payload = chihuo_payload_ref (claimed->payload),
                      .claimant = g_intern_static_string ("engine"),
                      .token = claimed->token,
                      .handle = claimed->handle };
  ChihuoAnswer answer;

  item.settle.how = how;
  item.settle.delay = delay;
  answer = send (f, &item);
  chihuo_item_clear (&item);

  return answer;
}

static inline void
expect_claim (Fixture *f, guint n, guint suspects, const char *expected)
{
  ChihuoItem item = claim_some (f, n, suspects);

  assert_claimed (&item, expected);
  chihuo_item_clear (&item);
}

static inline ChihuoStats
get_stats (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  ChihuoStats stats = { 0 };

  g_assert_true (chihuo_backend_stats (f->backend, QUEUE, f->moment.now, &stats, &error));
  g_assert_no_error (error);

  return stats;
}

static inline GPtrArray *
get_page (Fixture *f, ChihuoTaskState state, gboolean finished, const char *after, guint limit)
{
  g_autoptr (GError) error = NULL;
  ChihuoPage page = { .queue = QUEUE,
                      .state = state,
                      .finished = finished,
                      .after = after,
                      .limit = limit,
                      .records
                      = g_ptr_array_new_with_free_func ((GDestroyNotify) chihuo_record_free) };

  g_assert_true (chihuo_backend_page (f->backend, &page, &error));
  g_assert_no_error (error);

  return page.records;
}

static inline ChihuoRecord *
look (Fixture *f, const char *id)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new ();
  g_autoptr (ChihuoPayload) payload = chihuo_payload_new (id, -1, NULL, 0);
  g_autoptr (GError) error = NULL;
  ChihuoPage page = { .queue = QUEUE, .id = payload, .limit = 1, .records = records };

  g_assert_true (chihuo_backend_page (f->backend, &page, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);

  return g_ptr_array_index (records, 0);
}

/* All of a list, read in pages of the given size, each behind the cursor of the one before */
static inline char *
list_in_pages (Fixture *f, ChihuoTaskState state, gboolean finished, guint limit)
{
  GString *ids = g_string_new (NULL);
  g_autofree char *after = NULL;

  while (TRUE)
    {
      g_autoptr (GPtrArray) records = get_page (f, state, finished, after, limit);

      for (guint i = 0; i < records->len; i++)
        {
          ChihuoRecord *record = g_ptr_array_index (records, i);
          const char *id = chihuo_payload_get_id (record->payload);

          if (finished)
            g_assert_true (record->finished);
          g_string_append_printf (ids, "%s%s", ids->len > 0 ? " " : "", id);
          g_free (after);
          after = finished ? g_strdup (id) : chihuo_record_dup_cursor (record);
        }
      if (records->len < limit)
        return g_string_free (ids, FALSE);
    }
}

static inline void
expect_list (Fixture *f, ChihuoTaskState state, const char *expected)
{
  for (guint limit = 1; limit < 8; limit++)
    {
      g_autofree char *ids = list_in_pages (f, state, FALSE, limit);

      g_assert_cmpstr (ids, ==, expected);
    }
}

static inline void
expect_finished (Fixture *f, const char *expected)
{
  for (guint limit = 1; limit < 4; limit++)
    {
      g_autofree char *ids = list_in_pages (f, CHIHUO_TASK_STATE_ABSENT, TRUE, limit);

      g_assert_cmpstr (ids, ==, expected);
    }
}

static inline guint
reap (Fixture *f)
{
  gboolean more = TRUE;
  guint n = 0;

  for (guint n_steps = 0; more; n_steps++)
    {
      g_autoptr (GError) error = NULL;
      guint n_reaped;

      g_assert_cmpuint (n_steps, <, MAX_STEPS);
      g_assert_true (chihuo_backend_reap (f->backend, &f->moment, &n_reaped, &more, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (n_reaped, <=, CHIHUO_BACKEND_MAX_TOUCHED);
      n += n_reaped;
    }

  return n;
}

static inline ChihuoSweep
begin_sweep (Fixture *f, ChihuoSweepWhat what)
{
  return (ChihuoSweep) { .queue = QUEUE, .what = what, .moment = f->moment, .more = TRUE };
}

static inline void
sweep_step (Fixture *f, ChihuoSweep *sweep)
{
  g_autoptr (GError) error = NULL;
  guint64 before = sweep->n_done;

  g_assert_true (chihuo_backend_sweep (f->backend, sweep, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sweep->n_done - before, <=, CHIHUO_BACKEND_MAX_TOUCHED);
}

static inline guint64
sweep_all (Fixture *f, ChihuoSweepWhat what)
{
  ChihuoSweep sweep = begin_sweep (f, what);

  for (guint n_steps = 0; sweep.more; n_steps++)
    {
      g_assert_cmpuint (n_steps, <, MAX_STEPS);
      sweep_step (f, &sweep);
    }

  return sweep.n_done;
}

/* Adds n tasks in batches, named by a letter and a number */
static inline void
add_many (Fixture *f, const char *prefix, guint n, gint64 delay)
{
  for (guint done = 0; done < n; done += 1000)
    {
      ChihuoItem items[1000];
      ChihuoItem *pointers[1000];
      guint n_items = MIN (n - done, 1000);

      for (guint i = 0; i < n_items; i++)
        {
          g_autofree char *id = g_strdup_printf ("%s%07u", prefix, done + i);

          items[i] = add_item (id, 0, 0, delay);
          pointers[i] = &items[i];
        }
      exchange (f, "client", pointers, n_items, ++f->request);
      for (guint i = 0; i < n_items; i++)
        {
          g_assert_cmpint (items[i].answer, ==, CHIHUO_ANSWER_ADDED);
          chihuo_item_clear (&items[i]);
        }
    }
}

static inline void
kill_all (Fixture *f, guint n)
{
  ChihuoItem item = claim_some (f, n, 0);

  g_assert_cmpuint (item.claim.n_claimed, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (settle (f, &item.claim.claimed[i], CHIHUO_SETTLE_REJECTED, 0), ==,
                     CHIHUO_ANSWER_DEAD);
  chihuo_item_clear (&item);
}
