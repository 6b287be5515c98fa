/* chihuo-task.c - an id, an info and, while it runs, its answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-task-internal.h"

#define CACHE_LINE 64 /* bytes */

/**
 * ChihuoTask:
 *
 * One thing to be done: an id, unique in its queue, and an info, any JSON value.
 *
 * The same type serves three purposes. A program makes one to add it; a handler
 * is given one to run, and may answer through it from any thread; and
 * [method@Chihuo.Queue.look] and [method@Chihuo.Queue.list] give snapshots.
 *
 * Id and info never change. All methods may be called from any thread; the
 * setters are for the time before the task is added.
 *
 * Since: 1.0
 */

G_DEFINE_FINAL_TYPE (ChihuoTask, chihuo_task, G_TYPE_OBJECT)

static void
details_clear (ChihuoTaskDetails *details)
{
  g_clear_pointer (&details->last_error, g_free);
  g_clear_pointer (&details->worker, g_free);
  g_clear_pointer (&details->cursor, g_free);
}

static gint64
seconds_to_us (double seconds)
{
  return seconds >= (double) (G_MAXINT64 / 4 / G_USEC_PER_SEC) ? G_MAXINT64 / 4
                                                               : seconds * G_USEC_PER_SEC;
}

static void
chihuo_task_dispose (GObject *object)
{
  ChihuoTask *self = CHIHUO_TASK (object);

  chihuo_task_drop (self);

  G_OBJECT_CLASS (chihuo_task_parent_class)->dispose (object);
}

static void
chihuo_task_finalize (GObject *object)
{
  ChihuoTask *self = CHIHUO_TASK (object);

  /* pairs with the end of an answer on another thread */
  g_assert (g_atomic_int_get (&self->answer_state) != ANSWER_STATE_TAKEN);
  chihuo_task_set_settler (self, NULL, NULL);
  chihuo_task_answer_clear (&self->answer);
  g_clear_error (&self->invalid);
  g_clear_pointer (&self->cell, chihuo_cancel_cell_unref);
  g_clear_pointer (&self->payload, chihuo_payload_unref);
  details_clear (&self->details);

  G_OBJECT_CLASS (chihuo_task_parent_class)->finalize (object);
}

static void
chihuo_task_class_init (ChihuoTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = chihuo_task_dispose;
  object_class->finalize = chihuo_task_finalize;
}

static void
chihuo_task_init (ChihuoTask *self)
{
}

/* For the queue and the engine: details are taken over, with what they own */
ChihuoTask *
chihuo_task_new_for_payload (ChihuoPayload *payload, const ChihuoTaskDetails *details)
{
  ChihuoTask *self = g_object_new (CHIHUO_TYPE_TASK, NULL);

  self->payload = chihuo_payload_ref (payload);
  if (details != NULL)
    self->details = *details;

  return self;
}

/* A tree that is nested too deep must not reach the generator, which is recursive */
static gboolean
is_too_deep (JsonNode *node, guint depth_left)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      if (depth_left == 0)
        return TRUE;
      for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
        if (is_too_deep (json_array_get_element (array, i), depth_left - 1))
          return TRUE;
    }
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      JsonNode *member;

      if (depth_left == 0)
        return TRUE;
      if (json_node_get_object (node) == NULL)
        return FALSE;
      json_object_iter_init (&iter, json_node_get_object (node));
      while (json_object_iter_next (&iter, NULL, &member))
        if (is_too_deep (member, depth_left - 1))
          return TRUE;
    }

  return FALSE;
}

/* An id that breaks the rules can still be shown in an error: cut, and made valid */
static ChihuoPayload *
payload_for_display (const char *task_id)
{
  g_autofree char *head = g_strndup (task_id, CHIHUO_ID_MAX_LENGTH);
  g_autofree char *valid = g_utf8_make_valid (head, -1);

  return chihuo_payload_new (valid, -1, "null", -1);
}

