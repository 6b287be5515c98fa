/* battery-recorder.c - a real backend, with somebody who writes down what passes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "battery-recorder.h"
#include "battery-story.h"
#include "chihuo-backend.h"
#include "chihuo-clock.h"
#include "chihuo-registry.h"
#include "fault-vfs.h"
#include "sim-random.h"

/* It stands where the library looks for the scheme, and passes everything on to the real one. What a
 * program cannot see from outside is told here: claims with the time of their asking, renewals,
 * settles and their answers. And with SQLite it lets the disk, now and then, make a commit's outcome unknown: it
 * stands and its answer is lost, or it was undone; the store has to repeat it without knowing
 * which. */

typedef struct
{
  GObject        parent_instance;
  ChihuoBackend *real;  /* (owned) */
  SimRandom      random;
  gint64         since; /* when the batch was asked for first */
} BatteryRecorder;

typedef GObjectClass BatteryRecorderClass;

GType battery_recorder_get_type (void);

static void battery_recorder_iface_init (ChihuoBackendInterface *iface);

G_DEFINE_TYPE_WITH_CODE (BatteryRecorder, battery_recorder, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND, battery_recorder_iface_init))

static GType real_type;
static gboolean has_leases; /* else, who holds a lock of the kernel's holds his tasks */
static double doubt_share;
static guint first_seed;
static int last_removal; /* atomic: ChihuoAnswer */
static GMutex mutex;
static GHashTable *held; /* id → (owned) until when, gint64: under the mutex */

static ChihuoBackend *
real_of (ChihuoBackend *backend)
{
  return ((BatteryRecorder *) backend)->real;
}

/* --- what this process holds --- */

static void
note_held (const char *id, gint64 until)
{
  gint64 *value = g_new (gint64, 1);

  *value = until;
  g_mutex_lock (&mutex);
  g_hash_table_replace (held, g_strdup (id), value);
  g_mutex_unlock (&mutex);
}

/* Whether this process has held a task at any time since then, its claim's answer included */
gboolean
battery_recorder_had_since (const char *id, gint64 since)
{
  const gint64 *until;
  gboolean answer;

  g_mutex_lock (&mutex);
  until = g_hash_table_lookup (held, id);
  answer = until != NULL && *until >= since;
  g_mutex_unlock (&mutex);

  return answer;
}

/* What the last removal was answered, which the call does not say */
ChihuoAnswer
battery_recorder_get_removal (void)
{
  return g_atomic_int_get (&last_removal);
}

/* --- what passes --- */

static void
tell_settle (const ChihuoItem *item, HistoryPhase phase)
{
  HistoryLine line = battery_story_line (HISTORY_EVENT_SETTLE, phase);

  line.id = chihuo_payload_get_id (item->payload);
  line.token = item->token;
  line.how = item->settle.how;
  line.finish = item->settle.finish;
  line.delay = item->settle.delay;
  line.answer = item->answer;
  battery_story_tell (&line);
  if (phase == HISTORY_PHASE_OK)
    note_held (line.id, line.time);
}

static void
tell_renewal (const ChihuoItem *item, gint64 since)
{
  HistoryLine line = battery_story_line (HISTORY_EVENT_RENEW, HISTORY_PHASE_OK);

  line.id = chihuo_payload_get_id (item->payload);
  line.token = item->token;
  line.since = since;
  line.answer = item->answer;
  battery_story_tell (&line);
}

static void
tell_claimed (const ChihuoItem *item, gint64 since)
{
  for (guint i = 0; i < item->claim.n_claimed; i++)
    {
      const ChihuoClaimed *claimed = &item->claim.claimed[i];
      HistoryLine line = battery_story_line (HISTORY_EVENT_CLAIM, HISTORY_PHASE_OK);

      line.id = chihuo_payload_get_id (claimed->payload);
      line.info = chihuo_payload_get_json (claimed->payload);
      note_held (line.id, G_MAXINT64);
      line.token = claimed->token;
      line.since = since;
      line.lease = has_leases ? item->claim.lease : 0;
      battery_story_tell (&line);
    }
}

static void
tell_asked (const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->op == CHIHUO_OP_SETTLE)
      tell_settle (batch->items[i], HISTORY_PHASE_INVOKE);
}

