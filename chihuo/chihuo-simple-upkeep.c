/* chihuo-simple-upkeep.c - a simple backend's work on all of a queue, in steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-record-codec.h"
#include "chihuo-simple-storage.h"
#include "chihuo-simple-upkeep.h"

/* How long the answers of a client are kept that nobody has asked for again */
#define KEEP_ANSWERS G_TIME_SPAN_DAY

/* A waiting task's priority and place in one number, so that a sweep can go on from there */
#define PLACE_BITS 55
#define PLACE_ZERO ((gint64) 1 << (PLACE_BITS - 1))

static gint64
pack (const char *index)
{
  gint64 priority = g_ascii_xdigit_value (index[1]) * 16 + g_ascii_xdigit_value (index[2]);

  return (priority << PLACE_BITS) + chihuo_record_codec_number (index, 3) + PLACE_ZERO;
}

static char *
unpack (gint64 number)
{
  gint64 place = (number & (((gint64) 1 << PLACE_BITS) - 1)) - PLACE_ZERO;

  return chihuo_record_codec_index ('w', (number >> PLACE_BITS) - 128, place);
}

static char
kind_of (ChihuoSweepWhat what)
{
  switch (what)
    {
    case CHIHUO_SWEEP_WHAT_CLEAR_WAITING:
      return 'w';
    case CHIHUO_SWEEP_WHAT_CLEAR_DELAYED:
      return 'd';
    case CHIHUO_SWEEP_WHAT_CLEAR_RUNNING:
      return 'r';
    case CHIHUO_SWEEP_WHAT_CLEAR_FINISHED:
      return 'g';
    case CHIHUO_SWEEP_WHAT_CLEAR_DEAD:
    case CHIHUO_SWEEP_WHAT_RETRY_DEAD:
    case CHIHUO_SWEEP_WHAT_IMPORT:
    default:
      return 'x';
    }
}

static ChihuoOp
op_of (ChihuoSweepWhat what)
{
  if (what == CHIHUO_SWEEP_WHAT_CLEAR_FINISHED)
    return CHIHUO_OP_UNFINISH;
  if (what == CHIHUO_SWEEP_WHAT_RETRY_DEAD)
    return CHIHUO_OP_RETRY_DEAD;

  return CHIHUO_OP_REMOVE;
}

/* Delayed ones share due times, so there the cursor goes by the time only: what has that time
 * and was added later is passed by again */
static char *
sweep_start (const ChihuoSweep *sweep)
{
  char kind = kind_of (sweep->what);

  if (!sweep->started)
    return g_strdup_printf ("%c", kind);
  if (kind == 'w')
    return unpack (sweep->after);

  return chihuo_record_codec_index_order (kind, sweep->after, "");
}

static gboolean
sweep_next (ChihuoSimpleQueue *queue, const ChihuoSweep *sweep, const char *after, char **key,
            char **index, GError **error)
{
  if (sweep->what == CHIHUO_SWEEP_WHAT_CLEAR_WAITING)
    return chihuo_simple_queue_waits (queue, after + 1, TRUE, key, index, error);

  return chihuo_simple_queue_next (queue, after, key, index, error);
}

/* The key of a mark's number leads to its id */
static ChihuoPayload *
marked_id (ChihuoSimpleQueue *queue, const char *key, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) value = NULL;
  const char *text;

  if (!chihuo_simple_storage_load (queue->backend, queue->name, key, &bytes, error))
    return NULL;

  value = bytes != NULL ? chihuo_record_codec_unpack (bytes, "(ys)", error) : NULL;
  if (value == NULL)
    return NULL;

  g_variant_get_child (value, 1, "&s", &text);
  return chihuo_payload_new (text, -1, NULL, 0);
}

static ChihuoPayload *
id_of (ChihuoSimpleQueue *queue, const char *key, GError **error)
{
  return key[0] == 'g' ? marked_id (queue, key, error)
                       : chihuo_payload_new (key + 1, -1, NULL, 0);
}

/* What came after the sweep began stays: a busy queue must not keep it going for ever */
static gboolean
is_too_new (const ChihuoSweep *sweep, const char *index)
{
  guint offset = 1;

  if (sweep->what == CHIHUO_SWEEP_WHAT_CLEAR_WAITING)
    offset = 3;
  else if (sweep->what == CHIHUO_SWEEP_WHAT_CLEAR_DELAYED)
    offset = 17;

  return chihuo_record_codec_number (index, offset) > sweep->until;
}

static gboolean
sweep_one (ChihuoSimpleQueue *queue, ChihuoSweep *sweep, const char *key, GError **error)
{
  g_autoptr (ChihuoPayload) id = id_of (queue, key, error);
  ChihuoItem event = { .op = op_of (sweep->what) };
  ChihuoAnswer answer;

  if (id == NULL)
    return FALSE;
  if (!chihuo_simple_queue_step (queue, id, &event, &sweep->moment, &answer, NULL, error))
    return FALSE;

  if (answer == CHIHUO_ANSWER_OK)
    sweep->n_done++;
  return TRUE;
}

gboolean
chihuo_simple_sweep (ChihuoSimpleQueue *queue, ChihuoSweep *sweep, GError **error)
{
  g_autofree char *after = sweep_start (sweep);
  guint left = CHIHUO_BACKEND_MAX_TOUCHED;

  if (!sweep->started)
    sweep->until = after[0] == 'g' ? queue->mark : queue->tail;
  sweep->started = TRUE;

  for (sweep->more = TRUE; left > 0;)
    {
      g_autofree char *key = NULL;
      g_autofree char *index = NULL;

      if (!sweep_next (queue, sweep, after, &key, &index, error))
        return FALSE;
      if (key == NULL)
        {
          sweep->more = FALSE;
          return TRUE;
        }

      if (!is_too_new (sweep, index))
        {
          left--;
          if (!sweep_one (queue, sweep, key, error))
            return FALSE;
        }

      sweep->after = after[0] == 'w' ? pack (index) : chihuo_record_codec_number (index, 1);
      g_free (after);
      after = g_steal_pointer (&index);
      if (sweep->what == CHIHUO_SWEEP_WHAT_CLEAR_WAITING)
        after[0] = 'w';
    }

  return TRUE;
}