/**
 * chihuo_task_new:
 * @task_id: the id: valid UTF-8, 1 to 4,096 bytes; compared byte by byte
 * @info: (nullable): any JSON value, at most 1 MiB as text and nested at most
 *   128 deep; %NULL is JSON's null. It is turned into text here, so the
 *   caller may change it afterwards
 *
 * Creates a task.
 *
 * Since this cannot fail, an id or an info that breaks the rules is the error
 * of the call that adds the task.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
ChihuoTask *
chihuo_task_new (const char *task_id, JsonNode *info)
{
  g_autoptr (ChihuoTask) self = NULL;
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;

  g_return_val_if_fail (task_id != NULL, NULL);

  if (info != NULL && is_too_deep (info, CHIHUO_JSON_MAX_DEPTH))
    g_set_error (&error, CHIHUO_ERROR, CHIHUO_ERROR_TOO_LARGE,
                 "the info is nested deeper than %d", CHIHUO_JSON_MAX_DEPTH);
  else
    json = info != NULL ? json_to_string (info, FALSE) : g_strdup ("null");

  if (error == NULL)
    self = chihuo_task_new_from_json (task_id, json, &error);
  if (self != NULL)
    return g_steal_pointer (&self);

  self = g_object_new (CHIHUO_TYPE_TASK, NULL);
  self->payload = payload_for_display (task_id);
  self->invalid = g_steal_pointer (&error);

  return g_steal_pointer (&self);
}

/**
 * chihuo_task_new_from_json:
 * @task_id: the id: valid UTF-8, 1 to 4,096 bytes; compared byte by byte
 * @json: the info as JSON text (RFC 8259), at most 1 MiB and nested at most 128
 *   deep
 * @error: return location for an error
 *
 * Creates a task from JSON text, which is checked, and kept as it is but for the
 * white space between its tokens: big numbers and doubled keys survive.
 *
 * Errors: %CHIHUO_ERROR_INVALID and %CHIHUO_ERROR_TOO_LARGE, which name the
 * place.
 *
 * Returns: (transfer full): a new task, or %NULL with @error set
 *
 * Since: 1.0
 */
ChihuoTask *
chihuo_task_new_from_json (const char *task_id, const char *json, GError **error)
{
  g_autofree char *compact = NULL;
  ChihuoJsonScan scan;
  ChihuoTask *self;

  g_return_val_if_fail (task_id != NULL, NULL);
  g_return_val_if_fail (json != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!chihuo_id_check (task_id, -1, error))
    return NULL;
  if (!chihuo_json_scan (json, -1, &scan, error))
    {
      /* the cut may go through a character */
      g_autofree char *head = g_utf8_make_valid (task_id, strnlen (task_id, 100));

      g_prefix_error (error, "task “%s”: ", head);
      return NULL;
    }
  if (scan.n_blanks > 0)
    json = compact = chihuo_json_compact (json, scan.length, &scan.length);

  self = g_object_new (CHIHUO_TYPE_TASK, NULL);
  self->payload = chihuo_payload_new (task_id, -1, json, scan.length);

  return self;
}

/**
 * chihuo_task_set_delay:
 * @self: a task that is to be added
 * @seconds: how long it is delayed from the add on; 0, the default, means not
 *   at all
 *
 * Sets when the task may run at the earliest.
 *
 * Since: 1.0
 */
void
chihuo_task_set_delay (ChihuoTask *self, double seconds)
{
  g_return_if_fail (CHIHUO_IS_TASK (self));
  g_return_if_fail (seconds >= 0);

  self->delay = seconds_to_us (seconds);
}

/**
 * chihuo_task_set_priority:
 * @self: a task that is to be added
 * @priority: −128 to 127; the lowest number runs first; the default is 0
 *
 * Sets the task's priority.
 *
 * Since: 1.0
 */
void
chihuo_task_set_priority (ChihuoTask *self, int priority)
{
  g_return_if_fail (CHIHUO_IS_TASK (self));
  g_return_if_fail (priority >= -128 && priority <= 127);

  self->details.priority = priority;
  self->has_priority = TRUE;
}

/**
 * chihuo_task_set_timeout:
 * @self: a task that is to be added
 * @seconds: how long a run may take, in steps of a millisecond, up to 49 days;
 *   0, the default, means as long as it likes
 *
 * Sets when a run of the task is cancelled and counts as failed.
 *
 * Since: 1.0
 */