static void
tell_answered (const ChihuoBatch *batch, gint64 since)
{
  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];

      if (item->op == CHIHUO_OP_SETTLE)
        tell_settle (item, HISTORY_PHASE_OK);
      else if (item->op == CHIHUO_OP_RENEW)
        tell_renewal (item, since);
      else if (item->op == CHIHUO_OP_CLAIM)
        tell_claimed (item, since);
      else if (item->op == CHIHUO_OP_REMOVE)
        g_atomic_int_set (&last_removal, item->answer);
      if (item->op == CHIHUO_OP_CLAIM && batch->repeated && item->claim.n_claimed > 0)
        battery_story_note ("repeated %u", item->claim.n_claimed);
    }
}

/* --- doubt --- */

static gboolean
has_claim (const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->op == CHIHUO_OP_CLAIM)
      return TRUE;

  return FALSE;
}

/* Three of four commits whose answer is lost stand all the same */
static void
plan_doubt (BatteryRecorder *self, const ChihuoBatch *batch)
{
  gboolean stands = sim_random_chance (&self->random, 0.75);
  FaultPlan plan = { .first = 1, .count = 1, .at_commit = stands, .at_sync = !stands };

  if (has_claim (batch) && sim_random_chance (&self->random, doubt_share))
    fault_vfs_fail (&plan);
}

static void
end_doubt (void)
{
  FaultPlan none = { 0 };

  if (fault_vfs_heal () > 0)
    battery_story_note ("doubt");
  fault_vfs_fail (&none);
}

static gboolean
battery_recorder_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  BatteryRecorder *self = (BatteryRecorder *) backend;
  gboolean ok;

  if (!batch->repeated)
    {
      self->since = chihuo_clock_get_boot ();
      tell_asked (batch);
    }

  plan_doubt (self, batch);
  ok = chihuo_backend_exchange (self->real, batch, error);
  end_doubt ();
  if (ok)
    tell_answered (batch, self->since);

  return ok;
}

static gboolean
battery_recorder_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                       gboolean *more, GError **error)
{
  gboolean ok = chihuo_backend_reap (real_of (backend), moment, n_reaped, more, error);

  if (ok && *n_reaped > 0)
    battery_story_note ("reaped %u", *n_reaped);

  return ok;
}

/* --- what only passes --- */

static gboolean
battery_recorder_open (ChihuoBackend *backend, ChihuoConfig *config, GError **error)
{
  return chihuo_backend_open (real_of (backend), config, error);
}

static gboolean
battery_recorder_close (ChihuoBackend *backend, GError **error)
{
  return chihuo_backend_close (real_of (backend), error);
}

static gboolean
battery_recorder_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  return chihuo_backend_page (real_of (backend), page, error);
}

static gboolean
battery_recorder_stats (ChihuoBackend *backend, const char *queue, gint64 now, ChihuoStats *stats,
                        GError **error)
{
  return chihuo_backend_stats (real_of (backend), queue, now, stats, error);
}

static gboolean
battery_recorder_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  return chihuo_backend_sweep (real_of (backend), sweep, error);
}

static GSource *
battery_recorder_create_source (ChihuoBackend *backend)
{
  return chihuo_backend_create_source (real_of (backend));
}

static void
battery_recorder_iface_init (ChihuoBackendInterface *iface)
{
  iface->open = battery_recorder_open;
  iface->close = battery_recorder_close;
  iface->exchange = battery_recorder_exchange;
  iface->page = battery_recorder_page;
  iface->stats = battery_recorder_stats;
  iface->sweep = battery_recorder_sweep;
  iface->reap = battery_recorder_reap;
  iface->create_source = battery_recorder_create_source;
}

static void
battery_recorder_finalize (GObject *object)
{
  g_clear_object (&((BatteryRecorder *) object)->real);

  G_OBJECT_CLASS (battery_recorder_parent_class)->finalize (object);
}

static void
battery_recorder_class_init (BatteryRecorderClass *klass)
{
  klass->finalize = battery_recorder_finalize;
}

static void
battery_recorder_init (BatteryRecorder *self)
{
  self->real = g_object_new (real_type, NULL);
  self->random = (SimRandom) { first_seed };
}

static void
find_real_type (const char *scheme)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoBackend) real = chihuo_registry_create (scheme, &error);

  if (real == NULL)
    g_error ("%s", error->message);
  real_type = G_OBJECT_TYPE (real);
}

/* From here on a scheme's backend is recorded; `doubt`, of SQLite: the share of the batches with a claim
 * whose outcome is unknown at first */
void
battery_recorder_install (const char *scheme, double doubt, guint seed)
{
  find_real_type (scheme);
  has_leases = !g_str_equal (scheme, "sqlite");
  doubt_share = has_leases ? 0 : doubt;
  first_seed = seed;
  held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  fault_vfs_install ();
  g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT, battery_recorder_get_type (),
                                  scheme, 1);
}