/* Frees one run whose lease is over */
static gboolean
reap_one (ChihuoSimpleQueue *queue, const char *key, const ChihuoMoment *moment, guint *n_reaped,
          GError **error)
{
  g_autoptr (ChihuoPayload) id = chihuo_payload_new (key + 1, -1, NULL, 0);
  g_autoptr (ChihuoRecord) record = NULL;
  ChihuoItem event = { .op = CHIHUO_OP_REAP };
  ChihuoAnswer answer;
  gboolean junk;

  record = chihuo_simple_queue_look (queue, id, &junk, error);
  if (record == NULL)
    return FALSE;
  if (junk || record->when > moment->lease)
    return TRUE;

  *n_reaped += 1;
  event.reap.counted = TRUE;
  return chihuo_simple_queue_step (queue, id, &event, moment, &answer, NULL, error);
}

/* Goes through the running tasks from here on; after becomes NULL at the end of them */
gboolean
chihuo_simple_reap (ChihuoSimpleQueue *queue, const ChihuoMoment *moment, char **after, guint *left,
                    guint *n_reaped, GError **error)
{
  for (; *left > 0; *left -= 1)
    {
      g_autofree char *key = NULL;
      char *index = NULL;

      if (!chihuo_simple_queue_next (queue, *after, &key, &index, error))
        return FALSE;
      g_free (*after);
      *after = index;
      if (key == NULL)
        return TRUE;
      if (!reap_one (queue, key, moment, n_reaped, error))
        return FALSE;
    }

  return TRUE;
}

/* The first of these, if it is older than that; places and numbers go by time, so the first is
 * the oldest */
static gboolean
find_old (ChihuoSimpleQueue *queue, const char *kind, gint64 until, gboolean any,
          ChihuoPayload **found, GError **error)
{
  g_autofree char *key = NULL;
  g_autofree char *index = NULL;
  g_autoptr (ChihuoPayload) id = NULL;
  g_autoptr (ChihuoRecord) record = NULL;
  gint64 when;
  gboolean junk;

  if (!chihuo_simple_queue_next (queue, kind, &key, &index, error))
    return FALSE;
  if (key == NULL)
    return TRUE;

  id = id_of (queue, key, error);
  if (id == NULL)
    return FALSE;
  if (kind[0] == 'g')
    {
      if (!chihuo_simple_queue_marked (queue, id, &when, error))
        return FALSE;
    }
  else
    {
      record = chihuo_simple_queue_look (queue, id, &junk, error);
      if (record == NULL)
        return FALSE;
      when = record->when;
    }

  if (any || when < until)
    *found = g_steal_pointer (&id);
  return TRUE;
}

static gboolean
trim_kind (ChihuoSimpleQueue *queue, const char *kind, ChihuoOp op, gint64 keep,
           const ChihuoMoment *moment, guint *left, guint *n_cut, GError **error)
{
  for (; *left > 0; *left -= 1)
    {
      gboolean any = kind[0] == 'x' && queue->dead_max > 0
                     && queue->counts[CHIHUO_TASK_STATE_DEAD] > queue->dead_max;
      g_autoptr (ChihuoPayload) id = NULL;
      ChihuoItem event = { .op = op };
      ChihuoAnswer answer;

      if (!any && keep == 0)
        return TRUE;
      if (!find_old (queue, kind, moment->now - keep, any, &id, error))
        return FALSE;
      if (id == NULL)
        return TRUE;
      if (!chihuo_simple_queue_step (queue, id, &event, moment, &answer, NULL, error))
        return FALSE;
      *n_cut += 1;
    }

  return TRUE;
}

/* Cuts what is kept longer than the queue's options say */
gboolean
chihuo_simple_trim (ChihuoSimpleQueue *queue, const ChihuoMoment *moment, guint *left,
                    GError **error)
{
  guint n_dead = 0;
  guint n_marks = 0;

  if (!trim_kind (queue, "x", CHIHUO_OP_REMOVE, queue->keep_dead, moment, left, &n_dead, error)
      || !trim_kind (queue, "g", CHIHUO_OP_UNFINISH, queue->keep_finished, moment, left, &n_marks,
                     error))
    return FALSE;

  if (n_dead + n_marks > 0)
    g_message ("queue “%s”: cut %u dead tasks and %u finished marks, as its retention says",
               queue->name, n_dead, n_marks);

  return chihuo_simple_forget (queue->backend, queue->name, 'c', moment->now, left, error);
}

/* Removes what was kept for a repetition that never came */
gboolean
chihuo_simple_forget (ChihuoSimpleBackend *backend, const char *queue, char kind, gint64 now,
                      guint *left, GError **error)
{
  const char after[] = { kind, '\0' };
  g_autofree char *before = chihuo_record_codec_index_order (kind, now - KEEP_ANSWERS, "");

  for (; *left > 0; *left -= 1)
    {
      g_autofree char *key = NULL;
      g_autofree char *index = NULL;

      if (!chihuo_simple_storage_next (backend, queue, after, before, &key, &index, error))
        return FALSE;
      if (key == NULL)
        return TRUE;
      if (!chihuo_simple_storage_remove (backend, queue, key, error))
        return FALSE;
    }

  return TRUE;
}