void
chihuo_task_set_timeout (ChihuoTask *self, double seconds)
{
  g_return_if_fail (CHIHUO_IS_TASK (self));
  g_return_if_fail (seconds >= 0);

  self->details.timeout = MIN (seconds, G_MAXUINT32 / 1000) * G_USEC_PER_SEC;
  if (seconds > 0 && self->details.timeout < 1000)
    self->details.timeout = 1000;
}

/**
 * chihuo_task_set_max_tries:
 * @self: a task that is to be added
 * @max_tries: at how many failures it is dead; 0, the default, means what the
 *   loop says
 *
 * Sets the task's own limit of tries.
 *
 * Since: 1.0
 */
void
chihuo_task_set_max_tries (ChihuoTask *self, guint max_tries)
{
  g_return_if_fail (CHIHUO_IS_TASK (self));

  self->details.max_tries = max_tries;
}

/**
 * chihuo_task_get_add_result:
 * @self: a task
 *
 * Gets the answer to the last add of this object.
 *
 * Returns: the answer; %CHIHUO_ADD_RESULT_ERROR before there is one
 *
 * Since: 1.0
 */
ChihuoAddResult
chihuo_task_get_add_result (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), CHIHUO_ADD_RESULT_ERROR);

  return g_atomic_int_get (&self->add_result);
}

void
chihuo_task_set_add_result (ChihuoTask *self, ChihuoAddResult result)
{
  g_atomic_int_set (&self->add_result, result);
}

/**
 * chihuo_task_get_id:
 * @self: a task
 *
 * Gets the id.
 *
 * Returns: (transfer none): the id
 *
 * Since: 1.0
 */
const char *
chihuo_task_get_id (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), NULL);

  return chihuo_payload_get_id (self->payload);
}

/**
 * chihuo_task_get_json:
 * @self: a task
 *
 * Gets the info as JSON text.
 *
 * Returns: (transfer none): the text; `null` in a snapshot of an id that the
 *   queue has no record of
 *
 * Since: 1.0
 */
const char *
chihuo_task_get_json (ChihuoTask *self)
{
  const char *json;

  g_return_val_if_fail (CHIHUO_IS_TASK (self), NULL);

  json = chihuo_payload_get_json (self->payload);

  return json != NULL ? json : "null";
}

/**
 * chihuo_task_dup_info:
 * @self: a task
 *
 * Parses the info: a fresh tree for each caller, so that trees are never shared
 * between threads.
 *
 * Returns: (transfer full): the info
 *
 * Since: 1.0
 */
JsonNode *
chihuo_task_dup_info (ChihuoTask *self)
{
  JsonNode *node;

  g_return_val_if_fail (CHIHUO_IS_TASK (self), NULL);

  node = json_from_string (chihuo_task_get_json (self), NULL);

  /* what is checked can be parsed; only json-glib's narrower idea of a number could differ */
  return node != NULL ? node : json_node_new (JSON_NODE_NULL);
}

/**
 * chihuo_task_get_priority:
 * @self: a task
 *
 * Gets the priority.
 *
 * Returns: −128 to 127
 *
 * Since: 1.0
 */
int
chihuo_task_get_priority (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.priority;
}

/**
 * chihuo_task_get_timeout:
 * @self: a task
 *
 * Gets how long a run may take.
 *
 * Returns: seconds; 0 = as long as it likes
 *
 * Since: 1.0
 */
double
chihuo_task_get_timeout (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.timeout / (double) G_USEC_PER_SEC;
}

/**
 * chihuo_task_get_max_tries:
 * @self: a task
 *
 * Gets at how many failures the task is dead. In a run that is the limit that
 * counts for it; before the add it is the task's own, 0 for none.
 *
 * Returns: the number of failures
 *
 * Since: 1.0
 */
guint
chihuo_task_get_max_tries (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.max_tries;
}

/**
 * chihuo_task_get_tries:
 * @self: a task
 *
 * Gets the number of this run: failures + crashes + 1.
 *
 * Returns: 1 in the first run
 *
 * Since: 1.0
 */
guint
chihuo_task_get_tries (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.failures + self->details.crashes + 1;
}

/**
 * chihuo_task_get_failures:
 * @self: a task
 *
 * Gets how often the task has failed.
 *
 * Returns: how many runs ended with a failure
 *
 * Since: 1.0
 */
guint
chihuo_task_get_failures (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.failures;
}

/**
 * chihuo_task_get_crashes:
 * @self: a task
 *
 * Gets how often a worker has died with the task.
 *
 * Returns: how many runs ended with the death of their process
 *
 * Since: 1.0
 */
guint
chihuo_task_get_crashes (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.crashes;
}

/**
 * chihuo_task_get_token:
 * @self: a task
 *
 * Gets the fencing token of the run: it only ever grows, from run to run of all
 * tasks of the queue. Give it to whatever the task changes, to refuse the
 * belated writes of an older run.
 *
 * Returns: the token; 0 in a task that has not run
 *
 * Since: 1.0
 */
guint64
chihuo_task_get_token (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.token;
}

/**
 * chihuo_task_get_state:
 * @self: a task
 *
 * Gets where the task stood when the snapshot was taken.
 *
 * Returns: the state; %CHIHUO_TASK_STATE_RUNNING in a run, and
 *   %CHIHUO_TASK_STATE_ABSENT in a task that is to be added
 *
 * Since: 1.0
 */
ChihuoTaskState
chihuo_task_get_state (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), CHIHUO_TASK_STATE_ABSENT);

  return self->details.state;
}

/**
 * chihuo_task_get_finished:
 * @self: a task
 *
 * Gets whether the id was marked as finished when the snapshot was taken.
 *
 * Returns: whether it was
 *
 * Since: 1.0
 */
gboolean
chihuo_task_get_finished (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), FALSE);

  return self->details.finished;
}

/**
 * chihuo_task_get_last_error:
 * @self: a task
 *
 * Gets the error of the last failed run, in a snapshot.
 *
 * Returns: (transfer none) (nullable): at most 4 KiB of text
 *
 * Since: 1.0
 */
const char *
chihuo_task_get_last_error (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), NULL);

  return self->details.last_error;
}

/**
 * chihuo_task_get_due:
 * @self: a task
 *
 * Gets when a delayed task may run, in a snapshot.
 *
 * Returns: µs since the epoch; 0 where it is not delayed
 *
 * Since: 1.0
 */
gint64
chihuo_task_get_due (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.due;
}

/**
 * chihuo_task_get_started:
 * @self: a task
 *
 * Gets when the run began; in a snapshot, when it was claimed.
 *
 * Returns: µs since the epoch; 0 where it does not run
 *
 * Since: 1.0
 */
gint64
chihuo_task_get_started (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), 0);

  return self->details.started;
}

/**
 * chihuo_task_get_worker:
 * @self: a task
 *
 * Gets who runs the task, in a snapshot.
 *
 * Returns: (transfer none) (nullable): the uuid of the engine
 *
 * Since: 1.0
 */
const char *
chihuo_task_get_worker (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), NULL);

  return self->details.worker;
}

/**
 * chihuo_task_get_cursor:
 * @self: a task
 *
 * Gets what [method@Chihuo.Queue.list] takes to go on behind this task. It
 * stays good when the task is gone.
 *
 * Returns: (transfer none) (nullable): the cursor; %NULL outside a list
 *
 * Since: 1.0
 */
const char *
chihuo_task_get_cursor (ChihuoTask *self)
{
  g_return_val_if_fail (CHIHUO_IS_TASK (self), NULL);

  return self->details.cursor;
}

ChihuoPayload *
chihuo_task_get_payload (ChihuoTask *self)
{
  return self->payload;
}

gint64
chihuo_task_get_delay_us (ChihuoTask *self)
{
  return self->delay;
}

gint64
chihuo_task_get_timeout_us (ChihuoTask *self)
{
  return self->details.timeout;
}

gboolean
chihuo_task_has_priority (ChihuoTask *self)
{
  return self->has_priority;
}

/* What an add reads and writes of it will be in the cache. NULL is fine */
void
chihuo_task_prefetch (ChihuoTask *self)
{
  if (self == NULL)
    return;

  for (gsize at = 0; at < G_STRUCT_OFFSET (ChihuoTask, settler); at += CACHE_LINE)
    __builtin_prefetch ((const char *) self + at, TRUE);
}

/* Whether it may be added: what chihuo_task_new() could not say */
gboolean
chihuo_task_check (ChihuoTask *self, GError **error)
{
  if (self->invalid == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->invalid));
  return FALSE;
}
